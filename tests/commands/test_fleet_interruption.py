"""Ctrl-C, SIGTERM and a closed pipe while a run is under way in several targets, or in one that hangs."""

import json
import os
import re
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.test_entry_point import wait_until
from tests.support.aws_answers import s3_error
from tests.support.loopback_proxy import CutBody, Fault, LoopbackProxy, SeenRequest, Silence
from tests.support.program import PROGRAM, ROOT, has_heard, run_on_terminal, without_endpoint_warning

ACCOUNTS = "123456789012,111122223333,444455556666"
EVERYWHERE = ["--accounts", ACCOUNTS, "--regions", "us-east-1,eu-west-1", "--role-name", "operator"]
TEMPLATE = "samples-{account}-{region}"
LS = ["s3", "ls", TEMPLATE, *EVERYWHERE]
ONE = "samples-111122223333-eu-west-1"
BOTH_SIGNALS = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
# Less than what hangs is waited for after a first signal, which is 8 s.
AT_ONCE = 7.0


def create(name: str) -> list[str]:
    return ["s3", "create", name + "-{account}-{region}", *EVERYWHERE, "--yes", "--output", "jsonl"]


def new_name() -> str:
    return f"stop-{uuid.uuid4().hex[:8]}"


def started(
    arguments: list[str], environment: dict[str, str], stdout: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, *arguments], env=environment, cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True
    )


def interrupt_twice(program: subprocess.Popen[str]) -> None:
    program.send_signal(signal.SIGINT)
    wait_until(lambda: has_heard(program))
    program.send_signal(signal.SIGINT)


def ended(program: subprocess.Popen[str], *, within: float = AT_ONCE) -> tuple[str, list[str]]:
    """Return what a program printed, and its lines on standard error, once it has ended in time."""
    shown, errors = program.communicate(timeout=within)
    assert "Traceback" not in errors
    return shown, without_endpoint_warning(errors).splitlines()


def slowly(seconds: float, is_slow: Callable[[SeenRequest], bool]) -> Callable[[SeenRequest], Fault | None]:
    def disturb(request: SeenRequest) -> Fault | None:
        if is_slow(request):
            time.sleep(seconds)
        return None

    return disturb


def of_s3(proxy: LoopbackProxy) -> list[SeenRequest]:
    return [request for request in proxy.requests if request.service == "s3"]


@pytest.mark.parametrize(("signal_number", "exit_code", "word"), BOTH_SIGNALS)
def test_WHEN_a_signal_comes_THEN_what_is_in_flight_is_answered_AND_no_more_is_begun(
    signal_number: signal.Signals,
    exit_code: int,
    word: str,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    is_heard = threading.Event()

    def hold_the_second(_: SeenRequest) -> None:
        if len(of_s3(proxy)) == 2:
            is_heard.wait(60)

    proxy.disturb = hold_the_second
    program = started([*LS, "--workers", "1", "--output", "jsonl"], proxied_environment)
    wait_until(lambda: len(of_s3(proxy)) == 2)
    program.send_signal(signal_number)
    wait_until(lambda: has_heard(program))
    is_heard.set()
    shown, errors = ended(program)

    assert program.returncode == exit_code
    assert errors[0].startswith("warning: stopped early: 6 targets: 2 answered, 4 not finished; do the rest")
    assert errors[1:] == [word]
    assert len({(row["account"], row["region"]) for row in map(json.loads, shown.splitlines())}) == 2
    assert len(of_s3(proxy)) == 2


@pytest.mark.parametrize("output", ["json", "jsonl", "table", "text"])
def test_WHEN_a_second_signal_comes_THEN_it_leaves_what_hangs_at_once(
    output: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: Silence(30) if request.path.startswith(f"/{ONE}") else None
    program = started([*LS, "--output", output], proxied_environment)
    wait_until(lambda: len(of_s3(proxy)) == 6)
    time.sleep(0.2)
    interrupt_twice(program)
    shown, errors = ended(program)

    assert program.returncode == 130
    answered = re.match(r"warning: stopped early: 6 targets: (\d) answered, \d not finished", errors[0])
    assert answered
    assert errors[1:] == ["interrupted"]
    if output == "json":
        rows = json.loads(shown)
        assert len({(row["account"], row["region"]) for row in rows}) == int(answered[1])


def test_WHEN_a_write_hangs_AND_a_signal_comes_THEN_after_a_while_it_is_told_as_unknown(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    name = new_name()
    proxy.disturb = lambda request: (
        Silence(60) if not request.changes_nothing and len(proxy.writes) == 2 else None
    )
    program = started([*create(name), "--workers", "1"], proxied_environment)
    wait_until(lambda: len(proxy.writes) == 2)
    program.send_signal(signal.SIGTERM)
    shown, errors = ended(program, within=30)

    assert program.returncode == 143
    assert [json.loads(line)["status"] for line in shown.splitlines()] == ["applied", "unknown"]
    assert "the run ended before the answer came" in errors[0]
    assert "the outcome is unknown" in errors[0]
    assert errors[1].startswith("warning: stopped early: 1 applied, 1 unknown; 4 not begun; do the rest with")
    assert errors[2:] == ["terminated"]
    assert len(proxy.writes) == 2


def test_WHEN_all_that_was_begun_hangs_AND_a_signal_comes_THEN_it_says_how_to_find_out(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: Silence(60) if not request.changes_nothing else None
    program = started(create(new_name()), proxied_environment)
    wait_until(lambda: len(proxy.writes) == 6)
    program.send_signal(signal.SIGINT)
    _, errors = ended(program, within=30)

    assert program.returncode == 130
    assert re.match(
        "6 changes: 6 unknown; find out what is unknown with: manage-resources runs resume [0-9a-f-]+$",
        errors[-2],
    )


def test_WHEN_a_second_signal_comes_in_mid_write_THEN_it_is_said_to_be_under_way(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    # The one target hangs, and so does its single call.
    proxy.disturb = lambda request: Silence(60) if not request.changes_nothing else None
    program = started(["s3", "create", new_name(), "--yes"], proxied_environment)
    wait_until(lambda: len(proxy.writes) == 1)
    interrupt_twice(program)
    _, errors = ended(program)

    assert program.returncode == 130
    assert errors[0].startswith("warning: stopped early: none applied; 1 under way, outcome unknown")
    assert errors[-1] == "interrupted"


@pytest.mark.parametrize("targets", [EVERYWHERE, []], ids=["many", "one"])
@pytest.mark.parametrize(("signal_number", "exit_code", "word"), BOTH_SIGNALS)
def test_WHEN_a_signal_comes_while_it_is_planned_THEN_it_ends_at_once_AND_nothing_is_changed(
    signal_number: signal.Signals,
    exit_code: int,
    word: str,
    targets: list[str],
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    proxy.disturb = lambda request: Silence(30) if request.service == "s3" else None
    program = started(
        ["s3", "create", new_name() + "-{account}-{region}", *targets, "--yes"], proxied_environment
    )
    wait_until(lambda: len(of_s3(proxy)) > 0)
    time.sleep(0.1)
    program.send_signal(signal_number)
    shown, errors = ended(program)

    assert (program.returncode, shown) == (exit_code, "")
    assert errors == ["stopped before anything was changed", word]
    assert proxy.writes == []


@pytest.mark.parametrize(
    ("signal_number", "exit_code", "last"),
    [
        (signal.SIGINT, 130, ["interrupted; nothing was changed"]),
        (signal.SIGTERM, 143, ["stopped before anything was changed", "terminated"]),
    ],
)
def test_WHEN_a_signal_answers_the_question_THEN_nothing_is_changed(
    signal_number: signal.Signals,
    exit_code: int,
    last: list[str],
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    session = run_on_terminal(
        ["s3", "create", new_name() + "-{account}-{region}", *EVERYWHERE],
        {**proxied_environment, "NO_COLOR": "1"},
        interrupt_at="[y/N] ",
        interrupt_with=signal_number,
    )

    assert session.exit_code == exit_code
    assert session.screen.splitlines()[-len(last) :] == last
    assert proxy.writes == []


def test_WHEN_downloads_hang_AND_two_signals_come_THEN_no_half_file_is_left(
    proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path
) -> None:
    proxy.disturb = lambda request: (
        CutBody(10, silent_seconds=30)
        if "docs/readme.txt" in request.path and request.method == "GET"
        else None
    )
    program = started(
        ["s3", "get", TEMPLATE, "docs/readme.txt", str(tmp_path / "{account}-{region}"), *EVERYWHERE],
        proxied_environment,
    )
    wait_until(lambda: len(list(tmp_path.glob(".*.part"))) >= 6)
    interrupt_twice(program)
    ended(program)

    assert program.returncode == 130
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


def test_WHEN_a_signal_comes_while_it_waits_for_its_rate_THEN_it_does_not_wait_on(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    program = started([*LS, "--rate", "1/m", "--output", "jsonl"], proxied_environment)
    wait_until(lambda: len(proxy.requests) > 0)
    time.sleep(0.2)
    program.send_signal(signal.SIGINT)
    _, errors = ended(program)

    assert program.returncode == 130
    assert errors[-1] == "interrupted"


@pytest.mark.parametrize("command", [["ls", ONE], ["create", "never-made", "--yes"]])
def test_WHEN_a_signal_comes_between_two_tries_THEN_it_does_not_wait_for_the_next(
    command: list[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: s3_error(503, "SlowDown") if request.service == "s3" else None
    program = started(["s3", *command, "--max-attempts", "20"], proxied_environment)
    wait_until(lambda: len(of_s3(proxy)) >= 3)
    program.send_signal(signal.SIGTERM)
    _, errors = ended(program)

    assert program.returncode == 143
    assert errors[-1] == "terminated"


def test_WHEN_nobody_reads_any_more_THEN_reads_end_at_once_AND_quietly(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: Silence(30) if request.path.startswith(f"/{ONE}") else None
    reader, writer = os.pipe()
    program = started([*LS, "--output", "jsonl"], proxied_environment, stdout=writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as lines:
        first = lines.readline()
    # That one call would be silent for longer.
    _, errors = ended(program, within=20)

    assert json.loads(first)["account"]
    assert (program.returncode, errors) == (141, [])


def test_WHEN_nobody_reads_the_results_THEN_what_is_in_flight_ends_AND_the_rest_is_not_begun(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = slowly(0.4, lambda request: not request.changes_nothing)
    reader, writer = os.pipe()
    os.close(reader)
    program = started([*create(new_name()), "--workers", "1"], proxied_environment, stdout=writer)
    os.close(writer)
    _, errors = ended(program, within=60)

    assert program.returncode == 141
    counts = re.match(r"warning: stopped early: (\d) applied; (\d) not begun; do the rest with", errors[0])
    assert counts
    assert int(counts[1]) + int(counts[2]) == 6
    assert len(proxy.writes) == int(counts[1]) <= 2
