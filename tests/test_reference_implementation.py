"""The reference implementation on its own: a copy of the folder, somewhere else, passes its own tests."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sandbox_fixtures import clean_environment

FOLDER = Path(__file__).parent.parent / "reference_implementation"
OURS = {"aws_interactions", "aws_operations", "commands", "manage_resources"}
SOURCES = sorted(FOLDER.rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(FOLDER))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_WHEN_the_reference_imports_THEN_nothing_of_the_rest_of_the_repository(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.partition(".")[0] for name in names} & OURS


def test_WHEN_the_reference_is_copied_THEN_its_tests_pass_where_it_is_now(tmp_path: Path) -> None:
    copy = tmp_path / "copied"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        check=False,
        cwd=copy,
        env=clean_environment(tmp_path / "home"),
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stdout[-5000:] + run.stderr
    assert " passed" in run.stdout
