"""Draws curves side by side over their figures: SVG text, no library, for light and dark pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10
from xml.sax.saxutils import escape

_PANEL_WIDTH, _PANEL_HEIGHT = 400, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 28, 44, 44
_LINE_HEIGHT = 17
_MARGIN = 14
_STYLE = """
.ground { fill: #ffffff } .name { fill: #1f2328; font: 600 14px system-ui, sans-serif }
.mark { fill: #59636e; font: 12px system-ui, sans-serif } .grid { stroke: #d8dee4; stroke-width: 1 }
.curve { fill: none; stroke: #0969da; stroke-width: 2; stroke-linejoin: round } .point { fill: #0969da }
.value { fill: #1f2328; font: 12px system-ui, sans-serif }
.figure { fill: #1f2328; font: 12px ui-monospace, monospace; white-space: pre }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117 } .name, .value, .figure { fill: #e6edf3 } .mark { fill: #9198a1 }
.grid { stroke: #30363d } .curve { stroke: #4493f8 } .point { fill: #4493f8 } }
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One curve: what its name is, the unit of its values, and its points."""

    name: str
    unit: str
    points: Sequence[tuple[float, float]]


def draw(panels: Sequence[Panel], figures: Sequence[str]) -> str:
    """Return the SVG of the panels, from left to right, over the lines of figures."""
    width = _PANEL_WIDTH * len(panels)
    height = _PANEL_HEIGHT + _LINE_HEIGHT * len(figures) + 2 * _MARGIN
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        "<title>What a fleet costs as it grows</title>",
        f"<desc>{escape(chr(10).join(figures))}</desc>",
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{width}" height="{height}"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({number * _PANEL_WIDTH} 0)">', *_panel(panel), "</g>"]
    for number, line in enumerate(figures):
        y = _PANEL_HEIGHT + _MARGIN + _LINE_HEIGHT * (number + 1)
        parts.append(f'<text class="figure" x="{_LEFT}" y="{y}" xml:space="preserve">{escape(line)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> list[str]:
    most_x = max(x for x, _ in panel.points)
    marks = _marks(max(y for _, y in panel.points))
    most_y = marks[-1]

    def place(x: float, y: float) -> tuple[float, float]:
        across = _PANEL_WIDTH - _LEFT - _RIGHT
        down = _PANEL_HEIGHT - _TOP - _BOTTOM
        return round(_LEFT + across * x / most_x, 1), round(_TOP + down * (1 - y / most_y), 1)

    parts = [f'<text class="name" x="{_LEFT}" y="24">{escape(panel.name)}</text>']
    for mark in marks:
        x, y = place(0, mark)
        parts.append(f'<path class="grid" d="M{x} {y}H{_PANEL_WIDTH - _RIGHT}"/>')
        parts.append(f'<text class="mark" x="{x - 8}" y="{y + 4}" text-anchor="end">{mark:g}</text>')
    for mark in _marks(most_x):
        x, y = place(mark, 0)
        parts.append(f'<text class="mark" x="{x}" y="{y + 18}" text-anchor="middle">{mark:g}</text>')
    x, y = place(most_x / 2, 0)
    parts.append(f'<text class="mark" x="{x}" y="{y + 36}" text-anchor="middle">targets</text>')
    places = [place(*point) for point in panel.points]
    parts.append(f'<path class="curve" d="M{" L".join(f"{x} {y}" for x, y in places)}"/>')
    parts += [f'<circle class="point" cx="{x}" cy="{y}" r="4"/>' for x, y in places]
    x, y = places[-1]
    last = f"{panel.points[-1][1]:.0f} {panel.unit}"
    parts.append(f'<text class="value" x="{x}" y="{y - 10}" text-anchor="end">{escape(last)}</text>')
    return parts


def _marks(most: float) -> list[float]:
    """Return round values from 0 to the first that is not below the greatest."""
    rough = most / 4
    magnitude = 10.0 ** int(log10(rough)) if rough >= 1 else 10.0 ** -ceil(-log10(rough))
    step = next(magnitude * factor for factor in (1, 2, 2.5, 5, 10) if magnitude * factor >= rough)
    return [step * number for number in range(ceil(most / step) + 1)]
