"""``plan``: what is in the plans that ``--plan-out`` saved."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from commands.app import Shape, noun, settings_of
from commands.lazy import lazy
from commands.options import PROGRAM, OutputFormat, Settings
from commands.wording import counted

if TYPE_CHECKING:
    from aws_operations import journal as journals, plan_file, plan_refusals
    from aws_operations.changes import Change
    from aws_operations.plan_file import SavedPlan
    from commands import change_rows
else:
    change_rows = lazy("commands.change_rows")
    journals = lazy("aws_operations.journal")
    plan_file = lazy("aws_operations.plan_file")
    plan_refusals = lazy("aws_operations.plan_refusals")

plan = noun("plan", help="Plans that --plan-out saved.", takes_identity=False)


@dataclass(frozen=True, slots=True)
class SavedChangeRow:
    """A change of a plan and where it would be made; ``effect`` is ``unchanged`` where there is none."""

    account: str | None
    region: str
    effect: str
    change: str
    resource: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reversibility: str

    @classmethod
    def of(cls, change: "Change") -> Self:
        """Return the row of a change."""
        row = change_rows.PlannedChangeRow.of(change)
        return cls(
            change.target.aws_account,
            change.target.aws_region,
            row.effect,
            row.change,
            row.resource,
            row.before,
            row.after,
            row.reversibility,
        )


@dataclass(frozen=True, slots=True)
class WholeChangeRow(SavedChangeRow):
    """All that a plan says of a change: what must still hold, which local file it reads, what it may do."""

    precondition: dict[str, Any] | None
    file: str | None
    iam_actions: tuple[str, ...]

    @classmethod
    def of(cls, change: "Change") -> Self:
        """Return the row of a change."""
        short = SavedChangeRow.of(change)
        values = {each.name: getattr(short, each.name) for each in fields(short)}
        return cls(
            **values,
            precondition=change.precondition,
            file=change.payload_ref,
            iam_actions=change.iam_actions,
        )


@plan.verb("show", shape=Shape.ROWS, example="manage-resources plan show stop.plan")
@click.argument("file", metavar="FILE", type=click.Path(readable=False, path_type=Path))
@click.pass_context
def show(context: click.Context, file: Path) -> Callable[[], Iterator[SavedChangeRow]]:
    """Show the changes of a plan, a row each, as --dry-run does.

    Any --output but a table, and --query, also has what must still hold of each when it is applied, the local
    file that it reads, and the IAM actions that it needs.

    Who made it, when, with which command, and until when it may be applied is told on standard error. A plan
    that was edited, damaged or cut off is shown to nobody: the exit code is 3. That guards against accidents;
    a plan is not signed, so take one only from somebody whom you trust with the change.

    FILE is what --plan-out was given.
    """
    return partial(_show, file, settings_of(context))


def _show(file: Path, settings: Settings) -> Iterator[SavedChangeRow]:
    from commands.console import Console

    console = Console(output=settings.output)
    is_short = console.output is OutputFormat.TABLE and settings.query is None
    with plan_file.open_plan(file) as saved:
        for line in _facts(saved):
            console.note(line)
        run_id = _run_of(saved, console.warn)
        if run_id is not None:
            console.note(f"applied by run {run_id}; see it with: {PROGRAM} runs show {run_id} --changes")
        yield from map(SavedChangeRow.of if is_short else WholeChangeRow.of, saved)


def _facts(saved: "SavedPlan") -> Iterator[str]:
    header, moment = saved.header, plan_refusals.moment_text
    who = header.identity or ", ".join(f"{arn} ({name})" for name, arn in header.profiles.items())
    region = f", region {header.region}" if header.region else ""
    yield f"made {moment(header.made)} as {who}{region}, by {header.program}"
    yield from _ways(header.settings)
    if header.arguments:
        where = f" in {header.directory}" if header.directory else ""
        yield f"with: {shlex.join([PROGRAM, *header.arguments])}{where}"
    many = f"{counted(len(saved), 'change')} in {counted(len(saved.targets), 'target')}"
    left_out = f"; {counted(header.left_out, 'target')} could not be planned" if header.left_out else ""
    is_over = plan_file.utc_now() >= header.expires
    yield f"{many}{left_out}; {'expired at' if is_over else 'may be applied until'} {moment(header.expires)}"


def _ways(settings: Mapping[str, Any]) -> Iterator[str]:
    roles = [*settings.get("assume_role_arns", ()), *filter(None, [settings.get("role_name")])]
    if roles:
        yield f"through the role {', then '.join(roles)}"
    if settings.get("endpoint_url"):
        yield f"at {settings['endpoint_url']}, not at AWS"
    if settings.get("sandbox"):
        yield "in the sandbox, not at AWS"


def _run_of(saved: "SavedPlan", warn: Callable[[str], None]) -> str | None:
    try:
        with journals.Journal() as journal:
            run = journal.run_of_plan(saved.id)
    except journals.JournalProblem as problem:
        warn(f"{problem}; whether the plan was applied is not known")
        return None
    return None if run is None else run.id
