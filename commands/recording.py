"""The recording that ``--record`` asks for: opened once, before any call, and looked at when all is over."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aws_interactions.call_recorder import CallRecorder
from commands.options import PROGRAM, Settings

if TYPE_CHECKING:
    from aws_interactions.call_recorder import CantRecord

# One a file for all providers of the process, as what is wrong with the file is so for all of them.
_OPEN: dict[Path, CallRecorder] = {}


def begin_recording(settings: Settings, arguments: tuple[str, ...]) -> None:
    """Open the recording that the settings ask for, if any, unless it is open.

    ``arguments`` are the words that were typed, to be kept in it. Raises ``click.UsageError`` for what
    cannot be recorded, and what ``CallRecorder`` raises.
    """
    if settings.record is None:
        if settings.record_answers:
            raise click.UsageError("--record-answers needs --record FILE, where the answers go to")
        return
    if str(settings.record) == "-":
        raise click.UsageError("--record takes a file to add to; standard output is for data")
    if settings.engine == "dask":
        raise click.UsageError("--record does not see the calls of workers: leave it, or --engine dask, out")
    if settings.record not in _OPEN:
        # Under both names: what goes on does so in the folder where it was begun.
        _OPEN[settings.record] = _OPEN[settings.record.absolute()] = CallRecorder(
            settings.record.absolute(),
            with_answers=settings.record_answers,
            arguments=arguments,
            program=f"{PROGRAM} {_version()}",
        )


def recorder_for(settings: Settings) -> CallRecorder | None:
    """Return what records the calls of clients, ``None`` where nobody asked for it."""
    begin_recording(settings, ())
    return None if settings.record is None else _OPEN[settings.record]


def end_recording() -> "CantRecord | None":
    """Close what is open; return what is missing of it, unless a call has said so by being refused."""
    problems = [each.problem for each in _OPEN.values() if not each.has_refused]
    _OPEN.clear()
    return next((problem for problem in problems if problem is not None), None)


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version(PROGRAM)
    except metadata.PackageNotFoundError:
        return "(not installed)"
