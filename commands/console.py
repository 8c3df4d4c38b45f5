"""The only place that prints: data to standard output, everything else to standard error."""

import errno
import io
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

import click

from commands import row_formats
from commands.exit_codes import CantWriteOutput, InterruptedAtQuestion
from commands.options import OutputFormat
from commands.row_writers import RowWriter, queried, with_target_columns, writer_for
from commands.status_line import PROCESS_STATUS_LINE, StatusLine

if TYPE_CHECKING:
    from aws_operations.targets import Target
    from commands.progress import Progress


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
        self._status_line = PROCESS_STATUS_LINE if stderr is None else StatusLine(stderr)
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
    def rows(self, *, with_target: bool = False, may_shorten: bool = False) -> Iterator[RowWriter]:
        """Give a writer of rows; on the way out, also of an error, what was written is made whole.

        ``with_target``: the columns account and region come first. ``may_shorten``: see ``writer_for``.
        """
        writer = writer_for(self, with_target=with_target, query=self._query, may_shorten=may_shorten)
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
            else [with_target_columns(row_formats.as_document(row), target) for target, row in rows]
        )
        try:
            for asked in documents if self.output is OutputFormat.JSONL else [documents]:
                queried(asked, self._query)
        except click.UsageError as error:
            raise click.UsageError(f"{error.message}; nothing was changed") from error

    def write(self, data: str | bytes) -> None:
        """Write text or bytes to standard output as they are."""
        raw = data if isinstance(data, bytes) else _encoded(data)
        if not (self._status_line.is_on and self.is_stdout_terminal):
            with _output_errors():
                self._stdout.write(raw)
            return
        with self._status_line.hidden(), _output_errors():
            self._stdout.write(raw)
            self._stdout.flush()
            self._status_line.note_written(raw)

    def flush(self) -> None:
        """Hand on what was written; raises ``CantWriteOutput`` when there is no room for it."""
        with _output_errors():
            self._stdout.flush()

    @contextmanager
    def showing(self, progress: "Progress") -> Iterator[None]:
        """Show on a terminal how far a run is, below all that is written meanwhile; elsewhere do nothing."""
        if not self._status_line.is_possible:
            yield
            return
        from commands.progress import shown

        with shown(progress, self._status_line):
            yield

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
        with self._status_line.hidden(at_line_start=True):
            self._stderr.write("".join(f"{row_formats.visible(line)}\n" for line in text.splitlines()))
            self._stderr.flush()

    def confirm(self, question: str) -> bool:
        """Ask on standard error; only ``y`` or ``yes`` is a yes, the end of input is a no.

        Raises ``InterruptedAtQuestion`` when Ctrl-C is the answer.
        """
        return self._answer(f"{question} [y/N] ").lower() in ("y", "yes")

    def typed(self, question: str, word: str) -> bool:
        """Ask for a word on standard error; nothing but the very word is a yes, the end of input is a no.

        Raises ``InterruptedAtQuestion`` when Ctrl-C is the answer.
        """
        answer = self._answer(f"{question}: ")
        if answer and answer != word:
            self.note(f"that is not {word}")
        return answer == word

    def _answer(self, question: str) -> str:
        try:
            # Inside, because Ctrl-C may come as soon as the question can be seen.
            self._stderr.write(row_formats.visible(question))
            self._stderr.flush()
            answer = self._stdin.readline() if self._stdin is not None else ""
        except UnicodeDecodeError:
            answer = "?\n"  # bytes that are no text are no yes, and no word
        except KeyboardInterrupt:
            self._stderr.write("\n")
            raise InterruptedAtQuestion from None
        except SystemExit:
            self._stderr.write("\n")
            raise
        if not answer.endswith("\n"):
            self._stderr.write("\n")
        return answer.strip()

    def _say(self, text: str, **style: Any) -> None:
        line = row_formats.visible(text)
        with self._status_line.hidden(at_line_start=True):
            self._stderr.write((click.style(line, **style) if self._has_colour else line) + "\n")
            self._stderr.flush()


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
