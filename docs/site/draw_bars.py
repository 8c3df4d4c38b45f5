"""Draws the bar charts of ``docs/benchmarks.md`` from the tables on that page; with ``--check``, compares.

A table is drawn if a comment stands before it: ``bars: picture, unit, our name, the other's name``.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

DOCS = Path(__file__).parents[1]
PAGE = DOCS / "benchmarks.md"
PICTURES = DOCS / "pictures"
_MARK = re.compile(
    r"<!-- bars: (?P<picture>\S+), (?P<unit>[^,]+), (?P<ours>[^,]+), (?P<theirs>[^,]+) -->\n\n"
)
_ROW = re.compile(r"\| ([^|]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|")
# As wide as the text of a page on a phone; the longest bar leaves room for the words behind it.
_WIDTH, _LEFT, _BARS = 358, 8, 188
_NAME, _BAR, _GAP, _TOP = 20, 16, 10, 56
_STYLE = """
.ground { fill: #ffffff } .name { fill: #1f2328; font: 14px system-ui, sans-serif }
.value { fill: #59636e; font: 14px system-ui, sans-serif } .ours { fill: #0969da } .theirs { fill: #afb8c1 }
@media (prefers-color-scheme: dark) { .ground { fill: #0d1117 } .name { fill: #e6edf3 }
.value { fill: #9198a1 } .ours { fill: #4493f8 } .theirs { fill: #6e7681 } }
"""


@dataclass(frozen=True, slots=True)
class Row:
    """Two bars under one name."""

    name: str
    ours: str
    theirs: str
    ratio: str


def main() -> None:
    """Write the pictures, or say which of them are not what the page says."""
    stale = []
    for picture, svg in charts(PAGE.read_text(encoding="utf-8")).items():
        path = PICTURES / picture
        if "--check" not in sys.argv[1:]:
            path.write_text(svg, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != svg:
            stale.append(picture)
    if stale:
        sys.exit(f"not what docs/benchmarks.md says, run python docs/site/draw_bars.py: {', '.join(stale)}")


def charts(page: str) -> dict[str, str]:
    """Return the SVG of each chart by the name of its picture."""
    drawn = {}
    for mark in _MARK.finditer(page):
        table = page[mark.end() :].partition("\n\n")[0]
        rows = [Row(*found.groups()) for found in _ROW.finditer(table)]
        drawn[mark["picture"]] = _chart(rows, mark["unit"], mark["ours"], mark["theirs"])
    return drawn


def _chart(rows: list[Row], unit: str, ours: str, theirs: str) -> str:
    most = max(float(value) for row in rows for value in (row.ours, row.theirs))
    height = _TOP + len(rows) * (_NAME + 2 * _BAR + _GAP)
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(ours)} and {escape(theirs)}, {escape(unit)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{_WIDTH}" height="{height}"/>',
        _text("name", _LEFT, 20, unit),
        f'<rect class="ours" x="{_LEFT}" y="30" width="12" height="12"/>',
        _text("name", _LEFT + 18, 41, ours),
        '<rect class="theirs" x="188" y="30" width="12" height="12"/>',
        _text("name", 206, 41, theirs),
    ]
    for place, row in enumerate(rows):
        top = _TOP + place * (_NAME + 2 * _BAR + _GAP) + _NAME
        parts.append(_text("name", _LEFT, top - 5, row.name))
        parts += _bar("ours", top, row.ours, most, f"{row.ours} ({row.ratio} of the other)")
        parts += _bar("theirs", top + _BAR, row.theirs, most, row.theirs)
    return "\n".join([*parts, "</svg>", ""])


def _bar(style: str, top: int, value: str, most: float, words: str) -> list[str]:
    width = max(1.0, float(value) / most * _BARS)
    bar = f'<rect class="{style}" x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR - 2}"/>'
    return [bar, _text("value", _LEFT + round(width) + 6, top + _BAR - 4, words)]


def _text(style: str, x: int, y: int, words: str) -> str:
    return f'<text class="{style}" x="{x}" y="{y}">{escape(words)}</text>'


if __name__ == "__main__":
    main()
