"""Starting, stopping and rebooting instances and clusters."""

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_interactions.rds_interactions.database_records import Database, DatabaseKind
from aws_interactions.rds_interactions.databases import (
    database_of_cluster,
    database_of_instance,
    kind_named,
    status_now,
)
from aws_interactions.rds_interactions.errors import database_errors

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)


def start_database(identifier: str, kind: DatabaseKind | str, aws_provider: "AwsClientProvider") -> Database:
    """Start an instance or a cluster, as ``start_db_instance`` and ``start_db_cluster`` do."""
    start = start_db_instance if kind_named(kind) is DatabaseKind.INSTANCE else start_db_cluster
    return start(identifier, aws_provider)


def stop_database(identifier: str, kind: DatabaseKind | str, aws_provider: "AwsClientProvider") -> Database:
    """Stop an instance or a cluster, as ``stop_db_instance`` and ``stop_db_cluster`` do."""
    stop = stop_db_instance if kind_named(kind) is DatabaseKind.INSTANCE else stop_db_cluster
    return stop(identifier, aws_provider)


def reboot_database(identifier: str, kind: DatabaseKind | str, aws_provider: "AwsClientProvider") -> Database:
    """Reboot an instance or a cluster, as ``reboot_db_instance`` and ``reboot_db_cluster`` do."""
    reboot = reboot_db_instance if kind_named(kind) is DatabaseKind.INSTANCE else reboot_db_cluster
    return reboot(identifier, aws_provider)


def start_db_instance(identifier: str, aws_provider: "AwsClientProvider") -> Database:
    """Have a stopped instance started (StartDBInstance); returns at once what AWS says, mostly starting.

    Raises ``DatabaseDoesntExist``, and ``DatabaseInWrongState``, which names the state, for one that is
    not stopped.
    """
    return _change_instance("start_db_instance", identifier, aws_provider)


def stop_db_instance(identifier: str, aws_provider: "AwsClientProvider") -> Database:
    """Have an available instance stopped (StopDBInstance); returns at once what AWS says, mostly stopping.

    AWS starts it again after seven days. Raises ``DatabaseDoesntExist``, and ``DatabaseInWrongState``,
    which names the state, for one that is not available.
    """
    return _change_instance("stop_db_instance", identifier, aws_provider)


def reboot_db_instance(identifier: str, aws_provider: "AwsClientProvider") -> Database:
    """Have an instance rebooted (RebootDBInstance); returns at once. Not sent again after a lost answer.

    Raises ``DatabaseDoesntExist``, and ``DatabaseInWrongState``, which names the state.
    """
    return _change_instance("reboot_db_instance", identifier, aws_provider)


def start_db_cluster(identifier: str, aws_provider: "AwsClientProvider") -> Database:
    """Have a stopped cluster and its members started (StartDBCluster); returns at once what AWS says.

    Raises ``DatabaseDoesntExist``, and ``DatabaseInWrongState``, which names the state, for one that is
    not stopped.
    """
    return _change_cluster("start_db_cluster", identifier, aws_provider)


def stop_db_cluster(identifier: str, aws_provider: "AwsClientProvider") -> Database:
    """Have an available cluster and its members stopped (StopDBCluster); returns at once what AWS says.

    AWS starts it again after seven days. Raises ``DatabaseDoesntExist``, and ``DatabaseInWrongState``,
    which names the state, for one that is not available.
    """
    return _change_cluster("stop_db_cluster", identifier, aws_provider)


def reboot_db_cluster(identifier: str, aws_provider: "AwsClientProvider") -> Database:
    """Have a Multi-AZ cluster rebooted (RebootDBCluster); returns at once. Not sent again if unanswered.

    Aurora, Neptune and DocumentDB have their instances rebooted instead. Raises ``DatabaseDoesntExist``,
    and ``DatabaseInWrongState``, which names the state.
    """
    return _change_cluster("reboot_db_cluster", identifier, aws_provider)


def _change_instance(method: str, identifier: str, aws_provider: "AwsClientProvider") -> Database:
    logger.debug("%s instance=%s", method, identifier)
    client: Any = aws_provider.get_rds()
    with database_errors(identifier, partial(status_now, identifier, DatabaseKind.INSTANCE, aws_provider)):
        answer = getattr(client, method)(DBInstanceIdentifier=identifier)
    return _logged(method, database_of_instance(answer["DBInstance"]))


def _change_cluster(method: str, identifier: str, aws_provider: "AwsClientProvider") -> Database:
    logger.debug("%s cluster=%s", method, identifier)
    client: Any = aws_provider.get_rds()
    with database_errors(identifier, partial(status_now, identifier, DatabaseKind.CLUSTER, aws_provider)):
        answer = getattr(client, method)(DBClusterIdentifier=identifier)
    return _logged(method, database_of_cluster(answer["DBCluster"]))


def _logged(method: str, database: Database) -> Database:
    logger.info("%s accepted: %s is %s", method, database.identifier, database.status_text)
    return database
