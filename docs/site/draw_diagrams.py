"""Draws the Mermaid diagrams of the pages that have no picture yet, and removes pictures of none.

Takes the folder with ``mermaid.min.js``; Chromium runs it. ``make diagrams`` brings both together.
"""

import base64
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import diagrams
from outside_pages import OUTSIDE_PAGES

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / diagrams.PICTURES
_PAGE = """<!doctype html><meta charset="utf-8"><body><script src="{mermaid}"></script><script>
mermaid.initialize({{startOnLoad: false, theme: "neutral", htmlLabels: false,
  fontFamily: "system-ui, sans-serif", flowchart: {{htmlLabels: false, useMaxWidth: false}}}});
(async () => {{
  const drawn = [];
  for (const [place, source] of {sources}.entries()) {{
    const {{svg}} = await mermaid.render("diagram" + place, source);
    const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
    drawn.push(new XMLSerializer().serializeToString(parsed));
  }}
  const bytes = new TextEncoder().encode(JSON.stringify(drawn));
  document.body.textContent = "DRAWN:" + btoa(Array.from(bytes, b => String.fromCharCode(b)).join("")) + ":";
}})();
</script>"""


def main() -> None:
    """Bring the pictures up to date with the pages."""
    texts = [path.read_text(encoding="utf-8") for path in _pages()]
    sources = {diagrams.picture_name(source): source for text in texts for source in diagrams.sources(text)}
    for picture in PICTURES.glob("diagram-*.svg"):
        if picture.name not in sources:
            picture.unlink()
    missing = [name for name in sources if not (PICTURES / name).is_file()]
    drawn = _draw([sources[name] for name in missing], Path(sys.argv[1])) if missing else []
    for name, svg in zip(missing, drawn, strict=True):
        (PICTURES / name).write_text(svg + "\n", encoding="utf-8")
        print(f"drew {name}")


def _pages() -> list[Path]:
    outside = [ROOT / path for path in OUTSIDE_PAGES]
    return [path for path in [*outside, *sorted((ROOT / "docs").rglob("*.md"))] if path.is_file()]


def _draw(sources: list[str], mermaid: Path) -> list[str]:
    script = (mermaid / "mermaid.min.js").resolve().as_uri()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(_PAGE.format(mermaid=script, sources=json.dumps(sources)), encoding="utf-8")
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        own = [f"--user-data-dir={folder}/profile", "--virtual-time-budget=20000", "--dump-dom"]
        command = ["chromium", *flags, *own, page.as_uri()]
        dom = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    found = re.search(r"DRAWN:([A-Za-z0-9+/=]+):", dom)
    if found is None:
        sys.exit("Chromium drew nothing; is there a mistake in a diagram?")
    drawn: list[str] = json.loads(base64.b64decode(found[1]))
    return drawn


if __name__ == "__main__":
    main()
