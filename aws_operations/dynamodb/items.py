"""DynamoDB for operators: tables, and single items as plain JSON.

Queries, scans and batches are in ``many_items``; writes are planned and applied in ``changes``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.dynamodb.plain_json import JsonObject, document_of
from aws_operations.targets import fill_template

if TYPE_CHECKING:
    from aws_interactions.dynamodb_interactions import TableDescription


@dataclass(frozen=True, slots=True)
class TableRow:
    """A table by name."""

    table: str


def tables(aws_provider: AwsClientProvider) -> Iterator[TableRow]:
    """Yield the names of the tables (ListTables), any number."""
    return (TableRow(name) for name in dynamodb_interactions.list_tables(aws_provider))


def table(table_name: str, aws_provider: AwsClientProvider) -> "Iterator[TableDescription]":
    """Yield what DescribeTable tells of a table; an absent one raises ``TableDoesNotExist``."""
    yield dynamodb_interactions.describe_table(fill_template(table_name, aws_provider), aws_provider)


def item(
    table_name: str,
    key: Mapping[str, Any],
    aws_provider: AwsClientProvider,
    *,
    attributes: Sequence[str] | None = None,
    consistent: bool = False,
) -> Iterator[JsonObject]:
    """Yield the item of a key as a document, nothing if there is none (GetItem, that call alone)."""
    found = dynamodb_interactions.get_item(
        fill_template(table_name, aws_provider),
        key,
        aws_provider,
        attributes=attributes,
        consistent=consistent,
    )
    if found is not None:
        yield document_of(found)
