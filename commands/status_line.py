"""The last line of a terminal: says how far a run is, and gets out of the way of everything else."""

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_DEFAULT_WIDTH = 80
_LONGEST_WAIT_SECONDS = 1.0
_MOST_COLUMNS_BEFORE = 40
_ERASE = "\r\x1b[K"


class StatusLine:
    """One line that is drawn again and again below all others; may be used by all threads.

    ``stream`` is the process's standard error unless another is given. Nothing is drawn until ``begin``, nor
    where the stream is no terminal.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._given_stream = stream
        self._lock = threading.RLock()
        self.is_on = False
        """Whether it may be drawn, so that whoever writes has to say so."""
        self._is_drawn = False
        self._unfinished = ""

    @property
    def is_possible(self) -> bool:
        """Whether there is a terminal that understands how a line is erased."""
        return self._stream.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def width(self) -> int:
        """The columns that the line may have, so that neither it nor a ``^C`` behind it is wrapped."""
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0
        if not columns:
            given = os.environ.get("COLUMNS", "")
            columns = int(given) if given.isdigit() else 0
        return max((columns or _DEFAULT_WIDTH) - 3, 1)

    def begin(self) -> None:
        """Let ``draw`` draw."""
        self.is_on = self.is_possible

    def end(self) -> None:
        """Take the line away, and draw none any more."""
        with self.hidden():
            self.is_on = False

    def draw(self, text: str) -> None:
        """Show text in place of what was shown, unless somebody else is writing or asking just now."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if not self.is_on or len(self._unfinished) > _MOST_COLUMNS_BEFORE:
                return
            below = "\n" if self._unfinished and not self._is_drawn else ""
            # Not erased first: that would flicker.
            self._put(f"{below}\r{text}\x1b[K")
            self._is_drawn = True
        finally:
            self._lock.release()

    @contextmanager
    def hidden(self, *, at_line_start: bool = False) -> Iterator[None]:
        """Take the line away while something else is written or asked, which may take its time.

        ``at_line_start``: what is written goes below data whose last line is not finished yet.
        """
        if not self.is_on:
            yield
            return
        # With a limit: who asks on one thread must not hold up the end that another one wants to tell.
        is_held = self._lock.acquire(timeout=_LONGEST_WAIT_SECONDS)
        try:
            self._make_way(at_line_start=at_line_start)
            yield
        finally:
            if is_held:
                self._lock.release()

    def _make_way(self, *, at_line_start: bool) -> None:
        parts = [_ERASE] if self._is_drawn else []
        if self._unfinished and self._is_drawn and not at_line_start:
            parts.append(f"\x1b[A\x1b[{len(self._unfinished) + 1}G")
        elif self._unfinished and not self._is_drawn and at_line_start:
            parts.append("\n")
        if at_line_start:
            self._unfinished = ""
        self._is_drawn = False
        if parts:
            self._put("".join(parts))

    def note_written(self, data: bytes) -> None:
        """Take note of what went to the same terminal as data, for a line that it left unfinished."""
        before, line_end, tail = data.rpartition(b"\n")
        text = tail.decode("utf-8", "replace")
        self._unfinished = text if line_end or before else self._unfinished + text

    @property
    def _stream(self) -> TextIO:
        # The interpreter has None for a stream that was closed before it started; the hints know no None.
        process_stream: TextIO | None = sys.stderr
        return self._given_stream or process_stream or io.StringIO()

    def _put(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self.is_on = False


PROCESS_STATUS_LINE = StatusLine()
"""That of the process's own terminal, of which there is one, whoever writes to it."""
