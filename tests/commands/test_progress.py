"""How far a run is: what is counted, what the line says of it, and what is left of it on a terminal."""

import io
import os
import re
import threading
import time
from pathlib import Path

import pytest

from aws_interactions.aws_errors import AccessDenied
from aws_interactions.call_budget import CallBudget
from aws_operations.fleet import Outcome, OutcomeStatus
from aws_operations.run_control import RunControl
from aws_operations.targets import Target
from commands.console import Console
from commands.options import OutputFormat
from commands.progress import Progress
from commands.status_line import StatusLine
from tests.support.aws_answers import s3_error
from tests.support.loopback_proxy import Fault, LoopbackProxy, SeenRequest
from tests.support.program import run_on_terminal, run_program
from tests.support.screen import screen_of

TARGETS = [Target("eu-west-1", f"{number:012}") for number in range(100)]
ACCOUNTS = "123456789012,111122223333,444455556666"
EVERYWHERE = ["--accounts", ACCOUNTS, "--regions", "us-east-1,eu-west-1", "--role-name", "operator"]
LS = ["s3", "ls", "samples-{account}-{region}", *EVERYWHERE]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TerminalBytes(io.BytesIO):
    """The same terminal for data, as standard output is."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override] # bytes are all that it gets
        self._terminal.write(data.decode())
        return len(data)


def answered(target: Target) -> Outcome:
    return Outcome(target, OutcomeStatus.ROWS, 1, 0.1)


def denied(target: Target) -> Outcome:
    return Outcome(target, OutcomeStatus.DENIED, 0, 0.1, AccessDenied("no"))


def test_WHEN_targets_end_THEN_the_line_says_how_many_AND_how_fast_AND_how_long_it_will_take() -> None:
    clock = Clock()
    progress = Progress("targets", 100, control=RunControl(), clock=clock)
    assert progress.text(100) == f"[{'.' * 30}] 0/100 targets"

    for number, target in enumerate(TARGETS[:20]):
        progress.begun(target)
        clock.now += 0.5
        progress.ended(target, denied(target) if number < 3 else answered(target))

    assert progress.text(100) == f"[{'#' * 6}{'.' * 24}] 20/100 targets, 3 failed, 0:40 left, 2.0/s"


def test_WHEN_the_pace_changes_THEN_the_time_left_is_that_of_the_last_half_minute() -> None:
    clock = Clock()
    progress = Progress("targets", 10_000, control=RunControl(), clock=clock)
    for _ in range(100):
        clock.now += 1
        progress.add(is_failed=False)
        progress.text(80)
    for _ in range(31):
        clock.now += 1
        for _more in range(10):
            progress.add(is_failed=False)
        progress.text(80)

    assert "10/s" in progress.text(80)
    assert f"{(10_000 - 410) // 10 // 60}:" in progress.text(80)


def test_WHEN_a_target_takes_long_THEN_it_is_named() -> None:
    clock = Clock()
    progress = Progress("changes", 10, control=RunControl(), counts_targets=False, clock=clock)
    progress.begun(TARGETS[7])
    clock.now += 4
    progress.begun(TARGETS[8])
    assert "aws://" not in progress.text(100)
    clock.now += 61

    assert "aws://000000000007/eu-west-1 for 1:05" in progress.text(100)
    progress.ended(TARGETS[7], answered(TARGETS[7]))
    assert "aws://000000000008/eu-west-1 for 1:01" in progress.text(100)
    assert "0/10 changes" in progress.text(100)


def test_WHEN_calls_are_throttled_THEN_the_line_says_how_often() -> None:
    budget = CallBudget()
    pace = budget.pace_for("123456789012", "eu-west-1", "s3")
    budget.wait_for_turn(pace)
    budget.sending(pace)
    budget.was_throttled(pace)

    assert "1 throttled" in Progress("targets", 9, control=RunControl(), budget=budget).text(80)


@pytest.mark.parametrize("width", range(1, 130))
def test_WHEN_the_terminal_is_narrow_THEN_the_line_fits_AND_what_matters_most_is_there(width: int) -> None:
    clock = Clock()
    progress = Progress("targets", 100, control=RunControl(), clock=clock)
    progress.begun(TARGETS[0])
    clock.now += 20
    progress.ended(TARGETS[1], denied(TARGETS[1]))

    line = progress.text(width)

    assert len(line) <= width
    assert "1/100 targets"[:width] in line
    if width >= 30:
        assert "1 failed" in line


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("interrupted", "interrupted: waiting for what is under way; Ctrl-C again leaves at once"),
        ("terminated", "terminated: waiting for what is under way; Ctrl-C again leaves at once"),
    ],
)
def test_WHEN_the_run_is_stopped_THEN_the_line_says_what_it_waits_for(reason: str, line: str) -> None:
    control = RunControl()
    control.stop(reason)

    assert Progress("targets", 100, control=control).text(100) == line


def test_WHEN_the_deadline_came_THEN_the_line_says_so() -> None:
    assert "--deadline" in Progress("targets", 9, control=RunControl(deadline_seconds=0)).text(80)


def test_WHEN_lines_are_written_THEN_they_scroll_above_AND_nothing_is_left_of_the_last_line() -> None:
    terminal = Terminal()
    console = Console(stderr=terminal, stdout=TerminalBytes(terminal), output=OutputFormat.TEXT, environ={})
    progress = Progress("targets", 3, control=RunControl())

    with console.showing(progress):
        wait_for(terminal, "0/3 targets")
        console.error("the first")
        progress.add(is_failed=True)
        wait_for(terminal, "1/3 targets, 1 failed")
        console.write("a\tb\n")
        wait_for(terminal, "1/3 targets, 1 failed", after="a\tb\n")
        console.note("the last")

    assert screen_of(terminal.getvalue()) == ["error: the first", "a\tb", "the last", ""]


def test_WHEN_a_document_is_not_whole_yet_THEN_the_line_is_below_it_AND_the_document_goes_on() -> None:
    terminal = Terminal()
    console = Console(stderr=terminal, stdout=TerminalBytes(terminal), output=OutputFormat.JSON, environ={})
    progress = Progress("targets", 2, control=RunControl())

    with console.rows() as writer, console.showing(progress):
        wait_for(terminal, "0/2")
        writer.write({"a": 1})
        wait_for(terminal, "0/2", after="}")
        assert screen_of(terminal.getvalue())[-2].startswith("  }")
        writer.write({"a": 2})
        console.note("meanwhile")

    document = ["[", "  {", '    "a": 1', "  },", "  {", '    "a": 2', "  }"]
    assert screen_of(terminal.getvalue()) == [*document, "meanwhile", "", "]", ""]


def wait_for(terminal: Terminal, text: str, *, after: str = "") -> None:
    end = time.monotonic() + 60
    while text not in terminal.getvalue().rpartition(after)[2] if after else text not in terminal.getvalue():
        assert time.monotonic() < end, terminal.getvalue()
        time.sleep(0.01)


def test_WHEN_somebody_is_asked_on_another_thread_THEN_nothing_is_drawn_over_the_question() -> None:
    terminal = Terminal()
    line = StatusLine(terminal)
    line.begin()
    line.draw("12/500 targets")
    asked, may_go_on = threading.Event(), threading.Event()

    def ask() -> None:
        with line.hidden():
            terminal.write("MFA code: ")
            asked.set()
            may_go_on.wait(60)

    asking = threading.Thread(target=ask)
    asking.start()
    asked.wait(60)
    line.draw("13/500 targets")
    assert screen_of(terminal.getvalue()) == ["MFA code:"]
    may_go_on.set()
    asking.join()


def test_WHEN_the_terminal_is_gone_THEN_nothing_is_raised() -> None:
    class Gone(Terminal):
        def write(self, _: str) -> int:
            raise OSError(5, "Input/output error")

    line = StatusLine(Gone())
    line.begin()
    line.draw("1/2")
    line.end()
    assert not line.is_on


def slow(request: SeenRequest) -> Fault | None:
    if request.service == "s3":
        time.sleep(0.2)
    if request.path.startswith("/samples-111122223333-eu-west-1"):
        return s3_error(403, "AccessDenied")
    return None


@pytest.mark.parametrize("output", ["table", "jsonl", "json"])
def test_WHEN_a_run_takes_its_time_on_a_terminal_THEN_it_shows_how_far_it_is_AND_leaves_a_clean_screen(
    output: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = slow

    session = run_on_terminal(
        [*LS, "--workers", "1", "--output", output], {**proxied_environment, "NO_COLOR": "1"}
    )

    assert session.exit_code == 5
    assert re.search(r"\r\[#+\.+\] [1-5]/6 targets, .*left", session.screen)
    screen = screen_of(session.screen)
    assert not any("targets," in line or "[#" in line or "[." in line for line in screen)
    assert sum("docs/readme.txt" in line for line in screen) == 5
    assert sum(line.startswith("error: ListObjectsV2") for line in screen) == 1
    assert screen[-2].startswith("6 targets: 5 answered, 1 denied")
    assert "\x1b[3" not in session.screen


def test_WHEN_changes_are_made_on_a_terminal_THEN_both_phases_show_how_far_they_are(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = slow
    name = f"progress-{os.getpid()}-{{account}}-{{region}}"

    session = run_on_terminal(
        ["s3", "create", name, *EVERYWHERE, "--workers", "1"],
        {**proxied_environment, "NO_COLOR": "1"},
        answers=[("[y/N] ", "y\n")],
    )

    assert session.exit_code == 0
    assert re.search(r"[1-5]/6 targets planned", session.screen)
    assert re.search(r"[1-5]/6 changes", session.screen)
    screen = screen_of(session.screen)
    assert not any("/6 " in line for line in screen)
    assert screen[-2] == "6 changes: 6 applied"


@pytest.mark.parametrize("arguments", [["-v"], ["--debug", "-vv"]])
def test_WHEN_the_log_says_what_goes_on_THEN_there_is_no_other_line(
    arguments: list[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = slow

    session = run_on_terminal([*LS, *arguments, "--workers", "2"], proxied_environment)

    assert "/6 targets" not in session.screen


def test_WHEN_standard_error_is_no_terminal_THEN_nothing_is_drawn(
    proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path
) -> None:
    proxy.disturb = slow

    done = run_program([*LS, "--workers", "2"], {**proxied_environment, "HOME": str(tmp_path)})

    assert "/6" not in done.stderr
    assert "\r" not in done.stderr + done.stdout


def test_WHEN_things_are_counted_by_the_page_THEN_the_time_left_is_told_UNLESS_the_estimate_was_low() -> None:
    clock = Clock()
    progress = Progress("items", 0, control=RunControl(), counts_targets=False, clock=clock)
    assert progress.text(100) == "0 items"
    progress.expect(1000)
    clock.now += 10
    progress.count(250)
    assert progress.text(100) == f"[{'#' * 7}{'.' * 23}] 250/1000 items, 0:30 left, 25/s"
    progress.count(800)
    assert "1050 items" in progress.text(100)
    assert "1000" not in progress.text(100)
