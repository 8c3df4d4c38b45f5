"""Notices what of a selection came to nothing: a misspelt name beside a good one would vanish in silence."""

from collections.abc import Collection, Iterable, Iterator

from aws_operations.selection import ALL_REGIONS, Selection, is_pattern, matches

_WHAT_OF = {
    "ous": "holds no account",
    "profiles": "matches no configured profile",
    "regions": "matches no enabled region",
    "exclude_accounts": "excludes nothing",
    "exclude_ous": "excludes nothing",
    "exclude_profiles": "excludes nothing",
    "exclude_regions": "excludes nothing",
}


class SelectionUse:
    """What of a selection came to something, noted while its targets are looked up; for all threads."""

    def __init__(self) -> None:
        self._looked_up: set[str] = set()
        self._used: set[tuple[str, str]] = set()

    def note_matches(self, field: str, items: Iterable[str], names: Collection[str]) -> None:
        """Note which names and patterns of a field of the selection match one of the names there are."""
        self._looked_up.add(field)
        for item in items:
            if (field, item) not in self._used and any(matches(name, (item,)) for name in names):
                self._used.add((field, item))

    def note(self, field: str, item: str, *, is_used: bool) -> None:
        """Note whether one item of a field came to something."""
        self._looked_up.add(field)
        if is_used:
            self._used.add((field, item))

    def unused(self, selection: Selection) -> list[str]:
        """Return a line for each item that came to nothing; of what nobody looked up, none.

        A region that was named is for AWS to judge, and is not among them.
        """
        return [
            f"{field.replace('_', '-')}: {item} {what}"
            for field, what in _WHAT_OF.items()
            if field in self._looked_up
            for item in dict.fromkeys(getattr(selection, field))
            if (field, item) not in self._used and _may_match(field, item)
        ]


def doubts(selection: Selection, use: SelectionUse) -> list[str]:
    """Return a line for each part of a selection that came to nothing, and for what may be a misspelling.

    A region that botocore does not know may be new, and is only doubted.
    """
    return [*use.unused(selection), *_unknown_regions(selection)]


def _unknown_regions(selection: Selection) -> Iterator[str]:
    named = [
        name for name in dict.fromkeys(selection.regions) if name != ALL_REGIONS and not is_pattern(name)
    ]
    if not named:
        return
    # Loaded here: only those who name regions need it.
    from difflib import get_close_matches

    from aws_interactions.known_regions import known_regions

    for region in named:
        if region not in known_regions():
            near = get_close_matches(region, sorted(known_regions()), n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            yield f"regions: {region} is a new region, or none: it is not on botocore's list{meant}"


def _may_match(field: str, item: str) -> bool:
    return item != ALL_REGIONS and (field != "regions" or is_pattern(item))
