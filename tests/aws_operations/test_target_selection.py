"""Which targets a selection comes to, and what is asked of whom for it."""

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import AccessDenied, CredentialsProblem
from aws_interactions.credential_errors import NoRegion, ProfileDoesntExist
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.guards import EmptySelection
from aws_operations.run_control import RunControl, RunStopped
from aws_operations.target_selection import (
    AccountNotActive,
    NoRegionMatches,
    PlannedTarget,
    Selection,
    plan_targets,
    resolve_targets,
)
from aws_operations.targets import RoleSettings, Target, TargetProviders

HOME, MEMBER, OTHER = "123456789012", "111122223333", "444455556666"
REGIONS = ("ap-south-1", "eu-central-1", "eu-west-1", "us-east-1")


class Accounts(TargetProviders):
    """Providers whose accounts answer DescribeRegions and who they are; ``asked`` counts for each."""

    def __init__(self, **regions: tuple[str, ...] | Exception) -> None:
        super().__init__(fake_provider())
        self.regions = regions
        self.asked: Counter[str] = Counter()
        self.counted = threading.Lock()

    def provider_for(self, target: Target) -> AwsClientProvider:
        account = target.aws_account or {"prod-a": MEMBER, "prod-b": OTHER}.get(
            target.aws_profile or "", HOME
        )
        with self.counted:
            self.asked[f"{account} {target.aws_region}"] += 1
        regions = self.regions.get(f"a{account}", REGIONS)
        if isinstance(regions, Exception):
            raise regions
        answer = {"Regions": [{"RegionName": name, "OptInStatus": "opted-in"} for name in regions]}
        environment = AwsEnvironment(account, target.aws_region, target.aws_profile)
        ec2 = FakeClient("ec2").answers("describe_regions", answer)
        return fake_provider(environment=environment, ec2=ec2)


def in_home_region(_: Target) -> str:
    return "us-east-1"


def resolved(selection: Selection, providers: TargetProviders | None = None) -> list[PlannedTarget]:
    planned = plan_targets(
        selection, fake_provider(), configured_profiles=lambda: ["prod-a", "dev", "prod-b"]
    )
    return resolve_targets(planned, selection, providers or Accounts(), asked_in=in_home_region)


def shown(planned: list[PlannedTarget]) -> list[str]:
    return [f"{each.target.aws_account or '-'}/{each.target.aws_region}" for each in planned]


def organization_of(count: int) -> FakeClient:
    accounts = [
        {
            "Id": f"{number:012}",
            "Arn": f"arn:aws:organizations::1:account/o/{number:012}",
            "Name": f"n{number}",
        }
        | {"Status": "SUSPENDED" if number % 100 == 7 else "ACTIVE"}
        for number in range(1, count + 1)
    ]
    pages = [{"Accounts": accounts[start : start + 20]} for start in range(0, count, 20)]
    return FakeClient("organizations").pages("list_accounts", pages)


def test_WHEN_accounts_are_named_THEN_each_is_there_once_in_each_region_and_nobody_is_asked() -> None:
    selection = Selection(accounts=(HOME, MEMBER, HOME), regions=("eu-west-1", "us-east-1", "eu-west-1"))

    planned = plan_targets(selection, fake_provider(organizations=FakeClient("organizations")))

    assert [each.target for each in planned] == [
        Target("eu-west-1", HOME),
        Target("us-east-1", HOME),
        Target("eu-west-1", MEMBER),
        Target("us-east-1", MEMBER),
    ]


def test_WHEN_the_whole_organisation_is_selected_THEN_each_account_is_answered_for() -> None:
    organizations = organization_of(720)

    planned = plan_targets(
        Selection(all_accounts=True, regions=("eu-west-1", "us-east-1")),
        fake_provider(organizations=organizations),
    )

    assert len(planned) == 1440
    assert planned[0] == PlannedTarget(Target("eu-west-1", "000000000001"), "n1")
    skipped = [each for each in planned if each.is_skipped]
    assert len(skipped) == 16
    assert str(skipped[0].obstacle) == "the account is suspended"
    assert {call.operation for call in organizations.calls} == {"list_accounts"}


def test_WHEN_accounts_of_all_kinds_are_selected_THEN_they_add_up_and_exclusions_go_off_the_sum() -> None:
    selection = Selection(
        accounts=("999999999999", "000000000003"),
        all_accounts=True,
        exclude_accounts=("000000000002", "123123123123"),
    )

    planned = plan_targets(selection, fake_provider(organizations=organization_of(4)))

    assert shown(planned) == [
        "999999999999/eu-west-1",
        "000000000003/eu-west-1",
        "000000000001/eu-west-1",
        "000000000004/eu-west-1",
    ]
    assert [each.account_name for each in planned] == [None, "n3", "n1", "n4"]


@pytest.fixture
def units(aws_provider: AwsClientProvider) -> dict[str, str]:
    """Make the units /a, /a/b and /c with an account in each, that of /c closed; the value is ids by path."""
    client: Any = aws_provider.get_organizations()
    client.create_organization(FeatureSet="ALL")
    ids = {"/": client.list_roots()["Roots"][0]["Id"]}
    for path, parent, name in (("/a", "/", "a"), ("/a/b", "/a", "b"), ("/c", "/", "c")):
        unit = client.create_organizational_unit(ParentId=ids[parent], Name=name)["OrganizationalUnit"]
        ids[path] = unit["Id"]
        made = client.create_account(AccountName=f"in {path}", Email="a@example.com")["CreateAccountStatus"]
        client.move_account(
            AccountId=made["AccountId"], SourceParentId=ids["/"], DestinationParentId=ids[path]
        )
    client.close_account(AccountId=made["AccountId"])
    return ids


@pytest.mark.parametrize(
    ("ous", "exclude_ous", "names"),
    [
        (("/a",), (), ["in /a", "in /a/b"]),
        (("/a/b", "/a"), (), ["in /a/b", "in /a"]),
        (("/a",), ("/a/b",), ["in /a"]),
        (("/",), ("/a",), ["master", "in /c"]),
        (("/a/b", "/c"), (), ["in /a/b", "in /c"]),
    ],
)
@pytest.mark.usefixtures("units")
def test_WHEN_units_are_selected_THEN_it_is_all_accounts_in_and_below_them(
    ous: tuple[str, ...], exclude_ous: tuple[str, ...], names: list[str], aws_provider: AwsClientProvider
) -> None:
    planned = plan_targets(Selection(ous=ous, exclude_ous=exclude_ous), aws_provider)

    assert [each.account_name for each in planned] == names
    assert [each.account_name for each in planned if each.is_skipped] == [n for n in names if n == "in /c"]


def test_WHEN_a_unit_is_named_by_id_THEN_it_is_the_same(
    units: dict[str, str], aws_provider: AwsClientProvider
) -> None:
    planned = plan_targets(Selection(ous=(units["/a/b"],)), aws_provider)

    assert [each.account_name for each in planned] == ["in /a/b"]


@pytest.mark.usefixtures("units")
def test_WHEN_only_closed_accounts_are_selected_THEN_the_selection_is_empty(
    aws_provider: AwsClientProvider,
) -> None:
    with pytest.raises(EmptySelection, match="the account is"):
        plan_targets(Selection(ous=("/c",)), aws_provider)
    with pytest.raises(EmptySelection, match="all accounts that were selected are excluded, 2 of 2"):
        plan_targets(Selection(ous=("/a",), exclude_ous=("/a",)), aws_provider)


def test_WHEN_a_source_of_accounts_has_none_THEN_the_empty_selection_says_which(
    aws_provider: AwsClientProvider,
) -> None:
    nobody = FakeClient("organizations").pages("list_accounts", [{"Accounts": []}])
    govcloud = AwsEnvironment(HOME, "us-gov-west-1")
    client: Any = aws_provider.get_organizations()
    client.create_organization(FeatureSet="ALL")
    for name in ("a", "b"):
        client.create_organizational_unit(ParentId=client.list_roots()["Roots"][0]["Id"], Name=name)

    with pytest.raises(
        EmptySelection,
        match="Organizations named no account, asked in partition aws-us-gov, that of region us-gov-west-1",
    ):
        plan_targets(Selection(all_accounts=True), fake_provider(environment=govcloud, organizations=nobody))
    with pytest.raises(EmptySelection, match="there is no account in or below /a, /b"):
        plan_targets(Selection(ous=("/a", "/b")), aws_provider)
    with pytest.raises(EmptySelection, match="all regions are excluded"):
        plan_targets(Selection(regions=("eu-west-1",), exclude_regions=("eu-*",)), fake_provider())


@pytest.mark.parametrize(
    ("ou", "complaint"),
    [
        ("/aa", r"there is no organisational unit /aa \(did you mean /a\?\); an empty selection"),
        ("/a/nope", r"there is no organisational unit /a/nope \(there is /a/b\)"),
        ("/a/b/x", "there is no organisational unit /a/b/x;"),
        ("ou-abcd-12345678", "ou-abcd-12345678"),
    ],
)
@pytest.mark.usefixtures("units")
def test_WHEN_a_unit_does_not_exist_THEN_nothing_is_selected_AND_its_neighbours_are_named(
    ou: str, complaint: str, aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(EmptySelection, match=complaint):
        plan_targets(Selection(ous=("/c", ou)), aws_provider)
    with pytest.raises(EmptySelection, match=complaint):
        plan_targets(Selection(all_accounts=True, exclude_ous=(ou,)), aws_provider)


@pytest.mark.parametrize("status", ["SUSPENDED", "PENDING_CLOSURE", "PENDING_ACTIVATION", "CLOSED"])
def test_WHEN_an_account_is_not_active_THEN_it_is_skipped_with_the_reason_in_words(status: str) -> None:
    accounts = [
        {"Id": MEMBER, "Arn": "arn", "Name": "old", "State": status},
        {"Id": OTHER, "Arn": "arn", "Name": "new", "State": "ACTIVE"},
    ]
    organizations = FakeClient("organizations").pages("list_accounts", [{"Accounts": accounts}])

    first, second = plan_targets(Selection(all_accounts=True), fake_provider(organizations=organizations))

    assert isinstance(first.obstacle, AccountNotActive)
    assert str(first.obstacle) == f"the account is {status.replace('_', ' ').lower()}"
    assert second.obstacle is None


@pytest.mark.parametrize(
    ("wanted", "excluded", "names"),
    [
        (("prod-*",), (), ["prod-a", "prod-b"]),
        (("dev", "prod-?"), ("prod-b",), ["dev", "prod-a"]),
        (("*",), ("prod-*",), ["dev"]),
        (("[dp]*",), (), ["prod-a", "dev", "prod-b"]),
    ],
)
def test_WHEN_profiles_are_selected_THEN_patterns_match_the_configured_ones(
    wanted: tuple[str, ...], excluded: tuple[str, ...], names: list[str]
) -> None:
    planned = plan_targets(
        Selection(profiles=wanted, exclude_profiles=excluded, regions=("eu-west-1",)),
        fake_provider(),
        configured_profiles=lambda: ["prod-a", "dev", "prod-b"],
    )

    assert [each.target for each in planned] == [Target("eu-west-1", None, name) for name in names]


def test_WHEN_profiles_are_in_the_files_THEN_they_are_found_there(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "aws-config").write_text("[profile one]\nregion = eu-west-1\n[profile two]\n")
    (home / "aws-credentials").write_text("[three]\naws_access_key_id = x\naws_secret_access_key = y\n")

    planned = plan_targets(
        Selection(profiles=("t*",)), fake_provider(), region_of_profile=lambda name: f"eu-{name}-1"
    )

    assert [each.target for each in planned] == [
        Target("eu-two-1", None, "two"),
        Target("eu-three-1", None, "three"),
    ]


def test_WHEN_no_profile_matches_THEN_it_is_an_empty_selection_AND_a_wrong_name_is_an_error() -> None:
    with pytest.raises(EmptySelection, match="no configured profile matches stage-"):
        resolved(Selection(profiles=("stage-*",)))
    with pytest.raises(EmptySelection, match=r"all profiles of prod-\* are excluded"):
        resolved(Selection(profiles=("prod-*",), exclude_profiles=("prod-?",)))
    with pytest.raises(ProfileDoesntExist, match="prod-c"):
        resolved(Selection(profiles=("prod-*", "prod-c")))


def test_WHEN_a_profile_has_no_region_THEN_it_fails_and_the_others_do_not() -> None:
    def region_of(name: str) -> str:
        if name == "dev":
            raise NoRegion(["here"])
        return "eu-west-1"

    planned = plan_targets(
        Selection(profiles=("dev", "prod-a")),
        fake_provider(),
        region_of_profile=region_of,
        configured_profiles=lambda: ["prod-a", "dev"],
    )

    assert isinstance(planned[0].obstacle, NoRegion)
    assert not planned[0].is_skipped
    assert planned[1].target == Target("eu-west-1", None, "prod-a")


def test_WHEN_profiles_are_resolved_THEN_their_accounts_are_known_AND_a_failing_one_is_answered_for() -> None:
    refused = CredentialsProblem("no token")
    providers = Accounts(**{f"a{OTHER}": refused})

    planned = resolved(Selection(profiles=("prod-*",), regions=("eu-west-1",)), providers)

    assert planned == [
        PlannedTarget(Target("eu-west-1", MEMBER, "prod-a")),
        PlannedTarget(Target("eu-west-1", None, "prod-b"), obstacle=refused),
    ]


def test_WHEN_regions_are_named_THEN_no_account_is_asked() -> None:
    providers = Accounts()

    assert shown(resolved(Selection(accounts=(MEMBER,), regions=("xx-nowhere-1",)), providers)) == [
        f"{MEMBER}/xx-nowhere-1"
    ]
    assert not providers.asked


@pytest.mark.parametrize(
    ("regions", "excluded", "expected"),
    [
        (("all",), (), list(REGIONS)),
        (("eu-*",), (), ["eu-central-1", "eu-west-1"]),
        (("us-east-1", "eu-*", "us-*"), (), ["us-east-1", "eu-central-1", "eu-west-1"]),
        (("all",), ("eu-*", "ap-south-1"), ["us-east-1"]),
        (("sa-east-1", "eu-w*"), (), ["sa-east-1", "eu-west-1"]),
    ],
)
def test_WHEN_regions_are_patterns_THEN_they_are_those_that_the_account_has_enabled(
    regions: tuple[str, ...], excluded: tuple[str, ...], expected: list[str]
) -> None:
    providers = Accounts()

    planned = resolved(Selection(accounts=(MEMBER,), regions=regions, exclude_regions=excluded), providers)

    assert shown(planned) == [f"{MEMBER}/{region}" for region in expected]
    assert set(providers.asked) == {f"{MEMBER} us-east-1"}


def test_WHEN_accounts_have_other_regions_enabled_THEN_each_has_its_own() -> None:
    providers = Accounts(**{f"a{MEMBER}": ("eu-west-1",), f"a{OTHER}": ("ap-south-1",)})

    planned = resolved(Selection(accounts=(HOME, MEMBER, OTHER), regions=("eu-*",)), providers)

    assert shown(planned) == [
        f"{HOME}/eu-central-1",
        f"{HOME}/eu-west-1",
        f"{MEMBER}/eu-west-1",
        f"{OTHER}/eu-*",
    ]
    assert isinstance(planned[-1].obstacle, NoRegionMatches)
    assert planned[-1].is_skipped


def test_WHEN_an_account_does_not_say_its_regions_THEN_it_is_one_failed_target() -> None:
    denied = AccessDenied("no")

    planned = resolved(
        Selection(accounts=(MEMBER, OTHER), regions=("all", "us-east-1")), Accounts(**{f"a{OTHER}": denied})
    )

    assert planned[-1] == PlannedTarget(Target("all,us-east-1", OTHER), obstacle=denied)
    assert not planned[-1].is_skipped
    assert len(planned) == len(REGIONS) + 1


def test_WHEN_no_region_matches_anywhere_THEN_it_is_an_empty_selection() -> None:
    with pytest.raises(EmptySelection, match=r"no enabled region matches me-\*"):
        resolved(Selection(accounts=(MEMBER, OTHER), regions=("me-*",)))
    with pytest.raises(EmptySelection):
        resolved(Selection(regions=("me-*",)))


@pytest.mark.parametrize("regions", [("eu-west-1",), ("eu-*",), ()])
def test_WHEN_all_regions_are_excluded_THEN_it_is_an_empty_selection(regions: tuple[str, ...]) -> None:
    with pytest.raises(EmptySelection):
        resolved(Selection(accounts=(MEMBER,), regions=regions, exclude_regions=("all",)))


def test_WHEN_nothing_but_regions_is_selected_THEN_it_is_the_own_account_AND_its_error_is_raised() -> None:
    assert shown(resolved(Selection(regions=("eu-*",)))) == [f"{HOME}/eu-central-1", f"{HOME}/eu-west-1"]
    with pytest.raises(CredentialsProblem):
        resolved(Selection(regions=("eu-west-1",)), Accounts(**{f"a{HOME}": CredentialsProblem("no")}))


def test_WHEN_the_run_is_stopped_meanwhile_THEN_nothing_is_resolved() -> None:
    control = RunControl()
    control.stop("because")
    selection = Selection(accounts=(MEMBER, OTHER), regions=("all",))
    planned = plan_targets(selection, fake_provider())

    with pytest.raises(RunStopped, match="because"):
        resolve_targets(planned, selection, Accounts(), asked_in=in_home_region, control=control)


def test_WHEN_a_target_has_an_obstacle_THEN_it_is_raised_in_place_of_its_provider() -> None:
    obstacle = AccountNotActive("SUSPENDED")
    suspended = Target("eu-west-1", MEMBER)
    providers = TargetProviders(fake_provider(), RoleSettings("operator"), obstacles={suspended: obstacle})

    with pytest.raises(AccountNotActive):
        providers.provider_for(suspended)
    assert providers.provider_for(Target("eu-west-1", OTHER)).get_aws_env().aws_account == OTHER


def test_WHEN_a_target_has_a_profile_THEN_its_provider_is_made_once() -> None:
    made = []

    def for_profile(name: str) -> AwsClientProvider:
        made.append(name)
        return fake_provider(environment=AwsEnvironment(MEMBER, "us-east-1", name))

    providers = TargetProviders(fake_provider(), for_profile=for_profile)
    environments = [
        providers.provider_for(Target(region, MEMBER, "prod")).get_aws_env()
        for region in ("eu-west-1", "ap-south-1")
    ]

    assert [str(environment) for environment in environments] == [
        f"aws://{MEMBER}/eu-west-1",
        f"aws://{MEMBER}/ap-south-1",
    ]
    assert made == ["prod"]
