"""The ARNs of calls: exact where the parameters are, for every operation that this program makes."""

import re
from typing import Any

import pytest
from botocore.session import Session

from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.call_resources import resource_arns
from aws_interactions.service_operations import SERVICE_OPERATIONS

HERE = AwsEnvironment("123456789012", "eu-west-1")
ROWS = [(service_name, name) for service_name, table in SERVICE_OPERATIONS.items() for name in table]
ARN = re.compile(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:[^{}]+")
MODELS: dict[str, Any] = {}
DYNAMODB = "arn:aws:dynamodb:eu-west-1:123456789012:table"
EC2 = "arn:aws:ec2:eu-west-1:123456789012"
RDS = "arn:aws:rds:eu-west-1:123456789012"
SECRETS = "arn:aws:secretsmanager:eu-west-1:123456789012:secret"


def sample(shape: Any, name: str = "value") -> Any:
    """A value that the shape allows, with all its required members and those that name things."""
    if shape.type_name == "structure":
        wanted = {*shape.required_members, *(member for member in shape.members if is_name(member))}
        if not wanted:
            wanted = set(list(shape.members)[:1])
        return {member: sample(shape.members[member], member) for member in wanted}
    if shape.type_name == "list":
        return [sample(shape.member, name)]
    if shape.type_name == "map":
        return {"thing": None}
    if name.endswith("Arn") or name == "ResourceName":
        return "arn:aws:rds:eu-west-1:123456789012:db:thing"
    return "vol-1" if name == "Resources" else "thing"


def is_name(member: str) -> bool:
    return member in {"TableName", "SecretId", "RoleArn"} or (
        member.startswith("DB") and member.endswith("Identifier")
    )


def sample_parameters(service_name: str, operation_name: str) -> dict[str, Any]:
    if service_name not in MODELS:
        MODELS[service_name] = Session().get_service_model(service_name)
    shape = MODELS[service_name].operation_model(operation_name).input_shape
    return {} if shape is None else dict(sample(shape))


@pytest.mark.parametrize(("service_name", "operation_name"), ROWS)
def test_WHEN_a_call_of_a_row_is_made_THEN_its_arns_are_exact(service_name: str, operation_name: str) -> None:
    row = SERVICE_OPERATIONS[service_name][operation_name]

    arns = resource_arns(service_name, operation_name, sample_parameters(service_name, operation_name), HERE)

    if row.arn_template == "*":
        assert arns == ("*",)
    else:
        assert arns
        assert all(ARN.fullmatch(arn) for arn in arns)
        assert not any("*" in arn for arn in arns)


@pytest.mark.parametrize(
    ("service_name", "operation_name", "parameters", "expected"),
    [
        ("s3", "ListBuckets", {}, ["*"]),
        ("s3", "ListObjectsV2", {"Bucket": "logs"}, ["arn:aws:s3:::logs"]),
        ("s3", "PutObject", {"Bucket": "logs", "Key": "a/b c"}, ["arn:aws:s3:::logs/a/b c"]),
        ("s3", "PutObject", {"Bucket": "logs", "Key": "{account}"}, ["arn:aws:s3:::logs/{account}"]),
        (
            "s3",
            "GetObject",
            {"Bucket": "arn:aws:s3:eu-west-1:123456789012:accesspoint/ap", "Key": "a"},
            ["arn:aws:s3:eu-west-1:123456789012:accesspoint/ap/object/a"],
        ),
        (
            "s3",
            "DeleteObjects",
            {"Bucket": "logs", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "a"}]}},
            ["arn:aws:s3:::logs/a", "arn:aws:s3:::logs/b"],
        ),
        (
            "s3",
            "CopyObject",
            {"Bucket": "to", "Key": "k", "CopySource": "from/a%20b?versionId=1"},
            ["arn:aws:s3:::to/k", "arn:aws:s3:::from/a b"],
        ),
        (
            "s3",
            "CopyObject",
            {"Bucket": "to", "Key": "k", "CopySource": {"Bucket": "from", "Key": "a"}},
            ["arn:aws:s3:::to/k", "arn:aws:s3:::from/a"],
        ),
        (
            "ec2",
            "StopInstances",
            {"InstanceIds": ["i-1", "i-2"]},
            [f"{EC2}:instance/i-1", f"{EC2}:instance/i-2"],
        ),
        (
            "ec2",
            "CreateTags",
            {"Resources": ["vol-1", "sg-2", "snap-3", "tgw-attach-4", "vgw-5", "new-6"], "Tags": []},
            [
                f"{EC2}:volume/vol-1",
                f"{EC2}:security-group/sg-2",
                "arn:aws:ec2:eu-west-1::snapshot/snap-3",
                f"{EC2}:transit-gateway-attachment/tgw-attach-4",
                f"{EC2}:vpn-gateway/vgw-5",
                f"{EC2}:*/new-6",
            ],
        ),
        (
            "dynamodb",
            "Query",
            {"TableName": "orders", "IndexName": "by-day"},
            [f"{DYNAMODB}/orders", f"{DYNAMODB}/orders/index/by-day"],
        ),
        ("dynamodb", "Scan", {"TableName": f"{DYNAMODB}/orders"}, [f"{DYNAMODB}/orders"]),
        (
            "dynamodb",
            "RestoreTableFromBackup",
            {"TargetTableName": "new", "BackupArn": f"{DYNAMODB}/orders/backup/01-a"},
            [f"{DYNAMODB}/new", f"{DYNAMODB}/orders/backup/01-a"],
        ),
        (
            "dynamodb",
            "RestoreTableToPointInTime",
            {"TargetTableName": "new", "SourceTableName": "orders"},
            [f"{DYNAMODB}/new", f"{DYNAMODB}/orders"],
        ),
        (
            "dynamodb",
            "ImportTable",
            {"TableCreationParameters": {"TableName": "new"}},
            [f"{DYNAMODB}/new"],
        ),
        (
            "dynamodb",
            "BatchWriteItem",
            {"RequestItems": {"a": [], "b": []}},
            [f"{DYNAMODB}/a", f"{DYNAMODB}/b"],
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "a"}}, {"ConditionCheck": {"TableName": "b"}}]},
            [f"{DYNAMODB}/a", f"{DYNAMODB}/b"],
        ),
        ("rds", "DescribeDBInstances", {}, [f"{RDS}:db:*"]),
        ("rds", "DescribeDBInstances", {"DBInstanceIdentifier": "Orders"}, [f"{RDS}:db:orders"]),
        (
            "rds",
            "CreateDBSnapshot",
            {"DBSnapshotIdentifier": "Before", "DBInstanceIdentifier": "orders"},
            [f"{RDS}:snapshot:before", f"{RDS}:db:orders"],
        ),
        ("rds", "AddTagsToResource", {"ResourceName": f"{RDS}:db:orders"}, [f"{RDS}:db:orders"]),
        ("secretsmanager", "GetSecretValue", {"SecretId": "db/main"}, [f"{SECRETS}:db/main-??????"]),
        (
            "secretsmanager",
            "GetSecretValue",
            {"SecretId": f"{SECRETS}:db-AbCdEf"},
            [f"{SECRETS}:db-AbCdEf"],
        ),
        ("secretsmanager", "CreateSecret", {"Name": "db"}, [f"{SECRETS}:db-??????"]),
        ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::1:role/a"}, ["arn:aws:iam::1:role/a"]),
        ("iam", "GetRole", {"RoleName": "ops"}, ["arn:aws:iam::123456789012:role/ops"]),
        ("s3", "GetBucketAcl", {"Bucket": "logs"}, ["*"]),
        ("lambda", "Invoke", {}, ["*"]),
    ],
)
def test_WHEN_a_call_names_resources_THEN_it_acts_on_just_these(
    service_name: str, operation_name: str, parameters: dict[str, Any], expected: list[str]
) -> None:
    assert list(resource_arns(service_name, operation_name, parameters, HERE)) == expected


def test_WHEN_the_partition_is_another_AND_the_account_is_not_known_THEN_the_arn_says_so() -> None:
    environment = AwsEnvironment("*", "cn-north-1")

    assert resource_arns("dynamodb", "GetItem", {"TableName": "t"}, environment) == (
        "arn:aws-cn:dynamodb:cn-north-1:*:table/t",
    )
    assert resource_arns("s3", "HeadBucket", {"Bucket": "b"}, environment) == ("arn:aws-cn:s3:::b",)
