"""The sandbox's journal: every write, on disk before it is applied, so that a kill loses nothing answered.

One record is one line: a CRC-32 in hexadecimal, the entry as JSON and the request body in base64, parted
by tabs. A last line without its line feed was never acknowledged and is cut off; any other damage is
``JournalCorrupt``, for replaying round it would give another state than the one that was seen.
"""

import base64
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from aws_operations.sandbox.sandbox_errors import JournalCorrupt

_LONGEST_SESSION_SECONDS = 43_200  # AWS's longest assumed-role session; after it, the credentials are dead
_WORTH_REWRITING = 64


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One write, with all that moto needs to do it again to the same result.

    ``time`` is what the clock said (seconds since the epoch), ``seed`` what the identifiers were drawn
    from. ``is_session`` marks a request that only makes temporary credentials, ``is_anchor`` one that
    later entries build on even so: the first to touch an account, service and region.
    """

    time: float
    seed: int
    environ: dict[str, str]
    header_names: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_session: bool = False
    is_anchor: bool = False
    kind: str = "request"

    def is_spent(self, now: float) -> bool:
        """Whether replaying it could no longer matter: credentials that have expired by now."""
        return self.is_session and not self.is_anchor and self.time + _LONGEST_SESSION_SECONDS < now


class JournalUnwritable(Exception):
    """The entry could not be made durable; it is not in the journal and must not be applied."""


class Journal:
    """An append-only file of entries. Not thread-safe: its owner serialises."""

    def __init__(self, path: Path, *, sync: Callable[[int], None] | None = None) -> None:
        self._path = path
        self._sync: Callable[[int], None] = sync if sync is not None else getattr(os, "fdatasync", os.fsync)
        self._file = _open_private(path, os.O_RDWR | os.O_CREAT)
        self._is_broken = False
        self._size = self._file.seek(0, os.SEEK_END)
        self.entry_count = 0

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self._size

    def append(self, entry: JournalEntry) -> None:
        """Put an entry on disk; when this returns, it survives ``kill -9``.

        Raises ``JournalUnwritable``, leaving no part of the entry behind, when the disk is full or failing.
        """
        if self._is_broken:
            raise JournalUnwritable("an earlier record could not be taken back")
        line = _encode(entry)
        try:
            self._file.seek(self._size)
            _write_whole(self._file, line)
            self._sync(self._file.fileno())
        except OSError as error:
            self._take_back()
            raise JournalUnwritable(error.strerror or str(error)) from error
        self._size += len(line)
        self.entry_count += 1

    def entries(self) -> Iterator[JournalEntry]:
        """Yield the entries that still matter, oldest first, cutting off a torn last line.

        Raises ``JournalCorrupt`` for any other damage, before anything after it is yielded.
        """
        now = time.time()
        spent = 0
        self.entry_count = 0
        with self._path.open("rb") as file:
            for line_number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    self._size -= len(line)
                    self._file.truncate(self._size)
                    break
                entry = _decode(line, self._path, line_number)
                self.entry_count += 1
                if entry.is_spent(now):
                    spent += 1
                else:
                    yield entry
        if spent >= _WORTH_REWRITING:
            # Only to save room: a disk that has none left is no reason not to serve what is there.
            with suppress(OSError):
                self._rewrite(now)

    def is_begun(self) -> bool:
        """Whether the samples in it are whole; before that, the sandbox has served nobody."""
        return any(entry.kind == "samples" for entry in self.entries())

    def discard(self) -> None:
        """Empty the journal."""
        self._file.truncate(0)
        self._size = 0
        self.entry_count = 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._file.fileno(), self._size)
            self._sync(self._file.fileno())
        except OSError:
            self._is_broken = True

    def _rewrite(self, now: float) -> None:
        beside = self._path.with_suffix(".new")
        new = _open_private(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        try:
            kept = self._copy_unspent(new, now)
            os.fsync(new.fileno())
            beside.replace(self._path)
        except OSError:
            new.close()
            beside.unlink(missing_ok=True)
            raise
        self._file.close()
        self._file = new
        self._size = new.seek(0, os.SEEK_END)
        self.entry_count = kept

    def _copy_unspent(self, new: BinaryIO, now: float) -> int:
        kept = 0
        with self._path.open("rb") as old:
            for line_number, line in enumerate(old, start=1):
                if not _decode(line, self._path, line_number).is_spent(now):
                    _write_whole(new, line)
                    kept += 1
        return kept


def _open_private(path: Path, flags: int) -> BinaryIO:
    return os.fdopen(os.open(path, flags | os.O_CLOEXEC, 0o600), "r+b", buffering=0)


def _write_whole(file: BinaryIO, line: bytes) -> None:
    # A full disk takes the first part of a line without an error; only the next write fails.
    rest = memoryview(line)
    while rest:
        rest = rest[file.write(rest) :]


def _encode(entry: JournalEntry) -> bytes:
    document = asdict(entry)
    del document["body"]
    payload = json.dumps(document, separators=(",", ":")).encode() + b"\t" + base64.b64encode(entry.body)
    return b"%08x\t%b\n" % (zlib.crc32(payload), payload)


def _decode(line: bytes, path: Path, line_number: int) -> JournalEntry:
    checksum, _, payload = line[:-1].partition(b"\t")
    if checksum != b"%08x" % zlib.crc32(payload):
        raise JournalCorrupt(path, line_number, "checksum")
    document, _, body = payload.partition(b"\t")
    try:
        return JournalEntry(**json.loads(document), body=base64.b64decode(body))
    except (TypeError, ValueError) as error:
        raise JournalCorrupt(path, line_number, "not of this version") from error
