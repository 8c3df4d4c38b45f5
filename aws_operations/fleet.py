"""One operation over many targets, with exactly one outcome for each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from aws_operations.outcomes import Explain, OnRow, Outcome, OutcomeStatus, RunWatcher, TargetRun
from aws_operations.run_control import RunControl
from aws_operations.targets import Target

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

__all__ = ["Outcome", "OutcomeStatus", "run_fleet", "run_in_each", "run_work"]

DEFAULT_WORKERS = 16


Operation = Callable[["AwsClientProvider"], Iterable[object]]
ProviderFor = Callable[[Target], "AwsClientProvider"]


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


def _on_this_thread(run: TargetRun, targets: Iterable[Target], on_row: OnRow) -> Iterator[Outcome]:
    for target in targets:
        outcome = run.run(target, lambda row, target=target: on_row(target, row))  # type: ignore[misc]
        if outcome is not None:
            yield outcome
