"""What the guides show works as it stands there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.program import ROOT, run_program

README = (ROOT / "README.md").read_text(encoding="utf-8")
FLEETS = (ROOT / "docs" / "fleets.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
ON_SANDBOX = sorted(
    {
        line.strip().removeprefix("$ ")
        for line in (README + FLEETS).splitlines()
        if line.startswith("$ manage-resources --sandbox")
    }
)


def test_WHEN_the_docs_are_checked_THEN_they_agree_with_the_code() -> None:
    done = subprocess.run(
        [sys.executable, "docs/command_reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", ON_SANDBOX)
def test_WHEN_a_line_of_the_guides_is_run_on_the_sandbox_THEN_it_works(
    line: str, sandbox_environment: dict[str, str], tmp_path: Path
) -> None:
    done = run_program(shlex.split(line, comments=True)[1:], sandbox_environment, cwd=tmp_path)
    # Destroying asks, and here nobody can be asked.
    assert done.returncode == (6 if " destroy " in line else 0), done.stderr


@pytest.mark.parametrize("snippet", PYTHON, ids=range(len(PYTHON)))
def test_WHEN_a_snippet_of_the_readme_is_run_THEN_it_works(
    snippet: str, moto_endpoint: str, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile hub]\naws_access_key_id = testing\naws_secret_access_key = testing\n", encoding="utf-8"
    )
    environment = {
        **os.environ,
        "AWS_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL": moto_endpoint,
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", snippet], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
