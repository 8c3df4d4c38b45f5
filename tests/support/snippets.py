"""Fenced blocks of Markdown pages, and whether those said to be taken from a file stand in it."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OPENING = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
FROM = re.compile(r"^ *<!-- from: (?P<path>.+?) -->$")
LINK = re.compile(r"\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^(?P<level>#{1,6}) +(?P<text>.+?) *#*$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its dedented text, the line of its fence, what else the fence says."""

    language: str
    text: str
    line: int
    info: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading outside fenced blocks, and the anchor that GitHub and the site give it."""

    level: int
    text: str
    line: int
    anchor: str


def fenced_blocks(path: Path) -> list[Block]:
    """Give the fenced blocks of a page in order; `source` is the file a `from:` comment above names.

    A fence that is never closed is an AssertionError: everything below it would pass unread.
    """
    blocks: list[Block] = []
    for first, lines in _fences(path):
        opening = OPENING.match(lines[0])
        assert opening is not None
        language, _, info = opening["info"].strip().partition(" ")
        inside = [line.removeprefix(opening["indent"]) for line in lines[1:-1]]
        text = textwrap.dedent("\n".join(inside))
        blocks.append(Block(language, text + "\n", first, info.strip(), _source_above(path, first)))
    return blocks


def prose_lines(path: Path) -> list[tuple[int, str]]:
    """Give the lines of a page outside fenced blocks, each with its number."""
    fenced = {first + offset for first, lines in _fences(path) for offset in range(len(lines))}
    return [(number, line) for number, line in enumerate(_lines(path), 1) if number not in fenced]


def headings(path: Path) -> list[Heading]:
    """Give the headings of a page; a text that comes twice has its second anchor numbered."""
    found: list[Heading] = []
    for number, line in prose_lines(path):
        if heading := HEADING.match(line):
            anchor = _anchor(heading["text"])
            earlier = sum(_anchor(one.text) == anchor for one in found)
            numbered = f"{anchor}-{earlier}" if earlier else anchor
            found.append(Heading(len(heading["level"]), heading["text"], number, numbered))
    return found


def wrong_snippets(path: Path, root: Path) -> list[str]:
    """Say of each snippet with a `from:` comment what keeps it from standing in its file; none: all do."""
    return [
        f"{path}:{block.line}: {wrong}"
        for block in fenced_blocks(path)
        if block.source is not None and (wrong := _wrong(block, root))
    ] + _comments_without_block(path)


def broken_links(path: Path) -> list[str]:
    """Say of each link to a file or a heading that it leads nowhere; addresses of the web are not asked."""
    broken: list[str] = []
    for number, line in prose_lines(path):
        for link in LINK.finditer(re.sub(r"`[^`]*`", "", line)):
            target, _, anchor = link["target"].partition("#")
            if not re.match(r"[a-z]+:", link["target"]) and not _leads_somewhere(path, target, anchor):
                broken.append(f"{path}:{number}: {link['target']}")
    return broken


def stands_in(snippet: str, source: str) -> bool:
    """Tell whether the snippet's lines stand in the source together and in order, at any depth."""
    wanted = textwrap.dedent(snippet).strip("\n").split("\n")
    lines = source.split("\n")
    return any(
        textwrap.dedent("\n".join(lines[start : start + len(wanted)])).split("\n") == wanted
        for start in range(len(lines) - len(wanted) + 1)
    )


def _wrong(block: Block, root: Path) -> str:
    named = (root / str(block.source)).resolve()
    if not named.is_relative_to(root.resolve()) or not named.is_file():
        return f"there is no file {block.source}"
    if not block.text.strip():
        return f"nothing is shown of {block.source}"
    if not stands_in(block.text, named.read_text(encoding="utf-8")):
        return f"this does not stand in {block.source}"
    return ""


def _comments_without_block(path: Path) -> list[str]:
    openings = {block.line for block in fenced_blocks(path)}
    lines = _lines(path)
    return [
        f"{path}:{number}: no snippet follows"
        for number, line in prose_lines(path)
        if FROM.match(line) and not openings & {number + 1, number + 2 if _is_blank(lines, number) else 0}
    ]


def _is_blank(lines: list[str], index: int) -> bool:
    return index < len(lines) and not lines[index].strip()


def _source_above(path: Path, first: int) -> str | None:
    above = _lines(path)[: first - 1]
    if above and not above[-1].strip():
        above = above[:-1]
    comment = FROM.match(above[-1]) if above else None
    return comment["path"] if comment else None


def _fences(path: Path) -> Iterator[tuple[int, list[str]]]:
    first, fence = 0, ""
    lines = _lines(path)
    for number, line in enumerate(lines, 1):
        if not fence:
            if opening := OPENING.match(line):
                first, fence = number, opening["fence"]
        elif re.fullmatch(rf" *{re.escape(fence)}{re.escape(fence[0])}* *", line):
            yield first, lines[first - 1 : number]
            fence = ""
    assert not fence, f"{path}:{first}: a fence that is never closed"


def _leads_somewhere(path: Path, target: str, anchor: str) -> bool:
    there = (path.parent / target).resolve() if target else path
    if not there.exists():
        return False
    return not anchor or there.suffix != ".md" or anchor in {one.anchor for one in headings(there)}


def _anchor(text: str) -> str:
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")
