"""Runs that go on when something has changed meanwhile, and what was never found out when they began."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aws_operations.journal import RunState
from tests.support.aws_answers import s3_error, sts_error
from tests.support.journal_things import begun, journal_of
from tests.support.kept_runs import rows
from tests.support.loopback_proxy import Answer, LoopbackProxy
from tests.support.plan_things import ACCOUNTS, EVERYWHERE
from tests.support.program import PROGRAM, ROOT, run_program

HOME, MEMBER, OTHER = ACCOUNTS.split(",")
DENIED_BY_DYNAMODB = Answer(
    400,
    b'{"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no"}',
    {"Content-Type": "application/x-amz-json-1.0"},
)

Environment = dict[str, str]


def with_profiles(environment: Environment, accounts: dict[str, str]) -> Environment:
    """Return an environment whose profiles are each a role in an account; written anew each time."""
    config = Path(environment["HOME"]) / "aws-config"
    keys = "aws_access_key_id = sandbox-home\naws_secret_access_key = sandbox-home-secret\n"
    entries = [f"[profile hub]\nregion = us-east-1\n{keys}"]
    for name, account in accounts.items():
        role = f"arn:aws:iam::{account}:role/operator"
        entries.append(
            f"[profile {name}]\nregion = us-east-1\nrole_arn = {role}\nsource_profile = hub\n"
            f"role_session_name = {name}\n"
        )
    config.write_text("\n".join(entries), encoding="utf-8")
    kept = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    return {
        **kept,
        "AWS_CONFIG_FILE": str(config),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": environment["MANAGE_RESOURCES_ENDPOINT_URL"],
    }


def json_rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def targets_of_last(environment: Environment) -> list[tuple[str | None, str, str]]:
    shown = rows(environment, "runs", "show", "last")
    return [(row["account"], row["region"], row["outcome"]) for row in shown]


def resumed(environment: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_program(["runs", "resume", "last", *arguments, "--output", "json"], environment)


def test_WHEN_a_profile_is_of_another_account_by_now_THEN_nothing_is_changed_there(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    environment = with_profiles(proxied_environment, {"team-a": MEMBER, "team-b": OTHER})
    proxy.disturb = lambda request: (
        s3_error(403, "AccessDenied") if request.method == "PUT" and "moved-" in request.path else None
    )
    create = ["s3", "create", "moved-{account}", "--profiles", "team-*", "--yes"]
    assert run_program(create, environment).returncode == 5
    proxy.disturb = lambda _: None
    proxy.requests.clear()

    moved = with_profiles(proxied_environment, {"team-a": MEMBER, "team-b": HOME})
    done = resumed(moved, "--failed")

    assert done.returncode == 5, done.stderr
    assert [request.path for request in proxy.writes] == [f"/moved-{MEMBER}"]
    assert [(row["profile"], row["status"]) for row in json_rows(done)] == [
        ("team-a", "applied"),
        ("team-b", "failed"),
    ]
    assert f"account {HOME}" in done.stderr
    assert "as profile team-b" in done.stderr


def test_WHEN_a_profile_is_of_another_account_by_now_THEN_nothing_is_read_there(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    environment = with_profiles(proxied_environment, {"team-a": MEMBER, "team-b": OTHER})
    proxy.disturb = lambda request: s3_error(403, "AccessDenied") if request.service == "s3" else None
    assert run_program(["s3", "ls", "--profiles", "team-*"], environment).returncode == 5
    proxy.disturb = lambda _: None
    proxy.requests.clear()

    moved = with_profiles(proxied_environment, {"team-a": MEMBER, "team-b": HOME})
    done = resumed(moved, "--failed")

    assert done.returncode == 5, done.stderr
    assert {row["account"] for row in json_rows(done)} == {MEMBER}
    assert f"account {HOME}" in done.stderr


def test_WHEN_the_regions_of_an_account_were_never_found_out_THEN_failed_finds_them_out(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: (
        sts_error(403, "AccessDenied") if request.assumed_account == MEMBER else None
    )
    where = ["--accounts", f"{MEMBER},{OTHER}", "--role-name", "operator", "--regions", "eu-west-[12]"]
    first = run_program(["ec2", "list", *where], proxied_environment)
    assert first.returncode == 5, first.stderr
    assert (MEMBER, "eu-west-[12]", "denied") in targets_of_last(proxied_environment)
    proxy.disturb = lambda _: None

    done = resumed(proxied_environment, "--failed")

    assert done.returncode == 0, done.stderr
    assert {(row["account"], row["region"]) for row in json_rows(done)} == {(MEMBER, "eu-west-1")}
    assert sorted(targets_of_last(proxied_environment)) == [
        (MEMBER, "eu-west-1", "answered"),
        (MEMBER, "eu-west-2", "with nothing"),
        (OTHER, "eu-west-1", "answered"),
        (OTHER, "eu-west-2", "with nothing"),
    ]


def test_WHEN_the_regions_are_still_not_found_out_THEN_the_target_stays_failed_AND_is_kept(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: (
        sts_error(403, "AccessDenied") if request.assumed_account == MEMBER else None
    )
    where = ["--accounts", f"{MEMBER},{OTHER}", "--role-name", "operator", "--regions", "eu-west-1*"]
    assert run_program(["ec2", "list", *where], proxied_environment).returncode == 5

    done = resumed(proxied_environment, "--failed")

    assert done.returncode == 5, done.stderr
    assert targets_of_last(proxied_environment) == [
        (MEMBER, "eu-west-1*", "denied"),
        (OTHER, "eu-west-1", "answered"),
    ]


def test_WHEN_there_are_more_regions_than_targets_are_allowed_THEN_nothing_is_done(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: (
        sts_error(403, "AccessDenied") if request.assumed_account == MEMBER else None
    )
    where = ["--accounts", f"{MEMBER},{OTHER}", "--role-name", "operator", "--regions", "eu-west-[12]"]
    listed = run_program(["ec2", "list", *where, "--max-targets", "3"], proxied_environment)
    assert listed.returncode == 5, listed.stderr
    proxy.disturb = lambda _: None

    done = resumed(proxied_environment, "--failed")

    assert done.returncode == 6, done.stderr
    assert "4 targets" in done.stderr
    assert (MEMBER, "eu-west-[12]", "denied") in targets_of_last(proxied_environment)


def test_WHEN_nobody_knew_whose_a_profile_is_THEN_failed_finds_it_out(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    environment = with_profiles(proxied_environment, {"team-a": MEMBER, "team-b": OTHER})
    proxy.disturb = lambda request: (
        sts_error(403, "AccessDenied") if request.assumed_account == MEMBER else None
    )
    assert run_program(["s3", "ls", "--profiles", "team-*"], environment).returncode == 5
    assert (None, "us-east-1", "denied") in targets_of_last(environment)
    proxy.disturb = lambda _: None

    done = resumed(environment, "--failed")

    assert done.returncode == 0, done.stderr
    assert {row["account"] for row in json_rows(done)} == {MEMBER}
    assert sorted(targets_of_last(environment)) == [
        (MEMBER, "us-east-1", "answered"),
        (OTHER, "us-east-1", "answered"),
    ]


def run_where_nothing_is(
    arguments: Sequence[str], environment: Environment, directory: Path
) -> subprocess.CompletedProcess[str]:
    """Run the program in a directory that is taken away beneath it."""
    directory.mkdir()
    return subprocess.run(
        ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", *PROGRAM, *arguments],
        env={**environment, "PYTHONPATH": str(ROOT)},
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_WHEN_the_working_directory_is_gone_THEN_a_run_is_kept_all_the_same_AND_goes_on(
    proxied_environment: Environment, proxy: LoopbackProxy, tmp_path: Path
) -> None:
    proxy.disturb = lambda request: (
        s3_error(403, "AccessDenied") if request.path.startswith(f"/samples-{MEMBER}-eu-west-1") else None
    )
    ls = ["s3", "ls", "samples-{account}-{region}", *EVERYWHERE]
    first = run_where_nothing_is(ls, proxied_environment, tmp_path / "gone")
    assert first.returncode == 5, first.stderr
    proxy.disturb = lambda _: None

    done = resumed(proxied_environment, "--failed")

    assert done.returncode == 0, done.stderr


def test_WHEN_a_read_was_killed_before_its_targets_were_kept_THEN_it_is_to_be_run_anew(
    environment: Environment,
) -> None:
    with journal_of(environment) as journal:
        begun(journal, is_writing=False).end(RunState.INTERRUPTED)

    done = resumed(environment)

    assert done.returncode == 6
    assert "ended before it read anything: run the command anew" in done.stderr


def test_WHEN_a_batch_with_a_left_over_file_goes_on_THEN_it_is_said_that_none_is_written(
    proxied_environment: Environment, proxy: LoopbackProxy, tmp_path: Path
) -> None:
    items, left_over = tmp_path / "items.jsonl", tmp_path / "left-over.jsonl"
    items.write_text('{"put": {"customer": "c-left-over", "order": "1"}}\n', encoding="utf-8")
    proxy.disturb = lambda request: DENIED_BY_DYNAMODB if request.operation == "BatchWriteItem" else None
    write = ["dynamodb", "batch-write", "orders", str(items), f"--left-over={left_over}"]
    assert run_program(write, proxied_environment).returncode == 4
    left_over.unlink()
    proxy.disturb = lambda _: None

    done = resumed(proxied_environment, "--failed")

    assert done.returncode == 0, done.stderr
    assert "no file for --left-over is written by a resume" in done.stderr
    assert "runs show 20" in done.stderr
    assert not left_over.exists()


def test_WHEN_a_writing_run_goes_on_AND_it_is_only_to_be_shown_THEN_it_is_refused_and_nothing_is_sent(
    proxied_environment: Environment, proxy: LoopbackProxy, tmp_path: Path
) -> None:
    proxy.disturb = lambda request: DENIED_BY_DYNAMODB if request.operation == "PutItem" else None
    write = ["dynamodb", "put", "orders", '{"customer": "c-shown", "order": "1"}', "--yes"]
    assert run_program(write, proxied_environment).returncode == 4
    proxy.disturb = lambda _: None
    proxy.requests.clear()

    for option in (["--dry-run"], ["--plan-out", str(tmp_path / "plan")]):
        done = resumed(proxied_environment, "--failed", *option)
        assert done.returncode == 2
        assert "--dry-run and --plan-out are for a new run" in done.stderr

    assert proxy.requests == []
    assert resumed(proxied_environment, "--failed").returncode == 0
