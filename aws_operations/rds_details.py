"""RDS for operators: one database, endpoints, tags, snapshots, waiting."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aws_interactions import rds_interactions
from aws_operations.targets import fill_template

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_interactions.rds_interactions import Database, DatabaseKind


def kind_named(kind: str | None) -> "DatabaseKind | None":
    """Return the kind of that name, ``None`` for none."""
    return None if kind is None else rds_interactions.DatabaseKind(kind)


def database(
    identifier: str, aws_provider: "AwsClientProvider", *, kind: str | None = None
) -> "Iterator[Database]":
    """Yield all that is known of an instance or a cluster (DescribeDBInstances, DescribeDBClusters)."""
    name = fill_template(identifier, aws_provider)
    yield rds_interactions.get_database(name, aws_provider, kind=kind_named(kind))
