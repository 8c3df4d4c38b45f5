"""What to say of a word that is no command: a swallowed value, missing commas, another tool's word."""

import re
from collections.abc import Collection

import click

from commands.options import OPTION_BY_NAME, Takes, typed_values
from commands.registry import WORDS_OF_OTHER_TOOLS

_LIST_ITEMS = (
    ("accounts", re.compile(r"[0-9]{12}")),
    ("regions", re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")),
)


def mistyped(ctx: click.Context, word: str, group: str, names: Collection[str]) -> click.UsageError:
    """Return the error for a word after a group; ``names`` are the commands that there are.

    ``group`` is the group's words below the program, nothing for the program itself.
    """
    found = _missing_commas(ctx, word) or _swallowed(ctx, names) or _word_of_other_tools(group, word)
    if found:
        return click.UsageError(f"No such command {word!r}. {found}", ctx)
    return click.NoSuchCommand(word, possibilities=names, ctx=ctx)


def _missing_commas(ctx: click.Context, word: str) -> str | None:
    typed = typed_values(ctx)
    for name, pattern in _LIST_ITEMS:
        if name in typed and pattern.fullmatch(word):
            items = ",".join((*typed[name], word))
            return f"Separate {name} by commas, without blanks: --{name} {items}"
    return None


def _swallowed(ctx: click.Context, names: Collection[str]) -> str | None:
    """Say which option took the name of a command for its value."""
    for name, value in typed_values(ctx).items():
        option = OPTION_BY_NAME[name]
        if option.takes in (Takes.FLAG, Takes.COUNT):
            continue
        for taken in (value,) if isinstance(value, str) else value:
            if taken in names:
                return f"{option.flag} took {taken!r} for its value: is the value of {option.flag} missing?"
    return None


def _word_of_other_tools(group: str, word: str) -> str | None:
    meant = WORDS_OF_OTHER_TOOLS.get(f"{group} {word}".strip())
    return f"Did you mean {' or '.join(repr(words) for words in meant)}?" if meant else None
