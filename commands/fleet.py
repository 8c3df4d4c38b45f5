"""``fleet``: the targets that options, or a fleet of the configuration file, come to."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from commands.app import Shape, noun, settings_of
from commands.exit_codes import ExitCode

if TYPE_CHECKING:
    from aws_operations.target_selection import PlannedTarget
    from commands.console import Console
    from commands.options import Settings

fleet = noun("fleet", help="The accounts and regions that commands run in.")

_ALL_ACCOUNTS = "all accounts"
_EVERYWHERE = "--all-accounts --role-name operator --regions us-east-1,eu-west-1"


@dataclass(frozen=True, slots=True)
class PlannedTargetRow:
    """A target as ``fleet show`` has it, after account and region; ``note`` says what is special."""

    name: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class NamedFleetRow:
    """A fleet of the configuration file; ``accounts`` may be all accounts, ``excluded`` is of any kind."""

    fleet: str
    accounts: tuple[str, ...]
    ous: tuple[str, ...]
    profiles: tuple[str, ...]
    regions: tuple[str, ...]
    role_name: str | None
    excluded: tuple[str, ...]


@fleet.verb(
    "show",
    shape=Shape.SESSION,
    example=f"manage-resources --sandbox {_EVERYWHERE} fleet show",
)
@click.pass_context
def show(ctx: click.Context) -> Callable[["Console"], ExitCode]:
    """Show the accounts and regions that a command with these options would run in.

    No target is touched: only Organizations is asked, and only for --ou and --all-accounts. Where only
    an account knows its regions, the region is shown as it was given (all, eu-*): fleet check asks.
    """
    settings = settings_of(ctx)
    return lambda console: _show(settings, console)


@fleet.verb(
    "check",
    shape=Shape.SESSION,
    example=f"manage-resources --sandbox {_EVERYWHERE} fleet check",
)
@click.pass_context
def check(ctx: click.Context) -> Callable[["Console"], ExitCode]:
    """Assume the role in each target and ask there who one is: ok, denied, error or skipped for each.

    Reads only. The exit code is 5 if any target was denied or failed. With --engine dask the workers
    of the cluster do it, so that it is about their credentials.
    """
    settings = settings_of(ctx)

    def work(console: "Console") -> ExitCode:
        # Loaded here, because it imports boto.
        from commands.fleet_check import check_each_target

        return check_each_target(settings, console)

    return work


@fleet.verb("list", shape=Shape.SESSION, example="manage-resources fleet list")
@click.pass_context
def list_(ctx: click.Context) -> Callable[["Console"], ExitCode]:
    """List the fleets of the configuration file, as they are written there; calls no AWS."""
    settings = settings_of(ctx)
    return lambda console: _list(settings, console)


def _show(settings: "Settings", console: "Console") -> ExitCode:
    from aws_operations.guards import TooManyTargets
    from aws_operations.selection_use import SelectionUse
    from commands.target_setup import check_count, planned_targets, selection_of, warn_of_doubts

    selection, use = selection_of(settings), SelectionUse()
    planned = planned_targets(settings, use=use)
    with console.rows(with_target=True) as writer:
        for each in planned:
            writer.write(PlannedTargetRow(each.account_name, _note(each)), each.target)
    console.note(_count(planned, needs_enabled_regions=selection.needs_enabled_regions))
    warn_of_doubts(use, selection, console)
    try:
        check_count(settings, planned, is_final=not selection.needs_enabled_regions)
    except TooManyTargets as error:
        console.warn(f"a command with these options would be refused: {error.excess}")
    return ExitCode.COMPLETE


def _note(planned: "PlannedTarget") -> str | None:
    from commands.error_lines import one_line, redacted

    if planned.obstacle is None:
        return None
    if planned.is_skipped:
        return f"{getattr(planned.obstacle, 'note', planned.obstacle)}: skipped"
    return redacted(one_line(str(planned.obstacle)))


def _count(planned: "list[PlannedTarget]", *, needs_enabled_regions: bool) -> str:
    skipped = sum(each.is_skipped for each in planned)
    targets = f"{len(planned)} target{'' if len(planned) == 1 else 's'}"
    parts = [f"{skipped} skipped"] if skipped else []
    if needs_enabled_regions:
        parts.append("only the accounts know which regions they have enabled: 'fleet check' asks them")
    return f"{targets}: {', '.join(parts)}" if parts else targets


def _list(settings: "Settings", console: "Console") -> ExitCode:
    from commands.config_file import read_config_file

    config = read_config_file(settings.config_path, os.environ)
    with console.rows() as writer:
        for name, described in config.fleets.items():
            included, excluded = described.included, described.excluded
            everywhere = (_ALL_ACCOUNTS,) if included.get("all-accounts") else ()
            writer.write(
                NamedFleetRow(
                    name,
                    (*everywhere, *included.get("accounts", ())),
                    included.get("ou", ()),
                    included.get("profiles", ()),
                    included.get("regions", ()),
                    included.get("role-name"),
                    tuple(item for items in excluded.values() for item in items),
                )
            )
    if not config.fleets:
        console.note(config.no_fleets())
    return ExitCode.COMPLETE
