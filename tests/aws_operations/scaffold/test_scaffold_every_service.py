"""Every service that botocore knows: what is written for a sample of its operations is valid Python."""

import ast
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from aws_operations.scaffold.command_source import command_source
from aws_operations.scaffold.getter_source import with_getter
from aws_operations.scaffold.project_template import project_files
from aws_operations.scaffold.rows_source import with_read_rows
from aws_operations.scaffold.service_design import ServiceDesign, design_service
from aws_operations.scaffold.tests_source import command_tests_source, wrapper_tests_source
from aws_operations.scaffold.wrapper_source import wrapper_source


def fresh_loader() -> Loader:
    """Return a loader: each keeps all that it has read, and all services together are a gigabyte."""
    return Loader(include_default_search_paths=True)


SERVICES = fresh_loader().list_available_services("service-2")
PAGED = frozenset(fresh_loader().list_available_services("paginators-1"))
CHUNKS = 20
RUFF = Path(sysconfig.get_path("scripts"), "ruff")
PROVIDER = """
from typing import Any
class AwsClientProvider:
    def _client(self, service_name: str) -> Any: ...
"""
PROJECT = project_files("example")
# Lines, imports and texts are laid out where they are written to a project; packages get their marks there.
OF_LAYOUT = "E501,I,INP,ISC001"
ROWS = "READ_OPERATIONS = {\n}\n"


def weight(shape: Any, seen: frozenset[str] = frozenset()) -> int:
    """Return roughly how much there is in a shape; what is far down or comes again counts little."""
    if shape is None or shape.name in seen or len(seen) > 3:
        return 1
    if shape.type_name == "structure":
        return 1 + sum(weight(member, seen | {shape.name}) for member in shape.members.values())
    if shape.type_name in {"list", "map"}:
        return 2 + weight(shape.member if shape.type_name == "list" else shape.value, seen | {shape.name})
    return 1


def sample(service: str, loader: Loader) -> list[str]:
    """Return the heaviest answer, the heaviest request, a paged operation and one more."""
    model = ServiceModel(loader.load_service_model(service, "service-2"), service)
    known: list[OperationModel] = [model.operation_model(name) for name in sorted(model.operation_names)]
    # A part of the largest services is enough to find what is heavy there.
    known = [each for each in known if not (each.has_event_stream_input or each.has_event_stream_output)]
    some = known[:: max(1, len(known) // 40)]
    chosen = [
        max(some, key=lambda each: weight(each.output_shape)).name,
        max(some, key=lambda each: weight(each.input_shape)).name,
        known[len(known) // 2].name,
    ]
    return list(dict.fromkeys([*chosen, *first_paged(service, {each.name for each in known}, loader)]))


def first_paged(service: str, known: set[str], loader: Loader) -> Iterator[str]:
    if service in PAGED:
        pages = loader.load_service_model(service, "paginators-1")["pagination"]
        yield from sorted(known & set(pages))[:1]


def check_edits(design: ServiceDesign) -> None:
    """Check that provider and list of reads stay Python, and have what the service needs."""
    provider = ast.parse(with_getter(PROVIDER, design))
    names = {node.name for node in ast.walk(provider) if isinstance(node, ast.FunctionDef)}
    assert design.getter_name in names
    rows = ast.parse(with_read_rows(ROWS, design))
    texts = {node.value for node in ast.walk(rows) if isinstance(node, ast.Constant)}
    assert {each.api_name for each in design.operations if each.is_read} <= texts


def check_lint(folder: Path) -> None:
    """Check what is written in the folder by the rules of a new project, as far as they are not on layout."""
    (folder / "pyproject.toml").write_text(PROJECT["pyproject.toml"], encoding="utf-8")
    done = subprocess.run(
        [str(RUFF), "check", "--no-cache", f"--ignore={OF_LAYOUT}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_WHEN_services_are_written_THEN_all_files_are_valid_python_AND_pass_the_rules_of_a_project(
    chunk: int, tmp_path: Path
) -> None:
    loader = fresh_loader()
    for service in SERVICES[chunk::CHUNKS]:
        operations = sample(service, loader)
        design = design_service(service, operations, loader)
        for name, source in {
            f"{service}/wrapper.py": wrapper_source(design),
            f"{service}/commands.py": command_source(design),
            f"tests/{service}/test_wrapper.py": wrapper_tests_source(design, loader),
            f"tests/{service}/test_commands.py": command_tests_source(design, loader),
        }.items():
            compile(source, name, "exec")
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(source, encoding="utf-8")
        check_edits(design)
        assert [each.api_name for each in design.operations] == operations
        assert len({each.function_name for each in design.operations}) == len(operations)
    check_lint(tmp_path)


def test_WHEN_services_are_walked_THEN_there_are_hundreds() -> None:
    assert len(SERVICES) > 400
