"""The journal of one run while it is under way: what it will do, what it begins, what came of it."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

from aws_interactions.secret_redaction import redact
from aws_operations.changes import Change, ChangeResult, ResultStatus, id_of_json
from aws_operations.fleet import Outcome
from aws_operations.journal.database import first_of, numbers_of
from aws_operations.journal.journal_errors import PlanUsed
from aws_operations.journal.reading import counts_as_json, counts_of, targets_of
from aws_operations.journal.records import RunCounts, RunState
from aws_operations.journal.run_locks import RunLock
from aws_operations.journal.writing import Entry, GroupWriter
from aws_operations.plan_spool import PlanSpool
from aws_operations.targets import Target

_ROWS_A_TRANSACTION = 2000
_LONGEST_ERROR = 4000

_GO_ON = (
    "UPDATE run SET ended = NULL, state = NULL, reason = NULL, counts = NULL, process_id = ?"
    " WHERE number = ? AND id = ?"
)
_ADD_TARGET = "INSERT INTO target (number, region, account, profile) VALUES (?, ?, ?, ?)"
_OUTCOME = (
    "UPDATE target SET status = ?, row_count = ?, duration = ?, error = ?, error_kind = ? WHERE number = ?"
)
_ADD_CHANGE = "INSERT OR IGNORE INTO change (number, run, id, state, body) VALUES (?, ?, ?, 'planned', ?)"
_START = (
    "UPDATE change SET state = 'started', started = ?, ended = NULL, error = NULL, error_kind = NULL"
    " WHERE run = ? AND id = ?"
)
_RESULT = "UPDATE change SET state = ?, ended = ?, error = ?, error_kind = ? WHERE run = ? AND id = ?"
_RESULT_AND_BODY = (
    "UPDATE change SET state = ?, ended = ?, error = ?, error_kind = ?, body = ? WHERE run = ? AND id = ?"
)
_KEEP_STEP = "INSERT OR REPLACE INTO step (run, job, name, body) VALUES (?, ?, ?, ?)"
_TAKE_BACK = (
    "UPDATE change SET state = 'planned', started = NULL, ended = NULL, error = NULL, error_kind = NULL"
    " WHERE run = ? AND id = ?"
)


class RunRecord:
    """Writes down what a run does, for any of its threads; ``end`` closes it.

    All of it raises ``JournalUnwritable`` when the journal takes no more.
    """

    def __init__(
        self,
        run_id: str,
        number: int,
        writer: GroupWriter,
        lock: RunLock,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.id = run_id
        self._number = number
        self._writer = writer
        self._lock = lock
        self._clock = clock
        self._is_ended = False
        self._number_by_target: dict[Target, int] = {}
        # By identity: what is begun comes back as the very same object, and its id costs as much as the rest.
        self._id_by_object: dict[int, tuple[Change, str]] = {}

    @property
    def unwritten(self) -> tuple[str, ...]:
        """The resources and targets whose results the journal did not take."""
        return self._writer.unwritten

    def hurry_when(self, is_in_haste: Callable[[], bool]) -> None:
        """Wait no longer than a moment for other processes as soon as the run is in haste to end."""
        self._writer.is_in_haste = is_in_haste

    def go_on(self) -> bool:
        """Write down that a run that ended goes on, in the targets that it has; says whether it is there."""
        with self._writer.transaction() as database:
            changed = database.execute(_GO_ON, (os.getpid(), self._number, self.id))
            for number, record in targets_of(database, self._number):
                self._number_by_target[record.target] = number
        return changed.rowcount > 0

    def plan_targets(self, targets: Iterable[Target]) -> None:
        """Write down where the run will work; durable when this returns."""
        with self._writer.transaction() as database:
            self._add_targets(targets, database)

    def replace_targets(self, old: Iterable[Target], new: Iterable[Target]) -> None:
        """Write down that the run will work in new targets in place of old ones, all or nothing."""
        with self._writer.transaction() as database:
            self._add_targets(new, database)
            database.executemany(
                "DELETE FROM target WHERE number = ?",
                [(self._number_by_target[target],) for target in old],
            )

    def _add_targets(self, targets: Iterable[Target], database: sqlite3.Connection) -> None:
        position = _last_number(database, "target", self._number)
        for target in targets:
            if target in self._number_by_target:
                continue
            position += 1
            self._number_by_target[target] = position
            values = (position, target.aws_region, target.aws_account, target.aws_profile)
            database.execute(_ADD_TARGET, values)

    def outcome(self, outcome: Outcome) -> None:
        """Write down what came of a target, its rows left out; durable a moment later."""
        number = self._number_by_target[outcome.target]
        values = (
            outcome.status.value,
            outcome.row_count,
            outcome.duration,
            *_error_parts(outcome.error),
            number,
        )
        self._writer.write(Entry(_OUTCOME, values, str(outcome.target)))

    def plan_changes(self, changes: Iterable[Change], *, plan_id: str | None = None) -> None:
        """Write down what was agreed to be changed, as a stream; durable, and whole, when this returns.

        The same change is kept once. The outcomes of planning, written down before, are durable by then.
        With the id of a plan, that one is this run's from then on; raises ``PlanUsed`` if it is another's.
        """
        self._writer.flush()
        # A spool has them encoded already.
        encoded = changes.encoded() if isinstance(changes, PlanSpool) else map(_encoded, changes)
        while batch := list(islice(encoded, _ROWS_A_TRANSACTION)):
            with self._writer.transaction() as database:
                first = _last_number(database, "change", self._number) + 1
                rows = ((place, self._number, *each) for place, each in enumerate(batch, start=first))
                database.executemany(_ADD_CHANGE, rows)
        with self._writer.transaction() as database:
            self._claim(plan_id, database)
            database.execute("UPDATE run SET has_plan = 1 WHERE number = ?", (self._number,))

    def _claim(self, plan_id: str | None, database: sqlite3.Connection) -> None:
        if plan_id is None:
            return
        claimed = database.execute("SELECT id FROM run WHERE plan_id = ?", (plan_id,)).fetchone()
        if claimed is not None:
            raise PlanUsed(claimed[0])
        database.execute("UPDATE run SET plan_id = ? WHERE number = ?", (plan_id, self._number))

    def starting(self, changes: Sequence[Change]) -> None:
        """Write down that changes are about to be sent; when this returns it survives ``kill -9``.

        If it raises ``JournalUnwritable``, they must not be sent.
        """
        now = self._clock()
        entries = []
        for change in changes:
            change_id = change.id
            self._id_by_object[id(change)] = (change, change_id)
            entries.append(Entry(_START, (now, self._number, change_id), change.resource))
        self._writer.write_now(entries)

    def result(self, result: ChangeResult) -> None:
        """Write down what became of a change; durable with the next that is begun, or a moment later.

        Of one that was applied, what was there before is struck out, unless it is to be kept.
        """
        change = result.change
        known = self._id_by_object.pop(id(change), None)
        change_id = known[1] if known is not None else change.id
        became: tuple[object, ...] = (result.status.value, self._clock(), *_error_parts(result.error))
        statement, which = _RESULT, (self._number, change_id)
        if result.status is ResultStatus.APPLIED and not change.keeps_before:
            # Until now a resume needed it, to see what was drifted and what was done.
            statement, became = _RESULT_AND_BODY, (*became, change.without_before().to_json())
        self._writer.write(Entry(statement, (*became, *which), change.resource))

    def not_begun(self, changes: Iterable[Change]) -> None:
        """Write down that changes are as if they had never been begun; durable when this returns."""
        values = [Entry(_TAKE_BACK, (self._number, change.id), change.resource) for change in changes]
        self._writer.write_now(values)

    def keep_steps(self, job: str, steps: Mapping[str, str]) -> None:
        """Write down how far steps of a job are, all or nothing; durable when this returns.

        ``job`` tells it from others of this run. What was kept of a step of that name is replaced.
        """
        rows = ((self._number, _storable(job), name, body) for name, body in steps.items())
        self._writer.write_now([Entry(_KEEP_STEP, row, job) for row in rows])

    def kept_steps(self, job: str) -> dict[str, str]:
        """Return what was kept of a job, by the names of its steps."""
        with self._writer.transaction() as database:
            query = "SELECT name, body FROM step WHERE run = ? AND job = ?"
            return dict(database.execute(query, (self._number, _storable(job))).fetchall())

    def end(self, state: RunState | None = None, reason: str | None = None) -> None:
        """Write down how the run ended, and let it go; more than once is once.

        Without a state, what is in the journal says it: ``INTERRUPTED`` where a reason is given and
        something is left or unknown, else ``FAILED`` or ``COMPLETE``.
        """
        if self._is_ended:
            return
        self._is_ended = True
        told = None if reason is None else _storable(reason)
        try:
            self._writer.flush()
            with self._writer.transaction() as database:
                counts = counts_of(database, self._number)
                ended_as = state or _state_of(counts, is_stopped=reason is not None)
                database.execute(
                    "UPDATE run SET ended = ?, state = ?, reason = ?, counts = ? WHERE number = ?",
                    (self._clock(), ended_as.value, told, counts_as_json(counts), self._number),
                )
        finally:
            self._writer.close()
            self._lock.release()


def _encoded(change: Change) -> tuple[str, str]:
    body = change.to_json()
    return id_of_json(body), body


def _state_of(counts: RunCounts, *, is_stopped: bool) -> RunState:
    is_whole = not counts.targets_left and not counts.changes_left
    if is_stopped and not (is_whole and not counts.changes_unknown):
        return RunState.INTERRUPTED
    has_failed = counts.targets_failed or counts.changes_failed or counts.changes_unknown
    return RunState.FAILED if has_failed or not is_whole else RunState.COMPLETE


def _last_number(database: sqlite3.Connection, table: str, run_number: int) -> int:
    query = f"SELECT max(number) FROM {table} WHERE number BETWEEN ? AND ?"  # noqa: S608 - a name of ours
    (last,) = database.execute(query, numbers_of(run_number)).fetchone()
    return int(last) if last is not None else first_of(run_number)


def _error_parts(error: Exception | None) -> tuple[str | None, str | None]:
    if error is None:
        return None, None
    return _storable(redact(" ".join(str(error).split()))[:_LONGEST_ERROR]), type(error).__name__


def _storable(text: str) -> str:
    # SQLite takes UTF-8 only; the names of files that an error tells of may be anything.
    return text.encode("utf-8", "backslashreplace").decode()
