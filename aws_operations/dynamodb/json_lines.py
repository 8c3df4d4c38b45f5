"""Files with a JSON document on each line: what is wrong is told by line, before anything is sent."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Generic

from aws_interactions.aws_errors import AwsInteractionError, InvalidInput
from aws_interactions.local_files import CantReadFile, CantReadFileDoesntExist, CantReadFileLackPermission
from aws_operations.dynamodb.plain_json import Read, read_json

_MOST_COMPLAINTS = 5
_STARTS_OF_MORE = frozenset({b"{", b"[", b"[{"})


class WrongLines(InvalidInput):
    """Lines of a file that cannot be used; ``complaints`` says what is wrong, by line number from 1."""

    def __init__(self, source: str, complaints: dict[int, str]) -> None:
        shown = [f"line {number}: {text}" for number, text in sorted(complaints.items())[:_MOST_COMPLAINTS]]
        more = len(complaints) - len(shown)
        rest = f"; and {more} more lines" if more > 1 else "; and 1 more line" if more else ""
        super().__init__(f"{source}: {'; '.join(shown)}{rest}; nothing was sent")
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class Line(Generic[Read]):
    """A line of a file: its number from 1, its text, and what reads it."""

    number: int
    text: str
    reader: Callable[[object], Read]

    @property
    def value(self) -> Read:
        """What the line was read as; read again each time, for it takes ten times the memory of the text."""
        return read_json(self.reader, self.text)


class JsonLines(Generic[Read]):
    """The lines of a file, or of a stream, each read by ``reader``; blank lines are left out.

    They are read when first asked for, once, and kept as text: several targets use the same ones, and a
    stream can be read once only. What is wrong with them is raised each time.
    """

    def __init__(
        self, source: Path | BinaryIO, reader: Callable[[object], Read], *, name: str | None = None
    ) -> None:
        self._source = source
        self._reader = reader
        self._lock = threading.Lock()
        self._lines: list[Line[Read]] | None = None
        self._failure: AwsInteractionError | None = None
        self.name = name or (str(source) if isinstance(source, Path) else "standard input")

    @property
    def lines(self) -> Sequence[Line[Read]]:
        """The lines; raises ``WrongLines``, or a kind of ``CantReadFile``."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self._lines is None:
                try:
                    self._lines = self._read()
                except AwsInteractionError as error:
                    self._failure = error
                    raise
            return self._lines

    def _read(self) -> list[Line[Read]]:
        found, complaints = [], {}
        for number, raw in enumerate(self._raw_lines(), start=1):
            if not raw.strip():
                continue
            if raw.strip() in _STARTS_OF_MORE:
                raise InvalidInput(f"{self.name}: each document is one line of its own; jq -c makes it so")
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                line = Line(number, text, self._reader)
                _ = line.value
                found.append(line)
            except UnicodeDecodeError:
                complaints[number] = "is not UTF-8"
            except InvalidInput as error:
                complaints[number] = str(error)
        if complaints:
            raise WrongLines(self.name, complaints)
        return found

    def _raw_lines(self) -> Iterable[bytes]:
        if not isinstance(self._source, Path):
            return self._source
        return _lines_of_file(self._source)


def _lines_of_file(path: Path) -> Iterator[bytes]:
    with _as_cant_read(path), path.open("rb") as file:
        yield from file


@contextmanager
def _as_cant_read(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise CantReadFileDoesntExist(path) from error
    except PermissionError as error:
        raise CantReadFileLackPermission(path) from error
    except OSError as error:
        raise CantReadFile(path, error.strerror or str(error)) from error
    except ValueError as error:  # a path with a NUL in it
        raise CantReadFile(path, str(error)) from error


def read_text(source: Path | BinaryIO) -> str:
    """Return all the text of a file or stream; raises a kind of ``CantReadFile``, or ``InvalidInput``."""
    if isinstance(source, Path):
        with _as_cant_read(source):
            raw = source.read_bytes()
    else:
        raw = source.read()
    with suppress(UnicodeDecodeError):
        return raw.decode("utf-8-sig")
    raise InvalidInput(f"{source if isinstance(source, Path) else 'standard input'} is not UTF-8 text")


def numbers_of_lines(numbers: Sequence[int]) -> str:
    """Return ``line 3``, or ``lines 3, 4, 7``, and how many more if they are many."""
    shown = ", ".join(map(str, numbers[:_MOST_COMPLAINTS]))
    more = len(numbers) - _MOST_COMPLAINTS
    return f"line{'s' if len(numbers) > 1 else ''} {shown}{f' and {more} more' if more > 0 else ''}"
