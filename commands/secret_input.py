"""Where the value of a secret comes from: a file, standard input, or someone asked without an echo."""

import getpass
import logging
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import click

from aws_interactions.aws_errors import LocalFileProblem
from aws_interactions.secrets_interactions import MAX_VALUE_BYTES, SecretValue
from aws_operations.changes import Change
from aws_operations.plan_spool import PlanSpool
from aws_operations.secrets.held_values import (
    HeldValue,
    ValueSource,
    is_value_held,
    value_of_bytes,
    value_of_file,
)
from commands.console import Console
from commands.exit_codes import Declined, InterruptedAtQuestion
from commands.status_line import PROCESS_STATUS_LINE
from commands.wording import counted, named

logger = logging.getLogger(__name__)

# A terminal that hands on whole lines cuts them off here, and says nothing.
_LONGEST_LINE = 4095
_KINDS_WITH_VALUES = frozenset({"secrets.create", "secrets.put"})


class ValueFileProblem(LocalFileProblem):
    """The file that a value is to come from can't be read, whichever target it is for."""


def held_value(name: str, file: str | None, *, from_stdin: bool, is_binary: bool) -> HeldValue:
    """Return the value that the options name, read when it is first needed.

    Raises ``click.UsageError`` where there is none to be had: two sources, or none and nobody to ask.
    """
    if file is not None and from_stdin:
        raise click.UsageError("give --file or --stdin, not both")
    if file is not None:
        source = _source_of_file(Path(file), is_binary=is_binary)
        return HeldValue(partial(_from_file, Path(file), is_binary=is_binary), source=source)
    if from_stdin:
        if _has_terminal():
            raise click.UsageError(
                "--stdin is for a pipe or a file; on a terminal leave it out and be asked for the value"
            )
        source = ValueSource("standard input", is_binary=is_binary)
        return HeldValue(partial(_from_stdin, is_binary=is_binary), source=source)
    if not _can_ask():
        raise click.UsageError("where does the value come from? Give --file, or --stdin and pipe it in")
    source = ValueSource("the prompt", is_binary=is_binary)
    return HeldValue(partial(_ask, name, is_binary=is_binary), source=source)


def hold_again(spool: PlanSpool) -> None:
    """Hold the values again that changes of a plan store, which another process held when it planned them.

    The value from a file is read from it again, any other is asked for, unseen, once for all changes that
    store it. Values that this process holds stay. Call it before anything is applied: it raises
    ``ValueFileProblem``, ``Declined``, and ``click.UsageError`` where there is nobody to ask.
    """
    if any(part.kind in _KINDS_WITH_VALUES for part in spool.summary()):
        for ref, names in _not_held(spool).items():
            _hold_again(ref, names)


def values_left_out(spool: PlanSpool) -> tuple[list[str], list[str]]:
    """Return the files that ``hold_again`` reads once more, and the secrets whose values it asks for.

    Those of one value are told as the first and how many others.
    """
    files, names = dict[str, None](), dict[str, list[str]]()
    if any(part.kind in _KINDS_WITH_VALUES for part in spool.summary()):
        for change in spool:
            source = None if change.is_noop else ValueSource.of_ref(change.payload_ref)
            if source is not None and source.is_file:
                files[source.name] = None
            elif source is not None:
                names.setdefault(str(change.payload_ref), []).append(_name_of(change))
    return list(files), [_first_and_others(each) for each in names.values()]


def hold_what_can_be_had(changes: Iterable[Change]) -> None:
    """Hold the values again that can be had, as ``hold_again`` does.

    A file that cannot be read any more is a warning, and nobody to ask is no error.
    """
    for ref, names in _not_held(changes).items():
        try:
            _hold_again(ref, names)
        except ValueFileProblem as error:
            logger.warning("%s: %s", named(names), error)
        except click.UsageError as error:
            logger.debug("%s: %s", named(names), error.message)


def _hold_again(ref: str, names: Sequence[str]) -> None:
    source = ValueSource.of_ref(ref) or ValueSource("nowhere")
    name = _first_and_others(names)
    if source.is_file:
        value = _from_file(Path(source.name), is_binary=source.is_binary)
    elif _can_ask():
        value = _ask(name, is_binary=source.is_binary)
    else:
        raise click.UsageError(
            f"the value of {name} came from {source.name}, and values are never kept: do this on a terminal "
            "to be asked for it, or give the command anew, with --file"
        )
    value.check_size(secret_name=name)
    HeldValue(lambda: value, source=source, ref=ref)


def _first_and_others(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {counted(len(names) - 1, 'other')}"


def _not_held(changes: Iterable[Change]) -> dict[str, list[str]]:
    """Return the names of the secrets for each value that has to be held and is not."""
    names: dict[str, list[str]] = {}
    for change in changes:
        ref = change.payload_ref
        if ref is None or change.is_noop or is_value_held(ref) or ValueSource.of_ref(ref) is None:
            continue
        names.setdefault(ref, []).append(_name_of(change))
    return names


def _name_of(change: Change) -> str:
    name = change.resource.partition(":secret:")[2]
    # AWS puts a hyphen and six characters of its own after the name of a secret that is there.
    return name if change.kind == "secrets.create" else name.rpartition("-")[0]


def _source_of_file(path: Path, *, is_binary: bool) -> ValueSource:
    whole = path.absolute()
    # What a shell puts in place of a file (/dev/fd/63, /dev/stdin) is another thing to another process.
    is_lasting = whole.is_file() and whole.parts[1:2] not in (("dev",), ("proc",))
    return ValueSource(str(whole) if is_lasting else str(path), is_file=is_lasting, is_binary=is_binary)


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _can_ask() -> bool:
    return _has_terminal() and sys.stderr is not None and sys.stderr.isatty()


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
