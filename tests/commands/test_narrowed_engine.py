from collections.abc import Iterator

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations import changes
from aws_operations.changes import Change, ChangeKind, Effect, ResultStatus, Reversibility, each_alone
from aws_operations.targets import Target
from commands.engines import NarrowedEngine
from tests.aws_interactions.loopback_servers import FakeSts, serving

TARGETS = [Target("eu-west-1", "111122223333"), Target("eu-west-1", "444455556666")]


@pytest.fixture
def kind() -> Iterator[str]:
    kind = ChangeKind(
        "test.held", each_alone(lambda _, __: None), lambda _, __: None, lambda _, __: ResultStatus.APPLIED
    )
    changes.register(kind)
    yield kind.name
    del changes.CHANGE_KINDS[kind.name]


def change(kind: str, target: Target) -> Change:
    return Change(
        kind=kind,
        target=target,
        resource="a",
        effect=Effect.UPDATE,
        before=None,
        after={"value": 2},
        iam_actions=("test:Set",),
        reversibility=Reversibility.REVERSIBLE,
    )


def apply_in_both(kind: str, notes: list[str], **settings: object) -> list[dict[str, str]]:
    """Apply a change in each of two accounts, with one engine, and return the roles that were assumed."""
    sts, engine = FakeSts(), NarrowedEngine(notes.append)
    with serving(sts) as url:

        def provider_for(target: Target) -> AwsClientProvider:
            return AwsClientProvider(
                aws_region=target.aws_region,
                access_keys=AccessKeys("AKIABASE", "a-secret"),
                endpoint_url=url,
                assume_role_arn=f"arn:aws:iam::{target.aws_account}:role/operator",
                **settings,  # type: ignore[arg-type] # as the test gives them
            )

        for target in TARGETS:
            (result,) = engine.apply_changes([change(kind, target)], provider_for)
            assert result.status is ResultStatus.APPLIED
    return sts.calls_of("AssumeRole")


def test_WHEN_changes_are_applied_THEN_each_role_is_assumed_with_a_policy_for_its_own(kind: str) -> None:
    notes: list[str] = []
    asked = apply_in_both(kind, notes)
    assert [role["RoleArn"].split(":")[4] for role in asked] == ["111122223333", "444455556666"]
    assert all("test:Set" in role["Policy"] for role in asked)
    assert notes == []


def test_WHEN_roles_cannot_be_narrowed_THEN_the_reason_is_noted_once(kind: str) -> None:
    notes: list[str] = []
    apply_in_both(kind, notes, mfa_serial="arn:aws:iam::123456789012:mfa/me", mfa_prompter=lambda _: "123456")
    (note,) = notes
    assert "MFA" in note
