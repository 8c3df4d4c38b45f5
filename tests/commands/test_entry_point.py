import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aws_interactions.aws_errors import NotFound
from commands.app import Invocation
from commands.boundary import run_command_line
from tests.support.loopback_proxy import LoopbackProxy, Silence
from tests.support.program import PROGRAM, ROOT, run_on_terminal, run_program

WHOAMI = ["identity", "whoami", "--region", "eu-west-1"]


def run_with(
    error: BaseException, *arguments: str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Run a command whose work ends with an error, in this process."""

    def fail(*_: Any) -> int:
        held = "lacol-lenitneS"[::-1]
        assert held
        raise error

    code = run_command_line([*WHOAMI, *arguments], Invocation(runner=fail))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_WHEN_error_is_of_a_known_kind_THEN_it_is_one_line_and_its_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run_with(NotFound("there is no bucket x"), capsys=capsys)

    assert (code, out) == (4, "")
    assert err.startswith("error: there is no bucket x")
    assert err.count("\n") == 1


def test_WHEN_error_is_a_bug_THEN_it_is_one_line_with_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run_with(ZeroDivisionError("by zero"), capsys=capsys)

    assert code == 1
    assert err == "error: bug: ZeroDivisionError: by zero; see more with --debug\n"


def test_WHEN_error_is_a_bug_AND_debug_is_on_THEN_traceback_has_no_secrets_and_no_locals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = ValueError("aws_secret_access_key=SentinelSecretKey123")

    code, _, err = run_with(error, "--debug", capsys=capsys)

    assert code == 1
    assert "Traceback (most recent call last)" in err
    assert "SentinelSecretKey123" not in err
    assert "Sentinel-local" not in err


@pytest.mark.parametrize(
    ("error", "exit_code", "line"),
    [(KeyboardInterrupt(), 130, "interrupted"), (BrokenPipeError(), 141, "")],
)
def test_WHEN_the_end_is_no_fault_THEN_it_is_quiet(
    error: BaseException, exit_code: int, line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def end(*_: Any) -> int:
        raise error

    # In a process of its own descriptors: a closed pipe makes the boundary discard standard output.
    saved = os.dup(1)
    try:
        code = run_command_line(WHOAMI, Invocation(runner=end))
    finally:
        os.dup2(saved, 1)
        os.close(saved)

    assert code == exit_code
    assert capfd.readouterr().err.strip() == line


def test_WHEN_runner_gives_a_code_THEN_it_is_the_exit_code() -> None:
    assert run_command_line(WHOAMI, Invocation(runner=lambda *_: 5)) == 5


def test_WHEN_command_line_runs_in_a_thread_THEN_signals_are_left_alone() -> None:
    before, codes = signal.getsignal(signal.SIGTERM), list[int]()
    thread = threading.Thread(
        target=lambda: codes.append(run_command_line(WHOAMI, Invocation(runner=lambda *_: 0)))
    )
    thread.start()
    thread.join()

    assert codes == [0]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("arguments", "exit_code", "part"),
    [
        ([], 2, "Usage: manage-resources"),
        (["s4"], 2, "No such command 's4'"),
        (["identity", "whoamy"], 2, "'whoami'"),
        (["identity", "whoami", "--regin", "x"], 2, "--region"),
        (["identity", "whoami", "--region", "mars"], 2, "'mars' is not a region name"),
        (["identity", "whoami", "--accounts", "", "--role-name", "r"], 6, "never means all"),
        (["identity", "whoami", "--accounts", "123456789012"], 2, "needs --role-name"),
        (["identity", "whoami", "--query", "[?"], 2, "not a JMESPath expression"),
        (["identity", "whoami", "--output", "xml"], 2, "'xml' is not one of"),
        (["identity", "whoami", "--config", "/nowhere/at/all.toml"], 3, "no such configuration file"),
        (["identity", "whoami", "--env", "prod"], 3, "no configuration file"),
        (["identity", "whoami"], 3, "no region"),
        (["identity", "whoami", "--region", "eu-west-1"], 3, "credentials"),
        (["identity", "whoami", "--profile", "ghost", "--region", "eu-west-1"], 3, "'ghost' does not exist"),
        (["--sandbox", "identity", "whoami"], 3, "manage-resources sandbox up"),
        (["--sandbox", "--profile", "x", "identity", "whoami"], 2, "exclude each other"),
        (["sandbox", "status", "--region", "eu-west-1"], 2, "--region"),
    ],
)
def test_WHEN_command_line_cannot_run_THEN_exit_code_and_message_say_why(
    arguments: list[str], exit_code: int, part: str, environment: dict[str, str]
) -> None:
    done = run_program(arguments, environment)

    assert done.returncode == exit_code, done.stderr
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_WHEN_output_is_json_AND_the_command_fails_THEN_it_is_still_one_document(
    sandbox_environment: dict[str, str],
) -> None:
    done = run_program(
        ["--sandbox", "s3", "ls", "no-such-bucket-here", "--output", "json"], sandbox_environment
    )

    assert done.returncode == 4
    assert json.loads(done.stdout) == []
    assert done.stderr.count("\n") == 1


def piped_into(command: str, arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run the program with its output piped into a shell command; return its exit code and errors."""
    reader, writer = os.pipe()
    sink = subprocess.Popen(["sh", "-c", command], stdin=reader, stdout=subprocess.DEVNULL)
    os.close(reader)
    done = subprocess.run(
        [*PROGRAM, *arguments], env=environment, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    sink.wait()
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["completion", "bash"],
        ["--sandbox", "s3", "ls"],
        ["--sandbox", "s3", "ls", "--output", "jsonl"],
    ],
    ids=" ".join,
)
def test_WHEN_nobody_reads_the_output_THEN_the_end_is_quiet(
    arguments: list[str], sandbox_environment: dict[str, str]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PROGRAM, *arguments],
        env=sandbox_environment,
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (141, b"")


def test_WHEN_reader_takes_one_line_only_THEN_the_end_is_quiet(sandbox_environment: dict[str, str]) -> None:
    code, errors = piped_into("head -1", ["--sandbox", "s3", "ls"], sandbox_environment)

    assert code in (0, 141)
    assert errors == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["completion", "bash"],
        ["--sandbox", "s3", "ls"],
        ["--sandbox", "s3", "ls", "--output", "json"],
        ["--sandbox", "s3", "ls", "--output", "jsonl"],
    ],
    ids=" ".join,
)
def test_WHEN_disk_is_full_THEN_it_is_an_error_of_one_line(
    arguments: list[str], sandbox_environment: dict[str, str]
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *arguments],
            env=sandbox_environment,
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert done.returncode == 3
    assert b"No space left on device" in done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_WHEN_a_standard_stream_is_closed_THEN_the_program_still_ends_in_order(
    closed: str, sandbox_environment: dict[str, str]
) -> None:
    line = f'"{sys.executable}" manage_resources.py --sandbox s3 ls {closed}'
    done = subprocess.run(
        ["sh", "-c", line], env=sandbox_environment, cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == (3 if ">&-" in closed.replace("2>&-", "") else 0)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("signal_number", "exit_code", "line"),
    [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 143, "terminated\n")],
)
def test_WHEN_a_signal_comes_in_mid_call_THEN_the_program_ends_quietly_and_leaves_no_file(
    signal_number: int,
    exit_code: int,
    line: str,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
    tmp_path: Path,
) -> None:
    proxy.disturb = lambda _: Silence(seconds=5)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**proxied_environment, "TMPDIR": str(scratch)}
    program = subprocess.Popen(
        [*PROGRAM, "s3", "create", "not-to-be", "--yes"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: bool(proxy.requests))
    program.send_signal(signal_number)
    _, errors = program.communicate(timeout=30)

    assert program.returncode == exit_code
    assert errors.endswith(line)
    assert "Traceback" not in errors
    assert list(scratch.iterdir()) == []


def test_WHEN_interrupted_AND_the_program_is_still_loading_THEN_the_end_is_quiet(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt", encoding="utf-8")

    done = run_program(["s3", "ls"], {**environment, "PYTHONPATH": str(tmp_path)})

    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.parametrize(
    "arguments", [["s3", "ls"], ["sandbox", "status"], ["--config", "~nobody-here/x", "s3", "ls"]]
)
def test_WHEN_there_is_no_home_directory_THEN_it_is_no_bug(
    arguments: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    # As for a container's user that is a number only: the system's list has no entry for it.
    nobody = "import pwd\n\ndef getpwuid(uid): raise KeyError(uid)\n\npwd.getpwuid = getpwuid\n"
    (tmp_path / "sitecustomize.py").write_text(nobody, encoding="utf-8")
    homeless = {name: value for name, value in environment.items() if name != "HOME" and "XDG" not in name}

    done = run_program(arguments, {**homeless, "PYTHONPATH": str(tmp_path), "AWS_REGION": "eu-west-1"})

    assert done.returncode == (2 if "--config" in arguments else 3), done.stderr
    assert "bug" not in done.stderr


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_WHEN_log_level_is_debug_THEN_no_secret_is_in_the_log(proxied_environment: dict[str, str]) -> None:
    environment = {
        **proxied_environment,
        "AWS_SECRET_ACCESS_KEY": "SentinelSecretAccessKey0123456789",
        "AWS_SESSION_TOKEN": "SentinelSessionToken0123456789",
    }

    done = run_program(["s3", "ls", "-vvv", "--debug"], environment)

    assert "DEBUG botocore" in done.stderr
    assert "Sentinel" not in done.stdout + done.stderr


def test_WHEN_verbose_is_said_once_THEN_botocore_keeps_quiet(proxied_environment: dict[str, str]) -> None:
    done = run_program(["s3", "ls", "-v"], proxied_environment)

    assert done.returncode == 0
    assert "botocore" not in done.stderr


def test_WHEN_logging_AND_a_key_has_control_characters_THEN_they_are_visible(
    sandbox_environment: dict[str, str],
) -> None:
    bucket = "samples-123456789012-us-east-1"

    done = run_program(["--sandbox", "-vv", "s3", "metadata", bucket, "a\x1b[2Jb"], sandbox_environment)

    assert "a\\x1b[2Jb" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["metadata", "bucket"],
        ["rm", "bucket"],
        ["ls", "bucket", "--prefix"],
        ["tags", "get", "bucket", "--key"],
    ],
)
def test_WHEN_a_key_is_no_text_THEN_it_is_a_usage_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_command_line(["s3", *arguments, "k\udcff"])

    assert code == 2
    assert "is not UTF-8 text" in capsys.readouterr().err


def test_WHEN_an_unwanted_word_has_control_characters_THEN_no_terminal_obeys_them(
    environment: dict[str, str],
) -> None:
    session = run_on_terminal(["s3", "ls", "bucket", "red\x1b[31m"], environment)

    assert session.exit_code == 2
    assert "unexpected extra argument" in session.screen
    assert "\x1b[31m" not in session.screen


def test_WHEN_a_proxy_is_set_THEN_the_sandbox_is_reached_without_it(
    sandbox_environment: dict[str, str],
) -> None:
    with_proxy = {
        **sandbox_environment,
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }

    done = run_program(["--sandbox", "--max-attempts", "1", "identity", "whoami"], with_proxy)

    assert done.returncode == 0, done.stderr


def test_WHEN_program_is_on_a_terminal_THEN_rows_are_a_table(sandbox_environment: dict[str, str]) -> None:
    session = run_on_terminal(["--sandbox", "identity", "whoami"], sandbox_environment, typed="")

    assert session.exit_code == 0
    assert session.screen.split()[:5] == ["account", "region", "arn", "user_id", "profile"]


def test_WHEN_another_package_is_called_commands_THEN_the_program_says_so(tmp_path: Path) -> None:
    foreign = tmp_path / "commands"
    foreign.mkdir()
    (foreign / "__init__.py").write_text("", encoding="utf-8")
    paths = [str(tmp_path), str(ROOT)]
    script = f"import sys; sys.path[:0] = {paths!r}; import manage_resources as m; sys.exit(m.main([]))"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 3
    assert str(foreign) in done.stderr
    assert "pipx install manage-resources" in done.stderr
    assert done.stderr.count("\n") == 1


def test_WHEN_python_optimises_THEN_the_program_still_works(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-OO", str(ROOT / "manage_resources.py"), "s3", "ls", "--bucke"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
