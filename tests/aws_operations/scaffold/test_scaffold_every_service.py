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


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_WHEN_services_are_written_THEN_all_files_are_valid_python_AND_have_all_names_that_they_use(
    chunk: int, tmp_path: Path
) -> None:
    loader = fresh_loader()
    for service in SERVICES[chunk::CHUNKS]:
        operations = sample(service, loader)
        design = design_service(service, operations, loader)
        for name, source in {
            "wrapper": wrapper_source(design),
            "commands": command_source(design),
            "wrapper_tests": wrapper_tests_source(design, loader),
            "command_tests": command_tests_source(design, loader),
        }.items():
            compile(source, f"{service}: {name}", "exec")
            (tmp_path / f"{service}_{name}.py").write_text(source, encoding="utf-8")
        check_edits(design)
        assert [each.api_name for each in design.operations] == operations
        assert len({each.function_name for each in design.operations}) == len(operations)
    done = subprocess.run(
        [
            str(RUFF),
            "check",
            "--isolated",
            "--no-cache",
            "--select=F",
            "--output-format=concise",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_WHEN_services_are_walked_THEN_there_are_hundreds() -> None:
    assert len(SERVICES) > 400
