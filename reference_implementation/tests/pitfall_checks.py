"""What the pattern forbids, looked for in the source of a wrapper."""

import ast
from collections.abc import Iterator
from functools import cache

from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from core.aws_client_provider import AwsClientProvider

GETTERS = frozenset(name for name in dir(AwsClientProvider) if name.startswith("get_"))


def calls_on_the_provider(source: str) -> list[str]:
    """Find what is asked of ``aws_provider`` itself: it has getters, not operations."""
    return [
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) == "aws_provider"
        and node.attr not in GETTERS
    ]


def wrappers_imported(source: str) -> list[str]:
    """Find imports of other wrappers: what needs two services stands above both."""
    imported: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imported += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in imported if any(part.endswith("_wrapper") for part in name.split("."))]


def raw_results(source: str) -> list[str]:
    """Find public functions whose result has no name of its own: nothing said, ``Any``, botocore's dicts."""
    return [
        function.name
        for function in ast.parse(source).body
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_")
        if function.returns is None or _is_raw(ast.unparse(function.returns))
    ]


def lists_without_paging(source: str) -> list[str]:
    """Find calls of operations that botocore could page: the first page looks like the whole list.

    A look-up by name may go through the paginator as a list does, and nobody has to ask which it is.
    """
    tree = ast.parse(source)
    asked = [
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    services = [name.removeprefix("get_") for name in asked if name.startswith("get_")]
    pageable = {operation for service in services for operation in _pageable_operations(service)}
    return [name for name in asked if name in pageable]


def client_errors_without_a_code(source: str) -> list[int]:
    """Find the lines where ``ClientError`` is caught and nobody looks at which error it is."""
    return [
        handler.lineno
        for handler in ast.walk(ast.parse(source))
        if isinstance(handler, ast.ExceptHandler)
        and handler.type is not None
        and "ClientError" in ast.unparse(handler.type)
        and not any(_looks_at_the_code(node) for node in ast.walk(handler))
    ]


def _is_raw(annotation: str) -> bool:
    is_untold = annotation.strip("'\"") in {"dict", "list", "Mapping", "object"}
    return is_untold or "Any" in annotation or "TypeDef" in annotation


def _looks_at_the_code(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        arguments = [ast.unparse(argument) for argument in node.args]
        return ast.unparse(node.func).endswith("error_code") or arguments[:1] == ["'Code'"]
    return isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "'Code'"


@cache
def _pageable_operations(service_name: str) -> frozenset[str]:
    try:
        model = Loader().load_service_model(service_name.replace("_", "-"), "paginators-1")
    except UnknownServiceError:
        return frozenset()
    return frozenset(_python_names(model["pagination"]))


def _python_names(operation_names: Iterator[str]) -> Iterator[str]:
    return (xform_name(name) for name in operation_names)
