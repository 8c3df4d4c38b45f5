"""``runs resume``: the same command again, for exactly what is left of it."""

import os
from dataclasses import replace

from click.exceptions import Exit, UsageError

from aws_operations.journal import Journal, NothingToResume, RunIsHeld, RunState, RunSummary
from commands.app import Invocation
from commands.console import Console
from commands.exit_codes import ConfigurationProblem, ExitCode, is_loaded_kind
from commands.journaling import Resumption, how_to_go_on, settings_of_kept
from commands.options import PROGRAM, Settings
from commands.parameters import HERE
from commands.root import root
from commands.shapes import Shape
from commands.wording import counted


def resume(
    wanted: str, console: Console, *, with_failed: bool, given: Settings, on: str | None = None
) -> int:
    """Go on with a run and return the exit code for how it stands afterwards.

    ``given`` says how results are shown, and whether what was not agreed on before is agreed on now. ``on``
    is where to work, ``local`` or a scheduler's address; ``None`` is where the run was begun. Raises
    ``NoSuchRun``, ``RunIsHeld``, ``NothingToResume`` and ``OtherAccount``, and ``ConfigurationProblem`` where
    the run cannot be done from here.
    """
    with Journal() as journal:
        run = journal.find(wanted)
        if run.state is RunState.RUNNING:
            raise RunIsHeld(run.id, run.process_id)
        if (run.is_writing and not run.has_plan) or not run.counts.targets:
            raise NothingToResume(run.id, is_writing=run.is_writing)
        if not _has_something_to_do(run, with_failed=with_failed):
            run = _ended(run, journal)
            console.note(_standing(run))
            return _exit_code(run)
        settings = _moved(settings_of_kept(run.settings, given), on)
        if run.is_writing and not settings.dry_run and (given.dry_run or given.plan_out):
            raise UsageError("what was agreed on is made: --dry-run and --plan-out are for a new run")
        if given.plan_out and not (run.is_writing or settings.dry_run):
            raise UsageError("--plan-out saves changes, and this run makes none")
        _go_to(run)
        resumption = Resumption(journal, run, journal.resume(run), settings, with_failed)
        try:
            code = _gone_on_with(resumption, console)
        finally:
            # Only where it did not come as far as to end by itself.
            resumption.record.end(None, run.reason or "not resumed")
        now = journal.find(run.id)
        console.note(_standing(now))
        return code or _exit_code(now)


def _ended(run: RunSummary, journal: Journal) -> RunSummary:
    """Return a run that has nothing left to do as one that came to its end, however its process did."""
    if run.state not in {RunState.KILLED, RunState.INTERRUPTED}:
        return run
    journal.resume(run).end()
    return journal.find(run.id)


def _moved(settings: Settings, on: str | None) -> Settings:
    """Return the settings for work in another place; who acts, where, and how fast, stays as it was."""
    if on is None:
        return settings
    if on == HERE:
        return replace(settings, engine=HERE, scheduler=None)
    return replace(settings, engine="dask", scheduler=on)


def _gone_on_with(resumption: Resumption, console: Console) -> int:
    try:
        return _gone_on_there(resumption, console)
    except Exception as error:
        if not is_loaded_kind(error, "aws_operations.cluster", "ClusterUnusable"):
            raise
        here = f"{PROGRAM} runs resume {resumption.run.id} --on {HERE}"
        raise ConfigurationProblem(f"{error}; go on without it: {here}, or --on another scheduler") from error


def _gone_on_there(resumption: Resumption, console: Console) -> int:
    invocation = Invocation(resumption=resumption)
    if resumption.run.is_writing and not resumption.targets():
        # Its changes are in the journal: the command need not be understood again.
        return invocation.run_in_targets(Shape.CHANGES, None, resumption.settings, console)
    try:
        with root.make_context(PROGRAM, list(resumption.run.arguments), obj=invocation) as ctx:
            root.invoke(ctx)
    except Exit as end:
        return end.exit_code
    return ExitCode.COMPLETE


def _go_to(run: RunSummary) -> None:
    """Work where the run was begun: the paths in its arguments and changes are from there."""
    if not run.directory:
        return
    try:
        os.chdir(run.directory)
    except OSError as error:
        raise ConfigurationProblem(
            f"{run.directory}: {error.strerror}; run {run.id} was begun there, and can be resumed only there"
        ) from error


def _has_something_to_do(run: RunSummary, *, with_failed: bool) -> bool:
    counts = run.counts
    if with_failed and (counts.targets_failed or counts.changes_failed or counts.targets_left):
        return True
    if run.is_writing:
        return bool(counts.changes_left or counts.changes_unknown)
    return bool(counts.targets_left)


def _exit_code(run: RunSummary) -> ExitCode:
    counts = run.counts
    if counts.changes_unknown:
        return ExitCode.UNKNOWN
    is_partial = counts.targets_failed or counts.targets_left or counts.changes_failed or counts.changes_left
    return ExitCode.PARTIAL if is_partial else ExitCode.COMPLETE


def _standing(run: RunSummary) -> str:
    """Return how a run stands, and what can be done about it, in one line."""
    counts = run.counts
    what = [
        f"{counts.targets_done} of {counted(counts.targets, 'target')} done",
        f"{counts.targets_failed} failed" if counts.targets_failed else "",
    ]
    if run.is_writing:
        what += [
            f"{counted(counts.changes_applied, 'change')} made",
            f"{counts.changes_failed} failed" if counts.changes_failed else "",
            f"{counts.changes_unknown} unknown" if counts.changes_unknown else "",
            f"{counts.changes_left} left" if counts.changes_left else "",
        ]
    said = ", ".join(part for part in what if part)
    return f"run {run.id} is {run.state.value}: {said}{_advice(run)}"


def _advice(run: RunSummary) -> str:
    counts = run.counts
    failed = counts.targets_failed + counts.changes_failed
    if not run.is_writing:
        return how_to_go_on(run.id, left=counts.targets_left, failed=failed, unknown=0)
    # Where nothing is planned yet, there is nothing that was agreed on.
    failed += counts.targets_left
    return how_to_go_on(run.id, left=counts.changes_left, failed=failed, unknown=counts.changes_unknown)
