"""How counts and names are said."""

from collections.abc import Sequence

_MOST_NAMES = 20


def counted(count: int, thing: str) -> str:
    """Return ``1 change`` or ``2 changes``."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def named(names: Sequence[str]) -> str:
    """Return names on one line: the first twenty, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
