"""``runs``: what was run before, what came of it, and going on with what is left."""

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import click

from commands.app import Shape, noun, settings_of
from commands.exit_codes import Declined
from commands.lazy import lazy
from commands.options import PROGRAM, OutputFormat, Settings
from commands.parameters import PLACE_OF_WORK, Seconds
from commands.wording import counted

if TYPE_CHECKING:
    from aws_operations import journal as journals
    from aws_operations.journal import ChangeRecord, RunCounts, RunSummary, TargetRecord
    from commands import resuming
    from commands.console import Console
else:
    journals = lazy("aws_operations.journal")
    resuming = lazy("commands.resuming")

runs = noun("runs", help="Runs so far: over several targets, with changes, or exports.", takes_identity=False)

_AGE = re.compile(r"([0-9]{1,5})([smhd])")
_SECONDS_BY_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NOT_FINISHED = "not finished"
_LEAST_COMMAND = 20
# Id, moment and state at their longest, the two counts as they mostly are, and what is between them.
_WIDTH_BESIDE_COMMAND = 84
_WORDS_BY_STATUS = {
    "rows": "answered",
    "nothing": "with nothing",
    "denied": "denied",
    "error": "failed",
    "skipped": "skipped",
    None: _NOT_FINISHED,
}


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as ``runs list`` shows it."""

    id: str
    started: str
    state: str
    targets_done: int
    targets_failed: int
    targets_left: int
    changes_applied: int
    changes_failed: int
    changes_unknown: int
    changes_left: int
    command: str


@dataclass(frozen=True, slots=True)
class ShortRunRow:
    """A run in a table: how many of its targets are done, how many of its changes are made."""

    id: str
    started: str
    state: str
    targets: str
    changes: str
    command: str

    @classmethod
    def of(cls, run: RunRow, width: int | None) -> Self:
        """Return the row, with so much of the command as has room on a line of so many columns."""
        targets = run.targets_done + run.targets_failed + run.targets_left
        changes = run.changes_applied + run.changes_failed + run.changes_unknown + run.changes_left
        short = cls(
            run.id,
            run.started,
            run.state,
            f"{run.targets_done}/{targets}",
            f"{run.changes_applied}/{changes}" if changes else "-",
            run.command,
        )
        if width is None:
            return short
        room = max(_LEAST_COMMAND, width - _WIDTH_BESIDE_COMMAND)
        fits = len(run.command) <= room
        return short if fits else replace(short, command=f"{run.command[: room - 3]}...")


@dataclass(frozen=True, slots=True)
class RunTargetRow:
    """What came of a target of a run that reads; ``duration`` in seconds."""

    account: str | None
    region: str
    profile: str | None
    outcome: str
    rows: int | None
    duration: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class RunChangedTargetRow:
    """How a target of a run that changes things stands, and how many of its changes stand how.

    ``applied`` counts what was so already, too; ``error`` is why nothing could be planned. ``left`` is
    ``None`` where nothing was, as nobody knows what there is to do.
    """

    account: str | None
    region: str
    profile: str | None
    outcome: str
    applied: int
    failed: int
    unknown: int
    left: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class RunChangeRow:
    """How a change of a run stands."""

    account: str | None
    region: str
    state: str
    change: str
    resource: str
    started: str | None
    ended: str | None
    error: str | None


def _age(value: str) -> int:
    match = _AGE.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is not an age (such as 90d or 12h)")
    return int(match[1]) * _SECONDS_BY_UNIT[match[2]]


RUN = click.argument("run", metavar="RUN")


@runs.verb("list", shape=Shape.ROWS, example="manage-resources runs list --last 10")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="List the newest N only.")
@click.pass_context
def list_runs(context: click.Context, last: int | None) -> Callable[[], Iterator[object]]:
    """List the runs, the newest last, and how each stands.

    A table has targets done and changes made, of how many, and as much of the command as there is room for;
    any other --output, and --query, has all counts and the whole command.

    Kept are runs over several targets and runs that changed something. killed means that the process ended
    without a word; what it left can be resumed.
    """
    return partial(_list, settings_of(context), last=last)


@runs.verb("show", shape=Shape.ROWS, example="manage-resources runs show last")
@RUN
@click.option("--changes", is_flag=True, help="Show the changes, a row each, instead of the targets.")
def show(run: str, changes: bool) -> Callable[[], Iterator[object]]:
    """Show what came of each target of a run, or of each change.

    Of a run that changes things, each target is told as done, failed, unknown or not finished, with how many
    of its changes stand how.

    RUN is an id of 'runs list', the beginning of one, 'last' or 'last-failed'.
    """
    return partial(_show_changes if changes else _show_targets, run)


@runs.verb("export", shape=Shape.BYTES, example="manage-resources runs export last")
@RUN
def export(run: str) -> Callable[[], Iterator[str]]:
    """Print all that is kept of a run as JSON lines: the run, its targets, its changes.

    RUN is an id of 'runs list', the beginning of one, 'last' or 'last-failed'.
    """
    return partial(_export, run)


@runs.verb(
    "resume",
    shape=Shape.SESSION,
    example="manage-resources runs resume last-failed --failed --yes",
    goes_on="the run",
)
@RUN
@click.option("--failed", is_flag=True, help="Try again, too, what was denied or failed.")
@click.option(
    "--on",
    type=PLACE_OF_WORK,
    metavar="local|URL",
    help="Where to do it, if not where it was begun: on this machine, or on the cluster of this scheduler.",
)
@click.pass_context
def resume(context: click.Context, run: str, failed: bool, on: str | None) -> Callable[["Console"], int]:
    """Do what is left of a run: the targets without an outcome, the changes that were not made.

    Of each change that was begun AWS is asked first whether it was carried out; where nothing tells, it
    stays unknown and is not repeated. What was agreed on before is not asked again.
    A run that was begun on a cluster (--engine dask) goes on there, unless --on names another place.

    RUN is an id of 'runs list', the beginning of one, 'last' or 'last-failed'.
    """
    return partial(_resume, run, with_failed=failed, given=settings_of(context), on=on)


@runs.verb("prune", shape=Shape.SESSION, example="manage-resources runs prune --older-than 90d --yes")
@click.option(
    "--older-than",
    type=Seconds(_age),
    default="90d",
    show_default=True,
    metavar="AGE",
    help="Forget runs that began longer ago; 12h and 30d work.",
)
@click.option(
    "--keep", type=click.IntRange(min=0), default=0, metavar="N", help="Keep the newest N, however old."
)
@click.pass_context
def prune(context: click.Context, older_than: int, keep: int) -> Callable[["Console"], None]:
    """Forget old runs. They can't be resumed any more; nothing in AWS changes.

    Asks first; without a terminal it needs --yes. A run under way is never forgotten, nor
    one that applied a plan file less than 7 days ago, so that no plan is applied twice.
    """
    return partial(_prune, older_than=older_than, keep=keep, is_confirmed=settings_of(context).yes)


def _list(settings: Settings, *, last: int | None) -> Iterator[object]:
    from commands.console import Console

    console = Console(output=settings.output)
    is_short = console.output is OutputFormat.TABLE and settings.query is None
    width = shutil.get_terminal_size().columns if console.is_stdout_terminal else None
    with journals.Journal() as journal:
        for run in journal.runs()[-last if last else None :]:
            counts = asdict(run.counts)
            row = RunRow(run.id, _moment_of(run.started), run.state.value, **counts, command=_typed(run))
            yield ShortRunRow.of(row, width) if is_short else row


def _show_targets(wanted: str) -> Iterator[RunTargetRow | RunChangedTargetRow]:
    with journals.Journal() as journal:
        run = journal.find(wanted)
        if run.is_writing:
            yield from _changed_targets(run, journal)
            return
        for record in journal.targets(run):
            yield RunTargetRow(
                account=record.target.aws_account,
                region=record.target.aws_region,
                profile=record.target.aws_profile,
                outcome=_outcome(record),
                rows=record.row_count,
                duration=None if record.duration is None else round(record.duration, 3),
                error=_error_of(record),
            )


def _changed_targets(run: "RunSummary", journal: "journals.Journal") -> Iterator[RunChangedTargetRow]:
    counts = journal.change_counts(run)
    for record in journal.targets(run):
        is_planned = record.target in counts or not (record.is_left or record.is_failed)
        of_this = counts.get(record.target, journals.RunCounts())
        yield RunChangedTargetRow(
            account=record.target.aws_account,
            region=record.target.aws_region,
            profile=record.target.aws_profile,
            outcome=_outcome(record) if record.status != "rows" else _standing(of_this, run),
            applied=of_this.changes_applied,
            failed=of_this.changes_failed,
            unknown=of_this.changes_unknown,
            left=of_this.changes_left if is_planned else None,
            error=_error_of(record),
        )


def _standing(counts: "RunCounts", run: "RunSummary") -> str:
    if not run.has_plan:
        return "planned"
    if counts.changes_unknown:
        return "unknown"
    if counts.changes_failed:
        return "failed"
    return _NOT_FINISHED if counts.changes_left else "done"


def _outcome(record: "TargetRecord") -> str:
    return _NOT_FINISHED if record.is_left else _WORDS_BY_STATUS[record.status]


def _show_changes(wanted: str) -> Iterator[RunChangeRow]:
    with journals.Journal() as journal:
        for record in journal.changes(journal.find(wanted)):
            yield RunChangeRow(
                account=record.change.target.aws_account,
                region=record.change.target.aws_region,
                state=record.state.value,
                change=record.change.kind,
                resource=record.change.resource,
                started=_moment(record.started),
                ended=_moment(record.ended),
                error=_error_of(record),
            )


def _error_of(record: "TargetRecord | ChangeRecord") -> str | None:
    return record.error or record.error_kind


def _export(wanted: str) -> Iterator[str]:
    import json

    def line(kind: str, values: dict[str, Any]) -> str:
        return json.dumps({"record": kind, **values}, ensure_ascii=False) + "\n"

    with journals.Journal() as journal:
        run = journal.find(wanted)
        values = asdict(run)
        del values["number"]
        moments = {"started": _moment(run.started), "ended": _moment(run.ended)}
        yield line("run", {**values, **moments})
        for target in journal.targets(run):
            yield line("target", asdict(target))
        for change in journal.changes(run):
            planned = json.loads(change.change.to_json())
            moments = {"started": _moment(change.started), "ended": _moment(change.ended)}
            yield line("change", {**asdict(change), "change": planned, **moments})


def _resume(wanted: str, console: "Console", *, with_failed: bool, given: Any, on: str | None) -> int:
    return resuming.resume(wanted, console, with_failed=with_failed, given=given, on=on)


def _prune(console: "Console", *, older_than: int, keep: int, is_confirmed: bool) -> None:
    with journals.Journal() as journal:
        found = journal.prunable(older_than_seconds=older_than, keep=keep)
        if not found:
            console.note("There is no run that old")
            return
        unfinished = sum(bool(run.counts.targets_left or run.counts.changes_left) for run in found)
        how_many = counted(len(found), "run")
        what = f"{how_many}, the newest of them {found[-1].id}, {unfinished} of them not finished"
        if not is_confirmed:
            if not console.is_interactive:
                raise Declined(f"runs prune would forget {what}: it needs --yes without a terminal")
            if not console.confirm(f"Forget {what}?"):
                raise Declined("runs prune: not confirmed, nothing was forgotten")
        forgotten = sum(journal.forget(run) for run in found)
        journal.give_room_back()
    console.note(f"{counted(forgotten, 'run')} forgotten")


def _typed(run: "RunSummary") -> str:
    return shlex.join([PROGRAM, *run.arguments])


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else _moment_of(seconds)


def _moment_of(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
