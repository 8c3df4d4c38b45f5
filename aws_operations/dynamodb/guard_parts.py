"""What guards ask of DynamoDB: the tags of tables, and how many items and tables there are."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import TableDoesNotExist
from aws_operations.changes import Census, Change, TagReading
from aws_operations.dynamodb.change_parts import table_of


def table_arn_of(change: Change) -> str:
    """Return the ARN of the table that a change is about, or the item of which it is about."""
    return change.resource.partition(" ")[0]


def _read_tags(owners: Sequence[str], aws_provider: AwsClientProvider) -> Mapping[str, Mapping[str, str]]:
    return {owner: _tags_of(owner, aws_provider) for owner in owners}


def _tags_of(table_arn: str, aws_provider: AwsClientProvider) -> Mapping[str, str]:
    try:
        tags: Mapping[str, str] = dynamodb_interactions.get_table_tags(table_arn, aws_provider)
    except TableDoesNotExist:
        return {}
    return tags


def _count_items(change: Change, aws_provider: AwsClientProvider, at_most: int) -> int:
    return int(dynamodb_interactions.count_items(table_of(change), aws_provider, at_most=at_most))


def _count_tables(_change: Change, aws_provider: AwsClientProvider, at_most: int) -> int:
    return _count(dynamodb_interactions.list_tables(aws_provider), at_most)


def _count(things: Iterable[object], at_most: int) -> int:
    return sum(1 for _ in islice(things, at_most))


TAGS = TagReading(owner=table_arn_of, read=_read_tags)
"""The tags of the table (ListTagsOfResource, a call for each)."""

ITEMS = Census(place=lambda change: f"items of {table_arn_of(change)}", count=_count_items)
"""The items of the table, counted by a Scan that ends at the most that is asked for.

It costs as much as reading these items. What DescribeTable tells for nothing may be six hours old: a guard
that believed it would let a table be emptied that was filled since, or none of a new one be touched.
"""

TABLES = Census(place=lambda change: f"tables of {change.target}", count=_count_tables)
"""The tables of the region (ListTables)."""
