"""Plans in every target, asks once, applies, and reports one result for each change."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import islice

import click

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.changes import Change, ChangeResult, ResultStatus, apply_changes
from aws_operations.guards import ConsentNeeded
from aws_operations.plan_spool import PlanSpool
from aws_operations.targets import Target, TargetProviders
from commands.change_rows import ChangeResultRow, PlannedChangeRow, plan_lines
from commands.console import Console
from commands.error_lines import error_line
from commands.exit_codes import Declined, ExitCode, FailedInTarget, exit_code_for, is_loaded_kind
from commands.options import Settings
from commands.shapes import MakingWork, WatchedWork

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


def run_changes(
    work: Planner | MakingWork | WatchedWork,
    targets: Sequence[Target],
    providers: TargetProviders,
    settings: Settings,
    console: Console,
) -> ExitCode:
    """Plan, show or confirm, apply; return the exit code. Nothing is written before the consent."""
    planner = work.planner if isinstance(work, MakingWork | WatchedWork) else work
    watch = work.watch if isinstance(work, WatchedWork) else _nobody_watches
    tally = _Tally()
    is_many = len(targets) > 1
    with PlanSpool() as spool:
        _plan(planner, targets, providers, spool, tally, console)
        if settings.dry_run:
            _show(spool, console, with_target=settings.chooses_targets)
            return tally.exit_code(is_many=is_many)
        console.check_query(
            ((change.target, ChangeResultRow.expected(change)) for change in islice(spool, _ROWS_TO_ASK)),
            with_target=settings.chooses_targets,
        )
        if spool.pending and not _has_consent(spool, settings, console):
            console.note("declined; nothing was changed")
            return ExitCode.DECLINED
        with watch() as watcher:
            _apply(
                spool,
                providers,
                tally,
                console,
                watcher,
                with_target=settings.chooses_targets,
                is_only=not is_many,
            )
    return tally.exit_code(is_many=is_many)


def _nobody_watches() -> AbstractContextManager[Callable[[ChangeResult], None]]:
    return nullcontext(lambda _: None)


def _plan(
    planner: Planner,
    targets: Sequence[Target],
    providers: TargetProviders,
    spool: PlanSpool,
    tally: _Tally,
    console: Console,
) -> None:
    """Spool every target's changes; a target that cannot be planned leaves none behind."""
    for target in targets:
        try:
            spool.add(planner(providers.provider_for(target).read_only()))
        except (click.ClickException, Declined):
            # What somebody typed is no target's doing: it is said once, and the next has the same.
            raise
        except Exception as error:
            if is_loaded_kind(error, *_SAID_ONCE):
                raise
            if len(targets) == 1:
                raise FailedInTarget(target) from error
            tally.planning_errors.append(error)
            console.error(f"{error_line(error, target, is_read=True)}; nothing is planned there")


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


def _apply(
    spool: PlanSpool,
    providers: TargetProviders,
    tally: _Tally,
    console: Console,
    watcher: Callable[[ChangeResult], None],
    *,
    with_target: bool,
    is_only: bool,
) -> None:
    try:
        with console.rows(with_target=with_target) as writer:
            for result in apply_changes(spool, providers.provider_for):
                tally.add(result)
                watcher(result)
                writer.write_from(result.change.target, ChangeResultRow.of(result))
                if result.error is not None:
                    console.error(error_line(result.error, result.change.target, is_only=is_only))
    except BaseException as error:
        _say_what_was_done(error, len(spool), tally, console)
        raise
    if len(spool) > 1 or tally.planning_errors:
        console.note(f"{_changes(len(spool))}: {_counts(tally)}")


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
