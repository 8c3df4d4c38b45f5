"""The work of many targets on threads, with results in one place and bounded memory."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from aws_operations.collector_pace import unhurried_collector
from aws_operations.outcomes import OnRow, Outcome, TargetRun
from aws_operations.run_control import RunStopped
from aws_operations.targets import Target

_MOST_ROWS_WAITING = 20_000
_MOST_ROWS_ON_THEIR_WAY = 2_000
_LOOK_SECONDS = 0.1
_LONGEST_HELD_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _Message:
    """Rows of a target; or its end, with the outcome, ``None`` if it is left, or what broke the worker."""

    number: int
    rows: Sequence[object] = ()
    is_end: bool = False
    outcome: Outcome | None = None
    crash: BaseException | None = None


def run_in_threads(
    run: TargetRun,
    targets: Sequence[Target],
    on_row: OnRow,
    *,
    workers: int,
    in_order: bool,
    rows_at_once: int,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Outcome]:
    """See ``fleet.run_work``. Threads are daemons: one that hangs in a call does not hold up the end."""
    channel: SimpleQueue[_Message] = SimpleQueue()
    room = _Room(run)
    crew = _Crew(run, targets, channel, room, rows_at_once)
    sorter = _Sorter(targets, on_row, room, in_order=in_order)
    grace_ends: float | None = None
    meanwhile = ExitStack()
    meanwhile.enter_context(unhurried_collector())
    try:
        crew.start(min(workers, len(targets)))
        while sorter.ended < len(targets):
            if run.control.is_stopped:
                grace_ends = grace_ends or clock() + run.control.grace_seconds
                if crew.begun <= sorter.ended or clock() >= grace_ends:
                    break
            try:
                message = channel.get(timeout=_LOOK_SECONDS)
            except Empty:
                continue
            yield from sorter.take(message)
        # What has arrived by now counts; what those that hang say later does not.
        for _ in range(channel.qsize()):
            yield from sorter.take(channel.get())
        yield from sorter.what_is_kept()
    finally:
        room.close()
        crew.dismiss()
        meanwhile.close()


class _Room:
    """Lets so many rows wait for the caller and no more, so that memory does not grow with the targets.

    There are few rows on their way, of any target. All that wait, kept for their turn or on their way, are
    limited but for the target whose turn it is: the others wait for it, never it for them.
    """

    def __init__(self, run: TargetRun) -> None:
        self._run = run
        self._changed = threading.Condition()
        self._waiting = 0
        self._on_their_way = 0
        self._head: int | None = None
        self._is_closed = False

    def take(self, number: int, count: int) -> bool:
        """Wait until there is room for rows of a target; raises ``RunStopped`` when nobody wants them.

        False: the run was stopped meanwhile. Then these rows, which tell what was done, still go; no others.
        """
        with self._changed:
            while self._is_full_for(number) and not self._is_closed and not self._run.control.is_stopped:
                self._changed.wait(_LOOK_SECONDS)
            if self._is_closed:
                raise RunStopped("nobody takes the results any more")
            is_full = self._is_full_for(number)
            self._waiting += count
            self._on_their_way += count
            return not is_full

    def _is_full_for(self, number: int) -> bool:
        if self._on_their_way >= _MOST_ROWS_ON_THEIR_WAY:
            return True
        return self._waiting >= _MOST_ROWS_WAITING and number != self._head

    def arrived(self, count: int) -> None:
        """Say that rows are on the caller's side, be it to be kept."""
        with self._changed:
            self._on_their_way -= count
            self._changed.notify_all()

    def give_back(self, count: int) -> None:
        """Say that rows were taken off."""
        with self._changed:
            self._waiting -= count
            self._changed.notify_all()

    def set_head(self, number: int) -> None:
        """Say whose turn it is."""
        with self._changed:
            self._head = number
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class _Crew:
    """The threads; each takes the next target until there is none."""

    def __init__(
        self,
        run: TargetRun,
        targets: Sequence[Target],
        channel: "SimpleQueue[_Message]",
        room: _Room,
        rows_at_once: int,
    ) -> None:
        self._run = run
        self._targets = targets
        self._channel = channel
        self._room = room
        self._rows_at_once = rows_at_once
        self._lock = threading.Lock()
        self._is_dismissed = False
        self.begun = 0

    def start(self, count: int) -> None:
        for number in range(count):
            threading.Thread(target=self._work, name=f"target-{number}", daemon=True).start()

    def dismiss(self) -> None:
        """Begin no more targets; what runs ends at its next row."""
        with self._lock:
            self._is_dismissed = True

    def _next(self) -> int | None:
        with self._lock:
            is_over = self._is_dismissed or self._run.control.is_stopped
            if is_over or self.begun >= len(self._targets):
                return None
            self.begun += 1
            return self.begun - 1

    def _work(self) -> None:
        while (number := self._next()) is not None:
            parcel = _Parcel(number, self._channel, self._room, self._rows_at_once, self._run.stops_itself)
            try:
                outcome = self._run.run(self._targets[number], parcel.add)
                parcel.send()
            except RunStopped:
                outcome = None
            except BaseException as crash:  # noqa: BLE001 - handed on to the caller's thread
                self._channel.put(_Message(number, is_end=True, crash=crash))
                return
            self._channel.put(_Message(number, is_end=True, outcome=outcome))


class _Parcel:
    """Rows of one target on their way, several at once, because each message wakes the caller's thread."""

    def __init__(
        self,
        number: int,
        channel: "SimpleQueue[_Message]",
        room: _Room,
        rows_at_once: int,
        stops_itself: bool,
    ) -> None:
        self._number = number
        self._channel = channel
        self._room = room
        self._rows_at_once = rows_at_once
        self._stops_itself = stops_itself
        self._rows: list[object] = []
        self._sent_at = 0.0

    def add(self, row: object) -> None:
        self._rows.append(row)
        now = time.monotonic()
        if len(self._rows) >= self._rows_at_once or now - self._sent_at >= _LONGEST_HELD_SECONDS:
            self._sent_at = now
            if not self.send() and not self._stops_itself:
                raise RunStopped("the run was stopped while rows waited")

    def send(self) -> bool:
        """Send what is there; says whether more may follow."""
        rows, self._rows = self._rows, []
        if not rows:
            return True
        goes_on = self._room.take(self._number, len(rows))
        self._channel.put(_Message(self._number, rows))
        return goes_on


@dataclass(slots=True)
class _Kept:
    """What came of a target before its turn."""

    rows: list[object] = field(default_factory=list)
    has_ended: bool = False
    outcome: Outcome | None = None


class _Sorter:
    """Hands rows and outcomes to the caller, as they come or in the order of the targets."""

    def __init__(self, targets: Sequence[Target], on_row: OnRow, room: _Room, *, in_order: bool) -> None:
        self._targets = targets
        self._on_row = on_row
        self._room = room
        self._in_order = in_order
        self._kept: dict[int, _Kept] = {}
        self._head = 0
        self.ended = 0
        room.set_head(0)

    def take(self, message: _Message) -> Iterator[Outcome]:
        """Take a message and yield the outcomes whose turn it is now."""
        if message.crash is not None:
            raise message.crash
        self._room.arrived(len(message.rows))
        self.ended += message.is_end
        if not self._in_order:
            self._hand_on(message.number, message.rows)
            if message.outcome is not None:
                yield message.outcome
            return
        kept = self._kept.setdefault(message.number, _Kept())
        kept.rows.extend(message.rows)
        if message.is_end:
            kept.has_ended, kept.outcome = True, message.outcome
        while self._head in self._kept:
            outcome = self._empty(self._head)
            if outcome is not None:
                yield outcome
            if not self._kept[self._head].has_ended:
                return
            del self._kept[self._head]
            self._head += 1
            self._room.set_head(self._head)

    def what_is_kept(self) -> Iterator[Outcome]:
        """Yield what came of targets after one that did not come to its end."""
        for number in sorted(self._kept):
            outcome = self._empty(number)
            if outcome is not None:
                yield outcome
        self._kept.clear()

    def _empty(self, number: int) -> Outcome | None:
        kept = self._kept[number]
        rows, kept.rows = kept.rows, []
        self._hand_on(number, rows)
        return kept.outcome

    def _hand_on(self, number: int, rows: Sequence[object]) -> None:
        self._room.give_back(len(rows))
        for row in rows:
            self._on_row(self._targets[number], row)
