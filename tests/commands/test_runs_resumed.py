"""Runs that go on: what ``runs resume`` does, leaves alone and refuses."""

import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.changes import ChangeResult, ResultStatus
from aws_operations.fleet import Outcome, OutcomeStatus
from aws_operations.journal import RunState
from tests.commands.test_entry_point import wait_until
from tests.support.aws_answers import s3_error
from tests.support.journal_things import ABROAD, HOME, a_change, begun, journal_of
from tests.support.kept_runs import ONE, TEMPLATE, ls_with_one_failure, rows
from tests.support.loopback_proxy import Hangup, LoopbackProxy, SeenRequest, Silence
from tests.support.plan_things import EVERYWHERE
from tests.support.program import has_heard, run_on_terminal, run_program, start_program

Environment = dict[str, str]


def test_WHEN_what_failed_is_tried_again_THEN_only_that_is_asked_AND_the_run_is_complete(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    first = ls_with_one_failure(proxied_environment, proxy)
    (run,) = rows(proxied_environment, "runs", "list")
    assert f"runs resume {run['id']} --failed" in first.stderr

    plain = run_program(["runs", "resume", "last"], proxied_environment)
    again = run_program(["runs", "resume", "last", "--failed", "--output", "json"], proxied_environment)

    assert plain.returncode == 5
    assert f"try what failed again with: manage-resources runs resume {run['id']} --failed" in plain.stderr
    assert again.returncode == 0, again.stderr
    assert {(row["account"], row["region"]) for row in json.loads(again.stdout)} == {
        ("111122223333", "eu-west-1")
    }
    assert {request.path for request in proxy.requests if request.service == "s3"} == {f"/{ONE}"}
    assert [each["state"] for each in rows(proxied_environment, "runs", "list")] == ["complete"]


def test_WHEN_a_read_goes_on_AND_is_to_save_a_plan_THEN_that_is_a_usage_error_AND_the_run_stays_as_it_is(
    proxied_environment: Environment, proxy: LoopbackProxy, tmp_path: Path
) -> None:
    ls_with_one_failure(proxied_environment, proxy)
    before, asked = rows(proxied_environment, "runs", "list"), len(proxy.requests)

    resume = ["runs", "resume", "last", "--failed", "--plan-out", str(tmp_path / "plan")]
    done = run_program(resume, proxied_environment)

    assert (done.returncode, done.stdout) == (2, "")
    assert "--plan-out saves changes, and this run makes none" in done.stderr
    assert rows(proxied_environment, "runs", "list") == before
    assert len(proxy.requests) == asked


def test_WHEN_it_is_interrupted_THEN_it_says_how_to_go_on_AND_resume_does_the_rest(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    is_heard = threading.Event()

    def hold_one(request: SeenRequest) -> None:
        if request.path.startswith(f"/{ONE}"):
            is_heard.wait(60)

    proxy.disturb = hold_one
    program = start_program(["s3", "ls", TEMPLATE, *EVERYWHERE, "--workers", "1"], proxied_environment)
    wait_until(lambda: any(request.path.startswith(f"/{ONE}") for request in proxy.requests))
    program.send_signal(signal.SIGINT)
    wait_until(lambda: has_heard(program))
    is_heard.set()
    _, errors = program.communicate(timeout=60)
    (run,) = rows(proxied_environment, "runs", "list")
    proxy.disturb = lambda _: None

    done = run_program(["runs", "resume", "last", "--output", "json"], proxied_environment)

    assert program.returncode == 130
    assert (run["state"], run["targets_done"] + run["targets_left"]) == ("interrupted", 6)
    assert f"do the rest with: manage-resources runs resume {run['id']}" in errors
    assert done.returncode == 0, done.stderr
    assert len({(row["account"], row["region"]) for row in json.loads(done.stdout)}) == run["targets_left"]


@pytest.mark.parametrize(
    ("status", "state", "exit_code"),
    [(ResultStatus.APPLIED, "complete", 0), (ResultStatus.FAILED, "failed", 5)],
)
def test_WHEN_a_run_was_interrupted_AND_nothing_is_left_THEN_resume_says_how_it_ended(
    status: ResultStatus, state: str, exit_code: int, environment: Environment
) -> None:
    with journal_of(environment) as journal:
        record = begun(journal)
        record.plan_targets([HOME])
        record.outcome(Outcome(HOME, OutcomeStatus.ROWS, 1, 0.1))
        change = a_change(1)
        record.plan_changes([change])
        record.starting([change])
        record.result(ChangeResult(change, status))
        record.end(RunState.INTERRUPTED)

    done = run_program(["runs", "resume", "last"], environment)

    assert (done.returncode, done.stdout) == (exit_code, "")
    assert f" is {state}: 1 of 1 target" in done.stderr
    assert rows(environment, "runs", "list")[0]["state"] == state


def test_WHEN_changes_failed_THEN_plain_resume_leaves_them_AND_failed_makes_them(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    def refuse_one(request: SeenRequest) -> Any:
        is_it = request.path.startswith("/again-111122223333") and request.method == "PUT"
        return s3_error(403, "AccessDenied") if is_it else None

    proxy.disturb = refuse_one
    create = ["s3", "create", "again-{account}-{region}", *EVERYWHERE, "--yes"]
    assert run_program(create, proxied_environment).returncode == 5
    proxy.requests.clear()

    left_alone = run_program(["runs", "resume", "last"], proxied_environment)
    assert left_alone.returncode == 5
    assert proxy.requests == []
    proxy.disturb = lambda _: None
    done = run_program(["runs", "resume", "last", "--failed", "--output", "json"], proxied_environment)

    assert done.returncode == 0, done.stderr
    assert [row["status"] for row in json.loads(done.stdout)] == ["applied", "applied"]
    assert "makes 2 changes that were left or failed" in done.stderr
    assert len(proxy.writes) == 2
    assert [each["changes_applied"] for each in rows(proxied_environment, "runs", "list")] == [6]


def test_WHEN_planning_failed_THEN_failed_plans_again_AND_asks(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    unplanned = "unplanned-111122223333-us-east-1"
    proxy.disturb = lambda request: (
        s3_error(403, "AccessDenied") if request.path.startswith(f"/{unplanned}") else None
    )
    create = ["s3", "create", "unplanned-{account}-{region}", *EVERYWHERE, "--yes"]
    first = run_program(create, proxied_environment)
    assert first.returncode == 5
    shown = rows(proxied_environment, "runs", "show", "last")
    assert {(row["outcome"], row["left"]) for row in shown} == {("done", 0), ("failed", None)}
    proxy.disturb = lambda _: None
    proxy.requests.clear()

    declined = run_on_terminal(["runs", "resume", "last", "--failed"], proxied_environment, typed="n\n")
    assert (declined.exit_code, proxy.writes) == (6, [])
    assert "Make 1 change (1 x s3.create-bucket) in aws://111122223333/us-east-1?" in declined.screen
    done = run_program(["runs", "resume", "last", "--failed", "--yes"], proxied_environment)

    assert done.returncode == 0, done.stderr
    assert [request.path for request in proxy.writes] == [f"/{unplanned}"]
    assert rows(proxied_environment, "runs", "list")[-1]["changes_applied"] == 6


def test_WHEN_the_credentials_are_of_another_account_THEN_resume_is_refused(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    ls_with_one_failure(proxied_environment, proxy)
    whoami = run_program(
        ["runs", "resume", "last", "--failed"],
        {**proxied_environment, "AWS_ACCESS_KEY_ID": "ASIAWRONGACCOUNT", **foreign_keys(proxy)},
    )

    assert whoami.returncode == 6, whoami.stderr
    assert "was begun with credentials of account 123456789012" in whoami.stderr
    assert all(request.service == "sts" for request in proxy.requests)


def foreign_keys(proxy: LoopbackProxy) -> Environment:
    """Return credentials of another account of the sandbox, as variables."""
    home = AwsClientProvider(
        aws_region="us-east-1",
        access_keys=AccessKeys("sandbox-home", "sandbox-home-secret"),
        endpoint_url=proxy.endpoint_url,
    )
    answer = home.get_sts().assume_role(
        RoleArn="arn:aws:iam::444455556666:role/operator", RoleSessionName="foreign"
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
        "AWS_SESSION_TOKEN": answer["SessionToken"],
    }


def test_WHEN_a_run_is_under_way_THEN_it_is_shown_so_AND_nobody_resumes_or_prunes_it(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: Silence(60) if request.path.startswith(f"/{ONE}") else None
    program = start_program(["s3", "ls", TEMPLATE, *EVERYWHERE], proxied_environment)
    wait_until(lambda: any(request.path.startswith(f"/{ONE}") for request in proxy.requests))

    (run,) = rows(proxied_environment, "runs", "list")
    resumed = run_program(["runs", "resume", "last"], proxied_environment)
    pruned = run_program(["runs", "prune", "--older-than", "0s", "--yes"], proxied_environment)
    program.kill()
    program.communicate()

    assert run["state"] == "running"
    assert resumed.returncode == 6
    assert f"run {run['id']} is under way, in process {program.pid}" in resumed.stderr
    assert "no run that old" in pruned.stderr
    assert rows(proxied_environment, "runs", "list")[0]["state"] == "killed"


def test_WHEN_somebody_declines_THEN_the_run_says_so_AND_cannot_be_resumed(
    proxied_environment: Environment,
) -> None:
    create = ["s3", "create", "declined-{account}-{region}", *EVERYWHERE]
    assert run_on_terminal(create, proxied_environment, typed="n\n").exit_code == 6

    (run,) = rows(proxied_environment, "runs", "list")
    resumed = run_program(["runs", "resume", "last"], proxied_environment)

    assert (run["state"], run["changes_left"]) == ("declined", 0)
    assert resumed.returncode == 6
    assert "nothing was changed" in resumed.stderr


def test_WHEN_relative_paths_are_in_the_command_THEN_resume_works_where_the_run_did(
    proxied_environment: Environment, proxy: LoopbackProxy, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "file.txt").write_text("content", encoding="utf-8")
    proxy.disturb = lambda request: (
        Hangup() if request.method == "PUT" and request.path.endswith("/late") else None
    )
    bucket = "paths-{account}-{region}"
    assert run_program(["s3", "create", bucket, *EVERYWHERE, "--yes"], proxied_environment).returncode == 0
    put = ["s3", "put", "file.txt", bucket, "late", *EVERYWHERE, "--yes", "--max-attempts", "1"]
    first = run_program(put, proxied_environment, cwd=here)
    assert first.returncode in {5, 7}, first.stderr
    proxy.disturb = lambda _: None

    done = run_program(["runs", "resume", "last", "--failed"], proxied_environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_WHEN_the_folder_of_the_run_is_gone_THEN_resume_says_so(environment: Environment) -> None:
    with journal_of(environment) as journal:
        record = begun(journal, is_writing=False)
        record.plan_targets([HOME, ABROAD])
        record.end(RunState.INTERRUPTED)

    done = run_program(["runs", "resume", "last"], environment)

    assert done.returncode == 3
    assert "/somewhere: No such file or directory; run" in done.stderr
