"""Plans in every target, asks once, applies, and reports one result for each change."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from aws_operations.changes import ChangeResult
from aws_operations.plan_spool import PlanSpool
from commands.change_applying import applied, carry_out, exit_code_of
from commands.change_planning import Planner, plan_in_each, saying_nothing_was_changed
from commands.change_rows import ChangeResultRow, PlannedChangeRow
from commands.change_tally import ChangeTally
from commands.consent import has_consent
from commands.exit_codes import ExitCode
from commands.guarding import stopped_by_guards
from commands.interruption import ending_in_good_order
from commands.journaling import RunJournal
from commands.plan_saving import check_can_save, save_plan
from commands.shapes import MakingWork, WatchedWork
from commands.wording import counted

if TYPE_CHECKING:
    from commands.run_setup import Run

_ROWS_TO_ASK = 100

Watch = Callable[[], AbstractContextManager[Callable[[ChangeResult], None]]]


def run_changes(work: Planner | MakingWork | WatchedWork, the_run: "Run") -> ExitCode:
    """Plan, show or confirm, apply; return the exit code. Nothing is written before the consent."""
    planner = work.planner if isinstance(work, MakingWork | WatchedWork) else work
    watch = work.watch if isinstance(work, WatchedWork) else _nobody_watches
    tally = ChangeTally()
    resumption = the_run.resumption
    if resumption is not None and resumption.run.is_writing:
        from commands.change_resuming import resume_changes

        return resume_changes(planner, the_run, resumption)
    check_can_save(the_run)
    is_writing = not the_run.settings.only_plans
    with RunJournal(the_run, is_writing=is_writing) as journal, PlanSpool() as spool:
        # Half of a plan is of no use, so there is nothing to go on with later.
        if the_run.fleet.is_many and the_run.settings.plan_out is None:
            journal.begin()
        with saying_nothing_was_changed(the_run.console), ending_in_good_order(the_run.control, at_once=True):
            is_planned = plan_in_each(planner, the_run, spool, tally, journal.outcome)
        if not is_planned:
            return _not_planned(the_run)
        return carry_out_plan(spool, the_run, tally, journal, watch)


def _nobody_watches() -> AbstractContextManager[Callable[[ChangeResult], None]]:
    return nullcontext(lambda _: None)


def carry_out_plan(
    spool: PlanSpool, the_run: "Run", tally: ChangeTally, journal: RunJournal, watch: Watch = _nobody_watches
) -> ExitCode:
    """Hold a plan against the guards, then do what ``carry_out_guarded`` does; return the exit code."""
    with saying_nothing_was_changed(the_run.console):
        stopped = stopped_by_guards(spool, the_run)
    return carry_out_guarded(spool, the_run, tally, journal, watch) if stopped is None else stopped


def carry_out_guarded(
    spool: PlanSpool, the_run: "Run", tally: ChangeTally, journal: RunJournal, watch: Watch = _nobody_watches
) -> ExitCode:
    """Show or save what is planned, or have it agreed on and make it; return the exit code."""
    settings, console, is_many = the_run.settings, the_run.console, the_run.fleet.is_many
    if settings.plan_out is not None:
        with saying_nothing_was_changed(console):
            return save_plan(spool, the_run, tally)
    if settings.dry_run:
        _show(spool, the_run, tally, journal)
        return tally.exit_code(is_many=is_many)
    if the_run.control.has_failed_enough:
        console.warn("enough targets failed while it was planned; nothing was changed")
        return ExitCode.PARTIAL
    console.check_query(
        ((change.target, ChangeResultRow.expected(change)) for change in islice(spool, _ROWS_TO_ASK)),
        with_target=settings.chooses_targets,
    )
    with saying_nothing_was_changed(console):
        is_agreed = not spool.pending or has_consent(spool, settings, console, the_run.fleet.reader_for)
    if not is_agreed:
        console.note("declined; nothing was changed")
        journal.decline()
        return ExitCode.DECLINED
    if spool.pending:
        journal.begin()
    journal.plan_changes(spool)
    phase = partial(applied, spool, the_run, tally, journal)
    with watch() as watcher:
        carry_out([phase], len(spool), the_run, tally, journal, watcher)
    return exit_code_of(len(spool), the_run, tally, journal)


def _not_planned(the_run: "Run") -> ExitCode:
    problem = the_run.watch and the_run.watch.problem("nothing was changed", "")
    if problem:
        the_run.console.error(problem)
        return ExitCode.CONFIGURATION
    the_run.console.warn("--deadline came while it was planned; nothing was changed")
    return ExitCode.UNKNOWN


def _show(spool: PlanSpool, the_run: "Run", tally: ChangeTally, journal: RunJournal) -> None:
    console = the_run.console
    with console.rows(with_target=the_run.settings.chooses_targets, may_shorten=True) as writer:
        for change in spool:
            writer.write_from(change.target, PlannedChangeRow.of(change))
    planned = f"{spool.pending} of {counted(len(spool), 'change')}"
    told = "; ".join([f"dry run: {planned} would be made", "nothing was changed", *tally.not_planned()])
    console.note(f"{told}{journal.how_to_go_on(failed=len(tally.unplanned))}")
