"""What an operator is told of where a command would act, or why nowhere."""

import json
from pathlib import Path

import pytest

from tests.support.program import run_program

IN_ALL = ["--sandbox", "--all-accounts", "--role-name", "operator"]


@pytest.fixture
def config(sandbox_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Give an environment with the sandbox and a configuration file with a fleet ``most``."""
    folder = tmp_path / "config" / "manage-resources"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        '[fleet.most]\nall-accounts = true\nrole-name = "operator"\nregions = ["us-east-1", "xx-*"]\n'
        'exclude-accounts = ["444455556666", "999999999999"]\n'
    )
    return {**sandbox_environment, "XDG_CONFIG_HOME": str(tmp_path / "config")}


def test_WHEN_a_pattern_and_an_exclusion_come_to_nothing_THEN_a_line_each_warns(
    config: dict[str, str],
) -> None:
    shown = run_program(["--sandbox", "--fleet", "most", "fleet", "show"], config)
    done = run_program(["--sandbox", "--fleet", "most", "rds", "list", "--query", "[].database"], config)

    excluded = "warning: exclude-accounts: 999999999999 excludes nothing"
    assert (shown.returncode, done.returncode) == (0, 0)
    assert [line for line in shown.stderr.splitlines() if line.startswith("warning")] == [excluded]
    assert [line for line in done.stderr.splitlines() if line.startswith("warning")] == [
        "warning: regions: xx-* matches no enabled region",
        excluded,
    ]


def test_WHEN_the_organisation_of_a_partition_has_no_account_THEN_it_says_which(
    sandbox_environment: dict[str, str],
) -> None:
    done = run_program([*IN_ALL, "--regions", "us-gov-west-1", "fleet", "show"], sandbox_environment)

    assert done.returncode == 6
    assert "Organizations named no account, asked in partition aws-us-gov" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("ou", "complaint"), [("/workload", "did you mean /workloads?"), ("/nope", "there is /workloads")]
)
def test_WHEN_a_unit_is_misspelt_THEN_its_neighbours_are_named(
    ou: str, complaint: str, sandbox_environment: dict[str, str]
) -> None:
    done = run_program(
        ["--sandbox", "--ou", ou, "--role-name", "operator", "ec2", "list"], sandbox_environment
    )

    assert done.returncode == 6
    assert f"there is no organisational unit {ou} ({complaint})" in done.stderr
    assert done.stderr.count("\n") == 1


def test_WHEN_regions_are_patterns_THEN_showing_says_what_asks_for_them(
    sandbox_environment: dict[str, str],
) -> None:
    shown = run_program([*IN_ALL, "--regions", "eu-*", "fleet", "show"], sandbox_environment)
    checked = run_program([*IN_ALL, "--regions", "eu-west-*", "fleet", "check"], sandbox_environment)

    assert shown.stderr == (
        "3 targets: only the accounts know which regions they have enabled: 'fleet check' asks them\n"
    )
    assert {line.split("\t")[1] for line in checked.stdout.splitlines()} == {
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
    }


def test_WHEN_more_targets_are_shown_than_a_command_may_have_THEN_that_is_all_it_says(
    sandbox_environment: dict[str, str],
) -> None:
    shown = run_program([*IN_ALL, "--max-targets", "2", "fleet", "show"], sandbox_environment)

    assert shown.returncode == 0
    _, warning = shown.stderr.splitlines()
    refused = "warning: a command with these options would be refused"
    assert warning == f"{refused}: 3 targets are more than --max-targets 2"


def test_WHEN_fleets_are_listed_THEN_they_are_as_in_the_file(config: dict[str, str]) -> None:
    done = run_program(["fleet", "list", "--output", "json"], config)

    assert json.loads(done.stdout) == [
        {
            "fleet": "most",
            "accounts": ["all accounts"],
            "ous": [],
            "profiles": [],
            "regions": ["us-east-1", "xx-*"],
            "role_name": "operator",
            "excluded": ["444455556666", "999999999999"],
        }
    ]
    assert done.stderr == ""


def test_WHEN_there_are_no_fleets_THEN_it_says_where_they_would_be(
    environment: dict[str, str], tmp_path: Path
) -> None:
    without_file = run_program(["fleet", "list"], environment)
    file = tmp_path / "other.toml"
    file.write_text("[defaults]\n")
    without_fleets = run_program(["--config", str(file), "fleet", "list"], environment)

    place = Path(environment["XDG_CONFIG_HOME"]) / "manage-resources" / "config.toml"
    assert without_file.stderr == f"no configuration file, so no fleets; one would be at {place}\n"
    assert without_fleets.stderr == f"{file}: has no [fleet.NAME] entries\n"
    assert {(done.returncode, done.stdout) for done in (without_file, without_fleets)} == {(0, "")}


def test_WHEN_a_region_is_unknown_THEN_it_is_doubted_AND_tried_all_the_same(
    sandbox_environment: dict[str, str],
) -> None:
    warning = (
        "warning: regions: eu-west-9 is a new region, or none: it is not on botocore's list; "
        "did you mean eu-west-"
    )

    shown = run_program([*IN_ALL, "--regions", "eu-west-9,eu-west-1", "fleet", "show"], sandbox_environment)
    checked = run_program(
        [*IN_ALL, "--regions", "eu-west-9,eu-west-1", "fleet", "check"], sandbox_environment
    )

    assert (shown.returncode, len(shown.stdout.splitlines())) == (0, 6)
    assert len(checked.stdout.splitlines()) == 6
    for done in (shown, checked):
        assert [line for line in done.stderr.splitlines() if line.startswith(warning)] != []
        assert done.stderr.count("warning") == 1
