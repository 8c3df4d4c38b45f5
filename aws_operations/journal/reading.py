"""What the journal has of runs, read row by row."""

import json
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from aws_operations.changes import Change
from aws_operations.fleet import OutcomeStatus
from aws_operations.journal.database import numbers_of
from aws_operations.journal.records import (
    ChangeRecord,
    ChangeState,
    RunCounts,
    RunState,
    RunSummary,
    TargetRecord,
)
from aws_operations.run_control import NotTried
from aws_operations.targets import Target

RUN_COLUMNS = (
    "number, id, arguments, directory, settings, base_account, is_writing, has_plan,"
    " plan_id IS NOT NULL, process_id, started, ended, state, reason, counts"
)
_DONE = ("rows", "nothing", "skipped")
_FAILED = ("denied", "error")
# Of a target or change that was skipped because enough others had failed: it is as if never begun.
NOT_TRIED = NotTried.__name__
_IS_TRIED = f"coalesce(error_kind, '') <> '{NOT_TRIED}'"
_STATE = f"CASE WHEN {_IS_TRIED} THEN state ELSE 'planned' END"
_COUNT_BY_TARGET = (
    "SELECT json_extract(body, '$.target.aws_region'), json_extract(body, '$.target.aws_account'),"  # noqa: S608 - ours
    f" json_extract(body, '$.target.aws_profile'), {_STATE}, count(*)"
    " FROM change WHERE number BETWEEN ? AND ? GROUP BY 1, 2, 3, 4"
)
_APPLIED = (ChangeState.APPLIED, ChangeState.UNCHANGED, ChangeState.SKIPPED)
_UNKNOWN = (ChangeState.STARTED, ChangeState.UNKNOWN)


def summary_of(
    row: tuple[Any, ...], database: sqlite3.Connection, is_held: Callable[[str], bool]
) -> RunSummary:
    """Return the run of a row of ``RUN_COLUMNS``; ``is_held`` says of an id whether its process lives."""
    number, run_id, arguments, directory, settings, account, is_writing, has_plan, *rest = row
    is_of_file, process_id, started, ended, state, reason, counts = rest
    if state is None:
        state = RunState.RUNNING if is_held(run_id) else RunState.KILLED
    return RunSummary(
        number=number,
        id=run_id,
        arguments=tuple(json.loads(arguments)),
        directory=os.fsdecode(directory),
        settings=json.loads(settings),
        base_account=account,
        is_writing=bool(is_writing),
        has_plan=bool(has_plan),
        is_of_plan_file=bool(is_of_file),
        process_id=process_id,
        started=started,
        ended=ended,
        state=RunState(state),
        reason=reason,
        counts=RunCounts(**json.loads(counts)) if counts else counts_of(database, number),
    )


def counts_of(database: sqlite3.Connection, run_number: int) -> RunCounts:
    """Count the targets and changes of a run; looks at each."""
    targets = _counted(database, "target", f"CASE WHEN {_IS_TRIED} THEN status END", run_number)
    changes = _counted(database, "change", _STATE, run_number)
    return replace(
        _change_counts(changes),
        targets_done=sum(targets.get(status, 0) for status in _DONE),
        targets_failed=sum(targets.get(status, 0) for status in _FAILED),
        targets_left=targets.get(None, 0),
    )


def change_counts_of(database: sqlite3.Connection, run_number: int) -> dict[Target, RunCounts]:
    """Count the changes of a run by target; looks at each. Targets without changes are not in it."""
    by_target: dict[Target, dict[str | None, int]] = {}
    rows = database.execute(_COUNT_BY_TARGET, numbers_of(run_number))
    for region, account, profile, state, count in rows:
        by_target.setdefault(Target(region, account, profile), {})[state] = count
    return {target: _change_counts(states) for target, states in by_target.items()}


def _change_counts(by_state: Mapping[str | None, int]) -> RunCounts:
    return RunCounts(
        changes_applied=sum(by_state.get(state, 0) for state in _APPLIED),
        changes_failed=by_state.get(ChangeState.FAILED, 0),
        changes_unknown=sum(by_state.get(state, 0) for state in _UNKNOWN),
        changes_left=by_state.get(ChangeState.PLANNED, 0),
    )


def counts_as_json(counts: RunCounts) -> str:
    """Return counts as ``summary_of`` reads them."""
    return json.dumps(asdict(counts))


def targets_of(database: sqlite3.Connection, run_number: int) -> Iterator[tuple[int, TargetRecord]]:
    """Yield the targets of a run in order, each with its number."""
    rows = database.execute(
        "SELECT number, region, account, profile, status, row_count, duration, error, error_kind FROM target"
        " WHERE number BETWEEN ? AND ? ORDER BY number",
        numbers_of(run_number),
    )
    for number, region, account, profile, status, *rest in rows:
        target = Target(region, account, profile)
        yield number, TargetRecord(target, OutcomeStatus(status) if status else None, *rest)


def changes_of(
    database: sqlite3.Connection,
    run_number: int,
    states: Collection[ChangeState],
    *,
    newest_first: bool = False,
) -> Iterator[ChangeRecord]:
    """Yield the changes of a run that stand so, in the order of planning, or in the opposite one."""
    marks = ", ".join("?" * len(states))
    order = "DESC" if newest_first else "ASC"
    rows = database.execute(
        "SELECT body, id, state, started, ended, error, error_kind FROM change"  # noqa: S608 - marks only
        f" WHERE number BETWEEN ? AND ? AND state IN ({marks}) ORDER BY number {order}",
        (*numbers_of(run_number), *(state.value for state in states)),
    )
    for body, change_id, state, *rest in rows:
        # One of which something was struck out is still the same change.
        yield ChangeRecord(Change.from_json(body, change_id), ChangeState(state), *rest)


def _counted(database: sqlite3.Connection, table: str, what: str, run_number: int) -> dict[str | None, int]:
    query = f"SELECT {what}, count(*) FROM {table} WHERE number BETWEEN ? AND ? GROUP BY 1"  # noqa: S608 - ours
    return dict(database.execute(query, numbers_of(run_number)).fetchall())
