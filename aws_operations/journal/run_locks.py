"""Which runs are alive: each holds the lock on a file of its own for as long as its process lives.

The kernel drops a lock with the process, however that ends; a recorded process id may be another
process's by now, or one of another container that keeps its journal in the same folder.
"""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

_TRIES = 5
_RETRY_SECONDS = 0.01


class RunLock:
    """The lock of one run, held until ``release`` or the end of the process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, folder: Path, run_id: str) -> Self | None:
        """Take the lock of a run and return it, or ``None`` while somebody has it; raises ``OSError``."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{run_id}.lock"
        tries = 0
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                tries += 1
                if tries == _TRIES:
                    return None
                # Who only looks whether it is held holds it for that long.
                time.sleep(_RETRY_SECONDS)
                continue
            if _is_still(path, descriptor):
                return cls(path, descriptor)
            # Whoever had it before took the file away between the two.
            os.close(descriptor)

    def release(self) -> None:
        """Let the lock go and take its file away; more than once is once."""
        if self._descriptor is None:
            return
        with suppress(OSError):
            self._path.unlink()
        os.close(self._descriptor)
        self._descriptor = None


def is_held(folder: Path, run_id: str) -> bool:
    """Say whether the process of a run lives, or of who resumes it."""
    try:
        descriptor = os.open(folder / f"{run_id}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
