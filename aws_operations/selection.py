"""What somebody selects of accounts, profiles and regions; nothing is asked of anybody here."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aws_interactions.aws_errors import InvalidInput
from aws_operations.guards import EmptySelection

ALL_REGIONS = "all"
_WILDCARDS = frozenset("*?[")
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION_OR_PATTERN = re.compile(r"[a-z0-9*?!\[\]-]+")


class _NotSaid(tuple[str, ...]):
    """A tuple that nobody gave, which an empty one that somebody gave is not."""

    __slots__ = ()


NOT_SAID: tuple[str, ...] = _NotSaid()


@dataclass(frozen=True, slots=True)
class Selection:
    """What an operator selects, as typed; what is left out says nothing, and never means all.

    ``ous`` are paths or ids and mean all accounts below. ``profiles`` and ``regions`` may be patterns
    (``prod-*``, ``eu-*``), and regions ``all``: those that the account has enabled. Accounts of all three
    kinds add up; what is excluded goes off the sum. Without accounts and profiles it is one's own account.

    Raises ``EmptySelection`` for accounts, units, profiles or regions that are given but none, and
    ``InvalidInput`` for text in place of a tuple, for what is no account id or region, for profiles beside
    accounts, and for exclusions without anything that they could go off.
    """

    accounts: tuple[str, ...] = NOT_SAID
    ous: tuple[str, ...] = NOT_SAID
    all_accounts: bool = False
    profiles: tuple[str, ...] = NOT_SAID
    regions: tuple[str, ...] = NOT_SAID
    exclude_accounts: tuple[str, ...] = NOT_SAID
    exclude_ous: tuple[str, ...] = NOT_SAID
    exclude_profiles: tuple[str, ...] = NOT_SAID
    exclude_regions: tuple[str, ...] = NOT_SAID

    def __post_init__(self) -> None:
        """Refuse what would select something else than was meant."""
        for name in ("accounts", "ous", "profiles", "regions"):
            self._keep_as_tuple(name)
            self._keep_as_tuple(f"exclude_{name}")
            if not getattr(self, name) and not isinstance(getattr(self, name), _NotSaid):
                raise EmptySelection(f"{name} is given but empty")
        for name in ("accounts", "exclude_accounts"):
            _refuse_unlike(name, getattr(self, name), _ACCOUNT, "an account id (12 digits)")
        for name in ("regions", "exclude_regions"):
            _refuse_unlike(name, getattr(self, name), _REGION_OR_PATTERN, "a region, a pattern (eu-*) or all")
        if self.profiles and self.enters_accounts:
            raise InvalidInput(
                "profiles and accounts exclude each other: one's own role or that of a profile"
            )
        if (self.exclude_accounts or self.exclude_ous) and not self.enters_accounts:
            raise InvalidInput("exclude_accounts and exclude_ous need accounts to go off")
        if self.exclude_profiles and not self.profiles:
            raise InvalidInput("exclude_profiles needs profiles to go off")

    def _keep_as_tuple(self, name: str) -> None:
        given = getattr(self, name)
        if isinstance(given, str | bytes) or not (given is None or isinstance(given, Collection)):
            raise InvalidInput(f"{name} is to be a tuple of texts, not {given!r}")
        items = NOT_SAID if given is None or isinstance(given, _NotSaid) else tuple(given)
        if not all(isinstance(item, str) and item.strip() for item in items):
            raise InvalidInput(f"{name} has an item that is empty or no text: {given!r}")
        object.__setattr__(self, name, items)

    @property
    def enters_accounts(self) -> bool:
        """Whether it selects accounts, to be entered through a role."""
        return bool(self.accounts or self.ous or self.all_accounts)

    @property
    def needs_enabled_regions(self) -> bool:
        """Whether only the accounts can say which regions these are."""
        return any(is_pattern(region) or region == ALL_REGIONS for region in self.regions)

    def leaves_out(self, region: str) -> bool:
        """Say whether a region is excluded: by name, by a pattern or with ``all``."""
        return ALL_REGIONS in self.exclude_regions or matches(region, self.exclude_regions)


def is_pattern(name: str) -> bool:
    """Say whether a name has wildcards (``*``, ``?``, ``[...]``) in it."""
    return not _WILDCARDS.isdisjoint(name)


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Say whether a name is one of some names, or matches one of some patterns."""
    return any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)


def _refuse_unlike(field: str, items: Iterable[str], form: re.Pattern[str], what: str) -> None:
    for item in items:
        if not form.fullmatch(item):
            raise InvalidInput(f"{field}: {item!r} is not {what}")
