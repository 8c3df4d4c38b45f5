"""A scaffolded program that is installed: beside it stand packages that are not its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from aws_operations.scaffold.files import write_files
from aws_operations.scaffold.project_template import project_files

SERVICE = {
    "{}/__init__.py": "",
    "{}/{}_wrapper.py": "",
    "{}/commands.py": '"""Of {}."""\nimport click\ncommands = click.Group("{}")\n',
}


def service(name: str) -> dict[str, str]:
    return {path.format(name, name): text.format(name, name) for path, text in SERVICE.items()}


def install(site: Path, distribution: str, files: dict[str, str]) -> None:
    """Leave what an installer leaves, over what is there as installers do."""
    record = "".join(f"{name},sha256=x,1\n" for name in files) + f"{distribution}-0.1.0.dist-info/RECORD,,\n"
    for name, text in {**files, f"{distribution}-0.1.0.dist-info/RECORD": record}.items():
        (site / name).unlink(missing_ok=True)
        write_files(site, {name: text})


def program(distribution: str) -> dict[str, str]:
    files = project_files(distribution)
    return {name: text for name, text in files.items() if name.startswith(("core/", "example_", "main.py"))}


def run_main(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", folder / "main.py", *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    site.mkdir()
    install(site, "ours", {**program("ours"), **service("sqs")})
    return site


def test_WHEN_others_services_stand_beside_an_installed_program_THEN_it_shows_its_own_only(
    site: Path,
) -> None:
    install(site, "others", service("foreign"))
    done = run_main(site, "--help")
    assert done.returncode == 0, done.stderr
    assert "Of sqs." in done.stdout
    assert "example-service" in done.stdout
    assert "foreign" not in done.stdout
    assert run_main(site, "foreign").returncode == 2


@pytest.mark.parametrize("files", [program("others"), {"core/__init__.py": ""}], ids=["program", "core"])
def test_WHEN_another_distribution_wrote_over_the_program_THEN_it_says_so_AND_loads_nothing(
    files: dict[str, str], site: Path
) -> None:
    install(site, "others", files)
    for arguments in (["--help"], ["sqs", "--help"]):
        done = run_main(site, *arguments)
        assert (done.returncode, done.stdout) == (3, "")
        assert "others-0.1.0 and ours-0.1.0" in done.stderr
        assert "an environment of its own" in done.stderr
        assert "Traceback" not in done.stderr
