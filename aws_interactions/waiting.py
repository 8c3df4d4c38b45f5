"""Waiting for a state by looking again and again."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from aws_interactions.aws_errors import InvalidInput, WaitTimedOut

State = TypeVar("State")


def wait_until(
    look: Callable[[], State],
    is_done: Callable[[State], bool],
    *,
    resource: str,
    wanted: str,
    timeout: float,
    interval: float,
    describe: Callable[[State], str] = str,
    sleep: Callable[[float], Any] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> State:
    """Look at least once, and every ``interval`` seconds, until ``is_done``; return what was seen last.

    ``timeout`` in seconds; past it ``WaitTimedOut`` says what was ``wanted`` and how ``describe`` puts what
    was seen last. What ``look`` and ``is_done`` raise ends the wait, so that a state from which there is no
    way to the wanted one is not waited for.
    """
    if timeout < 0 or interval <= 0:
        message = f"a wait of {timeout} seconds, looking every {interval}: not below 0, and above 0"
        raise InvalidInput(message)
    end = clock() + timeout
    while True:
        state = look()
        if is_done(state):
            return state
        left = end - clock()
        if left <= 0:
            raise WaitTimedOut(
                f"{resource} was {describe(state)} after {timeout:g} seconds, not {wanted}", resource=resource
            )
        sleep(min(interval, left))
