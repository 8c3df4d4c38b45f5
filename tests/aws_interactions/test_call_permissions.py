"""What a recorded call needs, against what AWS publishes of its actions and the resources that they take."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.session import Session
from policy_sentry.querying.actions import get_action_data

from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.call_permissions import Permission, is_known, permissions_of, without_escapes
from aws_interactions.call_resources import resource_arns
from aws_interactions.recorded_calls import RecordedCall
from aws_interactions.service_operations import SERVICE_OPERATIONS

ACCOUNT, REGION = "123456789012", "eu-west-1"
BUCKET = "arn:aws:s3:::logs"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws-dynamodb/*"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db"
RDS = f"arn:aws:rds:{REGION}:{ACCOUNT}"
ROLE = "arn:aws:iam::444455556666:role/ops/operator"
ROWS = [(service, operation) for service, table in SERVICE_OPERATIONS.items() for operation in table]
MODELS: dict[str, Any] = {}
# What has a form that "value" does not.
NAMED = {
    "CopySource": "old/key",
    "PolicySourceArn": ROLE,
    "ResourceArn": TABLE,
    "ResourceName": f"{RDS}:db:shop",
    "Resources": ["i-1"],
    "RoleArn": ROLE,
}


def call(
    service: str,
    operation: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    account: str | None = ACCOUNT,
    status: int | None = 200,
    code: str | None = None,
) -> RecordedCall:
    given = parameters or {}
    environment = AwsEnvironment(account or "*", REGION)
    return RecordedCall(
        service=service,
        operation=operation,
        account=account,
        region=REGION,
        identity="the default credentials",
        resources=resource_arns(service, operation, given, environment),
        parameters=given,
        request_id=None,
        attempts=1,
        seconds=0.01,
        outcome="error" if code else "ok",
        code=code,
        status=status,
        answer=None,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        is_presigned=False,
    )


def needed(*what: Any, **more: Any) -> list[tuple[str, str]]:
    return [(each.action, each.resource) for each in permissions_of(call(*what, **more))]


def model_of(service: str) -> Any:
    if service not in MODELS:
        MODELS[service] = Session().get_service_model(service)
    return MODELS[service]


def smallest(shape: Any) -> Any:
    """Return a value with what the shape requires, or with its first member where it requires nothing."""
    if shape.type_name == "structure":
        members = shape.required_members or list(shape.members)[:1]
        return {name: smallest(shape.members[name]) for name in members}
    if shape.type_name == "list":
        return [smallest(shape.member)]
    if shape.type_name == "map":
        return {"value": smallest(shape.value)}
    return "value"


def published(action: str) -> list[Mapping[str, Any]]:
    prefix, name = action.split(":")
    found = get_action_data(prefix, name)
    assert found, f"{action} is no published IAM action"
    return list(found[prefix])


def fits(resource: str, arn_format: str) -> bool:
    """Say whether a policy with this resource can match an ARN of this published form."""
    if "*" in {resource, arn_format}:
        return resource == arn_format
    form = "".join(
        ".*" if part.startswith("${") else re.escape(part) for part in re.split(r"(\$\{\w+\})", arn_format)
    )
    return re.fullmatch(form, resource) is not None


@pytest.mark.parametrize(("service", "operation"), ROWS, ids=[f"{s}.{o}" for s, o in ROWS])
def test_WHEN_a_call_of_any_row_was_recorded_THEN_what_it_needs_are_published_actions_on_resources_they_take(
    service: str, operation: str
) -> None:
    shape = model_of(service).operation_model(operation).input_shape
    required = shape.required_members if shape else []
    recorded = call(
        service, operation, {name: NAMED.get(name) or smallest(shape.members[name]) for name in required}
    )
    found = permissions_of(recorded)

    assert is_known(recorded)
    assert bool(found) == (operation != "GetCallerIdentity")
    for permission in found:
        forms = [row["resource_arn_format"] for row in published(permission.action)]
        # What takes no resources of its own, and no others, is on all of them.
        is_unscoped = permission.resource == "*"
        assert is_unscoped or any(fits(permission.resource, form) for form in forms), (permission, forms)


@pytest.mark.parametrize(
    ("what", "outcome", "permissions"),
    [
        (("s3", "ListBuckets"), {}, [("s3:ListAllMyBuckets", "*")]),
        (("s3", "HeadBucket", {"Bucket": "logs"}), {}, [("s3:ListBucket", BUCKET)]),
        (("s3", "HeadObject", {"Bucket": "logs", "Key": "a"}), {}, [("s3:GetObject", f"{BUCKET}/a")]),
        (
            ("s3", "HeadObject", {"Bucket": "logs", "Key": "a/b"}),
            {"status": 404, "code": "404"},
            [("s3:GetObject", f"{BUCKET}/a/b"), ("s3:ListBucket", BUCKET)],
        ),
        (
            ("s3", "GetObject", {"Bucket": "logs", "Key": "a"}),
            {"status": 404, "code": "NoSuchBucket"},
            [("s3:GetObject", f"{BUCKET}/a")],
        ),
        (
            ("s3", "GetObject", {"Bucket": "logs", "Key": "a", "VersionId": "v"}),
            {},
            [("s3:GetObjectVersion", f"{BUCKET}/a")],
        ),
        (
            ("s3", "GetObjectTagging", {"Bucket": "logs", "Key": "a", "VersionId": "v"}),
            {},
            [("s3:GetObjectTagging", f"{BUCKET}/a"), ("s3:GetObjectVersionTagging", f"{BUCKET}/a")],
        ),
        (
            ("s3", "PutObjectTagging", {"Bucket": "logs", "Key": "a", "Tagging": {}}),
            {},
            [("s3:PutObjectTagging", f"{BUCKET}/a")],
        ),
        (
            ("s3", "PutObject", {"Bucket": "logs", "Key": "a", "IfNoneMatch": "*"}),
            {},
            [("s3:PutObject", f"{BUCKET}/a")],
        ),
        (
            ("s3", "PutObject", {"Bucket": "logs", "Key": "a", "IfMatch": '"e"', "Tagging": "x=y"}),
            {},
            [
                ("s3:PutObject", f"{BUCKET}/a"),
                ("s3:PutObjectTagging", f"{BUCKET}/a"),
                ("s3:GetObject", f"{BUCKET}/a"),
            ],
        ),
        (
            ("s3", "DeleteObject", {"Bucket": "logs", "Key": "a", "VersionId": "v"}),
            {},
            [("s3:DeleteObject", f"{BUCKET}/a"), ("s3:DeleteObjectVersion", f"{BUCKET}/a")],
        ),
        (
            (
                "s3",
                "DeleteObjects",
                {
                    "Bucket": "logs",
                    "Delete": {
                        "Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "v"}, {"Key": "c", "ETag": "e"}]
                    },
                },
            ),
            {},
            [
                ("s3:DeleteObject", f"{BUCKET}/a"),
                ("s3:DeleteObject", f"{BUCKET}/b"),
                ("s3:DeleteObjectVersion", f"{BUCKET}/b"),
                ("s3:DeleteObject", f"{BUCKET}/c"),
                ("s3:GetObject", f"{BUCKET}/c"),
            ],
        ),
        (
            (
                "s3",
                "CopyObject",
                {
                    "Bucket": "logs",
                    "Key": "a",
                    "CopySource": {"Bucket": "old", "Key": "b c", "VersionId": "v"},
                    "TaggingDirective": "REPLACE",
                },
            ),
            {},
            [("s3:GetObjectVersion", "arn:aws:s3:::old/b c"), ("s3:PutObject", f"{BUCKET}/a")],
        ),
        (
            ("s3", "CopyObject", {"Bucket": "logs", "Key": "a", "CopySource": "old/b%20c"}),
            {},
            [
                ("s3:GetObject", "arn:aws:s3:::old/b c"),
                ("s3:PutObject", f"{BUCKET}/a"),
                ("s3:PutObjectTagging", f"{BUCKET}/a"),
                ("s3:GetObjectTagging", "arn:aws:s3:::old/b c"),
            ],
        ),
        (
            ("s3", "CreateBucket", {"Bucket": "logs", "ObjectLockEnabledForBucket": True}),
            {},
            [
                ("s3:CreateBucket", BUCKET),
                ("s3:PutBucketObjectLockConfiguration", BUCKET),
                ("s3:PutBucketVersioning", BUCKET),
            ],
        ),
        (("ec2", "DescribeInstances", {"InstanceIds": ["i-1"]}), {}, [("ec2:DescribeInstances", "*")]),
        (
            ("ec2", "DescribeInstanceAttribute", {"InstanceId": "i-1", "Attribute": "userData"}),
            {},
            [("ec2:DescribeInstanceAttribute", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1")],
        ),
        (
            ("ec2", "StopInstances", {"InstanceIds": ["i-1", "i-2"]}),
            {},
            [
                ("ec2:StopInstances", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1"),
                ("ec2:StopInstances", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-2"),
            ],
        ),
        (
            ("ec2", "CreateTags", {"Resources": ["i-1", "vol-2"], "Tags": []}),
            {},
            [
                ("ec2:CreateTags", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1"),
                ("ec2:CreateTags", f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-2"),
            ],
        ),
        (("dynamodb", "Query", {"TableName": "orders"}), {}, [("dynamodb:Query", TABLE)]),
        (
            ("dynamodb", "Query", {"TableName": "orders", "IndexName": "by-day"}),
            {},
            [("dynamodb:Query", f"{TABLE}/index/by-day")],
        ),
        (
            (
                "dynamodb",
                "ExportTableToPointInTime",
                {"TableArn": TABLE, "S3Bucket": "out", "S3Prefix": "orders"},
            ),
            {},
            [
                ("dynamodb:ExportTableToPointInTime", TABLE),
                ("s3:AbortMultipartUpload", "arn:aws:s3:::out/orders*"),
                ("s3:PutObject", "arn:aws:s3:::out/orders*"),
                ("s3:PutObjectAcl", "arn:aws:s3:::out/orders*"),
            ],
        ),
        (
            (
                "dynamodb",
                "ImportTable",
                {"TableCreationParameters": {"TableName": "orders"}, "S3BucketSource": {"S3Bucket": "in"}},
            ),
            {},
            [
                ("dynamodb:ImportTable", TABLE),
                ("s3:ListBucket", "arn:aws:s3:::in"),
                ("s3:GetObject", "arn:aws:s3:::in/*"),
                ("logs:CreateLogGroup", LOGS),
                ("logs:CreateLogStream", f"{LOGS}:log-stream:*"),
                ("logs:DescribeLogGroups", "*"),
                ("logs:DescribeLogStreams", LOGS),
                ("logs:PutLogEvents", f"{LOGS}:log-stream:*"),
                ("logs:PutRetentionPolicy", LOGS),
            ],
        ),
        (
            ("dynamodb", "BatchWriteItem", {"RequestItems": {"orders": [], "bills": []}}),
            {},
            [
                ("dynamodb:BatchWriteItem", TABLE),
                ("dynamodb:BatchWriteItem", TABLE.replace("orders", "bills")),
            ],
        ),
        (
            (
                "dynamodb",
                "TransactWriteItems",
                {
                    "TransactItems": [
                        {"Put": {"TableName": "orders"}},
                        {"Put": {"TableName": "orders"}},
                        {"ConditionCheck": {"TableName": "bills"}},
                    ]
                },
            ),
            {},
            [
                ("dynamodb:PutItem", TABLE),
                ("dynamodb:ConditionCheckItem", TABLE.replace("orders", "bills")),
            ],
        ),
        (
            ("dynamodb", "TransactGetItems", {"TransactItems": [{"Get": {"TableName": TABLE}}]}),
            {},
            [("dynamodb:GetItem", TABLE)],
        ),
        (("rds", "DescribeDBInstances"), {}, [("rds:DescribeDBInstances", f"{RDS}:db:*")]),
        (
            ("rds", "DescribeDBInstances", {"DBInstanceIdentifier": "Shop"}),
            {},
            [("rds:DescribeDBInstances", f"{RDS}:db:shop")],
        ),
        (
            ("rds", "DescribeDBSnapshots", {"DBInstanceIdentifier": "Shop"}),
            {},
            [("rds:DescribeDBSnapshots", f"{RDS}:snapshot:*"), ("rds:DescribeDBSnapshots", f"{RDS}:db:shop")],
        ),
        (
            (
                "rds",
                "CreateDBSnapshot",
                {"DBInstanceIdentifier": "shop", "DBSnapshotIdentifier": "s", "Tags": [{"Key": "a"}]},
            ),
            {},
            [
                ("rds:CreateDBSnapshot", f"{RDS}:snapshot:s"),
                ("rds:CreateDBSnapshot", f"{RDS}:db:shop"),
                ("rds:AddTagsToResource", f"{RDS}:snapshot:s"),
            ],
        ),
        (
            ("rds", "StopDBInstance", {"DBInstanceIdentifier": "shop", "DBSnapshotIdentifier": "s"}),
            {},
            [
                ("rds:StopDBInstance", f"{RDS}:db:shop"),
                ("rds:CreateDBSnapshot", f"{RDS}:db:shop"),
                ("rds:CreateDBSnapshot", f"{RDS}:snapshot:s"),
            ],
        ),
        (
            ("rds", "RebootDBCluster", {"DBClusterIdentifier": "c"}),
            {},
            [("rds:RebootDBCluster", f"{RDS}:cluster:c"), ("rds:RebootDBInstance", f"{RDS}:db:*")],
        ),
        (
            ("secretsmanager", "GetSecretValue", {"SecretId": "db"}),
            {},
            [("secretsmanager:GetSecretValue", f"{SECRET}-??????")],
        ),
        (
            ("secretsmanager", "GetSecretValue", {"SecretId": f"{SECRET}-AbCdEf"}),
            {},
            [("secretsmanager:GetSecretValue", f"{SECRET}-AbCdEf")],
        ),
        (
            ("secretsmanager", "GetSecretValue", {"SecretId": SECRET}),
            {},
            [("secretsmanager:GetSecretValue", f"{SECRET}-??????")],
        ),
        (
            ("secretsmanager", "DescribeSecret", {"SecretId": "my-abcdef"}),
            {"status": 400, "code": "ResourceNotFoundException"},
            [
                ("secretsmanager:DescribeSecret", SECRET.replace("secret:db", "secret:my-abcdef")),
                ("secretsmanager:DescribeSecret", SECRET.replace("secret:db", "secret:my-abcdef-??????")),
            ],
        ),
        (
            ("secretsmanager", "CreateSecret", {"Name": "db", "Tags": [{"Key": "a", "Value": "b"}]}),
            {},
            [
                ("secretsmanager:CreateSecret", SECRET),
                ("secretsmanager:CreateSecret", f"{SECRET}-??????"),
                ("secretsmanager:TagResource", SECRET),
                ("secretsmanager:TagResource", f"{SECRET}-??????"),
            ],
        ),
        (
            ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s", "SourceIdentity": "me"}),
            {"account": None},
            [("sts:AssumeRole", ROLE), ("sts:SetSourceIdentity", ROLE)],
        ),
        (("sts", "GetCallerIdentity"), {}, []),
        (
            ("iam", "GetRole", {"RoleName": "operator"}),
            {},
            [
                ("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/operator"),
                ("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/*/operator"),
            ],
        ),
        (
            ("iam", "SimulatePrincipalPolicy", {"PolicySourceArn": ROLE, "ActionNames": []}),
            {},
            [("iam:SimulatePrincipalPolicy", ROLE)],
        ),
        (("organizations", "ListAccounts"), {}, [("organizations:ListAccounts", "*")]),
    ],
    ids=lambda part: f"{part[0]}.{part[1]}" if isinstance(part, tuple) else "",
)
def test_WHEN_a_call_was_recorded_THEN_it_needs_what_AWS_checks_of_it(
    what: tuple[Any, ...], outcome: dict[str, Any], permissions: list[tuple[str, str]]
) -> None:
    found = needed(*what, **outcome)
    assert sorted(found) == sorted(permissions)
    assert all(published(action) for action, _ in found)


def test_WHEN_the_account_was_not_known_THEN_any_stands_in_the_ARN() -> None:
    (only,) = needed("dynamodb", "GetItem", {"TableName": "orders"}, account=None)
    assert only == ("dynamodb:GetItem", f"arn:aws:dynamodb:{REGION}:*:table/orders")
    part = {"Put": {"TableName": "orders"}}
    (only,) = needed("dynamodb", "TransactWriteItems", {"TransactItems": [part]}, account=None)
    assert only == ("dynamodb:PutItem", f"arn:aws:dynamodb:{REGION}:*:table/orders")


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("a*b?c", "a${*}b${?}c"),
        ("cost in $ {all}", "cost in $ {all}"),
        ("${aws:username}", "${$}{aws:username}"),
        ("übersicht", "übersicht"),
        ("日本/x", "*/x"),
        ("two\nlines", "two*lines"),
    ],
)
def test_WHEN_a_key_has_what_means_something_in_policies_THEN_it_is_taken_literally(
    key: str, written: str
) -> None:
    (only,) = permissions_of(call("s3", "PutObject", {"Bucket": "logs", "Key": key}))
    assert only == Permission("s3:PutObject", f"{BUCKET}/{written}")
    if "*" not in written.replace("${*}", ""):
        assert without_escapes(only.resource) == f"{BUCKET}/{key}"
    deleted = {"Bucket": "logs", "Delete": {"Objects": [{"Key": key}]}}
    assert needed("s3", "DeleteObjects", deleted) == [("s3:DeleteObject", f"{BUCKET}/{written}")]


def test_WHEN_an_operation_has_no_row_THEN_its_own_name_is_the_best_guess() -> None:
    recorded = call("s3", "GetBucketAcl", {"Bucket": "logs"})
    assert not is_known(recorded)
    assert permissions_of(recorded) == (Permission("s3:GetBucketAcl", "*"),)
