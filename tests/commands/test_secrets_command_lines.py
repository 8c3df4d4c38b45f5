"""How the command lines of ``secrets`` are understood, and what the real program does with values."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from commands.command_tree import every_verb
from tests.commands.command_cases.secrets import CASES
from tests.support import command_lines
from tests.support.loopback_proxy import Answer, Fault, Hangup, LoopbackProxy, SeenRequest
from tests.support.program import PROGRAM, run_on_terminal, run_program

NAME = "orders/database"
CANARY = "canary\"Sentinel-0123456789'\\"
LOUD = ["-vvv", "--debug"]


understand = partial(command_lines.understand, "secrets")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["put", NAME, CANARY], ["a value is never an argument", "--stdin"]),
        (["create", NAME, "--file", "f", CANARY], ["a value is never an argument"]),
        (["put", NAME], ["where does the value come from", "--file"]),
        (["put", NAME, "--file", "f", "--stdin"], ["not both"]),
        (["put", NAME, "--file", "-"], ["--stdin"]),
        (["put", NAME, "--file", ""], ["path is empty"]),
        (["delete", NAME, "--recovery-days", "3"], ["7<=x<=30"]),
        (["list", "--tag", "a=1", "--tag", "a=2"], ["tag 'a' is given twice"]),
        (["tags", "set", NAME, "a=1", "a=1"], ["tag 'a' is given twice"]),
    ],
)
def test_WHEN_a_command_line_makes_no_sense_THEN_it_is_a_usage_error_that_says_why(
    arguments: list[str], parts: list[str]
) -> None:
    result, work = understand(*arguments)
    assert (result.exit_code, work) == (2, None), result.output
    shown = " ".join(result.output.split())
    assert "Sentinel" not in shown
    for part in parts:
        assert part in shown


def test_WHEN_a_value_is_understood_THEN_it_is_not_yet_read() -> None:
    result, work = understand("put", NAME, "--file", "no such file", "--expect-version", "v", "--create")
    assert result.exit_code == 0, result.output
    assert work.args[0] == NAME
    assert work.args[1].ref.endswith(":no such file")
    assert (work.keywords["expected_version"], work.keywords["create"]) == ("v", True)


@pytest.mark.parametrize(
    ("arguments", "has_line_end"),
    [([], False), (["--regions", "us-east-1"], False), (["--regions", "us-east-1,eu-west-1"], False)],
)
def test_WHEN_getting_AND_there_is_no_terminal_THEN_no_line_end_is_added(
    arguments: list[str], has_line_end: bool
) -> None:
    result, work = understand("get", NAME, *arguments)
    assert result.exit_code == 0, result.output
    assert work.keywords["with_line_end"] is has_line_end


@pytest.fixture
def new_name() -> str:
    return f"test/{uuid.uuid4().hex}"


def store(name: str, data: bytes, environment: dict[str, str], *options: str) -> None:
    done = subprocess.run(
        [*PROGRAM, "--sandbox", "secrets", "put", name, "--create", "--stdin", "--yes", *options],
        env=environment,
        input=data,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def fetch(name: str, environment: dict[str, str], *options: str) -> bytes:
    done = subprocess.run(
        [*PROGRAM, "--sandbox", "secrets", "get", name, *options],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


@pytest.mark.parametrize(
    "data",
    [
        b"no line end",
        b"line end\n",
        b"dos\r\n",
        b"\x00\xff\xfe\n",
        b"\n\n",
        b"a\0b",
        CANARY.encode() + b"\nmore",
    ],
)
def test_WHEN_bytes_go_through_stdin_THEN_exactly_they_come_back(
    data: bytes, new_name: str, sandbox_environment: dict[str, str]
) -> None:
    store(new_name, data, sandbox_environment)
    assert fetch(new_name, sandbox_environment) == data


def test_WHEN_a_value_is_forced_to_be_binary_THEN_it_is_AND_comes_back_the_same(
    new_name: str, sandbox_environment: dict[str, str]
) -> None:
    store(new_name, b'{"a": "b"}', sandbox_environment, "--binary")
    assert fetch(new_name, sandbox_environment) == b'{"a": "b"}'
    store(new_name, b'{"a": "b"}', sandbox_environment)
    assert fetch(new_name, sandbox_environment, "--field", "a") == b"b"


def test_WHEN_a_line_was_echoed_into_the_pipe_THEN_a_warning_says_that_its_end_is_kept(
    new_name: str, sandbox_environment: dict[str, str]
) -> None:
    command = ["--sandbox", "secrets", "create", new_name, "--stdin", "--dry-run"]
    assert "'printf %s'" in run_program(command, sandbox_environment, stdin="one line\n").stderr
    for quiet in ("one line", "two\nlines\n"):
        assert "WARNING" not in run_program(command, sandbox_environment, stdin=quiet).stderr


def test_WHEN_a_field_is_asked_of_no_JSON_THEN_it_is_refused_without_the_value(
    new_name: str, sandbox_environment: dict[str, str]
) -> None:
    store(new_name, CANARY.encode(), sandbox_environment)
    done = run_program(["--sandbox", "secrets", "get", new_name, "--field", "a", *LOUD], sandbox_environment)
    assert (done.returncode, done.stdout) == (4, "")
    assert "is not JSON" in done.stderr
    assert "Sentinel" not in done.stderr


@pytest.mark.parametrize("verb", ["get", "describe", "versions", "restore", "delete", "tags get"])
def test_WHEN_there_is_no_such_secret_THEN_one_line_says_so(
    verb: str, new_name: str, sandbox_environment: dict[str, str]
) -> None:
    done = run_program(["--sandbox", "secrets", *verb.split(), new_name], sandbox_environment)
    assert (done.returncode, done.stdout) == (4, "")
    assert f"there is no secret {new_name}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_WHEN_no_version_has_the_label_THEN_it_is_not_the_secret_that_is_missed(
    sandbox_environment: dict[str, str],
) -> None:
    done = run_program(["--sandbox", "secrets", "get", NAME, "--stage", "NONE"], sandbox_environment)
    assert (done.returncode, done.stdout) == (4, "")
    assert f"secret {NAME} has no version labelled NONE" in done.stderr


def aws_error(code: str, message: str = "no") -> Answer:
    body = json.dumps({"__type": code, "message": message}).encode()
    return Answer(400, body, {"Content-Type": "application/x-amz-json-1.1"})


@pytest.mark.parametrize(
    ("code", "exit_code", "part"),
    [
        ("AccessDeniedException", 4, "no permission for secretsmanager:GetSecretValue"),
        ("ExpiredTokenException", 3, "--profile"),
        ("DecryptionFailure", 4, "kms:Decrypt"),
    ],
)
def test_WHEN_AWS_refuses_the_value_THEN_the_exit_code_and_one_line_say_so(
    code: str, exit_code: int, part: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: aws_error(code) if request.service == "secretsmanager" else None
    done = run_program(["secrets", "get", NAME], proxied_environment)
    assert (done.returncode, done.stdout) == (exit_code, ""), done.stderr
    assert part in done.stderr
    assert done.stderr.count("\n") == 1


def test_WHEN_the_answer_to_a_put_is_lost_THEN_the_value_is_stored_once(
    new_name: str,
    proxied_environment: dict[str, str],
    sandbox_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    store(new_name, b"first", sandbox_environment)

    def lose(request: SeenRequest) -> Fault | None:
        return Hangup(after_work=True) if request.operation == "PutSecretValue" else None

    proxy.disturb = lose
    done = run_program(
        ["secrets", "put", new_name, "--stdin", "--yes", "--max-attempts", "2"],
        proxied_environment,
        stdin="second",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("applied\t")
    assert fetch(new_name, sandbox_environment) == b"second"
    assert fetch(new_name, sandbox_environment, "--stage", "AWSPREVIOUS") == b"first"
    listed = run_program(
        ["--sandbox", "secrets", "versions", new_name, "--all", "--output", "json"], sandbox_environment
    )
    assert len(json.loads(listed.stdout)) == 2


def test_WHEN_a_version_is_promoted_AND_another_value_put_THEN_each_is_current_in_turn(
    new_name: str, sandbox_environment: dict[str, str]
) -> None:
    for value in (b"first", b"second"):
        store(new_name, value, sandbox_environment)
    promoted = run_program(
        ["--sandbox", "secrets", "promote", new_name, "AWSPREVIOUS", "--yes"], sandbox_environment
    )
    assert promoted.returncode == 0, promoted.stderr
    assert fetch(new_name, sandbox_environment) == b"first"
    assert fetch(new_name, sandbox_environment, "--stage", "AWSPREVIOUS") == b"second"
    store(new_name, b"third", sandbox_environment)
    assert fetch(new_name, sandbox_environment) == b"third"
    assert fetch(new_name, sandbox_environment, "--stage", "AWSPREVIOUS") == b"first"


def test_WHEN_a_value_is_stored_in_several_targets_THEN_each_has_it(
    new_name: str, sandbox_environment: dict[str, str]
) -> None:
    targets = ["--regions", "us-east-1,eu-west-1", "--accounts", "111122223333", "--role-name", "operator"]
    store(f"{new_name}-{{region}}", b"shared", sandbox_environment, *targets)
    done = run_program(
        ["--sandbox", "secrets", "get", f"{new_name}-{{region}}", *targets], sandbox_environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("111122223333\tus-east-1\tshared\tfalse\n111122223333\teu-west-1\tshared\tfalse\n")


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"two\nlines\t\n", {"value": "two\nlines\t\n", "base64": False}),
        (b"\xff\x00", {"value": "/wA=", "base64": True}),
    ],
)
def test_WHEN_a_value_is_read_in_several_targets_THEN_each_is_a_row_that_can_be_told_apart(
    new_name: str, sandbox_environment: dict[str, str], data: bytes, shown: dict[str, Any]
) -> None:
    targets = ["--regions", "us-east-1,eu-west-1"]
    store(new_name, data, sandbox_environment, *targets)
    done = run_program(
        ["--sandbox", "secrets", "get", new_name, *targets, "--output", "json"], sandbox_environment
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        {"account": "123456789012", "region": region, **shown} for region in ("us-east-1", "eu-west-1")
    ]


def test_WHEN_a_query_is_asked_of_a_bare_value_THEN_it_is_refused_AND_the_value_not_shown(
    sandbox_environment: dict[str, str],
) -> None:
    done = run_program(["--sandbox", "secrets", "get", NAME, "--query", "username"], sandbox_environment)
    assert done.returncode == 2
    assert "--query" in done.stderr
    assert done.stdout == ""


def test_WHEN_someone_is_asked_for_the_value_THEN_it_is_not_shown_AND_stored_as_typed(
    new_name: str, sandbox_environment: dict[str, str]
) -> None:
    command = ["--sandbox", "secrets", "create", new_name]
    session = run_on_terminal(
        command,
        sandbox_environment,
        answers=[
            ("(not shown): ", "Sentinel-typed\n"),
            ("once more: ", "Sentinel-typed\n"),
            ("[y/N] ", "y\n"),
        ],
    )
    assert session.exit_code == 0, session.screen
    assert "applied" in session.screen
    assert "Sentinel" not in session.screen
    assert fetch(new_name, sandbox_environment) == b"Sentinel-typed"
    shown = run_on_terminal(["--sandbox", "secrets", "get", new_name], sandbox_environment)
    assert shown.screen == "Sentinel-typed\r\n"


@pytest.mark.parametrize(
    ("first", "second", "exit_code", "part"),
    [
        ("one\n", "other\n", 2, "not the same"),
        ("\x04", "", 6, "no value was given"),
        ("\n", "\n", 2, "is empty"),
    ],
)
def test_WHEN_what_is_typed_is_no_value_THEN_nothing_is_changed(
    first: str, second: str, exit_code: int, part: str, new_name: str, sandbox_environment: dict[str, str]
) -> None:
    session = run_on_terminal(
        ["--sandbox", "secrets", "create", new_name],
        sandbox_environment,
        answers=[("(not shown): ", first), ("once more: ", second)],
    )
    assert session.exit_code == exit_code, session.screen
    assert part in session.screen
    done = run_program(["--sandbox", "secrets", "get", new_name], sandbox_environment)
    assert done.returncode == 4


@pytest.mark.parametrize(("second", "exit_code"), [("other\n", 2), ("\x04", 6)])
def test_WHEN_what_is_typed_is_no_value_AND_the_targets_are_many_THEN_it_is_said_once(
    second: str, exit_code: int, new_name: str, sandbox_environment: dict[str, str]
) -> None:
    session = run_on_terminal(
        ["--sandbox", "secrets", "create", new_name, "--regions", "us-east-1,eu-west-1"],
        sandbox_environment,
        answers=[("(not shown): ", "one\n"), ("once more: ", second)],
    )
    assert session.exit_code == exit_code, session.screen
    assert session.screen.count("nothing was changed") == 1
    assert "planned" not in session.screen


@pytest.mark.parametrize("regions", ["us-east-1", "us-east-1,eu-west-1"])
def test_WHEN_the_file_of_a_value_is_absent_THEN_it_is_said_once_however_many_targets(
    regions: str, new_name: str, tmp_path: Path, sandbox_environment: dict[str, str]
) -> None:
    file = str(tmp_path / "absent")
    done = run_program(
        ["--sandbox", "secrets", "create", new_name, "--file", file, "--regions", regions],
        sandbox_environment,
    )
    assert done.returncode == 3, done.stderr
    assert (done.stderr.count("error:"), done.stderr.count(file)) == (1, 1)
    assert "check the path" in done.stderr


def test_WHEN_what_is_typed_is_no_text_THEN_it_is_refused_without_a_word_of_it(
    new_name: str, sandbox_environment: dict[str, str]
) -> None:
    session = run_on_terminal(
        ["--sandbox", "secrets", "create", new_name, "--debug"],
        {**sandbox_environment, "PYTHONIOENCODING": "utf-8:strict"},
        answers=[("(not shown): ", "Sentinel\udcff\n")],
    )
    assert session.exit_code == 2, session.screen
    assert "is not UTF-8" in session.screen
    assert "Sentinel" not in session.screen
    assert "Traceback" not in session.screen


def test_WHEN_the_question_for_the_value_is_interrupted_THEN_nothing_is_changed(
    new_name: str, sandbox_environment: dict[str, str]
) -> None:
    session = run_on_terminal(
        ["--sandbox", "secrets", "create", new_name], sandbox_environment, interrupt_at="(not shown): "
    )
    assert session.exit_code == 130
    question, said = session.screen.splitlines()
    assert "(not shown): " in question
    assert "interrupted; nothing was changed" in said


def test_WHEN_stdin_is_a_terminal_THEN_the_value_is_not_read_with_an_echo(
    new_name: str, sandbox_environment: dict[str, str]
) -> None:
    session = run_on_terminal(["--sandbox", "secrets", "create", new_name, "--stdin"], sandbox_environment)
    assert session.exit_code == 2
    assert "--stdin is for a pipe" in session.screen


@pytest.fixture
def quiet_home(proxied_environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Give an environment below whose home no file may hold the canary afterwards."""
    home = Path(proxied_environment["HOME"])
    yield {**proxied_environment, "TMPDIR": str(home)}
    for path in home.rglob("*"):
        assert not path.is_file() or b"Sentinel" not in path.read_bytes(), path


def test_WHEN_every_command_is_loud_THEN_the_value_is_heard_from_get_alone(
    new_name: str, quiet_home: dict[str, str], tmp_path: Path
) -> None:
    value = json.dumps({"username": f"user {CANARY}", "password": f"{CANARY}\nsecond line"}, indent=1)
    file = tmp_path / "value"
    file.write_text(value, encoding="utf-8")
    other = tmp_path / "other"
    other.write_bytes(b"\xff" + CANARY.encode())
    runs = [
        ["create", new_name, "--file", str(file), "--description", "mine", "--tag", "a=b"],
        ["put", new_name, "--file", str(other), "--dry-run", "--output", "json"],
        ["put", new_name, "--file", str(other), "--yes", "--output", "yaml"],
        ["put", new_name, "--file", str(file), "--yes", "--client-token", str(uuid.uuid4())],
        ["promote", new_name, "AWSPREVIOUS", "--yes"],
        ["promote", new_name, "AWSPREVIOUS", "--yes"],
        ["list"],
        ["describe", new_name, "--output", "json"],
        ["versions", new_name, "--all"],
        ["tags", "set", new_name, "c=d", "--yes"],
        ["tags", "get", new_name],
        ["get", new_name, "--field", "none"],
        ["delete", new_name, "--yes"],
        ["get", new_name],
        ["restore", new_name],
    ]
    ran = {" ".join(["secrets", *run]) for run in runs}
    for words in CASES:
        assert any(line.startswith(words) for line in ran), words
    for run in runs:
        done = run_program(["secrets", *run, *LOUD], quiet_home)
        assert done.returncode in ({4} if run[0] == "get" else {0}), done.stderr
        assert "DEBUG botocore" in done.stderr
        assert "Sentinel" not in done.stdout + done.stderr, run

    got = run_program(["secrets", "get", new_name, "--stage", "AWSCURRENT", *LOUD], quiet_home)
    assert got.stdout == value
    assert "Sentinel" not in got.stderr
    field = run_program(["secrets", "get", new_name, "--field", "password", *LOUD], quiet_home)
    assert field.stdout == f"{CANARY}\nsecond line"
    assert "Sentinel" not in field.stderr


def test_WHEN_there_are_commands_for_secrets_THEN_none_takes_a_value_as_an_option() -> None:
    for words, verb in every_verb():
        if words.startswith("secrets "):
            spellings = {spelling for parameter in verb.params for spelling in parameter.opts}
            assert not spellings & {"--value", "--secret", "--secret-string", "--string"}, words
