"""What holds when a plan or a run goes on: the account expected now, and what was nothing to do."""

import json
import uuid
from pathlib import Path

import pytest

from aws_operations.guards import UnexpectedAccount
from commands.journaling import kept_settings, settings_of_kept
from commands.options import Settings
from tests.support.loopback_proxy import LoopbackProxy
from tests.support.plan_things import saved
from tests.support.program import run_program

Environment = dict[str, str]
OTHER_ACCOUNT = "111122223333"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "p.plan"


@pytest.fixture
def name() -> str:
    return f"e-{uuid.uuid4().hex[:10]}"


def test_WHEN_another_account_is_expected_now_THEN_neither_apply_nor_undo_changes_anything(
    path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", name)
    elsewhere = {**proxied_environment, "MANAGE_RESOURCES_EXPECT_ACCOUNT": OTHER_ACCOUNT}
    refused = run_program(["apply", str(path), "--yes"], elsewhere)
    typed = run_program(["apply", str(path), "--yes", "--expect-account", OTHER_ACCOUNT], proxied_environment)
    assert (refused.returncode, typed.returncode, proxy.writes) == (6, 6, [])
    assert f"--expect-account is {OTHER_ACCOUNT}; nothing was changed" in refused.stderr

    assert run_program(["apply", str(path)], proxied_environment).returncode == 0
    proxy.requests.clear()
    undone = run_program(["undo", "last", "--yes"], elsewhere)

    assert (undone.returncode, proxy.writes) == (6, [])


def test_WHEN_a_run_goes_on_THEN_the_account_expected_then_AND_the_one_expected_now_hold() -> None:
    kept = kept_settings(Settings(expect_account="123456789012"), "us-east-1")

    assert settings_of_kept(kept, Settings()).expect_account == "123456789012"
    none_then = kept_settings(Settings(), "us-east-1")
    assert settings_of_kept(none_then, Settings(expect_account=OTHER_ACCOUNT)).expect_account == OTHER_ACCOUNT
    with pytest.raises(UnexpectedAccount, match=OTHER_ACCOUNT):
        settings_of_kept(kept, Settings(expect_account=OTHER_ACCOUNT))


def test_WHEN_what_was_nothing_to_do_has_moved_THEN_apply_names_it_AND_changes_nothing(
    path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    assert run_program(["s3", "create", name], proxied_environment).returncode == 0
    assert run_program(["s3", "tags", "set", name, "team=ops"], proxied_environment).returncode == 0
    saved(path, proxied_environment, "s3", "tags", "set", name, "team=ops")
    assert run_program(["s3", "tags", "set", name, "team=web", "--yes"], proxied_environment).returncode == 0
    proxy.requests.clear()

    done = run_program(["apply", str(path), "--yes"], proxied_environment)

    assert (done.returncode, done.stdout, proxy.writes) == (6, "", [])
    assert "the tags have changed" in done.stderr


def test_WHEN_what_was_nothing_to_do_is_so_still_THEN_apply_says_unchanged(
    path: Path, name: str, proxied_environment: Environment
) -> None:
    assert run_program(["s3", "create", name], proxied_environment).returncode == 0
    saved(path, proxied_environment, "s3", "ensure", name)

    done = run_program(["apply", str(path), "--output", "json"], proxied_environment)

    assert done.returncode == 0, done.stderr
    assert [row["status"] for row in json.loads(done.stdout)] == ["unchanged"]
