"""Changes: what a write would do, said before it is done.

A planner reads and yields ``Change``s. A ``ChangeKind``, registered once, carries them out, and
``apply_changes`` does so for any mixture of them. Dry-run, confirmation and results act on changes,
so that no command has a dry-run of its own.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from importlib import import_module
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import (
    BROKE_DOWN_STATUSES,
    AnswerLost,
    AwsInteractionError,
    Conflict,
    Unavailable,
)
from aws_operations.run_control import NotTried, RunControl, RunStopped
from aws_operations.targets import Target

JsonObject = dict[str, Any]

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class Effect(StrEnum):
    """What a change does to what is there; overwriting and destroying want consent off a terminal."""

    CREATE = "create"
    UPDATE = "update"
    OVERWRITE = "overwrite"
    DESTROY = "destroy"


class Reversibility(StrEnum):
    """Whether a change can be taken back: by its inverse, by something like it, or not at all."""

    REVERSIBLE = "reversible"
    COMPENSABLE = "compensable"
    IRREVERSIBLE = "irreversible"


class ResultStatus(StrEnum):
    """What became of one change. ``UNKNOWN``: its answer was lost and reading back did not settle it."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do to one resource in one target; all of it serialises to JSON, none of it is secret.

    ``resource`` is an ARN where AWS has one. ``before`` and ``after`` describe the resource, ``None``
    for absent; equal ones mean that there is nothing to do. ``precondition`` is what must still hold
    when the change is applied, as its kind understands it. ``payload_ref`` names what is too large or
    too secret for a plan: a local path, never the content.
    """

    kind: str
    target: Target
    resource: str
    effect: Effect
    before: JsonObject | None
    after: JsonObject | None
    iam_actions: tuple[str, ...]
    reversibility: Reversibility
    precondition: JsonObject | None = None
    payload_ref: str | None = None

    @property
    def id(self) -> str:
        """The same change always has the same id, so that one planned twice is one."""
        return id_of_json(self.to_json())

    @property
    def is_noop(self) -> bool:
        """Whether the resource already is what it should become."""
        if self.before != self.after:
            return False
        # To Python true is 1 and false is 0; to AWS they are not.
        return _ENCODER.encode(self.before) == _ENCODER.encode(self.after)

    @property
    def needs_consent(self) -> bool:
        """Whether it takes something away, so that it is not done unasked where nobody can be asked.

        What cannot be undone does so too: a reboot ends what was running.
        """
        if self.is_noop:
            return False
        is_final = self.reversibility is Reversibility.IRREVERSIBLE
        return is_final or self.effect in {Effect.OVERWRITE, Effect.DESTROY}

    def to_json(self) -> str:
        """Return the change as one line of JSON with sorted keys."""
        values = {name: getattr(self, name) for name in _CHANGE_FIELDS}
        values["target"] = _target_values(self.target)
        return _ENCODER.encode(values)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the change that ``to_json`` wrote."""
        values = json.loads(text)
        return cls(
            **{
                **values,
                "target": Target(**values["target"]),
                "effect": Effect(values["effect"]),
                "reversibility": Reversibility(values["reversibility"]),
                "iam_actions": tuple(values["iam_actions"]),
            }
        )


def _target_values(target: Target) -> dict[str, str | None]:
    values = {"aws_region": target.aws_region, "aws_account": target.aws_account}
    return values if target.aws_profile is None else {**values, "aws_profile": target.aws_profile}


_CHANGE_FIELDS = tuple(field.name for field in fields(Change))


def id_of_json(change_json: str) -> str:
    """Return the id of a change from its JSON."""
    return hashlib.sha256(change_json.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """What became of a change; ``error`` is there when it failed or stayed unknown."""

    change: Change
    status: ResultStatus
    error: Exception | None = None


class CarriedOutInPart(AwsInteractionError):
    """Some steps of a change were carried out before one was refused; the message says what is left."""


ApplyBatch = Callable[[Sequence[Change], AwsClientProvider], Iterable[ChangeResult]]


@dataclass(frozen=True, slots=True)
class ChangeKind:
    """How changes of one kind are carried out.

    ``apply`` does a batch of at most ``batch_size`` changes of one target and gives one result each.
    ``recheck`` reads the resource again and returns how it differs from what was planned, or ``None``;
    ``recheck_batch``, where one call can read many, does so for a batch, one answer each, in order.
    ``read_back`` settles a change whose answer was lost: ``APPLIED``, ``FAILED`` or ``UNKNOWN``.
    ``is_idempotent``: applied twice it has the effect of once, ``read_back`` sees that it was applied, and
    nothing of it is on this machine alone; only such kinds go to other machines.
    """

    name: str
    apply: ApplyBatch
    recheck: Callable[[Change, AwsClientProvider], str | None]
    read_back: Callable[[Change, AwsClientProvider], ResultStatus]
    batch_size: int = 1
    recheck_batch: Callable[[Sequence[Change], AwsClientProvider], Sequence[str | None]] | None = None
    is_idempotent: bool = False


CHANGE_KINDS: dict[str, ChangeKind] = {}


def register(kind: ChangeKind) -> ChangeKind:
    """Make a kind known by its name, ``service.verb``, where ``service`` is a package beside this module."""
    if kind.name in CHANGE_KINDS:
        raise ValueError(f"change kind {kind.name} is registered twice")
    CHANGE_KINDS[kind.name] = kind
    return kind


def change_kind(name: str) -> ChangeKind:
    """Return a kind by name, importing the module that registers it if need be; unknown: ``KeyError``."""
    if name not in CHANGE_KINDS:
        home = f"aws_operations.{name.partition('.')[0]}.changes"
        try:
            import_module(home)
        except ModuleNotFoundError as error:
            if not home.startswith(error.name or "?"):
                raise
    return CHANGE_KINDS[name]


def each_alone(apply_one: Callable[[Change, AwsClientProvider], None]) -> ApplyBatch:
    """Make an ``apply`` out of a function that carries out one change or raises."""

    def apply(batch: Sequence[Change], aws_provider: AwsClientProvider) -> Iterator[ChangeResult]:
        for change in batch:
            try:
                apply_one(change, aws_provider)
            except (AwsInteractionError, ClientError, BotoCoreError) as error:
                yield result_of_error(change, error)
            else:
                yield ChangeResult(change, ResultStatus.APPLIED)

    return apply


def result_of_error(change: Change, error: Exception) -> ChangeResult:
    """Return the result of a change that raised: unknown if its answer was lost, else failed."""
    if not is_answer_lost(error):
        return ChangeResult(change, ResultStatus.FAILED, error)
    return ChangeResult(change, ResultStatus.UNKNOWN, _of_kind(AnswerLost, str(error), change, error))


def is_answer_lost(error: Exception) -> bool:
    """Say whether a request that ended with this error may have been carried out."""
    if isinstance(error, AnswerLost):
        return True
    response = getattr(error, "response", None) or getattr(error.__cause__, "response", None)
    metadata = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    return metadata.get("HTTPStatusCode") in BROKE_DOWN_STATUSES


def _of_kind(
    kind: type[AwsInteractionError], message: str, change: Change, error: Exception
) -> AwsInteractionError:
    made = kind(message, resource=getattr(error, "resource", None) or change.resource)
    made.__cause__ = error.__cause__ or error
    return made


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
        error = _of_kind(Unavailable, message, change, error)
    return ChangeResult(change, ResultStatus.FAILED, error)


def _drifted(change: Change, drift: str) -> ChangeResult:
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
        error = _of_kind(Unavailable, message, result.change, error)
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
