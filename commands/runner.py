"""Takes what a command body returned through targets, planning, confirming, applying and rendering.

One runner for every command: what each target's honest result is, and the exit code, are decided here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.fleet import Operation, Outcome, OutcomeStatus, run_in_each
from aws_operations.guards import UnexpectedAccount
from aws_operations.targets import Target, TargetProviders, name_in, select_targets
from commands.console import Console
from commands.error_lines import error_line
from commands.exit_codes import ExitCode, FailedInTarget, is_edge_kind
from commands.options import Settings
from commands.provider_setup import make_provider, role_settings
from commands.shapes import FileWork, MakingWork, Shape, ValueRow

_WORDS_BY_STATUS = {
    OutcomeStatus.ROWS: "answered",
    OutcomeStatus.NOTHING: "with nothing",
    OutcomeStatus.DENIED: "denied",
    OutcomeStatus.ERROR: "failed",
    OutcomeStatus.SKIPPED: "skipped",
}


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


def run(shape: Shape, work: Any, settings: Settings, console: Console) -> int:
    """Run what a command returned in each of its targets and return the exit code.

    The errors of a single target are raised, for the one error boundary to show.
    """
    if shape is Shape.SESSION:
        return work(console) or ExitCode.COMPLETE
    fleet = _fleet(settings)
    if shape is Shape.ROWS:
        return _run_rows(work, fleet, console)
    if shape is Shape.CHANGES:
        # Loaded here only: planning brings SQLite with it, which reads can do without.
        from commands.change_runner import run_changes

        if isinstance(work, MakingWork):
            _check_names_differ(work.name, f"make the same {work.thing}", fleet)
        return run_changes(work, fleet.targets, fleet.providers, settings, console)
    return _run_bytes(work, fleet, settings, console)


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


def _run_rows(operation: Operation, fleet: Fleet, console: Console) -> ExitCode:
    with console.rows(with_target=fleet.is_chosen) as writer:
        return _run_each(operation, fleet, fleet.reader_for, writer.write_from, console)


def _run_bytes(work: Operation | FileWork, fleet: Fleet, settings: Settings, console: Console) -> ExitCode:
    if isinstance(work, FileWork):
        _check_names_differ(work.destination, "write the same file", fleet)
        return _run_rows(work.preview if settings.dry_run else work.write, fleet, console)
    provider_for = fleet.reader_for if settings.dry_run else fleet.providers.provider_for
    if fleet.is_many:
        # Raw values one after the other could not be told apart.
        with console.rows(with_target=True) as writer:
            return _run_each(partial(_as_rows, work), fleet, provider_for, writer.write_from, console)
    if settings.query is not None:
        raise click.UsageError("--query is asked of rows, and with one target this prints a bare value")
    exit_code = _run_each(work, fleet, provider_for, lambda _, chunk: console.write(chunk), console)
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
    operation: Operation,
    fleet: Fleet,
    provider_for: Callable[[Target], AwsClientProvider],
    on_row: Callable[[Target, Any], None],
    console: Console,
) -> ExitCode:
    outcomes: list[Outcome] = []
    try:
        for outcome in run_in_each(operation, fleet.targets, provider_for, on_row):
            outcomes.append(outcome)
            if outcome.error is not None:
                if not fleet.is_many:
                    raise FailedInTarget(outcome.target) from outcome.error
                console.error(error_line(outcome.error, outcome.target, is_read=True))
    except (KeyboardInterrupt, SystemExit):
        if fleet.is_many:
            console.warn(f"stopped early: {_summary(outcomes, fleet.targets)}")
        raise
    if fleet.is_many:
        console.note(_summary(outcomes, fleet.targets))
    if any(is_edge_kind(outcome.error, "WaitTimedOut") for outcome in outcomes if outcome.error is not None):
        return ExitCode.UNKNOWN
    return ExitCode.PARTIAL if any(outcome.is_failure for outcome in outcomes) else ExitCode.COMPLETE


def _summary(outcomes: list[Outcome], targets: list[Target]) -> str:
    counts = {
        **{
            words: sum(outcome.status is status for outcome in outcomes)
            for status, words in _WORDS_BY_STATUS.items()
        },
        "not finished": len(targets) - len(outcomes),
    }
    parts = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return f"{len(targets)} targets: {parts}"
