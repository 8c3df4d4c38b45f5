"""Asks the tags that protect things, many at once and each as good as once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions.aws_errors import AwsInteractionError
from aws_operations.changes import Change, TagReading, change_kind
from aws_operations.protection import Guard, Protection, Refusal, is_like, protecting_name, protecting_tag
from aws_operations.resource_names import KNOWN_BY_TAG, service_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_interactions.aws_client_provider import AwsClientProvider

_OWNERS_A_CALL = 100
_MOST_REMEMBERED = 10_000
_NAME = "Name"
UNREADABLE = (AwsInteractionError, ClientError, BotoCoreError)
"""What AWS, or the way to it, may answer in place of what a guard has to know."""

_Against = tuple[Guard, str]


@dataclass(slots=True)
class _Waiting:
    """The changes about what one owner's tags protect, before these are known."""

    first: Change
    count: int = 0


class TagQuestions:
    """Asks for the tags of what the changes of one target are about, as far as guards have to know them.

    At most a hundred owners of tags wait to be asked for, and what some thousands said is remembered.
    """

    def __init__(self, protection: Protection, reader: "Callable[[], AwsClientProvider]") -> None:
        self._protection = protection
        self._reader = reader
        self._known: dict[tuple[TagReading, str], _Against | None] = {}
        self._waiting: dict[TagReading, dict[str, _Waiting]] = {}

    def ask(self, change: Change) -> Iterator[Refusal]:
        """Yield what is known against a change, or against those before it that are known by now."""
        guard = self._needed_for(change)
        if guard is None:
            return
        reading = change_kind(change.kind).tags
        if reading is None:
            yield Refusal.of(guard, change, f"the tags of what {change.kind} changes cannot be read")
            return
        try:
            owner = reading.owner(change)
        except UNREADABLE as error:
            yield Refusal.of(guard, change, in_words(error))
            return
        if owner is None:
            return
        if (reading, owner) in self._known:
            against = self._known[reading, owner]
            if against is not None:
                yield Refusal.of(against[0], change, against[1])
            return
        waiting = self._waiting.setdefault(reading, {})
        waiting.setdefault(owner, _Waiting(change)).count += 1
        if len(waiting) >= _OWNERS_A_CALL:
            yield from self._read(reading)

    def rest(self) -> Iterator[Refusal]:
        """Yield what is against the changes that still wait."""
        for reading in list(self._waiting):
            yield from self._read(reading)

    def _needed_for(self, change: Change) -> Guard | None:
        if self._protection.tags:
            return Guard.TAGS
        is_named_by_tag = service_in(change.resource) in {None, *KNOWN_BY_TAG}
        has_tags = change_kind(change.kind).tags is not None
        return Guard.NAMES if self._protection.names and is_named_by_tag and has_tags else None

    def _read(self, reading: TagReading) -> Iterator[Refusal]:
        waiting = self._waiting.pop(reading)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        owners = list(waiting)
        try:
            tags_by_owner = reading.read(owners, self._reader())
        except UNREADABLE as error:
            guard = Guard.TAGS if self._protection.tags else Guard.NAMES
            unreadable = (guard, f"its tags cannot be read: {in_words(error)}")
            found: dict[str, _Against | None] = dict.fromkeys(owners, unreadable)
        else:
            found = {
                owner: self._against(tags_by_owner.get(owner, {}), waiting[owner].first) for owner in owners
            }
        for owner, against in found.items():
            self._known[reading, owner] = against
            if against is not None:
                yield Refusal.of(against[0], waiting[owner].first, against[1], waiting[owner].count)

    def _against(self, tags: "Mapping[str, str]", change: Change) -> _Against | None:
        tag = protecting_tag(self._protection, tags)
        if tag is not None:
            return Guard.TAGS, f"it is protected by the tag {tag!r}"
        is_named_by_tag = _NAME in tags and service_in(change.resource) in {None, *KNOWN_BY_TAG}
        if not is_named_by_tag or protecting_name(self._protection, change) is not None:
            return None
        # Its name may be another by now than the one that was planned with it.
        pattern = next((each for each in self._protection.names if is_like(tags[_NAME], each)), None)
        return (Guard.NAMES, f"its name {tags[_NAME]!r} is protected by {pattern!r}") if pattern else None


def in_words(error: Exception) -> str:
    """Return an error in one line."""
    return " ".join(str(error).split()) or type(error).__name__
