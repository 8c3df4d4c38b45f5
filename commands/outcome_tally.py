"""What came of the targets of a run: counted, the failures named, and the exit code that follows."""

from collections import Counter
from dataclasses import dataclass, field

from aws_operations.fleet import Outcome, OutcomeStatus
from aws_operations.run_control import CREDENTIALS_ENDED, DEADLINE, NotTried, RunControl
from commands.error_lines import place
from commands.exit_codes import ExitCode, is_edge_kind
from commands.wording import counted, named

_WORDS_BY_STATUS = {
    OutcomeStatus.ROWS: "answered",
    OutcomeStatus.NOTHING: "with nothing",
    OutcomeStatus.DENIED: "denied",
    OutcomeStatus.ERROR: "failed",
    OutcomeStatus.SKIPPED: "skipped",
}
_NAMED = (OutcomeStatus.DENIED, OutcomeStatus.ERROR)


@dataclass(slots=True)
class OutcomeTally:
    """Counts outcomes as they come; keeps names of failed targets, never their errors."""

    total: int
    counts: Counter[OutcomeStatus] = field(default_factory=Counter)
    names: dict[OutcomeStatus, list[str]] = field(default_factory=dict)
    not_tried: int = 0
    """How many of the skipped targets were not tried because enough had failed: they are left."""
    is_unknown: bool = False

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self.counts[outcome.status] += 1
        self.not_tried += isinstance(outcome.error, NotTried)
        if outcome.is_failure:
            self.names.setdefault(outcome.status, []).append(place(outcome.target))
        if outcome.error is not None and _is_unknown(outcome.error):
            self.is_unknown = True

    def turn_into_failure(self, outcome: Outcome) -> None:
        """Count an outcome that was counted as nothing as the failure that it is after all."""
        self.counts[OutcomeStatus.NOTHING] -= 1
        self.add(outcome)

    @property
    def left(self) -> int:
        """How many targets have no outcome."""
        return self.total - self.counts.total()

    @property
    def failed(self) -> int:
        """How many targets were denied or failed."""
        return sum(self.counts[status] for status in _NAMED)

    def summary(self) -> str:
        """Return the counts of each class, with the names of the targets that failed, in one line."""
        counts = {status: self.counts[status] for status in _WORDS_BY_STATUS}
        counts[OutcomeStatus.SKIPPED] -= self.not_tried
        parts = [
            f"{count} {_WORDS_BY_STATUS[status]}{self._named(status)}"
            for status, count in counts.items()
            if count
        ]
        if self.not_tried:
            parts.append(f"{self.not_tried} not tried")
        if self.left:
            parts.append(f"{self.left} not finished")
        return f"{counted(self.total, 'target')}: {', '.join(parts)}"

    def _named(self, status: OutcomeStatus) -> str:
        names = self.names.get(status, [])
        return f" ({named(names)})" if names else ""

    def exit_code(self, control: RunControl) -> ExitCode:
        """Return the exit code of the run; signals are somebody else's matter."""
        if self.is_unknown or (self.left and control.reason == DEADLINE):
            return ExitCode.UNKNOWN
        if self.left and control.reason == CREDENTIALS_ENDED:
            return ExitCode.CONFIGURATION
        # A target that was not begun because of --fail-fast follows a failure.
        return ExitCode.PARTIAL if self.failed or self.left else ExitCode.COMPLETE


def _is_unknown(error: Exception) -> bool:
    return is_edge_kind(error, "WaitTimedOut") or is_edge_kind(error, "AnswerLost")
