from typing import Any

import pytest

from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.iam_interactions import RoleDoesNotExist
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.iam import DecisionRow, PrincipalNotSimulated, can_i

ROLE_ARN = "arn:aws:iam::123456789012:role/aws-reserved/sso/Admin"
SESSION_ARN = "arn:aws:sts::123456789012:assumed-role/Admin/me@example.com"
USER_ARN = "arn:aws:iam::123456789012:user/me"


def caller(arn: str) -> FakeClient:
    return FakeClient("sts").answers(
        "get_caller_identity", {"Account": "123456789012", "Arn": arn, "UserId": "AIDAME"}
    )


def simulating(**other: Any) -> FakeClient:
    result = {"EvalActionName": "s3:GetObject", "EvalResourceName": "*", "EvalDecision": "allowed", **other}
    return FakeClient("iam").answers("simulate_principal_policy", {"EvaluationResults": [result]})


def test_WHEN_asking_AND_the_caller_is_a_session_THEN_its_role_is_asked_for_with_its_path() -> None:
    iam = simulating().answers(
        "get_role",
        {
            "Role": {
                "RoleName": "Admin",
                "Arn": ROLE_ARN,
                "RoleId": "AROA0123456789ABCDEF",
                "Path": "/aws-reserved/sso/",
                "CreateDate": "2026-01-01T00:00:00Z",
            }
        },
    )

    rows = list(can_i(["s3:GetObject"], [], None, fake_provider(iam=iam, sts=caller(SESSION_ARN))))

    assert [row.decision.value for row in rows] == ["allowed"]
    assert iam.calls[0].parameters == {"RoleName": "Admin"}
    assert iam.calls[1].parameters["PolicySourceArn"] == ROLE_ARN


def test_WHEN_asking_AND_the_role_of_the_session_is_gone_THEN_that_is_said() -> None:
    iam = FakeClient("iam").raises("get_role", "NoSuchEntity")

    with pytest.raises(RoleDoesNotExist):
        list(can_i(["s3:GetObject"], [], None, fake_provider(iam=iam, sts=caller(SESSION_ARN))))


def test_WHEN_asking_AND_the_caller_is_a_user_THEN_it_is_asked_for_as_it_is() -> None:
    iam = simulating()

    list(can_i(["s3:GetObject"], [], None, fake_provider(iam=iam, sts=caller(USER_ARN))))

    assert iam.calls[0].parameters["PolicySourceArn"] == USER_ARN


def test_WHEN_asking_for_somebody_else_THEN_the_caller_does_not_matter_and_templates_are_filled() -> None:
    iam = simulating()
    environment = AwsEnvironment("111122223333", "eu-west-1")

    rows = can_i(
        ["s3:GetObject"],
        ["arn:aws:s3:::logs-{account}-{region}"],
        "arn:aws:iam::{account}:role/operator",
        fake_provider(environment=environment, iam=iam),
    )

    assert [row.resource for row in rows] == ["arn:aws:s3:::logs-111122223333-eu-west-1"]
    assert iam.calls[0].parameters["PolicySourceArn"] == "arn:aws:iam::111122223333:role/operator"


@pytest.mark.parametrize(
    ("principal_arn", "reason"),
    [
        ("arn:aws:iam::123456789012:root", "do not bind the root user"),
        ("arn:aws:sts::123456789012:federated-user/me", "no such session"),
        ("arn:aws:sts::444455556666:assumed-role/Admin/me", "another account than 123456789012"),
        ("arn:aws:s3:::logs", "not the ARN of a user"),
    ],
)
def test_WHEN_asking_AND_the_principal_cannot_be_simulated_THEN_the_reason_is_said(
    principal_arn: str, reason: str
) -> None:
    iam = FakeClient("iam")

    with pytest.raises(PrincipalNotSimulated, match=reason) as refused:
        list(can_i(["s3:GetObject"], [], principal_arn, fake_provider(iam=iam)))

    assert refused.value.principal_arn == principal_arn
    assert iam.calls == []


@pytest.mark.parametrize(
    ("detail", "denied_by"),
    [
        ({}, None),
        ({"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}, "organization"),
        ({"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}}, "boundary"),
        ({"OrganizationsDecisionDetail": {"AllowedByOrganizations": True}}, None),
    ],
)
def test_WHEN_a_limit_above_the_policies_denies_THEN_the_row_names_it(
    detail: dict[str, Any], denied_by: str | None
) -> None:
    iam = simulating(EvalDecision="implicitDeny", MissingContextValues=["aws:SourceIp"], **detail)

    (row,) = can_i(["s3:GetObject"], [], USER_ARN, fake_provider(iam=iam))

    assert row == DecisionRow(
        action="s3:GetObject",
        resource="*",
        decision=row.decision,
        policies=(),
        missing_context=("aws:SourceIp",),
        denied_by=denied_by,
    )
    assert row.decision.value == "implicit_deny"
