"""How far a run is: counted by the threads that do the work, shown on the status line ten times a second."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aws_operations.fleet import Outcome
from aws_operations.run_control import DEADLINE, RunControl
from aws_operations.targets import Target
from commands.error_lines import place
from commands.row_formats import visible
from commands.status_line import StatusLine

if TYPE_CHECKING:
    from aws_interactions.call_budget import CallBudget

_REDRAW_SECONDS = 0.1
_QUIET_SECONDS = 0.5
_SLOW_SECONDS = 10.0
_RATE_SECONDS = 30
_SHORTEST_BAR, _LONGEST_BAR = 8, 30


class Progress:
    """Counts what is done and what failed, and tells it in one line; for all threads.

    ``thing`` is what is counted, in the plural. ``counts_targets``: the end of each target counts;
    otherwise only what ``add`` is told, and targets are watched for the one that takes long.
    """

    def __init__(
        self,
        thing: str,
        total: int,
        *,
        control: RunControl,
        budget: "CallBudget | None" = None,
        counts_targets: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._thing = thing
        self._total = total
        self._control = control
        self._budget = budget
        self._counts_targets = counts_targets
        self._clock = clock
        self._lock = threading.Lock()
        self._done = 0
        self._failed = 0
        self._begun_at: dict[int, tuple[float, Target]] = {}
        self._seen = deque([(clock(), 0)], maxlen=_RATE_SECONDS + 1)

    def begun(self, target: Target) -> None:
        """Take note that the work in a target begins."""
        with self._lock:
            self._begun_at[id(target)] = (self._clock(), target)

    def ended(self, target: Target, outcome: Outcome | None) -> None:
        """Take note of its end; without an outcome it was left, which is not done."""
        with self._lock:
            self._begun_at.pop(id(target), None)
        if self._counts_targets and outcome is not None:
            self.add(is_failed=outcome.is_failure)

    def add(self, *, is_failed: bool) -> None:
        """Count one that is done."""
        with self._lock:
            self._done += 1
            self._failed += is_failed

    def expect(self, count: int) -> None:
        """Take note of so many more things that there are; it may be an estimate."""
        with self._lock:
            self._total += count

    def count(self, count: int) -> None:
        """Count so many that are done."""
        with self._lock:
            self._done += count

    def text(self, width: int) -> str:
        """Return the line as it is now, at most ``width`` columns long; the most important is in it."""
        with self._lock:
            now, done, failed = self._clock(), self._done, self._failed
            under_way = len(self._begun_at)
            slowest = next(iter(self._begun_at.values()), None)
        if self._control.is_stopped:
            return self._ending(under_way)[:width]
        rate = self._rate(now, done)
        # What was expected may have been an estimate, and too low.
        is_known = 0 < self._total >= done
        head = f"{done}/{self._total} {self._thing}" if is_known else f"{done} {self._thing}"
        # By importance; the line has them in this order too.
        parts = [
            f"{failed} failed" if failed else "",
            f"{_clock_time((self._total - done) / rate)} left" if rate and done < self._total else "",
            _slow(slowest, now),
            f"{self._budget.throttled} throttled" if self._budget and self._budget.throttled else "",
            f"{_number(rate)}/s" if rate else "",
        ]
        line = head
        for part in filter(None, parts):
            if len(line) + 2 + len(part) <= width:
                line += f", {part}"
        room = min(width - len(line) - 3, _LONGEST_BAR)
        if room < _SHORTEST_BAR or self._total < 1:
            return line[:width]
        filled = room * min(done, self._total) // self._total
        return f"[{'#' * filled}{'.' * (room - filled)}] {line}"

    def _ending(self, under_way: int) -> str:
        if self._control.reason == DEADLINE:
            return "--deadline came: ending"
        what = f"{under_way} calls" if under_way > 1 else "what is under way"
        return f"{self._control.reason}: waiting for {what}; Ctrl-C again leaves at once"

    def _rate(self, now: float, done: int) -> float:
        """Return how many were done a second of late."""
        began_at, done_then = self._seen[0]
        if now - self._seen[-1][0] >= 1:
            self._seen.append((now, done))
        return (done - done_then) / (now - began_at) if now > began_at else 0.0


@contextmanager
def shown(progress: Progress, status_line: StatusLine) -> Iterator[None]:
    """Draw the progress again and again while the block runs; what takes no time shows none."""
    is_over = threading.Event()

    def redraw() -> None:
        if is_over.wait(_QUIET_SECONDS):
            return
        while True:
            status_line.draw(progress.text(status_line.width))
            if is_over.wait(_REDRAW_SECONDS):
                return

    status_line.begin()
    threading.Thread(target=redraw, name="progress", daemon=True).start()
    try:
        yield
    finally:
        is_over.set()
        status_line.end()


def _slow(slowest: tuple[float, Target] | None, now: float) -> str:
    if slowest is None or now - slowest[0] < _SLOW_SECONDS:
        return ""
    began_at, target = slowest
    return f"{visible(place(target))} for {_clock_time(now - began_at)}"


def _clock_time(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _number(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"
