"""Tells a selector that matches nothing in some, which is no failure, from one that matches nowhere."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from aws_operations.outcomes import NothingMatches, Outcome, OutcomeStatus
from commands.error_lines import one_line, redacted
from commands.wording import counted

if TYPE_CHECKING:
    from commands.journaling import Resumption


@dataclass(slots=True)
class Unmatched:
    """Keeps the outcomes of targets in which a selector matches nothing.

    ``has_matched`` also where that is not known: in a target that failed, and before a run went on.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    has_matched: bool = False

    @classmethod
    def in_run(cls, resumption: "Resumption | None") -> "Unmatched":
        """Return what keeps those of a run, which may have been to other targets before."""
        return cls(has_matched=resumption is not None and resumption.run.counts.targets_done > 0)

    def add(self, outcome: Outcome) -> None:
        """Look at an outcome."""
        if outcome.status is OutcomeStatus.NOTHING and isinstance(outcome.error, NothingMatches):
            self.outcomes.append(outcome)
        elif outcome.status is not OutcomeStatus.SKIPPED:
            self.has_matched = True

    def failures(self) -> Iterator[Outcome]:
        """Yield the outcomes as the errors that they are if nothing matches in any target."""
        if not self.has_matched:
            for outcome in self.outcomes:
                yield replace(outcome, status=OutcomeStatus.ERROR)

    def line(self, total: int) -> str:
        """Return the line that says in how many of so many targets nothing matches."""
        places = f"any of {counted(total, 'target')}"
        if self.has_matched:
            places = f"{len(self.outcomes)} of {counted(total, 'target')}"
        return f"{redacted(one_line(str(self.outcomes[0].error)))} in {places}"
