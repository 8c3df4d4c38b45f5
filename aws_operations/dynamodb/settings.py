"""What is set on tables, as rows: expiry of items, recovery to a point in time, protection, capacity."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import TableDoesNotExist
from aws_operations.targets import fill_template

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class TimeToLiveRow:
    """Whether items of a table expire, and by which attribute."""

    table: str
    status: str
    attribute: str | None


@dataclass(frozen=True, slots=True)
class RecoveryRow:
    """Whether a table can be restored as it was, of how many days, and from when to when by now."""

    table: str
    is_on: bool
    days: int | None
    earliest: datetime | None
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class ProtectionRow:
    """Whether a table is protected against deletion."""

    table: str
    is_protected: bool


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """How a table, or one of its global indexes, is paid for; units are of one second."""

    table: str
    index: str | None
    billing_mode: str
    read_units: int | None
    write_units: int | None
    status: str


def times_to_live(table_names: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[TimeToLiveRow]:
    """Yield whether items expire, of the tables named, or of all (DescribeTimeToLive, a call for each)."""

    def row(table: str) -> Iterator[TimeToLiveRow]:
        found = dynamodb_interactions.get_time_to_live(table, aws_provider)
        yield TimeToLiveRow(table, found.status, found.attribute)

    return _rows(table_names, row, aws_provider)


def recoveries(table_names: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[RecoveryRow]:
    """Yield how far back tables can be restored, those named or all (DescribeContinuousBackups each)."""

    def row(table: str) -> Iterator[RecoveryRow]:
        found = dynamodb_interactions.get_point_in_time_recovery(table, aws_provider)
        yield RecoveryRow(table, found.is_on, found.days, found.earliest, found.latest)

    return _rows(table_names, row, aws_provider)


def protections(table_names: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[ProtectionRow]:
    """Yield whether tables are protected against deletion, those named or all (DescribeTable each)."""

    def row(table: str) -> Iterator[ProtectionRow]:
        yield ProtectionRow(table, dynamodb_interactions.describe_table(table, aws_provider).is_protected)

    return _rows(table_names, row, aws_provider)


def capacities(table_names: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[CapacityRow]:
    """Yield how tables and their global indexes are paid for, those named or all (DescribeTable each)."""

    def rows(table: str) -> Iterator[CapacityRow]:
        found = dynamodb_interactions.get_capacity(table, aws_provider)
        mode, units = found.billing_mode, found.throughput
        for index, each in ((None, units), *((name, found.indexes.get(name)) for name in found.index_names)):
            yield CapacityRow(
                table,
                index,
                mode,
                None if each is None else each.read_units,
                None if each is None else each.write_units,
                found.status,
            )

    return _rows(table_names, rows, aws_provider)


def _rows(
    table_names: Sequence[str], rows_of: Callable[[str], Iterator[Row]], aws_provider: AwsClientProvider
) -> Iterator[Row]:
    for table in dict.fromkeys(fill_template(name, aws_provider) for name in table_names):
        yield from rows_of(table)
    if table_names:
        return
    for table in dynamodb_interactions.list_tables(aws_provider):
        try:
            yield from rows_of(table)
        except TableDoesNotExist:
            # It was dropped since it was listed.
            continue
