"""The journal of all runs: begins them, finds them, resumes them, forgets them."""

import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from aws_operations.journal.database import (
    RUN_SHIFT,
    default_journal_path,
    errors_of,
    numbers_of,
    open_database,
)
from aws_operations.journal.journal_errors import JournalUnwritable, NoSuchRun, RunIsHeld
from aws_operations.journal.reading import (
    RUN_COLUMNS,
    change_counts_of,
    changes_of,
    summary_of,
    targets_of,
)
from aws_operations.journal.records import (
    ChangeRecord,
    ChangeState,
    RunCounts,
    RunState,
    RunSummary,
    TargetRecord,
)
from aws_operations.journal.run_locks import RunLock, is_held
from aws_operations.journal.run_record import RunRecord
from aws_operations.journal.writing import GroupWriter
from aws_operations.plan_refusals import LONGEST_VALIDITY
from aws_operations.targets import Target

LAST = "last"
LAST_FAILED = "last-failed"
_NOT_WHOLE = (RunState.FAILED, RunState.INTERRUPTED, RunState.KILLED)
_BUSY_SECONDS = 10.0
_ROWS_A_DELETION = 10_000
_TRIES_FOR_AN_ID = 100


@dataclass(frozen=True, slots=True)
class RunToBegin:
    """What a run is, before it does anything; none of it may be secret.

    ``settings`` is whatever JSON the caller needs to do the run again, ``directory`` where it begins, empty
    where that is nowhere. ``base_account`` is that of the credentials that it begins with.
    """

    arguments: Sequence[str]
    directory: str
    settings: Mapping[str, Any]
    base_account: str | None
    is_writing: bool


class Journal:
    """All runs that this user began, in one SQLite file; made when the first of them begins.

    ``busy_seconds``: how long to wait for other processes that write it. Its methods raise
    ``JournalUnusable`` and ``JournalUnwritable``. Use as a context manager.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        busy_seconds: float = _BUSY_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path or default_journal_path()
        self._busy_seconds = busy_seconds
        self._clock = clock
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; runs that were begun go on."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def begin(self, run: RunToBegin) -> RunRecord:
        """Write down that a run begins and return its record; durable when this returns."""
        writer = self._writer()
        for _ in range(_TRIES_FOR_AN_ID):
            run_id = self._new_id()
            with errors_of(self.path):
                lock = RunLock.take(self._lock_folder, run_id)
            if lock is None:
                continue
            try:
                number = self._insert(writer, run_id, run)
            except BaseException:
                lock.release()
                writer.close()
                raise
            if number is not None:
                return RunRecord(run_id, number, writer, lock, clock=self._clock)
            lock.release()
        raise JournalUnwritable(self.path, "no id is free for another run")

    def resume(self, run: RunSummary) -> RunRecord:
        """Return the record of a run that ended, to go on with it; raises ``RunIsHeld`` if it did not."""
        with errors_of(self.path):
            lock = RunLock.take(self._lock_folder, run.id)
        if lock is None:
            raise RunIsHeld(run.id, run.process_id)
        try:
            record = RunRecord(run.id, run.number, self._writer(), lock, clock=self._clock)
            is_there = record.go_on()
        except BaseException:
            lock.release()
            raise
        if not is_there:
            lock.release()
            raise NoSuchRun(run.id)
        return record

    def runs(self) -> list[RunSummary]:
        """Return all runs, the oldest first."""
        return self._summaries("ORDER BY number", ())

    def find(self, wanted: str) -> RunSummary:
        """Return the run that an id, the beginning of one, ``last`` or ``last-failed`` means.

        The last that failed is the newest of which something failed, is left or unknown, and which is not
        under way. Raises ``NoSuchRun``.
        """
        if wanted == LAST:
            found = self._summaries("ORDER BY number DESC LIMIT 1", ())
        elif wanted == LAST_FAILED:
            # A process that was killed wrote no state.
            where = "WHERE state IS NULL OR state IN (?, ?) ORDER BY number DESC"
            summaries = self._summaries(where, (RunState.FAILED.value, RunState.INTERRUPTED.value))
            found = [run for run in summaries if run.state in _NOT_WHOLE][:1]
        else:
            where = "WHERE substr(id, 1, length(?)) = ? ORDER BY number LIMIT 3"
            found = self._summaries(where, (wanted, wanted)) if wanted else []
        exact = [run for run in found if run.id == wanted]
        if len(exact or found) != 1:
            raise NoSuchRun(wanted, [run.id for run in found])
        return (exact or found)[0]

    def run_of_plan(self, plan_id: str) -> RunSummary | None:
        """Return the run that applied a plan or is at it, ``None`` if there is none."""
        return next(iter(self._summaries("WHERE plan_id = ?", (plan_id,))), None)

    def targets(self, run: RunSummary) -> Iterator[TargetRecord]:
        """Yield the targets of a run, in order."""
        with errors_of(self.path):
            for _, record in targets_of(self._reader(), run.number):
                yield record

    def changes(
        self,
        run: RunSummary,
        states: Collection[ChangeState] = tuple(ChangeState),
        *,
        newest_first: bool = False,
    ) -> Iterator[ChangeRecord]:
        """Yield the changes of a run, in the order of planning, those only that stand as asked for.

        ``newest_first``: in the opposite order.
        """
        with errors_of(self.path):
            yield from changes_of(self._reader(), run.number, states, newest_first=newest_first)

    def change_counts(self, run: RunSummary) -> dict[Target, RunCounts]:
        """Return how the changes of a run stand in each target that has some."""
        with errors_of(self.path):
            return change_counts_of(self._reader(), run.number)

    def prunable(self, *, older_than_seconds: float, keep: int = 0) -> list[RunSummary]:
        """Return the runs that ended or were killed, began so long ago, and are not the newest ``keep``.

        Runs of plan files have to be a week old, too: without them a plan could be applied twice.
        """
        oldest_kept = self._clock() - older_than_seconds
        oldest_plan = self._clock() - LONGEST_VALIDITY.total_seconds()
        runs = self.runs()
        candidates = runs[: len(runs) - keep] if keep else runs
        return [
            run
            for run in candidates
            if run.started < (min(oldest_kept, oldest_plan) if run.is_of_plan_file else oldest_kept)
            and run.state is not RunState.RUNNING
        ]

    def forget(self, run: RunSummary) -> bool:
        """Take a run out of the journal; says whether, for one that is under way stays."""
        with errors_of(self.path):
            lock = RunLock.take(self._lock_folder, run.id)
        if lock is None:
            return False
        try:
            with errors_of(self.path, JournalUnwritable):
                self._delete(self._reader(), run.number)
        finally:
            lock.release()
        return True

    def give_room_back(self) -> None:
        """Make the file as small as what is in it."""
        with errors_of(self.path, JournalUnwritable):
            self._delete_orphans(self._reader())
            # A page a step, and only a script is stepped to its end.
            self._reader().executescript("PRAGMA incremental_vacuum;")

    @property
    def _lock_folder(self) -> Path:
        return self.path.parent / "running"

    def _open(self) -> sqlite3.Connection:
        return open_database(self.path, busy_seconds=self._busy_seconds)

    def _writer(self) -> GroupWriter:
        return GroupWriter(self._open(), self.path, busy_seconds=self._busy_seconds)

    def _reader(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _new_id(self) -> str:
        moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(self._clock()))
        return f"{moment}-{secrets.token_hex(2)}"

    def _insert(self, writer: GroupWriter, run_id: str, run: RunToBegin) -> int | None:
        """Return the number of the run, ``None`` if its id is taken."""
        with writer.transaction() as database:
            inserted = database.execute(
                "INSERT OR IGNORE INTO run"
                " (id, arguments, directory, settings, base_account, is_writing, process_id, started)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    run_id,
                    json.dumps(list(run.arguments)),
                    _storable(run.directory),
                    json.dumps(run.settings),
                    run.base_account,
                    run.is_writing,
                    os.getpid(),
                    self._clock(),
                ),
            )
        return inserted.lastrowid if inserted.rowcount else None

    def _summaries(self, rest: str, values: tuple[object, ...]) -> list[RunSummary]:
        query = f"SELECT {RUN_COLUMNS} FROM run {rest}"  # noqa: S608 - our own clauses
        with errors_of(self.path):
            if not self.path.exists():
                return []
            database = self._reader()
            rows = database.execute(query, values).fetchall()
            summaries = [summary_of(row, database, self._is_held) for row in rows]
            if any(run.state is RunState.KILLED for run in summaries):
                # It may have ended between being read and being looked for.
                rows = database.execute(query, values).fetchall()
                summaries = [summary_of(row, database, self._is_held) for row in rows]
        return summaries

    def _is_held(self, run_id: str) -> bool:
        return is_held(self._lock_folder, run_id)

    def _delete(self, database: sqlite3.Connection, run_number: int) -> None:
        # The run first: what is left if this is killed is seen by nobody, for its number is not used again.
        database.execute("DELETE FROM run WHERE number = ?", (run_number,))
        database.execute("DELETE FROM step WHERE run = ?", (run_number,))
        for table in ("change", "target"):
            _delete_by_steps(database, table, "number BETWEEN ? AND ?", numbers_of(run_number))

    def _delete_orphans(self, database: sqlite3.Connection) -> None:
        database.execute("DELETE FROM step WHERE run NOT IN (SELECT number FROM run)")
        for table in ("change", "target"):
            of_none = f"number >> {RUN_SHIFT} NOT IN (SELECT number FROM run)"  # noqa: S608 - ours
            _delete_by_steps(database, table, of_none, ())


def _storable(directory: str) -> str | bytes:
    """Return the name of a directory as SQLite takes it: one that is no text as the bytes that it is."""
    try:
        directory.encode()
    except UnicodeEncodeError:
        return os.fsencode(directory)
    return directory


def _delete_by_steps(database: sqlite3.Connection, table: str, where: str, values: tuple[int, ...]) -> None:
    """Delete so much at a time that no run that writes has to wait for long."""
    deletion = (
        f"DELETE FROM {table} WHERE number IN"  # noqa: S608 - clauses of ours
        f" (SELECT number FROM {table} WHERE {where} LIMIT {_ROWS_A_DELETION})"
    )
    while database.execute(deletion, values).rowcount:
        pass
