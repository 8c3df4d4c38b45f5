"""``apply``: makes the changes of a plan file, once, if all still is as it was when they were planned."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import click

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import Conflict
from aws_interactions.local_files import CantReadFile
from aws_interactions.sts_interactions import get_caller_identity
from aws_operations.applying import recheck_changes
from aws_operations.changes import Change, ChangeResult, change_kind
from aws_operations.fleet import Outcome, OutcomeStatus, run_work
from aws_operations.guards import GuardRefused
from aws_operations.journal import Journal, PlanUsed, RunState
from aws_operations.plan_file import SavedPlan, identity_of, open_plan
from aws_operations.plan_refusals import PlanDrifted, PlanInUse, PlanOfSomebodyElse
from aws_operations.plan_spool import PlanSpool
from aws_operations.targets import Target
from commands.change_planning import saying_nothing_was_changed
from commands.change_runner import carry_out_guarded
from commands.change_tally import ChangeTally
from commands.console import Console
from commands.engines import NarrowedEngine
from commands.error_lines import error_line, one_line, place, redacted
from commands.exit_codes import ConfigurationProblem, ExitCode
from commands.guarding import stopped_by_guards
from commands.interruption import ending_in_good_order
from commands.journaling import RunJournal, settings_of_kept
from commands.options import PROGRAM, Settings
from commands.parameters import HERE
from commands.run_setup import Run, begun_run
from commands.secret_input import hold_again
from commands.target_setup import FleetFromBefore, KnownTargets
from commands.wording import counted

_MOST_LINES = 20
_LONGEST_RACE, _LOOK_SECONDS = 2.0, 0.05
_LEFT_OVER = "--left-over"


def apply_plan(path: Path, console: Console, *, given: Settings, arguments: tuple[str, ...]) -> int:
    """Check a plan, have it agreed on and make its changes; return the exit code.

    ``given`` has what is of the moment: consent, guards, dry run, how results are shown. Raises
    ``PlanFileBroken`` and, with nothing changed, the ``GuardRefused`` kinds: ``PlanExpired``,
    ``PlanFromTheFuture``, ``PlanUsed``, ``PlanInUse``, ``PlanOfSomebodyElse``, ``PlanDrifted``.
    """
    if given.plan_out is not None:
        raise click.UsageError("--plan-out: the plan is in a file already; apply it, or make another one")
    with open_plan(path) as plan, PlanSpool() as spool:
        with saying_nothing_was_changed(console):
            plan.check_not_expired()
            _check_unused(plan)
            settings = _settings(plan, given)
            spool.add(plan)
            _check_known(plan, spool)
            _go_to(plan, spool)
            the_run = begun_run(
                settings, console, arguments=arguments, is_writing=True, known=_fleet_of(plan, spool)
            )
            if the_run is None:
                return ExitCode.UNKNOWN
            the_run = replace(the_run, engine=NarrowedEngine(console.note))
            check = _Recheck(plan, spool, the_run)
            ended = stopped_by_guards(spool, the_run) or check.run()
        if ended is not None:
            return ended
        with _PlanJournal(the_run, plan) as journal:
            for outcome in check.outcomes():
                journal.outcome(outcome)
            return carry_out_guarded(spool, the_run, ChangeTally(), journal)


def _check_unused(plan: SavedPlan) -> None:
    with Journal() as journal:
        run = journal.run_of_plan(plan.id)
    if run is not None:
        counts = run.counts
        raise PlanUsed(
            run.id,
            is_under_way=run.state is RunState.RUNNING,
            has_left=bool(counts.changes_left or counts.changes_unknown),
            has_failed=bool(counts.changes_failed),
        )


def _settings(plan: SavedPlan, given: Settings) -> Settings:
    if given.record is not None:
        # As it was meant where it was typed.
        given = replace(given, record=given.record.absolute())
    kept = settings_of_kept(plan.header.settings, given, what_kept_them=f"made the plan {plan.path}")
    return replace(kept, dry_run=given.dry_run, engine=HERE, scheduler=None)


def _check_known(plan: SavedPlan, spool: PlanSpool) -> None:
    for part in spool.summary():
        try:
            change_kind(part.kind)
        except KeyError as error:
            raise ConfigurationProblem(
                f"{plan.path}: another version of {PROGRAM} made the plan: nothing here is called {part.kind}"
            ) from error


def _go_to(plan: SavedPlan, spool: PlanSpool) -> None:
    """Work where the plan was made, for the paths in its changes are from there."""
    directory = plan.header.directory
    try:
        os.chdir(directory)
    except OSError as error:
        if not any(map(_is_file_from_there, spool)):
            return
        if not directory:
            raise ConfigurationProblem(
                f"nobody knows in which folder the plan {plan.path} was made, and it names files from there; "
                "make it again"
            ) from error
        raise ConfigurationProblem(
            f"{directory}: {error.strerror}; the plan {plan.path} was made there, and the files that it "
            "names are there"
        ) from error


def _is_file_from_there(change: Change) -> bool:
    ref = change.payload_ref or ""
    # Secret values tell of whole paths.
    return ref != "" and not ref.startswith("held:") and not Path(ref).is_absolute()


def _note_left_out(plan: SavedPlan, console: Console) -> None:
    if plan.header.left_out:
        console.note(
            f"{counted(plan.header.left_out, 'target')} could not be planned when the plan was made: it is "
            "without them"
        )


def _warn_of_left_over(plan: SavedPlan, console: Console) -> None:
    if any(word.partition("=")[0] == _LEFT_OVER for word in plan.header.arguments):
        console.warn(
            f"no file for {_LEFT_OVER} is written; what failed is in: {PROGRAM} runs show last --changes"
        )


def _fleet_of(plan: SavedPlan, spool: PlanSpool) -> FleetFromBefore:
    targets = spool.targets()
    accounts = {str(each.aws_profile): str(each.aws_account) for each in targets if each.aws_profile}
    known = KnownTargets(targets, len(targets), accounts)
    return FleetFromBefore(known, partial(_check_identity, plan))


def _check_identity(plan: SavedPlan, base: AwsClientProvider) -> None:
    header = plan.header
    if header.identity is None:
        return
    caller = get_caller_identity(base)
    actual = identity_of(caller.arn)
    if (caller.account, actual) != (header.account, header.identity):
        raise PlanOfSomebodyElse(plan.path, made_as=header.identity, actual=actual)


def _hold(plan: SavedPlan) -> None:
    """Make the plan this process's; raises ``PlanUsed``, and ``PlanInUse`` where nobody says by which run."""
    end = time.monotonic() + _LONGEST_RACE
    while True:
        try:
            plan.hold()
        except PlanInUse:
            # Who holds it is about to write down which run it is.
            _check_unused(plan)
            if time.monotonic() > end:
                raise
            time.sleep(_LOOK_SECONDS)
        else:
            break
    _check_unused(plan)


class _PlanJournal(RunJournal):
    """Begins the run only once the plan is this process's, and keeps whose it is."""

    def __init__(self, the_run: Run, plan: SavedPlan) -> None:
        super().__init__(the_run, is_writing=True, plan_id=plan.id)
        self._plan = plan

    def begin(self) -> None:
        """Take the plan, then write down that the run begins; raises the ``GuardRefused`` kinds."""
        if not self.has_begun:
            _hold(self._plan)
            # Somebody may have thought about it for long.
            self._plan.check_not_expired()
        super().begin()


@dataclass(slots=True)
class _Recheck:
    """Looks again at everything that the plan is about; reads only."""

    plan: SavedPlan
    spool: PlanSpool
    the_run: Run
    seen: Counter[Target] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    drifted: int = 0
    unseen: int = 0

    def run(self) -> ExitCode | None:
        """Look at it all; an exit code means that it was stopped. Raises ``PlanDrifted``.

        Asks first for the secret values that the changes store.
        """
        hold_again(self.spool)
        _note_left_out(self.plan, self.the_run.console)
        _warn_of_left_over(self.plan, self.the_run.console)
        the_run, targets, done = self.the_run, self.spool.targets(), 0
        progress = the_run.progress("changes looked at", len(self.spool), counts_targets=False)

        def look_in(target: Target) -> Iterator[ChangeResult]:
            self._check_who_acts_in(target)
            return recheck_changes(counting(target), the_run.fleet.reader_for)

        def counting(target: Target) -> Iterator[Change]:
            for change in self.spool.changes_in(target):
                # Each target has one thread, and a number of its own.
                self.seen[target] += 1
                progress.add(is_failed=False)
                yield change

        with ending_in_good_order(the_run.control, at_once=True), the_run.showing(progress):
            for outcome in run_work(
                look_in,
                targets,
                self._take,  # type: ignore[arg-type] # the rows are results
                workers=the_run.workers,
                in_order=True,
                control=the_run.control,
                explain=the_run.explain,
                watcher=progress,
            ):
                done += 1
                self._take_outcome(outcome)
        if done < len(targets):
            return self._stopped()
        self._refuse_what_drifted()
        return None

    def outcomes(self) -> Iterator[Outcome]:
        """Yield what the journal keeps of each target: that it is planned, and how many changes there are."""
        for target, count in self.seen.items():
            yield Outcome(target, OutcomeStatus.ROWS, count, 0.0)

    def _check_who_acts_in(self, target: Target) -> None:
        self.the_run.fleet.providers.with_known_account(target)
        made_as = self.plan.header.profiles.get(target.aws_profile or "")
        if made_as is None:
            return
        actual = identity_of(get_caller_identity(self.the_run.fleet.reader_for(target)).arn)
        if actual != made_as:
            raise PlanOfSomebodyElse(self.plan.path, made_as=made_as, actual=actual)

    def _take(self, target: Target, result: ChangeResult) -> None:
        error = result.error
        if isinstance(error, Conflict):
            self.drifted += 1
            self._note(f"{one_line(str(error))} in {place(target)}")
        elif error is not None:
            self.unseen += 1
            self._note(error_line(error, target, is_read=True))

    def _take_outcome(self, outcome: Outcome) -> None:
        if isinstance(outcome.error, GuardRefused):
            raise outcome.error
        if outcome.error is not None:
            self.unseen += sum(not change.is_noop for change in self.spool.changes_in(outcome.target))
            self._note(error_line(outcome.error, outcome.target, is_read=True))

    def _note(self, line: str) -> None:
        if len(self.lines) < _MOST_LINES:
            self.lines.append(redacted(line))

    def _refuse_what_drifted(self) -> None:
        found = self.drifted + self.unseen
        if not found:
            return
        # What has moved may be the work of who applies this very plan; told where no file can be locked.
        with suppress(CantReadFile):
            _hold(self.plan)
        for line in self.lines:
            self.the_run.console.error(line)
        if found > len(self.lines) == _MOST_LINES:
            self.the_run.console.error(f"and {found - len(self.lines)} more")
        raise PlanDrifted(self.plan.path, drifted=self.drifted, unseen=self.unseen, total=self.spool.pending)

    def _stopped(self) -> ExitCode:
        console, watch = self.the_run.console, self.the_run.watch
        problem = watch and watch.problem("nothing was changed", "")
        if problem:
            console.error(problem)
            return ExitCode.CONFIGURATION
        console.warn("--deadline came while the plan was checked; nothing was changed")
        return ExitCode.UNKNOWN
