"""Changes: what a write would do, said before it is done.

A planner reads and yields ``Change``s. A ``ChangeKind``, registered once, knows how to carry them out, and
``applying.apply_changes`` does so for any mixture of them. Dry-run, confirmation, plan files, guards, the
journal and undo act on changes, so that no command has any of that for itself.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import lru_cache
from importlib import import_module
from operator import attrgetter
from typing import Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import (
    BROKE_DOWN_STATUSES,
    AnswerLost,
    AwsInteractionError,
)
from aws_operations.targets import Target

JsonObject = dict[str, Any]

NOT_KEPT: JsonObject = {"kept": False}
"""What stands in the journal for a ``before`` that was struck out."""

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
    when the change is applied, as its kind understands it; ``"keep_before": false`` in it has the journal
    strike ``before`` out once the change is applied. ``payload_ref`` names what is too large or too secret
    for a plan: a local path, never the content.
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
    # Not for the constructor, so that a change made from another one does not take over its id.
    _known_id: str | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def id(self) -> str:
        """The same change always has the same id, so that one planned twice is one."""
        return self._known_id or id_of_json(self.to_json())

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

    @property
    def keeps_before(self) -> bool:
        """Whether ``before`` stays in the journal once the change is applied; else it is struck out there."""
        return (self.precondition or {}).get("keep_before") is not False

    def without_before(self) -> Self:
        """Return the change with ``before`` struck out; the journal keeps it so, under the id that it had."""
        return replace(self, before=dict(NOT_KEPT))

    def to_json(self) -> str:
        """Return the change as one line of JSON with sorted keys."""
        values = dict(zip(_CHANGE_FIELDS, _values_of(self), strict=True))
        values["target"] = _target_values(self.target)
        return _ENCODER.encode(values)

    @classmethod
    def from_json(cls, text: str, known_id: str | None = None) -> Self:
        """Return the change that ``to_json`` wrote; ``known_id`` is that of the text, if it is known."""
        values = json.loads(text)
        values["target"] = _target_of(**values["target"])
        values["effect"] = Effect(values["effect"])
        values["reversibility"] = Reversibility(values["reversibility"])
        values["iam_actions"] = tuple(values["iam_actions"])
        change = cls(**values)
        object.__setattr__(change, "_known_id", known_id)
        return change


# Thousands of changes have one target.
_target_of = lru_cache(maxsize=1024)(Target)


def _target_values(target: Target) -> dict[str, str | None]:
    values = {"aws_region": target.aws_region, "aws_account": target.aws_account}
    return values if target.aws_profile is None else {**values, "aws_profile": target.aws_profile}


_CHANGE_FIELDS = tuple(each.name for each in fields(Change) if each.init)
_values_of = attrgetter(*_CHANGE_FIELDS)


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


class CannotUndo(AwsInteractionError):
    """A change cannot be taken back: it has drifted since, or what it took away is nowhere kept."""


DONE_ALREADY: Final = "it is so already"

ApplyBatch = Callable[[Sequence[Change], AwsClientProvider], Iterable[ChangeResult]]
Invert = Callable[[Change, AwsClientProvider], Iterable[Change]]
InvertBatch = Callable[[Sequence[Change], AwsClientProvider], Sequence[Sequence[Change] | CannotUndo]]


@dataclass(frozen=True, slots=True)
class TagReading:
    """Where the tags are that protect what a change is about.

    ``owner`` is the ARN of what carries them (the bucket of an object, the table of an item), ``None`` for
    what is not there yet. ``read`` returns the tags of owners, at most 100 at once, by ARN; one that is gone
    has none.
    """

    owner: Callable[[Change], str | None]
    read: Callable[[Sequence[str], AwsClientProvider], Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Census:
    """How many things there are of which a change is about one.

    ``place`` is where they are (a bucket, a table, an account's region): changes of one place count
    together. ``count`` counts the things in the place of a change, and may stop at ``at_most`` of them.
    """

    place: Callable[[Change], str]
    count: Callable[[Change, AwsClientProvider, int], int]


@dataclass(frozen=True, slots=True)
class ChangeKind:
    """How changes of one kind are carried out, and what else can be asked of them.

    ``apply`` does a batch of at most ``batch_size`` changes of one target and gives one result each.
    ``recheck`` reads the resource again and returns how it differs from what was planned, or ``None``, or
    ``DONE_ALREADY`` where somebody else has done the very same by now;
    ``recheck_batch``, where one call can read many, does so for a batch, one answer each, in order.
    ``read_back`` settles a change whose answer was lost: ``APPLIED``, ``FAILED`` or ``UNKNOWN``.
    ``is_idempotent``: applied twice it has the effect of once, ``read_back`` sees that it was applied, and
    nothing of it is on this machine alone; only such kinds go to other machines.

    ``iam_actions`` are all that its changes may need, ``reversibility`` all that they may have. ``invert``
    plans, reading only, what takes an applied change back; it raises ``CannotUndo`` where the resource is not
    as the change left it, or what it took away is kept nowhere. Without it, nothing is undone.
    ``invert_batch``, where one call can read many, does so for a batch of one target, one answer each, in
    order: what ``invert`` gives or raises. A resource may be in it twice; all answers are of one look at it.
    ``tags`` and ``census`` are for guards, which refuse where they would have to ask and cannot.
    """

    name: str
    apply: ApplyBatch
    recheck: Callable[[Change, AwsClientProvider], str | None]
    read_back: Callable[[Change, AwsClientProvider], ResultStatus]
    batch_size: int = 1
    recheck_batch: Callable[[Sequence[Change], AwsClientProvider], Sequence[str | None]] | None = None
    is_idempotent: bool = False
    iam_actions: tuple[str, ...] = ()
    reversibility: frozenset[Reversibility] = frozenset()
    invert: Invert | None = None
    invert_batch: InvertBatch | None = None
    tags: TagReading | None = None
    census: Census | None = None


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


def invert_alone(invert_batch: InvertBatch) -> Invert:
    """Make an ``invert`` out of a function that does so for a batch."""

    def invert(change: Change, aws_provider: AwsClientProvider) -> Sequence[Change]:
        [answer] = invert_batch([change], aws_provider)
        if isinstance(answer, CannotUndo):
            raise answer
        return answer

    return invert


def invert_each(
    invert_one: Callable[[Change], Iterable[Change]], batch: Sequence[Change]
) -> list[Sequence[Change] | CannotUndo]:
    """Return what a function gives for each change of a batch, or the ``CannotUndo`` that it raises."""
    answers: list[Sequence[Change] | CannotUndo] = []
    for change in batch:
        try:
            answers.append([*invert_one(change)])
        except CannotUndo as error:
            answers.append(error)
    return answers


def result_of_error(change: Change, error: Exception) -> ChangeResult:
    """Return the result of a change that raised: unknown if its answer was lost, else failed."""
    if not is_answer_lost(error):
        return ChangeResult(change, ResultStatus.FAILED, error)
    return ChangeResult(change, ResultStatus.UNKNOWN, as_kind(AnswerLost, str(error), change, error))


def is_answer_lost(error: Exception) -> bool:
    """Say whether a request that ended with this error may have been carried out."""
    if isinstance(error, AnswerLost):
        return True
    response = getattr(error, "response", None) or getattr(error.__cause__, "response", None)
    metadata = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    return metadata.get("HTTPStatusCode") in BROKE_DOWN_STATUSES


def as_kind(
    kind: type[AwsInteractionError], message: str, change: Change, error: Exception
) -> AwsInteractionError:
    """Return an error of another kind and message about the same change and with the same cause."""
    made = kind(message, resource=getattr(error, "resource", None) or change.resource)
    made.__cause__ = error.__cause__ or error
    return made
