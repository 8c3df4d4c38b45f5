from datetime import UTC, datetime
from typing import Any

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, InvalidInput
from aws_interactions.iam_interactions import (
    ContextValue,
    Decision,
    DecisionKind,
    PrincipalDoesNotExist,
    Role,
    RoleDoesNotExist,
    get_account_alias,
    get_role,
    simulate_principal_policy,
)
from aws_interactions.testing import FakeClient, fake_provider

ROLE_ARN = "arn:aws:iam::123456789012:role/team/operator"
BUCKET_ARN = "arn:aws:s3:::logs"


def evaluated(action: str, decision: str, resource: str = "*", **other: Any) -> dict[str, Any]:
    return {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision, **other}


def test_WHEN_simulating_THEN_each_decision_says_what_decided() -> None:
    statement = {"SourcePolicyId": "deny-deletes", "SourcePolicyType": "IAM Policy"}
    iam = FakeClient("iam").pages(
        "simulate_principal_policy",
        [
            {
                "EvaluationResults": [evaluated("s3:GetObject", "allowed", MissingContextValues=["aws:a"])],
                "IsTruncated": True,
                "Marker": "1",
            },
            {
                "EvaluationResults": [
                    evaluated(
                        "s3:DeleteObject",
                        "explicitDeny",
                        MatchedStatements=[statement, statement],
                        PermissionsBoundaryDecisionDetail={"AllowedByPermissionsBoundary": True},
                    ),
                    evaluated(
                        "s3:PutObject",
                        "implicitDeny",
                        OrganizationsDecisionDetail={"AllowedByOrganizations": False},
                    ),
                ],
                "IsTruncated": False,
            },
        ],
    )
    actions = ["s3:GetObject", "s3:DeleteObject", "s3:PutObject", "s3:GetObject"]

    decisions = list(simulate_principal_policy(ROLE_ARN, actions, [], fake_provider(iam=iam)))

    assert decisions == [
        Decision("s3:GetObject", "*", DecisionKind.ALLOWED, missing_context=("aws:a",)),
        Decision(
            "s3:DeleteObject",
            "*",
            DecisionKind.EXPLICIT_DENY,
            matched_policies=("deny-deletes",),
            allowed_by_boundary=True,
        ),
        Decision("s3:PutObject", "*", DecisionKind.IMPLICIT_DENY, allowed_by_organizations=False),
    ]
    assert iam.calls[0].parameters["ActionNames"] == ["s3:GetObject", "s3:DeleteObject", "s3:PutObject"]


def test_WHEN_simulating_AND_there_are_several_resources_THEN_each_is_decided_by_itself() -> None:
    below = {
        "EvalResourceName": f"{BUCKET_ARN}/*",
        "EvalResourceDecision": "implicitDeny",
        "MissingContextValues": ["aws:SourceVpc"],
    }
    iam = FakeClient("iam").answers(
        "simulate_principal_policy",
        [
            {"EvaluationResults": [evaluated("s3:GetObject", "allowed", BUCKET_ARN)]},
            {
                "EvaluationResults": [
                    evaluated("s3:GetObject", "implicitDeny", ResourceSpecificResults=[below])
                ]
            },
        ],
    )

    decisions = list(
        simulate_principal_policy(
            ROLE_ARN, ["s3:GetObject"], [BUCKET_ARN, f"{BUCKET_ARN}/*", BUCKET_ARN], fake_provider(iam=iam)
        )
    )

    assert [(decision.resource, decision.decision.value) for decision in decisions] == [
        (BUCKET_ARN, "allowed"),
        (f"{BUCKET_ARN}/*", "implicit_deny"),
    ]
    assert decisions[1].missing_context == ("aws:SourceVpc",)
    assert [call.parameters["ResourceArns"] for call in iam.calls] == [[BUCKET_ARN], [f"{BUCKET_ARN}/*"]]


def test_WHEN_many_resources_are_asked_at_a_time_THEN_one_answer_decides_each_that_it_names() -> None:
    parts = [
        {
            "EvalResourceName": f"{BUCKET_ARN}/{key}",
            "EvalResourceDecision": decision,
            "MatchedStatements": [{"SourcePolicyId": f"of-{key}"}],
            "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": key == "a"},
        }
        for key, decision in (("b", "explicitDeny"), ("a", "allowed"))
    ]
    limits = {"OrganizationsDecisionDetail": {"AllowedByOrganizations": True}}
    together = evaluated("s3:GetObject", "explicitDeny", ResourceSpecificResults=parts, **limits)
    alone = evaluated("s3:GetObject", "implicitDeny", f"{BUCKET_ARN}/c")
    iam = FakeClient("iam").answers(
        "simulate_principal_policy", [{"EvaluationResults": [together]}, {"EvaluationResults": [alone]}]
    )
    arns = [f"{BUCKET_ARN}/{key}" for key in "abc"]

    decisions = list(
        simulate_principal_policy(ROLE_ARN, ["s3:GetObject"], arns, fake_provider(iam=iam), at_a_time=50)
    )

    assert decisions == [
        Decision("s3:GetObject", arns[0], DecisionKind.ALLOWED, (), ("of-a",), True, True),
        Decision("s3:GetObject", arns[1], DecisionKind.EXPLICIT_DENY, (), ("of-b",), True, False),
        Decision("s3:GetObject", arns[2], DecisionKind.IMPLICIT_DENY),
    ]
    # The one that the answer left out was asked about by itself.
    assert [call.parameters["ResourceArns"] for call in iam.calls] == [arns, [arns[2]]]


def test_WHEN_an_answer_for_many_names_none_of_them_THEN_each_is_asked_about_by_itself() -> None:
    anything = {"EvaluationResults": [evaluated("s3:GetObject", "allowed")]}
    denied = {"EvaluationResults": [evaluated("s3:GetObject", "implicitDeny")]}
    iam = FakeClient("iam").answers("simulate_principal_policy", [anything, denied, denied])

    decisions = simulate_principal_policy(
        ROLE_ARN, ["s3:GetObject"], [BUCKET_ARN, f"{BUCKET_ARN}/a"], fake_provider(iam=iam), at_a_time=2
    )

    assert {each.decision for each in decisions} == {DecisionKind.IMPLICIT_DENY}
    assert len(iam.calls) == 3


def test_WHEN_simulating_AND_context_is_given_THEN_each_value_goes_with_its_type() -> None:
    iam = FakeClient("iam").answers("simulate_principal_policy", {"EvaluationResults": []})
    context: dict[str, ContextValue] = {
        "aws:SourceIp": "10.0.0.1",
        "aws:SecureTransport": True,
        "s3:max-keys": 5,
        "aws:TagKeys": ["a"],
    }

    list(simulate_principal_policy(ROLE_ARN, ["s3:Get"], [], fake_provider(iam=iam), context=context))

    sent = iam.calls[0].parameters["ContextEntries"]
    assert [(entry["ContextKeyType"], entry["ContextKeyValues"]) for entry in sent] == [
        ("string", ["10.0.0.1"]),
        ("boolean", ["true"]),
        ("numeric", ["5"]),
        ("stringList", ["a"]),
    ]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("NoSuchEntity", PrincipalDoesNotExist), ("InvalidInput", InvalidInput), ("AccessDenied", AccessDenied)],
)
def test_WHEN_simulating_AND_iam_refuses_THEN_the_error_is_of_its_kind(
    code: str, kind: type[Exception]
) -> None:
    iam = FakeClient("iam").raises("simulate_principal_policy", code)

    with pytest.raises(kind):
        list(simulate_principal_policy(ROLE_ARN, ["s3:GetObject"], [], fake_provider(iam=iam)))


def test_WHEN_getting_a_role_AND_it_is_absent_THEN_it_is_named() -> None:
    iam = FakeClient("iam").raises("get_role", "NoSuchEntity")

    with pytest.raises(RoleDoesNotExist) as absent:
        get_role("operator", fake_provider(iam=iam))

    assert absent.value.role_name == "operator"


def test_WHEN_getting_a_role_THEN_path_and_boundary_are_there() -> None:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    boundary_arn = "arn:aws:iam::123456789012:policy/limit"
    iam = FakeClient("iam").answers(
        "get_role",
        {
            "Role": {
                "RoleName": "operator",
                "Arn": ROLE_ARN,
                "RoleId": "AROA0123456789ABCDEF",
                "Path": "/team/",
                "CreateDate": made,
                "MaxSessionDuration": 7200,
                "PermissionsBoundary": {
                    "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                    "PermissionsBoundaryArn": boundary_arn,
                },
            }
        },
    )

    assert get_role("operator", fake_provider(iam=iam)) == Role(
        name="operator",
        arn=ROLE_ARN,
        id="AROA0123456789ABCDEF",
        path="/team/",
        created_at=made,
        max_session_seconds=7200,
        description=None,
        permissions_boundary_arn=boundary_arn,
    )


def test_WHEN_getting_a_role_of_aws_THEN_it_is_found_by_its_name_alone(
    aws_provider: AwsClientProvider,
) -> None:
    client: Any = aws_provider.get_iam()
    client.create_role(RoleName="operator", Path="/team/", AssumeRolePolicyDocument="{}", Description="d")

    role = get_role("operator", aws_provider)

    assert (role.arn, role.path, role.description) == (ROLE_ARN, "/team/", "d")
    with pytest.raises(RoleDoesNotExist):
        get_role("nobody", aws_provider)


def test_WHEN_asking_for_the_alias_THEN_it_is_none_until_there_is_one(
    aws_provider: AwsClientProvider,
) -> None:
    before = get_account_alias(aws_provider)
    aws_provider.get_iam().create_account_alias(AccountAlias="our-account")

    assert (before, get_account_alias(aws_provider)) == (None, "our-account")
