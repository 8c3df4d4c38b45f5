from pathlib import Path

import pytest

from aws_interactions.local_files import CantWriteFile, CantWriteFileDirDoesntExist
from aws_operations.scaffold.files import (
    AlreadyThere,
    Edit,
    EditedMeanwhile,
    check_is_free,
    write_files,
    write_folder,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def contents(of: Path) -> dict[str, str]:
    return {
        path.relative_to(of).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(of.rglob("*"))
        if path.is_file()
    }


def test_WHEN_a_folder_is_written_THEN_it_has_the_files_and_nothing_else(folder: Path) -> None:
    files = {"a.txt": "é\n", "below/deeper/b.txt": ""}
    write_folder(folder / "new", files)
    assert contents(folder / "new") == files
    assert [path.name for path in folder.iterdir()] == ["new"]


def test_WHEN_the_folder_is_there_and_empty_THEN_it_is_filled_in_place(folder: Path) -> None:
    empty = folder / "empty"
    empty.mkdir()
    number = empty.stat().st_ino
    write_folder(empty, {"a.txt": "a"})
    # A shell that stands in it still does.
    assert empty.stat().st_ino == number
    assert contents(empty) == {"a.txt": "a"}


def test_WHEN_something_is_in_the_folder_THEN_it_is_refused_by_name_AND_left_alone(folder: Path) -> None:
    (folder / ".hidden").write_text("mine", encoding="utf-8")
    with pytest.raises(AlreadyThere, match=r"\.hidden; nothing was written"):
        write_folder(folder, {"a.txt": "a"})
    assert contents(folder) == {".hidden": "mine"}


@pytest.mark.parametrize("is_link", [False, True])
def test_WHEN_the_name_is_taken_by_no_folder_THEN_it_is_refused(folder: Path, is_link: bool) -> None:
    taken = folder / "taken"
    if is_link:
        taken.symlink_to(folder / "nowhere")
    else:
        taken.write_text("mine", encoding="utf-8")
    with pytest.raises(AlreadyThere, match="no folder"):
        check_is_free(taken, {})


def test_WHEN_the_folder_above_is_missing_THEN_it_is_not_made(folder: Path) -> None:
    with pytest.raises(CantWriteFileDirDoesntExist):
        write_folder(folder / "missing" / "new", {"a.txt": "a"})
    assert not list(folder.iterdir())


def test_WHEN_a_file_is_there_THEN_none_is_written(folder: Path) -> None:
    (folder / "b.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(AlreadyThere, match=r"b\.txt") as refused:
        write_files(folder, {"a.txt": "a", "b.txt": "b"})
    assert refused.value.paths == (folder / "b.txt",)
    assert contents(folder) == {"b.txt": "mine"}


def test_WHEN_a_later_file_cannot_be_written_THEN_the_earlier_ones_and_folders_go_again(
    folder: Path,
) -> None:
    (folder / "kept.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(CantWriteFile):
        write_files(folder, {"below/a.txt": "a", "kept.txt/b.txt": "b"})
    assert contents(folder) == {"kept.txt": "mine"}
    assert not (folder / "below").exists()


def test_WHEN_an_edit_cannot_be_made_THEN_new_files_go_and_earlier_edits_are_taken_back(
    folder: Path,
) -> None:
    (folder / "a.txt").write_text("old", encoding="utf-8")
    (folder / "real.txt").write_text("real", encoding="utf-8")
    (folder / "link.txt").symlink_to(folder / "real.txt")
    edits = {"a.txt": Edit("old", "new"), "link.txt": Edit("real", "new")}
    with pytest.raises(CantWriteFile):
        write_files(folder, {"new.txt": "n"}, edits)
    assert contents(folder) == {"a.txt": "old", "link.txt": "real", "real.txt": "real"}


def test_WHEN_a_file_changed_since_it_was_read_THEN_its_edit_is_refused_AND_nothing_written(
    folder: Path,
) -> None:
    (folder / "a.txt").write_text("somebody else's", encoding="utf-8")
    with pytest.raises(EditedMeanwhile):
        write_files(folder, {"new.txt": "n"}, {"a.txt": Edit("old", "new")})
    assert contents(folder) == {"a.txt": "somebody else's"}


def test_WHEN_a_folder_has_some_of_the_files_as_they_are_THEN_the_others_are_written(folder: Path) -> None:
    files = {"a.txt": "a", "below/b.txt": "b", "below/c.txt": "c"}
    write_files(folder, {"below/b.txt": "b"})
    number = (folder / "below" / "b.txt").stat().st_ino
    write_folder(folder, files)
    assert contents(folder) == files
    assert (folder / "below" / "b.txt").stat().st_ino == number


@pytest.mark.parametrize("name", ["below/mine.txt", "below/b.txt"])
def test_WHEN_something_else_is_deep_in_the_folder_THEN_it_is_refused_by_name(
    name: str, folder: Path
) -> None:
    (folder / "below").mkdir()
    (folder / name).write_text("mine", encoding="utf-8")
    with pytest.raises(AlreadyThere, match=name):
        write_folder(folder, {"below/b.txt": "b"})
    assert contents(folder) == {name: "mine"}


def test_WHEN_a_file_holds_what_it_would_get_AND_another_fails_THEN_it_stays(folder: Path) -> None:
    (folder / "a.txt").write_text("a", encoding="utf-8")
    with pytest.raises(CantWriteFile):
        write_files(folder, {"a.txt": "a", "b.txt": "b", "a.txt/c.txt": "c"})
    assert contents(folder) == {"a.txt": "a"}


def test_WHEN_a_new_file_cannot_be_written_THEN_the_edits_are_taken_back(folder: Path) -> None:
    (folder / "a.txt").write_text("old", encoding="utf-8")
    with pytest.raises(CantWriteFile):
        write_files(folder, {"b.txt": "b", "a.txt/c.txt": "c"}, {"a.txt": Edit("old", "new")})
    assert contents(folder) == {"a.txt": "old"}


def test_WHEN_the_new_folder_has_the_longest_name_there_can_be_THEN_it_is_written(folder: Path) -> None:
    for name in ("n" * 255, "é" * 127):
        write_folder(folder / name, {"a.txt": "a"})
        assert contents(folder / name) == {"a.txt": "a"}
