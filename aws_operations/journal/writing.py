"""Group commit: what must be durable now takes along what can wait a moment."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from aws_operations.journal.database import errors_of, is_busy, reason_of
from aws_operations.journal.journal_errors import JournalUnwritable

_LONGEST_WAIT_SECONDS = 0.1
_RETRY_SECONDS = 0.02
_BUSY_SECONDS_IN_HASTE = 0.5


class Entry(NamedTuple):
    """One statement for the journal; ``about`` is what it is about, for whoever hears that it failed."""

    statement: str
    values: tuple[Any, ...]
    about: str = ""


class _Ticket:
    """What somebody waits for to be durable."""

    __slots__ = ("entries", "error", "is_done")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.is_done = False
        self.error: BaseException | None = None


class GroupWriter:
    """Writes entries of any thread through one connection, which it owns.

    Of the threads that wait at once one commits for all. What did not have to be durable follows
    with the next commit, or after a tenth of a second. ``busy_seconds``: how long to wait for another
    process's transaction; once ``is_in_haste`` says so, half a second at most.
    """

    def __init__(self, database: sqlite3.Connection, path: Path, *, busy_seconds: float) -> None:
        # SQLite's own waiting can neither be cut short nor be interrupted.
        database.execute("PRAGMA busy_timeout = 0")
        self._database = database
        self._path = path
        self._busy_seconds = busy_seconds
        self.is_in_haste: Callable[[], bool] = lambda: False
        self._queue = threading.Lock()
        self._commits = threading.Lock()
        self._tickets: list[_Ticket] = []
        self._deferred: list[Entry] = []
        self._has_deferred = threading.Event()
        self._closing = threading.Event()
        self._flusher: threading.Thread | None = None
        self._failed = False

    def write(self, entry: Entry) -> None:
        """Take an entry that may become durable a little later.

        Raises ``JournalUnwritable`` when the journal takes no more; the entry is kept and tried again.
        """
        with self._queue:
            self._deferred.append(entry)
            is_first = len(self._deferred) == 1
            if is_first:
                self._start_flusher()
        if is_first:
            self._has_deferred.set()
        if self._failed:
            self.flush()

    def write_now(self, entries: Sequence[Entry]) -> None:
        """Return when the entries, and all that were written before, are durable.

        Raises ``JournalUnwritable``: then these entries are not in the journal and never will be.
        """
        ticket = _Ticket(entries)
        with self._queue:
            self._tickets.append(ticket)
        with self._commits:
            if not ticket.is_done:
                self._commit()
        if isinstance(ticket.error, LookupError):
            raise ticket.error
        if isinstance(ticket.error, Exception):
            raise JournalUnwritable(self._path, reason_of(ticket.error)) from ticket.error
        if ticket.error is not None or not ticket.is_done:
            raise JournalUnwritable(self._path, "interrupted")

    def flush(self) -> None:
        """Return when all that was written is durable; raises ``JournalUnwritable``."""
        self.write_now(())

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for one transaction of its own; nothing stays of one that raises."""
        with self._commits, errors_of(self._path, JournalUnwritable):
            self._begin()
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    @property
    def unwritten(self) -> tuple[str, ...]:
        """What the entries are about that are not in the journal."""
        with self._queue:
            return tuple(entry.about for entry in self._deferred)

    def close(self) -> None:
        """Close the connection; what is not written by now is not written."""
        self._closing.set()
        self._has_deferred.set()
        if self._flusher is not None:
            self._flusher.join()
        with self._commits:
            self._database.close()

    def _start_flusher(self) -> None:
        if self._flusher is None:
            self._flusher = threading.Thread(target=self._flush_often, name="journal", daemon=True)
            self._flusher.start()

    def _flush_often(self) -> None:
        while not self._closing.is_set():
            self._has_deferred.wait()
            if self._closing.wait(_LONGEST_WAIT_SECONDS):
                return
            self._has_deferred.clear()
            with self._commits:
                self._commit()

    def _commit(self) -> None:
        """Write all there is in one transaction; only who holds the lock for commits may ask for it."""
        with self._queue:
            tickets, self._tickets = self._tickets, []
            deferred, self._deferred = self._deferred, []
        urgent = [entry for ticket in tickets for entry in ticket.entries]
        try:
            if deferred or urgent:
                self._execute(deferred, urgent)
        except BaseException as error:
            with self._queue:
                self._deferred[:0] = deferred
            self._failed = True
            for ticket in tickets:
                ticket.error = error
            if not isinstance(error, sqlite3.Error | OSError | LookupError):
                raise
        else:
            self._failed = False
            for ticket in tickets:
                ticket.is_done = True

    def _execute(self, *groups: Iterable[Entry]) -> None:
        execute = self._database.execute
        self._begin()
        try:
            for entries in groups:
                for entry in entries:
                    _check_known(entry, execute(entry.statement, entry.values))
            execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _begin(self) -> None:
        began_at = time.monotonic()
        while True:
            try:
                self._database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() - began_at >= self._longest_wait():
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return

    def _longest_wait(self) -> float:
        return min(self._busy_seconds, _BUSY_SECONDS_IN_HASTE) if self.is_in_haste() else self._busy_seconds

    def _roll_back(self) -> None:
        # After some errors SQLite has done it by itself.
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")


def _check_known(entry: Entry, updated: sqlite3.Cursor) -> None:
    if not updated.rowcount:
        # Better no write to AWS than one that nobody can find again.
        raise LookupError(f"{entry.about} is not in the plan of this run")
