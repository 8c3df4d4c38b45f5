"""What tables and their indexes can take: planner and kind of change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import (
    IndexDoesNotExist,
    TableBusy,
    TableCapacity,
    TableStatus,
    Throughput,
)
from aws_interactions.dynamodb_interactions.capacity import ON_DEMAND, PROVISIONED
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import Change, Effect, JsonObject, Reversibility
from aws_operations.dynamodb.change_parts import table_of
from aws_operations.dynamodb.table_settings import TableSetting
from aws_operations.targets import fill_template


def plan_set_capacity(
    table_names: Sequence[str],
    throughput: Throughput | None,
    aws_provider: AwsClientProvider,
    *,
    index: str | None = None,
) -> Iterator[Change]:
    """Plan that tables have so many units each second, or with ``None`` are paid for by request.

    With ``index`` the units are of that global index alone, of a table that is provisioned. Indexes of a
    table that was paid for by request get as many as the table; else they keep theirs.
    """
    if index is not None and throughput is None:
        raise InvalidInput("an index has units of its own only where its table is provisioned")
    for table in dict.fromkeys(fill_template(name, aws_provider) for name in table_names):
        found = dynamodb_interactions.get_capacity(table, aws_provider)
        before, after = _document(found), _wanted(table, found, throughput, index)
        if found.status is not TableStatus.ACTIVE and before != after:
            raise TableBusy(table, f"is {found.status}: set its capacity once it is ACTIVE")
        yield _CAPACITY.change(table, before, after, aws_provider)


def _wanted(table: str, found: TableCapacity, throughput: Throughput | None, index: str | None) -> JsonObject:
    if throughput is None:
        return {"billing_mode": ON_DEMAND}
    if index is None:
        indexes = found.indexes or dict.fromkeys(found.index_names, throughput)
        return _provisioned(throughput, indexes)
    if index not in found.index_names:
        raise IndexDoesNotExist(table, index)
    if found.throughput is None:
        raise InvalidInput(f"table {table} is paid for by request, and its indexes with it")
    return _provisioned(found.throughput, {**found.indexes, index: throughput})


def _document(found: TableCapacity) -> JsonObject:
    if found.throughput is None:
        return {"billing_mode": found.billing_mode}
    return _provisioned(found.throughput, found.indexes)


def _provisioned(throughput: Throughput, indexes: Mapping[str, Throughput]) -> JsonObject:
    named = {name: asdict(each) for name, each in indexes.items()}
    return {"billing_mode": PROVISIONED, **asdict(throughput), **({"indexes": named} if named else {})}


def _read(table: str, aws_provider: AwsClientProvider) -> JsonObject:
    return _document(dynamodb_interactions.get_capacity(table, aws_provider))


def _write(change: Change, aws_provider: AwsClientProvider) -> None:
    before, after, table = change.before or {}, change.after or {}, table_of(change)
    if after["billing_mode"] == ON_DEMAND:
        dynamodb_interactions.set_on_demand(table, aws_provider)
        return
    # AWS refuses a change to the units that are there.
    known = before.get("indexes", {})
    indexes = {
        name: Throughput(**units)
        for name, units in after.get("indexes", {}).items()
        if known.get(name) != units
    }
    units = Throughput(after["read_units"], after["write_units"])
    is_same = (before.get("read_units"), before.get("write_units")) == (units.read_units, units.write_units)
    dynamodb_interactions.set_throughput(table, None if is_same else units, aws_provider, indexes=indexes)


def _judge(_before: JsonObject, _after: JsonObject) -> tuple[Effect, Reversibility]:
    return Effect.UPDATE, Reversibility.REVERSIBLE


_CAPACITY = TableSetting(
    "dynamodb.set-capacity",
    "its capacity was",
    _read,
    _write,
    _judge,
    iam_actions_of("dynamodb", "DescribeTable", "UpdateTable"),
)
_CAPACITY.register()
