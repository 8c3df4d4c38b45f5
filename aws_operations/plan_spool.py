"""A plan as a stream on disk: changes in order, and how many, never a list in memory."""

import errno
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from aws_operations.changes import Change, Effect, id_of_json
from aws_operations.targets import Target

_PAGE = 500


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """How many changes of one kind and effect are planned in one target; no effect: nothing to do."""

    target: Target
    kind: str
    effect: Effect | None
    count: int


class PlanNotKept(OSError):
    """There is no room for a plan, or no folder for temporary files to keep it in."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            errno.ENOSPC,
            f"the plan can't be kept among the temporary files (TMPDIR): {reason}; nothing was begun",
        )


class PlanSpool:
    """Keeps the changes of one run between planning and applying, in a private temporary database.

    SQLite deletes the file by itself, also when the process is killed. Use as a context manager.
    The same change planned twice is kept once. Adding raises ``PlanNotKept``.
    """

    def __init__(self) -> None:
        # Targets are applied on threads of their own, and each reads its changes from here.
        self._lock = threading.Lock()
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE change (position INTEGER PRIMARY KEY, id TEXT UNIQUE, account TEXT, region TEXT,"
            " kind TEXT, effect TEXT, is_noop INTEGER, needs_consent INTEGER, body TEXT, target TEXT)"
        )
        self._database.execute("CREATE INDEX change_by_target ON change (target, position)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Threads that were given up may be at it still, and SQLite crashes where it is closed under a query.
        with self._lock:
            self._database.close()

    def add(self, changes: Iterable[Change]) -> None:
        """Append the changes of one planner; if it raises, none of them is kept."""
        try:
            for change in changes:
                self.add_one(change)
        except BaseException:
            self.discard()
            raise
        self.keep()

    def add_one(self, change: Change) -> None:
        """Append a change, for ``keep`` or ``discard`` to say what becomes of all since the last of these."""
        # Without the context manager: this is done for each of a million.
        try:
            if not self._database.in_transaction:
                self._database.execute("BEGIN")
            self._insert(change)
        except sqlite3.OperationalError as error:
            raise PlanNotKept(str(error)) from error

    def keep(self) -> None:
        """Keep what was added."""
        with room_for_it():
            if self._database.in_transaction:
                self._database.execute("COMMIT")

    def discard(self) -> None:
        """Forget what was added since the last ``keep``."""
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")

    def _insert(self, change: Change) -> None:
        body = change.to_json()
        self._database.execute(
            "INSERT OR IGNORE INTO change VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                id_of_json(body),
                change.target.aws_account,
                change.target.aws_region,
                change.kind,
                change.effect.value,
                change.is_noop,
                change.needs_consent,
                body,
                _key_of(change.target),
            ),
        )

    def __len__(self) -> int:
        return int(self._single("SELECT count(*) FROM change"))

    def __iter__(self) -> Iterator[Change]:
        for (body,) in self._database.execute("SELECT body FROM change ORDER BY position"):
            yield Change.from_json(body)

    def encoded(self) -> Iterator[tuple[str, str]]:
        """Yield the id and the JSON of each change, in order."""
        yield from self._database.execute("SELECT id, body FROM change ORDER BY position")

    def targets(self) -> list[Target]:
        """Return the targets that have changes, in the order of planning."""
        rows = self._database.execute("SELECT body FROM change GROUP BY target ORDER BY min(position)")
        return [Change.from_json(body).target for (body,) in rows]

    def changes_in(self, target: Target) -> Iterator[Change]:
        """Yield the changes of a target in order; may be asked by several threads at once."""
        position = 0
        while True:
            with self._lock:
                page = self._database.execute(
                    "SELECT position, id, body FROM change WHERE target = ? AND position > ?"
                    " ORDER BY position LIMIT ?",
                    (_key_of(target), position, _PAGE),
                ).fetchall()
            if not page:
                return
            position = page[-1][0]
            for _, change_id, body in page:
                yield Change.from_json(body, change_id)

    @property
    def pending(self) -> int:
        """How many changes are not already done."""
        return int(self._single("SELECT count(*) FROM change WHERE NOT is_noop"))

    @property
    def needing_consent(self) -> int:
        """How many changes need consent where nobody can be asked."""
        return int(self._single("SELECT count(*) FROM change WHERE needs_consent"))

    def summary(self) -> Iterator[PlanSummary]:
        """Yield the counts by target, kind and effect, in the order of planning."""
        rows = self._database.execute(
            "SELECT account, region, kind, CASE WHEN is_noop THEN NULL ELSE effect END AS shown, count(*)"
            " FROM change GROUP BY account, region, kind, shown ORDER BY min(position)"
        )
        for account, region, kind, effect, count in rows:
            yield PlanSummary(Target(region, account), kind, Effect(effect) if effect else None, count)

    def _single(self, query: str) -> int:
        (value,) = self._database.execute(query).fetchone()
        return int(value)


@contextmanager
def room_for_it() -> Iterator[None]:
    """Raise ``PlanNotKept`` where SQLite finds no room for what is kept among the temporary files."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise PlanNotKept(str(error)) from error


@lru_cache(maxsize=64)
def _key_of(target: Target) -> str:
    return f"{target} {target.aws_profile or ''}"
