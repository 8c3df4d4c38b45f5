"""Group commit: what must be durable now takes along what can wait a moment."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_operations.journal.database import errors_of, reason_of
from aws_operations.journal.journal_errors import JournalUnwritable

_LONGEST_WAIT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Entry:
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
    with the next commit, or after a tenth of a second.
    """

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path
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
            self._start_flusher()
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
            self._database.execute("BEGIN IMMEDIATE")
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
        execute("BEGIN IMMEDIATE")
        try:
            for entries in groups:
                for entry in entries:
                    _check_known(entry, execute(entry.statement, entry.values))
            execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        # After some errors SQLite has done it by itself.
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")


def _check_known(entry: Entry, updated: sqlite3.Cursor) -> None:
    if not updated.rowcount:
        # Better no write to AWS than one that nobody can find again.
        raise LookupError(f"{entry.about} is not in the plan of this run")
