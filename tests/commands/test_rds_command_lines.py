"""``rds`` as an operator types it: what is understood, and what the program says of what it met."""

import json
import uuid
from collections.abc import Iterator
from functools import partial

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from tests.support import command_lines
from tests.support.databases import make_instance
from tests.support.loopback_proxy import Hangup, LoopbackProxy, SeenRequest
from tests.support.program import run_on_terminal, run_program

understand = partial(command_lines.understand, "rds")


@pytest.fixture
def own_database(sandbox_endpoint: str) -> Iterator[str]:
    """Give an instance in the sandbox that no other test knows."""
    name = f"own-{uuid.uuid4().hex[:12]}"
    provider = AwsClientProvider(
        aws_region="us-east-1",
        access_keys=AccessKeys("sandbox-home", "sandbox-home-secret"),
        endpoint_url=sandbox_endpoint,
    )
    make_instance(provider, name)
    yield name
    provider.get_rds().delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["stop"], ["Missing argument 'DB...'"]),
        (["show"], ["Missing argument 'DB'"]),
        (["list", "--kind", "table"], ["'table' is not one of 'instance', 'cluster'"]),
        (["list", "--tag", "team"], ["'team' is not NAME=VALUE"]),
        (["list", "--tag", "a=1", "--tag", "a=2"], ["tag 'a' is given twice"]),
        (
            ["wait", "a", "--state", "starting"],
            ["'starting' is not one of 'available', 'stopped'"],
        ),
        (["wait", "a", "--state", "stopped", "--timeout", "0"], ["a time to wait"]),
        (["snapshots", "create", "a"], ["Missing argument 'NAME'"]),
        (["snapshots", "list", "--type", "all"], ["'all' is not one of"]),
        (["tags", "set", "a", "b=1", "b=2"], ["tag 'b' is given twice"]),
        (["describe-db-instances"], ["'rds list' or 'rds show'"]),
        (["stop-db-cluster"], ["'rds stop'"]),
    ],
)
def test_WHEN_a_command_line_makes_no_sense_THEN_it_is_a_usage_error_that_says_why(
    arguments: list[str], parts: list[str]
) -> None:
    result, work = understand(*arguments)
    assert (result.exit_code, work) == (2, None), result.output
    shown = " ".join(result.output.split())
    for part in parts:
        assert part in shown


def test_WHEN_words_are_in_capitals_and_times_have_units_THEN_they_are_understood() -> None:
    _, work = understand("list", "--kind", "Cluster", "--db-engine", "Aurora", "--status", "Available")
    wanted = work.args[0]
    assert (wanted.kind, wanted.engine, wanted.status) == ("cluster", "aurora", "available")
    _, work = understand("wait", "a", "b", "--state", "Stopped", "--timeout", "15m")
    assert work.args == (("a", "b"), "stopped")
    assert work.keywords == {"timeout": 900, "interval": 15, "kind": None}


def test_WHEN_databases_are_listed_in_many_targets_THEN_each_row_says_where(
    sandbox_environment: dict[str, str],
) -> None:
    targets = ["--accounts", "111122223333,444455556666", "--role-name", "operator"]
    regions = ["--regions", "us-east-1,eu-west-1", "--output", "json"]
    done = run_program(
        ["--sandbox", *targets, *regions, "rds", "list", "--kind", "cluster"], sandbox_environment
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {(row["account"], row["region"]) for row in rows} == {
        (account, region)
        for account in ("111122223333", "444455556666")
        for region in ("us-east-1", "eu-west-1")
    }
    assert {row["database"] for row in rows} == {"reports"}


def test_WHEN_a_stop_is_planned_THEN_the_operator_reads_that_AWS_starts_it_again(
    sandbox_environment: dict[str, str],
) -> None:
    session = run_on_terminal(["--sandbox", "rds", "stop", "orders-db"], sandbox_environment, typed="n\n")
    assert session.exit_code == 6, session.screen
    assert "after 7 days" in session.screen


@pytest.mark.parametrize(
    ("exit_code", "arguments", "words"),
    [
        (4, ["stop", "reports-1"], "reports-1 does not stop alone: stop reports instead"),
        (4, ["reboot", "archive-db"], "to reboot archive-db it has to be available; archive-db is stopped"),
        (4, ["snapshots", "create", "archive-db", "s"], "archive-db is stopped"),
        (4, ["stop", "no-such-db"], "there is no database no-such-db"),
        (4, ["snapshots", "delete", "no-such-snapshot"], "there is no snapshot no-such-snapshot"),
        (2, ["reboot", "reports"], "one by one: reports-1"),
        (2, ["list", "--status", "stoped"], "did you mean stopped?"),
    ],
)
def test_WHEN_it_cannot_be_done_THEN_one_line_says_why_and_nothing_was_sent(
    exit_code: int,
    arguments: list[str],
    words: str,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    done = run_program(["rds", *arguments, "--yes"], proxied_environment)
    assert done.returncode == exit_code, done.stderr
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert proxy.writes == []


def test_WHEN_no_state_to_wait_for_is_given_THEN_it_is_available() -> None:
    result, work = understand("wait", "a")
    assert result.exit_code == 0, result.output
    assert work.args == (("a",), "available")


def test_WHEN_a_wait_runs_out_THEN_the_exit_code_is_7_and_how_it_was_is_told(
    sandbox_environment: dict[str, str],
) -> None:
    waiting = [
        "--sandbox",
        "rds",
        "wait",
        "orders-db",
        "--state",
        "stopped",
        "--timeout",
        "1",
        "--interval",
        "1",
    ]
    done = run_program(waiting, sandbox_environment)
    assert done.returncode == 7
    assert "orders-db was available after 1 seconds, not stopped" in done.stderr
    assert "how it ends is unknown" in done.stderr
    assert done.stderr.count("\n") == 1


def test_WHEN_the_answer_to_a_stop_is_lost_THEN_it_is_read_back_as_applied(
    own_database: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda seen: Hangup(after_work=True) if seen.operation == "StopDBInstance" else None
    done = run_program(["rds", "stop", own_database], proxied_environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("applied\t")
    again = run_program(["rds", "stop", own_database], proxied_environment)
    assert again.stdout.startswith("unchanged\t")


def test_WHEN_the_answer_to_a_reboot_is_lost_THEN_it_is_unknown_and_not_sent_twice(
    own_database: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    def hang_up(seen: SeenRequest) -> Hangup | None:
        return Hangup() if seen.operation == "RebootDBInstance" else None

    proxy.disturb = hang_up
    done = run_program(["rds", "reboot", own_database, "--yes"], proxied_environment)
    assert done.returncode == 7, done.stderr
    assert done.stdout.startswith("unknown\t")
    assert [seen.operation for seen in proxy.writes] == ["RebootDBInstance"]


def test_WHEN_it_cannot_be_undone_AND_nobody_can_be_asked_THEN_it_is_refused_unsent(
    own_database: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program(["rds", "reboot", own_database], proxied_environment)
    assert done.returncode == 6
    assert "cannot be undone" in done.stderr
    assert "--yes" in done.stderr
    assert proxy.writes == []


def test_WHEN_a_snapshot_is_taken_and_its_answer_is_lost_THEN_there_is_one(
    own_database: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda seen: Hangup(after_work=True) if seen.operation == "CreateDBSnapshot" else None
    name = f"{own_database}-s"
    done = run_program(["rds", "snapshots", "create", own_database, name], proxied_environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("applied\t")
    listed = run_program(["rds", "snapshots", "list", own_database, "--type", "manual"], proxied_environment)
    assert [line.split("\t")[0] for line in listed.stdout.splitlines()] == [name]
    assert run_program(["rds", "snapshots", "delete", name, "-y"], proxied_environment).returncode == 0


def test_WHEN_a_member_of_a_cluster_should_stop_alone_THEN_the_line_ends_with_what_to_do_instead(
    sandbox_environment: dict[str, str],
) -> None:
    done = run_program(["--sandbox", "rds", "stop", "reports-1", "--dry-run"], sandbox_environment)
    assert done.returncode == 4
    assert "reports-1 does not stop alone: stop reports instead" in done.stderr
    assert done.stderr.endswith("; this call changed nothing\n")
