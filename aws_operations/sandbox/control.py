"""Start, stop, look at and reset the sandbox, and point other programs at it."""

import http.client
import importlib.util
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_interactions.access_keys import AccessKeys
from aws_operations.sandbox import constants
from aws_operations.sandbox.sandbox_errors import (
    SandboxError,
    SandboxNotInstalled,
    SandboxNotRunning,
    SandboxStartFailed,
    SandboxStateUnusable,
    SandboxUnresponsive,
)
from aws_operations.sandbox.state import SandboxState, ServerRecord, default_state_dir

_PACKAGE_PARENT = Path(__file__).resolve().parents[2]
_FOREIGN_PREFIXES = ("AWS_", "MOTO_", "BOTO_")
_MISLEADING = (
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
)
_ENDPOINT_VARIABLE = re.compile(r"AWS_ENDPOINT_URL_[A-Z0-9_]+")
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class SandboxStatus:
    """A sandbox as it is now; addresses and times are ``None`` while it is down."""

    running: bool
    endpoint_url: str | None
    pid: int | None
    started_at: str | None
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    role_name: str
    journal_entries: int
    journal_bytes: int
    state_dir: str


@dataclass(frozen=True, slots=True)
class StartedSandbox:
    """The answer of ``up``: the status, and whether this call started it."""

    status: SandboxStatus
    was_started: bool


@dataclass(frozen=True, slots=True)
class ShellEnvironment:
    """Variables that point the ``aws`` command and any SDK at the sandbox."""

    exports: Mapping[str, str]
    unsets: tuple[str, ...]

    def as_sh(self) -> str:
        """Return lines for ``eval`` in sh, bash or zsh."""
        lines = [f"unset {name}" for name in self.unsets]
        lines += [f"export {name}={shlex.quote(value)}" for name, value in self.exports.items()]
        return "\n".join(lines) + "\n"

    def as_fish(self) -> str:
        """Return lines for ``source`` in fish."""
        lines = [f"set -e {name}" for name in self.unsets]
        lines += [f"set -gx {name} {_fish_quote(value)}" for name, value in self.exports.items()]
        return "\n".join(lines) + "\n"


def up(
    state_dir: Path | None = None,
    *,
    timeout_seconds: float = 60.0,
    sleep: Callable[[float], None] = time.sleep,
) -> StartedSandbox:
    """Start the sandbox unless it runs, and wait until it serves.

    ``timeout_seconds`` bounds the time without progress; a long journal is waited for while it is being
    replayed. Two callers at once start one server. Raises ``SandboxNotInstalled``,
    ``SandboxStateUnusable``, ``SandboxStartFailed`` or ``SandboxUnresponsive``.
    """
    state = _state(state_dir)
    with state.control_lock():
        is_new = not state.has_server()
        if is_new:
            _spawn(state)
        _wait_until_ready(state, timeout_seconds, sleep)
        return StartedSandbox(_status(state), is_new)


def down(
    state_dir: Path | None = None,
    *,
    timeout_seconds: float = 5.0,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Stop the sandbox and keep its state; returns whether it was running.

    Only a process that answers with the recorded token is sent a signal: SIGTERM, and SIGKILL after
    ``timeout_seconds``. Raises ``SandboxUnresponsive`` if a server lives that does not answer so.
    """
    state = _state(state_dir)
    if not state.state_dir.exists():
        return False
    with state.control_lock():
        return _stop(state, timeout_seconds, sleep)


def reset(state_dir: Path | None = None) -> SandboxStatus:
    """Throw the sandbox's state away and start it with fresh samples."""
    state = _state(state_dir)
    with state.control_lock():
        _stop(state, 5.0, time.sleep)
        try:
            state.journal_path.unlink(missing_ok=True)
        except OSError as error:
            raise SandboxStateUnusable(state.journal_path, error.strerror or str(error)) from error
    return up(state.state_dir).status


def status(state_dir: Path | None = None) -> SandboxStatus:
    """Return the sandbox as it is, running or not; nothing is started or made."""
    return _status(_state(state_dir))


def environment(
    state_dir: Path | None = None, *, environ: Mapping[str, str] = os.environ
) -> ShellEnvironment:
    """Return the variables for a shell; ``environ`` is what it has now.

    Profiles, a session token and every other endpoint setting that would win over these are unset.
    Raises ``SandboxNotRunning``.
    """
    endpoint_url, _ = sandbox_provider_settings(state_dir)
    exports = {**_exports(endpoint_url), **proxy_exceptions(environ)}
    # Names go into lines for eval, and the environment of a process may hold any.
    overrides = sorted(name for name in environ if _ENDPOINT_VARIABLE.fullmatch(name))
    return ShellEnvironment(exports, (*_MISLEADING, *overrides))


def environment_undone() -> ShellEnvironment:
    """Return what unsets the variables of ``environment``, whether or not the sandbox runs.

    What they held before does not come back; a proxy's exceptions, which do no harm, stay.
    """
    return ShellEnvironment({}, tuple(_exports(endpoint_url="")))


def _exports(endpoint_url: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": constants.HOME_ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": constants.HOME_SECRET_ACCESS_KEY,
        "AWS_REGION": constants.REGIONS[0],
        "AWS_DEFAULT_REGION": constants.REGIONS[0],
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def sandbox_provider_settings(state_dir: Path | None = None) -> tuple[str, AccessKeys]:
    """Return the endpoint URL and the home account's keys of the running sandbox.

    Raises ``SandboxNotRunning``, whose message says how to start it.
    """
    state = _state(state_dir)
    record = state.read_record()
    health = _health(record) if record else None
    if record is None or health is None or not health["ready"]:
        raise SandboxNotRunning(state.state_dir)
    keys = AccessKeys(constants.HOME_ACCESS_KEY_ID, constants.HOME_SECRET_ACCESS_KEY)
    return record.endpoint_url, keys


def proxy_exceptions(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep calls to the sandbox out of a proxy that ``environ`` names."""
    if not any(name.lower() in {"http_proxy", "all_proxy"} for name in environ):
        return {}
    known = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    value = ",".join(filter(None, (known, "127.0.0.1", "localhost")))
    return {"NO_PROXY": value, "no_proxy": value}


def _state(state_dir: Path | None) -> SandboxState:
    return SandboxState(state_dir if state_dir is not None else default_state_dir())


def _status(state: SandboxState) -> SandboxStatus:
    record = state.read_record()
    health = _health(record) if record else None
    is_running = bool(record and health and health["ready"])
    entries, size = _journal_figures(state, health)
    return SandboxStatus(
        running=is_running,
        endpoint_url=record.endpoint_url if record and is_running else None,
        pid=record.pid if record and is_running else None,
        started_at=record.started_at if record and is_running else None,
        accounts=constants.ACCOUNTS,
        regions=constants.REGIONS,
        role_name=constants.ROLE_NAME,
        journal_entries=entries,
        journal_bytes=size,
        state_dir=str(state.state_dir),
    )


def _journal_figures(state: SandboxState, health: Mapping[str, Any] | None) -> tuple[int, int]:
    if health is not None:
        return int(health["journal_entries"]), int(health["journal_bytes"])
    try:
        with state.journal_path.open("rb") as journal:
            return sum(1 for _ in journal), state.journal_path.stat().st_size
    except OSError:
        return 0, 0


def _spawn(state: SandboxState) -> None:
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        raise SandboxNotInstalled
    previous = state.read_record()
    try:
        state.record_path.unlink(missing_ok=True)
    except OSError as error:
        raise SandboxStateUnusable(state.record_path, error.strerror or str(error)) from error
    command = [sys.executable, "-m", "aws_operations.sandbox.server", str(state.state_dir.resolve())]
    if previous is not None:
        command += ["--port", str(previous.port)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN_PREFIXES)}
    finished = subprocess.run(  # noqa: S603 - this very Python, on this package
        command,
        cwd=_PACKAGE_PARENT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        last_line = (finished.stderr.strip().splitlines() or ["the server process ended at once"])[-1]
        raise SandboxError(last_line)


def _wait_until_ready(state: SandboxState, timeout_seconds: float, sleep: Callable[[float], None]) -> None:
    progress: object = None
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        record = state.read_record()
        health = _health(record) if record else None
        if health is not None and health["ready"]:
            return
        if not state.has_server():
            raise SandboxStartFailed(_last_log_line(state), state.log_path)
        if health is not None and health["replayed"] != progress:
            progress = health["replayed"]
            deadline = time.monotonic() + timeout_seconds
        sleep(_POLL_SECONDS)
    if progress is None:
        record = state.read_record()
        raise SandboxUnresponsive(state.state_dir, record.pid if record else None)
    raise SandboxStartFailed(f"not ready after {timeout_seconds:g} s", state.log_path)


def _stop(state: SandboxState, timeout_seconds: float, sleep: Callable[[float], None]) -> bool:
    if not state.has_server():
        return False
    record = state.read_record()
    if record is None or _health(record) is None:
        raise SandboxUnresponsive(state.state_dir, record.pid if record else None)
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        os.kill(record.pid, signal_number)
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if not state.has_server():
                return True
            sleep(_POLL_SECONDS)
    raise SandboxUnresponsive(state.state_dir, record.pid)


def _health(record: ServerRecord) -> dict[str, Any] | None:
    """Return the health document if the recorded server, and no other program, answers on its port."""
    connection = http.client.HTTPConnection(constants.HOST, record.port, timeout=2.0)
    try:
        connection.request("GET", constants.HEALTH_PATH)
        document = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    is_ours = isinstance(document, dict) and document.get("token") == record.token
    return document if is_ours else None


def _last_log_line(state: SandboxState) -> str:
    try:
        lines = state.log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1].rpartition(" ERROR ")[2] if lines else "the server process ended"


def _fish_quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
