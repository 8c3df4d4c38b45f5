import json
from typing import Any

import pytest

from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import Change, Effect, Reversibility
from aws_operations.plan_permissions import permissions_of_change, session_policy
from aws_operations.targets import Target

HERE = Target("eu-west-1", "123456789012")
EC2 = "arn:aws:ec2:eu-west-1:123456789012"
RDS = "arn:aws:rds:eu-west-1:123456789012"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db/main"


def a_change(resource: str, *actions: str, effect: Effect = Effect.UPDATE, **settings: Any) -> Change:
    return Change(
        **{  # type: ignore[arg-type] # as the test gives them
            "kind": "some.kind",
            "target": HERE,
            "resource": resource,
            "effect": effect,
            "before": {"is": "old"},
            "after": {"is": "new"},
            "iam_actions": actions,
            "reversibility": Reversibility.REVERSIBLE,
            **settings,
        }
    )


def allowed(policy: str) -> set[tuple[str, str]]:
    """Return each action with each resource of a policy, the use of keys aside."""
    pairs = set()
    for statement in json.loads(policy)["Statement"]:
        if "Condition" in statement:
            continue
        actions, resources = (
            [value] if isinstance(value, str) else value
            for value in (statement["Action"], statement["Resource"])
        )
        pairs |= {(action, resource) for action in actions for resource in resources}
    return pairs


def conditioned(policy: str) -> list[dict[str, Any]]:
    return [statement for statement in json.loads(policy)["Statement"] if "Condition" in statement]


@pytest.mark.parametrize(
    ("resource", "service", "operations", "wanted"),
    [
        (
            "arn:aws:s3:::logs/2026/a.gz",
            "s3",
            ["HeadBucket", "HeadObject", "DeleteObjects"],
            {
                ("s3:ListBucket", "arn:aws:s3:::logs"),
                ("s3:GetObject", "arn:aws:s3:::logs/2026/a.gz"),
                ("s3:DeleteObject", "arn:aws:s3:::logs/2026/a.gz"),
                ("s3:DeleteObjectVersion", "arn:aws:s3:::logs/2026/a.gz"),
            },
        ),
        (
            "arn:aws:s3:::logs",
            "s3",
            ["ListObjectVersions", "DeleteObjects", "DeleteBucket"],
            {
                ("s3:ListBucketVersions", "arn:aws:s3:::logs"),
                ("s3:DeleteObject", "arn:aws:s3:::logs/*"),
                ("s3:DeleteObjectVersion", "arn:aws:s3:::logs/*"),
                ("s3:DeleteBucket", "arn:aws:s3:::logs"),
            },
        ),
        (
            f"{EC2}:instance/i-1",
            "ec2",
            ["DescribeInstances", "StopInstances"],
            {("ec2:DescribeInstances", "*"), ("ec2:StopInstances", f"{EC2}:instance/i-1")},
        ),
        (
            "arn:aws:ec2:eu-west-1::snapshot/snap-1",
            "ec2",
            ["CreateTags"],
            {("ec2:CreateTags", "arn:aws:ec2:eu-west-1::snapshot/snap-1")},
        ),
        ("new-1", "ec2", ["CreateTags"], {("ec2:CreateTags", "arn:*:ec2:*:*:*/new-1")}),
        (
            f'{TABLE} {{"customer":"c 1"}}',
            "dynamodb",
            ["DescribeTable", "BatchGetItem", "BatchWriteItem"],
            {
                ("dynamodb:DescribeTable", TABLE),
                ("dynamodb:BatchGetItem", TABLE),
                ("dynamodb:BatchWriteItem", TABLE),
            },
        ),
        (
            f"{RDS}:db:shop",
            "rds",
            ["DescribeDBInstances", "DescribeDBClusters", "StopDBInstance"],
            {
                ("rds:DescribeDBInstances", f"{RDS}:db:*"),
                ("rds:DescribeDBClusters", f"{RDS}:cluster:*"),
                ("rds:StopDBInstance", f"{RDS}:db:shop"),
            },
        ),
        (
            f"{RDS}:db:shop",
            "rds",
            ["ListTagsForResource", "AddTagsToResource"],
            {("rds:ListTagsForResource", f"{RDS}:db:shop"), ("rds:AddTagsToResource", f"{RDS}:db:shop")},
        ),
        (
            f"{RDS}:cluster:shop",
            "rds",
            ["RebootDBCluster"],
            {
                ("rds:RebootDBCluster", f"{RDS}:cluster:shop"),
                ("rds:RebootDBInstance", f"{RDS}:db:*"),
            },
        ),
        (
            f"{SECRET}-a1B2c3",
            "secretsmanager",
            ["DescribeSecret", "PutSecretValue"],
            {
                ("secretsmanager:DescribeSecret", f"{SECRET}-a1B2c3"),
                ("secretsmanager:PutSecretValue", f"{SECRET}-a1B2c3"),
            },
        ),
    ],
)
def test_WHEN_a_change_is_asked_for_what_it_needs_THEN_each_action_has_its_own_resource(
    resource: str, service: str, operations: list[str], wanted: set[tuple[str, str]]
) -> None:
    change = a_change(resource, *iam_actions_of(service, *operations))
    assert set(permissions_of_change(change)) == wanted


def test_WHEN_a_change_is_nothing_to_do_THEN_it_needs_nothing() -> None:
    assert permissions_of_change(a_change(TABLE, "dynamodb:GetItem", before={"a": 1}, after={"a": 1})) == ()


def test_WHEN_a_secret_is_made_THEN_its_name_is_allowed_with_and_without_the_end_that_aws_gives_it() -> None:
    change = a_change(SECRET, "secretsmanager:CreateSecret", effect=Effect.CREATE, before=None)
    assert [resource for _, resource in permissions_of_change(change)] == [SECRET, f"{SECRET}-??????"]


@pytest.mark.parametrize(("noun", "database"), [("snapshot", "db"), ("cluster-snapshot", "cluster")])
def test_WHEN_a_snapshot_is_made_THEN_its_database_is_allowed_too(noun: str, database: str) -> None:
    (action,) = iam_actions_of("rds", "CreateDBSnapshot" if noun == "snapshot" else "CreateDBClusterSnapshot")
    change = a_change(
        f"{RDS}:{noun}:monday", action, effect=Effect.CREATE, before=None, after={"database": "shop"}
    )
    assert set(permissions_of_change(change)) == {
        (action, f"{RDS}:{noun}:monday"),
        (action, f"{RDS}:{database}:shop"),
    }


def test_WHEN_an_action_is_in_no_table_THEN_it_is_about_the_resource_of_the_change() -> None:
    change = a_change(TABLE, "dynamodb:TagResource")
    assert permissions_of_change(change) == (("dynamodb:TagResource", TABLE),)


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("a*b", "a${*}b"),
        ("what?", "what${?}"),
        ("${aws:username}", "${$}{aws:username}"),
        ("5$ and {}", "5$ and {}"),
        ("año/日本.txt", "a*o/*.txt"),
        ("line\nbreak", "line*break"),
    ],
)
def test_WHEN_a_key_has_what_policies_read_otherwise_THEN_it_stands_for_itself_or_for_a_little_more(
    key: str, written: str
) -> None:
    change = a_change(f"arn:aws:s3:::logs/{key}", "s3:GetObject")
    assert permissions_of_change(change) == (("s3:GetObject", f"arn:aws:s3:::logs/{written}"),)


def test_WHEN_a_policy_is_written_THEN_it_allows_each_pair_and_no_other() -> None:
    pairs = {
        ("ec2:DescribeInstances", "*"),
        *(
            (f"ec2:{verb}Instances", f"{EC2}:instance/i-{number}")
            for verb in ("Stop",)
            for number in range(9)
        ),
        ("ec2:CreateTags", f"{EC2}:instance/i-1"),
        ("ec2:CreateTags", f"{EC2}:volume/vol-1"),
        ("s3:GetBucketTagging", "arn:aws:s3:::logs"),
    }
    policy = session_policy(sorted(pairs))
    assert allowed(policy) == pairs
    assert " " not in policy
    assert json.loads(policy)["Version"] == "2012-10-17"


def test_WHEN_many_resources_share_their_actions_THEN_they_share_a_statement() -> None:
    pairs = [
        (action, f"arn:aws:s3:::logs/{number}")
        for number in range(20)
        for action in ("s3:GetObjectTagging", "s3:PutObjectTagging")
    ]
    assert len(json.loads(session_policy(pairs))["Statement"]) == 1


def test_WHEN_actions_overlap_on_resources_THEN_the_shorter_way_to_write_them_is_taken() -> None:
    pairs = [("a:Read", f"r{number}") for number in range(8)]
    pairs += [(f"a:Write{number}", f"r{number}") for number in range(8)]
    policy = session_policy(pairs)
    assert allowed(policy) == set(pairs)
    assert len(json.loads(policy)["Statement"]) == 8


@pytest.mark.parametrize(
    ("action", "services", "may_grant"),
    [
        ("s3:PutObject", "s3.*", False),
        ("s3:PutBucketTagging", None, False),
        ("secretsmanager:PutSecretValue", "secretsmanager.*", False),
        ("secretsmanager:TagResource", None, False),
        ("dynamodb:PutItem", "dynamodb.*", True),
        ("ec2:StartInstances", "ec2.*", True),
        ("ec2:StopInstances", None, False),
        ("rds:CreateDBSnapshot", "rds.*", True),
    ],
)
def test_WHEN_encrypted_data_is_used_THEN_its_key_may_be_through_that_service_only(
    action: str, services: str | None, may_grant: bool
) -> None:
    statements = conditioned(session_policy([(action, "*")]))
    assert [statement["Condition"]["StringLike"]["kms:ViaService"] for statement in statements] == (
        [services] * (2 if may_grant else 1) if services else []
    )
    granting = [statement for statement in statements if statement["Action"] == "kms:CreateGrant"]
    assert len(granting) == may_grant
    for statement in granting:
        assert statement["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
