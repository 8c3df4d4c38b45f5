"""``scaffold project`` and ``scaffold service``, as the real program."""

import shlex
import subprocess
from pathlib import Path

import pytest

from aws_operations.scaffold.files import write_folder
from aws_operations.scaffold.project_template import project_files
from aws_operations.scaffold.source_format import FormatterMissing
from commands.command_tree import every_verb
from commands.error_lines import error_line
from commands.exit_codes import ExitCode, exit_code_for
from tests.support.program import PROGRAM, run_program

VERBS = dict(every_verb())
SERVICE = ["scaffold", "service", "sqs", "--operations", "ListQueues,SendMessage"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_WHEN_the_examples_are_run_in_order_THEN_they_write_what_they_list(
    environment: dict[str, str], folder: Path
) -> None:
    for words in ("scaffold project", "scaffold service"):
        before = set(files_in(folder))
        done = run_program(shlex.split(VERBS[words].example)[1:], environment, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert set(files_in(folder)) - before <= set(done.stdout.splitlines())
        assert set(done.stdout.splitlines()) <= set(files_in(folder))
        assert "written; try next: " in done.stderr
    assert "taken for reads: ListQueues; review them" in done.stderr
    assert "what is not there needs --yes" in done.stderr
    assert (folder / "my-project" / "sqs" / "sqs_wrapper.py").is_file()


def test_WHEN_the_current_folder_is_the_project_THEN_it_need_not_be_named(
    environment: dict[str, str], folder: Path
) -> None:
    assert run_program(["scaffold", "project", "."], environment, cwd=folder).returncode == 0
    done = run_program(SERVICE, environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "sqs/sqs_wrapper.py" in done.stdout.splitlines()
    assert f'name = "{folder.name.replace("_", "-").lower()}"' in (folder / "pyproject.toml").read_text(
        encoding="utf-8"
    )


def test_WHEN_a_preview_is_asked_for_THEN_the_files_are_listed_AND_none_is_written(
    environment: dict[str, str], folder: Path
) -> None:
    done = run_program(["scaffold", "project", "new", "--preview"], environment, cwd=folder)
    assert done.returncode == 0
    assert "new/core/aws_client_provider.py" in done.stdout.splitlines()
    assert done.stderr.endswith("would be written; nothing was\n")
    assert files_in(folder) == []
    write_folder(folder, project_files(folder.name))
    before = files_in(folder)
    done = run_program([*SERVICE, "--preview"], environment, cwd=folder)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 7)
    assert files_in(folder) == before


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["scaffold", "project", "there"], 6, "there is not empty, it has mine.txt; nothing was written"),
        (["scaffold", "project", "there/mine.txt"], 6, "is there already"),
        (["scaffold", "project", "missing/new"], 3, "there is no directory missing"),
        (SERVICE, 3, "is no project to add a service to"),
        ([*SERVICE, "--project", "missing"], 3, "scaffold project DIR"),
    ],
)
def test_WHEN_the_folder_does_not_fit_THEN_one_line_says_why_AND_nothing_is_written(
    arguments: list[str], code: int, part: str, environment: dict[str, str], folder: Path
) -> None:
    (folder / "there").mkdir()
    (folder / "there" / "mine.txt").write_text("mine", encoding="utf-8")
    done = run_program(arguments, environment, cwd=folder)
    assert (done.returncode, done.stdout) == (code, "")
    assert part in done.stderr
    assert done.stderr.count("\n") == 1
    assert files_in(folder) == ["there/mine.txt"]


@pytest.mark.parametrize("arguments", [["scaffold", "project", ""], [*SERVICE, "--project", ""]])
def test_WHEN_the_folder_is_an_empty_text_THEN_it_is_a_usage_error_AND_the_current_one_stays(
    arguments: list[str], environment: dict[str, str], folder: Path
) -> None:
    done = run_program(arguments, environment, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is empty" in done.stderr
    assert files_in(folder) == []


@pytest.mark.parametrize("name", ["we\"ird $(x) it's", "-x", "~"])
def test_WHEN_the_folder_has_an_odd_name_THEN_what_to_try_next_can_be_pasted_into_a_shell(
    name: str, environment: dict[str, str], folder: Path
) -> None:
    done = run_program(["scaffold", "project", "--", name], environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    step, _, _ = done.stderr.strip().partition("try next: ")[2].partition(" && ")
    shell = subprocess.run(
        ["sh", "-c", f"{step} && pwd"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert shell.stdout == f"{folder / name}\n"


@pytest.mark.parametrize(
    ("name", "operations", "part"),
    [
        ("sqqs", "ListQueues", "did you mean sqs"),
        ("sqs", "ListQueue", "did you mean ListQueues"),
        ("sqs", "ListQueues,,SendMessage", "with commas between"),
        ("kinesis", "SubscribeToShard", "event stream"),
    ],
)
def test_WHEN_a_name_is_wrong_THEN_it_is_a_usage_error_with_what_may_be_meant(
    name: str, operations: str, part: str, environment: dict[str, str], folder: Path
) -> None:
    write_folder(folder, project_files(folder.name))
    before = files_in(folder)
    done = run_program(["scaffold", "service", name, "--operations", operations], environment, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr
    assert files_in(folder) == before


def test_WHEN_ruff_is_not_installed_THEN_it_is_a_fault_of_the_installation_AND_says_how_to_mend_it() -> None:
    assert exit_code_for(FormatterMissing()) is ExitCode.CONFIGURATION
    assert "in a checkout, pip install '.[scaffold]'" in error_line(FormatterMissing())


def test_WHEN_the_service_is_there_with_other_operations_THEN_it_is_refused_AND_says_how_to_get_more_of_it(
    environment: dict[str, str], folder: Path
) -> None:
    write_folder(folder, project_files(folder.name))
    assert run_program(SERVICE, environment, cwd=folder).returncode == 0
    again = run_program(SERVICE, environment, cwd=folder)
    assert (again.returncode, len(again.stdout.splitlines())) == (0, 5)
    assert "all files were there already" in again.stderr
    done = run_program([*SERVICE[:-1], "DeleteQueue"], environment, cwd=folder)
    assert (done.returncode, done.stdout) == (6, "")
    assert "has sqs already" in done.stderr
    assert "into a new project" in done.stderr
    other = run_program(["scaffold", "service", "sns", "--operations", "ListTopics"], environment, cwd=folder)
    assert other.returncode == 0, other.stderr


@pytest.mark.parametrize("words", [["scaffold", "project", "new"], [*SERVICE, "--project", "new"]])
def test_WHEN_the_list_could_not_be_written_THEN_the_same_run_again_writes_it(
    words: list[str], environment: dict[str, str], folder: Path
) -> None:
    if words[1] == "service":
        write_folder(folder / "new", project_files("new"))
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*PROGRAM, *words], env=environment, cwd=folder, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 3
    before = files_in(folder)
    again = run_program(words, environment, cwd=folder)
    assert again.returncode == 0, again.stderr
    assert "all files were there already" in again.stderr
    assert set(again.stdout.splitlines()) <= set(before)
    assert files_in(folder) == before
