"""The fleet of a run that goes on: its targets are known, and nobody is asked for what is known already."""

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.guards import UnexpectedAccount
from aws_operations.run_control import RunControl
from aws_operations.selection import Selection
from aws_operations.targets import Target
from commands.options import Settings
from commands.target_setup import Fleet, KnownTargets, is_vague, known_fleet, selection_of

MEMBER, OTHER = "111122223333", "444455556666"
SETTINGS = Settings(all_accounts=True, regions=("all",), role_name="operator", region="eu-west-1")


def fleet_of(targets: list[Target], settings: Settings = SETTINGS) -> Fleet:
    asked: list[AwsClientProvider] = []
    fleet = known_fleet(
        settings, KnownTargets(targets, len(targets), {}), check_base=asked.append, control=RunControl()
    )
    assert asked == [fleet.providers.base]
    return fleet


def test_WHEN_targets_are_known_from_before_THEN_each_has_its_provider_AND_nothing_is_asked() -> None:
    targets = [Target("us-east-1", MEMBER), Target("eu-west-1", OTHER)]

    fleet = fleet_of(targets)

    assert list(fleet.targets) == targets
    assert f"arn:aws:iam::{OTHER}:role/operator" in repr(fleet.providers.provider_for(targets[1]))
    assert fleet.reader_for(targets[0]).is_read_only
    assert fleet.is_many
    assert fleet.is_chosen


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target("us-east-1", MEMBER), False),
        (Target("us-east-1", MEMBER, "dev"), False),
        (Target("us-east-1"), False),
        (Target("all", MEMBER), True),
        (Target("eu-*,us-east-1", MEMBER), True),
        (Target("us-east-1", None, "dev"), True),
        (Target("-", None, "dev"), True),
    ],
)
def test_WHEN_regions_or_the_account_of_a_profile_were_never_found_out_THEN_a_target_is_vague(
    target: Target, expected: bool
) -> None:
    assert is_vague(target) is expected


def test_WHEN_a_known_target_is_in_another_account_than_expected_THEN_it_is_refused() -> None:
    settings = Settings(all_accounts=True, role_name="operator", region="eu-west-1", expect_account=OTHER)

    with pytest.raises(UnexpectedAccount, match=MEMBER):
        fleet_of([Target("eu-west-1", MEMBER)], settings)


def test_WHEN_the_profiles_of_a_fleet_were_replaced_THEN_nothing_is_excluded_from_them() -> None:
    settings = Settings(regions=("all",), exclude_profiles=("prod-old",), sandbox=True)

    assert selection_of(settings) == Selection(regions=("all",))
