"""Waiting for a database to come to a state."""

import logging
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aws_interactions.rds_interactions.database_records import Database, DatabaseKind, DatabaseStatus
from aws_interactions.rds_interactions.databases import get_database
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


def wait_for_database(
    identifier: str,
    state: AwaitedState,
    aws_provider: "AwsClientProvider",
    *,
    kind: DatabaseKind | None = None,
    timeout: float = 1800,
    interval: float = 15,
    sleep: Callable[[float], Any] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Database | None:
    """Wait until a database is in a state and return it, ``None`` for one that is deleted.

    ``timeout`` and ``interval`` in seconds (DescribeDBInstances, DescribeDBClusters each time). Past the
    time-out ``WaitTimedOut`` says how it was last. A database that is not there raises
    ``DatabaseDoesntExist``, unless that is what is waited for; one in a state that it does not leave by
    itself, such as ``failed``, raises ``DatabaseInWrongState`` at once.
    """
    logger.debug("wait_for_database database=%s state=%s timeout=%s", identifier, state, timeout)
    seen: list[Database] = []

    def look() -> Database | None:
        try:
            # A cluster may go while an instance of its name stays: what was seen first is waited for.
            found = get_database(identifier, aws_provider, kind=seen[0].kind if seen else kind)
        except DatabaseDoesntExist:
            if state is not AwaitedState.DELETED:
                raise
            return None
        if not seen or seen[-1].status_text != found.status_text:
            logger.info("%s is %s", identifier, found.status_text)
        seen.append(found)
        return found

    return wait_until(
        look,
        lambda found: _has_come(found, state),
        resource=identifier,
        wanted=state.value,
        timeout=timeout,
        interval=interval,
        describe=lambda found: found.status_text if found else AwaitedState.DELETED.value,
        sleep=sleep,
        clock=clock,
    )


def _has_come(found: Database | None, state: AwaitedState) -> bool:
    if found is None or state is AwaitedState.DELETED:
        return found is None
    if found.status in _DEAD_ENDS:
        raise DatabaseInWrongState(
            found.identifier, found.status_text, f"it will not be {state.value} by itself"
        )
    return found.status.value == state.value
