"""Goes on with the changes of a run: looks first at those that were begun, then makes those that are left."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING

from aws_interactions.aws_errors import Conflict
from aws_operations.changes import Change, ChangeResult, ResultStatus
from aws_operations.fleet import Outcome, run_work
from aws_operations.journal import ChangeRecord, ChangeState, needs_lost_value, read_back_each
from aws_operations.plan_spool import PlanSpool
from aws_operations.targets import Target
from commands.change_applying import Take, applied, carry_out, check_kinds, exit_code_of
from commands.change_planning import Planner, plan_in_each, saying_nothing_was_changed
from commands.change_tally import ChangeTally
from commands.consent import has_consent
from commands.exit_codes import ExitCode
from commands.guarding import stopped_by_guards
from commands.interruption import ending_in_good_order
from commands.journaling import Resumption, RunJournal
from commands.options import PROGRAM
from commands.wording import counted

if TYPE_CHECKING:
    from commands.progress import Progress
    from commands.run_setup import Run

_BEGUN = (ChangeState.STARTED, ChangeState.UNKNOWN)
_NOT_BEGUN = (ChangeState.PLANNED, ChangeState.SKIPPED)
_MOST_NAMES = 5
_LEFT_OVER = "--left-over"


def resume_changes(planner: Planner | None, the_run: "Run", resumption: Resumption) -> ExitCode:
    """Do what is left of a run's changes and return the exit code.

    What was agreed on is not asked again. With a planner, what could not be planned before is planned in
    the run's targets, and asked about as ever.
    """
    console, tally = the_run.console, ChangeTally()
    with RunJournal(the_run, is_writing=True) as journal, PlanSpool() as begun, PlanSpool() as left:
        journal.begin()
        if planner is not None:
            ended = _plan_again(planner, the_run, tally, journal)
            if ended is not None:
                return ended
        work = _Unfinished(the_run, resumption, journal, tally, begun, left)
        work.find()
        for unfinished in (begun, left):
            check_kinds(unfinished, the_run)
        with saying_nothing_was_changed(console):
            stopped = stopped_by_guards(work.all_to_make(), the_run)
        if stopped is not None:
            return stopped
        if work.total:
            console.note(f"run {resumption.run.id}: {work.in_words()}")
            phases = (work.look_at_begun, work.make, work.pass_over)
            carry_out(phases, work.total, the_run, tally, journal, _nobody_watches)
        code = exit_code_of(work.total, the_run, tally, journal)
        if work.without_value:
            console.error(work.what_has_no_value())
        if any(word.partition("=")[0] == _LEFT_OVER for word in resumption.run.arguments):
            # Lines are kept by the command, from its file; what goes on here is from the journal.
            console.warn(
                f"no file for {_LEFT_OVER} is written by a resume, and lines of one from before may be "
                f"carried out by now; see which are not: {PROGRAM} runs show {resumption.run.id} --changes"
            )
        return ExitCode.PARTIAL if work.without_value and code is ExitCode.COMPLETE else code


def _nobody_watches(_result: ChangeResult) -> None:
    pass


def _plan_again(planner: Planner, the_run: "Run", tally: ChangeTally, journal: RunJournal) -> ExitCode | None:
    """Plan in the targets where that failed, and have it agreed on; an exit code ends the run."""
    console, outcomes = the_run.console, list[Outcome]()
    with PlanSpool() as fresh:
        with saying_nothing_was_changed(console):
            with ending_in_good_order(the_run.control, at_once=True):
                is_planned = plan_in_each(planner, the_run, fresh, tally, outcomes.append)
            if not is_planned:
                console.warn("--deadline came while it was planned; nothing was changed")
                return ExitCode.UNKNOWN
            stopped = stopped_by_guards(fresh, the_run)
            if stopped is not None:
                return stopped
            reader_for = the_run.fleet.reader_for
            is_agreed = not fresh.pending or has_consent(fresh, the_run.settings, console, reader_for)
        if not is_agreed:
            console.note("declined; nothing was changed")
            return ExitCode.DECLINED
        journal.plan_changes(fresh)
    for outcome in outcomes:
        journal.outcome(outcome)
    return None


@dataclass(slots=True)
class _Unfinished:
    """The changes of a run that have no result, or are to be tried again."""

    the_run: "Run"
    resumption: Resumption
    journal: RunJournal
    tally: ChangeTally
    begun: PlanSpool
    left: PlanSpool
    without_value: list[Change] = field(default_factory=list)
    was_not_carried_out: bool = False

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.begun) + len(self.left) + len(self.without_value)

    def all_to_make(self) -> Iterable[Change]:
        """Return the changes that may be made: what was begun may turn out not to have been."""
        return chain(self.begun, self.left) if len(self.begun) else self.left

    def find(self) -> None:
        """Spool what was begun and what was not; asks for the secret values that these store."""
        self.begun.add(record.change for record in self._records(_BEGUN))
        self.left.add(self._not_begun())
        lost = [*self.without_value, *filter(needs_lost_value, self.begun)]
        if lost:
            # It takes a while to load, and few runs store secrets.
            hold_what_can_be_had = import_module("commands.secret_input").hold_what_can_be_had
            with saying_nothing_was_changed(self.the_run.console):
                hold_what_can_be_had(lost)
        without, self.without_value = self.without_value, []
        for change in without:
            if needs_lost_value(change):
                self.without_value.append(change)
            else:
                self.left.add([change])

    @property
    def _again(self) -> tuple[ChangeState, ...]:
        return (ChangeState.FAILED,) if self.resumption.with_failed else ()

    def _not_begun(self) -> Iterator[Change]:
        self.without_value.clear()
        for record in self._records((*_NOT_BEGUN, *self._again)):
            if record.state is ChangeState.SKIPPED and not record.is_left:
                continue
            if needs_lost_value(record.change):
                self.without_value.append(record.change)
            else:
                yield record.change

    def _records(self, states: Collection[ChangeState]) -> Iterator[ChangeRecord]:
        return self.resumption.journal.changes(self.resumption.run, states)

    def in_words(self) -> str:
        """Return what will be done."""
        parts = []
        if len(self.begun):
            parts.append(f"looks at {counted(len(self.begun), 'change')} that may have been made")
        if len(self.left):
            again = " or failed" if self.resumption.with_failed else ""
            were = "was" if len(self.left) == 1 else "were"
            parts.append(f"makes {counted(len(self.left), 'change')} that {were} left{again}")
        return ", then ".join(parts) or "nothing of it can be made"

    def look_at_begun(self, take: Take, progress: "Progress") -> Iterator[Outcome]:
        """Ask AWS of each change that was begun; what was not carried out is left again."""
        reader_for = self.the_run.fleet.reader_for

        def look_in(target: Target) -> Iterator[ChangeResult]:
            for result in read_back_each(self.begun.changes_in(target), reader_for):
                if result.status is ResultStatus.FAILED:
                    self.journal.not_begun([result.change])
                else:
                    self.journal.note(result)
                    progress.add(is_failed=result.status is ResultStatus.UNKNOWN)
                yield result

        def take_known(target: Target, result: object) -> None:
            if isinstance(result, ChangeResult) and result.status is not ResultStatus.FAILED:
                take(target, result)
            else:
                self.was_not_carried_out = True

        return run_work(
            look_in,
            self.begun.targets(),
            take_known,
            workers=self.the_run.workers,
            in_order=self.the_run.in_order,
            control=self.the_run.control,
            watcher=progress,
            may_hang=True,
        )

    def make(self, take: Take, progress: "Progress") -> Iterator[Outcome]:
        """Make what is left, in the order of the plan."""
        if not self.was_not_carried_out:
            yield from applied(self.left, self.the_run, self.tally, self.journal, take, progress)
            return
        with PlanSpool() as left:
            left.add(self._not_begun())
            yield from applied(left, self.the_run, self.tally, self.journal, take, progress)

    def pass_over(self, take: Take, progress: "Progress") -> Iterator[Outcome]:
        """Show what cannot be made any more as skipped; in the journal it stays left."""
        for change in self.without_value:
            error = Conflict(f"{change.resource}: its value is gone", resource=change.resource)
            progress.add(is_failed=True)
            take(change.target, ChangeResult(change, ResultStatus.SKIPPED, error))
        yield from ()

    def what_has_no_value(self) -> str:
        """Return the line about secret values that only the process held that began the run."""
        names = [change.resource for change in self.without_value[:_MOST_NAMES]]
        more = " and others" if len(self.without_value) > _MOST_NAMES else ""
        return (
            f"{counted(len(self.without_value), 'secret value')} had to be stored, and values are never kept "
            f"({', '.join(names)}{more}): give the command again for them"
        )
