import errno
import os
from pathlib import Path

import pytest

from aws_interactions.local_files import (
    CantReadFileChanged,
    CantWriteFileAlreadyExists,
    name_new_file,
    new_file,
    steady_file,
)


def no_links(_source: Path, _target: Path) -> None:
    raise OSError(errno.EPERM, "no hard links here")


def test_WHEN_there_are_no_hard_links_THEN_a_new_file_gets_its_name_still(tmp_path: Path) -> None:
    (tmp_path / "temporary").write_bytes(b"new")
    name_new_file(tmp_path / "temporary", tmp_path / "a", link=no_links)
    assert (tmp_path / "a").read_bytes() == b"new"
    assert not (tmp_path / "temporary").exists()


def test_WHEN_there_are_no_hard_links_AND_the_name_is_taken_THEN_that_file_stays(tmp_path: Path) -> None:
    (tmp_path / "temporary").write_bytes(b"new")
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        name_new_file(tmp_path / "temporary", tmp_path / "a", link=no_links)
    assert (tmp_path / "a").read_bytes() == b"old"


def test_WHEN_there_are_no_hard_links_AND_the_name_cannot_be_given_THEN_no_empty_file_is_left(
    tmp_path: Path,
) -> None:
    with pytest.raises(FileNotFoundError):
        name_new_file(tmp_path / "no-such-temporary", tmp_path / "a", link=no_links)
    assert list(tmp_path.glob("a")) == []


def test_WHEN_linking_fails_for_another_reason_THEN_it_is_raised(tmp_path: Path) -> None:
    def broken(_source: Path, _target: Path) -> None:
        raise OSError(errno.EIO, "broken disk")

    with pytest.raises(OSError, match="broken disk"):
        name_new_file(tmp_path / "temporary", tmp_path / "a", link=broken)


def test_WHEN_two_write_the_same_new_file_THEN_one_gets_the_name(tmp_path: Path) -> None:
    def write_both() -> None:
        with new_file(tmp_path / "a") as write_late, new_file(tmp_path / "a") as write_early:
            write_late(b"late")
            write_early(b"early")

    with pytest.raises(CantWriteFileAlreadyExists):
        write_both()
    assert (tmp_path / "a").read_bytes() == b"early"


def test_WHEN_the_temporary_name_is_guessed_as_a_link_THEN_it_cannot_be(tmp_path: Path) -> None:
    names = set()
    for number in range(3):
        with new_file(tmp_path / str(number)):
            names |= {path.name for path in tmp_path.glob(".*.part")}
    assert len(names) == 3


def test_WHEN_reading_a_slice_THEN_it_is_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    with steady_file(tmp_path / "a") as file:
        part = file.slice(2, 5)
        assert (len(part), part.read(2), part.tell(), part.read()) == (5, b"23", 2, b"456")
        assert (part.seek(-1, os.SEEK_END), part.read(), part.read()) == (4, b"6", b"")
        assert (part.seek(0), part.seek(1, os.SEEK_CUR), part.read(1)) == (0, 1, b"3")
        assert file.read() == b"0123456789"


@pytest.mark.parametrize("content", [b"short", b"0123456789 longer", b"9876543210"])
def test_WHEN_file_changes_THEN_its_last_bytes_are_not_given(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    with steady_file(tmp_path / "a") as file:
        assert file.read(2) == b"01"
        (tmp_path / "a").write_bytes(content)
        os.utime(tmp_path / "a", ns=(1, 1))
        with pytest.raises(CantReadFileChanged):
            file.read()
        assert file.has_changed
        assert file.slice(0, 1).has_changed
