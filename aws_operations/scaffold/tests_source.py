"""The sources of a service's tests: of its wrapper and of its commands, on answers that fit the model."""

import re
from collections.abc import Sequence

from botocore.loaders import Loader

from aws_operations.scaffold.command_source import command_name, is_argument, option_name
from aws_operations.scaffold.example_values import Example, Examples
from aws_operations.scaffold.package_names import package_name
from aws_operations.scaffold.service_design import (
    OperationDesign,
    ParameterDesign,
    ServiceDesign,
    TypeKind,
)
from aws_operations.scaffold.source_text import quoted

_COMPARABLE = frozenset({"str", "int", "bool"})
# What AWS answers where the model of an operation names no errors.
_ANY_REFUSAL = ("AccessDeniedException", "AccessDenied")
_FIXTURE = """
@pytest.fixture
def aws() -> AnsweringAws:
    return AnsweringAws({service}, {getter})
"""


class _Writer:
    """Writes tests with the required parameters of each operation filled in."""

    def __init__(self, design: ServiceDesign, loader: Loader | None) -> None:
        self.design = design
        self._examples = Examples(design, loader)

    def required(self, operation: OperationDesign) -> list[tuple[ParameterDesign, Example]]:
        return [
            (parameter, self._examples.of(operation, parameter))
            for parameter in operation.parameters
            if parameter.is_required
        ]

    def call(self, operation: OperationDesign) -> str:
        given = [f"{parameter.name}={example.source}" for parameter, example in self.required(operation)]
        call = f"wrapper.{operation.function_name}({', '.join([*given, 'aws_provider=aws.provider'])})"
        return f"list({call})" if operation.is_paginated else call

    def arguments(self, operation: OperationDesign) -> list[str]:
        """Return the words of a command line as source; ``secret`` is the path of a file."""
        options = [quoted(command_name(operation))]
        words = []
        for parameter, example in self.required(operation):
            if is_argument(parameter):
                words.append(quoted(example.typed))
            elif is_secret(parameter):
                options += [quoted(f"--{option_name(parameter)}"), "str(secret)"]
            elif parameter.type.annotation != "bool":
                options += [quoted(f"--{option_name(parameter)}"), quoted(example.typed)]
        return [*options, *words]

    def has_secret(self, operation: OperationDesign) -> bool:
        return any(is_secret(parameter) for parameter, _ in self.required(operation))


def is_secret(parameter: ParameterDesign) -> bool:
    """Return whether a command takes the parameter from a file."""
    return parameter.is_sensitive and parameter.type.annotation in {"str", "bytes"}


def wrapper_tests_source(design: ServiceDesign, loader: Loader | None = None) -> str:
    """Return the tests of the wrapper: an answer, its pages and an error for each operation."""
    writer = _Writer(design, loader)
    tests = [
        test
        for operation in design.operations
        for test in (_answer_test(writer, operation), _error_test(writer, operation))
    ]
    body = "\n\n".join(tests)
    words = set(re.findall(r"\w+", body))
    imports = ["from core.aws_errors import AccessDenied"] if "AccessDenied)" in body else []
    imports.append(f"from {package_name(design)} import {design.module_name} as wrapper")
    helpers = ["AnsweringAws", *(["items_in"] if "items_in" in words else [])]
    return _module(design, ["datetime"] * ("datetime" in words), [], imports, helpers, body)


def command_tests_source(design: ServiceDesign, loader: Loader | None = None) -> str:
    """Return the tests of the commands: what they print, what they refuse, how they end."""
    writer = _Writer(design, loader)
    tests = [
        test
        for operation in design.operations
        for test in (
            _run_test(writer, operation),
            *([] if operation.is_read else [_unconfirmed_test(writer, operation)]),
            _refused_test(writer, operation),
        )
    ]
    body = "\n\n".join(tests)
    words = set(re.findall(r"\w+", body))
    standard = [*(["json"] if "json" in words else []), *(["Path"] if "Path" in words else [])]
    imports = [f"from {package_name(design)}.commands import commands"]
    helpers = ["AnsweringAws", *(["items_in"] if "items_in" in words else [])]
    return _module(design, standard, ["from click.testing import CliRunner"], imports, helpers, body)


_STANDARD = {
    "datetime": "from datetime import UTC, datetime",
    "json": "import json",
    "Path": "from pathlib import Path",
}


def _module(
    design: ServiceDesign,
    standard: Sequence[str],
    foreign: Sequence[str],
    own: Sequence[str],
    helpers: Sequence[str],
    body: str,
) -> str:
    groups = [
        "\n".join(_STANDARD[name] for name in standard),
        "\n".join(["import pytest", *foreign]),
        "\n".join([*own, f"from tests.answers import {', '.join(helpers)}"]),
    ]
    fixture = _FIXTURE.format(service=quoted(design.service_name), getter=quoted(design.getter_name))
    return "\n\n".join(group for group in groups if group) + f"\n\n{fixture}\n\n{body}\n"


def _answer_test(writer: _Writer, operation: OperationDesign) -> str:
    name, call = operation.function_name.strip("_"), writer.call(operation)
    method = quoted(operation.method_name)
    if operation.is_paginated:
        return (
            f"def test_WHEN_{name}_gets_two_pages_THEN_both_come_back(aws: AnsweringAws) -> None:\n"
            f"    {_two_pages(operation)}\n"
            f"    assert len({call}) == {_count(operation)}\n"
            "    aws.assert_all_was_asked()\n"
        )
    if operation.result == "None":
        return (
            f"def test_WHEN_{name}_is_called_THEN_aws_is_asked_once(aws: AnsweringAws) -> None:\n"
            f"    aws.answer({method})\n    {call}\n    aws.assert_all_was_asked()\n"
        )
    field = _comparable_field(writer.design, operation)
    answer = "answer = " if field else ""
    compared = f"    assert found.{field[0]} == answer[{quoted(field[1])}]\n" if field else ""
    return (
        f"def test_WHEN_{name}_is_called_THEN_the_answer_comes_back_as_a_value(aws: AnsweringAws) -> None:\n"
        f"    {answer}aws.answer({method})\n    found = {call}\n"
        f"    assert isinstance(found, wrapper.{operation.result})\n{compared}"
    )


def _two_pages(operation: OperationDesign) -> str:
    return f"{'pages = ' if operation.items else ''}aws.pages({quoted(operation.method_name)})"


def _count(operation: OperationDesign) -> str:
    keys = ", ".join(quoted(item.key) for item in operation.items)
    return f"items_in(pages, {keys})" if operation.items else "2"


def _comparable_field(design: ServiceDesign, operation: OperationDesign) -> tuple[str, str] | None:
    for structure in design.structures:
        if structure.class_name == operation.result_class:
            for field in structure.fields:
                is_plain = field.type.kind is TypeKind.PLAIN and field.type.annotation in _COMPARABLE
                if is_plain or field.type.kind is TypeKind.ENUM:
                    return field.name, field.api_name
    return None


def _error_test(writer: _Writer, operation: OperationDesign) -> str:
    code, name = _refusal(writer.design, operation)
    kind = name if name == _ANY_REFUSAL[1] else f"wrapper.{name}"
    return (
        f"def test_WHEN_{operation.function_name.strip('_')}_is_refused_THEN_the_error_is_of_its_kind("
        "aws: AnsweringAws) -> None:\n"
        f"    aws.refuse({quoted(operation.method_name)}, {quoted(code)})\n"
        f"    with pytest.raises({kind}):\n        {writer.call(operation)}\n"
    )


def _refusal(design: ServiceDesign, operation: OperationDesign) -> tuple[str, str]:
    """Return a code that the operation may be refused with, and the class of the error."""
    mapped = {
        code: each.class_name for each in reversed(design.errors) for code in (each.codes or (each.code,))
    }
    for name in operation.error_names:
        for code, class_name in mapped.items():
            if class_name == name:
                return code, name
    return _ANY_REFUSAL[0], mapped.get(_ANY_REFUSAL[0], _ANY_REFUSAL[1])


def _run_test(writer: _Writer, operation: OperationDesign) -> str:
    method = quoted(operation.method_name)
    confirmed = [] if operation.is_read else ['"--yes"']
    if operation.is_paginated:
        begin, end = (
            _two_pages(operation),
            f"    assert len(done.stdout.splitlines()) == {_count(operation)}\n",
        )
    elif operation.result == "None":
        begin, end = f"aws.answer({method})", '    assert done.stdout == ""\n'
    else:
        begin, end = f"aws.answer({method})", "    assert isinstance(json.loads(done.stdout), dict)\n"
    return (
        f"{_test_head(writer, operation, 'is_run_THEN_what_aws_answers_is_on_standard_output')}"
        f"    {begin}\n{_secret_line(writer, operation)}"
        f"{_invocation(writer, operation, confirmed)}"
        f"    assert done.exit_code == 0, done.output\n{end}    aws.assert_all_was_asked()\n"
    )


def _unconfirmed_test(writer: _Writer, operation: OperationDesign) -> str:
    return (
        f"{_test_head(writer, operation, 'is_run_without_yes_THEN_nothing_is_sent')}"
        f"{_secret_line(writer, operation)}{_invocation(writer, operation, [])}"
        '    assert (done.exit_code, done.stdout) == (6, "")\n'
        '    assert "--yes" in done.stderr\n'
    )


def _refused_test(writer: _Writer, operation: OperationDesign) -> str:
    confirmed = [] if operation.is_read else ['"--yes"']
    return (
        f"{_test_head(writer, operation, 'is_run_AND_aws_refuses_THEN_one_line_says_so')}"
        f"    aws.refuse({quoted(operation.method_name)}, {quoted(_ANY_REFUSAL[0])})\n"
        f"{_secret_line(writer, operation)}{_invocation(writer, operation, confirmed)}"
        '    assert (done.exit_code, done.stdout) == (4, "")\n'
        '    assert done.stderr.count("\\n") == 1\n'
    )


def _test_head(writer: _Writer, operation: OperationDesign, what: str) -> str:
    path = ", tmp_path: Path" if writer.has_secret(operation) else ""
    name = operation.function_name.strip("_")
    return f"def test_WHEN_{name}_{what}(aws: AnsweringAws{path}) -> None:\n"


def _secret_line(writer: _Writer, operation: OperationDesign) -> str:
    secrets = [example.typed for parameter, example in writer.required(operation) if is_secret(parameter)]
    if not secrets:
        return ""
    longest = quoted(max(secrets, key=len))
    return f'    secret = tmp_path / "secret"\n    secret.write_text({longest}, encoding="utf-8")\n'


def _invocation(writer: _Writer, operation: OperationDesign, confirmed: Sequence[str]) -> str:
    words = ", ".join([*writer.arguments(operation), *confirmed])
    return f"    done = CliRunner().invoke(commands, [{words}], obj=aws.provider)\n"
