"""Takes what a command body returned through targets, planning, confirming, applying and rendering.

One runner for every command: what each target's honest result is, and the exit code, are decided here.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.fleet import Operation, ProviderFor
from aws_operations.outcomes import OnRow
from aws_operations.targets import name_in
from commands.console import Console
from commands.engines import engine_for
from commands.exit_codes import ExitCode, FailedInTarget
from commands.interruption import ending_in_good_order
from commands.journaling import RunJournal
from commands.many_targets import run_in_many, target_rows
from commands.options import Settings
from commands.outcome_tally import OutcomeTally
from commands.run_setup import Run, begun_run
from commands.shapes import FileWork, JobWork, MakingWork, Shape, ValueRow
from commands.target_setup import Fleet, FleetFromBefore

if TYPE_CHECKING:
    from commands.journaling import Resumption


def run(
    shape: Shape,
    work: Any,
    settings: Settings,
    console: Console,
    *,
    arguments: tuple[str, ...] = (),
    resumption: "Resumption | None" = None,
    known: FleetFromBefore | None = None,
) -> int:
    """Run what a command returned in each of its targets and return the exit code.

    ``arguments`` are the words that were typed, for the journal. With ``resumption`` it is a run from before
    that goes on, in what is left of its targets; with ``known`` the targets are those. The errors of a single
    target are raised, for the one error boundary to show.
    """
    if shape is Shape.SESSION:
        return work(console) or ExitCode.COMPLETE
    held_note = console.note if resumption is not None and resumption.run.is_of_plan_file else None
    with engine_for(settings, shape, held_note=held_note) as engine:
        the_run = begun_run(
            settings,
            console,
            arguments=arguments,
            resumption=resumption,
            is_writing=shape is Shape.CHANGES,
            is_long=isinstance(work, JobWork),
            known=known,
        )
        if the_run is None:
            return ExitCode.UNKNOWN
        return _run_on(replace(the_run, engine=engine), shape, work)


def _run_on(the_run: Run, shape: Shape, work: Any) -> int:
    if shape is Shape.ROWS:
        return _run_rows(work, the_run)
    if shape is Shape.CHANGES:
        # Loaded here only: planning brings SQLite with it, which reads can do without.
        from commands.change_runner import run_changes

        if isinstance(work, MakingWork):
            _check_names_differ(work.name, f"make the same {work.thing}", the_run.fleet)
        return run_changes(work, the_run)
    return _run_bytes(work, the_run)


def _run_rows(operation: Operation, the_run: Run) -> ExitCode:
    rows = target_rows(the_run.console, with_target=the_run.fleet.is_chosen)
    return _run_each(operation, the_run, the_run.fleet.reader_for, rows)


def _run_bytes(work: Operation | FileWork | JobWork, the_run: Run) -> ExitCode:
    fleet, settings, console = the_run.fleet, the_run.settings, the_run.console
    if isinstance(work, JobWork):
        # Loaded here: most commands are no jobs.
        from commands.job_runner import run_job

        _check_names_differ(work.destination, "write the same file", fleet)
        return _run_rows(work.preview, the_run) if settings.dry_run else run_job(work, the_run)
    if isinstance(work, FileWork):
        _check_names_differ(work.destination, "write the same file", fleet)
        return _run_rows(work.preview if settings.dry_run else work.write, the_run)
    provider_for = fleet.reader_for if settings.dry_run else fleet.providers.provider_for
    if fleet.is_many:
        # Raw values one after the other could not be told apart.
        rows = target_rows(console, with_target=True)
        return _run_each(partial(_as_rows, work), the_run, provider_for, rows)
    if settings.query is not None:
        raise click.UsageError("--query is asked of rows, and with one target this prints a bare value")
    return _run_each(work, the_run, provider_for, _raw_values(console))


@contextmanager
def _raw_values(console: Console) -> Iterator[OnRow]:
    yield lambda _, chunk: console.write(chunk)  # type: ignore[arg-type] # work of shape BYTES
    console.flush()


def _as_rows(work: Operation, aws_provider: AwsClientProvider) -> Iterator[ValueRow]:
    return (ValueRow.of(chunk) for chunk in work(aws_provider))


def _check_names_differ(name: str, what_for: str, fleet: Fleet) -> None:
    """Refuse a name that is the same in two targets, where only one of them can have it."""
    names = {name_in(target, name) for target in fleet.targets}
    if len(names) < len(fleet.targets):
        missing = " or ".join(part for part in ("{account}", "{region}") if part not in name)
        advice = f"put {missing} into its name" if missing else "several profiles are in the same account"
        raise click.UsageError(f"{len(fleet.targets)} targets would {what_for} {name}; {advice}")


def _run_each(
    operation: Operation, the_run: Run, provider_for: ProviderFor, rows: AbstractContextManager[OnRow]
) -> ExitCode:
    if not the_run.fleet.is_many:
        return _run_in_the_one(operation, the_run, provider_for, rows)
    with RunJournal(the_run, is_writing=False) as journal:
        journal.begin()
        return run_in_many(operation, the_run, provider_for, rows, journal)


def _run_in_the_one(
    operation: Operation, the_run: Run, provider_for: ProviderFor, rows: AbstractContextManager[OnRow]
) -> ExitCode:
    """Run in the only target; its error is raised, for the error boundary."""
    tally = OutcomeTally(1)
    fleet, control = the_run.fleet, the_run.control
    with ending_in_good_order(control, at_once=True), rows as on_row:
        for outcome in the_run.engine.run_in_each(
            operation, fleet.targets, provider_for, on_row, control=control, explain=fleet.explain
        ):
            tally.add(outcome)
            if outcome.error is not None:
                raise FailedInTarget(outcome.target) from outcome.error
    if tally.left:
        the_run.console.warn("--deadline came before the answer")
    return tally.exit_code(the_run.control)
