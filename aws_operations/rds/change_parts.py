"""What the kinds of RDS changes share: how a plan names databases and finds them."""

from collections.abc import Iterator, Sequence

from aws_interactions import rds_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.rds_interactions import Database, DatabaseKind
from aws_operations.changes import Change
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
