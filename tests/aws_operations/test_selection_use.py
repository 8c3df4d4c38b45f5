"""What of a selection came to nothing beside what did: each such name is told."""

import logging
from pathlib import Path

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import AccessDenied
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.selected_fleet import select_fleet
from aws_operations.selection import Selection
from aws_operations.selection_use import SelectionUse
from aws_operations.target_selection import plan_targets, resolve_targets
from aws_operations.targets import Target, TargetProviders

MEMBER, OTHER = "111122223333", "444455556666"


class Members(TargetProviders):
    """MEMBER has eu-west-1 and us-east-1 enabled; any other account answers nothing."""

    def provider_for(self, target: Target) -> AwsClientProvider:
        if target.aws_account not in {None, MEMBER}:
            raise AccessDenied("no")
        answer = {"Regions": [{"RegionName": name} for name in ("eu-west-1", "us-east-1")]}
        ec2 = FakeClient("ec2").answers("describe_regions", answer)
        return fake_provider(environment=AwsEnvironment(MEMBER, target.aws_region), ec2=ec2)


def unused(selection: Selection) -> list[str]:
    use = SelectionUse()
    planned = plan_targets(
        selection, fake_provider(), configured_profiles=lambda: ["prod-a", "prod-b", "dev"], use=use
    )
    providers = Members(fake_provider())
    resolve_targets(planned, selection, providers, asked_in=lambda _: "us-east-1", use=use)
    return use.unused(selection)


@pytest.mark.parametrize(
    ("selection", "lines"),
    [
        (
            Selection(accounts=(MEMBER,), regions=("us-east-1", "xx-*", "eu-*")),
            ["regions: xx-* matches no enabled region"],
        ),
        (
            Selection(accounts=(MEMBER, OTHER), regions=("all", "yy-*")),
            ["regions: yy-* matches no enabled region"],
        ),
        (Selection(accounts=(MEMBER,), regions=("all", "sa-east-1")), []),
        (Selection(accounts=(OTHER,), regions=("xx-*",)), []),
        (
            Selection(profiles=("prod-a", "dve-*", "prod-*"), regions=("us-east-1",)),
            ["profiles: dve-* matches no configured profile"],
        ),
        (
            Selection(profiles=("*",), exclude_profiles=("prod-b", "stage-*"), regions=("us-east-1",)),
            ["exclude-profiles: stage-* excludes nothing"],
        ),
        (
            Selection(accounts=(MEMBER, OTHER), exclude_accounts=("999999999999", OTHER)),
            ["exclude-accounts: 999999999999 excludes nothing"],
        ),
        (
            Selection(accounts=(MEMBER,), regions=("all",), exclude_regions=("eu-*", "xx-*")),
            ["exclude-regions: xx-* excludes nothing"],
        ),
        (
            Selection(
                accounts=(MEMBER,), regions=("us-east-1", "eu-west-1"), exclude_regions=("eu-west-[12]", "us")
            ),
            ["exclude-regions: us excludes nothing"],
        ),
        (
            Selection(accounts=(MEMBER,), regions=("eu-*",), exclude_regions=("eu-c*",)),
            ["exclude-regions: eu-c* excludes nothing"],
        ),
    ],
)
def test_WHEN_a_part_of_a_selection_comes_to_nothing_THEN_it_is_told(
    selection: Selection, lines: list[str]
) -> None:
    assert unused(selection) == lines


def test_WHEN_a_unit_is_empty_THEN_it_is_told_AND_so_is_one_that_excludes_nothing(
    aws_provider: AwsClientProvider,
) -> None:
    organizations = aws_provider.get_organizations()
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    for name in ("empty", "other"):
        organizations.create_organizational_unit(ParentId=root, Name=name)
    use = SelectionUse()
    selection = Selection(ous=("/", "/empty"), exclude_ous=("/other",))

    plan_targets(selection, aws_provider, use=use)

    assert use.unused(selection) == ["ous: /empty holds no account", "exclude-ous: /other excludes nothing"]


def test_WHEN_a_script_selects_what_is_not_there_THEN_it_is_logged(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile prod-a]\nregion = us-east-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with caplog.at_level(logging.WARNING, logger="aws_operations.selected_fleet"):
        select_fleet(
            Selection(profiles=("prod-a", "dve-*"), regions=("us-east-1",)),
            fake_provider(),
            for_profile=lambda name: fake_provider(environment=AwsEnvironment(MEMBER, "us-east-1", name)),
        )

    assert caplog.messages == ["profiles: dve-* matches no configured profile"]
