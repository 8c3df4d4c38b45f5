"""Taking back what a run changed: the inverse of each change that was made, planned like any other change.

Nothing is taken back that has drifted since: a kind's ``invert`` looks at the resource first, and the changes
that it plans are rechecked again when they are applied.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from botocore.exceptions import ClientError

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import (
    AccessDenied,
    AwsInteractionError,
    CredentialsProblem,
    Throttled,
    Unavailable,
)
from aws_operations.changes import (
    CannotUndo,
    CarriedOutInPart,
    Change,
    ChangeKind,
    Reversibility,
    change_kind,
)
from aws_operations.journal import ChangeRecord, ChangeState
from aws_operations.plan_spool import room_for_it

_UNSETTLED = (ChangeState.STARTED, ChangeState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class NotUndone:
    """A change that was made, or may have been, and is not taken back; ``reason`` says why, in a sentence."""

    change: Change
    reason: str


class NotUndoneSpool:
    """Keeps what is not undone on disk, in a private temporary database: it may be all of a million changes.

    Adding is for all threads, and raises ``PlanNotKept``. Iterating gives those of a target together, each
    target's in the order in which they were added. Use as a context manager.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE refused (number INTEGER PRIMARY KEY, place, change, reason)")
        self._database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def __len__(self) -> int:
        return self._count

    def add(self, refused: NotUndone) -> None:
        """Keep one."""
        change = refused.change
        # SQLite takes UTF-8 only; what an error says may be anything.
        reason = refused.reason.encode("utf-8", "backslashreplace").decode()
        values = (str(change.target), change.to_json(), reason)
        with self._lock, room_for_it():
            self._database.execute("INSERT INTO refused VALUES (NULL, ?, ?, ?)", values)
            self._count += 1

    def __iter__(self) -> Iterator[NotUndone]:
        with room_for_it():
            rows = self._database.execute("SELECT change, reason FROM refused ORDER BY place, number")
            for change_json, reason in rows:
                yield NotUndone(Change.from_json(change_json), reason)


Refuse = Callable[[NotUndone], None]


def made_changes(records: Iterable[ChangeRecord], refuse: Refuse) -> Iterator[Change]:
    """Yield the changes of a journal's records that were made, in their order.

    ``refuse`` is given those of which nobody knows how they ended, and those that were made in part. What was
    not begun, failed, or was so already needs no undoing, and is passed over.
    """
    for record in records:
        if record.state is ChangeState.APPLIED:
            yield record.change
        elif record.state in _UNSETTLED:
            reason = "how it ended is not known; resume the run first, which finds out"
            refuse(NotUndone(record.change, reason))
        elif record.error_kind == CarriedOutInPart.__name__:
            refuse(NotUndone(record.change, f"it was made in part: {record.error}"))


def plan_undo(changes: Iterable[Change], aws_provider: AwsClientProvider, refuse: Refuse) -> Iterator[Change]:
    """Plan what takes changes of one target back; give those that were made, the newest first.

    Only reads. ``refuse`` is given each change that cannot be taken back: it is irreversible, has drifted
    since, what it took away is kept nowhere, or it could not be looked at. Of a resource that was changed
    twice the newer change is planned first. The older one is, too, where it is as that one left it already
    (other tags of the same instance); else it is refused, and can be taken back by undoing once more.

    What keeps all changes from being looked at raises: ``CredentialsProblem``, ``Throttled``,
    ``Unavailable``, and ``AccessDenied`` where the target's role cannot be assumed.
    """
    taken_back = set[int]()
    for change in changes:
        # A number of 64 bits in place of the name: a run may have changed a million resources.
        resource = hash(change.resource)
        try:
            inverses = _inverses(change, aws_provider)
        except CannotUndo as error:
            again = "; it was changed again by the same run, and that is taken back first: undo the run again"
            refuse(NotUndone(change, f"{error}{again if resource in taken_back else ''}"))
        except (AwsInteractionError, ClientError) as error:
            if _is_about_all(error):
                raise
            refuse(NotUndone(change, f"it could not be looked at: {error}"))
        else:
            taken_back.add(resource)
            yield from inverses


def _is_about_all(error: Exception) -> bool:
    if isinstance(error, AccessDenied):
        return any(action.startswith("sts:") for action in error.iam_actions)
    return isinstance(error, CredentialsProblem | Throttled | Unavailable)


def _inverses(change: Change, aws_provider: AwsClientProvider) -> list[Change]:
    kind = _kind_of(change)
    # Where it is final because what was there was not kept, the kind says so.
    inverses = list(kind.invert(change, aws_provider)) if kind.invert is not None else []
    is_final = change.reversibility is Reversibility.IRREVERSIBLE and change.keeps_before
    if kind.invert is None or is_final:
        raise CannotUndo("nothing takes it back, it is irreversible", resource=change.resource)
    if not inverses:
        raise CannotUndo("there is nothing of it to take back", resource=change.resource)
    return inverses


def _kind_of(change: Change) -> ChangeKind:
    try:
        return change_kind(change.kind)
    except KeyError:
        message = f"this version does not know what {change.kind} is"
        raise CannotUndo(message, resource=change.resource) from None
