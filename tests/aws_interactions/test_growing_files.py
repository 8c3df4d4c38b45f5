from pathlib import Path

import pytest

from aws_interactions.growing_files import GrowingFile
from aws_interactions.local_files import (
    CantWriteFileAlreadyExists,
    CantWriteFileDirDoesntExist,
    CantWriteFileNotRegular,
)


def grown(folder: Path, *, length: int = 0, overwrite: bool = False) -> GrowingFile:
    return GrowingFile(folder / "a.jsonl", folder / ".a.part", overwrite=overwrite, length=length)


def test_WHEN_a_file_grows_THEN_it_has_its_name_at_the_end_only(tmp_path: Path) -> None:
    file = grown(tmp_path)
    assert file.append(b"one\n") == 4
    assert not (tmp_path / "a.jsonl").exists()
    file.finish()
    assert (tmp_path / "a.jsonl").read_bytes() == b"one\n"
    assert not (tmp_path / ".a.part").exists()


def test_WHEN_it_is_gone_on_with_THEN_what_is_behind_the_length_that_was_kept_is_cut_off(
    tmp_path: Path,
) -> None:
    first = grown(tmp_path)
    kept = first.append(b"one\n")
    first.append(b"half of a li")
    first.close()
    second = grown(tmp_path, length=kept)
    assert second.is_continued
    second.append(b"two\n")
    second.finish()
    assert (tmp_path / "a.jsonl").read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("left", [None, b"on"])
def test_WHEN_not_all_is_there_that_was_kept_THEN_it_begins_anew(tmp_path: Path, left: bytes | None) -> None:
    if left is not None:
        (tmp_path / ".a.part").write_bytes(left)
    file = grown(tmp_path, length=4)
    assert (file.is_continued, file.length) == (False, 0)
    file.append(b"new\n")
    file.finish()
    assert (tmp_path / "a.jsonl").read_bytes() == b"new\n"


def test_WHEN_the_name_is_taken_meanwhile_THEN_that_file_stays(tmp_path: Path) -> None:
    file = grown(tmp_path)
    file.append(b"new")
    (tmp_path / "a.jsonl").write_bytes(b"old")
    with pytest.raises(CantWriteFileAlreadyExists):
        file.finish()
    file.discard()
    assert (tmp_path / "a.jsonl").read_bytes() == b"old"
    assert not (tmp_path / ".a.part").exists()


def test_WHEN_a_file_is_overwritten_THEN_it_is_whole_until_then_AND_keeps_its_permissions(
    tmp_path: Path,
) -> None:
    old = tmp_path / "a.jsonl"
    old.write_bytes(b"old")
    old.chmod(0o640)
    file = grown(tmp_path, overwrite=True)
    file.append(b"new")
    assert old.read_bytes() == b"old"
    assert (tmp_path / ".a.part").stat().st_mode & 0o777 == 0o600
    file.finish()
    assert (old.read_bytes(), old.stat().st_mode & 0o777) == (b"new", 0o640)


def test_WHEN_the_destination_cannot_be_THEN_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(CantWriteFileNotRegular):
        grown(tmp_path, overwrite=True)
    with pytest.raises(CantWriteFileDirDoesntExist):
        grown(tmp_path / "nowhere")
    assert not (tmp_path / ".a.part").exists()
