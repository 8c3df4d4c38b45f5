"""Puts generated files in place: all of them or none, and over nothing that somebody wrote.

What goes wrong is taken back. A process that is killed takes nothing back: what it had written stays.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aws_interactions.aws_errors import LocalFileProblem
from aws_interactions.local_files import (
    CantReadFile,
    CantReadFileDoesntExist,
    CantWriteFile,
    CantWriteFileAlreadyExists,
    CantWriteFileDirDoesntExist,
    CantWriteFileLackPermission,
    new_file,
)
from aws_operations.guards import GuardRefused

_SHOWN = 3


class AlreadyThere(GuardRefused):
    """Files would have to be written over; ``paths`` are those, and nothing was written."""

    def __init__(self, message: str, paths: Sequence[Path]) -> None:
        super().__init__(f"{message}; nothing was written")
        self.paths = tuple(paths)


class EditedMeanwhile(GuardRefused):
    """A file changed between reading and writing it, so that the edit might lose something."""

    def __init__(self, file_path: Path) -> None:
        super().__init__(f"{file_path} changed meanwhile, run it again; nothing was written")
        self.file_path = file_path


@dataclass(frozen=True, slots=True)
class Edit:
    """A file that is there: ``before`` is what it must still hold, ``after`` what it gets."""

    before: str
    after: str


def read_source(file_path: Path) -> str:
    """Return the text of a source file; raises the ``CantReadFile`` kinds."""
    try:
        return file_path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise CantReadFileDoesntExist(file_path) from error
    except UnicodeDecodeError as error:
        raise CantReadFile(file_path, "it is not UTF-8") from error
    except OSError as error:
        raise CantReadFile(file_path, error.strerror or str(error)) from error


def check_is_free(folder: Path) -> None:
    """Raise ``AlreadyThere`` unless the folder is empty or not there yet, and its parent is a folder."""
    if not folder.parent.is_dir():
        raise CantWriteFileDirDoesntExist(folder)
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise AlreadyThere(f"{folder} is there already, and no folder", [folder])
    found = sorted(folder.iterdir())
    if found:
        raise AlreadyThere(f"{folder} is not empty, it has {_named([each.name for each in found])}", found)


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write a new folder with these files, by their paths in it; raises as ``check_is_free`` does.

    A folder that is not there yet appears with all of its files in one step.
    """
    check_is_free(folder)
    if folder.exists():
        write_files(folder, files)
        return
    unnamed = folder.parent / f".{secrets.token_hex(12)}.part"
    try:
        with _as_cant_write(unnamed):
            unnamed.mkdir()
        write_files(unnamed, files)
        with _as_cant_write(folder):
            unnamed.rename(folder)
    except BaseException:
        shutil.rmtree(unnamed, ignore_errors=True)
        raise


def write_files(root: Path, files: Mapping[str, str], edits: Mapping[str, Edit] | None = None) -> None:
    """Write new files and edits of others, by their paths below ``root``.

    Raises ``AlreadyThere`` for files that are there, ``EditedMeanwhile``, and the ``CantWriteFile`` kinds.
    Whatever ends it early, what it had written is taken away again.
    """
    edits = edits or {}
    check_are_new(root, files)
    for name, edit in edits.items():
        if read_source(root / name) != edit.before:
            raise EditedMeanwhile(root / name)
    folders: list[Path] = []
    written: list[Path] = []
    edited: list[str] = []
    try:
        for name, text in files.items():
            folders.extend(_make_folders(root, (root / name).parent))
            _write_new(root / name, text)
            written.append(root / name)
        for name, edit in edits.items():
            edited.append(name)
            _write_over(root / name, edit.after)
    except BaseException:
        for name in edited:
            with suppress(LocalFileProblem):
                _write_over(root / name, edits[name].before)
        _take_away(written, folders)
        raise


def check_are_new(root: Path, files: Mapping[str, str]) -> None:
    """Raise ``AlreadyThere`` if one of the files is there."""
    there = [name for name in files if os.path.lexists(root / name)]
    if there:
        raise AlreadyThere(
            f"{_named(there)} in {root} would be written over", [root / name for name in there]
        )


def _named(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _make_folders(root: Path, folder: Path) -> Iterator[Path]:
    missing = [each for each in (folder, *folder.parents) if each.is_relative_to(root) and not each.is_dir()]
    for each in reversed(missing):
        with _as_cant_write(each):
            each.mkdir()
        yield each


def _write_new(file_path: Path, text: str) -> None:
    try:
        with new_file(file_path) as write:
            write(text.encode("utf-8"))
    except CantWriteFileAlreadyExists as error:
        raise AlreadyThere(f"{file_path} would be written over", [file_path]) from error


def _write_over(file_path: Path, text: str) -> None:
    with new_file(file_path, overwrite=True) as write:
        write(text.encode("utf-8"))


def _take_away(files: Sequence[Path], folders: Sequence[Path]) -> None:
    # What cannot be taken away is no reason to leave the rest, nor to hide what went wrong.
    for file in files:
        with suppress(OSError):
            file.unlink()
    for folder in reversed(folders):
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def _as_cant_write(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise CantWriteFileLackPermission(path) from error
    except OSError as error:
        raise CantWriteFile(path, error.strerror or str(error)) from error
