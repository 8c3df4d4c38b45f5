"""The import rules that layers alone do not hold, read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EDGE = ROOT / "aws_interactions"
ROOMS = ("aws_interactions", "aws_operations", "commands")
SOURCES = [
    *sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")),
    ROOT / "manage_resources.py",
]
# What may make sessions and clients, or reach into botocore: the provider and what rides on its clients.
CLIENT_MAKERS = {
    "aws_client_provider.py",
    "assumed_roles.py",
    "base_credentials.py",
    "bound_clients.py",
    "botocore_events.py",
    "client_loading.py",
    "credential_cache.py",
    "credential_store.py",
    "credential_errors.py",
    "expired_sessions.py",
    "known_regions.py",
    "lazy_credentials.py",
    "paced_retries.py",
    "read_only_gate.py",
    "remembered_user_agents.py",
    "retry_quota.py",
    "s3_answers_read_once.py",
    "s3_region_redirect.py",
    "shared_tls.py",
    "transfer_events.py",
}
HARMLESS = {"botocore.exceptions"}


def imports_of(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each imported module with whether it is imported when the file is (not inside a function)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        or (isinstance(function, ast.If) and "TYPE_CHECKING" in ast.unparse(function.test))
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node not in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node not in inside


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_wrapper(path: Path) -> bool:
    return any(part.removesuffix(".py").endswith("_interactions") for part in path.relative_to(EDGE).parts)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_WHEN_a_module_is_no_client_maker_THEN_it_knows_no_sessions_or_clients_of_botocore(
    path: Path,
) -> None:
    if path.parent == EDGE and (path.name in CLIENT_MAKERS or path.name.startswith("testing")):
        return
    if path.parent == EDGE / "compiled_parsers":
        return
    foreign = {
        name
        for name, _ in imports_of(path)
        if name.split(".")[0] in {"boto3", "botocore", "s3transfer"} and name not in HARMLESS
    }
    assert foreign <= allowed_foreign(path)


def allowed_foreign(path: Path) -> set[str]:
    if path.parent == ROOT / "aws_operations" / "scaffold":
        # Reading the models that botocore ships makes no session and no client.
        return {"botocore", "botocore.loaders", "botocore.model", "botocore.utils"}
    # Streams and paginators raise and return botocore's own types; naming them makes no client.
    return {"botocore.response"} if path.is_relative_to(EDGE) else set()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_WHEN_a_module_imports_THEN_it_imports_no_room_above_its_own(path: Path) -> None:
    ranks = {"aws_interactions": 0, "aws_operations": 1, "commands": 2, "manage_resources": 3}
    own = ranks[path.relative_to(ROOT).parts[0].removesuffix(".py")]
    for name, _ in imports_of(path):
        assert ranks.get(name.split(".")[0], 0) <= own, f"{name_of(path)} imports {name}"


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.is_relative_to(EDGE) and is_wrapper(path)], ids=name_of
)
def test_WHEN_a_module_wraps_a_service_THEN_it_imports_no_other_wrapper(path: Path) -> None:
    own = next(part.removesuffix(".py") for part in path.relative_to(EDGE).parts if "_interactions" in part)
    for name, _ in imports_of(path):
        parts = name.split(".")
        others = [part for part in parts[1:] if part.endswith("_interactions") and part != own]
        assert not others, f"{name_of(path)} imports {name}"


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if path.parent == ROOT / "commands" and path.name != "console.py"],
    ids=name_of,
)
def test_WHEN_a_command_module_is_not_the_console_THEN_it_prints_nothing(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"print", "click.echo", "click.secho", "sys.stdout.write"}, name_of(path)


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if path.parent.name in {"aws_interactions", "aws_operations"}],
    ids=name_of,
)
def test_WHEN_a_module_is_part_of_the_library_THEN_it_neither_prints_nor_exits(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in {"print", "sys.exit", "exit", "input"}, name_of(path)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_WHEN_a_source_file_grows_THEN_it_stays_one_thing(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450
