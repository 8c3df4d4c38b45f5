"""What is protected from changes, as whoever protects it says."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import translate
from functools import lru_cache

from aws_operations.changes import Change, Effect
from aws_operations.resource_names import account_in, names_of, region_in
from aws_operations.targets import Target

_ACCOUNT = re.compile(r"[0-9]{12}")
_EVERY_REGION = "all"


class Guard(StrEnum):
    """What may refuse changes; all but the last are options by that name."""

    ACCOUNTS = "protect-accounts"
    REGIONS = "protect-regions"
    TAGS = "protect-tags"
    NAMES = "protect-names"
    DELETE_ONLY_IN = "delete-only-in"
    MAX_CHANGES = "max-changes"
    ENDPOINTS = "endpoints"


@dataclass(frozen=True, slots=True)
class Protection:
    """Where and what must not be changed; the default protects nothing.

    ``accounts`` are ids, ``regions`` names or patterns (``eu-*``, ``all``), ``names`` patterns of what a
    resource is called, ``tags`` a ``KEY`` or ``KEY=VALUE`` with patterns. Patterns are a shell's; capitals
    make no difference. Each list in ``delete_only_in`` must allow a deletion on its own: of accounts and
    regions in one list, both must fit. ``max_changes`` is how many changes may be made, ``max_share`` which
    part (of 1) of the things there are, place by place; making new things is no part of those.
    ``own_endpoints_only``: what overwrites, destroys or is final goes to AWS or to this machine alone.
    ``origins`` says where each guard was set, of endpoints what may say where calls go.
    """

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    delete_only_in: tuple[tuple[str, ...], ...] = ()
    max_changes: int | None = None
    max_share: float | None = None
    own_endpoints_only: bool = False
    origins: Mapping[Guard, tuple[str, ...]] = field(default_factory=dict)

    @property
    def looks_at_places(self) -> bool:
        """Whether it matters in which account and region a resource really is."""
        return bool(self.accounts or self.regions or self.delete_only_in)

    @property
    def looks_at_each_change(self) -> bool:
        """Whether it is not enough to know how many changes there are of which kind."""
        return bool(self.looks_at_places or self.tags or self.names or self.max_share is not None)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a change, and ``count - 1`` others of the same target for the same reason, must not be made."""

    guard: Guard
    target: Target
    what: str
    reason: str
    count: int = 1

    def __str__(self) -> str:
        others = f" (and {self.count - 1} more)" if self.count > 1 else ""
        return f"{self.what}{others} in {self.target}: {self.reason}"

    @classmethod
    def of(cls, guard: Guard, change: Change, reason: str, count: int = 1) -> "Refusal":
        """Return the refusal of a change."""
        what = f"{change.effect.value} {change.kind} {change.resource}"
        return cls(guard, change.target, what, reason, count)


@dataclass(frozen=True, slots=True)
class Place:
    """Every account and region that a change may be in: its target's, its ARN's, what AWS says."""

    accounts: tuple[str, ...]
    regions: tuple[str, ...]

    @classmethod
    def of(cls, change: Change, *more_regions: str) -> "Place":
        """Return where a change is, by its target and the ARN of its resource, and what else is known."""
        accounts = (change.target.aws_account, account_in(change.resource))
        regions = (change.target.aws_region, region_in(change.resource), *more_regions)
        return cls(_each_once(accounts), _each_once(regions))


def words_of(guard: Guard, protection: Protection) -> str:
    """Return what to call a guard in a message, and where it was set, where that is known."""
    if guard is Guard.ENDPOINTS:
        return "the check of endpoints"
    origins = [origin for origin in protection.origins.get(guard, ()) if origin != f"--{guard}"]
    return f"--{guard}" + (f" (set in {', '.join(origins)})" if origins else "")


def _each_once(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def protecting_account(protection: Protection, place: Place) -> str | None:
    """Return which protected account a place is in, ``None`` if it is in none."""
    return next((account for account in place.accounts if account in protection.accounts), None)


def why_region_is_protected(protection: Protection, place: Place) -> str | None:
    """Return a sentence on which of a place's regions are protected by which pattern, ``None`` for none."""
    for pattern in protection.regions:
        hit = [region for region in place.regions if pattern == _EVERY_REGION or is_like(region, pattern)]
        if hit or pattern == _EVERY_REGION:
            are = "are" if len(hit) > 1 else "is"
            return f"{' and '.join(hit) or 'every region'} {are} protected by {pattern!r}"
    return None


def protecting_name(protection: Protection, change: Change) -> str | None:
    """Return the pattern by which the name of what a change is about is protected, ``None`` if it is not.

    An ARN as a whole is compared with patterns of ARNs only.
    """
    names = names_of(change)
    for pattern in protection.names:
        asked = (*names, change.resource) if pattern.lower().startswith("arn:") else names
        if any(is_like(name, pattern) for name in asked):
            return pattern
    return None


def protecting_tag(protection: Protection, tags: Mapping[str, str]) -> str | None:
    """Return the ``KEY`` or ``KEY=VALUE`` that protects what has these tags, ``None`` if none does."""
    for pattern in protection.tags:
        for key, value in tags.items():
            # A key may have an equals sign in it, so the pattern is held against both readings.
            if is_like(key, pattern) or ("=" in pattern and is_like(f"{key}={value}", pattern)):
                return pattern
    return None


def list_against_deleting(protection: Protection, change: Change, place: Place) -> tuple[str, ...] | None:
    """Return the first list that does not allow a deletion there; ``None`` if all do, or it is none."""
    if change.effect is not Effect.DESTROY:
        return None
    return next((each for each in protection.delete_only_in if not _allows(each, place)), None)


def _allows(allowed: tuple[str, ...], place: Place) -> bool:
    if not allowed or not place.accounts:
        return False
    accounts, regions = _accounts_and_regions(allowed)
    return _are_accounts_fine(accounts, place) and _are_regions_fine(regions, place)


def why_no_deletion(allowed: tuple[str, ...], place: Place) -> str:
    """Say where such a list allows deletions, and which part of this place is not there."""
    accounts, regions = _accounts_and_regions(allowed)
    where = [_alternatives("account", accounts), _alternatives("region", regions)]
    elsewhere = [] if _are_accounts_fine(accounts, place) else [f"account {' and '.join(place.accounts)}"]
    elsewhere += [] if _are_regions_fine(regions, place) else [" and ".join(place.regions)]
    only = " and ".join(filter(None, where)) or "no place"
    here = " and ".join(elsewhere or (*place.accounts, *place.regions))
    return f"deletion is allowed only in {only}, and this is in {here}"


def _alternatives(what: str, names: list[str]) -> str:
    return f"{what} {' or '.join(names)}" if names else ""


def _accounts_and_regions(allowed: tuple[str, ...]) -> tuple[list[str], list[str]]:
    accounts = [item for item in allowed if _ACCOUNT.fullmatch(item)]
    return accounts, [item for item in allowed if item not in accounts]


def _are_accounts_fine(accounts: list[str], place: Place) -> bool:
    return not accounts or all(account in accounts for account in place.accounts)


def _are_regions_fine(regions: list[str], place: Place) -> bool:
    return not regions or all(
        any(is_like(region, pattern) for pattern in regions) for region in place.regions
    )


def is_like(text: str, pattern: str) -> bool:
    """Say whether a text is like a shell's pattern, capitals or not; line ends are characters like others."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern), re.IGNORECASE)
