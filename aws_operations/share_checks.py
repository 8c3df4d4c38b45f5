"""Which share of the things in a place a plan changes: of a bucket's objects, a table's items, all hosts."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from aws_operations.changes import Change, Effect, change_kind
from aws_operations.protection import Guard, Refusal
from aws_operations.tag_questions import UNREADABLE, in_words
from aws_operations.targets import Target

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider


@dataclass(slots=True)
class _Share:
    """The changes that count together in one place, whichever targets they are of."""

    first: Change
    count: int = 0


class SharesOfPlaces:
    """Counts the changes of a plan place by place, then the things that are there; for all threads.

    Making new things changes none of those that are there.
    """

    def __init__(self, max_share: float) -> None:
        # Exact, so that ten of a hundred are no more than 10%; options tell a hundredth of a percent.
        self._max_share = Fraction(max_share).limit_denominator(1_000_000)
        self._lock = threading.Lock()
        self._shares: dict[str, _Share] = {}
        self._shares_by_target: dict[Target, list[_Share]] = {}

    def add(self, change: Change) -> Refusal | None:
        """Count a change; one of which it cannot be told with which others it counts is refused."""
        if change.effect is Effect.CREATE:
            return None
        census = change_kind(change.kind).census
        if census is None:
            return Refusal.of(Guard.MAX_CHANGES, change, f"nothing counts what {change.kind} changes")
        try:
            place = census.place(change)
        except UNREADABLE as error:
            return Refusal.of(Guard.MAX_CHANGES, change, in_words(error))
        with self._lock:
            share = self._shares.get(place)
            if share is None:
                share = self._shares[place] = _Share(change)
                self._shares_by_target.setdefault(change.target, []).append(share)
            share.count += 1
        return None

    @property
    def targets(self) -> Sequence[Target]:
        """The targets in which there is something to count."""
        return list(self._shares_by_target)

    def refusals(
        self, target: Target, reader_for: "Callable[[Target], AwsClientProvider]"
    ) -> Iterator[Refusal]:
        """Count the things in the places of a target, no further than needed, and yield what is too much."""
        for share in self._shares_by_target.get(target, []):
            reason = self._against(share, reader_for)
            if reason is not None:
                yield Refusal.of(Guard.MAX_CHANGES, share.first, reason, share.count)

    def _against(self, share: _Share, reader_for: "Callable[[Target], AwsClientProvider]") -> str | None:
        census = change_kind(share.first.kind).census
        if census is None:
            return f"nothing counts what {share.first.kind} changes"
        needed = ceil(share.count / self._max_share)
        try:
            there = census.count(share.first, reader_for(share.first.target), needed)
        except UNREADABLE as error:
            return f"it cannot be told how many there are: {in_words(error)}"
        if there >= needed:
            return None
        return f"{share.count} of {there} is more than {float(self._max_share * 100):g}% of what is there"
