"""RDS: database instances and clusters alike, and their snapshots; Neptune's and DocumentDB's too.

Functions take their subject first and the provider last, and ask the provider for ``get_rds()``
alone. Lists are generators. Errors are subclasses of the kinds in ``aws_errors``.

The names are loaded when first asked for: a command that lists databases does not pay for snapshots.
"""

from typing import TYPE_CHECKING

from aws_interactions.lazy_names import LazyNames

if TYPE_CHECKING:
    from aws_interactions.rds_interactions.database_records import (
        Database as Database,
        DatabaseKind as DatabaseKind,
        DatabaseStatus as DatabaseStatus,
    )
    from aws_interactions.rds_interactions.database_waits import (
        AwaitedState as AwaitedState,
        DatabaseWatch as DatabaseWatch,
        wait_for_database as wait_for_database,
    )
    from aws_interactions.rds_interactions.databases import (
        get_database as get_database,
        get_db_cluster as get_db_cluster,
        get_db_instance as get_db_instance,
        list_databases as list_databases,
    )
    from aws_interactions.rds_interactions.errors import (
        ClusterMemberNotAlone as ClusterMemberNotAlone,
        ClusterRebootsByInstance as ClusterRebootsByInstance,
        DatabaseAmbiguous as DatabaseAmbiguous,
        DatabaseDoesntExist as DatabaseDoesntExist,
        DatabaseInWrongState as DatabaseInWrongState,
        SnapshotAlreadyExists as SnapshotAlreadyExists,
        SnapshotAmbiguous as SnapshotAmbiguous,
        SnapshotDoesntExist as SnapshotDoesntExist,
        SnapshotInWrongState as SnapshotInWrongState,
        TooManySnapshots as TooManySnapshots,
    )
    from aws_interactions.rds_interactions.lifecycle import (
        reboot_database as reboot_database,
        reboot_db_cluster as reboot_db_cluster,
        reboot_db_instance as reboot_db_instance,
        start_database as start_database,
        start_db_cluster as start_db_cluster,
        start_db_instance as start_db_instance,
        stop_database as stop_database,
        stop_db_cluster as stop_db_cluster,
        stop_db_instance as stop_db_instance,
    )
    from aws_interactions.rds_interactions.snapshot_records import Snapshot as Snapshot
    from aws_interactions.rds_interactions.snapshots import (
        create_snapshot as create_snapshot,
        delete_snapshot as delete_snapshot,
        get_snapshot as get_snapshot,
        list_snapshots as list_snapshots,
    )
    from aws_interactions.rds_interactions.tagging import (
        add_database_tags as add_database_tags,
        get_database_tags as get_database_tags,
        remove_database_tags as remove_database_tags,
    )

_NAMES_BY_HOME = {
    "database_records": ("Database", "DatabaseKind", "DatabaseStatus"),
    "database_waits": ("AwaitedState", "DatabaseWatch", "wait_for_database"),
    "databases": ("get_database", "get_db_cluster", "get_db_instance", "list_databases"),
    "errors": (
        "ClusterMemberNotAlone",
        "ClusterRebootsByInstance",
        "DatabaseAmbiguous",
        "DatabaseDoesntExist",
        "DatabaseInWrongState",
        "SnapshotAlreadyExists",
        "SnapshotAmbiguous",
        "SnapshotDoesntExist",
        "SnapshotInWrongState",
        "TooManySnapshots",
    ),
    "lifecycle": (
        "reboot_database",
        "reboot_db_cluster",
        "reboot_db_instance",
        "start_database",
        "start_db_cluster",
        "start_db_instance",
        "stop_database",
        "stop_db_cluster",
        "stop_db_instance",
    ),
    "snapshot_records": ("Snapshot",),
    "snapshots": (
        "create_snapshot",
        "delete_snapshot",
        "get_snapshot",
        "list_snapshots",
    ),
    "tagging": (
        "add_database_tags",
        "get_database_tags",
        "remove_database_tags",
    ),
}
_NAMES = LazyNames(__name__, _NAMES_BY_HOME)
__all__ = list(_NAMES.listed())
__getattr__ = _NAMES.load
__dir__ = _NAMES.listed
