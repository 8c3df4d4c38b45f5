"""Plans in every target, asks once, applies, and reports one result for each change."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, cast

import click

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import WrongAccount
from aws_operations.changes import Change, ChangeResult, ResultStatus
from aws_operations.fleet import Outcome, run_work
from aws_operations.guards import ConsentNeeded
from aws_operations.plan_spool import PlanSpool
from aws_operations.run_control import CREDENTIALS_ENDED, DEADLINE, NotTried
from aws_operations.targets import Target
from commands.change_rows import ChangeResultRow, PlannedChangeRow, plan_lines, question
from commands.change_tally import ChangeTally, ResultTaker
from commands.console import Console
from commands.error_lines import error_line
from commands.exit_codes import (
    Declined,
    ExitCode,
    FailedInTarget,
    InterruptedAtQuestion,
    is_loaded_kind,
)
from commands.interruption import ending_in_good_order
from commands.journaling import RunJournal
from commands.options import Settings
from commands.repeated_errors import told_a_few_times
from commands.shapes import MakingWork, WatchedWork
from commands.wording import counted

if TYPE_CHECKING:
    from commands.progress import Progress
    from commands.run_setup import Run

_ROWS_TO_ASK = 100
_MOST_REASONS = 5
_CODE_BY_REASON = {DEADLINE: ExitCode.UNKNOWN, CREDENTIALS_ENDED: ExitCode.CONFIGURATION}
_FAILURES = (ResultStatus.FAILED, ResultStatus.UNKNOWN)
# The file of a value is the same for every target.
_SAID_ONCE = ("commands.secret_input", "ValueFileProblem")

Take = Callable[[Target, ChangeResult], None]
Phase = Callable[[Take, "Progress"], Iterator[Outcome]]
Planner = Callable[[AwsClientProvider], Iterable[Change]]
Watch = Callable[[], AbstractContextManager[Callable[[ChangeResult], None]]]


def run_changes(work: Planner | MakingWork | WatchedWork, the_run: "Run") -> ExitCode:
    """Plan, show or confirm, apply; return the exit code. Nothing is written before the consent."""
    planner = work.planner if isinstance(work, MakingWork | WatchedWork) else work
    watch = work.watch if isinstance(work, WatchedWork) else _nobody_watches
    settings, console, is_many = the_run.settings, the_run.console, the_run.fleet.is_many
    tally = ChangeTally()
    resumption = the_run.resumption
    if resumption is not None and resumption.run.is_writing:
        from commands.change_resuming import resume_changes

        return resume_changes(planner, the_run, resumption)
    with RunJournal(the_run, is_writing=not settings.dry_run) as journal, PlanSpool() as spool:
        if is_many:
            journal.begin()
        with saying_nothing_was_changed(console), ending_in_good_order(the_run.control, at_once=True):
            is_planned = plan_in_each(planner, the_run, spool, tally, journal.outcome)
        if not is_planned:
            return _not_planned(the_run)
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
            is_agreed = not spool.pending or has_consent(spool, settings, console)
        if not is_agreed:
            console.note("declined; nothing was changed")
            journal.decline()
            return ExitCode.DECLINED
        if spool.pending:
            journal.begin()
        journal.plan_changes(spool)
        with watch() as watcher:
            carry_out(
                [partial(applied, spool, the_run, tally, journal)],
                len(spool),
                the_run,
                tally,
                journal,
                watcher,
            )
        return exit_code_of(len(spool), the_run, tally, journal)


def check_kinds(spool: PlanSpool, the_run: "Run") -> None:
    """Raise ``KindStaysHere`` if one of the changes is not for the engine of the run."""
    the_run.engine.check_kinds({part.kind for part in spool.summary() if part.effect is not None})


def exit_code_of(total: int, the_run: "Run", tally: ChangeTally, journal: RunJournal) -> ExitCode:
    """Return the exit code of a run of so many changes, carried out as far as it came."""
    code = tally.exit_code(is_many=the_run.fleet.is_many)
    if code is not ExitCode.UNKNOWN and tally.left(total) and the_run.control.reason in _CODE_BY_REASON:
        return _CODE_BY_REASON[the_run.control.reason]
    if journal.problem is None or code is not ExitCode.COMPLETE:
        return code
    return ExitCode.PARTIAL if tally.results[ResultStatus.APPLIED] else ExitCode.CONFIGURATION


def _not_planned(the_run: "Run") -> ExitCode:
    problem = the_run.watch and the_run.watch.problem("nothing was changed", "")
    if problem:
        the_run.console.error(problem)
        return ExitCode.CONFIGURATION
    the_run.console.warn("--deadline came while it was planned; nothing was changed")
    return ExitCode.UNKNOWN


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


def _nobody_watches() -> AbstractContextManager[Callable[[ChangeResult], None]]:
    return nullcontext(lambda _: None)


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
    skipped, kinds = list[Exception](), set[str]()
    progress = the_run.progress("targets planned", len(targets))

    def spool_one(target: Target, row: object) -> None:
        change = _in_target(cast("Change", row), target)
        if not (change.kind in kinds or change.is_noop or the_run.settings.dry_run):
            # Known at the first one already: nobody is to wait for a whole plan that is refused.
            the_run.engine.check_kinds([change.kind])
            kinds.add(change.kind)
        spool.add_one(change)

    with (
        told_a_few_times(the_run.console) as tell,
        the_run.showing(progress) if len(targets) > 1 else nullcontext(),
    ):
        for outcome in the_run.engine.run_in_each(
            planner,
            targets,
            the_run.fleet.reader_for,
            spool_one,
            workers=the_run.workers,
            in_order=True,
            control=the_run.control,
            explain=the_run.explain,
            watcher=progress,
        ):
            note(outcome)
            planned += 1
            if outcome.error is None:
                spool.keep()
                continue
            spool.discard()
            if outcome.is_failure or not the_run.fleet.is_many:
                _note_unplanned(outcome, outcome.error, the_run, tally, tell)
            elif not isinstance(outcome.error, NotTried):
                skipped.append(outcome.error)
    spool.discard()
    if skipped:
        the_run.console.note(_skipped_in_words(skipped, len(targets)))
    return planned == len(targets)


def _skipped_in_words(skipped: Sequence[Exception], total: int) -> str:
    reasons = list(dict.fromkeys(str(error) for error in skipped))
    more = "; and others" if len(reasons) > _MOST_REASONS else ""
    told = "; ".join(reasons[:_MOST_REASONS]) + more
    return f"{len(skipped)} of {total} targets skipped ({told}); nothing is planned there"


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
        raise FailedInTarget(outcome.target) from error
    tally.planning_errors.append(error)
    tally.unplanned.append(outcome.target)
    tell(f"{error_line(error, outcome.target, is_read=True)}; nothing is planned there", outcome.target)


def _show(spool: PlanSpool, the_run: "Run", tally: ChangeTally, journal: RunJournal) -> None:
    console = the_run.console
    with console.rows(with_target=the_run.settings.chooses_targets) as writer:
        for change in spool:
            writer.write_from(change.target, PlannedChangeRow.of(change))
    planned = f"{spool.pending} of {counted(len(spool), 'change')}"
    told = "; ".join([f"dry run: {planned} would be made", "nothing was changed", *tally.not_planned()])
    console.note(f"{told}{journal.how_to_go_on(failed=len(tally.unplanned))}")


def has_consent(spool: PlanSpool, settings: Settings, console: Console) -> bool:
    """Ask where there is a terminal; elsewhere only what takes something away needs ``--yes``."""
    if settings.yes:
        return True
    if not console.is_interactive:
        if spool.needing_consent:
            raise ConsentNeeded(spool.needing_consent)
        return True
    for line in plan_lines(spool):
        console.show(line.text, is_grave=line.is_grave)
    return console.confirm(question(spool))


def carry_out(
    phases: Sequence[Phase],
    total: int,
    the_run: "Run",
    tally: ChangeTally,
    journal: RunJournal,
    watch: Callable[[ChangeResult], None],
) -> None:
    """Do what changes things, phase by phase, show each result, and say how it ended.

    ``total`` is how many changes there are in all of the phases.
    """
    console, control, is_only = the_run.console, the_run.control, not the_run.fleet.is_many
    progress = the_run.progress("changes", total, counts_targets=False)
    try:
        with (
            console.rows(with_target=the_run.settings.chooses_targets) as writer,
            ending_in_good_order(control),
            the_run.showing(progress),
        ):
            results = ResultTaker(tally, writer, watch, console, control, is_only)
            for phase in phases:
                for outcome in phase(results.take, progress):
                    if outcome.error is not None:
                        _note_broken(outcome, outcome.error, the_run, tally)
            results.end()
    except BaseException as error:
        tally.say_end(total, console, error, how_to_go_on=_how_to_go_on(total, tally, journal))
        raise
    _say_end(total, the_run, tally, journal)


def _say_end(total: int, the_run: "Run", tally: ChangeTally, journal: RunJournal) -> None:
    console, control, left = the_run.console, the_run.control, tally.left(total)
    if journal.problem is not None:
        console.error(f"{journal.problem}; nothing more was begun")
    done = f"{counted(total, 'change')}: {tally.counts()}, {left} left"
    # Of a resumed run it is said afterwards how it stands as a whole.
    how_to_go_on = "" if the_run.resumption is not None else _how_to_go_on(total, tally, journal)
    problem = the_run.watch and the_run.watch.problem(done, how_to_go_on)
    if problem:
        console.error(problem)
    elif left:
        tally.say_end(total, console, how_to_go_on=how_to_go_on)
    elif total > 1 or tally.planning_errors or (tally.results[ResultStatus.UNKNOWN] and control.is_stopped):
        console.note(f"{counted(total, 'change')}: {tally.counts()}{how_to_go_on}")


def _how_to_go_on(total: int, tally: ChangeTally, journal: RunJournal) -> str:
    return journal.how_to_go_on(
        left=tally.left(total) + tally.not_tried,
        failed=tally.results[ResultStatus.FAILED] + len(tally.unplanned),
        unknown=tally.results[ResultStatus.UNKNOWN],
    )


def applied(
    spool: PlanSpool,
    the_run: "Run",
    tally: ChangeTally,
    journal: RunJournal,
    take: Take,
    progress: "Progress",
) -> Iterator[Outcome]:
    """Apply what is in a spool, all targets at once; each change and result goes to the journal first."""
    provider_for, control = the_run.fleet.providers.provider_for, the_run.control

    def starting(batch: Sequence[Change]) -> None:
        journal.starting(batch)
        tally.begin(batch)

    def forget(refused: Sequence[Change]) -> None:
        journal.not_begun(refused)
        tally.forget(refused)

    def apply_in(target: Target) -> Iterator[ChangeResult]:
        changes = spool.changes_in(target)
        results = the_run.engine.apply_changes(changes, provider_for, starting=starting, control=control)
        if the_run.watch is not None:
            results = the_run.watch.results(results, forget)
        for result in journal.results(results):
            progress.add(is_failed=result.status in _FAILURES)
            yield result

    return run_work(
        apply_in,
        spool.targets(),
        take,  # type: ignore[arg-type] # the rows are results
        workers=the_run.workers,
        in_order=the_run.in_order,
        control=control,
        watcher=progress,
        rows_at_once=1,
        may_hang=True,
        stops_itself=True,
    )


def _note_broken(outcome: Outcome, error: Exception, the_run: "Run", tally: ChangeTally) -> None:
    """Tell of an error that no result of a change accounts for: a bug, or a journal that cannot be kept."""
    if not the_run.fleet.is_many:
        raise error
    tally.planning_errors.append(error)
    the_run.console.error(error_line(error, outcome.target))
