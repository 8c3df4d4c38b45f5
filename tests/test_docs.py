"""What the docs say of the code is so; their lines are run in test_guides and test_front_pages."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.program import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_WHEN_the_docs_are_checked_THEN_they_agree_with_the_code() -> None:
    done = subprocess.run(
        [sys.executable, "docs/command_reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


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
