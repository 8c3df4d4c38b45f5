"""The samples of each account and region besides its bucket.

EC2 instances ``web-1`` and ``web-2`` (running, in two zones) and ``batch-1`` (stopped) in the default VPC,
named ``main``; the DynamoDB table ``orders`` with five items; the databases ``orders-db``, with a manual
snapshot, and ``archive-db`` (stopped), and the Aurora cluster ``reports`` with one member; the secrets
``orders/database`` and ``orders/api-key``, the latter with an older version, and ``orders/retired``, deleted.
"""

import base64
import json
from typing import Any

from aws_operations.sandbox.sample_requests import SampleCaller, element, numbered_tags

_AMAZON_LINUX = "ami-12c6146b"  # one that moto has in every region
_STAGE = {"stage": "sandbox"}
_DATABASE_USER = {"MasterUsername": "orders", "MasterUserPassword": "sandbox-only"}
_OLD_API_KEY = "sandbox-api-key-0000"
_API_KEY = "sandbox-api-key-0001"


def make_regional_samples(caller: SampleCaller, region: str) -> None:
    """Make them with a caller of the account; raises ``SampleRefused`` at the first that fails."""
    _make_instances(caller, region)
    _make_table(caller, region)
    host = _make_databases(caller, region)
    _make_secrets(caller, region, host)


def _make_instances(caller: SampleCaller, region: str) -> None:
    group_filter = {"Filter.1.Name": "group-name", "Filter.1.Value.1": "default"}
    groups = caller.query("ec2", "DescribeSecurityGroups", group_filter, region)
    for name, role, zone in (("web-1", "web", "a"), ("web-2", "web", "b"), ("batch-1", "batch", "a")):
        zone_filter = {"Filter.1.Name": "availability-zone", "Filter.1.Value.1": f"{region}{zone}"}
        subnets = caller.query("ec2", "DescribeSubnets", zone_filter, region)
        answer = caller.query(
            "ec2",
            "RunInstances",
            {
                "ImageId": _AMAZON_LINUX,
                "InstanceType": "t3.micro",
                "MinCount": "1",
                "MaxCount": "1",
                # AWS takes the defaults by itself; moto then gives no group, and an address outside the VPC.
                "SubnetId": element("subnetId", subnets),
                "SecurityGroupId.1": element("groupId", groups),
                "TagSpecification.1.ResourceType": "instance",
                **numbered_tags("TagSpecification.1.Tag", {"Name": name, "role": role, **_STAGE}),
            },
            region,
        )
    caller.query("ec2", "StopInstances", {"InstanceId.1": element("instanceId", answer)}, region)
    main = {"ResourceId.1": element("vpcId", answer), **numbered_tags("Tag", {"Name": "main"})}
    caller.query("ec2", "CreateTags", main, region)


def _make_table(caller: SampleCaller, region: str) -> None:
    caller.json(
        "dynamodb",
        "CreateTable",
        {
            "TableName": "orders",
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in ("customer", "order", "status")
            ],
            "KeySchema": _key("customer", "order"),
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by-status",
                    "KeySchema": _key("status", "order"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            "BillingMode": "PAY_PER_REQUEST",
            "Tags": [{"Key": key, "Value": value} for key, value in _STAGE.items()],
        },
        region,
    )
    items = (
        _order("c-1", "2026-01-07-1", "shipped", "149.9", ("tea", 2, "12.45"), ("kettle", 1, "125")),
        _order("c-1", "2026-02-11-1", "open", "12.45", ("tea", 1, "12.45")),
        _order("c-1", "2026-02-11-2", "open", "8.1", ("cup", 3, "2.7")),
        _order("c-2", "2026-01-07-2", "shipped", "2.7", ("cup", 1, "2.7")),
        _order("c-2", "2026-03-01-1", "open", "124.5", ("tea", 10, "12.45")),
    )
    items[0]["note"] = {"B": base64.b64encode(b"\x00\x01gift\xff").decode()}
    requests = [{"PutRequest": {"Item": item}} for item in items]
    caller.json("dynamodb", "BatchWriteItem", {"RequestItems": {"orders": requests}}, region)


def _key(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def _order(
    customer: str, order: str, status: str, total: str, *lines: tuple[str, int, str]
) -> dict[str, Any]:
    return {
        "customer": {"S": customer},
        "order": {"S": order},
        "status": {"S": status},
        "total": {"N": total},
        "lines": {
            "L": [
                {"M": {"product": {"S": product}, "quantity": {"N": str(quantity)}, "price": {"N": price}}}
                for product, quantity, price in lines
            ]
        },
        "tags": {"SS": ["web", "gift"] if len(lines) > 1 else ["web"]},
    }


def _make_databases(caller: SampleCaller, region: str) -> str:
    orders = caller.query(
        "rds",
        "CreateDBInstance",
        {
            "DBInstanceIdentifier": "orders-db",
            "DBInstanceClass": "db.t4g.micro",
            "Engine": "postgres",
            "EngineVersion": "16.4",
            "AllocatedStorage": "20",
            "DBName": "orders",
            **_DATABASE_USER,
            **numbered_tags("Tags.Tag", _STAGE),
        },
        region,
    )
    tags = numbered_tags("Tags.Tag", _STAGE)
    archive = {"DBInstanceIdentifier": "archive-db", "DBInstanceClass": "db.t4g.micro", "Engine": "mysql"}
    storage = {"AllocatedStorage": "20", "EngineVersion": "8.0.39", **_DATABASE_USER}
    caller.query("rds", "CreateDBInstance", {**archive, **storage, **tags}, region)
    caller.query("rds", "StopDBInstance", {"DBInstanceIdentifier": "archive-db"}, region)
    cluster = {"DBClusterIdentifier": "reports", "Engine": "aurora-postgresql"}
    caller.query("rds", "CreateDBCluster", {**cluster, **_DATABASE_USER, **tags}, region)
    member = {"DBInstanceIdentifier": "reports-1", "DBInstanceClass": "db.t4g.medium"}
    caller.query("rds", "CreateDBInstance", {**member, **cluster, **tags}, region)
    snapshot = {"DBInstanceIdentifier": "orders-db", "DBSnapshotIdentifier": "orders-db-before-upgrade"}
    caller.query("rds", "CreateDBSnapshot", snapshot, region)
    return element("Address", orders)


def _make_secrets(caller: SampleCaller, region: str, database_host: str) -> None:
    database = {"username": "orders", "password": "sandbox-only", "host": database_host, "port": 5432}
    for name, value in (
        ("orders/database", json.dumps(database)),
        ("orders/api-key", _OLD_API_KEY),
        ("orders/retired", _OLD_API_KEY),
    ):
        caller.json(
            "secretsmanager",
            "CreateSecret",
            {
                "Name": name,
                "SecretString": value,
                "Description": "A sample of the sandbox.",
                "Tags": [{"Key": key, "Value": text} for key, text in _STAGE.items()],
            },
            region,
        )
    # One with an older version to go back to, and one to restore.
    caller.json(
        "secretsmanager", "PutSecretValue", {"SecretId": "orders/api-key", "SecretString": _API_KEY}, region
    )
    caller.json("secretsmanager", "DeleteSecret", {"SecretId": "orders/retired"}, region)
