"""Runs jobs: work of hours that is kept in the journal with how far it is, in a single target too."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from aws_operations.jobs import Job
from commands.console import Console
from commands.exit_codes import ExitCode, FailedInTarget
from commands.interruption import ending_in_good_order
from commands.journaling import RunJournal
from commands.many_targets import run_in_many, target_rows
from commands.outcome_tally import OutcomeTally

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_operations.fleet import Operation
    from aws_operations.journal import RunRecord
    from commands.progress import Progress
    from commands.run_setup import Run
    from commands.shapes import JobWork


class JournalSteps:
    """Keeps the steps of a run's jobs in its journal; one that takes no more is a warning, once."""

    def __init__(self, record: "RunRecord | None", console: Console) -> None:
        self._record = record
        self._console = console
        self.is_used = False
        """Whether something is kept that a run that goes on has not to do again."""

    def kept(self, job: str) -> Mapping[str, str]:
        """Return what is kept of a job."""
        found = {} if self._record is None else self._record.kept_steps(job)
        self.is_used = self.is_used or bool(found)
        return found

    def keep(self, job: str, steps: Mapping[str, str]) -> bool:
        """Keep how far a job is, if that can be."""
        if self._record is None:
            return False
        from aws_operations.journal import JournalProblem

        try:
            self._record.keep_steps(job, steps)
        except JournalProblem as problem:
            self._record = None
            self._console.warn(f"{problem}; this run goes on, and a resume begins anew")
            return False
        self.is_used = True
        return True


def run_job(work: "JobWork", the_run: "Run") -> ExitCode:
    """Run a job in each target and return the exit code; how to go on is said wherever it ends early."""
    progress = the_run.progress("items", 0, counts_targets=False)
    with RunJournal(the_run, is_writing=False) as journal:
        journal.begin()
        steps = JournalSteps(journal.record, the_run.console)
        job = Job(
            run_id=None if journal.record is None else journal.record.id,
            steps=steps,
            control=the_run.control,
            expect=progress.expect,
            done=progress.count,
        )

        def operation(aws_provider: "AwsClientProvider") -> "Iterable[object]":
            return work.write(aws_provider, job)

        if the_run.fleet.is_many:
            rows = target_rows(the_run.console, with_target=the_run.fleet.is_chosen)
            return run_in_many(operation, the_run, the_run.fleet.reader_for, rows, journal, progress)
        return _run_in_the_one(operation, the_run, journal, progress, steps)


def _run_in_the_one(
    operation: "Operation", the_run: "Run", journal: RunJournal, progress: "Progress", steps: JournalSteps
) -> ExitCode:
    """Run in the only target; its error is raised, for the error boundary."""
    tally = OutcomeTally(1)
    try:
        _work_in_the_one(operation, the_run, journal, progress, tally)
    except BaseException:
        if steps.is_used:
            _say_how_to_go_on(the_run, journal, tally)
        raise
    # Of a resumed run it is said afterwards how it stands as a whole.
    if tally.left and the_run.resumption is None:
        _say_how_to_go_on(the_run, journal, tally)
    return tally.exit_code(the_run.control)


def _work_in_the_one(
    operation: "Operation", the_run: "Run", journal: RunJournal, progress: "Progress", tally: OutcomeTally
) -> None:
    fleet, control = the_run.fleet, the_run.control
    with (
        target_rows(the_run.console, with_target=fleet.is_chosen) as on_row,
        ending_in_good_order(control),
        the_run.showing(progress),
    ):
        for outcome in the_run.engine.run_in_each(
            operation, fleet.targets, fleet.reader_for, on_row, control=control, explain=fleet.explain
        ):
            journal.outcome(outcome)
            tally.add(outcome)
            if outcome.error is not None:
                raise FailedInTarget(outcome.target) from outcome.error


def _say_how_to_go_on(the_run: "Run", journal: RunJournal, tally: OutcomeTally) -> None:
    how = journal.how_to_go_on(left=tally.left, failed=tally.failed)
    the_run.console.warn(f"ended early; what was read until then is kept{how}")
