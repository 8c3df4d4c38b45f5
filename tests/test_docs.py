"""What the docs say of the code is so; their lines are run in test_guides and test_front_pages."""

import re
import shlex
import subprocess
import sys

from tests.support.guide_runs import console_steps
from tests.support.program import ROOT
from tests.support.snippets import broken_links, fenced_blocks

CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PYTEST = ".venv/bin/pytest "


def test_WHEN_the_docs_are_checked_THEN_they_agree_with_the_code() -> None:
    done = subprocess.run(
        [sys.executable, "docs/command_reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_WHEN_contributors_run_tests_as_they_are_told_THEN_there_are_such_and_they_pass() -> None:
    blocks = [block for block in fenced_blocks(CONTRIBUTING) if block.language == "console"]
    lines = [step.command for block in blocks for step in console_steps(block, CONTRIBUTING.name)]
    assert len(lines) >= 3
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for line in lines:
        if line.startswith("make "):
            assert set(line.split()[1:]) <= targets
            continue
        assert line.startswith(PYTEST)
        # pytest ends with 5 where nothing was chosen.
        arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", *shlex.split(line.removeprefix(PYTEST))]
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_WHEN_contributors_follow_a_link_THEN_it_leads_somewhere() -> None:
    assert broken_links(CONTRIBUTING) == []
