"""The consoles of the README that every new project starts with, run as its reader would."""

import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path

from aws_operations.scaffold.files import write_folder
from aws_operations.scaffold.project_template import project_files
from tests.support.guide_runs import console_steps, run_steps
from tests.support.snippets import fenced_blocks

# Python's own, with what these tests are run with in place of what a network would bring.
ENVIRONMENT_COMMAND = "python3 -m venv .venv"
# Half a minute together; the tests of a project with ten services run these, with more to look at.
RUN_ELSEWHERE = {".venv/bin/pytest", ".venv/bin/mypy"}
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def make_environment(folder: Path) -> None:
    """Make a virtual environment that has the packages of this one, and its pip and ruff."""
    venv.create(folder, symlinks=True)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "tests.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    pip = folder / "bin" / "pip"
    pip.write_text(f'#!/bin/sh\nexec {folder}/bin/python -m pip "$@"\n', encoding="utf-8")
    pip.chmod(0o755)
    (folder / "bin" / "ruff").symlink_to(Path(sysconfig.get_path("scripts"), "ruff"))


def test_WHEN_the_commands_of_a_new_projects_readme_are_typed_THEN_all_of_them_work(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    write_folder(project, project_files("project"))
    readme = project / "README.md"
    consoles = [block for block in fenced_blocks(readme) if block.language == "console"]
    steps = [step for console in consoles for step in console_steps(console, readme.name)]
    done_otherwise = RUN_ELSEWHERE | {ENVIRONMENT_COMMAND}
    assert {step.command for step in steps} >= done_otherwise
    make_environment(project / ".venv")
    steps = [step for step in steps if step.command not in done_otherwise]
    assert run_steps(steps, {**environment, **OFFLINE}, project) == []
    assert (project / ".venv" / "bin" / "project").is_file()
