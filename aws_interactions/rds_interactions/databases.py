"""Instances and clusters: all of them, and one by its identifier."""

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import AwsInteractionError, InvalidInput, translate_aws_errors
from aws_interactions.calls import pages_of
from aws_interactions.rds_interactions.database_records import Database, DatabaseKind, DatabaseStatus
from aws_interactions.rds_interactions.errors import DatabaseAmbiguous, DatabaseDoesntExist, database_errors
from aws_interactions.tags import tags_from

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)


def list_databases(
    aws_provider: "AwsClientProvider", *, kind: DatabaseKind | str | None = None
) -> Iterator[Database]:
    """Yield instances, then clusters, or those of one kind (DescribeDBInstances, DescribeDBClusters).

    Any number. Neptune and DocumentDB share this API: theirs are among them, told by their engine.
    """
    kind = None if kind is None else kind_named(kind)
    logger.debug("list_databases kind=%s", kind)
    client: Any = aws_provider.get_rds()
    with translate_aws_errors("rds", "*"):
        if kind is not DatabaseKind.CLUSTER:
            for page in pages_of(client, "describe_db_instances"):
                yield from map(database_of_instance, page.get("DBInstances", []))
        if kind is not DatabaseKind.INSTANCE:
            for page in pages_of(client, "describe_db_clusters"):
                yield from map(database_of_cluster, page.get("DBClusters", []))


def get_database(
    identifier: str, aws_provider: "AwsClientProvider", *, kind: DatabaseKind | str | None = None
) -> Database:
    """Return one instance or cluster by identifier or ARN (DescribeDBInstances, DescribeDBClusters).

    Where ``kind`` is given, or told by an ARN, only that one is looked for. Raises
    ``DatabaseDoesntExist``; an identifier that names both an instance and a cluster raises
    ``DatabaseAmbiguous``.
    """
    kind = kind_of_arn(identifier) if kind is None else kind_named(kind)
    if kind is DatabaseKind.INSTANCE:
        return get_db_instance(identifier, aws_provider)
    if kind is DatabaseKind.CLUSTER:
        return get_db_cluster(identifier, aws_provider)
    found = []
    for get in (get_db_instance, get_db_cluster):
        try:
            found.append(get(identifier, aws_provider))
        except DatabaseDoesntExist as error:
            absence = error
    if not found:
        raise absence
    if len(found) > 1:
        raise DatabaseAmbiguous(identifier)
    return found[0]


def get_db_instance(identifier: str, aws_provider: "AwsClientProvider") -> Database:
    """Return one instance by identifier or ARN (DescribeDBInstances), or raise ``DatabaseDoesntExist``."""
    logger.debug("get_db_instance instance=%s", identifier)
    client: Any = aws_provider.get_rds()
    with database_errors(identifier):
        listed = client.describe_db_instances(DBInstanceIdentifier=identifier).get("DBInstances", [])
    if not listed:
        raise DatabaseDoesntExist(identifier)
    return database_of_instance(listed[0])


def get_db_cluster(identifier: str, aws_provider: "AwsClientProvider") -> Database:
    """Return one cluster by identifier or ARN (DescribeDBClusters), or raise ``DatabaseDoesntExist``."""
    logger.debug("get_db_cluster cluster=%s", identifier)
    client: Any = aws_provider.get_rds()
    with database_errors(identifier):
        listed = client.describe_db_clusters(DBClusterIdentifier=identifier).get("DBClusters", [])
    if not listed:
        raise DatabaseDoesntExist(identifier)
    return database_of_cluster(listed[0])


def status_now(identifier: str, kind: DatabaseKind, aws_provider: "AwsClientProvider") -> str | None:
    """Return the state that a call was refused for, which AWS's refusal need not name; ``None``: unread."""
    try:
        return get_database(identifier, aws_provider, kind=kind).status_text
    except (AwsInteractionError, ClientError):
        return None


def kind_named(kind: DatabaseKind | str) -> DatabaseKind:
    """Return the kind that a word means; any but ``instance`` and ``cluster`` raises ``InvalidInput``."""
    if kind not in tuple(DatabaseKind):
        message = f"{str(kind)!r} is not a kind of database: instance or cluster"
        raise InvalidInput(message)
    return DatabaseKind(kind)


def kind_of_arn(identifier: str) -> DatabaseKind | None:
    """Return what an ARN says the database is, ``None`` for what is no ARN of a database."""
    parts = identifier.split(":")
    if parts[0] != "arn" or len(parts) < 7:
        return None
    return {"db": DatabaseKind.INSTANCE, "cluster": DatabaseKind.CLUSTER}.get(parts[5])


def database_of_instance(answer: Mapping[str, Any]) -> Database:
    """Return the record of what AWS tells of an instance."""
    # There is no endpoint before there is an address.
    endpoint = answer.get("Endpoint") or {}
    status_text = answer.get("DBInstanceStatus", "")
    return Database(
        identifier=answer["DBInstanceIdentifier"],
        kind=DatabaseKind.INSTANCE,
        status=DatabaseStatus(status_text),
        status_text=status_text,
        arn=answer.get("DBInstanceArn", ""),
        # Not all that speak RDS's protocol leave the element out of an instance that is no member.
        cluster_id=answer.get("DBClusterIdentifier") or None,
        instance_class=answer.get("DBInstanceClass"),
        availability_zone=answer.get("AvailabilityZone"),
        endpoint=endpoint.get("Address"),
        port=endpoint.get("Port"),
        created_at=answer.get("InstanceCreateTime"),
        **_alike(answer),
    )


def database_of_cluster(answer: Mapping[str, Any]) -> Database:
    """Return the record of what AWS tells of a cluster."""
    status_text = answer.get("Status", "")
    members = sorted(answer.get("DBClusterMembers", []), key=lambda member: not member.get("IsClusterWriter"))
    return Database(
        identifier=answer["DBClusterIdentifier"],
        kind=DatabaseKind.CLUSTER,
        status=DatabaseStatus(status_text),
        status_text=status_text,
        arn=answer.get("DBClusterArn", ""),
        instance_class=answer.get("DBClusterInstanceClass"),
        endpoint=answer.get("Endpoint"),
        reader_endpoint=answer.get("ReaderEndpoint"),
        custom_endpoints=tuple(answer.get("CustomEndpoints", [])),
        port=answer.get("Port"),
        members=tuple(member["DBInstanceIdentifier"] for member in members),
        created_at=answer.get("ClusterCreateTime"),
        **_alike(answer),
    )


def _alike(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "engine": answer.get("Engine", ""),
        "engine_version": answer.get("EngineVersion", ""),
        "multi_az": answer.get("MultiAZ", False),
        "storage_gib": answer.get("AllocatedStorage"),
        "is_encrypted": answer.get("StorageEncrypted", False),
        "is_protected": answer.get("DeletionProtection", False),
        "tags": tags_from(answer.get("TagList", [])),
    }
