"""The errors of many targets, of which those that say the same are told a few times only."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aws_operations.targets import Target
from commands.console import Console
from commands.wording import counted

_MOST_ALIKE = 5
_REQUEST = re.compile(r"request [\w-]+")


@dataclass(slots=True)
class _Alike:
    count: int = 0
    last: str = ""


@contextmanager
def told_a_few_times(console: Console) -> Iterator[Callable[[str, Target], None]]:
    """Give what reports the line of an error in a target, at once.

    Of lines that differ in nothing but their place and request, five are reported as they come; of the rest
    the last one, at the end, which says in how many more targets it is so.
    """
    kinds: dict[str, _Alike] = {}

    def tell(line: str, target: Target) -> None:
        kind = kinds.setdefault(_without_place(line, target), _Alike())
        kind.count += 1
        kind.last = line
        if kind.count <= _MOST_ALIKE:
            console.error(line)

    try:
        yield tell
    finally:
        for kind in kinds.values():
            if kind.count > _MOST_ALIKE:
                console.error(kind.last + _and_so(kind.count - _MOST_ALIKE - 1))


def _and_so(more: int) -> str:
    return f"; and so in {counted(more, 'more target')}" if more else ""


def _without_place(line: str, target: Target) -> str:
    text = _REQUEST.sub("", line)
    for part in (target.aws_account, target.aws_region, target.aws_profile):
        if part:
            text = text.replace(part, "")
    return text
