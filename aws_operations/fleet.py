"""One operation over many targets, with exactly one outcome for each."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied
from aws_operations.targets import Target


class OutcomeStatus(StrEnum):
    """How an operation ended in one target."""

    ROWS = "rows"
    NOTHING = "nothing"
    DENIED = "denied"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one target: how many rows, or the error that ended it; ``duration`` in seconds."""

    target: Target
    status: OutcomeStatus
    row_count: int
    duration: float
    error: Exception | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the operation did not come to its end in this target."""
        return self.status in {OutcomeStatus.DENIED, OutcomeStatus.ERROR}


Operation = Callable[[AwsClientProvider], Iterable[object]]


def run_in_each(
    operation: Operation,
    targets: Iterable[Target],
    provider_for: Callable[[Target], AwsClientProvider],
    on_row: Callable[[Target, object], None],
) -> Iterator[Outcome]:
    """Run a read in each target in turn; rows go to ``on_row`` as they come, then the outcome follows.

    An error in one target is that target's outcome and the next one is tried, also when it is a bug in
    the operation. What ``on_row`` raises ends the run: there is nowhere left to put results.
    """
    for target in targets:
        yield _run_in(operation, target, provider_for, on_row)


def _run_in(
    operation: Operation,
    target: Target,
    provider_for: Callable[[Target], AwsClientProvider],
    on_row: Callable[[Target, object], None],
) -> Outcome:
    started = time.monotonic()
    row_count = 0
    error: Exception | None = None
    rows: Iterator[object] = iter(())
    try:
        rows = iter(operation(provider_for(target)))
    except Exception as raised:  # noqa: BLE001 - an outcome for each target, a bug's too
        error = raised
    while error is None:
        try:
            row = next(rows)
        except StopIteration:
            break
        except Exception as raised:  # noqa: BLE001 - an outcome for each target, a bug's too
            error = raised
        else:
            row_count += 1
            on_row(target, row)
    return Outcome(target, _status(row_count, error), row_count, time.monotonic() - started, error)


def _status(row_count: int, error: Exception | None) -> OutcomeStatus:
    if error is None:
        return OutcomeStatus.ROWS if row_count else OutcomeStatus.NOTHING
    return OutcomeStatus.DENIED if isinstance(error, AccessDenied) else OutcomeStatus.ERROR
