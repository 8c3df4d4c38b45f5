"""What a recording holds: each AWS call of one or more runs, read back from its JSON lines.

The first line of each process says which program was run; after it comes one line a call. The file is
appended to, so a process that was killed, or a disk that was full, leaves at most one torn line behind,
the last one of that process; another may go on right behind it.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from aws_interactions.aws_errors import LocalFileProblem
from aws_interactions.local_files import CantReadFile, CantReadFileDoesntExist, CantReadFileLackPermission

logger = logging.getLogger(__name__)

RECORDING_FORMAT: Final = 1
"""The format that is written, and the only one that is read."""

RUN_LINE: Final = "run"
CALL_LINE: Final = "call"
PRESIGNED_LINE: Final = "presigned"

# In the strings of a line the quotes have backslashes before them.
_LINE_START: Final = b'{"record":'

KEY_START: Final = "KeyStartsWith"
"""The parameter of a presigned form that takes any key beginning so."""


class NotARecording(LocalFileProblem):
    """The file is no recording of AWS calls, or one of another format."""

    def __init__(self, file_path: Path, reason: str) -> None:
        super().__init__(f"{file_path} is no recording of AWS calls: {reason}", file_path=file_path)


class BrokenRecording(LocalFileProblem):
    """A line in the middle of the recording cannot be read; ``line_number`` counts from 1."""

    def __init__(self, file_path: Path, line_number: int, reason: str) -> None:
        super().__init__(
            f"the recording {file_path} is broken in line {line_number}: {reason}", file_path=file_path
        )
        self.line_number = line_number


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One AWS call, or one request that was presigned, as it was recorded.

    ``parameters`` and ``answer`` are as they stand in the file: redacted, ``{"$bytes": LENGTH}`` for bytes,
    ``{"$datetime": ISO}`` for times. ``account`` is ``None`` where it was not known yet, ``answer`` where
    answers were not kept. ``outcome`` is ``ok``, ``error`` (refused, or nobody was reached) or ``lost``
    (sent, and the answer never came). ``attempts`` counts the first one too; ``seconds`` are those of the
    whole call, waiting between attempts included. A presigned request has no outcome but ``ok``, and
    nothing of what came of its use.
    """

    service: str
    operation: str
    account: str | None
    region: str
    identity: str
    resources: tuple[str, ...]
    parameters: Mapping[str, Any]
    request_id: str | None
    attempts: int
    seconds: float
    outcome: str
    code: str | None
    status: int | None
    answer: Mapping[str, Any] | None
    at: datetime
    is_presigned: bool
    exception: str | None = None
    """The name of botocore's error where there was no answer, such as ``ReadTimeoutError``."""


def read_recording(file_path: Path) -> Iterator[RecordedCall]:
    """Yield the calls of a recording in the order in which they ended, a line at a time.

    The torn last line of a process that was killed is passed over with a warning in the log. Raises
    ``NotARecording``, ``BrokenRecording`` and the ``CantReadFile`` kinds.
    """
    torn: tuple[int, str] | None = None
    for number, line in _lines(file_path):
        entry = _entry_of(line) or _entry_after_torn(line)
        if number == 1:
            _check_first_line(file_path, entry)
            continue
        if torn is not None and not _begins_run(entry):
            raise BrokenRecording(file_path, *torn)
        if entry is None:
            torn = number, "it is not complete"
            continue
        torn = None
        if entry["record"] == RUN_LINE:
            _check_first_line(file_path, entry)
        else:
            yield _call_of(entry, file_path, number)
    if torn is not None:
        logger.warning("the last line of the recording %s is torn and was passed over", file_path)


def begins_recording(line: bytes) -> bool:
    """Say whether a file whose first line this is is a recording of the format that is written."""
    entry = _entry_of(line)
    return _begins_run(entry) and entry is not None and entry.get("format") == RECORDING_FORMAT


def _lines(file_path: Path) -> Iterator[tuple[int, bytes]]:
    number = 0
    try:
        with file_path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield number, line
    except FileNotFoundError as error:
        raise CantReadFileDoesntExist(file_path) from error
    except PermissionError as error:
        raise CantReadFileLackPermission(file_path) from error
    except OSError as error:
        raise CantReadFile(file_path, error.strerror or str(error)) from error
    except ValueError as error:  # a path with a NUL in it
        raise CantReadFile(file_path, str(error)) from error
    if number == 0:
        raise NotARecording(file_path, "it is empty")


def _entry_of(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("record"), str) else None


def _entry_after_torn(line: bytes) -> dict[str, Any] | None:
    """Return what another process wrote right behind a line that its writer could not finish."""
    start = line.find(_LINE_START, 1)
    while start > 0:
        entry = _entry_of(line[start:])
        if entry is not None:
            logger.warning("a torn line of the recording was passed over")
            return entry
        start = line.find(_LINE_START, start + 1)
    return None


def _begins_run(entry: dict[str, Any] | None) -> bool:
    return entry is not None and entry["record"] == RUN_LINE


def _check_first_line(file_path: Path, entry: dict[str, Any] | None) -> None:
    if entry is None or not _begins_run(entry):
        raise NotARecording(file_path, "it does not begin with the line of a run")
    if entry.get("format") != RECORDING_FORMAT:
        raise NotARecording(
            file_path, f"its format is {entry.get('format')!r}, and this program reads {RECORDING_FORMAT}"
        )


def _call_of(entry: Mapping[str, Any], file_path: Path, number: int) -> RecordedCall:
    is_presigned = entry["record"] == PRESIGNED_LINE
    if not is_presigned and entry["record"] != CALL_LINE:
        raise BrokenRecording(file_path, number, f"there is no kind of line called {entry['record']!r}")
    try:
        return RecordedCall(
            service=_text(entry["service"]),
            operation=_text(entry["operation"]),
            account=None if entry["account"] is None else _text(entry["account"]),
            region=_text(entry["region"]),
            identity=_text(entry["identity"]),
            resources=tuple(_text(arn) for arn in entry["resources"]),
            parameters=_mapping(entry["parameters"]),
            request_id=entry.get("request_id"),
            attempts=int(entry.get("attempts", 1)),
            seconds=float(entry.get("seconds", 0.0)),
            outcome=_text(entry.get("outcome", "ok")),
            code=entry.get("code"),
            status=entry.get("status"),
            answer=_mapping(entry["answer"]) if "answer" in entry else None,
            at=datetime.fromisoformat(_text(entry["at"])),
            is_presigned=is_presigned,
            exception=entry.get("exception"),
        )
    except KeyError as error:
        raise BrokenRecording(file_path, number, f"it has no {error.args[0]!r}") from error
    except (TypeError, ValueError) as error:
        raise BrokenRecording(file_path, number, str(error)) from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        message = f"{value!r:.60} is no text"
        raise TypeError(message)
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        message = f"{value!r:.60} is no object"
        raise TypeError(message)
    return value
