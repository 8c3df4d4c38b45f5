"""``apply``: the changes of a plan are made once, as who made it, and only if nothing has moved."""

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.changes import Change, Effect, Reversibility
from aws_operations.journal import RunState
from aws_operations.plan_file import PlanHeader, open_plan, write_plan
from aws_operations.targets import Target
from tests.support.aws_answers import s3_error
from tests.support.loopback_proxy import LoopbackProxy
from tests.support.plan_things import EVERYWHERE, changed_header, new_buckets, runs_of, saved
from tests.support.program import run_on_terminal, run_program

Environment = dict[str, str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "p.plan"


@pytest.fixture
def name() -> str:
    return f"a-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def provider(sandbox_endpoint: str) -> AwsClientProvider:
    return AwsClientProvider(
        aws_region="us-east-1",
        endpoint_url=sandbox_endpoint,
        access_keys=AccessKeys("sandbox-home", "sandbox-home-secret"),
    )


def buckets(provider: AwsClientProvider) -> set[str]:
    return {bucket["Name"] for bucket in provider.get_s3().list_buckets()["Buckets"]}


def test_WHEN_a_plan_is_applied_THEN_its_changes_are_made_AND_the_run_is_kept(
    path: Path, name: str, proxied_environment: Environment, provider: AwsClientProvider
) -> None:
    saved(path, proxied_environment, "s3", "create", name)
    assert name not in buckets(provider)

    done = run_program(["apply", str(path), "--output", "json"], proxied_environment)

    assert done.returncode == 0, done.stderr
    assert [row["status"] for row in json.loads(done.stdout)] == ["applied"]
    assert name in buckets(provider)
    (run,) = runs_of(proxied_environment)
    assert (run.arguments[:2], run.state) == (("apply", str(path)), RunState.COMPLETE)
    assert (run.counts.targets_done, run.counts.changes_applied) == (1, 1)


def test_WHEN_a_plan_of_many_targets_is_applied_THEN_roles_are_assumed_again_in_each(
    path: Path, sandbox_environment: Environment
) -> None:
    template = new_buckets()
    saved(path, sandbox_environment, "--sandbox", "s3", "create", template, *EVERYWHERE)

    done = run_program(["apply", str(path), "--output", "json"], sandbox_environment)
    again = run_program(
        ["--sandbox", "s3", "status", template, *EVERYWHERE, "--output", "json"], sandbox_environment
    )

    assert done.returncode == 0, done.stderr
    assert {(row["account"], row["region"]) for row in json.loads(done.stdout)} == {
        (account, region)
        for account in ("123456789012", "111122223333", "444455556666")
        for region in ("us-east-1", "eu-west-1")
    }
    assert [row["status"] for row in json.loads(again.stdout)] == ["exists have access"] * 6


def test_WHEN_it_was_planned_elsewhere_THEN_files_are_found_from_there(
    tmp_path: Path, sandbox_environment: Environment, provider: AwsClientProvider
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "letter.txt").write_text("hello", encoding="utf-8")
    key = f"letters/{uuid.uuid4().hex}"
    bucket = "samples-123456789012-us-east-1"
    put = ["--sandbox", "s3", "put", "letter.txt", bucket, key]
    planned = saved(tmp_path / "p.plan", sandbox_environment, *put, cwd=tmp_path / "there")
    assert planned.returncode == 0, planned.stderr

    done = run_program(["apply", "p.plan", "--record", "calls.jsonl"], sandbox_environment, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert provider.get_s3().get_object(Bucket=bucket, Key=key)["Body"].read() == b"hello"
    assert (tmp_path / "calls.jsonl").exists()


def test_WHEN_it_is_only_looked_at_THEN_all_is_checked_AND_nothing_changed_or_claimed(
    path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", name)
    proxy.requests.clear()
    done = run_program(["apply", str(path), "--dry-run", "--yes", "--output", "json"], proxied_environment)

    assert done.returncode == 0, done.stderr
    assert [row["effect"] for row in json.loads(done.stdout)] == ["create"]
    assert any(request.method == "HEAD" for request in proxy.requests)
    assert proxy.writes == []
    assert runs_of(proxied_environment) == []
    assert run_program(["apply", str(path)], proxied_environment).returncode == 0


def test_WHEN_the_world_has_moved_THEN_each_drift_is_named_AND_nothing_is_changed_anywhere(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    template = new_buckets()
    saved(path, proxied_environment, "s3", "create", template, *EVERYWHERE)
    moved = ["--accounts", "111122223333", "--role-name", "operator", "--regions", "us-east-1,eu-west-1"]
    assert run_program(["s3", "create", template, *moved], proxied_environment).returncode == 0
    proxy.requests.clear()

    done = run_program(["apply", str(path), "--yes"], proxied_environment)

    assert (done.returncode, done.stdout) == (6, "")
    lines = done.stderr.splitlines()
    for region, line in zip(("us-east-1", "eu-west-1"), lines, strict=False):
        bucket = template.format(account="111122223333", region=region)
        assert line.startswith(f"error: arn:aws:s3:::{bucket}: ")
        assert line.endswith(f"in aws://111122223333/{region}")
    assert "has 6 changes: 2 not as planned any more; nothing was changed" in lines[2]
    assert len(lines) == 3
    assert proxy.writes == []
    assert len(runs_of(proxied_environment)) == 1


def test_WHEN_something_cannot_be_looked_at_THEN_nothing_is_changed(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    template = new_buckets()
    saved(path, proxied_environment, "s3", "create", template, *EVERYWHERE)
    one = template.format(account="444455556666", region="eu-west-1")
    proxy.requests.clear()
    proxy.disturb = lambda request: s3_error(400, "BadRequest") if one in request.path else None

    done = run_program(["apply", str(path), "--yes"], proxied_environment)

    assert done.returncode == 6, done.stderr
    assert one in done.stderr
    assert "has 6 changes: 1 could not be looked at; nothing was changed" in done.stderr
    assert proxy.writes == []


def test_WHEN_a_target_cannot_be_entered_THEN_what_is_nothing_to_do_there_does_not_count(
    path: Path, name: str, sandbox_environment: Environment
) -> None:
    saved(path, sandbox_environment, "--sandbox", "s3", "create", name)
    elsewhere = path.with_name("elsewhere.plan")
    with open_plan(path) as plan:
        (one,) = plan
        there = replace(one, target=Target("us-east-1", "444455556666"))
        done_already = replace(there, before=there.after)
        write_plan(elsewhere, [there, done_already], plan.header)

    done = run_program(["apply", str(elsewhere), "--yes"], sandbox_environment)

    assert done.returncode == 6, done.stderr
    assert "has 1 change: 1 could not be looked at; nothing was changed" in done.stderr


def test_WHEN_many_have_moved_THEN_twenty_are_named_AND_the_others_counted(
    path: Path, name: str, sandbox_environment: Environment, provider: AwsClientProvider
) -> None:
    saved(path, sandbox_environment, "--sandbox", "s3", "create", name)
    provider.get_s3().create_bucket(Bucket=name)
    many = path.with_name("many.plan")
    with open_plan(path) as plan:
        (one,) = plan
        variants = [replace(one, after={**(one.after or {}), "number": number}) for number in range(23)]
        write_plan(many, variants, plan.header)

    done = run_program(["apply", str(many), "--yes"], sandbox_environment)

    assert done.returncode == 6
    lines = done.stderr.splitlines()
    assert len(lines) == 22
    assert lines[20] == "error: and 3 more"
    assert "has 23 changes: 23 not as planned any more" in lines[21]


def test_WHEN_a_plan_was_applied_THEN_neither_it_nor_a_copy_is_applied_again(
    path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", name)
    copy = path.with_name("copy.plan")
    copy.write_bytes(path.read_bytes())
    assert run_program(["apply", str(path)], proxied_environment).returncode == 0
    (run,) = runs_of(proxied_environment)
    proxy.requests.clear()

    for each in (path, copy):
        again = run_program(["apply", str(each), "--yes"], proxied_environment)
        assert (again.returncode, again.stdout) == (6, "")
        assert f"was applied by run {run.id}; this one changed nothing" in again.stderr
        assert "runs resume" not in again.stderr
    shown = run_program(["plan", "show", str(copy)], proxied_environment)
    assert f"applied by run {run.id}" in shown.stderr
    assert proxy.requests == []
    assert len(runs_of(proxied_environment)) == 1


def test_WHEN_a_plan_expired_THEN_it_is_refused_before_anything_is_asked(
    path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", name)
    long_ago = datetime.now(UTC) - timedelta(minutes=1)
    old = changed_header(path, lambda header: replace(header, expires=long_ago))
    proxy.requests.clear()

    done = run_program(["apply", str(old), "--yes"], proxied_environment)

    assert (done.returncode, done.stdout) == (6, "")
    assert "expired at" in done.stderr
    assert "make the plan again" in done.stderr
    assert proxy.requests == []


@pytest.mark.parametrize(
    ("account", "identity"),
    [
        ("123456789012", "arn:aws:iam::123456789012:user/ada"),
        ("999999999999", "arn:aws:sts::123456789012:user/moto"),
    ],
    ids=["another-identity", "another-account"],
)
def test_WHEN_somebody_else_made_the_plan_THEN_it_is_refused(
    account: str, identity: str, path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", name)
    others = changed_header(path, lambda header: replace(header, account=account, identity=identity))

    done = run_program(["apply", str(others), "--yes"], proxied_environment)

    assert (done.returncode, done.stdout) == (6, "")
    assert f"was made as {identity}, and this is arn:aws:sts::123456789012:" in done.stderr
    assert proxy.writes == []


def test_WHEN_a_target_is_not_reached_as_it_was_THEN_nothing_is_made_in_another_account(
    path: Path, name: str, sandbox_environment: Environment, provider: AwsClientProvider
) -> None:
    there = Change(
        kind="s3.create-bucket",
        target=Target("us-east-1", "444455556666"),
        resource=f"arn:aws:s3:::{name}",
        effect=Effect.CREATE,
        before=None,
        after={"exists": True},
        iam_actions=("s3:CreateBucket",),
        reversibility=Reversibility.COMPENSABLE,
    )
    now = datetime.now(UTC)
    header = PlanHeader(
        program="a script",
        identity="arn:aws:sts::123456789012:user/moto",
        account="123456789012",
        region="us-east-1",
        made=now,
        expires=now + timedelta(hours=1),
        settings={"region": "us-east-1", "sandbox": True},
    )
    write_plan(path, [there], header)

    done = run_program(["apply", str(path), "--yes"], sandbox_environment)

    assert done.returncode == 6, done.stderr
    assert "444455556666" in done.stderr
    assert "1 could not be looked at; nothing was changed" in done.stderr
    assert name not in buckets(provider)


def test_WHEN_a_plan_was_edited_THEN_it_is_refused_unread(
    path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", name)
    path.write_bytes(path.read_bytes().replace(name.encode(), b"another-name"))
    proxy.requests.clear()
    done = run_program(["apply", str(path), "--yes"], proxied_environment)
    assert (done.returncode, done.stdout) == (3, "")
    assert "edited, damaged or cut off; make the plan again\n" in done.stderr
    assert proxy.requests == []


def test_WHEN_the_operator_declines_THEN_the_plan_can_be_applied_later(
    path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", name)
    session = run_on_terminal(["apply", str(path)], proxied_environment, typed="n\n")

    assert session.exit_code == 6, session.screen
    assert "[y/N]" in session.screen
    assert "nothing was changed" in session.screen
    assert proxy.writes == []
    assert runs_of(proxied_environment) == []
    agreed = run_on_terminal(["apply", str(path)], proxied_environment, typed="y\n")
    assert agreed.exit_code == 0, agreed.screen
    assert len(proxy.writes) == 1


def test_WHEN_it_takes_something_away_AND_nobody_can_be_asked_THEN_it_needs_yes(
    path: Path, name: str, proxied_environment: Environment, provider: AwsClientProvider
) -> None:
    provider.get_s3().create_bucket(Bucket=name)
    planned = saved(path, proxied_environment, "s3", "destroy", name)
    assert planned.returncode == 0, planned.stderr

    refused = run_program(["apply", str(path)], proxied_environment)
    assert refused.returncode == 6
    assert "--yes" in refused.stderr
    assert name in buckets(provider)
    done = run_program(["apply", str(path), "--yes"], proxied_environment)
    assert done.returncode == 0, done.stderr
    assert name not in buckets(provider)


def test_WHEN_a_guard_of_now_refuses_THEN_what_was_planned_without_it_is_not_made(
    path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", name)
    done = run_program(["apply", str(path), "--yes", "--protect-names", "a-*"], proxied_environment)
    assert (done.returncode, done.stdout) == (6, "")
    assert proxy.writes == []
    assert runs_of(proxied_environment) == []


def test_WHEN_there_is_nothing_to_do_THEN_it_is_unchanged_AND_the_plan_is_not_used_up(
    path: Path, sandbox_environment: Environment
) -> None:
    saved(path, sandbox_environment, "--sandbox", "ec2", "stop", "batch-1")
    for _ in range(2):
        done = run_program(["apply", str(path), "--output", "json"], sandbox_environment)
        assert done.returncode == 0, done.stderr
        assert [row["status"] for row in json.loads(done.stdout)] == ["unchanged"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--plan-out", "x"], "--plan-out: the plan is in a file already"),
        (["--accounts", "123456789012"], "--accounts"),
        (["--sandbox"], "--sandbox"),
    ],
)
def test_WHEN_who_and_where_is_said_again_THEN_that_is_a_usage_error(
    given: list[str], said: str, path: Path, environment: Environment
) -> None:
    done = run_program(["apply", str(path), *given], environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_WHEN_a_secret_came_from_a_file_THEN_it_is_read_again_AND_is_in_no_plan(
    path: Path, name: str, tmp_path: Path, sandbox_environment: Environment, provider: AwsClientProvider
) -> None:
    value = tmp_path / "value"
    value.write_text("sentinel-4711", encoding="utf-8")
    create = ["--sandbox", "secrets", "create", name, "--file", "value"]
    planned = saved(path, sandbox_environment, *create, cwd=tmp_path)
    assert planned.returncode == 0, planned.stderr
    assert b"sentinel-4711" not in path.read_bytes()

    done = run_program(["apply", str(path)], sandbox_environment)

    assert done.returncode == 0, done.stderr
    stored = provider.get_secretsmanager().get_secret_value(SecretId=name)
    assert stored["SecretString"] == "sentinel-4711"


def test_WHEN_a_secret_was_piped_in_THEN_it_is_asked_for_AND_off_a_terminal_nothing_is_changed(
    path: Path, name: str, sandbox_environment: Environment, provider: AwsClientProvider
) -> None:
    create = ["--sandbox", "secrets", "create", name, "--stdin", "--plan-out", str(path)]
    planned = run_program(create, sandbox_environment, stdin="sentinel-4711")
    assert planned.returncode == 0, planned.stderr
    assert b"sentinel-4711" not in path.read_bytes()

    refused = run_program(["apply", str(path), "--yes"], sandbox_environment)
    assert refused.returncode == 2
    assert "values are never kept" in refused.stderr
    session = run_on_terminal(
        ["apply", str(path), "--yes"],
        sandbox_environment,
        answers=[("(not shown): ", "sentinel-0815\n"), ("once more: ", "sentinel-0815\n")],
    )

    assert session.exit_code == 0, session.screen
    assert "sentinel" not in session.screen
    stored = provider.get_secretsmanager().get_secret_value(SecretId=name)
    assert stored["SecretString"] == "sentinel-0815"
