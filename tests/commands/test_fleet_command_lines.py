"""Choosing targets on the command line: what is run where, and what is asked of whom for it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.aws_answers import REQUEST_ID, sts_error
from tests.support.loopback_proxy import Answer, Fault, LoopbackProxy, SeenRequest
from tests.support.program import run_program

HOME, PRODUCTION, WORKLOADS = "123456789012", "111122223333", "444455556666"
EVERY_ACCOUNT = ["--all-accounts", "--role-name", "operator"]
PROFILES = """
[profile hub]
aws_access_key_id = sandbox-home
aws_secret_access_key = sandbox-home-secret
region = us-east-1
[profile prod-a]
role_arn = arn:aws:iam::111122223333:role/operator
source_profile = hub
region = eu-west-1
[profile prod-b]
role_arn = arn:aws:iam::444455556666:role/operator
source_profile = hub
region = us-east-1
[profile broken]
region = us-east-1
"""


@pytest.fixture
def with_profiles(proxied_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Give an environment with profiles, one of which has no credentials, and nothing else."""
    config = tmp_path / "profiles"
    config.write_text(PROFILES)
    kept = {k: v for k, v in proxied_environment.items() if not k.startswith("AWS_") or "METADATA" in k}
    return {**kept, "AWS_CONFIG_FILE": str(config)}


def configure(environment: dict[str, str], text: str) -> None:
    path = Path(environment["XDG_CONFIG_HOME"]) / "manage-resources" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)


def rows_of(arguments: list[str], environment: dict[str, str], exit_code: int = 0) -> Any:
    done = run_program([*arguments, "--output", "json"], environment)
    assert done.returncode == exit_code, done.stderr
    return json.loads(done.stdout)


def places(rows: Any) -> list[str]:
    return [f"{row['account']}/{row['region']}" for row in rows]


def services(proxy: LoopbackProxy) -> set[str]:
    return {request.service for request in proxy.requests}


def organization_with_a_suspended_account(request: SeenRequest) -> Fault | None:
    if request.operation != "ListAccounts":
        return None
    accounts = [
        {
            "Id": account,
            "Arn": f"arn:aws:organizations::1:account/o/{account}",
            "Name": name,
            "Status": status,
        }
        for account, name, status in (
            (PRODUCTION, "shop", "ACTIVE"),
            ("222233334444", "old shop", "SUSPENDED"),
            ("333344445555", "older shop", "PENDING_CLOSURE"),
        )
    ]
    return Answer(
        200, json.dumps({"Accounts": accounts}).encode(), {"Content-Type": "application/x-amz-json-1.1"}
    )


def ec2_error(code: str) -> Answer:
    body = (
        f"<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors>"
        f"<RequestID>{REQUEST_ID}</RequestID></Response>"
    )
    return Answer(401, body.encode(), {"Content-Type": "text/xml"})


def regions_with_one_off(*, off: str, on: str) -> Answer:
    items = "".join(
        f"<item><regionName>{name}</regionName><optInStatus>{status}</optInStatus></item>"
        for name, status in ((off, "not-opted-in"), (on, "opted-in"))
    )
    body = (
        '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>{REQUEST_ID}</requestId><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
    )
    return Answer(200, body.encode(), {"Content-Type": "text/xml"})


def test_WHEN_accounts_are_named_THEN_show_asks_nobody(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    targets = [
        "--accounts",
        f"{HOME},{PRODUCTION},{HOME}",
        "--role-name",
        "any",
        "--regions",
        "us-east-1,eu-*",
    ]

    rows = rows_of(["fleet", "show", *targets], proxied_environment)

    assert places(rows) == [f"{HOME}/us-east-1,eu-*", f"{PRODUCTION}/us-east-1,eu-*"]
    assert proxy.requests == []


def test_WHEN_the_organisation_is_selected_THEN_show_asks_only_organizations(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    rows = rows_of(["fleet", "show", *EVERY_ACCOUNT, "--regions", "us-east-1,eu-west-1"], proxied_environment)

    assert len(rows) == 6
    assert rows[2] == {
        "account": PRODUCTION,
        "region": "us-east-1",
        "name": f"member-{PRODUCTION}",
        "note": None,
    }
    assert services(proxy) == {"organizations"}


def test_WHEN_a_unit_is_selected_THEN_commands_run_in_all_accounts_below(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    rows = rows_of(
        ["identity", "whoami", "--ou", "/workloads", "--role-name", "operator"], proxied_environment
    )

    assert places(rows) == [f"{WORKLOADS}/us-east-1", f"{PRODUCTION}/us-east-1"]
    assert [request.operation for request in proxy.requests].count("ListRoots") == 1


def test_WHEN_accounts_are_suspended_THEN_they_are_answered_for_AND_not_touched(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = organization_with_a_suspended_account

    shown = rows_of(["fleet", "show", *EVERY_ACCOUNT], proxied_environment)
    assert [(row["name"], row["note"]) for row in shown] == [
        ("shop", None),
        ("old shop", "suspended: skipped"),
        ("older shop", "pending closure: skipped"),
    ]

    done = run_program(["identity", "whoami", *EVERY_ACCOUNT, "--max-targets", "1"], proxied_environment)
    assert done.returncode == 0, done.stderr
    assert "3 targets: 1 answered, 2 skipped" in done.stderr
    assert {request.assumed_account for request in proxy.requests} == {None, PRODUCTION}

    checked = rows_of(["fleet", "check", *EVERY_ACCOUNT], proxied_environment)
    assert [(row["result"], row["detail"]) for row in checked] == [
        ("ok", None),
        ("skipped", "the account is suspended"),
        ("skipped", "the account is pending closure"),
    ]


@pytest.mark.parametrize(
    "selection",
    [
        ["--accounts", "", "--role-name", "operator"],
        ["--ou", "", "--role-name", "operator"],
        ["--regions", ""],
        ["--profiles", ""],
        ["--profiles", "nobody-*"],
        ["--regions", "xx-*"],
        [*EVERY_ACCOUNT, "--regions", "xx-*"],
    ],
)
def test_WHEN_a_selection_is_empty_THEN_nothing_runs_anywhere(
    selection: list[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program(["s3", "create", "new-{account}-{region}", "--yes", *selection], proxied_environment)

    assert (done.returncode, done.stdout) == (6, "")
    assert "an empty selection never means all" in done.stderr
    assert "s3" not in services(proxy)


def test_WHEN_one_item_is_empty_THEN_the_command_line_is_wrong(environment: dict[str, str]) -> None:
    done = run_program(["s3", "ls", "--accounts", f"{HOME},", "--role-name", "operator"], environment)

    assert done.returncode == 2
    assert "has an empty item" in done.stderr


def test_WHEN_there_are_more_targets_than_allowed_THEN_nothing_runs_AND_show_still_shows(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    limited = [*EVERY_ACCOUNT, "--regions", "us-east-1,eu-west-1", "--max-targets", "5"]

    refused = run_program(["s3", "ls", *limited], proxied_environment)
    assert (refused.returncode, refused.stdout) == (6, "")
    assert "6 targets are more than --max-targets 5" in refused.stderr
    assert services(proxy) == {"organizations"}

    shown = run_program(["fleet", "show", *limited], proxied_environment)
    assert shown.returncode == 0
    assert shown.stdout.count("\n") == 6
    assert "a command would be refused: at least 6 targets" in shown.stderr


def test_WHEN_regions_are_patterns_THEN_each_account_is_asked_once_for_those_it_has_enabled(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    rows = rows_of(
        ["identity", "whoami", *EVERY_ACCOUNT, "--regions", "us-e*,eu-west-1"], proxied_environment
    )

    assert places(rows) == [
        f"{account}/{region}"
        for account in (HOME, PRODUCTION, WORKLOADS)
        for region in ("us-east-1", "us-east-2", "eu-west-1")
    ]
    asked = [request.operation for request in proxy.requests if request.service == "ec2"]
    assert asked == ["DescribeRegions"] * 3


def test_WHEN_an_account_does_not_say_its_regions_THEN_it_is_one_failed_target(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: (
        sts_error(403, "AccessDenied") if request.assumed_account == PRODUCTION else None
    )

    done = run_program(
        ["identity", "whoami", *EVERY_ACCOUNT, "--regions", "eu-west-1,us-e*", "--output", "json"],
        proxied_environment,
    )

    assert done.returncode == 5
    assert len(json.loads(done.stdout)) == 6
    assert f"7 targets: 6 answered, 1 denied (aws://{PRODUCTION}/eu-west-1,us-e*)" in done.stderr
    assert [request.assumed_account for request in proxy.requests].count(PRODUCTION) == 1


def test_WHEN_a_region_is_off_in_an_account_THEN_that_target_is_skipped(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    def disturb(request: SeenRequest) -> Fault | None:
        match request.operation:
            case "DescribeInstances":
                return ec2_error("AuthFailure")
            case "DescribeRegions":
                return regions_with_one_off(off="us-east-1", on="eu-west-1")
            case _:
                return None

    proxy.disturb = disturb
    targets = ["--accounts", PRODUCTION, "--role-name", "operator", "--regions", "us-east-1,eu-west-1"]

    done = run_program(["ec2", "list", *targets], proxied_environment)

    assert done.returncode == 5
    assert f"2 targets: 1 failed (aws://{PRODUCTION}/eu-west-1), 1 skipped" in done.stderr
    assert [request.operation for request in proxy.requests].count("DescribeRegions") == 1


def test_WHEN_a_fleet_is_checked_THEN_there_is_a_row_for_each_target(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: (
        sts_error(403, "AccessDenied", "go away") if request.assumed_account == PRODUCTION else None
    )

    rows = rows_of(["fleet", "check", *EVERY_ACCOUNT], proxied_environment, exit_code=5)

    assert [(row["account"], row["result"]) for row in rows] == [
        (HOME, "ok"),
        (PRODUCTION, "denied"),
        (WORKLOADS, "ok"),
    ]
    assert rows[0]["arn"].startswith(f"arn:aws:sts::{HOME}:assumed-role/operator/")
    assert "sts:AssumeRole" in rows[1]["detail"]
    assert all(row["duration"] >= 0 for row in rows)
    assert proxy.writes == []


def test_WHEN_nothing_is_chosen_THEN_the_fleet_is_the_own_account(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    (shown,) = rows_of(["fleet", "show"], proxied_environment)
    assert places([shown]) == ["None/us-east-1"]
    assert proxy.requests == []

    (checked,) = rows_of(["fleet", "check"], proxied_environment)
    assert (checked["account"], checked["result"]) == (HOME, "ok")


def test_WHEN_profiles_are_selected_THEN_commands_run_as_each_AND_rows_say_as_which(
    with_profiles: dict[str, str],
) -> None:
    rows = rows_of(["identity", "whoami", "--profiles", "prod-*"], with_profiles)

    assert list(rows[0])[:3] == ["profile", "account", "region"]
    assert [(row["profile"], row["account"], row["region"]) for row in rows] == [
        ("prod-a", PRODUCTION, "eu-west-1"),
        ("prod-b", WORKLOADS, "us-east-1"),
    ]


def test_WHEN_a_profile_has_no_credentials_THEN_it_fails_and_the_others_do_not(
    with_profiles: dict[str, str],
) -> None:
    done = run_program(["s3", "ls", "--profiles", "prod-a,broken", "--regions", "us-east-1"], with_profiles)

    assert done.returncode == 5
    assert "samples-111122223333-us-east-1" in done.stdout
    assert "2 targets: 1 answered, 1 failed (us-east-1 as profile broken)" in done.stderr


def test_WHEN_changes_are_made_as_several_profiles_THEN_each_is_made_as_its_own(
    with_profiles: dict[str, str], proxy: LoopbackProxy
) -> None:
    rows = rows_of(
        ["s3", "tags", "set", "samples-{account}-{region}", "seen=yes", "--profiles", "prod-*", "--yes"],
        with_profiles,
    )

    assert [(row["profile"], row["account"], row["status"]) for row in rows] == [
        ("prod-a", PRODUCTION, "applied"),
        ("prod-b", WORKLOADS, "applied"),
    ]
    assert len(proxy.writes) == 2


def test_WHEN_one_profile_is_in_another_account_than_expected_THEN_nothing_runs(
    with_profiles: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program(["s3", "ls", "--profiles", "prod-*", "--expect-account", PRODUCTION], with_profiles)

    assert (done.returncode, done.stdout) == (6, "")
    assert f"would act in account {WORKLOADS}" in done.stderr
    assert services(proxy) == {"sts"}


def test_WHEN_a_configured_profile_is_misspelt_THEN_the_configured_ones_are_named(
    with_profiles: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program(["s3", "ls", "--profiles", "prod-a,prod-c"], with_profiles)

    assert done.returncode == 3
    assert "profile 'prod-c' does not exist (configured: broken, hub, prod-a, prod-b)" in done.stderr
    assert proxy.requests == []


FLEETS = """
[defaults]
role-name = "operator"
[fleet.workloads]
ous = ["/workloads"]
regions = ["us-east-1", "eu-west-1"]
exclude-accounts = ["111122223333"]
[fleet.everything]
all-accounts = true
exclude-ous = ["/workloads/production"]
[fleet.people]
profiles = "prod-*"
exclude-profiles = "prod-b"
"""


def test_WHEN_a_fleet_is_named_THEN_commands_run_in_what_it_describes(
    proxied_environment: dict[str, str],
) -> None:
    configure(proxied_environment, FLEETS)

    rows = rows_of(["identity", "whoami", "--fleet", "workloads"], proxied_environment)
    assert places(rows) == [f"{WORKLOADS}/us-east-1", f"{WORKLOADS}/eu-west-1"]

    environment = {**proxied_environment, "MANAGE_RESOURCES_FLEET": "everything"}
    assert places(rows_of(["fleet", "show"], environment)) == [f"{HOME}/us-east-1", f"{WORKLOADS}/us-east-1"]

    typed = ["fleet", "show", "--accounts", PRODUCTION]
    assert places(rows_of(typed, environment)) == [f"{PRODUCTION}/us-east-1"]


def test_WHEN_a_fleet_has_profiles_THEN_commands_run_as_each(with_profiles: dict[str, str]) -> None:
    configure(with_profiles, FLEETS)

    (row,) = rows_of(["fleet", "check", "--fleet", "people"], with_profiles)

    assert (row["profile"], row["account"], row["result"]) == ("prod-a", PRODUCTION, "ok")


def test_WHEN_fleets_are_listed_THEN_they_are_shown_as_they_are_written(environment: dict[str, str]) -> None:
    assert rows_of(["fleet", "list"], environment) == []
    configure(environment, FLEETS)

    rows = rows_of(["fleet", "list"], environment)

    assert [row["fleet"] for row in rows] == ["workloads", "everything", "people"]
    assert rows[0] == {
        "fleet": "workloads",
        "accounts": [],
        "ous": ["/workloads"],
        "profiles": [],
        "regions": ["us-east-1", "eu-west-1"],
        "role_name": None,
        "excluded": ["111122223333"],
    }
    assert rows[1]["accounts"] == ["all"]
