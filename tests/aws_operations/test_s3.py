"""Reads for operators, and files to disk."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aws_interactions.s3_interactions import (
    CantWriteFile,
    CantWriteFileAlreadyExists,
    CantWriteFileDirDoesntExist,
    CantWriteFileNotRegular,
    UnsafeObjectKey,
)
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.s3 import reads as s3

HEAD = {"ETag": '"e"', "ContentLength": 1, "LastModified": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize("operation", [s3.preview_download, s3.download])
@pytest.mark.parametrize(
    ("name", "overwrite", "error"),
    [
        ("no-such-directory/file", False, CantWriteFileDirDoesntExist),
        ("no-such-directory/", False, CantWriteFileDirDoesntExist),
        ("there/", True, CantWriteFileDirDoesntExist),
        ("there", False, CantWriteFileAlreadyExists),
        ("link-to-nothing", False, CantWriteFileNotRegular),
        ("link-to-nothing", True, CantWriteFileNotRegular),
    ],
)
def test_WHEN_a_destination_cannot_be_written_THEN_preview_and_download_refuse_it_alike_and_send_nothing(
    tmp_path: Path,
    operation: Callable[..., Iterator[s3.DownloadRow]],
    name: str,
    overwrite: bool,
    error: type[CantWriteFile],
) -> None:
    (tmp_path / "there").write_text("old")
    (tmp_path / "link-to-nothing").symlink_to(tmp_path / "nothing")
    client = FakeClient("s3").answers("head_object", HEAD).answers("get_object", {"Body": b"x"})
    with pytest.raises(error):
        list(operation("logs", "k", f"{tmp_path}/{name}", fake_provider(s3=client), overwrite=overwrite))
    assert client.calls == []


def test_WHEN_previewing_THEN_the_file_and_its_size_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    aws_provider = fake_provider(s3=FakeClient("s3").answers("head_object", HEAD))
    [row] = s3.preview_download("logs", "a/b", str(tmp_path), aws_provider, overwrite=False)
    assert (row.file, row.size, row.status) == (str(tmp_path / "b"), 1, "would be written")
    assert list(tmp_path.glob("b")) == []


def test_WHEN_a_key_ends_in_a_slash_AND_goes_to_a_directory_THEN_the_error_names_it_whole(
    tmp_path: Path,
) -> None:
    with pytest.raises(UnsafeObjectKey, match="'folder/'") as caught:
        s3.local_path(str(tmp_path), "folder/", fake_provider())
    assert caught.value.key == "folder/"
    assert caught.value.__cause__ is None
