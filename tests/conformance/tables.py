"""Tables for the tests that act through the library."""

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import (
    KeyAttribute,
    TableIndex,
    TableSpec,
    create_table,
    wait_for_table,
)
from tests.conformance.stage import fresh


def make_table(
    aws_provider: AwsClientProvider, *keys: KeyAttribute, indexes: tuple[TableIndex, ...] = ()
) -> str:
    """Make a table with these keys, else with the text ``customer`` for one; return its name."""
    spec = TableSpec(fresh("orders"), keys or (KeyAttribute("customer", "S"),), indexes=indexes)
    create_table(spec, aws_provider)
    wait_for_table(spec.name, "active", aws_provider, timeout=10, interval=0.02)
    return spec.name
