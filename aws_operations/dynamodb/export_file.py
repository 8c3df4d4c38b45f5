"""The file that an export writes, and how far each segment is in it: kept so that neither is ahead."""

import hashlib
import json
import logging
import secrets
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aws_interactions.aws_errors import Conflict
from aws_interactions.growing_files import GrowingFile
from aws_interactions.local_files import CantWriteFileDiskFull
from aws_operations.dynamodb.export_formats import Compress, wire_document, wire_line
from aws_operations.jobs import Job

logger = logging.getLogger(__name__)

_FILE = "file"
_SEGMENT = "segment "
_BLOCK_BYTES = 4 * 1024 * 1024
KEEP_SECONDS = 5.0


@dataclass(slots=True)
class ExportTally:
    """What an export has done so far: ``length`` of its file, items in it, what was read and its cost."""

    length: int = 0
    items: int = 0
    scanned: int = 0
    read_units: float = 0.0


@dataclass(frozen=True, slots=True)
class ExportPart:
    """The lines of one page, and where its segment goes on; no ``next_key`` is its end."""

    segment: int
    lines: bytes
    items: int
    next_key: dict[str, Any] | None
    scanned: int
    read_units: float


@dataclass(slots=True)
class _Block:
    """What is not in the file yet."""

    data: list[bytes] = field(default_factory=list)
    size: int = 0
    steps: dict[str, str] = field(default_factory=dict)


class ExportFile:
    """A file in the making, which a run that goes on finds as it was after the last block that was kept.

    ``left`` has the segments that are not done, and the key that each goes on from. ``made_at`` tells the
    table from another one of its name. Use as a context manager: what ends it early leaves the file to the
    run that goes on; where nothing is kept, or the disk is full, it is taken away. Raises the
    ``CantWriteFile`` kinds.
    """

    def __init__(
        self,
        path: Path,
        job: Job,
        *,
        segments: int,
        overwrite: bool,
        head: bytes,
        compress: Compress,
        made_at: str,
        keep_seconds: float = KEEP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._job, self._name = job, str(path)
        self._compress, self._clock, self._keep_seconds = compress, clock, keep_seconds
        kept = dict(job.steps.kept(self._name))
        state = json.loads(kept.get(_FILE, "{}"))
        if state and state.pop("made_at") != made_at:
            raise Conflict(f"the table was made anew since the export to {path} began; begin a new one")
        self.tally = ExportTally(**state)
        self._made_at = made_at
        self._block = _Block()
        self._kept_at = clock()
        self.left = _segments_left(segments, kept)
        temporary = path.with_name(_temporary_name(path, job.run_id))
        if not kept:
            _note_others(path)
        self._file = self._gone_on_with(path, temporary, overwrite=overwrite)
        if self._file is not None and not self._file.is_continued:
            self.tally, kept = ExportTally(), {}
            self.left = _segments_left(segments, kept)
        self._is_kept = bool(kept)
        if not self.tally.length:
            self._take(head)

    def _gone_on_with(self, path: Path, temporary: Path, *, overwrite: bool) -> GrowingFile | None:
        """Return the file in the making, ``None`` where it has got its name before."""
        is_read = bool(self.tally.length) and not self.left
        if is_read and not temporary.exists() and path.is_file() and path.stat().st_size == self.tally.length:
            return None
        return GrowingFile(path, temporary, overwrite=overwrite, length=self.tally.length)

    def __enter__(self) -> "ExportFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._file is None:
            return
        if kind is not None and (not self._is_kept or issubclass(kind, CantWriteFileDiskFull)):
            self._file.discard()
        self._file.close()

    def add(self, part: ExportPart) -> None:
        """Take the lines of a page; now and then they are written and kept."""
        self._take(part.lines)
        self.tally.items += part.items
        self.tally.scanned += part.scanned
        self.tally.read_units += part.read_units
        at = None if part.next_key is None else wire_document(part.next_key)
        self._block.steps[f"{_SEGMENT}{part.segment}"] = wire_line({"next": at})
        if self._block.size >= _BLOCK_BYTES or self._clock() - self._kept_at >= self._keep_seconds:
            self.keep()

    def keep(self) -> None:
        """Write what was taken, and let the run know how far it is; durable when this returns."""
        block, self._block = self._block, _Block()
        if block.size and self._file is not None:
            self.tally.length = self._file.append(self._compress(b"".join(block.data)))
        if block.steps:
            state = json.dumps({**asdict(self.tally), "made_at": self._made_at})
            self._is_kept = self._job.steps.keep(self._name, {_FILE: state, **block.steps})
        self._kept_at = self._clock()

    def finish(self) -> None:
        """Write the rest, and give the file its name."""
        if self._file is None:
            return
        self.keep()
        if not self.tally.length:
            # An empty file would be none to what reads compressed ones.
            self.tally.length = self._file.append(self._compress(b""))
        self._file.finish()

    def _take(self, lines: bytes) -> None:
        self._block.data.append(lines)
        self._block.size += len(lines)


def _segments_left(segments: int, kept: dict[str, str]) -> dict[int, dict[str, Any] | None]:
    left: dict[int, dict[str, Any] | None] = {}
    for number in range(segments):
        step = kept.get(f"{_SEGMENT}{number}")
        key = None if step is None else json.loads(step)["next"]
        if step is None or key is not None:
            left[number] = None if key is None else _wire_key(key)
    return left


def _wire_key(key: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        name: {kind: b64decode(content) if kind == "B" else content for kind, content in attribute.items()}
        for name, attribute in key.items()
    }


def _temporary_name(path: Path, run_id: str | None) -> str:
    return f".{run_id or secrets.token_hex(12)}.{_digest(path)}.part"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.name.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _note_others(path: Path) -> None:
    """Warn of what other runs have left of the same file, lest hours of theirs are done again."""
    for part in sorted(path.parent.glob(f".*.{_digest(path)}.part")):
        run_id = part.name[1:].partition(".")[0]
        logger.warning("run %s has begun to write %s: 'runs resume %s' goes on with it", run_id, path, run_id)
