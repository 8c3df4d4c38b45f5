"""Stricter stand-ins for AWS, each installed into a folder of its own and run while the tests run."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.program import ROOT

MINISTACK = "ministack==1.5.33"
DYNALITE = "dynalite@4.0.0"
MINISTACK_FOLDER = ROOT / ".venv-ministack"
DYNALITE_FOLDER = ROOT / ".node-dynalite"

# As it was before any test took settings away: installing asks the machine's index, through its proxy.
_MACHINE_ENVIRONMENT = dict(os.environ)
_INSTALL_SECONDS = 600
_START_SECONDS = 60
_STARTS = 3


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running stand-in: where it listens, and the file that it logs to."""

    endpoint_url: str
    log: Path


@contextmanager
def running_ministack(folder: Path) -> Iterator[Emulator]:
    """Run ministack with real IAM on a free port of loopback; state and log are in ``folder``."""
    python = _install_ministack()
    settings = {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        # It keeps a file with its process id there.
        "TMPDIR": str(folder),
        # With Docker at hand it would fetch and start whole databases.
        "DOCKER_HOST": f"unix://{folder}/no-docker.sock",
    }
    with _running(
        lambda port: ([str(python), "-m", "ministack"], {**settings, "GATEWAY_PORT": str(port)}),
        health_path="/_ministack/health",
        folder=folder,
    ) as emulator:
        yield emulator


@contextmanager
def running_dynalite(folder: Path) -> Iterator[Emulator]:
    """Run dynalite on a free port of loopback, all of it in memory; its log is in ``folder``."""
    program = _install_dynalite()
    changes_take = [part for what in ("create", "delete", "update") for part in (f"--{what}TableMs", "1")]
    with _running(
        lambda port: (
            [_found("node"), str(program), "--host", "127.0.0.1", "--port", str(port), *changes_take],
            {},
        ),
        health_path="/",
        folder=folder,
    ) as emulator:
        yield emulator


def _install_ministack() -> Path:
    python = MINISTACK_FOLDER / "bin" / "python"
    with _installing(MINISTACK_FOLDER, MINISTACK) as is_missing:
        if is_missing:
            _install([sys.executable, "-m", "venv", str(MINISTACK_FOLDER)])
            _install([str(python), "-m", "pip", "install", "--quiet", MINISTACK])
    return python


def _install_dynalite() -> Path:
    npm = _found("npm")
    with _installing(DYNALITE_FOLDER, DYNALITE) as is_missing:
        if is_missing:
            # Its one compiled part is for tables on disk, and these are in memory.
            _install([npm, "install", "--ignore-scripts", "--prefix", str(DYNALITE_FOLDER), DYNALITE])
    return DYNALITE_FOLDER / "node_modules" / "dynalite" / "cli.js"


@contextmanager
def _installing(folder: Path, version: str) -> Iterator[bool]:
    """Hold the folder's lock and say whether this version still has to be installed; note it at the end."""
    folder.mkdir(exist_ok=True)
    marker = folder / ".installed"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_missing = not marker.exists() or marker.read_text(encoding="utf-8") != version
        yield is_missing
        if is_missing:
            marker.write_text(version, encoding="utf-8")


def _install(command: Sequence[str]) -> None:
    done = subprocess.run(
        command,
        env=_MACHINE_ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def _found(program: str) -> str:
    path = shutil.which(program, path=_MACHINE_ENVIRONMENT.get("PATH"))
    if path is None:
        raise RuntimeError(
            f"{program} is needed to test against dynalite; on Debian: apt-get install nodejs npm"
        )
    return path


@contextmanager
def _running(
    command_for: Callable[[int], tuple[list[str], Mapping[str, str]]], *, health_path: str, folder: Path
) -> Iterator[Emulator]:
    log = folder / "log"
    process, endpoint_url = _start(command_for, health_path, folder, log)
    try:
        yield Emulator(endpoint_url, log)
    finally:
        _stop(process)


def _start(
    command_for: Callable[[int], tuple[list[str], Mapping[str, str]]],
    health_path: str,
    folder: Path,
    log: Path,
) -> tuple[subprocess.Popen[bytes], str]:
    # Somebody else may take the free port before it does.
    for _ in range(_STARTS):
        port = _free_port()
        command, settings = command_for(port)
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **settings}
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C ends the tests, and they end it.
                start_new_session=True,
            )
        endpoint_url = f"http://127.0.0.1:{port}"
        if _is_healthy(process, endpoint_url + health_path):
            return process, endpoint_url
        _stop(process)
    raise RuntimeError(f"{' '.join(command)} does not start:\n{log.read_text(errors='replace')[-4000:]}")


def _is_healthy(process: subprocess.Popen[bytes], url: str) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with opener.open(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
