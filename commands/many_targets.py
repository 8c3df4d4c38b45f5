"""Runs one operation in many targets: each has its outcome, and the end is told."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from aws_operations.fleet import Operation, ProviderFor
from aws_operations.outcomes import OnRow
from aws_operations.run_control import DEADLINE
from commands.console import Console
from commands.error_lines import error_line
from commands.exit_codes import ExitCode
from commands.interruption import ending_in_good_order
from commands.journaling import RunJournal
from commands.outcome_tally import OutcomeTally
from commands.progress import Progress
from commands.repeated_errors import told_a_few_times
from commands.run_setup import Run
from commands.unmatched import Unmatched
from commands.wording import counted


@contextmanager
def target_rows(console: Console, *, with_target: bool) -> Iterator[OnRow]:
    """Give what writes the rows of targets, for the length of the block."""
    with console.rows(with_target=with_target) as writer:
        yield writer.write_from


def run_in_many(
    operation: Operation,
    the_run: Run,
    provider_for: ProviderFor,
    rows: AbstractContextManager[OnRow],
    journal: RunJournal,
    progress: Progress | None = None,
) -> ExitCode:
    """Run in all targets, each with an outcome of its own; ``progress`` counts something else than these."""
    fleet, console, control = the_run.fleet, the_run.console, the_run.control
    tally, unmatched = OutcomeTally(len(fleet.targets)), Unmatched.in_run(the_run.resumption)
    progress = progress or the_run.progress("targets", len(fleet.targets))
    try:
        with (
            told_a_few_times(console) as tell,
            rows as on_row,
            ending_in_good_order(control),
            the_run.showing(progress),
        ):
            for outcome in the_run.engine.run_in_each(
                operation,
                fleet.targets,
                provider_for,
                on_row,
                workers=the_run.workers,
                in_order=the_run.in_order,
                control=control,
                explain=the_run.explain,
                watcher=progress,
            ):
                journal.outcome(outcome)
                tally.add(outcome)
                unmatched.add(outcome)
                if outcome.is_failure and outcome.error is not None:
                    tell(error_line(outcome.error, outcome.target, is_read=True), outcome.target)
    except (KeyboardInterrupt, SystemExit):
        console.warn(f"stopped early: {tally.summary()}{_how_to_go_on(tally, journal)}")
        raise
    if not tally.left:
        _note_matches_nowhere(unmatched, tally, console, journal)
    _say_end(tally, the_run, journal)
    return tally.exit_code(control)


def _note_matches_nowhere(
    unmatched: Unmatched, tally: OutcomeTally, console: Console, journal: RunJournal
) -> None:
    """Take what matches nothing in any target for a mistake, as it is with a single target."""
    failures = list(unmatched.failures())
    for outcome in failures:
        journal.outcome(outcome)
        tally.turn_into_failure(outcome)
    if failures:
        console.error(f"{unmatched.line(len(failures))}; check it, the accounts and the regions")


def _say_end(tally: OutcomeTally, the_run: Run, journal: RunJournal) -> None:
    console = the_run.console
    # Of a resumed run it is said afterwards how it stands as a whole.
    how_to_go_on = "" if the_run.resumption is not None else _how_to_go_on(tally, journal)
    done = f"{counted(tally.total - tally.left, 'target')} done, {tally.left} left"
    problem = None if the_run.watch is None else the_run.watch.problem(done, how_to_go_on)
    if problem is not None:
        console.error(problem)
    elif tally.left and the_run.control.reason == DEADLINE:
        console.warn(f"--deadline came: {tally.summary()}{how_to_go_on}")
    else:
        console.note(f"{tally.summary()}{how_to_go_on}")


def _how_to_go_on(tally: OutcomeTally, journal: RunJournal) -> str:
    return journal.how_to_go_on(left=tally.left + tally.not_tried, failed=tally.failed)
