"""What the kinds of RDS changes share: how a plan names databases and finds them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from aws_interactions import rds_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import NotFound
from aws_interactions.rds_interactions import Database, DatabaseKind
from aws_interactions.rds_interactions.snapshot_records import MANUAL
from aws_operations.changes import Census, Change, TagReading
from aws_operations.rds.details import kind_named
from aws_operations.targets import Target, fill_template


def target_of(aws_provider: AwsClientProvider) -> Target:
    """Return the account and region that a provider acts in."""
    environment = aws_provider.get_aws_env()
    return Target(environment.aws_region, environment.aws_account)


def databases_named(
    identifiers: Sequence[str], aws_provider: AwsClientProvider, kind: str | None
) -> Iterator[Database]:
    """Yield the databases of these identifiers or ARNs, each once, templates in them filled."""
    names = dict.fromkeys(fill_template(identifier, aws_provider) for identifier in identifiers)
    for name in names:
        yield rds_interactions.get_database(name, aws_provider, kind=kind_named(kind))


def database_of(change: Change) -> tuple[str, DatabaseKind]:
    """Return identifier and kind of the database whose ARN a change has."""
    *_, noun, identifier = change.resource.split(":")
    return identifier, DatabaseKind.INSTANCE if noun == "db" else DatabaseKind.CLUSTER


def _read_tags(arns: Sequence[str], aws_provider: AwsClientProvider) -> Mapping[str, Mapping[str, str]]:
    return {arn: _tags_of(arn, aws_provider) for arn in arns}


def _tags_of(arn: str, aws_provider: AwsClientProvider) -> Mapping[str, str]:
    try:
        return rds_interactions.get_database_tags(arn, aws_provider)
    except NotFound:
        return {}


TAGS = TagReading(owner=lambda change: change.resource, read=_read_tags)
"""The tags of a database or a snapshot (ListTagsForResource, one call each)."""


def _count_databases(_change: Change, aws_provider: AwsClientProvider, at_most: int) -> int:
    return sum(1 for _ in islice(rds_interactions.list_databases(aws_provider), at_most))


def _count_snapshots(_change: Change, aws_provider: AwsClientProvider, at_most: int) -> int:
    snapshots = rds_interactions.list_snapshots(aws_provider, snapshot_type=MANUAL)
    return sum(1 for _ in islice(snapshots, at_most))


DATABASES = Census(lambda change: f"rds databases {change.target}", _count_databases)
"""The instances and clusters of the region; members of a cluster count as instances."""

SNAPSHOTS = Census(lambda change: f"rds snapshots {change.target}", _count_snapshots)
"""The manual snapshots of the region, of instances and of clusters."""
