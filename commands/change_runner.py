"""Plans in every target, asks once, applies, and reports one result for each change."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

import click

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import WrongAccount
from aws_operations.changes import Change, ChangeResult, ResultStatus, apply_changes
from aws_operations.fleet import Outcome, run_in_each, run_work
from aws_operations.guards import ConsentNeeded
from aws_operations.plan_spool import PlanSpool
from aws_operations.run_control import DEADLINE
from aws_operations.targets import Target
from commands.change_rows import ChangeResultRow, PlannedChangeRow, plan_lines
from commands.console import Console
from commands.error_lines import error_line
from commands.exit_codes import Declined, ExitCode, FailedInTarget, exit_code_for, is_loaded_kind
from commands.interruption import ending_in_good_order
from commands.options import Settings
from commands.shapes import MakingWork, WatchedWork

if TYPE_CHECKING:
    from commands.runner import Run

_ROWS_TO_ASK = 100
# The file of a value is the same for every target.
_SAID_ONCE = ("commands.secret_input", "ValueFileProblem")

Planner = Callable[[AwsClientProvider], Iterable[Change]]
Watch = Callable[[], AbstractContextManager[Callable[[ChangeResult], None]]]


@dataclass(slots=True)
class _Tally:
    """What has come of the run so far; the first error of a single target decides its exit code."""

    planning_errors: list[Exception] = field(default_factory=list)
    results: Counter[ResultStatus] = field(default_factory=Counter)
    first_error: Exception | None = None

    def add(self, result: ChangeResult) -> None:
        self.results[result.status] += 1
        self.first_error = self.first_error or result.error

    def exit_code(self, *, is_many: bool) -> ExitCode:
        if self.results[ResultStatus.UNKNOWN]:
            return ExitCode.UNKNOWN
        if not self.results[ResultStatus.FAILED] and not self.planning_errors:
            return ExitCode.COMPLETE
        if is_many or self.results[ResultStatus.APPLIED] or self.first_error is None:
            return ExitCode.PARTIAL
        return exit_code_for(self.first_error)


def run_changes(work: Planner | MakingWork | WatchedWork, the_run: "Run") -> ExitCode:
    """Plan, show or confirm, apply; return the exit code. Nothing is written before the consent."""
    planner = work.planner if isinstance(work, MakingWork | WatchedWork) else work
    watch = work.watch if isinstance(work, WatchedWork) else _nobody_watches
    settings, console, is_many = the_run.settings, the_run.console, the_run.fleet.is_many
    tally = _Tally()
    with PlanSpool() as spool:
        with ending_in_good_order(the_run.control, gives_up_calls=not is_many):
            _plan(planner, the_run, spool, tally)
        if the_run.control.reason == DEADLINE:
            console.warn("--deadline came while it was planned; nothing was changed")
            return ExitCode.UNKNOWN
        if settings.dry_run:
            _show(spool, console, with_target=settings.chooses_targets)
            return tally.exit_code(is_many=is_many)
        if the_run.control.has_failed_enough:
            console.warn("enough targets failed while it was planned; nothing was changed")
            return ExitCode.PARTIAL
        console.check_query(
            ((change.target, ChangeResultRow.expected(change)) for change in islice(spool, _ROWS_TO_ASK)),
            with_target=settings.chooses_targets,
        )
        if spool.pending and not _has_consent(spool, settings, console):
            console.note("declined; nothing was changed")
            return ExitCode.DECLINED
        with watch() as watcher:
            _apply(spool, the_run, tally, watcher)
    if the_run.control.reason == DEADLINE:
        return ExitCode.UNKNOWN
    return tally.exit_code(is_many=is_many)


def _nobody_watches() -> AbstractContextManager[Callable[[ChangeResult], None]]:
    return nullcontext(lambda _: None)


def _plan(planner: Planner, the_run: "Run", spool: PlanSpool, tally: _Tally) -> None:
    """Spool every target's changes; a target that cannot be planned leaves none behind."""
    for outcome in run_in_each(
        planner,
        the_run.fleet.targets,
        the_run.fleet.reader_for,
        lambda target, change: spool.add_one(_in_target(change, target)),  # type: ignore[arg-type] # a change
        workers=the_run.workers,
        in_order=True,
        control=the_run.control,
    ):
        if outcome.error is None:
            spool.keep()
            continue
        spool.discard()
        if outcome.is_failure:
            _note_unplanned(outcome, outcome.error, the_run, tally)
    spool.discard()


def _in_target(change: Change, target: Target) -> Change:
    """Return the change as one of the target that it was planned for, and reached as that one is."""
    actual = change.target.aws_account
    if target.aws_account is not None and actual != target.aws_account:
        raise WrongAccount(expected_account=target.aws_account, actual_account=str(actual))
    if target.aws_profile is None:
        return change
    return replace(change, target=replace(change.target, aws_profile=target.aws_profile))


def _note_unplanned(outcome: Outcome, error: Exception, the_run: "Run", tally: _Tally) -> None:
    # What somebody typed is no target's doing: it is said once, and the next has the same.
    if isinstance(error, click.ClickException | Declined) or is_loaded_kind(error, *_SAID_ONCE):
        raise error
    if not the_run.fleet.is_many:
        raise FailedInTarget(outcome.target) from error
    tally.planning_errors.append(error)
    the_run.console.error(f"{error_line(error, outcome.target, is_read=True)}; nothing is planned there")


def _show(spool: PlanSpool, console: Console, *, with_target: bool) -> None:
    with console.rows(with_target=with_target) as writer:
        for change in spool:
            writer.write_from(change.target, PlannedChangeRow.of(change))
    console.note(f"dry run: {spool.pending} of {_changes(len(spool))} would be made; nothing was changed")


def _has_consent(spool: PlanSpool, settings: Settings, console: Console) -> bool:
    """Ask where there is a terminal; elsewhere only what takes something away needs ``--yes``."""
    if settings.yes:
        return True
    if not console.is_interactive:
        if spool.needing_consent:
            raise ConsentNeeded(spool.needing_consent)
        return True
    for line in plan_lines(spool):
        console.show(line.text, is_grave=line.is_grave)
    return console.confirm(f"Make {_changes(spool.pending)}?")


def _apply(spool: PlanSpool, the_run: "Run", tally: _Tally, watcher: Callable[[ChangeResult], None]) -> None:
    console, is_only = the_run.console, not the_run.fleet.is_many
    try:
        with console.rows(with_target=the_run.settings.chooses_targets) as writer:

            def take(target: Target, result: ChangeResult) -> None:
                tally.add(result)
                watcher(result)
                writer.write_from(target, ChangeResultRow.of(result))
                if result.error is not None and result.status is not ResultStatus.SKIPPED:
                    console.error(error_line(result.error, target, is_only=is_only))

            with ending_in_good_order(the_run.control, gives_up_calls=is_only):
                for outcome in _applied(spool, the_run, take):
                    if outcome.error is not None:
                        _note_broken(outcome, outcome.error, the_run, tally)
    except BaseException as error:
        _say_what_was_done(error, len(spool), tally, console)
        raise
    if the_run.control.reason == DEADLINE:
        _say_what_was_done(TimeoutError(), len(spool), tally, console)
    elif len(spool) > 1 or tally.planning_errors:
        console.note(f"{_changes(len(spool))}: {_counts(tally)}")


def _applied(
    spool: PlanSpool, the_run: "Run", take: Callable[[Target, ChangeResult], None]
) -> Iterator[Outcome]:
    provider_for = the_run.fleet.providers.provider_for

    def apply_in(target: Target) -> Iterator[ChangeResult]:
        return apply_changes(spool.changes_in(target), provider_for, control=the_run.control)

    return run_work(
        apply_in,
        spool.targets(),
        take,  # type: ignore[arg-type] # the rows are results
        workers=the_run.workers,
        in_order=the_run.in_order,
        control=the_run.control,
        rows_at_once=1,
    )


def _note_broken(outcome: Outcome, error: Exception, the_run: "Run", tally: _Tally) -> None:
    """Tell of an error that no result of a change accounts for: a bug, or a journal that cannot be kept."""
    if not the_run.fleet.is_many:
        raise error
    tally.planning_errors.append(error)
    the_run.console.error(error_line(error, outcome.target))


def _say_what_was_done(error: BaseException, planned: int, tally: _Tally, console: Console) -> None:
    left = planned - sum(tally.results.values())
    if left:
        console.warn(
            f"stopped early: {_counts(tally)}; {left} not reported, the first of them may be under way"
        )
    elif not isinstance(error, BrokenPipeError):
        # Whoever closed the pipe has seen enough; all changes were made, and failures have their lines.
        console.warn(f"not all of the results could be written: {_counts(tally)}")


def _changes(count: int) -> str:
    return f"{count} change{'' if count == 1 else 's'}"


def _counts(tally: _Tally) -> str:
    return ", ".join(f"{count} {status}" for status, count in tally.results.items()) or "none applied"
