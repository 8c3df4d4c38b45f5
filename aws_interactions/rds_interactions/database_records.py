"""What RDS knows of databases, as values; instances and clusters alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DatabaseKind(StrEnum):
    """What a database is: an instance of its own or of a cluster, or the cluster itself."""

    INSTANCE = "instance"
    CLUSTER = "cluster"


class DatabaseStatus(StrEnum):
    """The state of an instance or a cluster, by AWS's own words.

    ``DatabaseStatus(text)`` never fails: a state that AWS has invented since is ``UNKNOWN``.
    """

    AVAILABLE = "available"
    BACKING_UP = "backing-up"
    BACKTRACKING = "backtracking"
    CLONING_FAILED = "cloning-failed"
    CONFIGURING_ENHANCED_MONITORING = "configuring-enhanced-monitoring"
    CONFIGURING_IAM_DATABASE_AUTH = "configuring-iam-database-auth"
    CONFIGURING_LOG_EXPORTS = "configuring-log-exports"
    CONVERTING_TO_VPC = "converting-to-vpc"
    CREATING = "creating"
    DELETE_PRECHECK = "delete-precheck"
    DELETING = "deleting"
    FAILED = "failed"
    FAILING_OVER = "failing-over"
    INACCESSIBLE_CREDENTIALS = "inaccessible-encryption-credentials"
    INACCESSIBLE_CREDENTIALS_RECOVERABLE = "inaccessible-encryption-credentials-recoverable"
    INCOMPATIBLE_CREATE = "incompatible-create"
    INCOMPATIBLE_NETWORK = "incompatible-network"
    INCOMPATIBLE_OPTION_GROUP = "incompatible-option-group"
    INCOMPATIBLE_PARAMETERS = "incompatible-parameters"
    INCOMPATIBLE_RESTORE = "incompatible-restore"
    INSUFFICIENT_CAPACITY = "insufficient-capacity"
    MAINTENANCE = "maintenance"
    MIGRATING = "migrating"
    MIGRATION_FAILED = "migration-failed"
    MODIFYING = "modifying"
    MOVING_TO_VPC = "moving-to-vpc"
    PREPARING_DATA_MIGRATION = "preparing-data-migration"
    PROMOTING = "promoting"
    REBOOTING = "rebooting"
    RENAMING = "renaming"
    RESETTING_MASTER_CREDENTIALS = "resetting-master-credentials"
    RESTORE_ERROR = "restore-error"
    STARTING = "starting"
    STOPPED = "stopped"
    STOPPING = "stopping"
    STORAGE_CONFIG_UPGRADE = "storage-config-upgrade"
    STORAGE_FULL = "storage-full"
    STORAGE_INITIALIZATION = "storage-initialization"
    STORAGE_OPTIMIZATION = "storage-optimization"
    UPDATE_IAM_DB_AUTH = "update-iam-db-auth"
    UPGRADING = "upgrading"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, _value: object) -> "DatabaseStatus":
        return cls.UNKNOWN


@dataclass(frozen=True, slots=True)
class Database:
    """An instance or a cluster as AWS describes it.

    ``status_text`` is the state in AWS's words, also where ``status`` is ``UNKNOWN``. ``endpoint`` is an
    instance's address or a cluster's writer, ``None`` while there is none; ``reader_endpoint``,
    ``custom_endpoints`` and ``members`` (instance identifiers, the writer first) are a cluster's.
    ``cluster_id`` names the cluster of a member. ``storage_gib`` is what is allocated, which says nothing
    for Aurora. ``created_at`` is an aware datetime.
    """

    identifier: str
    kind: DatabaseKind
    engine: str
    engine_version: str
    status: DatabaseStatus
    status_text: str
    arn: str
    cluster_id: str | None = None
    instance_class: str | None = None
    availability_zone: str | None = None
    multi_az: bool = False
    endpoint: str | None = None
    reader_endpoint: str | None = None
    custom_endpoints: tuple[str, ...] = ()
    port: int | None = None
    members: tuple[str, ...] = ()
    storage_gib: int | None = None
    is_encrypted: bool = False
    is_protected: bool = False
    created_at: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
