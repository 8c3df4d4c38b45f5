"""The sources of a service's tests: of its wrapper and of its commands, on answers that fit the model."""

from collections.abc import Sequence

from botocore.loaders import Loader

from aws_operations.scaffold.command_source import command_name, is_argument, option_name
from aws_operations.scaffold.example_values import Example, Examples
from aws_operations.scaffold.package_names import package_name
from aws_operations.scaffold.service_design import OperationDesign, ParameterDesign, ServiceDesign
from aws_operations.scaffold.source_text import quoted

# What AWS answers where the model of an operation names no errors.
_ANY_REFUSAL = ("AccessDeniedException", "AccessDenied")
_FIXTURE = """
@pytest.fixture
def aws() -> Iterator[AnsweringAws]:
    with AnsweringAws({service}, {getter}) as answering:
        yield answering
"""
# What only an example of a time has in it.
_MOMENT = ", tzinfo=UTC)"
_Given = Sequence[tuple[ParameterDesign, Example]]


def is_secret(parameter: ParameterDesign) -> bool:
    """Return whether a command takes the parameter from a file."""
    return parameter.is_sensitive and parameter.type.annotation in {"str", "bytes"}


def wrapper_tests_source(design: ServiceDesign, loader: Loader | None = None) -> str:
    """Return the tests of the wrapper: what it sends, what it makes of the answer, and of an error."""
    examples = Examples(design, loader)
    tests = []
    for operation in design.operations:
        required, every = examples.required(operation), examples.every(operation)
        tests.append(_answer_test(examples, operation, required))
        if _is_more(every, required):
            tests.append(_everything_test(examples, operation, every))
        tests.append(_error_test(design, operation, required))
    body = "\n\n".join(tests)
    imports = ["from core.aws_errors import AccessDenied"] if "raises(AccessDenied)" in body else []
    imports.append(f"from {package_name(design)} import {design.module_name} as wrapper")
    return _module(design, ["datetime"] * (_MOMENT in body), [], imports, body)


def command_tests_source(design: ServiceDesign, loader: Loader | None = None) -> str:
    """Return the tests of the commands: what they send and print, what they refuse, how they end."""
    examples = Examples(design, loader)
    tests = []
    for operation in design.operations:
        required, every = examples.required(operation), examples.every(operation)
        tests.append(_run_test(examples, operation, required))
        if _is_more(every, required):
            tests.append(_every_option_test(examples, operation, every))
        if not operation.is_read:
            tests.append(_unconfirmed_test(operation, required))
        tests.append(_refused_test(operation, required))
    body = "\n\n".join(tests)
    used = {"json": "json.loads(", "datetime": _MOMENT, "Path": ": Path)"}
    standard = [name for name, text in used.items() if text in body]
    imports = [f"from {package_name(design)}.commands import commands"]
    return _module(design, standard, ["from click.testing import CliRunner"], imports, body)


_STANDARD = {
    "json": "import json",
    "datetime": "from datetime import UTC, datetime",
    "Path": "from pathlib import Path",
}


def _module(
    design: ServiceDesign, standard: Sequence[str], foreign: Sequence[str], own: Sequence[str], body: str
) -> str:
    helpers = ["AnsweringAws", *(["comparable"] if "comparable(" in body else [])]
    groups = [
        "\n".join(["from collections.abc import Iterator", *(_STANDARD[name] for name in standard)]),
        "\n".join(["import pytest", *foreign]),
        "\n".join([*own, f"from tests.answers import {', '.join(helpers)}"]),
    ]
    fixture = _FIXTURE.format(service=quoted(design.service_name), getter=quoted(design.getter_name))
    return "\n\n".join(groups) + f"\n\n{fixture}\n\n{body}\n"


def _is_more(every: _Given, required: _Given) -> bool:
    return [example.sent for _, example in every] != [example.sent for _, example in required]


def _call(operation: OperationDesign, given: _Given) -> str:
    arguments = [f"{parameter.name}={example.source}" for parameter, example in given]
    return f"wrapper.{operation.function_name}({', '.join([*arguments, 'aws_provider=aws.provider'])})"


def _answered(operation: OperationDesign, name: str = "") -> str:
    """Return the line that prepares what AWS answers; ``name`` is what the test calls it."""
    assigned = f"{name} = " if name and operation.result != "None" else ""
    path = f", {quoted(operation.items.key)}" if operation.items else ""
    return (
        f"    {assigned}aws.pages({quoted(operation.method_name)}{path})\n"
        if operation.is_paginated
        else f"    {assigned}aws.answer({quoted(operation.method_name)})\n"
    )


def _asked(examples: Examples, operation: OperationDesign, given: _Given) -> str:
    """Return the line that holds what AWS was asked."""
    request = examples.request(operation, given)
    expected = f"aws.for_both_pages({request})" if operation.is_paginated else f"[{request}]"
    return f"    assert aws.requests == {expected}\n"


def _answer_test(examples: Examples, operation: OperationDesign, required: _Given) -> str:
    call = _call(operation, required)
    if operation.result == "None":
        what, done = "is_called_THEN_aws_is_asked_once", f"    {call}\n"
    else:
        what = "is_called_THEN_all_that_aws_answers_comes_back"
        what = "gets_two_pages_THEN_all_of_both_comes_back" if operation.is_paginated else what
        done = f"    found = {call}\n    assert comparable(found) == answer\n"
    return (
        f"{_wrapper_head(operation, what)}"
        f"{_answered(operation, 'answer')}{done}{_asked(examples, operation, required)}"
    )


def _everything_test(examples: Examples, operation: OperationDesign, every: _Given) -> str:
    call = _call(operation, every)
    return (
        f"{_wrapper_head(operation, 'is_called_with_everything_THEN_all_of_it_is_sent')}"
        f"{_answered(operation)}    {f'list({call})' if operation.is_paginated else call}\n"
        f"{_asked(examples, operation, every)}"
    )


def _error_test(design: ServiceDesign, operation: OperationDesign, required: _Given) -> str:
    code, name = _refusal(design, operation)
    kind = name if name == _ANY_REFUSAL[1] else f"wrapper.{name}"
    call = _call(operation, required)
    return (
        f"{_wrapper_head(operation, 'is_refused_THEN_the_error_is_of_its_kind')}"
        f"    aws.refuse({quoted(operation.method_name)}, {quoted(code)})\n"
        f"    with pytest.raises({kind}):\n"
        f"        {f'list({call})' if operation.is_paginated else call}\n"
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


def _wrapper_head(operation: OperationDesign, what: str) -> str:
    return f"def test_WHEN_{operation.function_name.strip('_')}_{what}(aws: AnsweringAws) -> None:\n"


def _run_test(examples: Examples, operation: OperationDesign, required: _Given) -> str:
    printed = '    assert done.stdout == ""\n'
    if operation.is_paginated:
        lines = "[json.loads(line) for line in done.stdout.splitlines()]"
        printed = f"    assert comparable({lines}) == answer\n"
    elif operation.result != "None":
        printed = "    assert comparable(json.loads(done.stdout)) == answer\n"
    return (
        f"{_command_head(operation, 'is_run_THEN_what_aws_answers_is_on_standard_output', required)}"
        f"{_answered(operation, 'answer')}{_invocation(operation, required, is_confirmed=True)}"
        f"{_ended(operation)}{printed}{_asked(examples, operation, required)}"
    )


def _every_option_test(examples: Examples, operation: OperationDesign, every: _Given) -> str:
    return (
        f"{_command_head(operation, 'is_run_with_every_option_THEN_all_of_it_is_sent', every)}"
        f"{_answered(operation)}{_invocation(operation, every, is_confirmed=True)}"
        f"{_ended(operation)}{_asked(examples, operation, every)}"
    )


def _ended(operation: OperationDesign) -> str:
    # The answers have all members, those of what failed among them.
    return f"    assert done.exit_code == {5 if operation.failures else 0}, done.output\n"


def _unconfirmed_test(operation: OperationDesign, required: _Given) -> str:
    return (
        f"{_command_head(operation, 'is_run_without_yes_THEN_nothing_is_sent', required)}"
        f"{_invocation(operation, required, is_confirmed=False)}"
        '    assert (done.exit_code, done.stdout, aws.requests) == (6, "", [])\n'
        '    assert "--yes" in done.stderr\n'
    )


def _refused_test(operation: OperationDesign, required: _Given) -> str:
    return (
        f"{_command_head(operation, 'is_run_AND_aws_refuses_THEN_one_line_says_so', required)}"
        f"    aws.refuse({quoted(operation.method_name)}, {quoted(_ANY_REFUSAL[0])})\n"
        f"{_invocation(operation, required, is_confirmed=True)}"
        '    assert (done.exit_code, done.stdout) == (4, "")\n'
        '    assert done.stderr.count("\\n") == 1\n'
    )


def _command_head(operation: OperationDesign, what: str, given: _Given) -> str:
    path = ", tmp_path: Path" if any(is_secret(parameter) for parameter, _ in given) else ""
    return f"def test_WHEN_{operation.function_name.strip('_')}_{what}(aws: AnsweringAws{path}) -> None:\n"


def _invocation(operation: OperationDesign, given: _Given, *, is_confirmed: bool) -> str:
    """Return the lines that write the files of secrets and run the command."""
    options, words, files = [quoted(command_name(operation))], [], ""
    for parameter, example in given:
        option = f"--{option_name(parameter)}"
        if is_argument(parameter):
            words.append(quoted(example.typed))
        elif is_secret(parameter):
            path = f"tmp_path / {quoted(parameter.name)}"
            files += f'    ({path}).write_text({quoted(example.typed)}, encoding="utf-8")\n'
            options += [quoted(option), f"str({path})"]
        elif parameter.type.annotation == "bool":
            options.append(quoted(option if example.plain else f"--no-{option[2:]}"))
        else:
            options += [quoted(option), quoted(example.typed)]
    confirmed = [] if operation.is_read or not is_confirmed else ['"--yes"']
    typed = ", ".join([*options, *confirmed, *words])
    return f"{files}    done = CliRunner().invoke(commands, [{typed}], obj=aws.provider)\n"
