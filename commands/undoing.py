"""Undoes a run: plans the inverse of what it changed, and carries that out as a run of its own."""

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.changes import Change
from aws_operations.journal import (
    LAST,
    ChangeState,
    Journal,
    RunIsHeld,
    RunState,
    RunSummary,
)
from aws_operations.plan_spool import PlanSpool
from aws_operations.targets import Target
from aws_operations.undo import NotUndone, NotUndoneSpool, made_changes, plan_undo
from commands.app import Invocation
from commands.console import Console
from commands.error_lines import place, redacted
from commands.exit_codes import ExitCode
from commands.journaling import check_base_account, settings_of_kept
from commands.options import PROGRAM, Settings
from commands.parameters import HERE
from commands.shapes import Shape, TargetPlanner
from commands.target_setup import FleetFromBefore, KnownTargets
from commands.wording import counted

_TO_LOOK_AT = (ChangeState.APPLIED, ChangeState.STARTED, ChangeState.UNKNOWN, ChangeState.FAILED)


def undo(wanted: str, console: Console, *, given: Settings, invocation: Invocation) -> int:
    """Undo a run and return the exit code.

    ``given`` has what is of the moment: consent, guards, dry run, plan file. In an undo that is resumed, what
    could not be planned before is planned again. ``last`` is the last run whose changes were agreed on, or
    will be. Raises ``NoSuchRun``, ``RunIsHeld``, ``OtherAccount``.
    """
    with Journal() as journal, PlanSpool() as made, NotUndoneSpool() as not_undone:
        run = _last_that_was_agreed_on(journal) if wanted == LAST else journal.find(wanted)
        if run is None:
            return _say_there_is_none(console)
        if run.state is RunState.RUNNING:
            raise RunIsHeld(run.id, run.process_id)
        undoing = _Undoing(run, made, not_undone, console, _targets_to_resume(invocation))
        undoing.undone_by = _run_that_undid(run, journal) if invocation.resumption is None else None
        made.add(made_changes(journal.changes(run, _TO_LOOK_AT, newest_first=True), undoing.refuse))
        if not made.targets():
            return undoing.say_nothing_was_made()
        if invocation.resumption is None:
            console.note(f"undoing run {run.id}: {shlex.join([PROGRAM, *run.arguments])}")
            # It goes on later with the same run, whichever is the last by then.
            invocation.arguments = tuple(run.id if word == wanted else word for word in invocation.arguments)
            settings = replace(
                settings_of_kept(run.settings, given), dry_run=given.dry_run, engine=HERE, scheduler=None
            )
        else:
            settings = invocation.resumption.settings
        code = invocation.run_in_targets(
            Shape.CHANGES, undoing.planner, settings, console, known=_fleet_of(run, made)
        )
        return undoing.exit_code(code)


def _last_that_was_agreed_on(journal: Journal) -> RunSummary | None:
    for run in reversed(journal.runs()):
        if run.is_writing and (run.state is RunState.RUNNING or run.has_plan):
            return run
    return None


def _run_that_undid(run: RunSummary, journal: Journal) -> str | None:
    """Return the last run that took changes of a run back, by what was typed."""
    undoing = (
        each.id
        for each in reversed(journal.runs())
        if {"undo", run.id} <= set(each.arguments) and each.is_writing and each.counts.changes_applied
    )
    return next(undoing, None)


def _say_there_is_none(console: Console) -> ExitCode:
    with console.rows():
        pass
    console.note("no run has changed anything: there is nothing to undo")
    return ExitCode.COMPLETE


def _targets_to_resume(invocation: Invocation) -> frozenset[Target] | None:
    resumption = invocation.resumption
    return None if resumption is None else frozenset(resumption.targets())


def _fleet_of(run: RunSummary, made: PlanSpool) -> FleetFromBefore:
    targets = made.targets()
    accounts = {each.aws_profile: each.aws_account for each in targets if each.aws_profile}
    return FleetFromBefore(
        KnownTargets(targets, len(targets), {name: account for name, account in accounts.items() if account}),
        lambda base: check_base_account(run, base),
    )


@dataclass(slots=True)
class _Undoing:
    """What is made of the changes of a run: their inverses, and the reasons why there are none.

    ``only_in`` are the targets in which it is planned again; ``None`` is all. ``undone_by`` is a run that
    took the changes back before.
    """

    run: RunSummary
    made: PlanSpool
    not_undone: NotUndoneSpool
    console: Console
    only_in: frozenset[Target] | None
    inverses: Counter[Target] = field(default_factory=Counter)
    undone_by: str | None = None

    @property
    def planner(self) -> TargetPlanner:
        """What plans the inverses in each target, and says then what there are none for."""
        return TargetPlanner(self._plan, planned=self._say_what_is_not_undone)

    def _plan(self, target: Target, aws_provider: AwsClientProvider) -> Iterator[Change]:
        for inverse in plan_undo(self.made.changes_in(target), aws_provider, self.refuse):
            # Each target has one thread, and a number of its own.
            self.inverses[target] += 1
            yield inverse

    def refuse(self, refused: NotUndone) -> None:
        """Take note of a change that is not taken back; for all threads."""
        if self.only_in is None or refused.change.target in self.only_in:
            self.not_undone.add(refused)

    def _say_what_is_not_undone(self) -> None:
        """Say so of each change, a line each, those of a target together."""
        for refused in self.not_undone:
            change = refused.change
            what = f"{change.kind} of {change.resource} in {place(change.target)}"
            self.console.warn(f"not undone: {what}: {redacted(refused.reason)}")
        if self.not_undone:
            many = counted(len(self.not_undone), "change")
            again = f": undone already by run {self.undone_by}" if self._was_undone else ""
            self.console.note(f"{many} of run {self.run.id} cannot be undone{again}")

    @property
    def _was_undone(self) -> bool:
        return self.undone_by is not None and not self.inverses.total()

    def say_nothing_was_made(self) -> ExitCode:
        """Say that there is nothing to undo, or nothing that can be, and return the exit code."""
        with self.console.rows():
            pass
        if self.not_undone:
            self._say_what_is_not_undone()
            return ExitCode.DECLINED
        self.console.note(f"run {self.run.id} changed nothing: there is nothing to undo")
        return ExitCode.COMPLETE

    def exit_code(self, code: int) -> int:
        """Return the exit code of an undo whose own changes ended with this one."""
        if code != ExitCode.COMPLETE or not self.not_undone:
            return code
        return ExitCode.PARTIAL if self.inverses.total() else ExitCode.DECLINED
