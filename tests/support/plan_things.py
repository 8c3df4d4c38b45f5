"""Plans that the program saved, and plans that say something else than the program would."""

import json
import subprocess
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aws_operations.journal import RunSummary
from aws_operations.plan_file import PlanHeader, open_plan, write_plan
from tests.support.journal_things import journal_of
from tests.support.program import run_program

ACCOUNTS = "123456789012,111122223333,444455556666"
EVERYWHERE = ["--accounts", ACCOUNTS, "--regions", "us-east-1,eu-west-1", "--role-name", "operator"]

Environment = Mapping[str, str]


def new_buckets() -> str:
    """Return a template for buckets that are nowhere yet."""
    return f"p{uuid.uuid4().hex[:10]}-{{account}}-{{region}}"


def saved(
    path: Path, environment: Environment, *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command with ``--plan-out`` and return its end."""
    place = {} if cwd is None else {"cwd": cwd}
    return run_program([*arguments, "--plan-out", str(path)], environment, **place)  # type: ignore[arg-type]


def changed_header(path: Path, change: Callable[[PlanHeader], PlanHeader]) -> Path:
    """Write the plan again with another header, as whoever made it could have, and return where."""
    other = path.with_name(f"other-{path.name}")
    with open_plan(path) as plan:
        write_plan(other, plan, change(plan.header))
    return other


def header_of(path: Path) -> dict[str, Any]:
    """Return the first line of a plan."""
    with path.open(encoding="utf-8") as file:
        header: dict[str, Any] = json.loads(file.readline())
    return header


def runs_of(environment: Environment) -> list[RunSummary]:
    """Return the runs in the journal of an environment."""
    with journal_of(environment) as journal:
        return journal.runs()
