"""Plans in every target into one spool; a target that cannot be planned leaves nothing there."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import click

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import WrongAccount
from aws_operations.changes import Change
from aws_operations.fleet import Outcome
from aws_operations.outcomes import NothingMatches
from aws_operations.plan_spool import PlanSpool
from aws_operations.run_control import NotTried
from aws_operations.targets import Target
from commands.change_tally import ChangeTally
from commands.console import Console
from commands.error_lines import error_line
from commands.exit_codes import Declined, FailedInTarget, InterruptedAtQuestion, is_loaded_kind
from commands.repeated_errors import told_a_few_times
from commands.shapes import TargetPlanner
from commands.unmatched import Unmatched

if TYPE_CHECKING:
    from commands.run_setup import Run

_MOST_REASONS = 5
# The file of a value is the same for every target.
_SAID_ONCE = ("commands.secret_input", "ValueFileProblem")

Planner = Callable[[AwsClientProvider], Iterable[Change]] | TargetPlanner


@contextmanager
def saying_nothing_was_changed(console: Console) -> Iterator[None]:
    """Say so if a signal ends the block."""
    try:
        yield
    except InterruptedAtQuestion:
        raise
    except (KeyboardInterrupt, SystemExit):
        console.note("stopped before anything was changed")
        raise


def _operation_of(planner: Planner, the_run: "Run") -> tuple[Any, Any]:
    """Return an operation and what it is given in each target."""
    reader_for = the_run.fleet.reader_for
    if not isinstance(planner, TargetPlanner):
        return planner, reader_for
    plan = planner.plan
    return lambda given: plan(*given), lambda target: (target, reader_for(target))


def plan_in_each(
    planner: Planner,
    the_run: "Run",
    spool: PlanSpool,
    tally: ChangeTally,
    note: Callable[[Outcome], None],
) -> bool:
    """Spool every target's changes; a target that cannot be planned leaves none behind.

    ``note`` is given each target's outcome. False: the run was stopped before all targets were planned.
    Raises ``KindStaysHere`` at the first change that is to be made and is not for the engine of the run.
    """
    targets, planned = the_run.fleet.targets, 0
    skipped, kinds, unmatched = list[Exception](), set[str](), Unmatched.in_run(the_run.resumption)
    progress = the_run.progress("targets planned", len(targets))
    operation, given_for = _operation_of(planner, the_run)

    def spool_one(target: Target, row: object) -> None:
        change = _in_target(cast("Change", row), target)
        if not (change.kind in kinds or change.is_noop or the_run.settings.only_plans):
            # Known at the first one already: nobody is to wait for a whole plan that is refused.
            the_run.engine.check_kinds([change.kind])
            kinds.add(change.kind)
        spool.add_one(change)

    with (
        told_a_few_times(the_run.console) as tell,
        the_run.showing(progress) if len(targets) > 1 else nullcontext(),
    ):
        for outcome in the_run.engine.run_in_each(
            operation,
            targets,
            given_for,
            spool_one,
            workers=the_run.workers,
            in_order=True,
            control=the_run.control,
            explain=the_run.explain,
            watcher=progress,
        ):
            note(outcome)
            planned += 1
            unmatched.add(outcome)
            if outcome.error is None:
                spool.keep()
                continue
            spool.discard()
            if outcome.is_failure or not the_run.fleet.is_many:
                _note_unplanned(outcome, outcome.error, the_run, tally, tell)
            elif not isinstance(outcome.error, NotTried | NothingMatches):
                skipped.append(outcome.error)
    spool.discard()
    _note_skipped(skipped, the_run)
    if planned == len(targets):
        _note_unmatched(unmatched, the_run, tally, note)
    return _is_planned(planner, planned == len(targets))


def _is_planned(planner: Planner, is_whole: bool) -> bool:
    if is_whole and isinstance(planner, TargetPlanner):
        planner.planned()
    return is_whole


def _note_unmatched(
    unmatched: Unmatched, the_run: "Run", tally: ChangeTally, note: Callable[[Outcome], None]
) -> None:
    """Say where nothing matches; if that is in all targets, none of them could be planned."""
    if not unmatched.outcomes:
        return
    failures = list(unmatched.failures())
    for outcome in failures:
        note(outcome)
        tally.unplanned.append(outcome.target)
        if outcome.error is not None:
            tally.planning_errors.append(outcome.error)
    if failures:
        the_run.console.error(f"{unmatched.line(len(failures))}; check it, the accounts and the regions")
    else:
        told = unmatched.line(len(the_run.fleet.targets))
        the_run.console.note(f"{told}; nothing is planned there")


def _note_skipped(skipped: Sequence[Exception], the_run: "Run") -> None:
    if not skipped:
        return
    reasons = list(dict.fromkeys(str(error) for error in skipped))
    more = "; and others" if len(reasons) > _MOST_REASONS else ""
    told = "; ".join(reasons[:_MOST_REASONS]) + more
    where = f"{len(skipped)} of {len(the_run.fleet.targets)} targets"
    the_run.console.note(f"{where} skipped ({told}); nothing is planned there")


def _in_target(change: Change, target: Target) -> Change:
    """Return the change as one of the target that it was planned for, and reached as that one is."""
    actual = change.target.aws_account
    if target.aws_account is not None and actual != target.aws_account:
        raise WrongAccount(expected_account=target.aws_account, actual_account=str(actual))
    if target.aws_profile is None:
        return change
    return replace(change, target=replace(change.target, aws_profile=target.aws_profile))


def _note_unplanned(
    outcome: Outcome,
    error: Exception,
    the_run: "Run",
    tally: ChangeTally,
    tell: Callable[[str, Target], None],
) -> None:
    # What somebody typed is no target's doing: it is said once, and the next has the same.
    if isinstance(error, click.ClickException | Declined) or is_loaded_kind(error, *_SAID_ONCE):
        raise error
    if not the_run.fleet.is_many:
        raise FailedInTarget(outcome.target, is_planning=True) from error
    tally.planning_errors.append(error)
    tally.unplanned.append(outcome.target)
    tell(f"{error_line(error, outcome.target, is_read=True)}; nothing is planned there", outcome.target)
