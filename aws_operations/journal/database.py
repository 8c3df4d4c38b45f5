"""The journal's database: private from its making on, shared by any number of processes at once."""

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aws_operations.journal.journal_errors import JournalProblem, JournalUnusable
from aws_operations.user_directories import NO_HOME, state_path

SCHEMA_VERSION = 3
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600
_RETRY_SECONDS = 0.02

# Targets and changes have the number of their run in the upper half of their own, so that those of one
# run lie together and in order, with no index for it.
RUN_SHIFT = 32
_TABLES = """
CREATE TABLE run (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    arguments TEXT NOT NULL,
    directory TEXT NOT NULL,
    settings TEXT NOT NULL,
    base_account TEXT,
    is_writing INTEGER NOT NULL,
    has_plan INTEGER NOT NULL DEFAULT 0,
    process_id INTEGER NOT NULL,
    started REAL NOT NULL,
    ended REAL,
    state TEXT,
    reason TEXT,
    counts TEXT,
    plan_id TEXT
);
CREATE UNIQUE INDEX run_by_plan ON run (plan_id) WHERE plan_id IS NOT NULL;
CREATE TABLE target (
    number INTEGER PRIMARY KEY,
    region TEXT NOT NULL,
    account TEXT,
    profile TEXT,
    status TEXT,
    row_count INTEGER,
    duration REAL,
    error TEXT,
    error_kind TEXT
);
CREATE TABLE change (
    number INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    started REAL,
    ended REAL,
    error TEXT,
    error_kind TEXT,
    body TEXT NOT NULL,
    UNIQUE (run, id)
);
CREATE TABLE step (
    run INTEGER NOT NULL,
    job TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, job, name)
) WITHOUT ROWID;
"""
# What makes a journal of each version one of the next; a process of the version before can go on with it.
_MIGRATIONS = {
    1: """
ALTER TABLE run ADD COLUMN plan_id TEXT;
CREATE UNIQUE INDEX run_by_plan ON run (plan_id) WHERE plan_id IS NOT NULL
""",
    2: """
CREATE TABLE step (
    run INTEGER NOT NULL,
    job TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, job, name)
) WITHOUT ROWID
""",
}


def default_journal_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return ``$XDG_STATE_HOME/manage-resources/journal.sqlite3``; a relative or empty variable is ignored.

    Raises ``JournalUnusable`` for a user who has no home directory.
    """
    path = state_path(environ, "journal.sqlite3")
    if path is None:
        raise JournalUnusable(Path("manage-resources", "journal.sqlite3"), NO_HOME)
    return path


def first_of(run_number: int) -> int:
    """Return the number before that of the first target or change of a run."""
    return run_number << RUN_SHIFT


def numbers_of(run_number: int) -> tuple[int, int]:
    """Return the lowest and the highest number that a target or change of a run may have."""
    return first_of(run_number), first_of(run_number + 1) - 1


def open_database(path: Path, *, busy_seconds: float) -> sqlite3.Connection:
    """Return a connection, the file made if need be, that every thread may use, one at a time.

    ``busy_seconds``: how long to wait for another process's transaction. Raises ``JournalUnusable``.
    """
    with errors_of(path):
        _make_private(path)
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=busy_seconds,
        )
        try:
            # A killed process loses nothing by it; a machine that loses power may lose the last commits.
            database.execute("PRAGMA synchronous = NORMAL")
            # What is struck out or forgotten is not to stay in the file's unused parts.
            database.execute("PRAGMA secure_delete = ON")
            _make_tables(database, path, busy_seconds)
        except BaseException:
            database.close()
            raise
        return database


@contextmanager
def errors_of(path: Path, kind: type[JournalProblem] = JournalUnusable) -> Iterator[None]:
    """Raise what SQLite or the system has against the journal as a problem of the journal."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise kind(path, reason_of(error)) from error


def reason_of(error: Exception) -> str:
    """Return in a few words why SQLite or the system refused."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if is_busy(error):
        return "another process does not let go of it"
    if isinstance(error, sqlite3.DatabaseError) and error.sqlite_errorname in {
        "SQLITE_CORRUPT",
        "SQLITE_NOTADB",
    }:
        return f"{error}; move it away to begin a new one"
    return str(error)


def is_busy(error: Exception) -> bool:
    """Say whether another process's transaction is in the way."""
    # The lower byte is the error, the others say what SQLite did.
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    _narrow(path.parent, _PRIVATE_FOLDER)
    try:
        # A file that is there is not opened: closing it would drop the locks of this process's SQLite.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE_FILE))
    except FileExistsError:
        _narrow(path, _PRIVATE_FILE)


def _narrow(path: Path, mode: int) -> None:
    if path.stat().st_mode & 0o777 & ~mode:
        path.chmod(mode)


def _make_tables(database: sqlite3.Connection, path: Path, busy_seconds: float) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == 0:
        database.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _write_ahead(database, busy_seconds)
    if version == 0 or version in _MIGRATIONS:
        version = _brought_up_to_date(database)
    if version != SCHEMA_VERSION:
        raise JournalUnusable(path, f"another version of this program wrote it (schema {version})")


def _brought_up_to_date(database: sqlite3.Connection) -> int:
    """Make the tables, or those of an older version into those of this one, all or nothing."""
    database.execute("BEGIN IMMEDIATE")
    # Another process may have done it meanwhile.
    (version,) = database.execute("PRAGMA user_version").fetchone()
    while version == 0 or version in _MIGRATIONS:
        for statement in (_MIGRATIONS[version] if version else _TABLES).split(";\n"):
            database.execute(statement)
        version = version + 1 if version else SCHEMA_VERSION
        database.execute(f"PRAGMA user_version = {version}")
    database.execute("COMMIT")
    return int(version)


def _write_ahead(database: sqlite3.Connection, busy_seconds: float) -> None:
    # SQLite waits for nobody here, and several processes may be the first at once.
    end = time.monotonic() + busy_seconds
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= end:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return
