from functools import partial
from typing import Any

from aws_interactions import rds_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.rds import changes
from tests.kinds.stories.story import Story
from tests.support.databases import make_instance

NAME, SNAPSHOT = "orders", "orders-before"


def make(aws_provider: AwsClientProvider) -> None:
    make_instance(aws_provider, NAME, Tags=[{"Key": "team", "Value": "web"}])


def make_and_stop(aws_provider: AwsClientProvider) -> None:
    make(aws_provider)
    aws_provider.get_rds().stop_db_instance(DBInstanceIdentifier=NAME)


def make_with_snapshot(aws_provider: AwsClientProvider) -> None:
    make(aws_provider)
    aws_provider.get_rds().create_db_snapshot(DBInstanceIdentifier=NAME, DBSnapshotIdentifier=SNAPSHOT)


def status(aws_provider: AwsClientProvider) -> list[Any]:
    return [(each.identifier, each.status) for each in rds_interactions.list_databases(aws_provider)]


def snapshots(aws_provider: AwsClientProvider) -> list[str]:
    client: Any = aws_provider.get_rds()
    found = client.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    return [each["DBSnapshotIdentifier"] for each in found]


def tags(aws_provider: AwsClientProvider) -> list[Any]:
    client: Any = aws_provider.get_rds()
    [database] = client.describe_db_instances(DBInstanceIdentifier=NAME)["DBInstances"]
    found = client.list_tags_for_resource(ResourceName=database["DBInstanceArn"])["TagList"]
    return sorted((tag["Key"], tag["Value"]) for tag in found)


STORIES = {
    "rds.start": Story(partial(changes.plan_start, [NAME]), status, make_and_stop),
    "rds.stop": Story(partial(changes.plan_stop, [NAME]), status, make),
    "rds.reboot": Story(
        partial(changes.plan_reboot, [NAME]),
        status,
        make,
        nothing_tells="moto keeps no events of a database, by which AWS tells that it was restarted",
    ),
    "rds.create-snapshot": Story(partial(changes.plan_create_snapshot, NAME, SNAPSHOT), snapshots, make),
    "rds.delete-snapshot": Story(
        partial(changes.plan_delete_snapshots, [SNAPSHOT]), snapshots, make_with_snapshot
    ),
    "rds.set-tags": Story(partial(changes.plan_set_tags, NAME, {"team": "ops"}), tags, make),
}
