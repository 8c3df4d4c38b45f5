"""The source of a wrapper module, written from its design."""

import ast
import textwrap

from aws_operations.scaffold.class_source import enum_source, error_source, structure_source
from aws_operations.scaffold.conversion_source import Conversions
from aws_operations.scaffold.documentation_text import docstring
from aws_operations.scaffold.function_source import function_source
from aws_operations.scaffold.service_design import ServiceDesign
from aws_operations.scaffold.source_text import LINE_LENGTH, quoted

# In the order that the imports stand in; a name is imported where the text below has it as a word.
_STANDARD = (
    ("collections.abc", ("Callable", "Iterator", "Mapping", "Sequence")),
    ("contextlib", ("suppress",)),
    ("dataclasses", ("dataclass", "field")),
    ("datetime", ("datetime",)),
    ("enum", ("StrEnum",)),
    ("functools", ("partial",)),
    ("typing", ("TYPE_CHECKING", "Any", "TypeVar")),
)


def wrapper_source(design: ServiceDesign) -> str:
    """Return the module: exceptions, enums, dataclasses, functions, and private readers and writers.

    It is valid Python with types and docstrings; ``source_format.formatted`` gives it its final layout.
    """
    conversions = Conversions(design.structures)
    functions = [function_source(each, design, conversions) for each in design.operations]
    converting = conversions.sources()
    parts = [
        *(error_source(each, design.service_name) for each in design.errors),
        *(enum_source(each) for each in design.enums),
        *(structure_source(each) for each in design.structures),
        *functions,
        *converting,
        *_error_mapping(design),
    ]
    body = "\n\n\n".join(parts)
    opening = [
        docstring(
            _summary(design.title),
            ["Every function takes its subject, then the provider, the rest by name, and keeps nothing."],
            indent=0,
        ),
        _imports(body),
        "logger = logging.getLogger(__name__)",
        *conversions.type_variables(),
    ]
    return "\n\n".join(opening) + "\n\n\n" + body + "\n"


def _summary(title: str) -> str:
    summary = f"{title}: functions, values and exceptions for the rest of a program."
    if len(summary) + len('"""') <= LINE_LENGTH:
        return summary
    return f"{textwrap.shorten(title, 100, placeholder='')}."


def _imports(body: str) -> str:
    words = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    words |= {"TYPE_CHECKING"} | ({"TypeVar"} if "_known" in words else set())
    lines = ["from __future__ import annotations\n", "import logging"]
    for module, names in _STANDARD:
        if used := [name for name in names if name in words]:
            lines.append(f"from {module} import {', '.join(used)}")
    core = [
        "AccessDenied",
        "AlreadyExists",
        "AwsInteractionError",
        "Conflict",
        "CredentialsProblem",
        "ErrorsByCode",
        "InvalidInput",
        "NotFound",
        "Throttled",
        "Unavailable",
        "translate_aws_errors",
    ]
    used = [name for name in core if name in words]
    lines += ["", f"from core.aws_errors import {', '.join(used)}", "", "if TYPE_CHECKING:"]
    lines.append("    from core.aws_client_provider import AwsClientProvider")
    return "\n".join(lines)


def _error_mapping(design: ServiceDesign) -> list[str]:
    if not design.errors:
        return []
    by_code: dict[str, str] = {}
    for error in design.errors:
        for code in error.codes or (error.code,):
            by_code.setdefault(code, error.class_name)
    rows = "\n".join(f"    {quoted(code)}: {name}," for code, name in by_code.items())
    mapping = (
        "# Matched on AWS's codes; the texts beside them change.\n"
        f"_ERRORS: dict[str, Callable[[str], AwsInteractionError]] = {{\n{rows}\n}}\n\n\n"
        "def _errors_about(subject: str) -> ErrorsByCode:\n"
        "    return {code: partial(error, subject) for code, error in _ERRORS.items()}"
    )
    return [mapping]
