"""The real program in a process of its own, as a user runs it."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_ENDPOINT_WARNING = re.compile(
    r"^warning: calls(?: of [a-z0-9-]+)? go to https?://127\.0\.0\.1:\d+\S*, because of .*\n", re.MULTILINE
)
PROGRAM = [sys.executable, str(ROOT / "manage_resources.py")]


def run_program(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: str = "",
    cwd: Path = ROOT,
    timeout: float = 60,
    with_endpoint_warning: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run the program without a terminal and return its end.

    Nearly all tests send calls to this machine: unless ``with_endpoint_warning``, the line that says so is
    left out of standard error.
    """
    done = subprocess.run(
        [*PROGRAM, *arguments],
        env=dict(environment),
        input=stdin,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if not with_endpoint_warning:
        done.stderr = without_endpoint_warning(done.stderr)
    return done


def start_program(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start the program without a terminal; the caller reads and ends it."""
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        env=dict(environment),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def without_endpoint_warning(stderr: str) -> str:
    """Return standard error without the lines that say that calls go to this machine."""
    return _ENDPOINT_WARNING.sub("", stderr)


def has_heard(program: subprocess.Popen[str]) -> bool:
    """Say whether the first signal was taken note of: from then on an alarm guards the end."""
    status = Path(f"/proc/{program.pid}/status").read_text(encoding="ascii")
    caught = re.search(r"^SigCgt:\s*(\w+)$", status, re.MULTILINE)
    assert caught
    return bool(int(caught[1], 16) >> (signal.SIGALRM - 1) & 1)


@dataclass(frozen=True, slots=True)
class TerminalSession:
    """What a program on a terminal showed, and its exit code."""

    screen: str
    exit_code: int


def run_on_terminal(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    typed: str = "",
    typed_at: str | None = None,
    interrupt_at: str | None = None,
    interrupt_with: signal.Signals = signal.SIGINT,
    answers: Sequence[tuple[str, str]] = (),
    cwd: Path = ROOT,
) -> TerminalSession:
    """Run the program with a terminal for all three streams, typing what it may ask for.

    ``typed_at``: type when this is at the end of what is shown, instead of ahead. ``interrupt_at``: send
    ``interrupt_with`` then, by default SIGINT as Ctrl-C does. ``answers``: in turn, what is at the end
    when the other is to be typed.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        env={**environment, "TERM": "xterm", "COLUMNS": "200"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        start_new_session=True,
    )
    os.close(theirs)
    if typed_at is None and typed:
        os.write(ours, typed.encode())
    shown = bytearray()
    questions = list(answers)
    while select.select([ours], [], [], 60)[0]:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
        if typed_at is not None and shown.endswith(typed_at.encode()):
            os.write(ours, typed.encode())
        if questions and shown.endswith(questions[0][0].encode()):
            os.write(ours, questions.pop(0)[1].encode("utf-8", "surrogateescape"))
        if interrupt_at is not None and shown.endswith(interrupt_at.encode()):
            process.send_signal(interrupt_with)
    os.close(ours)
    return TerminalSession(shown.decode("utf-8", "replace"), process.wait(timeout=60))
