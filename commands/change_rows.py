"""How planned changes and their results look as rows, and as lines before the question."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

from aws_operations.changes import Change, ChangeResult, ResultStatus, Reversibility
from aws_operations.plan_spool import PlanSpool
from commands.error_lines import place, redacted
from commands.wording import counted

_FEW_LINES = 3
_MOST_LINES = 20
_LONGEST_STATE = 120


@dataclass(frozen=True, slots=True)
class PlannedChangeRow:
    """A change that would be made; ``effect`` is ``unchanged`` where there is nothing to do."""

    effect: str
    change: str
    resource: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reversibility: str

    @classmethod
    def of(cls, change: Change) -> Self:
        """Return the row of a change."""
        return cls(
            "unchanged" if change.is_noop else change.effect.value,
            change.kind,
            change.resource,
            change.before,
            change.after,
            change.reversibility.value,
        )


@dataclass(frozen=True, slots=True)
class ChangeResultRow:
    """What became of a change; ``error`` says why it failed or is unknown."""

    status: str
    change: str
    resource: str
    error: str | None

    @classmethod
    def expected(cls, change: Change) -> Self:
        """Return the row of a change that has not been made yet, as it will look if all goes well."""
        return cls(ResultStatus.APPLIED.value, change.kind, change.resource, None)

    @classmethod
    def of(cls, result: ChangeResult) -> Self:
        """Return the row of a result."""
        # The resource has a column of its own.
        error = None if result.error is None else redacted(str(result.error))
        if error is not None:
            error = error.removeprefix(f"{result.change.resource}: ")
        return cls(result.status.value, result.change.kind, result.change.resource, error)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A line of the plan; ``is_grave``: what it says cannot be undone."""

    text: str
    is_grave: bool = False


def plan_lines(spool: PlanSpool) -> Iterator[PlanLine]:
    """Yield the summary by account and region if the changes are not few, then the first of themselves."""
    are_few = spool.pending <= _FEW_LINES
    for summary in spool.summary():
        if summary.effect is None or not are_few:
            what = "unchanged" if summary.effect is None else summary.effect.value
            yield PlanLine(f"{place(summary.target)}: {what} {summary.count} x {summary.kind}")
    pending = (change for change in spool if not change.is_noop)
    for change in islice(pending, _MOST_LINES):
        where = f" in {place(change.target)}" if are_few else ""
        yield PlanLine(
            f"  {change.effect.value:<9} {change.kind} {change.resource}{where} "
            f"({change.reversibility.value}): {_short(change.before)} -> {_short(change.after)}",
            is_grave=change.reversibility is Reversibility.IRREVERSIBLE,
        )
    if spool.pending > _MOST_LINES:
        yield PlanLine(f"  ... and {spool.pending - _MOST_LINES} more: --dry-run shows all")


def question(spool: PlanSpool) -> str:
    """Return the question whether to make the changes: how many of what, and in how many places."""
    kinds, accounts, places = Counter[str](), set[str | None](), set[str]()
    for part in spool.summary():
        if part.effect is not None:
            kinds[part.kind] += part.count
            accounts.add(part.target.aws_account)
            places.add(place(part.target))
    what = ", ".join(f"{count} x {kind}" for kind, count in kinds.items())
    where = ", ".join(places)
    if len(places) > 1:
        where = f"{counted(len(places), 'target')} of {counted(len(accounts), 'account')}"
    return f"Make {counted(spool.pending, 'change')} ({what}) in {where}?"


def _short(state: dict[str, Any] | None) -> str:
    """Return a state in a few words; what is absent or empty is nothing."""
    if not state:
        return "nothing"
    text = ", ".join(f"{name}={value}" for name, value in state.items() if value not in (None, {}))
    return text if len(text) <= _LONGEST_STATE else f"{text[:_LONGEST_STATE]}..."
