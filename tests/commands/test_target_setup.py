"""The fleet of a run that goes on: its targets are known, and nobody is asked for more."""

import pytest

from aws_interactions.aws_errors import InvalidInput
from aws_operations.guards import UnexpectedAccount
from aws_operations.targets import Target
from commands.options import Settings
from commands.target_setup import known_fleet

MEMBER, OTHER = "111122223333", "444455556666"
SETTINGS = Settings(all_accounts=True, regions=("all",), role_name="operator", region="eu-west-1")


def test_WHEN_targets_are_known_from_before_THEN_each_has_its_provider_AND_nothing_is_asked() -> None:
    targets = [Target("us-east-1", MEMBER), Target("eu-west-1", OTHER)]

    fleet = known_fleet(SETTINGS, targets)

    assert list(fleet.targets) == targets
    assert f"arn:aws:iam::{OTHER}:role/operator" in repr(fleet.providers.provider_for(targets[1]))
    assert fleet.reader_for(targets[0]).is_read_only
    assert fleet.is_many
    assert fleet.is_chosen


def test_WHEN_an_account_never_said_its_regions_THEN_its_target_fails_with_what_to_do() -> None:
    target = Target("all", MEMBER)

    with pytest.raises(InvalidInput, match="run the command anew for it"):
        known_fleet(SETTINGS, [target]).providers.provider_for(target)


def test_WHEN_a_known_target_is_in_another_account_than_expected_THEN_it_is_refused() -> None:
    settings = Settings(all_accounts=True, role_name="operator", region="eu-west-1", expect_account=OTHER)

    with pytest.raises(UnexpectedAccount, match=MEMBER):
        known_fleet(settings, [Target("eu-west-1", MEMBER)])
