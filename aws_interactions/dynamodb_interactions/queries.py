"""Queries: the items with one partition key, of the table or of an index, page by page."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions.errors import table_errors
from aws_interactions.dynamodb_interactions.expressions import AttributePath, Condition, Expressions
from aws_interactions.dynamodb_interactions.pages import (
    index_errors,
    item_pages,
    items_up_to,
    reading_parameters,
)
from aws_interactions.dynamodb_interactions.values import Item, Numbers, to_item

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)


class SortComparison(StrEnum):
    """How the sort key is compared."""

    EQUAL = "="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    BETWEEN = "between"
    BEGINS_WITH = "begins_with"


@dataclass(frozen=True, slots=True)
class SortCondition:
    """A condition on the sort key, ``name``; ``upper`` is for ``BETWEEN`` alone, which includes both ends.

    ``comparison`` may be given as its value: ``SortCondition("order", "begins_with", "2026-")``.
    """

    name: str
    comparison: SortComparison | str
    value: Any
    upper: Any = None

    def written_in(self, expressions: Expressions) -> str:
        """Return the condition as it stands in an expression; raises ``InvalidInput`` if it is none."""
        try:
            comparison = SortComparison(self.comparison)
        except ValueError:
            message = f"a sort key is compared by {', '.join(SortComparison)}, not by {self.comparison}"
            raise InvalidInput(message) from None
        if (comparison is SortComparison.BETWEEN) == (self.upper is None):
            message = f"{self.name} {comparison}: between, and nothing else, has two values"
            raise InvalidInput(message)
        name, value = expressions.path((self.name,)), expressions.value(self.value, (self.name,))
        if comparison is SortComparison.BETWEEN:
            return f"{name} BETWEEN {value} AND {expressions.value(self.upper, (self.name,))}"
        if comparison is SortComparison.BEGINS_WITH:
            return f"begins_with({name}, {value})"
        return f"{name} {comparison} {value}"


def query(
    table_name: str,
    partition: Mapping[str, Any] | None,
    aws_provider: "AwsClientProvider",
    *,
    sort: SortCondition | None = None,
    condition: Condition | None = None,
    index: str | None = None,
    reverse: bool = False,
    limit: int | None = None,
    page_size: int | None = None,
    start: Mapping[str, Any] | None = None,
    attributes: Iterable[AttributePath] | None = None,
    filter: Condition | None = None,  # noqa: A002 - DynamoDB's word
    names: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    consistent: bool = False,
    numbers: Numbers | str = Numbers.DECIMAL,
) -> Iterator[Item]:
    """Yield the items with one partition key, in the order of the sort key (Query).

    ``partition`` is the key's first attribute with its value: ``{"customer": "c-1"}``. In place of it and
    ``sort``, ``condition`` is a whole key condition, an expression or boto3's ``Key``. ``filter`` is a
    condition on what was read; ``names`` and ``values`` are for the placeholders of expressions given as
    text. ``limit`` counts items that come out, after the filter; ``reverse`` starts with the last one.
    ``page_size`` is how many items AWS reads for one call, where a filter would have it read 1 MB for the
    first few; ``start`` begins behind the item with that key, which is the index's and the table's.
    ``attributes`` and ``numbers`` are as in ``get_item``; an index gives no consistent reads unless local.

    Raises ``TableDoesNotExist``, ``IndexDoesNotExist``, and ``InvalidInput`` for a key that is not its own.
    """
    logger.debug("query table=%s index=%s reverse=%s limit=%s", table_name, index, reverse, limit)
    expressions = Expressions(names, values)
    parameters = {
        "TableName": table_name,
        "KeyConditionExpression": _key_condition(expressions, partition, sort, condition),
        **reading_parameters(expressions, index, attributes, filter, limit, numbers, consistent=consistent),
    }
    if reverse:
        parameters["ScanIndexForward"] = False
    if page_size is not None:
        parameters["Limit"] = page_size
    if start is not None:
        parameters["ExclusiveStartKey"] = to_item(start)
    client: Any = aws_provider.get_dynamodb()
    with table_errors(table_name, index_errors(table_name, index)):
        yield from items_up_to(limit, item_pages(client, "query", parameters, numbers))


def _key_condition(
    expressions: Expressions,
    partition: Mapping[str, Any] | None,
    sort: SortCondition | None,
    condition: Condition | None,
) -> str:
    if condition is not None:
        if partition or sort is not None:
            message = "a query is told by a condition, or by partition and sort, not by both"
            raise InvalidInput(message)
        return expressions.condition(condition, is_for_key=True)
    if not partition:
        message = "a query needs the partition key's attribute and its value"
        raise InvalidInput(message)
    parts = [
        f"{expressions.path((name,))} = {expressions.value(value, (name,))}"
        for name, value in partition.items()
    ]
    if sort is not None:
        parts.append(sort.written_in(expressions))
    return " AND ".join(parts)
