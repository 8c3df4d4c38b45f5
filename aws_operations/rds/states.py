"""Which states of a database allow what, said before AWS is asked.

AWS has the last word: states that it has invented since, and those in which a database works while
something goes on beside it, are left to it.
"""

from aws_interactions.rds_interactions import (
    ClusterMemberNotAlone,
    ClusterRebootsByInstance,
    Database,
    DatabaseInWrongState,
    DatabaseKind,
    DatabaseStatus,
)

_LEFT_TO_AWS = frozenset(
    {
        DatabaseStatus.CONFIGURING_ENHANCED_MONITORING,
        DatabaseStatus.CONFIGURING_IAM_DATABASE_AUTH,
        DatabaseStatus.CONFIGURING_LOG_EXPORTS,
        DatabaseStatus.STORAGE_CONFIG_UPGRADE,
        DatabaseStatus.STORAGE_INITIALIZATION,
        DatabaseStatus.STORAGE_OPTIMIZATION,
        DatabaseStatus.UNKNOWN,
    }
)
_STATES_BY_VERB = {
    "start": {DatabaseStatus.STOPPED, DatabaseStatus.INACCESSIBLE_CREDENTIALS_RECOVERABLE},
    "stop": {DatabaseStatus.AVAILABLE},
    # A parameter that does not fit is put right and then takes effect by a reboot.
    "reboot": {DatabaseStatus.AVAILABLE, DatabaseStatus.INCOMPATIBLE_PARAMETERS},
    "snapshot": {DatabaseStatus.AVAILABLE},
}
_DONE_STATES_BY_VERB = {
    "start": {DatabaseStatus.AVAILABLE, DatabaseStatus.STARTING},
    "stop": {DatabaseStatus.STOPPED, DatabaseStatus.STOPPING},
    "reboot": {DatabaseStatus.REBOOTING},
}
_ENGINES_REBOOTED_BY_INSTANCE = ("aurora", "docdb", "neptune")


def is_already(verb: str, status: DatabaseStatus) -> bool:
    """Say whether a database in this state is what ``start`` or ``stop`` makes of it, or on its way there."""
    return status in _DONE_STATES_BY_VERB[verb]


def check_allows(verb: str, database: Database) -> None:
    """Raise where ``start``, ``stop``, ``reboot`` or ``snapshot`` is sure to be refused.

    ``DatabaseInWrongState`` names the state; ``ClusterMemberNotAlone`` the cluster of a member;
    ``ClusterRebootsByInstance`` the instances to reboot.
    """
    if database.cluster_id is not None and verb != "reboot":
        cluster = database.cluster_id
        advice = f"take one of {cluster}" if verb == "snapshot" else f"{verb} {cluster}"
        what = "has no snapshots of its own" if verb == "snapshot" else f"does not {verb} alone"
        raise ClusterMemberNotAlone(
            database.identifier, cluster, f"{database.identifier} {what}: {advice} instead"
        )
    if _reboots_by_instance(database) and verb == "reboot":
        raise ClusterRebootsByInstance(database.identifier, database.engine, database.members)
    if database.status not in _STATES_BY_VERB[verb] | _LEFT_TO_AWS:
        wanted = "stopped" if verb == "start" else "available"
        action = "take a snapshot of" if verb == "snapshot" else verb
        reason = f"to {action} {database.identifier} it has to be {wanted}"
        raise DatabaseInWrongState(database.identifier, database.status_text, reason)


def _reboots_by_instance(database: Database) -> bool:
    return database.kind is DatabaseKind.CLUSTER and database.engine.startswith(_ENGINES_REBOOTED_BY_INSTANCE)
