"""Ctrl-C and SIGTERM while a run is under way: the first ends it in good order, the second at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from aws_operations.run_control import RunControl
from commands.exit_codes import Terminated

INTERRUPTED = "interrupted"
TERMINATED = "terminated"
_LONGEST_CALL_SECONDS = 8.0


@contextmanager
def ending_in_good_order(control: RunControl, *, gives_up_calls: bool = False) -> Iterator[None]:
    """Let the first signal stop the run and the second one unwind the stack.

    What is in flight goes on to its end. ``gives_up_calls``: it runs on this very thread, so that after
    some seconds the first signal unwinds too. On the way out the first signal is raised, as
    ``KeyboardInterrupt`` or ``Terminated``, if nothing else is. Only the main thread may ask for this.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if seen:
            raise _error_of(seen[0])
        seen.append(number)
        control.stop(INTERRUPTED if number == signal.SIGINT else TERMINATED)
        if gives_up_calls:
            signal.setitimer(signal.ITIMER_REAL, _LONGEST_CALL_SECONDS)

    handled = {number: signal.signal(number, on_signal) for number in _signals(gives_up_calls=gives_up_calls)}
    try:
        yield
    finally:
        if gives_up_calls:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in handled.items():
            signal.signal(number, handler)
    if seen:
        raise _error_of(seen[0])


def _signals(*, gives_up_calls: bool) -> list[signal.Signals]:
    alarm = [signal.SIGALRM] if gives_up_calls else []
    return [signal.SIGINT, signal.SIGTERM, *alarm]


def _error_of(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else Terminated()
