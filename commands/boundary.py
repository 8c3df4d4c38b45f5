"""The error boundary: whatever ends a command becomes one line on standard error and an exit code."""

import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click
from click.exceptions import Exit

from commands.app import Invocation
from commands.exit_codes import (
    CantWriteOutput,
    Declined,
    ExitCode,
    FailedInTarget,
    InterruptedAtQuestion,
    Terminated,
    exit_code_for,
)
from commands.options import COMPLETE_VARIABLE, PROGRAM
from commands.root import root

_TRUE_WORDS = ("1", "true", "yes", "on")


def run_command_line(arguments: list[str], invocation: Invocation | None = None) -> int:
    """Run a command line and return its exit code; raises ``SystemExit`` only for shell completion."""
    invocation = invocation or Invocation()
    invocation.arguments = tuple(arguments)
    with _termination_unwinds():
        return _flushed(_recorded(_run(arguments, invocation)))


def _run(arguments: list[str], invocation: Invocation) -> int:
    try:
        if os.environ.get(COMPLETE_VARIABLE):
            root.main(arguments, prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE)
        # Not main() otherwise: it makes exit code 1 of a closed pipe, and an abort of every interrupt.
        with root.make_context(PROGRAM, arguments, obj=invocation) as ctx:
            root.invoke(ctx)
    except Exit as error:
        return error.exit_code
    except FailedInTarget as failure:
        show_traceback = _wants_traceback(arguments, invocation)
        return _report(failure.__cause__ or failure, show_traceback=show_traceback, failure=failure)
    except (Exception, KeyboardInterrupt, Terminated) as error:  # noqa: BLE001 - the one boundary
        return _report(error, show_traceback=_wants_traceback(arguments, invocation))
    return ExitCode.COMPLETE


def _recorded(code: int) -> int:
    """Let no run be complete whose recording is not."""
    recording = sys.modules.get("commands.recording")
    problem = None if recording is None else recording.end_recording()
    if problem is None:
        return code
    told = _report(problem, show_traceback=False)
    return code or told


def _report(error: BaseException, *, show_traceback: bool, failure: FailedInTarget | None = None) -> int:
    code = exit_code_for(error)
    with suppress(OSError, ValueError):
        if show_traceback and not isinstance(error, click.ClickException):
            _show_traceback(error)
        _say(error, code, failure)
    if isinstance(error, BrokenPipeError | CantWriteOutput):
        _discard_output()
    return code


def _say(error: BaseException, code: ExitCode, failure: FailedInTarget | None) -> None:
    if code is ExitCode.BROKEN_PIPE:
        return
    from commands.console import Console

    console = Console()
    if isinstance(error, click.UsageError):
        shown = io.StringIO()
        error.show(shown)
        console.lines(shown.getvalue().expandtabs(4))
    elif code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
        console.note(str(error) if isinstance(error, InterruptedAtQuestion) else code.name.lower())
    elif isinstance(error, click.Abort | Declined | click.ClickException):
        console.error(str(error) or "declined; nothing was changed")
    else:
        from commands.error_lines import error_line

        if failure is None:
            console.error(error_line(error, is_only=True))
            return
        is_planning = failure.is_planning
        console.error(error_line(error, failure.target, is_read=True, is_planning=is_planning, is_only=True))


def _show_traceback(error: BaseException) -> None:
    import traceback

    from commands.error_lines import redacted

    sys.stderr.write(redacted("".join(traceback.format_exception(error))))


def _wants_traceback(arguments: list[str], invocation: Invocation) -> bool:
    if invocation.settings is not None:
        return invocation.settings.debug
    return "--debug" in arguments or os.environ.get("MANAGE_RESOURCES_DEBUG", "").lower() in _TRUE_WORDS


def _flushed(code: int) -> int:
    """Hand on what is left of the output; what does not arrive is an error, even of a help text."""
    try:
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except OSError as error:
        _discard_output()
        if code != ExitCode.COMPLETE:
            return code
        if isinstance(error, BrokenPipeError):
            return ExitCode.BROKEN_PIPE
        return _report(CantWriteOutput(f"standard output: {error.strerror}"), show_traceback=False)
    return code


def _discard_output() -> None:
    """Point standard output at nothing, so that the interpreter's last flush cannot fail as well."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@contextmanager
def _termination_unwinds() -> Iterator[None]:
    """Let SIGTERM unwind the stack; only the main thread may ask for that."""

    def terminate(_signal_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
