"""Where a sandbox keeps its state, who is serving it, and the locks that keep it to one server."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from aws_operations.sandbox.sandbox_errors import SandboxStateUnusable
from aws_operations.user_directories import NO_HOME, state_path


def default_state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return ``$XDG_STATE_HOME/manage-resources/sandbox``; a relative or empty variable is ignored.

    Raises ``SandboxStateUnusable`` for a user who has no home directory.
    """
    path = state_path(environ, "sandbox")
    if path is None:
        raise SandboxStateUnusable(Path("manage-resources", "sandbox"), NO_HOME)
    return path


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """What a server process writes about itself once it listens; ``token`` tells it from any other."""

    token: str
    pid: int
    port: int
    started_at: str

    @property
    def endpoint_url(self) -> str:
        """The URL to give to an SDK."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class SandboxState:
    """The files of one sandbox, all of them in one private directory."""

    state_dir: Path

    @property
    def journal_path(self) -> Path:
        """Every write that was acknowledged."""
        return self.state_dir / "journal"

    @property
    def record_path(self) -> Path:
        """The latest server's ``ServerRecord``; it may be stale."""
        return self.state_dir / "server.json"

    @property
    def log_path(self) -> Path:
        """What the latest server printed."""
        return self.state_dir / "server.log"

    @property
    def server_lock_path(self) -> Path:
        """Locked by the server process for as long as it lives."""
        return self.state_dir / "server.lock"

    @property
    def control_lock_path(self) -> Path:
        """Locked while the sandbox is started, stopped or reset."""
        return self.state_dir / "control.lock"

    def make_directory(self) -> None:
        """Make the directory, readable by its owner alone; ``SandboxStateUnusable`` if that fails."""
        try:
            self.state_dir.mkdir(parents=True, exist_ok=True)
            self.state_dir.chmod(0o700)
        except OSError as error:
            raise SandboxStateUnusable(self.state_dir, error.strerror or str(error)) from error

    def read_record(self) -> ServerRecord | None:
        """Return what the latest server wrote, or ``None`` if there is nothing usable."""
        try:
            document = json.loads(self.record_path.read_text(encoding="utf-8"))
            return ServerRecord(
                str(document["token"]),
                int(document["pid"]),
                int(document["port"]),
                str(document["started_at"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_record(self, record: ServerRecord) -> None:
        """Replace the record in one step, so that a reader never sees half of it."""
        beside = self.record_path.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(record), file)
        beside.replace(self.record_path)

    def try_server_lock(self) -> int | None:
        """Take the server lock and return its descriptor, or ``None`` while a server lives.

        The kernel drops the lock with the last process that holds it, however that process ends; a
        recorded process id can be reused, a lock cannot.
        """
        descriptor = self._open_lock(self.server_lock_path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def has_server(self) -> bool:
        """Whether a server process lives, ready or not."""
        if not self.server_lock_path.exists():
            return False
        descriptor = self.try_server_lock()
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    @contextmanager
    def control_lock(self) -> Iterator[None]:
        """Let one starter, stopper or resetter in at a time; others wait."""
        self.make_directory()
        descriptor = self._open_lock(self.control_lock_path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            with suppress(OSError):
                os.close(descriptor)

    def _open_lock(self, path: Path) -> int:
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SandboxStateUnusable(path, error.strerror or str(error)) from error
