"""Carries changes out: one result for each, whatever happens to its answer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import (
    AnswerLost,
    AwsInteractionError,
    Conflict,
    Unavailable,
)
from aws_operations.changes import (
    DONE_ALREADY,
    Change,
    ChangeKind,
    ChangeResult,
    ResultStatus,
    as_kind,
    change_kind,
)
from aws_operations.run_control import NotTried, RunControl, RunStopped
from aws_operations.targets import Target


def apply_changes(
    changes: Iterable[Change],
    provider_for: Callable[[Target], AwsClientProvider],
    *,
    starting: Callable[[Sequence[Change]], None] | None = None,
    control: RunControl | None = None,
) -> Iterator[ChangeResult]:
    """Carry out changes in order and yield exactly one result for each, as it is known.

    Neighbours of one kind and target go out in batches. What is already as it should be is
    *unchanged*, without a call. What differs from the plan by now is not touched: it *failed*, with a
    ``Conflict``. A lost answer is read back before it is called unknown. AWS's refusals are results;
    anything else raises.

    ``starting`` is given each batch just before it is sent; if it raises, nothing of it is. Until then
    ``control`` may stop the run (``RunStopped``) or, enough having failed, have the rest skipped.
    """
    control = control or RunControl()
    for batch in _batches(changes):
        control.check()
        for result in _results_of(batch, provider_for, starting or _nobody_is_told, control):
            if result.status in {ResultStatus.FAILED, ResultStatus.UNKNOWN}:
                control.add_failure()
            yield result


def recheck_changes(
    changes: Iterable[Change], provider_for: Callable[[Target], AwsClientProvider]
) -> Iterator[ChangeResult]:
    """Look at what changes are about, and yield a failed result for each that is not as it was planned.

    Nothing is written. What could not be looked at fails, too, and so does what somebody else has done
    meanwhile. What was nothing to do has to be so still.
    """
    for batch in _batches(changes):
        try:
            aws_provider = provider_for(batch[0].target)
        except AwsInteractionError as error:
            yield from (ChangeResult(change, ResultStatus.FAILED, error) for change in batch)
            continue
        kind = change_kind(batch[0].kind)
        for differs in filter(None, _rechecks(kind, batch, aws_provider)):
            if differs.change.is_noop:
                if not _is_so_still(kind, differs.change, aws_provider):
                    yield differs
            elif differs.status is ResultStatus.UNCHANGED:
                yield _drifted(differs.change, "somebody else has done it")
            else:
                yield differs


def _is_so_still(kind: ChangeKind, change: Change, aws_provider: AwsClientProvider) -> bool:
    """Say whether what was to be, and was there, is there: a bucket to be made that is none to be made."""
    try:
        return kind.read_back(change, aws_provider) is ResultStatus.APPLIED
    except (AwsInteractionError, ClientError, BotoCoreError):
        return False


def _nobody_is_told(_batch: Sequence[Change]) -> None:
    pass


def _results_of(
    batch: Sequence[Change],
    provider_for: Callable[[Target], AwsClientProvider],
    starting: Callable[[Sequence[Change]], None],
    control: RunControl,
) -> Iterator[ChangeResult]:
    if batch[0].is_noop:
        yield from (ChangeResult(change, ResultStatus.UNCHANGED) for change in batch)
        return
    if control.has_failed_enough:
        yield from (ChangeResult(change, ResultStatus.SKIPPED, NotTried()) for change in batch)
        return
    try:
        aws_provider = provider_for(batch[0].target)
    except AwsInteractionError as error:
        yield from (ChangeResult(change, ResultStatus.FAILED, error) for change in batch)
        return
    yield from _apply_batch(batch, aws_provider, starting, control)


def _apply_batch(
    batch: Sequence[Change],
    aws_provider: AwsClientProvider,
    starting: Callable[[Sequence[Change]], None],
    control: RunControl,
) -> Iterator[ChangeResult]:
    kind = change_kind(batch[0].kind)
    as_planned = []
    for change, refusal in zip(batch, _rechecks(kind, batch, aws_provider), strict=True):
        if refusal is None:
            as_planned.append(change)
        else:
            yield refusal
    if not as_planned:
        return
    # Looking again may have taken its time.
    control.check()
    starting(as_planned)
    for result in _one_for_each(as_planned, kind.apply(as_planned, aws_provider)):
        yield _settled(kind, result, aws_provider) if result.status is ResultStatus.UNKNOWN else result


def _one_for_each(batch: Sequence[Change], results: Iterable[ChangeResult]) -> Iterator[ChangeResult]:
    left = list(batch)
    for result in results:
        left.remove(result.change)  # a result that nobody asked for is a bug of the kind
        yield result
    for change in left:
        message = f"{change.resource}: AWS's answer says nothing of it"
        yield ChangeResult(change, ResultStatus.UNKNOWN, AnswerLost(message, resource=change.resource))


def _rechecks(
    kind: ChangeKind, batch: Sequence[Change], aws_provider: AwsClientProvider
) -> Iterator[ChangeResult | None]:
    if kind.recheck_batch is None:
        yield from (_recheck(kind, change, aws_provider) for change in batch)
        return
    try:
        drifts = kind.recheck_batch(batch, aws_provider)
    except (AwsInteractionError, ClientError, BotoCoreError) as error:
        yield from (_not_looked_at(change, error) for change in batch)
        return
    for change, drift in zip(batch, drifts, strict=True):
        yield None if drift is None else _drifted(change, drift)


def _recheck(kind: ChangeKind, change: Change, aws_provider: AwsClientProvider) -> ChangeResult | None:
    try:
        drift = kind.recheck(change, aws_provider)
    except (AwsInteractionError, ClientError, BotoCoreError) as error:
        return _not_looked_at(change, error)
    return None if drift is None else _drifted(change, drift)


def _not_looked_at(change: Change, error: Exception) -> ChangeResult:
    if isinstance(error, AnswerLost):
        # What was lost is the answer to a read, so nothing is unknown.
        message = f"{error}; it could not be looked at again, and was not touched"
        error = as_kind(Unavailable, message, change, error)
    return ChangeResult(change, ResultStatus.FAILED, error)


def _drifted(change: Change, drift: str) -> ChangeResult:
    if drift == DONE_ALREADY:
        return ChangeResult(change, ResultStatus.UNCHANGED)
    conflict = Conflict(
        f"{change.resource}: {drift} since it was planned; it was not touched", resource=change.resource
    )
    return ChangeResult(change, ResultStatus.FAILED, conflict)


def _settled(kind: ChangeKind, result: ChangeResult, aws_provider: AwsClientProvider) -> ChangeResult:
    try:
        status = kind.read_back(result.change, aws_provider)
    except (AwsInteractionError, ClientError, BotoCoreError, RunStopped):
        return result
    error = None if status in {ResultStatus.APPLIED, ResultStatus.UNCHANGED} else result.error
    if status is ResultStatus.FAILED and error is not None:
        # Not an AnswerLost any more: nothing is unknown.
        message = f"{error}; reading back shows that it was not carried out"
        error = as_kind(Unavailable, message, result.change, error)
    return replace(result, status=status, error=error)


def _batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    batch: list[Change] = []
    for change in changes:
        if batch and not _joins(batch, change):
            yield batch
            batch = []
        batch.append(change)
    if batch:
        yield batch


def _joins(batch: Sequence[Change], change: Change) -> bool:
    first = batch[0]
    return (first.kind, first.target, first.is_noop) == (change.kind, change.target, change.is_noop) and len(
        batch
    ) < change_kind(first.kind).batch_size
