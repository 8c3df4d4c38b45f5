"""The sandbox's commands, as the program that a user starts."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_operations.sandbox import control

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage_resources.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield
    control.down()


def test_WHEN_going_up_and_down_THEN_each_command_says_where_it_is() -> None:
    before = json.loads(run("sandbox", "status", "--output", "json").stdout)
    first, second = run("sandbox", "up"), run("sandbox", "up")
    status = json.loads(run("sandbox", "status", "--output", "json").stdout)
    stopped, again = run("sandbox", "down"), run("sandbox", "down")

    assert before[0]["running"] is False
    assert (first.returncode, first.stdout) == (0, "")
    assert f"is up at {status[0]['endpoint_url']}\nTry next:" in first.stderr
    assert "is already up" in second.stderr
    assert status[0]["running"] is True
    assert "its state is kept" in stopped.stderr
    assert "was not running" in again.stderr


def test_WHEN_printing_the_environment_THEN_sh_can_use_it() -> None:
    endpoint_url = control.up().status.endpoint_url

    text = run("sandbox", "env").stdout
    shown = subprocess.run(
        ["sh", "-euc", f'{text}\necho "$AWS_ENDPOINT_URL"'], capture_output=True, text=True, check=True
    )

    assert shown.stdout == f"{endpoint_url}\n"
    assert run("sandbox", "env", "--shell", "fish").stdout.startswith("set -e AWS_SESSION_TOKEN\n")


def test_WHEN_printing_the_environment_AND_it_is_down_THEN_evaluating_it_fails_too() -> None:
    answer = run("sandbox", "env")
    evaluated = subprocess.run(["sh", "-c", f'eval "{answer.stdout}" && echo "to AWS"'], check=False)

    assert answer.returncode == 3
    assert "manage-resources sandbox up" in answer.stderr
    assert evaluated.returncode == 1


def test_WHEN_leaving_the_environment_AND_it_is_down_THEN_nothing_points_at_it_any_more() -> None:
    control.up()
    entered = run("sandbox", "env").stdout
    control.down()

    left = run("sandbox", "env", "--unset")
    shown = subprocess.run(
        ["sh", "-euc", f"{entered}\n{left.stdout}\nenv"], capture_output=True, text=True, check=True
    )

    assert left.returncode == 0
    pointers = {line.split("=")[0].removeprefix("export ") for line in entered.splitlines() if "=" in line}
    assert "AWS_ENDPOINT_URL" in pointers
    assert not pointers & {line.split("=")[0] for line in shown.stdout.splitlines()}
    assert "set -e AWS_ENDPOINT_URL\n" in run("sandbox", "env", "--unset", "--shell", "fish").stdout


def test_WHEN_resetting_AND_nobody_can_be_asked_THEN_it_needs_yes() -> None:
    before = control.up().status

    declined = run("sandbox", "reset")
    kept = control.status()
    accepted = run("sandbox", "reset", "--yes")

    assert declined.returncode == 6
    assert "--yes" in declined.stderr
    assert kept == before
    assert accepted.returncode == 0
    assert control.status().pid != before.pid


def test_WHEN_asking_for_help_THEN_neither_boto_nor_moto_is_imported() -> None:
    command = [
        sys.executable,
        "-X",
        "importtime",
        str(ROOT / "manage_resources.py"),
        "sandbox",
        "up",
        "--help",
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))

    assert not {"botocore", "boto3", "moto"} & {
        line.split("|")[-1].strip() for line in answer.stderr.splitlines()
    }
