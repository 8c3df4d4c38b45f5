"""Holds a plan against the guards of configuration and options, before anybody is asked about it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from aws_interactions.configured_endpoints import places_of_configured_endpoints
from aws_operations.changes import Change
from aws_operations.guards import ChangesRefused
from aws_operations.plan_spool import PlanSpool
from aws_operations.protection import Guard, Protection, Refusal
from aws_operations.protection_checks import check_guards
from aws_operations.run_control import DEADLINE, RunStopped
from commands.exit_codes import ExitCode
from commands.interruption import ending_in_good_order
from commands.option_values import percentage
from commands.options import Settings

if TYPE_CHECKING:
    from commands.run_setup import Run

_ENDPOINT_OPTION = "endpoint-url"


def protection_of(settings: Settings) -> Protection:
    """Return what options, variables and configuration protect."""
    limit = settings.max_changes
    is_share = limit is not None and limit.endswith("%")
    said = [each.partition("=") for each in settings.origins]
    return Protection(
        accounts=settings.protect_accounts,
        regions=settings.protect_regions,
        tags=settings.protect_tags,
        names=settings.protect_names,
        delete_only_in=tuple(tuple(each.split(",")) for each in settings.delete_only_in),
        max_changes=None if limit is None or is_share else int(limit),
        max_share=percentage(limit) if limit is not None and is_share else None,
        own_endpoints_only=True,
        origins={
            **{guard: tuple(place for name, _, place in said if name == guard) for guard in Guard},
            Guard.ENDPOINTS: tuple(place for name, _, place in said if name == _ENDPOINT_OPTION)
            or places_of_configured_endpoints(),
        },
    )


def stopped_by_guards(changes: PlanSpool | Iterable[Change], the_run: "Run") -> ExitCode | None:
    """Raise ``ChangesRefused`` if a guard refuses any of the changes; the first are shown before.

    In a dry run it is a warning. Returns an exit code if the deadline came meanwhile, else ``None``.
    """
    settings, console = the_run.settings, the_run.console
    try:
        with ending_in_good_order(the_run.control, at_once=True):
            check_guards(
                protection_of(settings),
                changes,
                the_run.fleet.reader_for,
                workers=the_run.workers,
                control=the_run.control,
            )
    except ChangesRefused as refused:
        is_dry_run = settings.dry_run and settings.plan_out is None
        if is_dry_run:
            console.warn(f"would be {refused}")
        if len(refused.refusals) > 1:
            for line in _lines(refused):
                console.note(line)
        if not is_dry_run:
            raise
    except RunStopped:
        if the_run.control.reason != DEADLINE:
            raise
        console.warn("--deadline came while the guards were evaluated; nothing was changed")
        return ExitCode.UNKNOWN
    return None


def _lines(refused: ChangesRefused) -> list[str]:
    shown = [f"  {_option(refusal)}: {refusal}" for refusal in refused.refusals]
    left = sum(refused.counts.values()) - sum(refusal.count for refusal in refused.refusals)
    return [*shown, *([f"  and {left} more"] if left > 0 else [])]


def _option(refusal: Refusal) -> str:
    return refusal.guard.value if refusal.guard is Guard.ENDPOINTS else f"--{refusal.guard}"
