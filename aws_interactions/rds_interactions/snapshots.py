"""Snapshots of instances and clusters: listing, looking up, taking, deleting."""

import logging
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.calls import only_given, pages_of
from aws_interactions.rds_interactions.database_records import DatabaseKind
from aws_interactions.rds_interactions.databases import kind_named, kind_of_arn, status_now
from aws_interactions.rds_interactions.errors import (
    DatabaseDoesntExist,
    SnapshotAmbiguous,
    SnapshotDoesntExist,
    database_errors,
    snapshot_errors,
)
from aws_interactions.rds_interactions.snapshot_records import Snapshot
from aws_interactions.tags import check_tags, tag_list

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z](-?[A-Za-z0-9])*")
_LONGEST_NAME = {DatabaseKind.INSTANCE: 255, DatabaseKind.CLUSTER: 63}


def list_snapshots(
    aws_provider: "AwsClientProvider",
    *,
    database: str | None = None,
    kind: DatabaseKind | str | None = None,
    snapshot_type: str | None = None,
) -> Iterator[Snapshot]:
    """Yield snapshots of instances, then of clusters (DescribeDBSnapshots, DescribeDBClusterSnapshots).

    ``database`` is an identifier, or an ARN, which tells its kind and place; ``snapshot_type`` ``manual``,
    ``automated`` or ``awsbackup``. Any number. A database that is gone may have left snapshots: one
    that is not there is no error.
    """
    kind = None if kind is None else kind_named(kind)
    place = None if database is None else _place_of_arn(database)
    if database is not None:
        kind = kind or kind_of_arn(database)
        database = database.rpartition(":")[2]
    logger.debug("list_snapshots database=%s kind=%s type=%s", database, kind, snapshot_type)
    for snapshot in _listed(aws_provider.get_rds(), database, kind, snapshot_type):
        # AWS takes no ARN here, and a namesake of the database is another one.
        if place in {None, _place_of_arn(snapshot.arn)}:
            yield snapshot


def get_snapshot(
    identifier: str, aws_provider: "AwsClientProvider", *, kind: DatabaseKind | str | None = None
) -> Snapshot | None:
    """Return a snapshot, ``None`` for an absent one (DescribeDBSnapshots, DescribeDBClusterSnapshots).

    Where ``kind`` is given only that is looked for; else an identifier that names a snapshot of an
    instance and one of a cluster raises ``SnapshotAmbiguous``.
    """
    kind = None if kind is None else kind_named(kind)
    logger.debug("get_snapshot snapshot=%s kind=%s", identifier, kind)
    client: Any = aws_provider.get_rds()
    found: list[Snapshot] = []
    try:
        if kind is not DatabaseKind.CLUSTER:
            with snapshot_errors(identifier):
                answer = client.describe_db_snapshots(DBSnapshotIdentifier=identifier)
            found.extend(map(snapshot_of_instance, answer.get("DBSnapshots", [])))
    except SnapshotDoesntExist:
        logger.debug("no snapshot %s of an instance", identifier)
    try:
        if kind is not DatabaseKind.INSTANCE:
            with snapshot_errors(identifier):
                answer = client.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=identifier)
            found.extend(map(snapshot_of_cluster, answer.get("DBClusterSnapshots", [])))
    except SnapshotDoesntExist:
        logger.debug("no snapshot %s of a cluster", identifier)
    if len(found) > 1:
        raise SnapshotAmbiguous(identifier)
    return found[0] if found else None


def create_snapshot(
    identifier: str,
    database: str,
    kind: DatabaseKind | str,
    aws_provider: "AwsClientProvider",
    *,
    tags: Mapping[str, str] | None = None,
) -> Snapshot:
    """Begin a manual snapshot of an instance or a cluster (CreateDBSnapshot, CreateDBClusterSnapshot).

    Returns at once what AWS says; making it takes minutes. Raises ``SnapshotAlreadyExists``,
    ``DatabaseDoesntExist``, ``DatabaseInWrongState``, ``TooManySnapshots``, and ``InvalidInput``, unsent,
    for an identifier or tags that AWS would refuse.
    """
    kind = kind_named(kind)
    check_snapshot_name(identifier, kind)
    check_tags(tags or {})
    logger.debug("create_snapshot snapshot=%s database=%s", identifier, database)
    client: Any = aws_provider.get_rds()
    given = only_given(Tags=tag_list(tags) if tags else None)
    state = partial(status_now, database, kind, aws_provider)
    with snapshot_errors(identifier, database=database, status_now=state):
        if kind is DatabaseKind.INSTANCE:
            answer = client.create_db_snapshot(
                DBSnapshotIdentifier=identifier, DBInstanceIdentifier=database, **given
            )
            snapshot = snapshot_of_instance(answer["DBSnapshot"])
        else:
            answer = client.create_db_cluster_snapshot(
                DBClusterSnapshotIdentifier=identifier, DBClusterIdentifier=database, **given
            )
            snapshot = snapshot_of_cluster(answer["DBClusterSnapshot"])
    logger.info("snapshot %s of %s is %s", identifier, database, snapshot.status)
    return snapshot


def delete_snapshot(identifier: str, kind: DatabaseKind | str, aws_provider: "AwsClientProvider") -> None:
    """Delete a manual snapshot for good (DeleteDBSnapshot, DeleteDBClusterSnapshot).

    Raises ``SnapshotDoesntExist``, and ``SnapshotInWrongState`` for an automated one, which AWS deletes
    by itself, or one that is not available.
    """
    kind = kind_named(kind)
    logger.debug("delete_snapshot snapshot=%s kind=%s", identifier, kind)
    client: Any = aws_provider.get_rds()
    with snapshot_errors(identifier):
        if kind is DatabaseKind.INSTANCE:
            client.delete_db_snapshot(DBSnapshotIdentifier=identifier)
        else:
            client.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=identifier)
    logger.info("deleted snapshot %s", identifier)


def check_snapshot_name(identifier: str, kind: DatabaseKind | str) -> None:
    """Raise ``InvalidInput`` for a name that AWS would refuse for a new snapshot."""
    kind = kind_named(kind)
    longest = _LONGEST_NAME[kind]
    if len(identifier) > longest or not _NAME.fullmatch(identifier):
        message = (
            f"{identifier!r} is no name for a snapshot: a letter, then letters, digits and single hyphens, "
            f"none at the end, up to {longest} characters for {kind.value}s"
        )
        raise InvalidInput(message)


def snapshot_of_instance(answer: Mapping[str, Any]) -> Snapshot:
    """Return the record of what AWS tells of an instance's snapshot."""
    return Snapshot(
        identifier=answer["DBSnapshotIdentifier"],
        database=answer.get("DBInstanceIdentifier", ""),
        database_kind=DatabaseKind.INSTANCE,
        arn=answer.get("DBSnapshotArn", ""),
        is_encrypted=answer.get("Encrypted", False),
        **_alike(answer),
    )


def snapshot_of_cluster(answer: Mapping[str, Any]) -> Snapshot:
    """Return the record of what AWS tells of a cluster's snapshot."""
    return Snapshot(
        identifier=answer["DBClusterSnapshotIdentifier"],
        database=answer.get("DBClusterIdentifier", ""),
        database_kind=DatabaseKind.CLUSTER,
        arn=answer.get("DBClusterSnapshotArn", ""),
        is_encrypted=answer.get("StorageEncrypted", False),
        **_alike(answer),
    )


def _alike(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "snapshot_type": answer.get("SnapshotType", ""),
        "status": answer.get("Status", ""),
        "engine": answer.get("Engine", ""),
        "engine_version": answer.get("EngineVersion", ""),
        "percent": answer.get("PercentProgress"),
        "size_gib": answer.get("AllocatedStorage"),
        "created_at": answer.get("SnapshotCreateTime"),
    }


def _listed(
    client: Any, database: str | None, kind: DatabaseKind | None, snapshot_type: str | None
) -> Iterator[Snapshot]:
    try:
        if kind is not DatabaseKind.CLUSTER:
            yield from _list_of_instances(client, database, snapshot_type)
    except DatabaseDoesntExist:
        logger.debug("there is no instance %s", database)
    try:
        if kind is not DatabaseKind.INSTANCE:
            yield from _list_of_clusters(client, database, snapshot_type)
    except DatabaseDoesntExist:
        logger.debug("there is no cluster %s", database)


def _place_of_arn(arn: str) -> tuple[str, ...] | None:
    """Return region and account of an ARN, ``None`` for what is no ARN."""
    parts = arn.split(":")
    return tuple(parts[3:5]) if parts[0] == "arn" else None


def _list_of_instances(client: Any, database: str | None, snapshot_type: str | None) -> Iterator[Snapshot]:
    parameters = only_given(DBInstanceIdentifier=database, SnapshotType=snapshot_type)
    with database_errors(database or "*"):
        for page in pages_of(client, "describe_db_snapshots", **parameters):
            yield from map(snapshot_of_instance, page.get("DBSnapshots", []))


def _list_of_clusters(client: Any, database: str | None, snapshot_type: str | None) -> Iterator[Snapshot]:
    parameters = only_given(DBClusterIdentifier=database, SnapshotType=snapshot_type)
    with database_errors(database or "*"):
        for page in pages_of(client, "describe_db_cluster_snapshots", **parameters):
            yield from map(snapshot_of_cluster, page.get("DBClusterSnapshots", []))
