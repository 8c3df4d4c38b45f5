"""One operation over many targets, with exactly one outcome for each."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, cast

from aws_interactions.aws_errors import AccessDenied, AwsInteractionError
from aws_operations.run_control import NotTried, RunControl, RunStopped, TargetSkipped
from aws_operations.targets import Target

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

DEFAULT_WORKERS = 16
# A target that is nearly done when the run is stopped is worth a moment; one with many pages is not.
_SECONDS_TO_END = 2.0


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
    skipped target ``error`` is the reason, a ``TargetSkipped``.
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


Operation = Callable[["AwsClientProvider"], Iterable[object]]
ProviderFor = Callable[[Target], "AwsClientProvider"]
Explain = Callable[[Target, Exception], Exception]
OnRow = Callable[[Target, object], None]


class RunWatcher(Protocol):
    """Is told what is under way; called on the threads that do the work, several at a time."""

    def begun(self, target: Target) -> None:
        """Take note that the work in a target begins."""

    def ended(self, target: Target, outcome: Outcome | None) -> None:
        """Take note of its end; ``None``: it is left. Targets that were never begun end too."""


def run_fleet(
    operation: Callable[["AwsClientProvider"], object],
    targets: Sequence[Target],
    provider_for: ProviderFor,
    *,
    workers: int = DEFAULT_WORKERS,
    control: RunControl | None = None,
) -> Iterator[Outcome]:
    """Run an operation in each target and yield the outcomes, rows and all, as they come.

    ``operation`` takes the provider and returns or yields rows; a single value, text or a mapping is one
    row, ``None`` is none. So any wrapper will do: ``partial(stop_database, "orders-db")``. An error in one
    target is that target's outcome, and the others go on, also when it is a bug in the operation
    (``Outcome.is_bug``). Ending the iteration early ends the run.
    """
    rows: dict[int, list[object]] = {}

    def as_rows(aws_provider: "AwsClientProvider") -> Iterable[object]:
        return _rows_of_result(operation(aws_provider))

    numbers = {id(target): number for number, target in enumerate(targets)}

    def keep(target: Target, row: object) -> None:
        rows.setdefault(numbers[id(target)], []).append(row)

    for outcome in run_in_each(as_rows, targets, provider_for, keep, workers=workers, control=control):
        yield replace(outcome, rows=tuple(rows.pop(numbers[id(outcome.target)], ())))


def _rows_of_result(result: object) -> Iterable[object]:
    if result is None:
        return ()
    is_several = isinstance(result, Iterable) and not isinstance(result, str | bytes | Mapping)
    return cast("Iterable[object]", result) if is_several else (result,)


def run_in_each(
    operation: Operation,
    targets: Sequence[Target],
    provider_for: ProviderFor,
    on_row: OnRow,
    *,
    workers: int = DEFAULT_WORKERS,
    in_order: bool = False,
    control: RunControl | None = None,
    explain: Explain | None = None,
    watcher: RunWatcher | None = None,
) -> Iterator[Outcome]:
    """Run an operation in each target; rows go to ``on_row``, on the caller's thread, then its outcome.

    See ``run_work`` for the rest.
    """

    def work(target: Target) -> Iterable[object]:
        return operation(provider_for(target))

    return run_work(
        work,
        targets,
        on_row,
        workers=workers,
        in_order=in_order,
        control=control,
        explain=explain,
        watcher=watcher,
    )


def run_work(
    work: Callable[[Target], Iterable[object]],
    targets: Sequence[Target],
    on_row: OnRow,
    *,
    workers: int = DEFAULT_WORKERS,
    in_order: bool = False,
    control: RunControl | None = None,
    explain: Explain | None = None,
    watcher: RunWatcher | None = None,
    rows_at_once: int = 100,
    may_hang: bool = False,
    stops_itself: bool = False,
) -> Iterator[Outcome]:
    """Do work in each target, ``workers`` of them at a time, and yield one outcome for each.

    ``in_order``: rows and outcomes come strictly in the order of the targets; otherwise as they come. A
    single target is done on the caller's thread, unless the run has a deadline or ``may_hang`` says that
    its end must not wait for a call that hangs. ``explain`` may turn an error into another one, such as
    ``TargetSkipped``. What ``on_row`` raises ends the run: there is nowhere left to put results.

    When ``control`` is stopped, what runs ends at its next row or call, or is given up after some
    seconds, and targets without an outcome are left. When it has counted enough failures, all that was
    not begun is skipped, with ``NotTried``. With ``stops_itself`` all that is left to the work, whose rows
    tell what was done and are never cut short: it asks ``control`` before it begins anything.
    ``rows_at_once``: so many at most go from thread to thread.
    """
    control = control or RunControl()
    run = TargetRun(work, control, explain, watcher, stops_itself)
    if len(targets) <= 1 and not may_hang and not control.has_deadline:
        return _on_this_thread(run, targets, on_row)
    # Loaded here: a short command with one target needs no threads.
    from aws_operations.fleet_threads import run_in_threads

    return run_in_threads(run, targets, on_row, workers=workers, in_order=in_order, rows_at_once=rows_at_once)


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


def _on_this_thread(run: TargetRun, targets: Iterable[Target], on_row: OnRow) -> Iterator[Outcome]:
    for target in targets:
        outcome = run.run(target, lambda row, target=target: on_row(target, row))  # type: ignore[misc]
        if outcome is not None:
            yield outcome


def _status(row_count: int, error: Exception | None) -> OutcomeStatus:
    if error is None:
        return OutcomeStatus.ROWS if row_count else OutcomeStatus.NOTHING
    if isinstance(error, TargetSkipped):
        return OutcomeStatus.SKIPPED
    return OutcomeStatus.DENIED if isinstance(error, AccessDenied) else OutcomeStatus.ERROR
