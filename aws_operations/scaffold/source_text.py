"""Small pieces of Python source that are safe whatever the text in them is."""

import textwrap
from collections.abc import Sequence

LINE_LENGTH = 110


def quoted(text: str) -> str:
    """Return a string literal in double quotes and ASCII: exact, and without look-alikes in the source."""
    literal = ascii(text)
    if literal[0] == '"':
        return literal
    inside = literal[1:-1].replace("\\'", "'")
    return '"' + inside.replace('"', '\\"') + '"'


def indented(text: str) -> str:
    """Return the text one level deeper."""
    return textwrap.indent(text, "    ")


def listing(names: Sequence[str]) -> str:
    """Return names as a sentence has them: marked as code, with commas and an *and*."""
    *first, last = [f"``{name}``" for name in names]
    return f"{', '.join(first)} and {last}" if first else last


def documented(names: list[tuple[str, str]], *, indent: int) -> tuple[str, ...]:
    """Return the lines of a docstring that say what each name is, for those that have a text."""
    lines: list[str] = []
    for name, text in names:
        if text:
            lines += textwrap.wrap(
                f"``{name}``: {text}",
                LINE_LENGTH - indent,
                subsequent_indent="    ",
                break_on_hyphens=False,
            )
    return tuple(lines)
