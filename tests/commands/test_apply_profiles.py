"""Plans that several profiles made: each is held to who it was, and nothing is made as somebody else."""

import json
import uuid
from pathlib import Path

import pytest

from tests.support.loopback_proxy import LoopbackProxy
from tests.support.plan_things import header_of, runs_of, saved
from tests.support.program import run_program

Environment = dict[str, str]
MEMBER, OTHER, HOME = "111122223333", "444455556666", "123456789012"
AS_OPERATORS = {"team-a": f"{MEMBER}:role/operator", "team-b": f"{OTHER}:role/operator"}


def with_roles(environment: Environment, role_by_profile: dict[str, str]) -> Environment:
    """Return an environment with these profiles, each a role of an account; written anew each time."""
    config = Path(environment["HOME"]) / "aws-config"
    keys = "aws_access_key_id = sandbox-home\naws_secret_access_key = sandbox-home-secret\n"
    entries = [f"[profile hub]\nregion = us-east-1\n{keys}"]
    entries += [
        f"[profile {name}]\nregion = us-east-1\nrole_arn = arn:aws:iam::{role}\nsource_profile = hub\n"
        f"role_session_name = s{uuid.uuid4().hex[:8]}\n"
        for name, role in role_by_profile.items()
    ]
    config.write_text("\n".join(entries), encoding="utf-8")
    kept = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    return {
        **kept,
        "AWS_CONFIG_FILE": str(config),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": environment["MANAGE_RESOURCES_ENDPOINT_URL"],
    }


@pytest.fixture
def path(tmp_path: Path, proxied_environment: Environment) -> Path:
    plan = tmp_path / "p.plan"
    environment = with_roles(proxied_environment, AS_OPERATORS)
    name = f"p{uuid.uuid4().hex[:9]}-{{account}}"
    done = saved(plan, environment, "s3", "create", name, "--profiles", "team-*")
    assert done.returncode == 0, done.stderr
    return plan


def test_WHEN_profiles_made_a_plan_THEN_it_says_as_whom_each_AND_new_sessions_of_these_may_apply_it(
    path: Path, proxied_environment: Environment
) -> None:
    header = header_of(path)
    assert (header["identity"], header["account"]) == (None, None)
    assert header["profiles"] == {
        "team-a": f"arn:aws:sts::{MEMBER}:assumed-role/operator",
        "team-b": f"arn:aws:sts::{OTHER}:assumed-role/operator",
    }
    shown = run_program(["plan", "show", str(path)], proxied_environment)
    assert f"as arn:aws:sts::{MEMBER}:assumed-role/operator (team-a), " in shown.stderr

    environment = with_roles(proxied_environment, AS_OPERATORS)
    done = run_program(["apply", str(path), "--output", "json"], environment)
    assert done.returncode == 0, done.stderr
    assert [(row["profile"], row["status"]) for row in json.loads(done.stdout)] == [
        ("team-a", "applied"),
        ("team-b", "applied"),
    ]


def test_WHEN_a_profile_is_another_role_by_now_THEN_nothing_is_changed(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    environment = with_roles(proxied_environment, {**AS_OPERATORS, "team-b": f"{OTHER}:role/admin"})
    proxy.requests.clear()
    done = run_program(["apply", str(path), "--yes"], environment)

    assert (done.returncode, done.stdout) == (6, "")
    assert f"was made as arn:aws:sts::{OTHER}:assumed-role/operator, and this is" in done.stderr
    assert proxy.writes == []
    assert runs_of(environment) == []


def test_WHEN_a_profile_is_of_another_account_by_now_THEN_nothing_is_changed(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    environment = with_roles(proxied_environment, {**AS_OPERATORS, "team-b": f"{HOME}:role/operator"})
    proxy.requests.clear()
    done = run_program(["apply", str(path), "--yes"], environment)

    assert (done.returncode, done.stdout) == (6, "")
    assert f"account {HOME}" in done.stderr
    assert "2 changes: 1 could not be looked at; nothing was changed" in done.stderr
    assert proxy.writes == []


def test_WHEN_a_profile_is_there_no_more_THEN_nothing_is_changed(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    environment = with_roles(proxied_environment, {"team-a": AS_OPERATORS["team-a"]})
    proxy.requests.clear()
    done = run_program(["apply", str(path), "--yes"], environment)

    assert done.returncode == 6, done.stderr
    assert "team-b" in done.stderr
    assert proxy.writes == []
