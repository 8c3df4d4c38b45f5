"""Changes to journal that no AWS is needed for, and programs that journal until they are killed."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from aws_operations.changes import Change, ChangeResult, Effect, ResultStatus, Reversibility
from aws_operations.journal import Journal, RunRecord, RunToBegin
from aws_operations.targets import Target
from tests.support.program import ROOT

HOME = Target("us-east-1", "123456789012")
ABROAD = Target("eu-west-1", "111122223333")


def journal_of(environment: Mapping[str, str]) -> Journal:
    """Return the journal that the program keeps in an environment."""
    return Journal(Path(environment["XDG_STATE_HOME"]) / "manage-resources" / "journal.sqlite3")


def a_change(number: int, target: Target = HOME) -> Change:
    return Change(
        kind="s3.set_tags",
        target=target,
        resource=f"arn:aws:s3:::bucket-{number}",
        effect=Effect.UPDATE,
        before={"tags": {"team": "old"}},
        after={"tags": {"team": "new"}},
        iam_actions=("s3:PutBucketTagging",),
        reversibility=Reversibility.REVERSIBLE,
    )


def some_changes(count: int) -> Iterator[Change]:
    return (a_change(number) for number in range(count))


def applied(change: Change) -> ChangeResult:
    return ChangeResult(change, ResultStatus.APPLIED)


def begun(
    journal: Journal, *, is_writing: bool = True, arguments: tuple[str, ...] = ("s3", "ls")
) -> RunRecord:
    return journal.begin(
        RunToBegin(arguments, "/somewhere", {"regions": ["us-east-1"]}, "123456789012", is_writing)
    )


def start_script(lines: str, path: Path) -> subprocess.Popen[str]:
    """Start a process that runs the lines with ``path``, ``journal`` and this module's names."""
    head = (
        "import sys, os, signal, resource\n"
        "from pathlib import Path\n"
        "from aws_operations.journal import *\n"
        "from tests.support.journal_things import *\n"
        "path = Path(sys.argv[1])\n"
        "journal = Journal(path, busy_seconds=20)\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", head + lines, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_script(lines: str, path: Path) -> tuple[int, str]:
    """Run the lines to their end; returns the exit code and what was printed, errors included."""
    process = start_script(lines, path)
    shown, errors = process.communicate(timeout=30)
    return process.returncode, shown + errors
