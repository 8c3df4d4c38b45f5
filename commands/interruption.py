"""Ctrl-C and SIGTERM while a run is under way: the first ends it in good order, the second at once."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, TypeVar

from aws_operations.run_control import RunControl
from commands.exit_codes import Terminated

INTERRUPTED = "interrupted"
TERMINATED = "terminated"
_LOOK_SECONDS = 0.1
_SECONDS_TO_TELL = 1.0

Result = TypeVar("Result")


@contextmanager
def ending_in_good_order(control: RunControl, *, at_once: bool = False) -> Iterator[None]:
    """Let the first signal stop the run and the second one unwind the stack.

    What is in flight goes on to its end, for as long as ``control`` gives it; a stack that hangs by then, in
    an output that nobody reads, is unwound too. ``at_once``: there is nothing to wait for, and the first
    signal unwinds. On the way out the first signal is raised, as ``KeyboardInterrupt`` or ``Terminated``, if
    nothing else is. What the process was started to ignore stays ignored; only the main thread may ask.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        control.stop(INTERRUPTED if number == signal.SIGINT else TERMINATED)
        if at_once or len(seen) > 1:
            raise _error_of(seen[0])
        signal.signal(signal.SIGALRM, on_time_over)
        signal.setitimer(signal.ITIMER_REAL, control.grace_seconds + _SECONDS_TO_TELL)

    def on_time_over(_number: int, _frame: FrameType | None) -> None:
        raise _error_of(seen[0])

    heeded = [each for each in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(each) != signal.SIG_IGN]
    handled = {number: signal.signal(number, on_signal) for number in heeded}
    handled[signal.SIGALRM] = signal.getsignal(signal.SIGALRM)
    restore_terminal = _terminal_as_it_is()
    try:
        yield
    except BaseException:
        # Somebody may have been asked, on another thread, for what a terminal does not show.
        restore_terminal()
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in handled.items():
            signal.signal(number, handler)
    if seen:
        raise _error_of(seen[0])


def _terminal_as_it_is() -> Callable[[], None]:
    """Return what makes the terminal behave as it does now."""
    if sys.stdin is None or not sys.stdin.isatty():
        return lambda: None
    import termios

    try:
        descriptor = sys.stdin.fileno()
        attributes = termios.tcgetattr(descriptor)
    except (OSError, ValueError, termios.error):
        return lambda: None
    return lambda: termios.tcsetattr(descriptor, termios.TCSANOW, attributes)


def unless_stopped(control: RunControl, function: Callable[[], Result]) -> Result:
    """Return what a function returns; raises what it raises, or ``RunStopped`` when the run is stopped first.

    With a deadline the function runs on a thread of its own, which is given up if it hangs.
    """
    if not control.has_deadline:
        return function()
    # Loaded here: a short command has no deadline.
    from queue import Empty, SimpleQueue

    ends: SimpleQueue[Callable[[], Result]] = SimpleQueue()

    def call() -> None:
        try:
            result = function()
        except BaseException as raised:  # noqa: BLE001 - raised again where it is waited for
            error = raised
            ends.put(lambda: _raise(error))
        else:
            ends.put(lambda: result)

    threading.Thread(target=call, name="unless-stopped", daemon=True).start()
    while True:
        control.check()
        try:
            end = ends.get(timeout=_LOOK_SECONDS)
        except Empty:
            continue
        return end()


def _raise(error: BaseException) -> NoReturn:
    raise error


def _error_of(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else Terminated()
