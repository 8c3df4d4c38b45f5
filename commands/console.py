"""The only place that prints: data to standard output, everything else to standard error."""

import errno
import io
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

import click

from commands import row_formats
from commands.exit_codes import CantWriteOutput, InterruptedAtQuestion
from commands.options import OutputFormat

if TYPE_CHECKING:
    from aws_operations.targets import Target

_TARGET_COLUMNS = ("account", "region")
_ITEM = "item"


class Console:
    """Standard output, standard error and the person in front of them, if there is one.

    Without ``output``: a table on a terminal, text elsewhere. Streams default to the process's own;
    ``stdout`` is binary, and gets UTF-8.
    """

    def __init__(
        self,
        *,
        output: OutputFormat | None = None,
        query: str | None = None,
        stdout: BinaryIO | None = None,
        stderr: TextIO | None = None,
        stdin: TextIO | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._stdout = stdout if stdout is not None else _process_stdout()
        self._stderr = stderr if stderr is not None else _process_stderr()
        self._stdin = stdin if stdin is not None else sys.stdin
        self._has_colour = self._stderr.isatty() and not (os.environ if environ is None else environ).get(
            "NO_COLOR"
        )
        self._query = query
        self.output = output or (OutputFormat.TABLE if self._stdout.isatty() else OutputFormat.TEXT)

    @property
    def is_interactive(self) -> bool:
        """Whether somebody can be asked: standard input and standard error are terminals."""
        return self._stdin is not None and self._stdin.isatty() and self._stderr.isatty()

    @contextmanager
    def rows(self, *, with_target: bool = False) -> Iterator["RowWriter"]:
        """Give a writer of rows; on the way out, also of an error, what was written is made whole.

        ``with_target``: the columns account and region come first.
        """
        writer = _writer_for(self, with_target=with_target, query=self._query)
        try:
            yield writer
        except (BrokenPipeError, CantWriteOutput):
            raise
        except BaseException:
            # What ended the run is what is told, not that the rows before it could not be shown as well.
            with suppress(Exception):
                writer.finish()
                self.flush()
            raise
        writer.finish()
        self.flush()
        if writer.count == 0 and self._stderr.isatty():
            self.note("no rows")

    def check_query(self, rows: Iterable[tuple["Target", object]], *, with_target: bool = False) -> None:
        """Raise ``click.UsageError`` if ``--query`` cannot be asked of rows like these; writes nothing.

        For use before anything is changed, which the message says.
        """
        if self._query is None:
            return
        documents = (
            [row_formats.as_document(row) for _, row in rows]
            if not with_target
            else [_with_target(row_formats.as_document(row), target) for target, row in rows]
        )
        try:
            for asked in documents if self.output is OutputFormat.JSONL else [documents]:
                _queried(asked, self._query)
        except click.UsageError as error:
            raise click.UsageError(f"{error.message}; nothing was changed") from error

    def write(self, data: str | bytes) -> None:
        """Write text or bytes to standard output as they are."""
        raw = data if isinstance(data, bytes) else _encoded(data)
        with _output_errors():
            self._stdout.write(raw)

    def flush(self) -> None:
        """Hand on what was written; raises ``CantWriteOutput`` when there is no room for it."""
        with _output_errors():
            self._stdout.flush()

    @property
    def is_stdout_terminal(self) -> bool:
        """Whether standard output is a terminal."""
        return self._stdout.isatty()

    def note(self, text: str) -> None:
        """Say something by the way, one line on standard error."""
        self._say(text, dim=True)

    def show(self, text: str, *, is_grave: bool = False) -> None:
        """Show what has to be read before an answer, one line on standard error; bold if it is grave."""
        self._say(text, **({"bold": True} if is_grave else {}))

    def warn(self, text: str) -> None:
        """Warn, one line on standard error."""
        self._say(f"warning: {text}", fg="yellow")

    def error(self, text: str) -> None:
        """Report an error, one line on standard error."""
        self._say(f"error: {text}", fg="red")

    def lines(self, text: str) -> None:
        """Write lines to standard error as they are, but for control characters in them."""
        self._stderr.write("".join(f"{row_formats.visible(line)}\n" for line in text.splitlines()))
        self._stderr.flush()

    def confirm(self, question: str) -> bool:
        """Ask on standard error; only ``y`` or ``yes`` is a yes, the end of input is a no.

        Raises ``InterruptedAtQuestion`` when Ctrl-C is the answer.
        """
        try:
            # Inside, because Ctrl-C may come as soon as the question can be seen.
            self._stderr.write(f"{row_formats.visible(question)} [y/N] ")
            self._stderr.flush()
            answer = self._stdin.readline() if self._stdin is not None else ""
        except UnicodeDecodeError:
            answer = "?\n"  # bytes that are no text are no yes
        except KeyboardInterrupt:
            self._stderr.write("\n")
            raise InterruptedAtQuestion from None
        if not answer.endswith("\n"):
            self._stderr.write("\n")
        return answer.strip().lower() in ("y", "yes")

    def _say(self, text: str, **style: Any) -> None:
        line = row_formats.visible(text)
        self._stderr.write((click.style(line, **style) if self._has_colour else line) + "\n")
        self._stderr.flush()


class RowWriter(ABC):
    """Takes rows and writes them in one format; ``finish`` makes the document whole.

    A row is a dataclass, or a mapping whose names are the data's own: there the next one may have others,
    and names like those of the target's columns.
    """

    def __init__(self, console: Console, *, with_target: bool) -> None:
        self._console = console
        self._with_target = with_target
        self.count = 0

    def write(self, row: object, target: "Target | None" = None) -> None:
        """Write a row; its target is shown only where targets were chosen."""
        document = row_formats.as_document(row)
        if isinstance(row, Mapping):
            self._write_loose(document if not self._with_target else _with_target({_ITEM: document}, target))
        else:
            self._write_document(_with_target(document, target) if self._with_target else document)
        self.count += 1

    def write_from(self, target: "Target | None", row: object) -> None:
        """Write a row, target first."""
        self.write(row, target)

    def finish(self) -> None:
        """Write what is still to come; nothing may be written after it."""
        self._console.flush()

    @abstractmethod
    def _write_document(self, document: Any) -> None:
        """Write or keep the document of one row."""

    def _write_loose(self, document: Any) -> None:
        """Write or keep the document of one mapping."""
        self._write_document(document)


class _JsonWriter(RowWriter):
    """A list, an object as soon as it comes."""

    def _write_document(self, document: Any) -> None:
        text = row_formats.json_text(document, indent=2).replace("\n", "\n  ")
        self._console.write(f"{',' if self.count else '['}\n  {text}")

    def finish(self) -> None:
        self._console.write("\n]\n" if self.count else "[]\n")


class _JsonLinesWriter(RowWriter):
    """An object a line, each handed on at once; a query is asked of each."""

    def __init__(self, console: Console, *, with_target: bool, query: str | None) -> None:
        super().__init__(console, with_target=with_target)
        self._query = query

    def _write_document(self, document: Any) -> None:
        self._console.write(row_formats.json_text(_queried(document, self._query)) + "\n")
        self._console.flush()


class _TextWriter(RowWriter):
    """Values separated by tabs, no header; a mapping is JSON, for its names are not the next one's."""

    def _write_document(self, document: Any) -> None:
        _, lines = row_formats.lines_of(document)
        self._console.write("".join(row_formats.text_line(line) for line in lines))

    def _write_loose(self, document: Any) -> None:
        self._write_document(document if self._with_target else {_ITEM: document})


class _CsvWriter(RowWriter):
    """A header from the first row, then a line for each; all rows of a command have the same columns.

    Mappings are kept for the end, when the names of all are known.
    """

    def __init__(self, console: Console, *, with_target: bool) -> None:
        super().__init__(console, with_target=with_target)
        self._columns: list[str] = []
        self._loose: list[Any] = []

    def _write_loose(self, document: Any) -> None:
        self._loose.append(document)

    def finish(self) -> None:
        columns, lines = row_formats.lines_of(self._loose)
        if lines:
            self._write_lines([columns, *lines])
        super().finish()

    def _write_document(self, document: Any) -> None:
        columns, lines = row_formats.lines_of(document)
        if not self.count:
            self._columns = columns
            lines = [columns, *lines]
        elif columns != self._columns:
            raise TypeError(f"rows of one command have the columns {self._columns} and {columns}")
        self._write_lines(lines)

    def _write_lines(self, lines: Iterable[Iterable[Any]]) -> None:
        for line in lines:
            self._console.write(row_formats.csv_line(line, for_terminal=self._console.is_stdout_terminal))


class _YamlWriter(RowWriter):
    """A list, an item as soon as it comes."""

    def _write_document(self, document: Any) -> None:
        self._console.write(row_formats.yaml_text([document]))

    def finish(self) -> None:
        if not self.count:
            self._console.write("[]\n")


class _WholeWriter(RowWriter):
    """Keeps the rows and writes them at the end: tables, and whatever a query is asked of."""

    def __init__(self, console: Console, *, with_target: bool, query: str | None) -> None:
        super().__init__(console, with_target=with_target)
        self._query = query
        self._documents: list[Any] = []

    def _write_document(self, document: Any) -> None:
        self._documents.append(document)

    def finish(self) -> None:
        document = _queried(self._documents, self._query)
        for_terminal = self._console.is_stdout_terminal
        self._console.write(
            row_formats.document_text(document, self._console.output, for_terminal=for_terminal)
        )


def _writer_for(console: Console, *, with_target: bool, query: str | None) -> RowWriter:
    if console.output is OutputFormat.JSONL:
        return _JsonLinesWriter(console, with_target=with_target, query=query)
    if query is not None or console.output is OutputFormat.TABLE:
        return _WholeWriter(console, with_target=with_target, query=query)
    streaming: dict[OutputFormat, type[RowWriter]] = {
        OutputFormat.JSON: _JsonWriter,
        OutputFormat.CSV: _CsvWriter,
        OutputFormat.YAML: _YamlWriter,
    }
    return streaming.get(console.output, _TextWriter)(console, with_target=with_target)


def _with_target(document: Any, target: "Target | None") -> Any:
    """Put account and region first; what the row itself says of them (a bucket's region) holds."""
    if not isinstance(document, dict):
        return document
    own = {key: value for key, value in document.items() if value is not None or key not in _TARGET_COLUMNS}
    account, region = (target.aws_account, target.aws_region) if target is not None else (None, None)
    return {"account": account, "region": region} | own


def _queried(document: Any, query: str | None) -> Any:
    if query is None:
        return document
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(query, document)
    except JMESPathError as error:
        raise click.UsageError(f"--query {query!r}: {_complaint(error)}") from error


def _complaint(error: Exception) -> str:
    """Return what is wrong with a query, without the rows that JMESPath puts into its message."""
    from jmespath.exceptions import JMESPathTypeError

    if not isinstance(error, JMESPathTypeError):
        return str(error).partition("\n")[0]
    wanted = " or ".join(str(kind) for kind in error.expected_types)
    return f"{error.function_name}() takes {wanted}, and got {error.actual_type}"


class _ClosedOutput(io.RawIOBase):
    """Stands for a standard output that was closed before the program started."""

    def writable(self) -> bool:
        return True

    def write(self, _data: object) -> int:
        raise OSError(errno.EBADF, "it is closed")


# The interpreter has None for a stream that was closed before it started; the type hints know no None.
def _process_stdout() -> BinaryIO:
    stream: TextIO | None = sys.stdout
    return stream.buffer if stream is not None else cast("BinaryIO", _ClosedOutput())


def _process_stderr() -> TextIO:
    stream: TextIO | None = sys.stderr
    return stream if stream is not None else io.StringIO()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


@contextmanager
def _output_errors() -> Iterator[None]:
    """Let a closed pipe through, for a quiet end; anything else is an output that takes no more."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise BrokenPipeError(*error.args) from error
        raise CantWriteOutput(f"standard output: {error.strerror or error}") from error
    except ValueError as error:
        raise CantWriteOutput("standard output is closed") from error
