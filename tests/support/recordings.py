"""Recordings of calls that nobody made."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_MOMENT = "2026-01-01T00:00:00+00:00"


def call_line(
    service: str,
    operation: str,
    parameters: Mapping[str, Any],
    *,
    resources: Sequence[str],
    identity: str = "the default credentials",
    account: str | None = "123456789012",
    region: str = "eu-west-1",
    outcome: str = "ok",
    status: int = 200,
    code: str | None = None,
) -> dict[str, Any]:
    """Return what the line of a call says."""
    return {
        "record": "call",
        "at": _MOMENT,
        "service": service,
        "operation": operation,
        "account": account,
        "region": region,
        "identity": identity,
        "resources": list(resources),
        "parameters": dict(parameters),
        "request_id": "request",
        "attempts": 1,
        "seconds": 0.01,
        "outcome": outcome,
        "code": code,
        "status": status,
    }


def write_recording(path: Path, *lines: Mapping[str, Any]) -> None:
    """Write a recording of one run with these calls, in the place of what was there."""
    run = {"record": "run", "format": 1, "program": "a test", "arguments": [], "began": _MOMENT}
    path.write_text("".join(f"{json.dumps(line)}\n" for line in (run, *lines)), encoding="utf-8")
