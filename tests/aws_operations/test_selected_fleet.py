"""Choosing a fleet from a script: targets, their providers, and what may not be touched."""

from pathlib import Path
from typing import Any

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput, ReadOnlyViolation
from aws_interactions.sts_interactions import CallerIdentity, get_caller_identity
from aws_operations.fleet import OutcomeStatus, run_fleet
from aws_operations.guards import EmptySelection
from aws_operations.selected_fleet import select_fleet
from aws_operations.target_selection import Selection
from aws_operations.targets import RoleSettings

HOME, MEMBER, OTHER = "123456789012", "111122223333", "444455556666"


def who(aws_provider: AwsClientProvider) -> list[CallerIdentity]:
    return [get_caller_identity(aws_provider)]


def test_WHEN_accounts_and_region_patterns_are_selected_THEN_each_target_acts_in_its_account(
    aws_provider: AwsClientProvider,
) -> None:
    wanted = Selection(accounts=(MEMBER, OTHER), regions=("eu-west-[12]",))
    fleet = select_fleet(wanted, aws_provider, role_name="operator")
    outcomes = list(run_fleet(who, fleet.targets, fleet.provider_for))

    acted = {(one.target.aws_account, one.target.aws_region, one.rows[0].account) for one in outcomes}
    assert acted == {
        (account, region, account) for account in (MEMBER, OTHER) for region in ("eu-west-1", "eu-west-2")
    }
    assert {one.rows[0].arn for one in outcomes} == {
        f"arn:aws:sts::{account}:assumed-role/operator/manage-resources" for account in (MEMBER, OTHER)
    }


def test_WHEN_an_account_of_the_organisation_is_suspended_THEN_it_is_skipped_and_answered_for(
    aws_provider: AwsClientProvider,
) -> None:
    organizations = aws_provider.get_organizations()
    organizations.create_organization(FeatureSet="ALL")
    ids = [
        organizations.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
        for name in ("kept", "closed")
    ]
    kept, closed = [created["AccountId"] for created in ids]
    organizations.close_account(AccountId=closed)
    role = RoleSettings("operator", role_session_name="audit")
    fleet = select_fleet(Selection(all_accounts=True), aws_provider, role=role)
    statuses = {one.target.aws_account: one for one in run_fleet(who, fleet.targets, fleet.reader_for)}

    assert statuses.keys() == {HOME, kept, closed}
    assert statuses[closed].status == OutcomeStatus.SKIPPED
    assert "suspended" in str(statuses[closed].error)
    assert statuses[kept].rows[0].arn.endswith(":assumed-role/operator/audit")


def test_WHEN_reading_THEN_the_reader_refuses_all_but_reads(aws_provider: AwsClientProvider) -> None:
    fleet = select_fleet(Selection(), aws_provider)
    (target,) = fleet.targets

    assert (target.aws_account, target.aws_region) == (HOME, "eu-west-1")
    with pytest.raises(ReadOnlyViolation):
        fleet.reader_for(target).get_s3().create_bucket(Bucket="bucket")
    fleet.provider_for(target).get_s3().list_buckets()


def test_WHEN_profiles_are_selected_THEN_each_is_a_target_of_its_own_with_its_region(
    aws_provider: AwsClientProvider, moto_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile prod-a]\nregion = us-east-1\n[profile prod-b]\nregion = eu-west-1\n[profile dev]\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    made: list[str] = []

    def for_profile(name: str) -> AwsClientProvider:
        made.append(name)
        return AwsClientProvider(
            aws_region={"prod-a": "us-east-1"}.get(name, "eu-west-1"),
            access_keys=AccessKeys("testing", "testing"),
            endpoint_url=moto_endpoint,
        )

    fleet = select_fleet(Selection(profiles=("prod-*",)), aws_provider, for_profile=for_profile)

    assert [(one.aws_profile, one.aws_region, one.aws_account) for one in fleet.targets] == [
        ("prod-a", "us-east-1", HOME),
        ("prod-b", "eu-west-1", HOME),
    ]
    assert [one.status for one in run_fleet(who, fleet.targets, fleet.provider_for)] == ["rows", "rows"]
    assert made == ["prod-a", "prod-b"]


def test_WHEN_accounts_are_selected_AND_no_role_is_named_THEN_invalid_input(
    aws_provider: AwsClientProvider,
) -> None:
    with pytest.raises(InvalidInput, match="role"):
        select_fleet(Selection(accounts=(MEMBER,)), aws_provider)


def test_WHEN_nothing_is_left_of_a_selection_THEN_it_never_means_all(aws_provider: AwsClientProvider) -> None:
    nothing = Selection(accounts=(MEMBER,), exclude_accounts=(MEMBER,))
    with pytest.raises(EmptySelection):
        select_fleet(nothing, aws_provider, role_name="operator")


@pytest.mark.parametrize(
    "wanted", [Selection(), Selection(regions=("eu-west-1",)), Selection(profiles=("a",))]
)
def test_WHEN_a_role_is_named_AND_no_account_THEN_it_is_not_the_own_account(
    wanted: Selection, aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(InvalidInput, match="no account is selected in which the role operator"):
        select_fleet(wanted, aws_provider, role_name="operator")


@pytest.mark.parametrize(
    "roles",
    [{"role_name": ""}, {"role_name": "/"}, {"role_name": "one", "role": RoleSettings("other")}],
)
def test_WHEN_the_role_is_empty_or_said_twice_THEN_invalid_input(
    roles: dict[str, Any], aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(InvalidInput, match=r"the (name of the )?role is"):
        select_fleet(Selection(accounts=(MEMBER,)), aws_provider, **roles)
