import io
from functools import partial
from typing import Any

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import KeyAttribute
from aws_operations.dynamodb import changes
from aws_operations.dynamodb.batch_changes import BatchWrite, batch_requests
from aws_operations.dynamodb.update_changes import ItemUpdate
from tests.kinds.stories.story import Story

TABLE, KEY = "orders", {"customer": "c-1"}
BATCH = b'{"put": {"customer": "c-1", "total": 9}}\n'


def make_table(aws_provider: AwsClientProvider) -> None:
    client: Any = aws_provider.get_dynamodb()
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "customer", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "team", "Value": "web"}],
    )


def make_item(aws_provider: AwsClientProvider) -> None:
    make_table(aws_provider)
    dynamodb_interactions.put_item(TABLE, {**KEY, "total": 7, "note": "as it was"}, aws_provider)


def items(aws_provider: AwsClientProvider) -> list[Any]:
    return list(dynamodb_interactions.scan(TABLE, aws_provider))


def tables(aws_provider: AwsClientProvider) -> list[str]:
    return list(dynamodb_interactions.list_tables(aws_provider))


def plan_batch(aws_provider: AwsClientProvider) -> Any:
    return BatchWrite(TABLE, batch_requests(io.BytesIO(BATCH)), overwrite=True, keep_before=True).plan(
        aws_provider
    )


STORIES = {
    "dynamodb.create-table": Story(
        partial(changes.plan_create_table, TABLE, [KeyAttribute("customer", "S")]), tables
    ),
    "dynamodb.drop-table": Story(partial(changes.plan_drop_table, TABLE), tables, make_table),
    "dynamodb.put-item": Story(
        partial(changes.plan_put, TABLE, {**KEY, "total": 8}, overwrite=True, keep_before=True),
        items,
        make_item,
    ),
    "dynamodb.delete-item": Story(
        partial(changes.plan_delete, TABLE, KEY, keep_before=True), items, make_item
    ),
    "dynamodb.update-item": Story(
        partial(changes.plan_update, TABLE, KEY, ItemUpdate(assign={"total": 8}), keep_before=True),
        items,
        make_item,
    ),
    "dynamodb.batch-write": Story(plan_batch, items, make_item),
}
