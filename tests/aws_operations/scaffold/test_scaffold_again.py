"""``scaffold service`` after a run that was killed: it goes on from what is there."""

from pathlib import Path

import pytest

from aws_operations.scaffold.files import AlreadyThere, write_files, write_folder
from aws_operations.scaffold.project_template import project_files
from aws_operations.scaffold.service_design import design_service
from aws_operations.scaffold.service_files import ServiceFiles, service_files, write_service
from aws_operations.scaffold.source_edits import CantEditSource

DESIGN = design_service("sqs", ["ListQueues", "SendMessage"])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    write_folder(folder, project_files("project"))
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def write_first(project: Path, brought: ServiceFiles, count: int) -> None:
    """Leave what a run leaves that is killed after ``count`` of its new files."""
    names = list(brought.files)[:count]
    write_files(project, {name: brought.files[name] for name in names}, brought.edits)


@pytest.mark.parametrize("count", [0, 3, 5])
def test_WHEN_a_run_was_killed_THEN_the_next_one_writes_what_is_missing(count: int, project: Path) -> None:
    brought = service_files(project, DESIGN)
    write_first(project, brought, count)
    again = service_files(project, DESIGN)
    assert (list(again.missing), again.edits) == (list(brought.files)[count:], {})
    write_service(project, again)
    found = contents(project)
    assert {name: found[name] for name in brought.files} == brought.files
    assert found["core/aws_client_provider.py"].count("def get_sqs(") == 1


def test_WHEN_a_run_was_killed_before_its_last_file_THEN_the_program_does_not_show_the_service(
    project: Path,
) -> None:
    brought = service_files(project, DESIGN)
    write_first(project, brought, len(brought.files) - 1)
    assert not list((project / "sqs").glob("*_wrapper.py"))


def test_WHEN_a_run_was_killed_AND_other_operations_are_asked_for_THEN_the_files_are_named(
    project: Path,
) -> None:
    write_first(project, service_files(project, DESIGN), 3)
    before = contents(project)
    with pytest.raises(AlreadyThere, match=r"sqs/commands\.py.* would be written over"):
        service_files(project, design_service("sqs", ["ListQueues"]))
    assert contents(project) == before


def test_WHEN_a_file_of_the_service_was_edited_THEN_the_service_is_refused(project: Path) -> None:
    brought = service_files(project, DESIGN)
    write_service(project, brought)
    commands = project / "sqs" / "commands.py"
    commands.write_text(brought.files["sqs/commands.py"] + "# mine\n", encoding="utf-8")
    with pytest.raises(AlreadyThere, match="what is in sqs is yours"):
        service_files(project, DESIGN)


def test_WHEN_a_read_was_struck_off_the_list_THEN_the_same_run_does_not_put_it_back(project: Path) -> None:
    write_service(project, service_files(project, DESIGN))
    listed = project / "core" / "read_operations.py"
    row = '    "sqs": frozenset({"ListQueues"}),\n'
    text = listed.read_text(encoding="utf-8")
    assert row in text
    listed.write_text(text.replace(row, ""), encoding="utf-8")
    with pytest.raises(AlreadyThere, match="what is in sqs is yours"):
        service_files(project, DESIGN)


def test_WHEN_the_provider_is_a_link_THEN_it_is_said_before_anything_is_written(project: Path) -> None:
    provider = project / "core" / "aws_client_provider.py"
    provider.rename(project / "elsewhere.py")
    provider.symlink_to(project / "elsewhere.py")
    with pytest.raises(CantEditSource, match="it is a link"):
        service_files(project, DESIGN)
