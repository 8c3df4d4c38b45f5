"""The source of a service's commands: a Click group with a command for each operation."""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from aws_operations.scaffold.function_source import MOST_ARGUMENTS
from aws_operations.scaffold.package_names import package_name
from aws_operations.scaffold.service_design import (
    OperationDesign,
    ParameterDesign,
    ServiceDesign,
    StructureDesign,
    TypeDesign,
    TypeKind,
)
from aws_operations.scaffold.source_text import quoted

# The options that every command has.
_TAKEN_OPTIONS = frozenset(
    {"assume-role-arn", "aws-compute", "endpoint-url", "external-id", "help", "profile", "region", "yes"}
)
_TAKEN_NAMES = frozenset({"assume_role_arn", "aws_compute", "aws_profile", "aws_region", "endpoint_url"}) | {
    "external_id",
    "is_confirmed",
}
_CLICK_TYPES = {"Any": "JsonText(Any)", "bool": "bool", "float": "float", "int": "int", "str": ""}
_TIMES = "A time without an offset, such as 2026-01-31T12:00:00, is taken for UTC."
_FROM_A_FILE = "JSON from a file: as JSON on the command line, which it can be too, others may read it."
_FILE_OR_STDIN = "Read from a file, or with - from standard input: on the command line others may read it."
_LONGEST_LITERAL = 90
_OWN_TYPES = ("JsonText", "ScalarText", "SecretFile")


@dataclass(frozen=True, slots=True)
class _Given:
    """A parameter of a command: its decorator, and the name and annotation under which the body gets it."""

    decorator: str
    name: str
    annotation: str


def command_source(design: ServiceDesign) -> str:
    """Return the module ``commands.py`` of a service."""
    body = "\n\n\n".join(_command(operation, design) for operation in design.operations)
    return "\n\n".join([f'"""{design.title}."""', _imports(body, design), ""]) + (
        f'\n@click.group()\ndef commands() -> None:\n    """Use {design.title}."""\n\n\n{body}\n'
    )


def _imports(body: str, design: ServiceDesign) -> str:
    words = set(re.findall(r"\w+", re.sub(r'"(?:[^"\\]|\\.)*"', "", body)))
    own = ["AwsCommand", *(name for name in _OWN_TYPES if name in words)]
    standard = [
        f"from {module} import {', '.join(used)}"
        for module, names in (
            ("collections.abc", ("Iterator", "Mapping", "Sequence")),
            ("datetime", ("datetime",)),
            ("typing", ("Any",)),
        )
        if (used := [name for name in names if name in words])
    ]
    own_imports = [
        "from core.aws_client_provider import AwsClientProvider",
        f"from core.command_line import {', '.join(own)}",
    ]
    wrapper = f"from {package_name(design)} import {design.module_name} as wrapper"
    # Sorted as isort sorts them: by module.
    first_party = sorted([*own_imports, wrapper], key=lambda line: line.split()[1])
    return "\n\n".join(part for part in ("\n".join(standard), "import click", "\n".join(first_party)) if part)


def _command(operation: OperationDesign, design: ServiceDesign) -> str:
    classes = {each.class_name for each in design.structures} | {each.class_name for each in design.enums}
    given = [_given(parameter, classes) for parameter in operation.parameters]
    signature = "".join(f"    {each.name}: {each.annotation},\n" for each in given)
    passed = "".join(
        f"        {parameter.name}={each.name},\n"
        for parameter, each in zip(operation.parameters, given, strict=True)
    )
    call = f"wrapper.{operation.function_name}(\n{passed}        aws_provider=aws_provider,\n    )"
    result = _qualified(operation.result, classes)
    noqa = "  # noqa: PLR0913 - AWS takes as many" if len(given) + 1 > MOST_ARGUMENTS else ""
    lines = [
        f"@commands.command({quoted(command_name(operation))}, cls=AwsCommand,",
        f"    operation=({quoted(design.service_name)}, {quoted(operation.api_name)}),{_failures(operation)}",
        f"    help={_literal(_help(operation, design))})",
        *(each.decorator for each in given),
        f"def {_function_name(operation)}({noqa}\n    *,\n{signature}    aws_provider: AwsClientProvider,",
        f") -> {result}:",
        f'    """Call {operation.api_name}."""',
        f"    {call}" if operation.result == "None" else f"    return {call}",
    ]
    return "\n".join(lines)


def _failures(operation: OperationDesign) -> str:
    names = "".join(f"{quoted(name)}, " for name in operation.failures)
    return f" failures=({names})," if names else ""


def _help(operation: OperationDesign, design: ServiceDesign) -> str:
    text = operation.documentation or f"Call {operation.api_name}."
    # Click has no help for arguments, so they are told of here.
    arguments = [
        f"{_metavar(each)}: {each.documentation}"
        for each in operation.parameters
        if is_argument(each) and each.documentation
    ]
    structures = {each.class_name: each for each in design.structures}
    seen: set[str] = set()
    takes_times = any(_holds_times(each.type, structures, seen) for each in operation.parameters)
    return "\n\n".join([f"{text} {_TIMES}" if takes_times else text, *arguments])


def _holds_times(kind: TypeDesign, structures: Mapping[str, StructureDesign], seen: set[str]) -> bool:
    if kind.element is not None:
        return _holds_times(kind.element, structures, seen)
    if kind.kind is not TypeKind.STRUCTURE or kind.class_name is None:
        return kind.annotation == "datetime"
    if kind.class_name in seen:
        return False
    seen.add(kind.class_name)
    return any(_holds_times(each.type, structures, seen) for each in structures[kind.class_name].fields)


def command_name(operation: OperationDesign) -> str:
    """Return the command's name: the operation's, as the aws command writes it."""
    return operation.method_name.replace("_", "-")


def option_name(parameter: ParameterDesign) -> str:
    """Return the option of a parameter, without its hyphens in front."""
    name = parameter.name.strip("_").replace("_", "-")
    return f"{name}-value" if name in _TAKEN_OPTIONS else name


def _metavar(parameter: ParameterDesign) -> str:
    return parameter.name.strip("_").upper()


def is_argument(parameter: ParameterDesign) -> bool:
    """Return whether a command takes the parameter as an argument: what is scalar and required."""
    is_scalar = parameter.type.kind in {TypeKind.PLAIN, TypeKind.ENUM} and parameter.type.annotation != "Any"
    return parameter.is_required and is_scalar and not parameter.is_sensitive


def _given(parameter: ParameterDesign, classes: set[str]) -> _Given:
    name = f"{parameter.name}_value" if parameter.name in _TAKEN_NAMES else parameter.name
    annotation = _qualified(parameter.annotation, classes)
    kind = _click_type(parameter, classes)
    if is_argument(parameter):
        shown = "" if name.upper() == _metavar(parameter) else f', metavar="{_metavar(parameter)}"'
        return _Given(f'@click.argument("{name}"{_as_type(kind, parameter)}{shown})', name, annotation)
    flags = f'"--{option_name(parameter)}"'
    if kind == "bool":
        flags, kind = f'"--{option_name(parameter)}/--no-{option_name(parameter)}"', ""
        rest = ", default=None"
    else:
        rest = _as_type(kind, parameter) + (", required=True" if parameter.is_required else "")
    documentation = parameter.documentation or f"{parameter.api_name}."
    if kind.startswith("JsonText") and parameter.is_sensitive:
        rest += ', metavar="@FILE"'
        documentation = f"{documentation} {_FROM_A_FILE}"
    if kind.startswith("SecretFile"):
        documentation = f"{documentation} {_FILE_OR_STDIN}"
    rest += f", default={parameter.default}, show_default=True" if parameter.default != "None" else ""
    rest += f", help={_literal(documentation)}"
    return _Given(f'@click.option({flags}, "{name}"{rest})', name, annotation)


def _as_type(kind: str, parameter: ParameterDesign) -> str:
    if kind == "bool" and is_argument(parameter):
        return ", type=bool"
    return f", type={kind}" if kind else ""


def _click_type(parameter: ParameterDesign, classes: set[str]) -> str:
    """Return the source of what Click makes the value with, empty for text."""
    annotation = _qualified(parameter.type.annotation, classes)
    if parameter.is_sensitive and annotation in {"str", "bytes"}:
        return f"SecretFile({annotation})"
    if parameter.type.kind is TypeKind.ENUM:
        return f"ScalarText({annotation})"
    if parameter.type.kind is TypeKind.PLAIN:
        if annotation in {"datetime", "bytes"}:
            return f"ScalarText({annotation})"
        return _CLICK_TYPES[annotation]
    return f"JsonText({annotation})"


def _qualified(annotation: str, classes: set[str]) -> str:
    """Return an annotation with the wrapper's module before the names of its classes."""
    return re.sub(
        r"\b[A-Za-z_]\w*\b",
        lambda match: f"wrapper.{match[0]}" if match[0] in classes else match[0],
        annotation,
    )


def _function_name(operation: OperationDesign) -> str:
    # The module has these names already.
    taken = {"commands", "click", "wrapper"}
    return f"{operation.function_name}_" if operation.function_name in taken else operation.function_name


def _literal(text: str) -> str:
    """Return a text as string literals that each fit on a line."""
    paragraphs = [
        textwrap.wrap(each, _LONGEST_LITERAL, drop_whitespace=False, break_on_hyphens=False)
        for each in text.split("\n\n")
    ]
    for paragraph in paragraphs[:-1]:
        paragraph[-1] += "\n\n"
    pieces = [piece for paragraph in paragraphs for piece in paragraph]
    return quoted(text) if len(pieces) < 2 else f"({' '.join(quoted(piece) for piece in pieces)})"
