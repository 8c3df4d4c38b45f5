"""What the body of a command returns to the runner."""

from binascii import b2a_base64
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_operations.changes import Change, ChangeResult
    from aws_operations.jobs import Job
    from aws_operations.targets import Target


class Shape(StrEnum):
    """What the work that a command's body returns gives.

    ROWS: ``(provider) -> Iterable[row]``; a row is a dataclass, or a mapping where each row has names of
    its own (an item of a table). CHANGES: ``(provider) -> Iterable[Change]``, ``MakingWork``,
    ``WatchedWork`` or ``TargetPlanner``. BYTES: ``(provider) -> Iterable[str | bytes]``, lines or a value as
    it is, printed as they are or for several targets as rows; or ``FileWork`` or ``JobWork``. SESSION:
    ``(console) -> exit code or None``.
    Commands of a noun that takes no identity get no provider.
    """

    ROWS = "rows"
    CHANGES = "changes"
    BYTES = "bytes"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class ValueRow:
    """What work of shape BYTES gave in one of several targets; bytes that are no text are base64."""

    value: str
    base64: bool

    @classmethod
    def of(cls, chunk: object) -> Self:
        """Return the row of a line, without its end, or of a value as it is."""
        if isinstance(chunk, bytes):
            try:
                return cls(chunk.decode(), base64=False)
            except UnicodeDecodeError:
                return cls(b2a_base64(chunk, newline=False).decode(), base64=True)
        return cls(str(chunk).removesuffix("\n"), base64=False)


@dataclass(frozen=True, slots=True)
class FileWork:
    """Work of shape BYTES that goes to local files; both callables yield rows that say which.

    ``destination`` is the path as it was given: several targets need ``{account}`` or ``{region}`` in it.
    """

    destination: str
    write: "Callable[[AwsClientProvider], Iterable[object]]"
    preview: "Callable[[AwsClientProvider], Iterable[object]]"


@dataclass(frozen=True, slots=True)
class JobWork:
    """Work of shape BYTES that writes a local file and may take hours, so that its run can be gone on with.

    As ``FileWork``, but for ``write``, which is also given the ``Job`` that keeps how far it is.
    """

    destination: str
    write: "Callable[[AwsClientProvider, Job], Iterable[object]]"
    preview: "Callable[[AwsClientProvider], Iterable[object]]"


@dataclass(frozen=True, slots=True)
class MakingWork:
    """Work of shape CHANGES that makes a thing of which there is one by that name in all targets.

    ``name`` is as it was given: several targets need ``{account}`` or ``{region}`` in it. ``thing`` is
    what to call it in messages, such as ``bucket``.
    """

    thing: str
    name: str
    planner: "Callable[[AwsClientProvider], Iterable[Change]]"


@dataclass(frozen=True, slots=True)
class WatchedWork:
    """Work of shape CHANGES whose results the command wants too, to keep what was not done, say.

    ``watch`` is entered once, before anything is applied and not at all under ``--dry-run``; what it
    gives is called with each result.
    """

    planner: "Callable[[AwsClientProvider], Iterable[Change]]"
    watch: "Callable[[], AbstractContextManager[Callable[[ChangeResult], None]]]"


def _nothing_more() -> None:
    pass


@dataclass(frozen=True, slots=True)
class TargetPlanner:
    """Plans what is another thing in each target, and known by the target, not by what AWS says of it.

    ``planned`` is called once, when all targets are planned, before anything is shown or asked.
    """

    plan: "Callable[[Target, AwsClientProvider], Iterable[Change]]"
    planned: Callable[[], None] = _nothing_more
