"""``undo`` as an operator sees it: what comes back, what does not and why, and what the exit code is."""

import json
import shlex
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aws_interactions import ec2_interactions
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from commands.undo import undo
from tests.commands.test_runs_trouble import with_profiles
from tests.support.aws_answers import sts_error
from tests.support.ec2_things import run_instance
from tests.support.journal_things import a_change, applied, begun, journal_of
from tests.support.loopback_proxy import Answer, Fault, Hangup, LoopbackProxy, SeenRequest
from tests.support.program import PROGRAM, ROOT, run_on_terminal, run_program

MEMBERS = ["--accounts", "111122223333,444455556666", "--regions", "us-east-1", "--role-name", "operator"]

Environment = dict[str, str]


@pytest.fixture
def aws(sandbox_endpoint: str) -> AwsClientProvider:
    """Give a provider of the home account that goes round the proxy."""
    keys = AccessKeys("sandbox-home", "sandbox-home-secret")
    return AwsClientProvider(aws_region="us-east-1", access_keys=keys, endpoint_url=sandbox_endpoint)


def in_account(aws: AwsClientProvider, account: str) -> AwsClientProvider:
    return aws.for_role(f"arn:aws:iam::{account}:role/operator")


def states(aws: AwsClientProvider, *ids: str) -> list[str]:
    return [str(found.state) for found in ec2_interactions.get_instances(ids, aws)]


def run(
    arguments: list[str], environment: Environment, *, exit_code: int = 0
) -> subprocess.CompletedProcess[str]:
    done = run_program(arguments, environment)
    assert done.returncode == exit_code, done.stderr
    return done


def rows(arguments: list[str], environment: Environment, *, exit_code: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        run([*arguments, "--output", "json"], environment, exit_code=exit_code).stdout
    )
    return found


def id_of_last_run(environment: Environment) -> str:
    return str(rows(["runs", "list"], environment)[-1]["id"])


def ec2_error(code: str, message: str) -> Answer:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f"<Response><Errors>{error}</Errors><RequestID>r-1</RequestID></Response>"
    return Answer(400, body.encode(), {"Content-Type": "text/xml"})


def on_write(nth: int, fault: Fault, proxy: LoopbackProxy) -> Callable[[SeenRequest], Fault | None]:
    """Disturb the nth request that could change something."""
    return lambda request: fault if not request.changes_nothing and len(proxy.writes) == nth else None


def test_WHEN_instances_in_two_accounts_were_stopped_AND_that_is_undone_THEN_they_run(
    aws: AwsClientProvider, proxied_environment: Environment
) -> None:
    accounts = [in_account(aws, account) for account in ("111122223333", "444455556666")]
    ids = [run_instance(each, Name="undo-two") for each in accounts]
    run(["ec2", "stop", "undo-two", *MEMBERS, "--yes"], proxied_environment)
    stopped = id_of_last_run(proxied_environment)

    shown = rows(["undo", "last", "--dry-run"], proxied_environment)
    assert [(row["change"], row["account"]) for row in shown] == [
        ("ec2.start", "444455556666"),
        ("ec2.start", "111122223333"),
    ]
    done = run(["undo", "last"], proxied_environment)
    assert f"undoing run {stopped}: manage-resources ec2 stop undo-two" in done.stderr
    assert [states(each, name) for each, name in zip(accounts, ids, strict=True)] == [["running"]] * 2

    again = run(["undo", stopped], proxied_environment, exit_code=6)
    assert again.stderr.count("it is running by now, and was left stopped") == 2
    listed = rows(["runs", "list"], proxied_environment)
    made = [row for row in listed if row["changes_applied"]]
    assert [row["command"].split()[1] for row in made] == ["ec2", "undo"]
    said = f"2 changes of run {stopped} cannot be undone: undone already by run {made[1]['id']}\n"
    assert said in again.stderr
    assert made[1]["command"] == f"manage-resources undo {stopped}"


def test_WHEN_an_undo_is_undone_THEN_it_is_as_after_the_run(
    aws: AwsClientProvider, proxied_environment: Environment
) -> None:
    name = run_instance(aws)
    run(["ec2", "stop", name], proxied_environment)
    run(["undo", "last"], proxied_environment)
    assert states(aws, name) == ["running"]
    run(["undo", "last"], proxied_environment)
    assert states(aws, name) == ["stopped"]


def test_WHEN_some_of_it_has_drifted_THEN_that_is_listed_before_the_question_AND_the_rest_undone(
    aws: AwsClientProvider, proxied_environment: Environment
) -> None:
    names = [run_instance(aws) for _ in range(3)]
    run(["ec2", "stop", *names], proxied_environment)
    ec2_interactions.start_instances(names[:1], aws)

    session = run_on_terminal(["undo", "last"], proxied_environment, typed="y\n")

    assert session.exit_code == 5, session.screen
    drift, question = session.screen.index("not undone: ec2.stop"), session.screen.index("[y/N]")
    assert drift < question
    assert f"instance/{names[0]} in aws://123456789012/us-east-1: it is running by now" in session.screen
    assert states(aws, *names) == ["running"] * 3


def test_WHEN_somebody_declines_THEN_nothing_is_undone(
    aws: AwsClientProvider, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    name = run_instance(aws)
    run(["ec2", "stop", name], proxied_environment)
    proxy.requests.clear()
    session = run_on_terminal(["undo", "last"], proxied_environment, typed="n\n")
    assert session.exit_code == 6
    assert "nothing was changed" in session.screen
    assert proxy.writes == []


def test_WHEN_nothing_takes_it_back_THEN_that_is_said_of_each_AND_nothing_is_sent(
    aws: AwsClientProvider, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    names = [run_instance(aws) for _ in range(2)]
    run(["ec2", "terminate", *names, "--yes"], proxied_environment)
    proxy.requests.clear()
    done = run(["undo", "last", "--yes", "--output", "json"], proxied_environment, exit_code=6)
    assert json.loads(done.stdout) == []
    assert done.stderr.count("nothing takes it back, it is irreversible") == 2
    assert "2 changes of run" in done.stderr
    assert proxy.writes == []


def test_WHEN_no_run_is_named_THEN_that_is_a_usage_error(environment: Environment) -> None:
    done = run(["undo", ""], environment, exit_code=2)

    assert done.stdout == ""
    assert "RUN is empty: give the id of a run, the beginning of one, or last." in done.stderr


def test_WHEN_the_example_is_run_THEN_it_works_AND_help_tells_how_rows_are_written(
    environment: Environment,
) -> None:
    run(shlex.split(undo.example)[1:], environment)
    assert "--output" in run(["undo", "--help"], environment).stdout


def test_WHEN_a_run_changed_nothing_THEN_there_is_nothing_to_undo(proxied_environment: Environment) -> None:
    none = run(["undo", "last", "--output", "json"], proxied_environment)
    assert (none.stdout, "no run has changed anything" in none.stderr) == ("[]\n", True)
    run(["ec2", "list", *MEMBERS], proxied_environment)
    read = id_of_last_run(proxied_environment)
    done = run(["undo", read], proxied_environment)
    assert f"run {read} changed nothing: there is nothing to undo" in done.stderr
    assert run(["undo", "20010101-nothing"], proxied_environment, exit_code=2).stdout == ""


def test_WHEN_the_last_run_found_nothing_to_do_THEN_the_one_before_it_is_left_alone(
    aws: AwsClientProvider, proxied_environment: Environment
) -> None:
    name = run_instance(aws)
    run(["ec2", "stop", name], proxied_environment)
    run(["ec2", "stop", "batch-1", *MEMBERS], proxied_environment)
    run(["ec2", "stop", "batch-1", *MEMBERS], proxied_environment)
    last = id_of_last_run(proxied_environment)

    done = run(["undo", "last"], proxied_environment)

    assert f"run {last} changed nothing: there is nothing to undo" in done.stderr
    assert states(aws, name) == ["stopped"]


def test_WHEN_last_is_undone_THEN_reads_AND_dry_runs_AND_what_was_so_already_are_passed_over(
    aws: AwsClientProvider, proxied_environment: Environment
) -> None:
    name = run_instance(aws)
    run(["ec2", "stop", name], proxied_environment)
    run(["ec2", "list", *MEMBERS], proxied_environment)
    run(["ec2", "stop", "web-1", *MEMBERS, "--dry-run"], proxied_environment)
    run(["ec2", "stop", name], proxied_environment)
    run(["undo", "last"], proxied_environment)
    assert states(aws, name) == ["running"]


def test_WHEN_an_outcome_is_unknown_THEN_it_is_not_undone_before_a_resume_has_settled_it(
    aws: AwsClientProvider, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    first = run_instance(aws)
    tag = ["--yes", "--max-attempts", "1"]
    proxy.disturb = on_write(1, Hangup(), proxy)
    # Nothing was done, which EC2's tags do not prove.
    run(["ec2", "tag", first, "a=b", *tag], proxied_environment, exit_code=7)
    unknown = run(["undo", "last", "--yes"], proxied_environment, exit_code=6)
    assert "how it ended is not known; resume the run first" in unknown.stderr
    proxy.disturb = lambda _: None
    ec2_interactions.add_tags([first], {"a": "b"}, aws)
    run(["runs", "resume", "last"], proxied_environment)
    run(["undo", "last", "--yes"], proxied_environment)
    assert ec2_interactions.get_tags([first], aws) == {first: {}}


def test_WHEN_a_run_was_killed_THEN_what_it_made_is_undone_AND_what_is_unknown_listed(
    aws: AwsClientProvider, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    accounts = [in_account(aws, account) for account in ("111122223333", "444455556666")]
    ids = [run_instance(each, Name="undo-killed") for each in accounts]
    killed = threading.Event()
    program: list[subprocess.Popen[str]] = []

    def kill(request: SeenRequest) -> Fault | None:
        if request.operation != "StopInstances" or len([w for w in proxy.writes if w.service == "ec2"]) < 2:
            return None
        with journal_of(proxied_environment) as journal:
            # The first result is to be in the journal by then.
            while journal.find("last").counts.changes_applied < 1:
                killed.wait(0.02)
        program[0].kill()
        killed.set()
        return Hangup(after_work=True)

    proxy.disturb = kill
    command = ["ec2", "stop", "undo-killed", *MEMBERS, "--yes", "--workers", "1"]
    program.append(
        subprocess.Popen(
            [*PROGRAM, *command], env=proxied_environment, cwd=ROOT, text=True, stderr=-1, stdout=-1
        )
    )
    program[0].communicate(timeout=60)
    assert program[0].returncode == -signal.SIGKILL
    proxy.disturb = lambda _: None

    done = run(["undo", "last", "--yes"], proxied_environment, exit_code=5)

    assert done.stderr.count("how it ended is not known") == 1
    assert sorted(states(each, name)[0] for each, name in zip(accounts, ids, strict=True)) == [
        "running",
        "stopped",
    ]


def test_WHEN_a_run_is_under_way_THEN_undo_is_refused(environment: Environment) -> None:
    with journal_of(environment) as journal:
        record = begun(journal)
        record.plan_changes([a_change(1)])
        record.starting([a_change(1)])
        record.result(applied(a_change(1)))
        for wanted in ("last", record.id):
            done = run(["undo", wanted], environment, exit_code=6)
            assert f"run {record.id} is under way" in done.stderr
        record.end()


def test_WHEN_the_credentials_are_of_another_account_THEN_undo_is_refused(
    aws: AwsClientProvider, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    name = run_instance(aws)
    run(["ec2", "stop", name], proxied_environment)
    answer = aws.get_sts().assume_role(
        RoleArn="arn:aws:iam::444455556666:role/operator", RoleSessionName="foreign"
    )["Credentials"]
    proxy.requests.clear()
    foreign = {
        **proxied_environment,
        "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
        "AWS_SESSION_TOKEN": answer["SessionToken"],
    }
    done = run(["undo", "last"], foreign, exit_code=6)
    assert "was begun with credentials of account 123456789012" in done.stderr
    assert all(request.service == "sts" for request in proxy.requests)


def test_WHEN_a_target_cannot_be_planned_THEN_resume_plans_that_undo_again(
    aws: AwsClientProvider, proxied_environment: Environment, proxy: LoopbackProxy, tmp_path: Path
) -> None:
    accounts = [in_account(aws, account) for account in ("111122223333", "444455556666")]
    ids = [run_instance(each, Name="undo-later") for each in accounts]
    run(["ec2", "stop", "undo-later", *MEMBERS, "--yes"], proxied_environment)
    proxy.disturb = lambda request: (
        sts_error(403, "AccessDenied") if request.assumed_account == "111122223333" else None
    )
    # The role's credentials are cached from the first run on.
    later = {**proxied_environment, "XDG_CACHE_HOME": str(tmp_path / "another-cache")}
    once = run(["undo", "last", "--yes"], later, exit_code=5)
    assert "nothing is planned there" in once.stderr
    proxy.disturb = lambda _: None
    # The newest run by then: the undo is still of the run that it was of.
    run(["ec2", "tag", run_instance(aws), "a=b", "--yes"], proxied_environment)
    undo = rows(["runs", "list"], proxied_environment)[-2]["id"]

    done = run(["runs", "resume", str(undo), "--failed", "--yes"], proxied_environment)

    assert "2 of 2 targets done, 2 changes made" in done.stderr
    assert [states(each, name) for each, name in zip(accounts, ids, strict=True)] == [["running"]] * 2


def test_WHEN_changes_of_an_undo_failed_THEN_resume_makes_them(
    aws: AwsClientProvider, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    name = run_instance(aws)
    run(["ec2", "stop", name], proxied_environment)
    proxy.requests.clear()
    proxy.disturb = on_write(1, ec2_error("IncorrectInstanceState", "not now"), proxy)
    refused = run(["undo", "last"], proxied_environment, exit_code=4)
    assert "not now" in refused.stderr
    proxy.disturb = lambda _: None
    run(["runs", "resume", "last", "--failed"], proxied_environment)
    assert states(aws, name) == ["running"]


def test_WHEN_a_run_was_on_a_cluster_THEN_its_undo_is_made_here(
    aws: AwsClientProvider, proxied_environment: Environment
) -> None:
    name = run_instance(aws)
    run(["ec2", "stop", name], proxied_environment)
    # No cluster is needed to have been on one.
    with closing(sqlite3.connect(journal_of(proxied_environment).path)) as database, database:
        on_cluster = "json_set(settings, '$.engine', 'dask', '$.scheduler', 'tcp://127.0.0.1:1')"
        database.execute(f"UPDATE run SET settings = {on_cluster}")  # noqa: S608 - a text of ours
    run(["undo", "last"], proxied_environment)
    assert states(aws, name) == ["running"]


def test_WHEN_a_run_was_made_as_profiles_THEN_it_is_undone_as_them_AND_not_in_another_account(
    aws: AwsClientProvider, proxied_environment: Environment
) -> None:
    accounts = [in_account(aws, account) for account in ("111122223333", "444455556666")]
    ids = [run_instance(each, Name="undo-profiles") for each in accounts]
    environment = with_profiles(proxied_environment, {"team-a": "111122223333", "team-b": "444455556666"})
    run(["ec2", "stop", "undo-profiles", "--profiles", "team-*"], environment)
    moved = with_profiles(proxied_environment, {"team-a": "111122223333", "team-b": "123456789012"})

    done = run(["undo", "last"], moved, exit_code=5)

    assert "account 123456789012" in done.stderr
    assert [states(each, name) for each, name in zip(accounts, ids, strict=True)] == [
        ["running"],
        ["stopped"],
    ]


def test_WHEN_an_undo_is_killed_while_it_is_planned_THEN_it_is_begun_anew_AND_last_is_still_the_run(
    aws: AwsClientProvider, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    accounts = [in_account(aws, account) for account in ("111122223333", "444455556666")]
    ids = [run_instance(each, Name="undo-planning") for each in accounts]
    run(["ec2", "stop", "undo-planning", *MEMBERS, "--yes"], proxied_environment)
    program: list[subprocess.Popen[str]] = []

    def kill(request: SeenRequest) -> Fault | None:
        if request.operation == "DescribeInstances" and program:
            program[0].kill()
            return Hangup()
        return None

    proxy.disturb = kill
    program.append(
        subprocess.Popen(
            [*PROGRAM, "undo", "last", "--yes"], env=proxied_environment, cwd=ROOT, text=True, stderr=-1
        )
    )
    program[0].communicate(timeout=60)
    proxy.disturb = lambda _: None

    resumed = run(["runs", "resume", "last", "--failed"], proxied_environment, exit_code=6)
    assert "nothing was changed: run the command anew" in resumed.stderr
    done = run(["undo", "last"], proxied_environment)
    assert "manage-resources ec2 stop undo-planning" in done.stderr
    assert [states(each, name) for each, name in zip(accounts, ids, strict=True)] == [["running"]] * 2
