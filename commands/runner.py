"""Takes what a command body returned through targets, planning, confirming, applying and rendering.

One runner for every command: what each target's honest result is, and the exit code, are decided here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.fleet import DEFAULT_WORKERS, Operation, ProviderFor, run_in_each
from aws_operations.guards import UnexpectedAccount
from aws_operations.run_control import DEADLINE, RunControl
from aws_operations.targets import Target, TargetProviders, name_in, select_targets
from commands.console import Console
from commands.error_lines import error_line
from commands.exit_codes import ExitCode, FailedInTarget
from commands.interruption import ending_in_good_order
from commands.options import OutputFormat, Settings
from commands.outcome_tally import OutcomeTally
from commands.provider_setup import make_provider, role_settings
from commands.shapes import FileWork, MakingWork, Shape, ValueRow


@dataclass(frozen=True, slots=True)
class Fleet:
    """The targets of a run and the provider for each."""

    targets: list[Target]
    providers: TargetProviders
    is_chosen: bool
    """Whether accounts or regions were given: rows say then which target they are from, one or many."""

    @property
    def is_many(self) -> bool:
        """Whether there are several targets, so that the error of one is not the end of the run."""
        return len(self.targets) > 1

    def reader_for(self, target: Target) -> AwsClientProvider:
        """Return the provider that can only read in the target."""
        return self.providers.provider_for(target).read_only()


@dataclass(frozen=True, slots=True)
class Run:
    """What the parts of one run share."""

    fleet: Fleet
    settings: Settings
    console: Console
    control: RunControl

    @property
    def workers(self) -> int:
        """How many targets are worked on at a time."""
        return self.settings.workers or DEFAULT_WORKERS

    @property
    def in_order(self) -> bool:
        """Whether results are shown in the order of the targets; JSON lines come as they come."""
        return self.console.output is not OutputFormat.JSONL


def run(shape: Shape, work: Any, settings: Settings, console: Console) -> int:
    """Run what a command returned in each of its targets and return the exit code.

    The errors of a single target are raised, for the one error boundary to show.
    """
    if shape is Shape.SESSION:
        return work(console) or ExitCode.COMPLETE
    max_failures = 1 if settings.fail_fast else settings.max_failures
    control = RunControl(max_failures=max_failures, deadline_seconds=settings.deadline)
    the_run = Run(_fleet(settings), settings, console, control)
    if shape is Shape.ROWS:
        return _run_rows(work, the_run)
    if shape is Shape.CHANGES:
        # Loaded here only: planning brings SQLite with it, which reads can do without.
        from commands.change_runner import run_changes

        if isinstance(work, MakingWork):
            _check_names_differ(work.name, f"make the same {work.thing}", the_run.fleet)
        return run_changes(work, the_run)
    return _run_bytes(work, the_run)


def _fleet(settings: Settings) -> Fleet:
    base = make_provider(settings)
    providers = TargetProviders(base, role_settings(settings))
    targets = select_targets(settings.accounts, settings.regions, base.aws_region)
    if not settings.accounts and (settings.regions or settings.expect_account):
        account = providers.with_known_account(targets[0]).aws_account
        targets = [Target(target.aws_region, account) for target in targets]
    if settings.expect_account:
        _check_expected_account(settings.expect_account, targets)
    return Fleet(targets, providers, settings.chooses_targets)


def _check_expected_account(expected_account: str, targets: Iterable[Target]) -> None:
    for target in targets:
        if target.aws_account != expected_account:
            raise UnexpectedAccount(expected_account=expected_account, actual_account=str(target.aws_account))


def _run_rows(operation: Operation, the_run: Run) -> ExitCode:
    with the_run.console.rows(with_target=the_run.fleet.is_chosen) as writer:
        return _run_each(operation, the_run, the_run.fleet.reader_for, writer.write_from)


def _run_bytes(work: Operation | FileWork, the_run: Run) -> ExitCode:
    fleet, settings, console = the_run.fleet, the_run.settings, the_run.console
    if isinstance(work, FileWork):
        _check_names_differ(work.destination, "write the same file", fleet)
        return _run_rows(work.preview if settings.dry_run else work.write, the_run)
    provider_for = fleet.reader_for if settings.dry_run else fleet.providers.provider_for
    if fleet.is_many:
        # Raw values one after the other could not be told apart.
        with console.rows(with_target=True) as writer:
            return _run_each(partial(_as_rows, work), the_run, provider_for, writer.write_from)
    if settings.query is not None:
        raise click.UsageError("--query is asked of rows, and with one target this prints a bare value")
    exit_code = _run_each(work, the_run, provider_for, lambda _, chunk: console.write(chunk))
    console.flush()
    return exit_code


def _as_rows(work: Operation, aws_provider: AwsClientProvider) -> Iterator[ValueRow]:
    return (ValueRow.of(chunk) for chunk in work(aws_provider))


def _check_names_differ(name: str, what_for: str, fleet: Fleet) -> None:
    """Refuse a name that is the same in two targets, where only one of them can have it."""
    names = {name_in(target, name) for target in fleet.targets}
    if len(names) < len(fleet.targets):
        missing = " or ".join(part for part in ("{account}", "{region}") if part not in name)
        raise click.UsageError(
            f"{len(fleet.targets)} targets would {what_for} {name}; put {missing} into its name"
        )


def _run_each(
    operation: Operation, the_run: Run, provider_for: ProviderFor, on_row: Callable[[Target, Any], None]
) -> ExitCode:
    fleet, console, control = the_run.fleet, the_run.console, the_run.control
    if not fleet.is_many:
        return _run_in_the_one(operation, the_run, provider_for, on_row)
    tally = OutcomeTally(len(fleet.targets))
    try:
        with ending_in_good_order(control):
            for outcome in run_in_each(
                operation,
                fleet.targets,
                provider_for,
                on_row,
                workers=the_run.workers,
                in_order=the_run.in_order,
                control=control,
            ):
                tally.add(outcome)
                if outcome.is_failure and outcome.error is not None:
                    console.error(error_line(outcome.error, outcome.target, is_read=True))
    except (KeyboardInterrupt, SystemExit):
        console.warn(f"stopped early: {tally.summary()}")
        raise
    if control.reason == DEADLINE:
        console.warn(f"--deadline came: {tally.summary()}")
    else:
        console.note(tally.summary())
    return tally.exit_code(control)


def _run_in_the_one(
    operation: Operation, the_run: Run, provider_for: ProviderFor, on_row: Callable[[Target, Any], None]
) -> ExitCode:
    """Run in the only target; its error is raised, for the error boundary."""
    tally = OutcomeTally(1)
    for outcome in run_in_each(
        operation, the_run.fleet.targets, provider_for, on_row, control=the_run.control
    ):
        tally.add(outcome)
        if outcome.error is not None:
            raise FailedInTarget(outcome.target) from outcome.error
    if tally.left:
        the_run.console.warn("--deadline came before the answer")
    return tally.exit_code(the_run.control)
