"""What is in the wheel that users install."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "manage_resources.py")
ROOMS = (
    "aws_interactions",
    "aws_operations",
    "commands",
    "reference_implementation",
    "tests",
    "benchmarks",
    "docs",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel from a copy, so that the tree stays clean."""
    folder = tmp_path_factory.mktemp("package")
    for name in SOURCES:
        shutil.copy(ROOT / name, folder)
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", "."],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    [built] = (folder / "dist").glob("*.whl")
    return zipfile.ZipFile(built)


def test_WHEN_the_wheel_is_built_THEN_it_holds_the_program_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist() if ".dist-info/" not in name}
    assert tops == {"aws_interactions", "aws_operations", "commands", "manage_resources.py"}


def test_WHEN_the_wheel_is_built_THEN_every_module_of_the_rooms_is_in_it(wheel: zipfile.ZipFile) -> None:
    expected = {
        str(path.relative_to(ROOT))
        for room in ("aws_interactions", "aws_operations", "commands")
        for path in (ROOT / room).rglob("*.py")
    }
    assert expected <= set(wheel.namelist())
    assert "aws_interactions/py.typed" in wheel.namelist()


def test_WHEN_the_wheel_is_built_THEN_all_that_a_scaffolded_project_starts_from_is_in_it(
    wheel: zipfile.ZipFile,
) -> None:
    reference = ROOT / "reference_implementation"
    template = {
        f"aws_operations/scaffold/reference_files/{path.relative_to(reference).as_posix()}": path
        for part in ("core", "example_service", "tests")
        for path in (reference / part).rglob("*.py")
    }
    parts = {
        path.relative_to(ROOT).as_posix(): path
        for path in (ROOT / "aws_operations/scaffold/project_parts").rglob("*.template")
    }
    assert len(parts) >= 8
    for name, path in (template | parts).items():
        assert wheel.read(name) == path.read_bytes()


def test_WHEN_the_wheel_is_built_THEN_it_installs_the_command_and_few_dependencies(
    wheel: zipfile.ZipFile,
) -> None:
    [entry_points] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "manage-resources = manage_resources:main" in wheel.read(entry_points).decode()
    [metadata] = [name for name in wheel.namelist() if name.endswith("METADATA")]
    required = [
        line.split()[1].partition(">")[0].partition("<")[0].partition(",")[0]
        for line in wheel.read(metadata).decode().splitlines()
        if line.startswith("Requires-Dist:") and "extra ==" not in line
    ]
    assert sorted(required) == ["PyYAML", "boto3", "botocore", "click", "jmespath", "tabulate", "wcwidth"]
