"""How EC2 is asked for what there is: filters, ids in pieces, pages."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from aws_interactions.calls import pages_of

MAX_FILTER_VALUES = 200
_PAGE_SIZE = 500
WILDCARDS = str.maketrans(dict.fromkeys("*?\\", "?"))
"""Characters of a value that EC2 may take for wildcards, each made the wildcard for one character."""

WantedTags = Mapping[str, str | Collection[str]]
"""Tags that a thing must all have, each with exactly this value, or one of these."""

Filters = Mapping[str, str | Collection[str] | None]
"""Values that will do, by the name of EC2's filter; ``None``: not asked for."""


def described(
    client: Any,
    operation: str,
    member: str,
    filters: Filters,
    *,
    tags: WantedTags | None = None,
    ids: tuple[str, Collection[str] | None] = ("", None),
) -> Iterator[Any]:
    """Yield what a Describe operation has under ``member``, page by page, as AWS gives it.

    ``tags`` let through what has them, and perhaps a little more: see ``has_tags``. ``ids`` are the name
    of a filter and what to ask it for, so that a thing which is gone is left out instead of failing all;
    no ids at all give nothing, ``None`` is not asked for.
    """
    asked = [
        _filter(name, value) for name, value in {**filters, **_tag_filters(tags)}.items() if value is not None
    ]
    for piece in _pieces(*ids):
        given = [*asked, *piece]
        for page in pages_of(
            client,
            operation,
            PaginationConfig={"PageSize": _PAGE_SIZE},
            **({"Filters": given} if given else {}),
        ):
            yield from page.get(member, [])


def has_tags(found: Mapping[str, Any], tags: WantedTags | None, tag_member: str = "Tags") -> bool:
    """Say whether what AWS gave has all of the tags, each with exactly one of the values."""
    if not tags:
        return True
    # Not all that speak EC2's protocol send the element of an empty value.
    there = {tag["Key"]: tag.get("Value", "") for tag in found.get(tag_member, [])}
    return all(key in there and there[key] in _values(wanted) for key, wanted in tags.items())


def _tag_filters(tags: WantedTags | None) -> dict[str, list[str]]:
    """Return filters for tags, in whose values EC2 takes ``*`` and ``?`` for wildcards.

    They, and the backslash, become the wildcard for one character; ``has_tags`` takes out what only looks
    alike.
    """
    return {
        f"tag:{key}": sorted({value.translate(WILDCARDS) for value in _values(wanted)})
        for key, wanted in (tags or {}).items()
    }


def _values(wanted: str | Collection[str]) -> Collection[str]:
    return (wanted,) if isinstance(wanted, str) else wanted


def _filter(name: str, value: str | Collection[str]) -> dict[str, Any]:
    return {"Name": name, "Values": [value] if isinstance(value, str) else list(value)}


def _pieces(name: str, ids: Collection[str] | None) -> Iterator[list[dict[str, Any]]]:
    if ids is None:
        yield []
        return
    every = list(dict.fromkeys(ids))
    for start in range(0, len(every), MAX_FILTER_VALUES):
        yield [_filter(name, every[start : start + MAX_FILTER_VALUES])]
