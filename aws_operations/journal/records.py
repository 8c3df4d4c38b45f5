"""What the journal says of a run, its targets and its changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aws_operations.changes import Change, ResultStatus
from aws_operations.fleet import OutcomeStatus
from aws_operations.run_control import NotTried
from aws_operations.targets import Target


class RunState(StrEnum):
    """How a run stands. ``KILLED``: its process ended without a word.

    ``COMPLETE``: all was done; ``FAILED``: some of it failed, or how it ended is unknown;
    ``INTERRUPTED``: ended before its time, some of it was left or is unknown; ``DECLINED``: somebody or
    something said no, nothing was changed.
    """

    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    DECLINED = "declined"
    KILLED = "killed"


class ChangeState(StrEnum):
    """How a change stands: not begun, begun and nobody knows how it ended, or its result."""

    PLANNED = "planned"
    STARTED = "started"
    APPLIED = ResultStatus.APPLIED.value
    UNCHANGED = ResultStatus.UNCHANGED.value
    FAILED = ResultStatus.FAILED.value
    SKIPPED = ResultStatus.SKIPPED.value
    UNKNOWN = ResultStatus.UNKNOWN.value


@dataclass(frozen=True, slots=True)
class RunCounts:
    """How many targets and changes of a run stand how.

    ``targets_done`` answered, with rows or nothing, or were skipped; ``targets_failed`` were denied or
    failed. ``changes_unknown`` were begun, and how they ended is not known; unchanged ones are applied. What
    was not tried because enough had failed is left.
    """

    targets_done: int = 0
    targets_failed: int = 0
    targets_left: int = 0
    changes_applied: int = 0
    changes_failed: int = 0
    changes_unknown: int = 0
    changes_left: int = 0

    @property
    def targets(self) -> int:
        """How many targets there are."""
        return self.targets_done + self.targets_failed + self.targets_left


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as a whole; times are seconds since the epoch, ``ended`` is ``None`` for one that did not end.

    ``settings`` are those that the run was resolved to, ``has_plan`` whether it came as far as to agree on
    its changes, ``is_of_plan_file`` whether these are from a plan file that it applied.
    """

    number: int
    id: str
    arguments: tuple[str, ...]
    directory: str
    settings: Mapping[str, Any]
    base_account: str | None
    is_writing: bool
    has_plan: bool
    is_of_plan_file: bool
    process_id: int
    started: float
    ended: float | None
    state: RunState
    reason: str | None
    counts: RunCounts


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """A target and what came of it; ``status`` is ``None`` while it is left.

    ``error_kind`` is the name of the exception, ``error`` its text without secrets. In a run that
    writes it is about planning, and ``row_count`` says how many changes were planned.
    """

    target: Target
    status: OutcomeStatus | None
    row_count: int | None
    duration: float | None
    error: str | None
    error_kind: str | None

    @property
    def is_left(self) -> bool:
        """Whether it was never done: without an outcome, or not tried because enough had failed."""
        return self.status is None or self.error_kind == NotTried.__name__

    @property
    def is_failed(self) -> bool:
        """Whether it was denied or failed."""
        return self.status in {OutcomeStatus.DENIED, OutcomeStatus.ERROR}


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """A change, what it would do, and how it stands; times are seconds since the epoch."""

    change: Change
    state: ChangeState
    started: float | None
    ended: float | None
    error: str | None
    error_kind: str | None

    @property
    def is_left(self) -> bool:
        """Whether it was never begun, be it because enough had failed."""
        return self.state is ChangeState.PLANNED or self.error_kind == NotTried.__name__
