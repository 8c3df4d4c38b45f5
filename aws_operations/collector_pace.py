"""How often Python's garbage collector looks while a fleet runs."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

YOUNG_OBJECTS: Final = 10_000

_lock = threading.Lock()
_running = 0
_threshold_before = gc.get_threshold()


@contextmanager
def unhurried_collector() -> Iterator[None]:
    """Let the collector look every 10,000 new objects instead of Python's 700, then as before again.

    An answer of AWS is thousands of objects that are all in use until it is turned into rows, so looking
    every 700 finds nothing and is a third of what a call costs. The setting is the whole process's: of
    several fleets at once the last one to end restores it. A collector that is off, or looks more rarely
    already, stays as it is.
    """
    global _running, _threshold_before  # noqa: PLW0603 - the setting is global too
    with _lock:
        if _running == 0:
            _threshold_before = gc.get_threshold()
            if 0 < _threshold_before[0] < YOUNG_OBJECTS:
                gc.set_threshold(YOUNG_OBJECTS, *_threshold_before[1:])
        _running += 1
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if _running == 0:
                gc.set_threshold(*_threshold_before)
