"""Waiting for a database to come to a state."""

import logging
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.rds_interactions.database_records import Database, DatabaseKind, DatabaseStatus
from aws_interactions.rds_interactions.databases import get_database, kind_named
from aws_interactions.rds_interactions.errors import DatabaseDoesntExist, DatabaseInWrongState
from aws_interactions.waiting import wait_until

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)


class AwaitedState(StrEnum):
    """What can be waited for; a database that is deleted has no status, it is not there."""

    AVAILABLE = "available"
    STOPPED = "stopped"
    DELETED = "deleted"


_DEAD_ENDS = frozenset(
    {
        DatabaseStatus.CLONING_FAILED,
        DatabaseStatus.DELETING,
        DatabaseStatus.FAILED,
        DatabaseStatus.INACCESSIBLE_CREDENTIALS,
        DatabaseStatus.INCOMPATIBLE_CREATE,
        DatabaseStatus.INCOMPATIBLE_NETWORK,
        DatabaseStatus.INCOMPATIBLE_PARAMETERS,
        DatabaseStatus.INCOMPATIBLE_RESTORE,
        DatabaseStatus.MIGRATION_FAILED,
        DatabaseStatus.RESTORE_ERROR,
    }
)


class DatabaseWatch:
    """One database that is waited for, and what is known of it so far.

    ``wait`` may be called again and again, a little at a time: what was seen first stays what is waited
    for, and a state is logged only when it is another than the one before. Any but an ``AwaitedState``, or
    its word, and a ``DatabaseKind`` raise ``InvalidInput``.
    """

    def __init__(
        self,
        identifier: str,
        state: AwaitedState | str,
        aws_provider: "AwsClientProvider",
        *,
        kind: DatabaseKind | str | None = None,
    ) -> None:
        self.identifier = identifier
        self.state = _awaited(state)
        self._aws_provider = aws_provider
        self._kind = None if kind is None else kind_named(kind)
        self._last_status: str | None = None

    def wait(
        self,
        *,
        timeout: float,
        interval: float,
        sleep: Callable[[float], Any] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> Database | None:
        """Wait as ``wait_for_database`` does, and return and raise the same."""
        return wait_until(
            self._look,
            self._has_come,
            resource=self.identifier,
            wanted=self.state.value,
            timeout=timeout,
            interval=interval,
            describe=lambda found: found.status_text if found else AwaitedState.DELETED.value,
            sleep=sleep,
            clock=clock,
        )

    def _look(self) -> Database | None:
        try:
            found = get_database(self.identifier, self._aws_provider, kind=self._kind)
        except DatabaseDoesntExist:
            if self.state is not AwaitedState.DELETED:
                raise
            return None
        # A cluster may go while an instance of its name stays: what was seen first is waited for.
        self._kind = found.kind
        if found.status_text != self._last_status:
            logger.info("%s is %s", self.identifier, found.status_text)
        self._last_status = found.status_text
        return found

    def _has_come(self, found: Database | None) -> bool:
        if found is None or self.state is AwaitedState.DELETED:
            return found is None
        if found.status in _DEAD_ENDS:
            raise DatabaseInWrongState(
                found.identifier, found.status_text, f"it will not be {self.state.value} by itself"
            )
        return found.status.value == self.state.value


def wait_for_database(
    identifier: str,
    state: AwaitedState | str,
    aws_provider: "AwsClientProvider",
    *,
    kind: DatabaseKind | str | None = None,
    timeout: float = 1800,
    interval: float = 15,
    sleep: Callable[[float], Any] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Database | None:
    """Wait until a database is in a state and return it, ``None`` for one that is deleted.

    ``state`` is ``available``, ``stopped`` or ``deleted``; any other is ``InvalidInput``. ``timeout`` and
    ``interval`` in seconds (DescribeDBInstances, DescribeDBClusters each time). Past the time-out
    ``WaitTimedOut`` says how it was last. A database that is not there raises ``DatabaseDoesntExist``,
    unless that is what is waited for; one in a state that it does not leave by itself, such as ``failed``,
    raises ``DatabaseInWrongState`` at once.
    """
    logger.debug("wait_for_database database=%s state=%s timeout=%s", identifier, state, timeout)
    watch = DatabaseWatch(identifier, state, aws_provider, kind=kind)
    return watch.wait(timeout=timeout, interval=interval, sleep=sleep, clock=clock)


def _awaited(state: AwaitedState | str) -> AwaitedState:
    if state not in tuple(AwaitedState):
        message = f"{str(state)!r} is not a state to wait for: available, stopped or deleted"
        raise InvalidInput(message)
    return AwaitedState(state)
