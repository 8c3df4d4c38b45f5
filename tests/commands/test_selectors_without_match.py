"""A selector that matches nothing in some of the targets is no failure there; one that matches nowhere is."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commands.app import Invocation
from commands.exit_codes import ExitCode, FailedInTarget, exit_code_for
from commands.registry import NounEntry
from commands.root import Root
from tests.aws_interactions.loopback_servers import serving
from tests.support.organisation_sts import OrganisationSts
from tests.support.program import run_program, without_endpoint_warning

CENSUS = Root((NounEntry("census", "tests.commands.census_noun", "Who is there."),))
ACCOUNTS = ["200000000001", "200000000002", "200000000003"]
STOP = ["--sandbox", "ec2", "stop", "--dry-run", "--output", "json", "--regions"]


@pytest.fixture
def endpoint_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHUB")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with serving(OrganisationSts(denied=frozenset())) as url:
        yield url


def census(endpoint_url: str, *arguments: str, accounts: list[str] = ACCOUNTS) -> Result:
    line = ["census", "count", "--accounts", ",".join(accounts), "--role-name", "operator"]
    there = ["--region", "eu-west-1", "--endpoint-url", endpoint_url, "--output", "jsonl"]
    return CliRunner().invoke(CENSUS, [*line, *there, *arguments], obj=Invocation())


def test_WHEN_a_selector_matches_in_one_of_the_targets_THEN_there_is_nothing_in_the_others(
    endpoint_url: str,
) -> None:
    done = census(endpoint_url, "--none-in", " ".join(ACCOUNTS[:2]), "--fail-fast")

    assert done.exit_code == 0, done.stderr
    assert [json.loads(line)["account"] for line in done.stdout.splitlines()] == ACCOUNTS[2:]
    assert without_endpoint_warning(done.stderr).strip() == "3 targets: 1 answered, 2 with nothing"


def test_WHEN_a_selector_matches_in_no_target_THEN_one_line_says_so_AND_the_run_has_failed(
    endpoint_url: str,
) -> None:
    done = census(endpoint_url, "--none-in", " ".join(ACCOUNTS))

    assert done.exit_code == 5, done.stderr
    error, summary = without_endpoint_warning(done.stderr).strip().splitlines()
    assert error == (
        "error: there is nobody tag:role=guest in any of 3 targets; check it, the accounts and the regions"
    )
    assert summary.startswith("3 targets: 3 failed (aws://20000000000")
    assert summary.endswith(" --failed")


def test_WHEN_a_selector_matches_nothing_in_the_only_target_THEN_it_is_not_found(endpoint_url: str) -> None:
    done = census(endpoint_url, "--none-in", ACCOUNTS[0], accounts=ACCOUNTS[:1])

    assert isinstance(done.exception, FailedInTarget)
    assert done.exception.__cause__ is not None
    assert exit_code_for(done.exception.__cause__) is ExitCode.REFUSED


def test_WHEN_a_tag_is_in_one_of_the_regions_THEN_changes_are_planned_there(
    sandbox_environment: dict[str, str],
) -> None:
    done = run_program([*STOP, "us-east-1,eu-north-1", "tag:role=web"], sandbox_environment)

    assert done.returncode == 0, done.stderr
    assert {change["region"] for change in json.loads(done.stdout)} == {"us-east-1"}
    assert "there is no instance tag:role=web in 1 of 2 targets; nothing is planned there" in done.stderr
    assert "could not be planned" not in done.stderr


def test_WHEN_a_tag_is_in_none_of_the_regions_THEN_nothing_could_be_planned(
    sandbox_environment: dict[str, str],
) -> None:
    done = run_program([*STOP, "us-east-1,eu-north-1", "tag:role=nobody"], sandbox_environment)

    assert (done.returncode, json.loads(done.stdout)) == (5, []), done.stderr
    error, summary = done.stderr.splitlines()
    assert error.startswith("error: there is no instance tag:role=nobody in any of 2 targets; check it")
    assert "2 targets could not be planned" in summary
