"""Asking whether an identity may do what a recording or a plan needs."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.call_permissions import Permission
from aws_interactions.iam_interactions import DecisionKind
from aws_interactions.recorded_calls import NotARecording
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.changes import Change, Effect, Reversibility
from aws_operations.plan_file import PlanFileBroken, PlanHeader, write_plan
from aws_operations.policies import NothingToAllow
from aws_operations.policy_check import Need, PermissionsMissing, check, needed_in, needs_of
from aws_operations.targets import Target
from tests.support.recordings import call_line, write_recording

HERE, ELSEWHERE = "123456789012", "444455556666"
USER = f"arn:aws:iam::{HERE}:user/me"
TABLE = "arn:aws:dynamodb:{}:{}:table/orders"
SECRET = "arn:aws:secretsmanager:{}:{}:secret:db"


def need(action: str, resource: str, account: str | None = HERE, region: str = "eu-west-1") -> Need:
    return Need(account, region, Permission(action, resource))


def iam_that_allows(*allowed: tuple[str, str]) -> FakeClient:
    def simulate(**parameters: Any) -> Mapping[str, Any]:
        results = []
        for action in parameters["ActionNames"]:
            decided = {
                resource: "allowed" if (action, resource) in allowed else "implicitDeny"
                for resource in parameters["ResourceArns"]
            }
            parts = [{"EvalResourceName": arn, "EvalResourceDecision": word} for arn, word in decided.items()]
            whole = "allowed" if set(decided.values()) == {"allowed"} else "implicitDeny"
            results.append(
                {"EvalActionName": action, "EvalDecision": whole, "ResourceSpecificResults": parts}
            )
        return {"EvaluationResults": results, "IsTruncated": False}

    return FakeClient("iam").answers("simulate_principal_policy", simulate)


def provider_with(iam: FakeClient) -> AwsClientProvider:
    caller = {"Account": HERE, "Arn": USER, "UserId": "AIDAME"}
    return fake_provider(iam=iam, sts=FakeClient("sts").answers("get_caller_identity", caller))


def test_WHEN_all_is_allowed_THEN_each_permission_has_its_row_AND_a_resource_is_asked_about_once() -> None:
    needs = (
        need("s3:GetObject", "arn:aws:s3:::b/what${?}"),
        need("s3:ListAllMyBuckets", "*"),
        need("s3:PutObject", "arn:aws:s3:::b/what${?}"),
    )
    iam = iam_that_allows(
        ("s3:GetObject", "arn:aws:s3:::b/what?"),
        ("s3:PutObject", "arn:aws:s3:::b/what?"),
        ("s3:ListAllMyBuckets", "*"),
    )
    rows = list(check(needs, provider_with(iam)))
    assert [(row.action, row.resource, row.decision) for row in rows] == [
        ("s3:GetObject", "arn:aws:s3:::b/what?", DecisionKind.ALLOWED),
        ("s3:PutObject", "arn:aws:s3:::b/what?", DecisionKind.ALLOWED),
        ("s3:ListAllMyBuckets", "*", DecisionKind.ALLOWED),
    ]
    assert len(iam.calls) == 2
    assert all(each.parameters["PolicySourceArn"] == USER for each in iam.calls)


def test_WHEN_something_is_not_allowed_THEN_all_rows_come_AND_then_an_error_that_names_it() -> None:
    needs = tuple(need("s3:PutObject", f"arn:aws:s3:::b/{number}") for number in range(6))
    iam = iam_that_allows(("s3:PutObject", "arn:aws:s3:::b/0"))
    asked = check(needs, provider_with(iam))
    rows = [next(asked) for _ in needs]
    with pytest.raises(PermissionsMissing) as refused:
        next(asked)
    assert len(rows) == 6
    assert str(refused.value).startswith("5 of 6 permissions are missing: s3:PutObject on arn:aws:s3:::b/1, ")
    assert str(refused.value).endswith(" and 2 more")
    assert refused.value.iam_actions == ("s3:PutObject",)
    assert refused.value.missing == tuple(rows[1:])
    assert len(iam.calls) == 1


@pytest.mark.parametrize(
    ("needs", "account", "region", "expected"),
    [
        # What was needed here, and nothing of elsewhere
        (
            [need("dynamodb:Scan", TABLE.format("eu-west-1", HERE)), need("s3:X", "*", ELSEWHERE)],
            HERE,
            "eu-west-1",
            [("dynamodb:Scan", TABLE.format("eu-west-1", HERE))],
        ),
        # In the account, but in another region
        (
            [need("dynamodb:Scan", TABLE.format("eu-west-1", HERE)), need("s3:X", "*", ELSEWHERE)],
            HERE,
            "us-east-1",
            [("dynamodb:Scan", TABLE.format("us-east-1", HERE))],
        ),
        # Nothing of the account: all, moved there, names of buckets and the partition with it, once
        (
            [
                need("s3:GetObject", f"arn:aws:s3:::logs-{HERE}-eu-west-1/a"),
                need("s3:GetObject", f"arn:aws:s3:::logs-{ELSEWHERE}-eu-west-1/a", ELSEWHERE),
                need("dynamodb:Scan", TABLE.format("eu-west-1", HERE)),
            ],
            "111122223333",
            "cn-north-1",
            [
                ("s3:GetObject", "arn:aws-cn:s3:::logs-111122223333-cn-north-1/a"),
                ("dynamodb:Scan", "arn:aws-cn:dynamodb:cn-north-1:111122223333:table/orders"),
            ],
        ),
        # An account that nobody knew is this one
        (
            [need("dynamodb:Scan", TABLE.format("eu-west-1", "*"), None)],
            ELSEWHERE,
            "eu-west-1",
            [("dynamodb:Scan", TABLE.format("eu-west-1", ELSEWHERE))],
        ),
        # A secret by its name, whose ARN is known too, and by its name alone elsewhere
        (
            [
                need("secretsmanager:X", SECRET.format("eu-west-1", HERE) + "-??????"),
                need("secretsmanager:X", SECRET.format("eu-west-1", HERE) + "-AbCd12"),
            ],
            HERE,
            "eu-west-1",
            [("secretsmanager:X", SECRET.format("eu-west-1", HERE) + "-AbCd12")],
        ),
        (
            [need("secretsmanager:X", SECRET.format("eu-west-1", HERE) + "-AbCd12")],
            ELSEWHERE,
            "eu-west-1",
            [("secretsmanager:X", SECRET.format("eu-west-1", ELSEWHERE) + "-??????")],
        ),
        # The two forms of what is not there, and of a role with or without a path
        (
            [
                need("secretsmanager:X", SECRET.format("eu-west-1", HERE)),
                need("secretsmanager:X", SECRET.format("eu-west-1", HERE) + "-??????"),
                need("iam:GetRole", f"arn:aws:iam::{HERE}:role/operator"),
                need("iam:GetRole", f"arn:aws:iam::{HERE}:role/*/operator"),
            ],
            HERE,
            "eu-west-1",
            [
                ("secretsmanager:X", SECRET.format("eu-west-1", HERE) + "-??????"),
                ("iam:GetRole", f"arn:aws:iam::{HERE}:role/operator"),
            ],
        ),
    ],
)
def test_WHEN_a_target_is_asked_THEN_it_is_about_what_was_needed_there_or_would_be(
    needs: list[Need], account: str, region: str, expected: list[tuple[str, str]]
) -> None:
    found = needed_in(needs, account, region)
    assert [(each.action, each.resource) for each in found] == expected


def test_WHEN_a_recording_is_read_THEN_roles_on_the_way_are_left_out_AND_accounts_are_known(
    tmp_path: Path,
) -> None:
    recording = tmp_path / "calls.jsonl"
    get = ("dynamodb", "GetItem", {"TableName": "orders"})
    role = f"arn:aws:iam::{ELSEWHERE}:role/operator"
    write_recording(
        recording,
        call_line(*get, resources=[TABLE.format("eu-west-1", "*")], account=None),
        call_line(*get, resources=[TABLE.format("eu-west-1", HERE)]),
        call_line("sts", "AssumeRole", {"RoleArn": role}, resources=[role]),
        call_line("ec2", "DescribeVpcs", {}, resources=["*"], account=ELSEWHERE, identity=role),
    )
    assert needs_of(recording) == (
        need("dynamodb:GetItem", TABLE.format("eu-west-1", "*")),
        need("dynamodb:GetItem", TABLE.format("eu-west-1", HERE)),
        need("ec2:DescribeVpcs", "*", ELSEWHERE),
    )
    assert needed_in(needs_of(recording), HERE, "eu-west-1") == (
        Permission("dynamodb:GetItem", TABLE.format("eu-west-1", HERE)),
    )


def test_WHEN_a_saved_plan_is_read_THEN_it_needs_what_its_changes_need(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    made = datetime(2026, 1, 1, tzinfo=UTC)
    header = PlanHeader("a test", USER, HERE, "eu-west-1", made, made + timedelta(hours=1))
    stop = Change(
        kind="ec2.stop",
        target=Target("us-east-1", HERE),
        resource=f"arn:aws:ec2:us-east-1:{HERE}:instance/i-1",
        effect=Effect.UPDATE,
        before={"state": "running"},
        after={"state": "stopped"},
        iam_actions=("ec2:DescribeInstances", "ec2:StopInstances"),
        reversibility=Reversibility.REVERSIBLE,
    )
    write_plan(plan, [stop], header)
    assert set(needs_of(plan)) == {
        need("ec2:DescribeInstances", "*", region="us-east-1"),
        need("ec2:StopInstances", stop.resource, region="us-east-1"),
    }
    plan.write_bytes(plan.read_bytes().replace(b"i-1", b"i-2"))
    with pytest.raises(PlanFileBroken):
        needs_of(plan)


def test_WHEN_a_file_is_neither_recording_nor_plan_THEN_that_is_the_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("[]\n", encoding="utf-8")
    with pytest.raises(NotARecording):
        needs_of(file)
    write_recording(file)
    with pytest.raises(NothingToAllow):
        needs_of(file)
