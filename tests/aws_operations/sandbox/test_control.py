"""Starting, stopping and looking at a sandbox, and the environment for a shell."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aws_operations.sandbox import control
from aws_operations.sandbox.sandbox_errors import (
    SandboxNotRunning,
    SandboxStateUnusable,
    SandboxUnresponsive,
)
from aws_operations.sandbox.state import SandboxState, default_state_dir


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that is none of the sandbox's business."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate(b"\n")


def write_record(state_dir: Path, pid: int, port: int) -> None:
    state_dir.mkdir(parents=True, exist_ok=True)
    document = {"token": "old", "pid": pid, "port": port, "started_at": "2026-01-01T00:00:00+00:00"}
    (state_dir / "server.json").write_text(json.dumps(document))


def test_WHEN_starting_AND_two_do_so_at_once_THEN_one_server_serves_both(state_dir: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(control.up, [state_dir, state_dir])

    assert sorted((first.was_started, second.was_started)) == [False, True]
    assert first.status.pid == second.status.pid
    assert first.status.endpoint_url == second.status.endpoint_url


def test_WHEN_starting_THEN_its_files_are_private_and_it_is_detached(
    sandbox: control.SandboxStatus, state_dir: Path
) -> None:
    assert sandbox.pid is not None
    assert state_dir.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in state_dir.iterdir()} == {0o600}
    assert os.getsid(sandbox.pid) != os.getsid(0)
    assert (state_dir / "server.log").read_text() == ""


def test_WHEN_asking_for_the_status_AND_it_runs_THEN_it_tells_where_and_what(
    sandbox: control.SandboxStatus, state_dir: Path
) -> None:
    found = control.status(state_dir)

    assert found == sandbox
    assert found.running
    assert found.accounts == ("123456789012", "111122223333", "444455556666")
    assert found.regions == ("us-east-1", "eu-west-1")
    assert found.role_name == "operator"
    assert found.journal_entries > 30
    assert found.journal_bytes == (state_dir / "journal").stat().st_size


def test_WHEN_asking_AND_it_never_ran_THEN_nothing_is_made(state_dir: Path) -> None:
    assert not control.status().running
    assert not control.down()
    with pytest.raises(SandboxNotRunning, match="manage-resources sandbox up"):
        control.sandbox_provider_settings()
    assert not state_dir.exists()


def test_WHEN_starting_AND_the_recorded_process_is_another_one_THEN_it_is_left_alone(
    state_dir: Path, bystander: subprocess.Popen[bytes]
) -> None:
    write_record(state_dir, bystander.pid, 1)

    assert not control.down(state_dir)
    status = control.up(state_dir).status

    assert bystander.poll() is None
    assert status.running
    assert status.pid != bystander.pid


def test_WHEN_starting_AND_the_recorded_process_is_dead_THEN_a_new_one_starts(state_dir: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    write_record(state_dir, int(finished.stdout), 1)

    assert not control.status(state_dir).running
    assert control.up(state_dir).was_started


def test_WHEN_stopping_AND_the_record_is_not_of_the_living_server_THEN_no_process_is_ended(
    sandbox: control.SandboxStatus, state_dir: Path, bystander: subprocess.Popen[bytes]
) -> None:
    record = (state_dir / "server.json").read_text()
    write_record(state_dir, bystander.pid, json.loads(record)["port"])

    with pytest.raises(SandboxUnresponsive):
        control.down(state_dir)

    (state_dir / "server.json").write_text(record)
    assert bystander.poll() is None
    assert control.status(state_dir).pid == sandbox.pid


def test_WHEN_starting_AND_the_state_cannot_be_written_THEN_the_path_and_reason_are_told(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(SandboxStateUnusable, match="Not a directory") as refused:
        control.up(tmp_path / "file" / "sandbox")

    assert refused.value.path == tmp_path / "file" / "sandbox"


def test_WHEN_starting_AND_moto_is_not_installed_THEN_it_says_what_to_install(state_dir: Path) -> None:
    program = (
        "import sys; sys.modules['moto'] = None\n"
        "from aws_operations.sandbox import control\n"
        "try: control.up()\n"
        "except control.SandboxError as error: print(type(error).__name__, error)"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert (
        finished.stdout
        == "SandboxNotInstalled the sandbox needs moto: in a checkout, pip install '.[sandbox]'\n"
    )
    assert not control.status(state_dir).running


def test_WHEN_a_second_server_is_started_by_hand_THEN_it_refuses(
    sandbox: control.SandboxStatus, state_dir: Path
) -> None:
    command = [sys.executable, "-m", "aws_operations.sandbox.server", str(state_dir)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)

    assert finished.returncode == 1
    assert "holds the sandbox" in finished.stderr
    assert control.status(state_dir).pid == sandbox.pid


@pytest.mark.usefixtures("sandbox")
def test_WHEN_evaluating_the_environment_AND_other_settings_are_there_THEN_sh_is_pointed_at_it(
    state_dir: Path,
) -> None:
    before = {
        "PATH": os.environ["PATH"],
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "real",
        "AWS_SECURITY_TOKEN": "real",
        "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z",
        "AWS_ENDPOINT_URL_x;exit 7;": "no name that a shell knows",
        "AWS_ENDPOINT_URL_S3": "https://elsewhere.example",
        "HTTPS_PROXY": "http://proxy.example",
        "http_proxy": "http://proxy.example",
        "NO_PROXY": "it's.example",
    }

    text = control.environment(state_dir, environ=before).as_sh()
    shown = subprocess.run(
        ["sh", "-eu", "-c", f"{text}\nenv"], env=before, capture_output=True, text=True, check=True
    ).stdout

    after = dict(line.split("=", 1) for line in shown.splitlines())
    assert after["AWS_ENDPOINT_URL"] == control.status(state_dir).endpoint_url
    assert (after["AWS_ACCESS_KEY_ID"], after["AWS_SECRET_ACCESS_KEY"]) == (
        "sandbox-home",
        "sandbox-home-secret",
    )
    assert (after["AWS_REGION"], after["AWS_DEFAULT_REGION"]) == ("us-east-1", "us-east-1")
    assert after["AWS_EC2_METADATA_DISABLED"] == "true"
    assert after["NO_PROXY"] == "it's.example,127.0.0.1,localhost"
    misleading = {
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_ENDPOINT_URL_S3",
    }
    assert not misleading & set(after)


def test_WHEN_writing_for_fish_THEN_quotes_are_escaped() -> None:
    shell = control.ShellEnvironment({"NO_PROXY": "it's"}, ("AWS_PROFILE",))

    assert shell.as_fish() == "set -e AWS_PROFILE\nset -gx NO_PROXY 'it\\'s'\n"


def test_WHEN_choosing_the_directory_AND_the_variable_is_relative_THEN_it_is_ignored() -> None:
    assert default_state_dir({"XDG_STATE_HOME": "relative"}) == default_state_dir({})
    assert default_state_dir({"XDG_STATE_HOME": "/x"}) == Path("/x/manage-resources/sandbox")


def test_WHEN_reading_the_record_AND_it_is_damaged_THEN_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text("{")

    assert SandboxState(tmp_path).read_record() is None
