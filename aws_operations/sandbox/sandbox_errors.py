"""What can go wrong with the sandbox.

::

    SandboxError
    ├── SandboxNotInstalled      moto is not there
    ├── SandboxNotRunning        nothing to talk to
    ├── SandboxStartFailed       the server ended, or did not become ready in time
    ├── SandboxUnresponsive      a server holds the state, but does not answer
    ├── SandboxStateUnusable     the state directory cannot be written
    └── JournalCorrupt           the journal is damaged before its last record
"""

from pathlib import Path


class SandboxError(Exception):
    """Root of the sandbox's errors; the message says what to do next."""


class SandboxNotInstalled(SandboxError):
    """Moto, the emulator that the sandbox runs, is not installed."""

    def __init__(self) -> None:
        super().__init__("the sandbox needs moto: in a checkout, pip install '.[sandbox]'")


class SandboxNotRunning(SandboxError):
    """No sandbox answers for this state directory."""

    def __init__(self, state_dir: Path) -> None:
        super().__init__("the sandbox is not running: start it with manage-resources sandbox up")
        self.state_dir = state_dir


class SandboxStartFailed(SandboxError):
    """The server process ended early or did not become ready; ``log_path`` holds what it said."""

    def __init__(self, reason: str, log_path: Path) -> None:
        super().__init__(f"the sandbox did not start: {reason} (log: {log_path})")
        self.log_path = log_path


class SandboxUnresponsive(SandboxError):
    """A server process holds the state directory, but does not answer as the recorded one."""

    def __init__(self, state_dir: Path, pid: int | None) -> None:
        who = f"process {pid}" if pid else "a process"
        super().__init__(f"{who} holds the sandbox in {state_dir} but does not answer; end it by hand")
        self.state_dir = state_dir
        self.pid = pid


class SandboxStateUnusable(SandboxError):
    """The state directory cannot be made, read or written; the ``OSError`` is the cause."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot use {path} for the sandbox's state: {reason}")
        self.path = path


class JournalCorrupt(SandboxError):
    """A record before the last one is damaged, so that replaying would give another state."""

    def __init__(self, path: Path, line_number: int, reason: str) -> None:
        super().__init__(
            f"the sandbox's journal {path} is damaged at line {line_number} ({reason}); "
            "begin afresh with manage-resources sandbox reset"
        )
        self.path = path
        self.line_number = line_number
