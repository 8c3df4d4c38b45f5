"""How the options that say where to act go together, fleets of the configuration file among them."""

from pathlib import Path
from typing import Any

import click
import pytest

from aws_operations.guards import EmptySelection
from commands.exit_codes import ConfigurationProblem
from commands.settings import merge_settings

ROLE = "arn:aws:iam::123456789012:role/operator"
FLEETS = """
[defaults]
role-name = "everyday"
regions = ["us-east-1"]

[fleet.workloads]
ous = ["/workloads", "/labs"]
regions = ["eu-*", "us-east-1"]
role-name = "operator"
exclude-accounts = ["444455556666"]
exclude-ous = ["/workloads/old"]
exclude-regions = ["eu-south-*"]

[fleet.whole]
all-accounts = true

[fleet.people]
profiles = ["prod-*", "dev"]
exclude-profiles = ["prod-old"]

[fleet.here]
regions = ["eu-west-1", "eu-central-1"]

[fleet.none]
accounts = []
all-accounts = false

[fleet.emptied]
accounts = []
regions = ["eu-west-1"]
role-name = "operator"

[fleet.odd]
accounts = ["12"]

[fleet.oddly]
all-accounts = true
exclude-accounts = ["12"]
"""


@pytest.fixture
def fleets(tmp_path: Path) -> dict[str, str]:
    return configured(tmp_path, FLEETS)


def configured(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "manage-resources" / "config.toml"
    path.parent.mkdir()
    path.write_text(text)
    return {"XDG_CONFIG_HOME": str(tmp_path)}


@pytest.mark.parametrize("option", ["accounts", "ou", "profiles", "regions"])
@pytest.mark.parametrize("said", [("",), ()])
def test_WHEN_a_list_of_where_to_act_is_empty_THEN_that_is_never_all(
    option: str, said: tuple[str, ...], tmp_path: Path
) -> None:
    with pytest.raises(EmptySelection, match=f"--{option} is empty"):
        merge_settings({option: said}, {"XDG_CONFIG_HOME": str(tmp_path)})


def test_WHEN_a_fleet_is_named_THEN_it_says_where_to_act(fleets: dict[str, str]) -> None:
    settings = merge_settings({"fleet": "workloads"}, fleets)

    assert (settings.fleet, settings.ous) == ("workloads", ("/workloads", "/labs"))
    assert (settings.regions, settings.role_name) == (("eu-*", "us-east-1"), "operator")
    assert (settings.exclude_accounts, settings.exclude_ous) == (("444455556666",), ("/workloads/old",))
    assert (settings.exclude_regions, settings.exclude_profiles) == (("eu-south-*",), ())
    assert settings.enters_accounts


def test_WHEN_a_fleet_says_nothing_of_role_and_regions_THEN_those_of_the_defaults_hold(
    fleets: dict[str, str],
) -> None:
    settings = merge_settings({"fleet": "whole"}, fleets)

    assert (settings.all_accounts, settings.role_name) == (True, "everyday")
    assert settings.regions == ("us-east-1",)


def test_WHEN_options_are_typed_beside_a_fleet_THEN_they_refine_it(fleets: dict[str, str]) -> None:
    settings = merge_settings({"fleet": "workloads", "regions": ("eu-west-1",), "role-name": "other"}, fleets)

    assert (settings.regions, settings.role_name) == (("eu-west-1",), "other")
    assert settings.ous == ("/workloads", "/labs")


@pytest.mark.parametrize(
    "typed",
    [{"accounts": ("111122223333",)}, {"ou": ("/labs",)}, {"all-accounts": True}, {"profiles": ("p",)}],
)
def test_WHEN_a_fleet_and_another_selection_are_typed_THEN_they_exclude_each_other(
    typed: dict[str, Any], fleets: dict[str, str]
) -> None:
    with pytest.raises(click.UsageError, match=r"--fleet and --.* exclude each other"):
        merge_settings({"fleet": "workloads", **typed}, fleets)


def test_WHEN_accounts_are_typed_AND_a_fleet_is_inherited_THEN_they_replace_it_whole(
    fleets: dict[str, str],
) -> None:
    environ = {**fleets, "MANAGE_RESOURCES_FLEET": "workloads"}

    settings = merge_settings({"accounts": ("111122223333",)}, environ)

    assert (settings.accounts, settings.ous, settings.fleet) == (("111122223333",), (), None)
    assert (settings.regions, settings.role_name) == (("us-east-1",), "everyday")
    assert settings.exclude_accounts == ()


def test_WHEN_a_fleet_is_typed_AND_accounts_are_inherited_THEN_the_fleet_holds(
    fleets: dict[str, str],
) -> None:
    environ = {**fleets, "MANAGE_RESOURCES_ACCOUNTS": "111122223333"}

    assert merge_settings({"fleet": "workloads"}, environ).accounts == ()


def test_WHEN_all_accounts_is_typed_as_no_THEN_what_is_inherited_is_not_replaced(
    fleets: dict[str, str],
) -> None:
    environ = {**fleets, "MANAGE_RESOURCES_ACCOUNTS": "111122223333"}

    assert merge_settings({"all-accounts": False}, environ).accounts == ("111122223333",)
    assert merge_settings({"all-accounts": False, "fleet": "workloads"}, environ).ous == (
        "/workloads",
        "/labs",
    )


def test_WHEN_several_selections_are_typed_THEN_all_of_them_hold(tmp_path: Path) -> None:
    settings = merge_settings(
        {"accounts": ("111122223333",), "ou": ("/labs",), "role-name": "r"},
        {"XDG_CONFIG_HOME": str(tmp_path)},
    )

    assert (settings.accounts, settings.ous) == (("111122223333",), ("/labs",))


def test_WHEN_a_fleet_has_regions_only_THEN_it_is_the_own_account_in_them(fleets: dict[str, str]) -> None:
    settings = merge_settings({"fleet": "here"}, fleets)

    assert (settings.regions, settings.enters_accounts) == (("eu-west-1", "eu-central-1"), False)
    assert settings.chooses_targets


def test_WHEN_a_fleet_selects_nothing_THEN_that_is_never_all(fleets: dict[str, str]) -> None:
    with pytest.raises(EmptySelection, match=r"fleet\.none selects nothing"):
        merge_settings({"fleet": "none"}, fleets)


@pytest.mark.parametrize("typed", [{"fleet": "emptied"}, {}])
def test_WHEN_the_accounts_of_a_fleet_are_none_AND_it_has_regions_THEN_it_is_not_the_own_account(
    typed: dict[str, Any], fleets: dict[str, str]
) -> None:
    with pytest.raises(EmptySelection, match=r"fleet\.emptied selects nothing"):
        merge_settings(typed, {**fleets, "MANAGE_RESOURCES_FLEET": "emptied"})


@pytest.mark.parametrize(
    ("typed", "environ"),
    [
        ({"fleet": "whole", "all-accounts": False}, {}),
        ({"all-accounts": False}, {"MANAGE_RESOURCES_FLEET": "whole"}),
        ({}, {"MANAGE_RESOURCES_FLEET": "whole", "MANAGE_RESOURCES_ALL_ACCOUNTS": "no"}),
    ],
)
def test_WHEN_a_no_takes_all_accounts_off_a_fleet_THEN_it_is_not_the_own_account(
    typed: dict[str, Any], environ: dict[str, str], fleets: dict[str, str]
) -> None:
    with pytest.raises(EmptySelection, match=r"fleet\.whole selects nothing"):
        merge_settings(typed, {**fleets, **environ})


@pytest.mark.parametrize(
    ("typed", "environ"), [({"fleet": ""}, {}), ({"fleet": " "}, {}), ({}, {"MANAGE_RESOURCES_FLEET": ""})]
)
def test_WHEN_the_name_of_a_fleet_is_empty_THEN_it_is_not_the_own_account(
    typed: dict[str, Any], environ: dict[str, str], fleets: dict[str, str]
) -> None:
    with pytest.raises(EmptySelection, match=r"(--fleet|MANAGE_RESOURCES_FLEET) is empty"):
        merge_settings(typed, {**fleets, **environ})


@pytest.mark.parametrize("unit", ["/", "//", "/workloads/", "workloads/"])
def test_WHEN_the_last_name_of_a_unit_is_empty_THEN_it_does_not_mean_the_unit_above(
    unit: str, tmp_path: Path
) -> None:
    with pytest.raises(click.BadParameter, match=r"ends with a slash.*--all-accounts"):
        merge_settings({"ou": (unit,), "role-name": "r"}, {"XDG_CONFIG_HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("odd", r"fleet\.odd \(accounts\): '12' is not an account id"),
        ("oddly", r"fleet\.oddly \(exclude-accounts\): '12' is not an account id"),
        ("wrokloads", r"no \[fleet\.wrokloads\]; there is: .* \(did you mean workloads\?\)"),
    ],
)
def test_WHEN_a_fleet_is_bad_THEN_it_is_a_configuration_problem(
    name: str, complaint: str, fleets: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationProblem, match=complaint):
        merge_settings({"fleet": name}, fleets)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[fleet.x]\naccount = ["1"]\n', r"unknown key fleet\.x\.account; .* \(did you mean accounts\?\)"),
        ("[fleet.x]\nall-accounts = 1\n", r"fleet\.x\.all-accounts: must be true or false"),
        ("[fleet]\nx = 1\n", r"fleet\.x: must be a table"),
        (
            '[fleet.x]\nprofiles = ["a"]\nrole-name = "r"\n',
            r"fleet\.x: profiles and role-name exclude each other",
        ),
        (
            '[fleet.x]\nregions = ["eu-west-1"]\nexclude-accounts = ["123456789012"]\n',
            r"fleet\.x: exclude-accounts needs accounts or ous or all-accounts to exclude from",
        ),
        (
            '[fleet.x]\nregions = ["eu-west-1"]\nrole-name = "r"\n',
            r"fleet\.x: role-name needs accounts or ous or all-accounts to be assumed in",
        ),
        (
            '[fleet.x]\nexclude-profiles = ["a"]\n',
            r"fleet\.x: exclude-profiles needs profiles to exclude from",
        ),
    ],
)
def test_WHEN_a_fleet_is_written_wrongly_THEN_any_use_of_the_file_says_so(
    text: str, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationProblem, match=complaint):
        merge_settings({}, configured(tmp_path, text))


def test_WHEN_profiles_are_typed_THEN_the_identity_and_role_below_are_dropped_but_the_region(
    fleets: dict[str, str],
) -> None:
    environ = {
        **fleets,
        "MANAGE_RESOURCES_PROFILE": "mine",
        "MANAGE_RESOURCES_ASSUME_ROLE_ARN": ROLE,
        "MANAGE_RESOURCES_REGION": "eu-west-1",
    }

    settings = merge_settings({"profiles": ("prod-*",)}, environ)

    assert (settings.profile, settings.assume_role_arns, settings.role_name) == (None, (), None)
    assert (settings.profiles, settings.region) == (("prod-*",), "eu-west-1")


def test_WHEN_a_fleet_has_profiles_THEN_they_are_as_if_typed(fleets: dict[str, str]) -> None:
    settings = merge_settings({"fleet": "people"}, fleets)

    assert (settings.profiles, settings.exclude_profiles) == (("prod-*", "dev"), ("prod-old",))
    with pytest.raises(
        click.UsageError, match=r"fleet\.people \(profiles\) and --profile exclude each other"
    ):
        merge_settings({"fleet": "people", "profile": "me"}, fleets)


def test_WHEN_a_profile_is_typed_AND_profiles_are_inherited_THEN_it_replaces_them(
    fleets: dict[str, str],
) -> None:
    environ = {**fleets, "MANAGE_RESOURCES_PROFILES": "prod-*"}

    assert merge_settings({"profile": "me"}, environ).profiles == ()
    with pytest.raises(click.UsageError, match="exclude each other"):
        merge_settings({"assume-role-arn": (ROLE,)}, environ)


def test_WHEN_sandbox_is_on_AND_profiles_are_inherited_THEN_they_are_dropped(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "MANAGE_RESOURCES_PROFILES": "prod-*"}

    assert merge_settings({"sandbox": True}, environ).profiles == ()


def test_WHEN_fail_fast_is_on_THEN_one_failure_is_the_most(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "MANAGE_RESOURCES_MAX_FAILURES": "7"}

    assert merge_settings({"fail-fast": True}, environ).max_failures == 1
    assert merge_settings({"fail-fast": False}, environ).max_failures == 7
    weaker = merge_settings({"max-failures": "5"}, {**environ, "MANAGE_RESOURCES_FAIL_FAST": "1"})
    assert (weaker.fail_fast, weaker.max_failures) == (False, 5)


def test_WHEN_scheduler_is_inherited_AND_the_engine_is_this_machine_THEN_it_does_not_matter(
    tmp_path: Path,
) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "MANAGE_RESOURCES_SCHEDULER": "tcp://127.0.0.1:8786"}

    assert merge_settings({}, environ).engine == "local"
    assert merge_settings({"engine": "dask"}, environ).scheduler == "tcp://127.0.0.1:8786"


def test_WHEN_numbers_are_in_the_file_THEN_they_may_be_numbers(tmp_path: Path) -> None:
    environ = configured(tmp_path, "[defaults]\nmax-targets = 5\nworkers = 8\ndeadline = 60\n")

    settings = merge_settings({}, environ)

    assert (settings.max_targets, settings.workers, settings.deadline) == (5, 8, 60)
