"""Tables: list, describe, create, delete, wait."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import AwsInteractionError, InvalidInput
from aws_interactions.calls import pages_of
from aws_interactions.dynamodb_interactions.errors import (
    TableAlreadyExists,
    TableBusy,
    TableDoesNotExist,
    TableLimitReached,
    TableProtected,
    table_arn,
    table_errors,
    table_resource,
)
from aws_interactions.dynamodb_interactions.records import (
    KeyAttribute,
    TableDescription,
    TableIndex,
    TableSpec,
    TableStatus,
)
from aws_interactions.tags import check_tags, tag_list, tags_from
from aws_interactions.waiting import wait_until

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

KEY_TYPES = ("S", "N", "B")
_ROLES = ("HASH", "RANGE")
# From these no table comes back by itself.
_DEAD_ENDS = frozenset(
    {TableStatus.DELETING, TableStatus.ARCHIVED, TableStatus.INACCESSIBLE_ENCRYPTION_CREDENTIALS}
)


def list_tables(aws_provider: "AwsClientProvider") -> Iterator[str]:
    """Yield the names of the tables in the account and region (ListTables)."""
    logger.debug("list_tables")
    client: Any = aws_provider.get_dynamodb()
    with table_errors("*"):
        for page in pages_of(client, "list_tables"):
            yield from page.get("TableNames", ())


def describe_table(table_name: str, aws_provider: "AwsClientProvider") -> TableDescription:
    """Return what AWS tells of a table (DescribeTable); raises ``TableDoesNotExist``."""
    logger.debug("describe_table table=%s", table_name)
    client: Any = aws_provider.get_dynamodb()
    with table_errors(table_name):
        answer = client.describe_table(TableName=table_name)
    return _description(answer["Table"])


def get_table_tags(table_name: str, aws_provider: "AwsClientProvider") -> dict[str, str]:
    """Return the tags of a table, AWS's own (``aws:...``) among them (ListTagsOfResource).

    Raises ``TableDoesNotExist``.
    """
    logger.debug("get_table_tags table=%s", table_name)
    arn = table_arn(table_name, aws_provider.get_aws_env())
    client: Any = aws_provider.get_dynamodb()
    tags: dict[str, str] = {}
    with table_errors(table_name):
        for page in pages_of(client, "list_tags_of_resource", ResourceArn=arn):
            tags.update(tags_from(page.get("Tags", ())))
    return tags


def create_table(spec: TableSpec, aws_provider: "AwsClientProvider") -> TableDescription:
    """Make a table and return it, most often still ``CREATING`` (CreateTable).

    Raises ``TableAlreadyExists``, ``TableLimitReached``, and ``InvalidInput`` for keys or tags that AWS
    would refuse. ``wait_for_table`` waits until it can be used.
    """
    logger.debug("create_table table=%s indexes=%d", spec.name, len(spec.indexes))
    check_tags(spec.tags)
    parameters = creation_parameters(spec)
    client: Any = aws_provider.get_dynamodb()
    taken = {
        "ResourceInUseException": lambda _: TableAlreadyExists(spec.name),
        "LimitExceededException": lambda _: TableLimitReached(spec.name),
    }
    with table_errors(spec.name, taken):
        answer = client.create_table(**parameters)
    logger.info("created table %s", spec.name)
    return _description(answer["TableDescription"])


def delete_table(table_name: str, aws_provider: "AwsClientProvider") -> TableDescription:
    """Delete a table with all its items and return it, most often still ``DELETING`` (DeleteTable).

    Raises ``TableDoesNotExist``, ``TableProtected``, ``TableLimitReached``, and ``TableBusy`` for one
    that is being made or changed.
    """
    logger.debug("delete_table table=%s", table_name)
    client: Any = aws_provider.get_dynamodb()
    refused = {
        "ResourceInUseException": lambda _: TableBusy(table_name),
        "LimitExceededException": lambda _: TableLimitReached(table_name),
        "ValidationException": lambda error: _refusal(error, table_name),
    }
    with table_errors(table_name, refused):
        answer = client.delete_table(TableName=table_name)
    logger.info("deleted table %s", table_name)
    return _description(answer["TableDescription"])


def wait_for_table(
    table_name: str,
    wanted: Literal["active", "absent"],
    aws_provider: "AwsClientProvider",
    *,
    timeout: float = 300,
    interval: float = 2,
    sleep: Callable[[float], Any] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> TableDescription | None:
    """Wait until the table is ``active`` and return it, or until it is ``absent`` (DescribeTable).

    ``timeout`` and ``interval`` in seconds; past the first, ``WaitTimedOut``. An absent table may be
    waited for to be active, because a new one may not be seen at once. Raises ``TableBusy`` for one that
    won't be active any more.
    """
    if wanted not in {"active", "absent"}:
        message = f"a table is waited for to be active or absent, not {wanted}"
        raise InvalidInput(message)

    def look() -> TableDescription | None:
        try:
            return describe_table(table_name, aws_provider)
        except TableDoesNotExist:
            return None

    def is_done(table: TableDescription | None) -> bool:
        if wanted == "absent":
            return table is None
        if table is not None and table.status in _DEAD_ENDS:
            raise TableBusy(table_name, f"is {table.status} and won't be active")
        return table is not None and table.status == TableStatus.ACTIVE

    return wait_until(
        look,
        is_done,
        resource=table_resource(table_name),
        wanted=wanted,
        timeout=timeout,
        interval=interval,
        describe=lambda table: "absent" if table is None else str(table.status),
        sleep=sleep,
        clock=clock,
    )


def _refusal(error: ClientError, table_name: str) -> AwsInteractionError:
    message = error.response.get("Error", {}).get("Message", "")
    # Deletion protection has no code of its own; the second text is moto's.
    if "protected against deletion" in message or "DeletionProtectionEnabled" in message:
        return TableProtected(table_name)
    return InvalidInput(f"{table_resource(table_name)}: {message}", resource=table_resource(table_name))


def creation_parameters(spec: TableSpec) -> dict[str, Any]:
    """Return what a table is made from as AWS takes it; raises ``InvalidInput`` for keys that cannot be."""
    types: dict[str, str] = {}
    for key in (*spec.keys, *(key for index in spec.indexes for key in index.keys)):
        if key.type not in KEY_TYPES:
            message = (
                f"key attribute {key.name} is of type {key.type!r}, where keys are {', '.join(KEY_TYPES)}"
            )
            raise InvalidInput(message)
        if types.setdefault(key.name, key.type) != key.type:
            message = f"key attribute {key.name} is of two types, {types[key.name]} and {key.type}"
            raise InvalidInput(message)
    parameters: dict[str, Any] = {
        "TableName": spec.name,
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in types.items()
        ],
        "KeySchema": _key_schema(spec.keys, f"table {spec.name}"),
        "BillingMode": "PAY_PER_REQUEST",
    }
    for kind, is_local in (("GlobalSecondaryIndexes", False), ("LocalSecondaryIndexes", True)):
        if indexes := [_index(index) for index in spec.indexes if index.is_local == is_local]:
            parameters[kind] = indexes
    if spec.tags:
        parameters["Tags"] = tag_list(spec.tags)
    if spec.is_protected:
        parameters["DeletionProtectionEnabled"] = True
    return parameters


def _key_schema(keys: Sequence[KeyAttribute], owner: str) -> list[dict[str, str]]:
    if not 1 <= len(keys) <= len(_ROLES):
        message = f"the key of {owner} has {len(keys)} attributes, where it is one or two"
        raise InvalidInput(message)
    return [{"AttributeName": key.name, "KeyType": role} for key, role in zip(keys, _ROLES, strict=False)]


def _index(index: TableIndex) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.included:
        projection["NonKeyAttributes"] = list(index.included)
    return {
        "IndexName": index.name,
        "KeySchema": _key_schema(index.keys, f"index {index.name}"),
        "Projection": projection,
    }


def _description(table: Mapping[str, Any]) -> TableDescription:
    types = {each["AttributeName"]: each["AttributeType"] for each in table.get("AttributeDefinitions", ())}
    local = [_described_index(each, types, is_local=True) for each in table.get("LocalSecondaryIndexes", ())]
    world = [
        _described_index(each, types, is_local=False) for each in table.get("GlobalSecondaryIndexes", ())
    ]
    return TableDescription(
        name=table["TableName"],
        arn=table.get("TableArn", ""),
        status=TableStatus(table.get("TableStatus", "")),
        keys=_keys(table, types),
        indexes=(*world, *local),
        # A table that never was anything but provisioned has no summary.
        billing_mode=table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        item_count=table.get("ItemCount", 0),
        size_bytes=table.get("TableSizeBytes", 0),
        created_at=table.get("CreationDateTime"),
        is_protected=table.get("DeletionProtectionEnabled", False),
    )


def _keys(owner: Mapping[str, Any], types: Mapping[str, str]) -> tuple[KeyAttribute, ...]:
    schema = sorted(owner.get("KeySchema", ()), key=lambda each: _ROLES.index(each["KeyType"]))
    return tuple(KeyAttribute(each["AttributeName"], types.get(each["AttributeName"], "")) for each in schema)


def _described_index(index: Mapping[str, Any], types: Mapping[str, str], *, is_local: bool) -> TableIndex:
    projection = index.get("Projection", {})
    status = index.get("IndexStatus")
    return TableIndex(
        name=index["IndexName"],
        keys=_keys(index, types),
        projection=projection.get("ProjectionType", "ALL"),
        status=None if status is None else TableStatus(status),
        included=tuple(projection.get("NonKeyAttributes", ())),
        is_local=is_local,
    )
