"""Holds the changes of a plan against what is protected, before any of them is made."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aws_operations.changes import Change, Effect
from aws_operations.endpoint_checks import foreign_endpoints
from aws_operations.fleet import DEFAULT_WORKERS, run_work
from aws_operations.guards import ChangesRefused
from aws_operations.plan_spool import PlanSpool
from aws_operations.protection import (
    Guard,
    Place,
    Protection,
    Refusal,
    list_against_deleting,
    protecting_account,
    protecting_name,
    why_no_deletion,
    why_region_is_protected,
)
from aws_operations.resource_names import bucket_in, is_alias
from aws_operations.run_control import RunControl
from aws_operations.share_checks import SharesOfPlaces
from aws_operations.tag_questions import UNREADABLE, TagQuestions, in_words
from aws_operations.targets import Target

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

MOST_SHOWN = 20
_MOST_REMEMBERED = 10_000
_FINAL = "a change that overwrites, destroys or is final"


def check_guards(
    protection: Protection,
    changes: PlanSpool | Iterable[Change],
    reader_for: "Callable[[Target], AwsClientProvider]",
    *,
    workers: int = DEFAULT_WORKERS,
    control: RunControl | None = None,
) -> None:
    """Raise ``ChangesRefused`` if any change that is to be made must not be; nothing is written.

    ``reader_for`` gives read-only providers, which are asked only what a guard has to know: the tags of what
    carries them, whose bucket it is (HeadBucket), how many things there are. A guard that cannot get its
    answer refuses. What is nothing to do is passed over. Raises ``RunStopped`` when ``control`` is stopped
    before all is known.
    """
    if not isinstance(changes, PlanSpool):
        with PlanSpool() as spool:
            spool.add(changes)
            check_guards(protection, spool, reader_for, workers=workers, control=control)
        return
    total = changes.pending
    if not total:
        return
    control = control or RunControl()
    found = _Found()
    for refusal in _of_all(protection, changes, total, reader_for):
        found.add(refusal)
    if protection.looks_at_each_change:
        _look_at_each(protection, changes, reader_for, found, workers, control)
    if found.refusals:
        raise ChangesRefused(found.refusals, found.counts, total, protection)


@dataclass(slots=True)
class _Found:
    """The first refusals, and how many changes each guard refuses."""

    refusals: list[Refusal] = field(default_factory=list)
    counts: Counter[Guard] = field(default_factory=Counter)

    def add(self, refusal: Refusal) -> None:
        self.counts[refusal.guard] += refusal.count
        if len(self.refusals) < MOST_SHOWN:
            self.refusals.append(refusal)

    def take(self, _target: Target, refusal: object) -> None:
        """Add what comes as a row of a target."""
        if isinstance(refusal, Refusal):
            self.add(refusal)


def _of_all(
    protection: Protection,
    spool: PlanSpool,
    total: int,
    reader_for: "Callable[[Target], AwsClientProvider]",
) -> Iterator[Refusal]:
    """Yield the refusals that need no look at single changes."""
    if protection.max_changes is not None and total > protection.max_changes:
        first = next(change for change in spool if not change.is_noop)
        reason = f"{total} changes are more than {protection.max_changes}"
        yield Refusal.of(Guard.MAX_CHANGES, first, reason, total)
    if protection.own_endpoints_only and spool.needing_consent:
        for target, count, reason in foreign_endpoints(spool, reader_for):
            yield Refusal(Guard.ENDPOINTS, target, _FINAL, reason, count)


def _look_at_each(
    protection: Protection,
    spool: PlanSpool,
    reader_for: "Callable[[Target], AwsClientProvider]",
    found: _Found,
    workers: int,
    control: RunControl,
) -> None:
    shares = None if protection.max_share is None else SharesOfPlaces(protection.max_share)

    def look_in(target: Target) -> Iterator[Refusal]:
        check = _TargetCheck(protection, target, reader_for, control, shares)
        return check.refusals(spool.changes_in(target))

    def in_each(work: Callable[[Target], Iterator[Refusal]], targets: Sequence[Target]) -> None:
        looked_at = 0
        for outcome in run_work(work, targets, found.take, workers=workers, in_order=True, control=control):
            looked_at += 1
            if outcome.error is not None:
                reason = f"the guards cannot be evaluated: {in_words(outcome.error)}"
                found.add(Refusal(_first_of(protection), outcome.target, "all changes", reason))
        if looked_at < len(targets):
            control.check()
            message = "the guards were not evaluated in every target"
            raise RuntimeError(message)

    in_each(look_in, spool.targets())
    if shares is not None:
        counted = shares
        in_each(lambda target: counted.refusals(target, reader_for), counted.targets)


def _first_of(protection: Protection) -> Guard:
    by_guard = {
        Guard.ACCOUNTS: protection.accounts,
        Guard.REGIONS: protection.regions,
        Guard.NAMES: protection.names,
        Guard.TAGS: protection.tags,
        Guard.DELETE_ONLY_IN: protection.delete_only_in,
    }
    return next((guard for guard, wanted in by_guard.items() if wanted), Guard.MAX_CHANGES)


class _TargetCheck:
    """Looks at the changes of one target, in memory that does not grow with them."""

    def __init__(
        self,
        protection: Protection,
        target: Target,
        reader_for: "Callable[[Target], AwsClientProvider]",
        control: RunControl,
        shares: SharesOfPlaces | None,
    ) -> None:
        self._control = control
        self._protection = protection
        self._target = target
        self._reader_for = reader_for
        self._lazy_reader: AwsClientProvider | None = None
        self._region_of_bucket: dict[str, str | Refusal | None] = {}
        self._shares = shares
        self._tags = TagQuestions(protection, self._reader)

    def _reader(self) -> "AwsClientProvider":
        if self._lazy_reader is None:
            self._lazy_reader = self._reader_for(self._target)
        return self._lazy_reader

    def refusals(self, changes: Iterable[Change]) -> Iterator[Refusal]:
        """Yield what speaks against the changes, in their order but for what is asked of many at once."""
        for change in changes:
            self._control.check()
            if change.is_noop:
                continue
            yield from self._by_place(change)
            yield from self._by_name_and_tags(change)
            uncounted = self._shares.add(change) if self._shares is not None else None
            if uncounted is not None:
                yield uncounted
        yield from self._tags.rest()

    def _by_name_and_tags(self, change: Change) -> Iterator[Refusal]:
        protection = self._protection
        if (protection.names or protection.tags) and is_alias(bucket_in(change.resource) or ""):
            # S3 tells neither the name nor the tags of the bucket to who calls it so.
            guard = Guard.NAMES if protection.names else Guard.TAGS
            reason = "an alias of an access point does not tell whose objects these are"
            yield Refusal.of(guard, change, f"{reason}: name the bucket")
            return
        pattern = protecting_name(protection, change)
        if pattern is not None:
            yield Refusal.of(Guard.NAMES, change, f"its name is protected by {pattern!r}")
        yield from self._tags.ask(change)

    def _by_place(self, change: Change) -> Iterator[Refusal]:
        protection = self._protection
        is_deletion_held = bool(protection.delete_only_in) and change.effect is Effect.DESTROY
        if not (protection.accounts or protection.regions or is_deletion_held):
            return
        found = self._bucket_region(change)
        if isinstance(found, Refusal):
            yield found
            return
        place = Place.of(change, *([found] if found else []))
        if (protection.accounts or is_deletion_held) and change.target.aws_account is None:
            guard = Guard.ACCOUNTS if protection.accounts else Guard.DELETE_ONLY_IN
            yield Refusal.of(guard, change, "it is not known in which account this is")
            return
        account = protecting_account(protection, place)
        if account is not None:
            yield Refusal.of(Guard.ACCOUNTS, change, f"account {account} is protected")
        region = why_region_is_protected(protection, place)
        if region is not None:
            yield Refusal.of(Guard.REGIONS, change, region)
        allowed = list_against_deleting(protection, change, place)
        if allowed is not None:
            yield Refusal.of(Guard.DELETE_ONLY_IN, change, why_no_deletion(allowed, place))

    def _bucket_region(self, change: Change) -> str | Refusal | None:
        """Return the region that a bucket is in, which its ARN does not say, or why it cannot be known."""
        bucket = bucket_in(change.resource)
        if bucket is None:
            return None
        if bucket not in self._region_of_bucket:
            if len(self._region_of_bucket) >= _MOST_REMEMBERED:
                self._region_of_bucket.clear()
            self._region_of_bucket[bucket] = self._look_at_bucket(bucket, change)
        found = self._region_of_bucket[bucket]
        return Refusal.of(found.guard, change, found.reason) if isinstance(found, Refusal) else found

    def _look_at_bucket(self, bucket: str, change: Change) -> str | Refusal | None:
        # Loaded here: it is nothing to the other services.
        from aws_interactions.s3_interactions import BucketStatus, look_at_bucket

        protection = self._protection
        by_region = Guard.REGIONS if protection.regions else Guard.DELETE_ONLY_IN
        guard = Guard.ACCOUNTS if protection.accounts else by_region
        try:
            seen = look_at_bucket(bucket, self._reader(), expected_owner=change.target.aws_account)
        except UNREADABLE as error:
            return Refusal.of(guard, change, f"it cannot be told where the bucket is: {in_words(error)}")
        if seen.status is BucketStatus.EXISTS_NO_ACCESS:
            return Refusal.of(
                guard,
                change,
                f"it cannot be told whose the bucket is: S3 denies that it is account "
                f"{change.target.aws_account}'s, or the look at it (s3:ListBucket)",
            )
        needs_region = protection.regions or protection.delete_only_in
        if needs_region and seen.region is None and seen.status is BucketStatus.EXISTS_HAVE_ACCESS:
            return Refusal.of(by_region, change, "S3 does not tell in which region the bucket is")
        return seen.region
