"""Mermaid diagrams as pictures: a page shows the drawing that ``make diagrams`` kept, and loads no script."""

import hashlib
import logging
import re
from pathlib import Path

PICTURES = "pictures"
# A strict build fails at warnings of loggers of this family alone.
_LOG = logging.getLogger("mkdocs.hooks.diagrams")
_DIAGRAM = re.compile(r"^```mermaid\n(?P<source>.*?)^```\n", re.DOTALL | re.MULTILINE)


def sources(markdown: str) -> list[str]:
    """Return the diagrams of a text, as Mermaid reads them."""
    return [found["source"] for found in _DIAGRAM.finditer(markdown)]


def picture_name(source: str) -> str:
    """Return the file name of a diagram's picture, which changes with the diagram."""
    return f"diagram-{hashlib.sha256(source.encode()).hexdigest()[:12]}.svg"


def with_pictures(markdown: str, up: str, docs: Path) -> str:
    """Return the text with a picture in place of each diagram; ``up`` leads from the page to the site's root.

    A diagram that was not drawn since it was last changed is a warning, and stays as it is.
    """

    def picture(found: re.Match[str]) -> str:
        name = picture_name(found["source"])
        if not (docs / PICTURES / name).is_file():
            _LOG.warning("A diagram was never drawn, run: make diagrams\n%s", found["source"])
            return found[0]
        words = " ".join(found["source"].split()).translate({ord(mark): None for mark in '"[]()<>|'})
        return f"![{words}]({up}{PICTURES}/{name}){{ .diagram }}\n"

    return _DIAGRAM.sub(picture, markdown)
