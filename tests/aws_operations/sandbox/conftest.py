import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from aws_operations.sandbox import control
from aws_operations.sandbox.state import SandboxState

ClientMaker = Callable[..., Any]


@pytest.fixture
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a state directory of the test's own, and stop whatever the test left running in it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    directory = tmp_path / "state" / "manage-resources" / "sandbox"
    yield directory
    if directory.exists():
        control.down(directory)


@pytest.fixture
def sandbox(state_dir: Path) -> control.SandboxStatus:
    """Start a sandbox in the state directory."""
    return control.up(state_dir).status


@pytest.fixture
def client(state_dir: Path) -> ClientMaker:
    """Give a maker of plain clients of the running sandbox: ``client("s3", region=..., keys=...)``."""

    def make(service: str, region: str = "us-east-1", keys: dict[str, str] | None = None) -> Any:
        endpoint_url, home = control.sandbox_provider_settings(state_dir)
        chosen = keys or {"AccessKeyId": home.access_key_id, "SecretAccessKey": home.secret_access_key}
        return botocore.session.get_session().create_client(
            service,
            region_name=region,
            endpoint_url=endpoint_url,
            aws_access_key_id=chosen["AccessKeyId"],
            aws_secret_access_key=chosen["SecretAccessKey"],
            aws_session_token=chosen.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}, read_timeout=20),
        )

    return make


@pytest.fixture
def kill_server(state_dir: Path) -> Callable[[], None]:
    """Give a function that ends the server with SIGKILL and waits until it is gone."""

    def kill() -> None:
        state = SandboxState(state_dir)
        record = state.read_record()
        assert record is not None
        os.kill(record.pid, signal.SIGKILL)
        while state.has_server():
            pass

    return kill
