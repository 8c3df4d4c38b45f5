"""Many items of a table: queries, scans and batches, as documents in plain JSON; and the wait for a table."""

import logging
from binascii import Error as Base64Error, a2b_base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, InvalidInput, Throttled
from aws_interactions.dynamodb_interactions import (
    KeyAttribute,
    KeysNotRead,
    SortCondition,
    TableDoesNotExist,
    to_item,
)
from aws_operations.dynamodb.change_parts import Condition, check_condition_names
from aws_operations.dynamodb.json_lines import JsonLines, WrongLines, numbers_of_lines
from aws_operations.dynamodb.plain_json import Item, JsonObject, document_of, item_of, json_line, value_of
from aws_operations.dynamodb.table_keys import whole_key
from aws_operations.targets import fill_template

logger = logging.getLogger(__name__)


class LinesNotRead(Throttled):
    """DynamoDB left the keys of some lines unread to the end; ``lines`` has their numbers."""

    def __init__(self, source: str, lines: Sequence[int]) -> None:
        super().__init__(f"{source}: DynamoDB left {numbers_of_lines(lines)} unread to the end")
        self.lines = tuple(lines)


@dataclass(frozen=True, slots=True)
class SortChoice:
    """Which sort keys a query wants, by a word of ``SortComparison``; values are text.

    For a sort key that is a number they are read as numbers, for a binary one as base64. ``upper`` is for
    ``between`` alone.
    """

    comparison: str
    value: str
    upper: str | None = None


@dataclass(frozen=True, slots=True)
class ItemReading:
    """How items are read: of an index, some attributes, those that a filter lets through, up to a limit."""

    index: str | None = None
    attributes: Sequence[str] | None = None
    filter: Condition | None = None
    limit: int | None = None
    consistent: bool = False

    def options(self) -> dict[str, Any]:
        """Return it as the wrapper takes it."""
        check_condition_names(self.filter)
        return {
            "index": self.index,
            "attributes": self.attributes,
            "filter": None if self.filter is None else self.filter.expression,
            "names": None if self.filter is None else self.filter.names,
            "values": None if self.filter is None else self.filter.values,
            "limit": self.limit,
            "consistent": self.consistent,
        }


EVERYTHING = ItemReading()


@dataclass(frozen=True, slots=True)
class TableStateRow:
    """A table and the state that was waited for."""

    table: str
    status: str


@dataclass(frozen=True, slots=True)
class TableSummaryRow:
    """A table in a few columns; items and bytes are AWS's estimate, up to six hours old."""

    table: str
    status: str
    key: str
    indexes: str
    billing_mode: str
    items: int
    size_bytes: int
    is_protected: bool


def table_summaries(aws_provider: AwsClientProvider) -> Iterator[TableSummaryRow]:
    """Yield each table with what DescribeTable tells of it; one that goes meanwhile is left out."""
    for name in dynamodb_interactions.list_tables(aws_provider):
        try:
            found = dynamodb_interactions.describe_table(name, aws_provider)
        except TableDoesNotExist:
            continue
        yield TableSummaryRow(
            name,
            str(found.status),
            " ".join(f"{key.name}:{key.type}" for key in found.keys),
            " ".join(index.name for index in found.indexes),
            found.billing_mode,
            found.item_count,
            found.size_bytes,
            found.is_protected,
        )


def query(
    table_name: str,
    partition: Mapping[str, Any],
    aws_provider: AwsClientProvider,
    *,
    sort: SortChoice | None = None,
    reverse: bool = False,
    reading: ItemReading = EVERYTHING,
) -> Iterator[JsonObject]:
    """Yield the items with one partition key, in the order of the sort key (Query).

    The table is described first if ``sort`` is given, for the name and type of its sort key.
    """
    if len(partition) != 1:
        raise InvalidInput(f"a partition key is one attribute with its value, not {len(partition)}")
    options = reading.options()
    table = fill_template(table_name, aws_provider)
    condition = None if sort is None else _sort_condition(table, sort, reading.index, aws_provider)
    found = dynamodb_interactions.query(
        table, partition, aws_provider, sort=condition, reverse=reverse, **options
    )
    return map(document_of, found)


def _sort_condition(
    table: str, sort: SortChoice, index: str | None, aws_provider: AwsClientProvider
) -> SortCondition:
    described = dynamodb_interactions.describe_table(table, aws_provider)
    keys = described.keys if index is None else described.index(index).keys
    if len(keys) < 2:
        raise InvalidInput(f"{f'index {index}' if index else f'table {table}'} has no sort key")
    if sort.comparison == "begins_with" and keys[1].type == "N":
        raise InvalidInput(
            f'the sort key "{keys[1].name}" is a number: only text and binary begin with something'
        )
    upper = None if sort.upper is None else _sort_value(keys[1], sort.upper)
    return SortCondition(keys[1].name, sort.comparison, _sort_value(keys[1], sort.value), upper)


def _sort_value(key: KeyAttribute, text: str) -> Any:
    try:
        if key.type == "N":
            return value_of({"$number": text})
        return a2b_base64(text, strict_mode=True) if key.type == "B" else text
    except InvalidInput:
        raise InvalidInput(f"the sort key {key.name} is a number, and {text!r} is none") from None
    except (Base64Error, ValueError):
        raise InvalidInput(f"the sort key {key.name} is binary, and {text!r} is no base64") from None


def scan(
    table_name: str,
    aws_provider: AwsClientProvider,
    *,
    segments: int = 1,
    reading: ItemReading = EVERYTHING,
) -> Iterator[JsonObject]:
    """Yield every item of a table or index, in no order to rely on (Scan)."""
    options = reading.options()
    table = fill_template(table_name, aws_provider)
    return map(document_of, dynamodb_interactions.scan(table, aws_provider, segments=segments, **options))


def keys_in(source: Path | BinaryIO) -> JsonLines[Item]:
    """Return the lines of a file or stream, each the key of an item as JSON."""
    return JsonLines(source, _key_of_line)


def _key_of_line(document: object) -> Item:
    key = item_of(document)
    to_item(key)
    return key


def batch_get(
    table_name: str,
    keys: JsonLines[Item],
    aws_provider: AwsClientProvider,
    *,
    attributes: Sequence[str] | None = None,
    consistent: bool = False,
) -> Iterator[JsonObject]:
    """Yield the items of keys in their order, a hundred a call (DescribeTable, BatchGetItem).

    Absent ones are left out; a warning at the end names their lines. The same key twice, or one that is
    not the table's, raises ``WrongLines``; keys that DynamoDB left unread to the end, ``LinesNotRead``
    after all others.
    """
    given = [(line.number, line.value) for line in keys.lines]
    number_by_key = _numbers_by_key(given, keys.name)
    table = fill_template(table_name, aws_provider)
    _check_keys(given, keys.name, table, aws_provider)
    absent: list[int] = []
    found = dynamodb_interactions.batch_get(
        table,
        [key for _, key in given],
        aws_provider,
        attributes=attributes,
        consistent=consistent,
    )
    try:
        for key, item in found:
            if item is None:
                absent.append(number_by_key[json_line(document_of(key))])
            else:
                yield document_of(item)
    except KeysNotRead as error:
        unread = [number_by_key[json_line(document_of(key))] for key in error.keys]
        raise LinesNotRead(keys.name, unread) from error.__cause__
    finally:
        if absent:
            logger.warning("%s: there is no item for %s", keys.name, numbers_of_lines(absent))


def _numbers_by_key(given: Sequence[tuple[int, Item]], source: str) -> dict[str, int]:
    number_by_key: dict[str, int] = {}
    complaints = {}
    for number, key in given:
        first = number_by_key.setdefault(json_line(document_of(key)), number)
        if first != number:
            complaints[number] = f"is the same key as line {first}"
    if complaints:
        raise WrongLines(source, complaints)
    return number_by_key


def _check_keys(
    given: Sequence[tuple[int, Item]], source: str, table: str, aws_provider: AwsClientProvider
) -> None:
    if not given:
        return
    try:
        described = dynamodb_interactions.describe_table(table, aws_provider)
    except AccessDenied:
        # Who may read items need not be allowed to describe the table; AWS then checks the keys alone.
        logger.debug("keys of table=%s are not checked: no permission to describe it", table)
        return
    complaints = {}
    for number, key in given:
        try:
            whole_key(described, key)
        except InvalidInput as error:
            complaints[number] = str(error)
    if complaints:
        raise WrongLines(source, complaints)


def wait_for_table(
    table_name: str,
    wanted: Literal["active", "absent"],
    aws_provider: AwsClientProvider,
    *,
    timeout: float,
    interval: float,
) -> Iterator[TableStateRow]:
    """Yield the state of a table once it is ``active`` or ``absent`` (DescribeTable), times in seconds.

    A table that is not there yet is waited for too, with a warning: the name may be wrong. Raises
    ``WaitTimedOut``, and ``TableBusy`` for one that will not be active any more.
    """
    table = fill_template(table_name, aws_provider)
    if wanted == "active" and _is_absent(table, aws_provider):
        logger.warning("there is no table %s yet; waiting for it", table)
    found = dynamodb_interactions.wait_for_table(
        table, wanted, aws_provider, timeout=timeout, interval=interval
    )
    yield TableStateRow(table, "absent" if found is None else str(found.status))


def _is_absent(table: str, aws_provider: AwsClientProvider) -> bool:
    try:
        dynamodb_interactions.describe_table(table, aws_provider)
    except TableDoesNotExist:
        return True
    return False
