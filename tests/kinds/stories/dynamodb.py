import io
from functools import partial
from typing import Any

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import KeyAttribute, Throughput
from aws_operations.dynamodb import changes
from aws_operations.dynamodb.batch_changes import BatchWrite, batch_requests
from aws_operations.dynamodb.update_changes import ItemUpdate
from tests.kinds.stories.story import Story

TABLE, KEY = "orders", {"customer": "c-1"}
BACKUP, BUCKET = "orders-before", "orders-in-{account}"
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


def expiry(aws_provider: AwsClientProvider) -> Any:
    return dynamodb_interactions.get_time_to_live(TABLE, aws_provider)


def recovery_days(aws_provider: AwsClientProvider) -> Any:
    return dynamodb_interactions.get_point_in_time_recovery(TABLE, aws_provider).days


def protection(aws_provider: AwsClientProvider) -> bool:
    return bool(dynamodb_interactions.describe_table(TABLE, aws_provider).is_protected)


def capacity(aws_provider: AwsClientProvider) -> Any:
    return dynamodb_interactions.get_capacity(TABLE, aws_provider)


def make_backup(aws_provider: AwsClientProvider) -> None:
    make_item(aws_provider)
    dynamodb_interactions.create_backup(TABLE, BACKUP, aws_provider)


def backups(aws_provider: AwsClientProvider) -> list[str]:
    return [backup.name for backup in dynamodb_interactions.list_backups(aws_provider)]


def make_kept_table(aws_provider: AwsClientProvider) -> None:
    make_item(aws_provider)
    make_bucket(aws_provider)
    dynamodb_interactions.set_point_in_time_recovery(TABLE, 35, aws_provider)


def make_bucket(aws_provider: AwsClientProvider) -> None:
    s3: Any = aws_provider.get_s3()
    environment = aws_provider.get_aws_env()
    region, bucket = environment.aws_region, BUCKET.format(account=environment.aws_account)
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **place)
    s3.put_object(Bucket=bucket, Key="in/1.json", Body=b'{"Item": {"customer": {"S": "c-1"}}}')


def exports(aws_provider: AwsClientProvider) -> list[str]:
    client: Any = aws_provider.get_dynamodb()
    arn = dynamodb_interactions.table_arn(TABLE, aws_provider.get_aws_env())
    return [each["ExportArn"] for each in client.list_exports(TableArn=arn)["ExportSummaries"]]


STORIES = {
    "dynamodb.export-table": Story(
        partial(changes.plan_export_table, TABLE, changes.ExportPlace(BUCKET)),
        exports,
        make_kept_table,
        nothing_tells="moto keeps no client token of an export, by which it is found again",
    ),
    "dynamodb.import-table": Story(
        partial(
            changes.plan_import_table,
            "orders-again",
            [KeyAttribute("customer", "S")],
            changes.ImportSource(BUCKET, "in/"),
            following=changes.Following(timeout=30, interval=0.05),
        ),
        tables,
        make_bucket,
        nothing_tells="moto has no ListImports",
    ),
    "dynamodb.create-backup": Story(
        partial(changes.plan_create_backup, [TABLE], BACKUP), backups, make_table
    ),
    "dynamodb.delete-backup": Story(partial(changes.plan_delete_backups, [BACKUP]), backups, make_backup),
    "dynamodb.restore-table": Story(
        partial(changes.plan_restore_backup, "orders-again", BACKUP), tables, make_backup
    ),
    "dynamodb.set-ttl": Story(
        partial(changes.plan_set_time_to_live, [TABLE], "expires_at"), expiry, make_table
    ),
    "dynamodb.set-pitr": Story(
        partial(changes.plan_set_recovery, [TABLE], is_on=True, days=35), recovery_days, make_table
    ),
    "dynamodb.set-protection": Story(
        partial(changes.plan_set_protection, [TABLE], is_on=True), protection, make_table
    ),
    "dynamodb.set-capacity": Story(
        partial(changes.plan_set_capacity, [TABLE], Throughput(5, 6)), capacity, make_table
    ),
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
