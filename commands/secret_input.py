"""Where the value of a secret comes from: a file, standard input, or someone asked without an echo."""

import getpass
import logging
import sys
from functools import partial
from pathlib import Path

import click

from aws_interactions.aws_errors import LocalFileProblem
from aws_interactions.secrets_interactions import MAX_VALUE_BYTES, SecretValue
from aws_operations.secrets.held_values import HeldValue, value_of_bytes, value_of_file
from commands.console import Console
from commands.exit_codes import Declined, InterruptedAtQuestion
from commands.status_line import PROCESS_STATUS_LINE

logger = logging.getLogger(__name__)

# A terminal that hands on whole lines cuts them off here, and says nothing.
_LONGEST_LINE = 4095


class ValueFileProblem(LocalFileProblem):
    """The file that a value is to come from can't be read, whichever target it is for."""


def held_value(name: str, file: str | None, *, from_stdin: bool, is_binary: bool) -> HeldValue:
    """Return the value that the options name, read when it is first needed.

    Raises ``click.UsageError`` where there is none to be had: two sources, or none and nobody to ask.
    """
    if file is not None and from_stdin:
        raise click.UsageError("give --file or --stdin, not both")
    if file is not None:
        return HeldValue(partial(_from_file, Path(file), is_binary=is_binary), source=file)
    has_terminal = sys.stdin is not None and sys.stdin.isatty()
    if from_stdin:
        if has_terminal:
            raise click.UsageError(
                "--stdin is for a pipe or a file; on a terminal leave it out and be asked for the value"
            )
        return HeldValue(partial(_from_stdin, is_binary=is_binary), source="standard input")
    if not has_terminal or not sys.stderr.isatty():
        raise click.UsageError("where does the value come from? Give --file, or --stdin and pipe it in")
    return HeldValue(partial(_ask, name, is_binary=is_binary), source="the prompt")


def _from_file(path: Path, *, is_binary: bool) -> SecretValue:
    try:
        return value_of_file(path, is_binary=is_binary)
    except LocalFileProblem as error:
        raise ValueFileProblem(str(error), file_path=path) from error


def _from_stdin(*, is_binary: bool) -> SecretValue:
    data = b"" if sys.stdin is None else sys.stdin.buffer.read(MAX_VALUE_BYTES + 1)
    value = value_of_bytes(data, is_binary=is_binary)
    if not value.is_binary and data.count(b"\n") == 1 and data.endswith(b"\n"):
        logger.warning("the line end after the value is stored as part of it; 'printf %s' pipes none")
    return value


def _ask(name: str, *, is_binary: bool) -> SecretValue:
    try:
        value = _typed(f"Value of {name} (not shown): ")
        again = _typed("The same once more: ")
    except EOFError:
        Console().show("")
        raise Declined("no value was given; nothing was changed") from None
    except KeyboardInterrupt:
        Console().show("")
        raise InterruptedAtQuestion from None
    if value != again:
        raise click.UsageError("the two are not the same; nothing was changed")
    return value_of_bytes(value, is_binary=is_binary)


def _typed(prompt: str) -> bytes:
    try:
        with PROCESS_STATUS_LINE.hidden(at_line_start=True):
            data = getpass.getpass(prompt).encode("utf-8", "surrogateescape")
    except UnicodeDecodeError:
        # Without the error, which has all that was typed.
        Console().show("")
        raise click.UsageError(
            "what was typed is not UTF-8: use --file or --stdin; nothing was changed"
        ) from None
    if len(data) >= _LONGEST_LINE:
        raise click.UsageError("a terminal takes no longer value than 4095 bytes: use --file or --stdin")
    return data
