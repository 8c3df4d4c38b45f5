"""What the S3 modules share in reading answers."""

from collections.abc import Mapping
from typing import Any


def bare_etag(answer: Mapping[str, Any]) -> str:
    """Return an answer's ETag without its quotes, ``""`` if it has none."""
    return str(answer.get("ETag", "")).strip('"')
