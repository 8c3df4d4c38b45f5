"""The reference implementation on its own: a copy of the folder works as its guide says."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sandbox_fixtures import clean_environment
from tests.support.snippets import fenced_blocks, wrong_snippets

FOLDER = Path(__file__).parent.parent / "reference_implementation"
GUIDE = FOLDER / "README.md"
BIN = Path(sys.executable).parent
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


def test_WHEN_the_guide_is_followed_THEN_the_copy_passes_its_tests_and_its_command_answers(
    tmp_path: Path,
) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(FOLDER, tmp_path / FOLDER.name, ignore=ignored)
    (console,) = [block.text for block in fenced_blocks(GUIDE) if block.language == "console"]
    commands, shown = told_apart(console)

    run = subprocess.run(
        ["bash", "-e", "-c", "\n".join(commands)],
        check=False,
        cwd=tmp_path,
        env={**clean_environment(tmp_path / "home"), "PATH": f"{BIN}:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    assert run.returncode == 0, run.stdout[-5000:]
    assert " passed" in run.stdout
    assert run.stdout.splitlines()[-len(shown) :] == shown


def test_WHEN_the_guide_shows_python_THEN_all_of_it_is_quoted_from_a_file() -> None:
    python = [block for block in fenced_blocks(GUIDE) if block.language != "console"]

    assert python
    assert all(block.source for block in python)
    assert not wrong_snippets(GUIDE, GUIDE.parent.parent)


def test_WHEN_a_pitfall_is_shown_THEN_wrong_then_right_and_the_check_that_the_tests_run_is_named() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    section = guide.partition("\n## Five pitfalls\n")[2].partition("\n## ")[0]
    tested = (FOLDER / "tests" / "test_pitfalls.py").read_text(encoding="utf-8")

    pitfalls = section.split("\n### ")[1:]
    named = [re.findall(r"Caught by `(\w+)`", pitfall) for pitfall in pitfalls]

    assert len(pitfalls) == 5
    for pitfall, checks in zip(pitfalls, named, strict=True):
        assert re.search(r"\nWrong.*\nRight", pitfall, re.DOTALL)
        (check,) = checks
        assert f"    {check}: (" in tested


def told_apart(console: str) -> tuple[list[str], list[str]]:
    """Return the commands of a console block, and the lines that the last ones are shown to print."""
    lines = console.splitlines()
    commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return commands, [line for line in lines if not line.startswith("$ ")]
