"""AWS's documentation, which is HTML, as text that is safe inside a docstring."""

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from html.parser import HTMLParser

_SKIPPED = frozenset({"script", "style", "note", "important"})
_BREAKS = frozenset({"p", "li", "ul", "ol", "dl", "dt", "dd", "br", "div", "table", "tr", "h1", "h2", "h3"})
# Linters take these for other characters than they are.
_ASCII = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u00d7": "x",
        "\u2192": "->",
        "\u00a9": "(c)",
        "\u00ae": "(R)",
    }
)
_ABBREVIATIONS = ("e.g.", "i.e.", "etc.", "vs.", "approx.", "incl.", "no.", "a.m.", "p.m.")
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*(?=\s+[\"'(\[]?[A-Z0-9])")
# The list that such a sentence leads to is not taken over, or the sentence is of use to AWS alone.
_SAYS_NOTHING = re.compile(
    r"\bfollowing( [\w-]+){0,3}\s*[.:]?$|^(Reserved( parameter)?|Error code \d+|Required|Optional"
    r"|This (field|member|parameter|value) is (optional|required|reserved))[.:]?$",
    re.IGNORECASE,
)
_OF_ONE_PAGE = re.compile(r"\b(maximum of|up to|at most) [\d,]+\b", re.IGNORECASE)
LONGEST_TEXT = 600


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._skipped_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - theirs
        if tag in _SKIPPED:
            self._skipped_depth += 1
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipped_depth = max(0, self._skipped_depth - 1)
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipped_depth:
            self.parts.append(re.sub(r"\s+", " ", data))


def first_sentences(html: str, count: int = 2) -> str:
    """Return the first sentences of the first paragraph as plain ASCII text, or an empty text.

    It ends in a full stop, has no line breaks, and holds nothing that would end a docstring. Sentences that
    only announce a list, or say nothing, are left out.
    """
    paragraph = _first_paragraph(html)
    if not paragraph:
        return ""
    sentences = [each for each in _sentences(paragraph) if not _SAYS_NOTHING.search(each)]
    if not sentences:
        return ""
    text = " ".join(sentences[:count])
    if len(text) > LONGEST_TEXT:
        text = textwrap.shorten(sentences[0], LONGEST_TEXT, placeholder=" ...")
    text = text.rstrip(" :;,")
    return text if text.endswith((".", "!", "?")) else f"{text}."


def without_page_limits(text: str) -> str:
    """Return sentences without those on how much one answer holds: for whom reads all answers."""
    return " ".join(each for each in _sentences(text) if not _OF_ONE_PAGE.search(each))


def docstring(
    summary: str, paragraphs: Sequence[str | tuple[str, ...]], *, indent: int, width: int = 110
) -> str:
    """Return the source of a docstring, its lines indented, without a line break at its end.

    ``summary`` is one line that ends in a full stop. A paragraph is a text to wrap, or lines that are
    already; empty ones are left out.
    """
    margin = " " * indent
    blocks = [summary]
    blocks += [wrapped for text in paragraphs if (wrapped := _wrapped(text, width - indent))]
    text = "\n\n".join(blocks).replace('"""', "'''")
    opening = 'r"""' if "\\" in text else '"""'
    if "\n" not in text and not text.endswith('"'):
        return f'{margin}{opening}{text}"""'
    lines = [f"{margin}{line}" if line else "" for line in text.splitlines()]
    lines[0] = f"{margin}{opening}{text.splitlines()[0]}"
    return "\n".join([*lines, f'{margin}"""'])


def summary_or(text: str, otherwise: str, *, longest: int) -> tuple[str, str]:
    """Return a summary line and the text below it: the first sentence where it fits on one line."""
    sentences = list(_sentences(text))
    if (
        sentences
        and len(sentences[0]) <= longest
        and sentences[0].endswith(".")
        and sentences[0][0] not in "\"'"
    ):
        return sentences[0], " ".join(sentences[1:])
    return otherwise, text


def _first_paragraph(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    for line in "".join(parser.parts).split("\n"):
        text = _plain(line)
        if re.search(r"[A-Za-z0-9]", text):
            return text
    return ""


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.translate(_ASCII)).encode("ascii", "ignore").decode()
    text = "".join(character for character in text if character.isprintable())
    return re.sub(r"\s+", " ", text).strip()


def _sentences(text: str) -> list[str]:
    found: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        sentence = text[start : match.end()].strip()
        if not sentence.endswith(_ABBREVIATIONS):
            found.append(sentence)
            start = match.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def _wrapped(text: str | tuple[str, ...], width: int) -> str:
    if isinstance(text, tuple):
        return "\n".join(text)
    return textwrap.fill(text, width, break_long_words=True, break_on_hyphens=False)
