"""The guide to safe changes works as it stands: its lines in order, its snippets after them."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_operations.sandbox import control
from tests.support.program import ROOT, run_program
from tests.support.sandbox_fixtures import clean_environment

GUIDE = (ROOT / "docs" / "safe_changes.md").read_text(encoding="utf-8")
LINES = re.findall(r"^\$ (manage-resources .+)$", GUIDE, re.MULTILINE)
REPLAYING, SCRIPT = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[tuple[dict[str, str], str]]:
    """Run a fresh sandbox; gives an environment that finds it, and its endpoint."""
    state_dir = tmp_path / "state" / "manage-resources" / "sandbox"
    control.up(state_dir)
    yield clean_environment(tmp_path), control.sandbox_provider_settings(state_dir)[0]
    control.down(state_dir)


def test_WHEN_the_lines_of_the_guide_are_run_in_order_THEN_each_ends_as_it_says(
    sandbox: tuple[dict[str, str], str], tmp_path: Path
) -> None:
    environment, endpoint = sandbox
    (tmp_path / "key.txt").write_text("a-new-key", encoding="utf-8")
    for line in LINES:
        said = re.search(r"# exit (\d)", line)
        done = run_program(shlex.split(line, comments=True)[1:], environment, cwd=tmp_path)
        assert done.returncode == (int(said[1]) if said else 0), f"{line}: {done.stderr}"

    (tmp_path / "test_replaying.py").write_text(REPLAYING, encoding="utf-8")
    replayed = run_python(["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_replaying.py"], tmp_path, {})
    assert "2 passed" in replayed
    keys = {"AWS_ACCESS_KEY_ID": "sandbox-home", "AWS_SECRET_ACCESS_KEY": "sandbox-home-secret"}
    started = run_python(["-c", SCRIPT], tmp_path, {**environment, **keys, "AWS_ENDPOINT_URL": endpoint})
    assert [line.split()[1] for line in started.splitlines()] == ["applied", "applied"]


def run_python(arguments: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
