"""Makes the changes of a plan, phase by phase, shows each result, and says how it ended."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from aws_operations.changes import Change, ChangeResult, ResultStatus
from aws_operations.fleet import Outcome, run_work
from aws_operations.plan_spool import PlanSpool
from aws_operations.run_control import CREDENTIALS_ENDED, DEADLINE
from aws_operations.targets import Target
from commands.change_tally import ChangeTally, ResultTaker
from commands.error_lines import error_line
from commands.exit_codes import ExitCode
from commands.interruption import ending_in_good_order
from commands.journaling import RunJournal
from commands.wording import counted

if TYPE_CHECKING:
    from commands.progress import Progress
    from commands.run_setup import Run

_CODE_BY_REASON = {DEADLINE: ExitCode.UNKNOWN, CREDENTIALS_ENDED: ExitCode.CONFIGURATION}
_FAILURES = (ResultStatus.FAILED, ResultStatus.UNKNOWN)

Take = Callable[[Target, ChangeResult], None]
Phase = Callable[[Take, "Progress"], Iterator[Outcome]]


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
            console.rows(with_target=the_run.settings.chooses_targets, may_shorten=True) as writer,
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
