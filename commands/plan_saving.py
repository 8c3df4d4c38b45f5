"""``--plan-out``: what would be changed is shown and saved for ``apply``, and nothing is changed."""

import shlex
from collections.abc import Iterable
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from aws_interactions.sts_interactions import get_caller_identity
from aws_operations.plan_file import (
    DEFAULT_VALIDITY,
    PlanHeader,
    check_plan_path,
    identity_of,
    utc_now,
    write_plan,
)
from aws_operations.plan_refusals import moment_text
from aws_operations.plan_spool import PlanSpool
from commands.change_rows import PlannedChangeRow
from commands.change_tally import ChangeTally
from commands.exit_codes import ExitCode
from commands.journaling import kept_settings, working_directory
from commands.options import PROGRAM
from commands.wording import counted, named

if TYPE_CHECKING:
    from aws_operations.targets import Target
    from commands.run_setup import Run

_ROWS_TO_ASK = 100


def check_can_save(the_run: "Run") -> None:
    """Raise, before anything is planned, what is known by then against saving the plan."""
    if the_run.settings.plan_out is not None:
        check_plan_path(the_run.settings.plan_out)


def save_plan(spool: PlanSpool, the_run: "Run", tally: ChangeTally) -> ExitCode:
    """Save what is planned and show it; return the exit code.

    Where so much failed that a run would have ended, or no target could be planned, nothing is saved. Raises
    ``PlanFileExists`` and the ``CantWriteFile`` kinds.
    """
    console, settings, path = the_run.console, the_run.settings, the_run.settings.plan_out
    if path is None or the_run.control.has_failed_enough:
        console.warn("enough targets failed while it was planned; no plan was saved, nothing was changed")
        return ExitCode.PARTIAL
    if tally.unplanned and not len(spool):
        # Whoever applied it would be told that all is well.
        told = "; ".join([*tally.not_planned(), "nothing is planned anywhere"])
        console.warn(f"{told}; no plan was saved, nothing was changed")
        return tally.exit_code(is_many=the_run.fleet.is_many)
    console.check_query(
        ((change.target, PlannedChangeRow.of(change)) for change in islice(spool, _ROWS_TO_ASK)),
        with_target=settings.chooses_targets,
    )
    header = _header(spool, the_run, len(tally.unplanned))
    # Saved first: whoever closes the pipe of the rows has seen enough, and wants the plan.
    write_plan(path, spool, header)
    with console.rows(with_target=settings.chooses_targets) as writer:
        for change in spool:
            writer.write_from(change.target, PlannedChangeRow.of(change))
    _say_whose_values_are_left_out(spool, the_run)
    left_out = [f"{what}, and the plan is without them" for what in tally.not_planned()]
    made = f"{spool.pending} of {counted(len(spool), 'change')} would be made"
    how = f"apply it until {moment_text(header.expires)} with: {PROGRAM} apply {shlex.quote(str(path))}"
    console.note("; ".join([f"plan saved in {path}: {made}", "nothing was changed", *left_out, how]))
    return tally.exit_code(is_many=the_run.fleet.is_many)


def _say_whose_values_are_left_out(spool: PlanSpool, the_run: "Run") -> None:
    # Loaded here: most plans have no secrets.
    from commands.secret_input import values_left_out

    files, secrets = values_left_out(spool)
    if files:
        the_run.console.note(f"no secret value is in the plan; 'apply' reads again: {named(files)}")
    if secrets:
        the_run.console.warn(
            f"no secret value is in the plan; 'apply' asks for it, on a terminal: {named(secrets)}"
        )


def _header(spool: PlanSpool, the_run: "Run", left_out: int) -> PlanHeader:
    base, settings = the_run.fleet.providers.base, the_run.settings
    caller = None if settings.profiles else get_caller_identity(base)
    region = None if settings.profiles else base.aws_region
    made = utc_now()
    valid_for = (
        DEFAULT_VALIDITY if settings.plan_expires is None else timedelta(seconds=settings.plan_expires)
    )
    return PlanHeader(
        program=_program(),
        identity=None if caller is None else identity_of(caller.arn),
        account=None if caller is None else caller.account,
        region=region,
        made=made,
        expires=made + valid_for,
        arguments=the_run.arguments,
        directory=working_directory(),
        settings=kept_settings(settings, region),
        profiles=identity_by_profile(spool.targets(), the_run) if settings.profiles else {},
        left_out=left_out,
    )


def identity_by_profile(targets: "Iterable[Target]", the_run: "Run") -> dict[str, str]:
    """Return as whom each profile of the targets acts (GetCallerIdentity)."""
    by_profile = {target.aws_profile: target for target in targets if target.aws_profile is not None}
    provider_for = the_run.fleet.providers.provider_for
    return {
        name: identity_of(get_caller_identity(provider_for(target)).arn)
        for name, target in by_profile.items()
    }


def _program() -> str:
    # Loaded here: who saves no plan can do without.
    from importlib import metadata

    try:
        return f"{PROGRAM} {metadata.version(PROGRAM)}"
    except metadata.PackageNotFoundError:
        return PROGRAM
