"""What RDS knows of snapshots, as values; of instances and of clusters alike."""

from dataclasses import dataclass
from datetime import datetime

from aws_interactions.rds_interactions.database_records import DatabaseKind

MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot of an instance or a cluster as AWS describes it.

    ``snapshot_type`` is ``manual``, ``automated`` or ``awsbackup``, ``status`` in AWS's words (creating,
    available, ...). ``percent`` is how much of it is made. ``created_at`` is an aware datetime, ``None``
    while it is being made.
    """

    identifier: str
    database: str
    database_kind: DatabaseKind
    snapshot_type: str
    status: str
    arn: str
    engine: str
    engine_version: str
    percent: int | None = None
    size_gib: int | None = None
    is_encrypted: bool = False
    created_at: datetime | None = None
