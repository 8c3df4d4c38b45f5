"""The page about models, its snippets as one script, and the worked example, each on an empty AWS.

The page starts a sandbox, as the tutorial does whose test runs that; here moto's server stands for it.
"""

import os
import subprocess
import sys

import pytest

from tests.support.guide_runs import console_steps, is_as_shown
from tests.support.program import ROOT
from tests.support.snippets import broken_links, fenced_blocks, wrong_snippets

PAGE = ROOT / "docs" / "single_table.md"
EXAMPLE = "examples/single_table/users.py"


@pytest.fixture
def variables(moto_endpoint: str) -> dict[str, str]:
    """Give the environment of somebody who has set what ``sandbox env`` prints."""
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": moto_endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-west-1",
        "PYTHONPATH": str(ROOT),
    }


def run(arguments: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_WHEN_the_snippets_of_the_page_are_run_in_order_THEN_all_is_as_they_say(
    variables: dict[str, str],
) -> None:
    blocks = [block for block in fenced_blocks(PAGE) if block.language == "python" and block.source is None]
    assert len(blocks) >= 6
    # One line of the script for each of the page's, so that a failure names the page's line.
    script = ""
    for block in blocks:
        script += "\n" * (block.line - script.count("\n")) + block.text
    done = run(["-c", script], variables)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_WHEN_the_worked_example_is_run_THEN_it_prints_what_the_page_shows(variables: dict[str, str]) -> None:
    [block] = [block for block in fenced_blocks(PAGE) if block.language == "console"]
    up, env, example = console_steps(block, PAGE.name)
    assert [up.command, env.command] == [
        "manage-resources sandbox up",
        'eval "$(manage-resources sandbox env)"',
    ]
    assert example.command == f"python {EXAMPLE}"
    done = run([EXAMPLE], variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert is_as_shown(example.shown, done.stdout)


def test_WHEN_the_page_quotes_or_links_THEN_what_is_there() -> None:
    assert wrong_snippets(PAGE, ROOT) + broken_links(PAGE) == []
    assert f"({EXAMPLE.removeprefix('examples/')})" in (ROOT / "examples/README.md").read_text(
        encoding="utf-8"
    )
