"""What comes of the work in one target: exactly one outcome, whatever ends it."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from aws_interactions.aws_errors import AccessDenied, AwsInteractionError, NotFound
from aws_operations.run_control import NotTried, RunControl, RunStopped, TargetSkipped
from aws_operations.targets import Target

# A target that is nearly done when the run is stopped is worth a moment; one with many pages is not.
_SECONDS_TO_END = 2.0

Explain = Callable[[Target, Exception], Exception]
OnRow = Callable[[Target, object], None]


class NothingMatches(NotFound):
    """What selects by a property, such as a tag, matches nothing here; another target may have such things.

    In a target it is the outcome ``NOTHING``, where the absence of what is called by its name is an error.
    """


class OutcomeStatus(StrEnum):
    """How an operation ended in one target."""

    ROWS = "rows"
    NOTHING = "nothing"
    DENIED = "denied"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one target: how many rows, or the error that ended it; ``duration`` in seconds.

    ``rows`` are there where ``run_fleet`` was asked, and empty where they were handed on one by one. Of a
    skipped target ``error`` is the reason, a ``TargetSkipped``; of one with nothing it may be a
    ``NothingMatches``, which is no failure there.
    """

    target: Target
    status: OutcomeStatus
    row_count: int
    duration: float
    error: Exception | None = None
    rows: tuple[object, ...] = ()

    @property
    def is_failure(self) -> bool:
        """Whether the operation did not come to its end in this target."""
        return self.status in {OutcomeStatus.DENIED, OutcomeStatus.ERROR}

    @property
    def is_bug(self) -> bool:
        """Whether its error is no word of AWS's, neither an ``AwsInteractionError`` nor botocore's own."""
        if self.error is None or isinstance(self.error, AwsInteractionError):
            return False
        # Whoever raised one of botocore's has loaded it; a run without does without here, too.
        theirs = sys.modules.get("botocore.exceptions")
        kinds = () if theirs is None else (theirs.ClientError, theirs.BotoCoreError)
        return not isinstance(self.error, kinds)


class RunWatcher(Protocol):
    """Is told what is under way; called on the threads that do the work, several at a time."""

    def begun(self, target: Target) -> None:
        """Take note that the work in a target begins."""

    def ended(self, target: Target, outcome: Outcome | None) -> None:
        """Take note of its end; ``None``: it is left. Targets that were never begun end too."""


@dataclass(frozen=True, slots=True)
class TargetRun:
    """How the work is done in one target, and how an end of any kind becomes its outcome."""

    work: Callable[[Target], Iterable[object]]
    control: RunControl
    explain: Explain | None = None
    watcher: RunWatcher | None = None
    stops_itself: bool = False

    def run(self, target: Target, on_row: Callable[[object], None]) -> Outcome | None:
        """Do the work; ``None`` means that the run was stopped, and the target is left."""
        if self.watcher is None:
            return self._run(target, on_row)
        outcome = None
        self.watcher.begun(target)
        try:
            outcome = self._run(target, on_row)
        finally:
            self.watcher.ended(target, outcome)
        return outcome

    def _run(self, target: Target, on_row: Callable[[object], None]) -> Outcome | None:
        if self.control.is_stopped:
            return None
        if self.control.has_failed_enough and not self.stops_itself:
            return Outcome(target, OutcomeStatus.SKIPPED, 0, 0.0, NotTried())
        started = time.monotonic()
        try:
            row_count, error = self._rows_of(target, on_row)
        except RunStopped:
            return None
        outcome = Outcome(target, _status(row_count, error), row_count, time.monotonic() - started, error)
        if outcome.is_failure:
            self.control.add_failure()
        return outcome

    def _rows_of(self, target: Target, on_row: Callable[[object], None]) -> tuple[int, Exception | None]:
        row_count = 0
        rows: Iterator[object] = iter(())
        try:
            rows = iter(self.work(target))
        except Exception as raised:  # noqa: BLE001 - an outcome for each target, a bug's too
            return 0, self._explained(target, raised)
        while True:
            if not self.stops_itself:
                self.control.check(seconds_left=_SECONDS_TO_END)
            try:
                row = next(rows)
            except StopIteration:
                return row_count, None
            except Exception as raised:  # noqa: BLE001 - an outcome for each target, a bug's too
                return row_count, self._explained(target, raised)
            row_count += 1
            on_row(row)

    def _explained(self, target: Target, error: Exception) -> Exception:
        # A call that was cut short because the run is over says nothing of its target.
        for each in (error, error.__cause__):
            if isinstance(each, RunStopped):
                raise each
        return error if self.explain is None else self.explain(target, error)


def _status(row_count: int, error: Exception | None) -> OutcomeStatus:
    if error is None:
        return OutcomeStatus.ROWS if row_count else OutcomeStatus.NOTHING
    if isinstance(error, TargetSkipped):
        return OutcomeStatus.SKIPPED
    if isinstance(error, NothingMatches) and not row_count:
        return OutcomeStatus.NOTHING
    return OutcomeStatus.DENIED if isinstance(error, AccessDenied) else OutcomeStatus.ERROR
