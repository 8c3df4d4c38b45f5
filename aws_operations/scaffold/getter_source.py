"""Puts a service's getter into the provider of a project."""

import ast

from aws_operations.scaffold.service_design import ServiceDesign
from aws_operations.scaffold.source_edits import CantEditSource, EditableSource

PROVIDER_FILE = "core/aws_client_provider.py"
_PROVIDER = "AwsClientProvider"
_NOT_A_GETTER = "get_aws_env"
_GETTER = '''
    def {name}(self) -> Any:
        """Return the client for {title}."""
        return self._client("{service}")
'''


def with_getter(provider_text: str, design: ServiceDesign) -> str:
    """Return the provider's source with the getter after its others; as it was if it has it.

    Raises ``CantEditSource`` where there is no place for it.
    """
    source = EditableSource(provider_text, PROVIDER_FILE)
    provider = _provider_class(source)
    methods = [node for node in provider.body if isinstance(node, ast.FunctionDef)]
    if any(method.name == design.getter_name for method in methods):
        return provider_text
    if not any(method.name == "_client" for method in methods):
        raise CantEditSource(
            source.path, f"{_PROVIDER} has no method _client; add {design.getter_name} by hand"
        )
    getters = [each for each in methods if each.name.startswith("get_") and each.name != _NOT_A_GETTER]
    last = max(getters or methods, key=lambda method: method.lineno)
    added = _GETTER.format(name=design.getter_name, title=design.title, service=design.service_name)
    return _with_any(source.with_lines(last.end_lineno or last.lineno, added))


def _provider_class(source: EditableSource) -> ast.ClassDef:
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and node.name == _PROVIDER:
            return node
    raise CantEditSource(source.path, f"it has no class {_PROVIDER}")


def _with_any(text: str) -> str:
    """Return the source with ``Any`` imported, for a provider whose author had no use for it."""
    source = EditableSource(text, PROVIDER_FILE)
    imports = [node for node in source.tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {
        alias.asname or alias.name
        for node in imports
        if isinstance(node, ast.ImportFrom) and node.module == "typing"
        for alias in node.names
    }
    if "Any" in names:
        return text
    after = imports[-1].end_lineno if imports else 0
    return source.with_lines(after or 0, "from typing import Any\n")
