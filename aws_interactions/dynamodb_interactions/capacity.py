"""What a table and its indexes can take: paid per request, or so many units each second."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aws_interactions.dynamodb_interactions.errors import table_errors
from aws_interactions.dynamodb_interactions.records import TableStatus
from aws_interactions.dynamodb_interactions.table_settings import setting_errors

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

ON_DEMAND = "PAY_PER_REQUEST"
PROVISIONED = "PROVISIONED"


@dataclass(frozen=True, slots=True)
class Throughput:
    """Reads and writes that are provisioned: units each second, of 4 KB read and 1 KB written."""

    read_units: int
    write_units: int


@dataclass(frozen=True, slots=True)
class TableCapacity:
    """How a table is paid for; ``throughput`` and that of its global indexes where it is provisioned.

    ``index_names`` are those of all its global indexes. ``status`` tells whether it is being changed.
    """

    billing_mode: str
    throughput: Throughput | None = None
    indexes: Mapping[str, Throughput] = field(default_factory=dict)
    index_names: tuple[str, ...] = ()
    status: TableStatus = TableStatus.ACTIVE


def get_capacity(table_name: str, aws_provider: "AwsClientProvider") -> TableCapacity:
    """Return what a table and its global indexes can take (DescribeTable)."""
    logger.debug("get_capacity table=%s", table_name)
    client: Any = aws_provider.get_dynamodb()
    with table_errors(table_name):
        table: Mapping[str, Any] = client.describe_table(TableName=table_name)["Table"]
    indexes = {each["IndexName"]: each for each in table.get("GlobalSecondaryIndexes", ())}
    # A table that never was anything but provisioned has no summary.
    mode = table.get("BillingModeSummary", {}).get("BillingMode", PROVISIONED)
    is_provisioned = mode == PROVISIONED
    return TableCapacity(
        billing_mode=mode,
        throughput=_throughput(table) if is_provisioned else None,
        indexes={name: _throughput(each) for name, each in indexes.items()} if is_provisioned else {},
        index_names=tuple(indexes),
        status=TableStatus(table.get("TableStatus", "")),
    )


def set_on_demand(table_name: str, aws_provider: "AwsClientProvider") -> None:
    """Have a table and its indexes paid for by request (UpdateTable), which AWS takes minutes to change.

    ``TableBusy`` while it is being changed; ``TableChangedTooOften``: AWS does it four times a day.
    """
    logger.debug("set_on_demand table=%s", table_name)
    client: Any = aws_provider.get_dynamodb()
    with setting_errors(table_name):
        client.update_table(TableName=table_name, BillingMode=ON_DEMAND)
    logger.info("table %s is paid for by request", table_name)


def set_throughput(
    table_name: str,
    throughput: Throughput | None,
    aws_provider: "AwsClientProvider",
    *,
    indexes: Mapping[str, Throughput] | None = None,
) -> None:
    """Provision units for a table, if any are given, and for those of its indexes (UpdateTable).

    AWS refuses units that are provisioned already, and wants those of every index from a table that was
    paid for by request. ``TableBusy`` while it is being changed, ``TableChangedTooOften`` for what was
    lowered as often as AWS does in a day.
    """
    logger.debug("set_throughput table=%s indexes=%d", table_name, len(indexes or {}))
    parameters: dict[str, Any] = {"TableName": table_name, "BillingMode": PROVISIONED}
    if throughput is not None:
        parameters["ProvisionedThroughput"] = _units(throughput)
    if indexes:
        parameters["GlobalSecondaryIndexUpdates"] = [
            {"Update": {"IndexName": name, "ProvisionedThroughput": _units(each)}}
            for name, each in indexes.items()
        ]
    client: Any = aws_provider.get_dynamodb()
    with setting_errors(table_name):
        client.update_table(**parameters)
    logger.info("table %s gets other units", table_name)


def _throughput(owner: Mapping[str, Any]) -> Throughput:
    found = owner.get("ProvisionedThroughput", {})
    return Throughput(found.get("ReadCapacityUnits", 0), found.get("WriteCapacityUnits", 0))


def _units(throughput: Throughput) -> dict[str, int]:
    return {"ReadCapacityUnits": throughput.read_units, "WriteCapacityUnits": throughput.write_units}
