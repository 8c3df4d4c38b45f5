"""Taking back what a run changed: the inverse of each change that was made, planned like any other change.

Nothing is taken back that has drifted since: a kind's ``invert`` looks at the resource first, and the changes
that it plans are rechecked again when they are applied.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from operator import attrgetter
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

_CHANGED_AGAIN = "it was changed again by the same run, and that is taken back first: undo the run again"
_LOOKED_AT_AT_ONCE = 100
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
        # Threads that were given up may be at it still, and SQLite crashes where it is closed under a query.
        with self._lock:
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
    Neighbours of one kind are looked at together, up to a hundred, where the kind can do so. Of their
    inverses, those of one kind come together.

    What keeps all changes from being looked at raises: ``CredentialsProblem``, ``Throttled``,
    ``Unavailable``, and ``AccessDenied`` where the target's role cannot be assumed.
    """
    taken_back = set[int]()
    for looked_at in _looked_at(changes, aws_provider):
        found = list[tuple[Change, Sequence[Change]]]()
        for change, answer in looked_at:
            # A number of 64 bits in place of the name: a run may have changed a million resources.
            resource = hash(change.resource)
            if isinstance(answer, CannotUndo):
                again = f"; {_CHANGED_AGAIN}" if resource in taken_back else ""
                refuse(NotUndone(change, f"{answer}{again}"))
            elif isinstance(answer, Exception):
                refuse(NotUndone(change, f"it could not be looked at: {answer}"))
            else:
                taken_back.add(resource)
                found.append((change, answer))
        yield from _kinds_together(found)


_Answer = Sequence[Change] | AwsInteractionError | ClientError


def _kinds_together(found: Sequence[tuple[Change, Sequence[Change]]]) -> Iterator[Change]:
    """Yield the inverses, of one kind together, because neighbours of one kind are made together.

    Those of one change stay in their order, and so do all if a resource is there twice.
    """
    if len({change.resource for change, _ in found}) < len(found):
        for _, inverses in found:
            yield from inverses
        return
    for same_step in zip_longest(*(inverses for _, inverses in found)):
        yield from sorted(filter(None, same_step), key=attrgetter("kind"))


def _looked_at(
    changes: Iterable[Change], aws_provider: AwsClientProvider
) -> Iterator[Sequence[tuple[Change, _Answer]]]:
    for batch in _neighbours(changes):
        answers = _answers_at_once(batch, aws_provider) if len(batch) > 1 else None
        if answers is None:
            # One after the other, so that nothing more is asked once AWS answers nothing at all.
            for change in batch:
                yield [(change, _answer(change, aws_provider))]
        else:
            yield [*zip(batch, answers, strict=True)]


def _neighbours(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Yield neighbours of one kind together where that kind can look at many at once, others alone."""
    batch: list[Change] = []
    for change in changes:
        if batch and (change.kind != batch[0].kind or len(batch) == _LOOKED_AT_AT_ONCE):
            yield batch
            batch = []
        batch.append(change)
        if not _is_for_batches(change):
            yield batch
            batch = []
    if batch:
        yield batch


def _is_for_batches(change: Change) -> bool:
    try:
        return _kind_of(change).invert_batch is not None
    except CannotUndo:
        return False


def _answers_at_once(batch: Sequence[Change], aws_provider: AwsClientProvider) -> list[_Answer] | None:
    """Return an answer for each of a batch, ``None`` where it takes looking at each alone to know."""
    invert_batch = _kind_of(batch[0]).invert_batch
    if invert_batch is None:
        return None
    try:
        answers = invert_batch(batch, aws_provider)
    except (AwsInteractionError, ClientError) as error:
        if _is_about_all(error):
            raise
        # What is wrong with one fails the call for all.
        return None
    return [_checked(change, answer) for change, answer in zip(batch, answers, strict=True)]


def _answer(change: Change, aws_provider: AwsClientProvider) -> _Answer:
    try:
        invert = _kind_of(change).invert
        # Where it is final because what was there was not kept, the kind says so.
        inverses = [] if invert is None else [*invert(change, aws_provider)]
    except (AwsInteractionError, ClientError) as error:
        if _is_about_all(error):
            raise
        return error
    return _checked(change, inverses)


def _is_about_all(error: Exception) -> bool:
    if isinstance(error, AccessDenied):
        return any(action.startswith("sts:") for action in error.iam_actions)
    return isinstance(error, CredentialsProblem | Throttled | Unavailable)


def _checked(change: Change, answer: Sequence[Change] | CannotUndo) -> _Answer:
    if isinstance(answer, CannotUndo):
        return answer
    is_final = change.reversibility is Reversibility.IRREVERSIBLE and change.keeps_before
    if is_final or _kind_of(change).invert is None:
        return CannotUndo("nothing takes it back, it is irreversible", resource=change.resource)
    return answer or CannotUndo("there is nothing of it to take back", resource=change.resource)


def _kind_of(change: Change) -> ChangeKind:
    try:
        return change_kind(change.kind)
    except KeyError:
        message = f"this version does not know what {change.kind} is"
        raise CannotUndo(message, resource=change.resource) from None
