"""Puts generated files in place: all of them or none, and over nothing that somebody wrote.

What goes wrong is taken back. A process that is killed takes nothing back: what it had written stays, and the
same run made again goes on from there, because a file that holds what it would get is as good as written.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

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
# A name may have 255 bytes, and a letter up to four.
_NAME_KEPT = 50


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


def check_is_free(folder: Path, files: Mapping[str, str]) -> None:
    """Raise ``AlreadyThere`` unless the folder is not there yet or has at most some of these files.

    Its parent has to be a folder.
    """
    if not folder.parent.is_dir():
        raise CantWriteFileDirDoesntExist(folder)
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise AlreadyThere(f"{folder} is there already, and no folder", [folder])
    found = list(_others(folder, folder, files))
    if found:
        names = [each.relative_to(folder).as_posix() for each in found]
        raise AlreadyThere(f"{folder} is not empty, it has {_named(names)}", found)


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write a new folder with these files, by their paths in it; raises as ``check_is_free`` does.

    A folder that is not there yet appears with all of its files in one step. Whoever kills that finds a
    hidden folder beside it that has its name and ends in ``.part``, and can remove it.
    """
    check_is_free(folder, files)
    if folder.exists():
        write_files(folder, files)
        return
    unnamed = folder.parent / f".{folder.name[:_NAME_KEPT]}.{secrets.token_hex(12)}.part"
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
    """Make the edits, then write the new files in their order, by their paths below ``root``.

    A file that holds what it would get is left as it is. Raises ``AlreadyThere`` for others that are there,
    ``EditedMeanwhile``, and the ``CantWriteFile`` kinds. Whatever ends it early, what it had written is taken
    away again.
    """
    edits = edits or {}
    missing = missing_files(root, files)
    for name, edit in edits.items():
        if read_source(root / name) != edit.before:
            raise EditedMeanwhile(root / name)
    folders: list[Path] = []
    written: list[Path] = []
    edited: list[str] = []
    try:
        for name, edit in edits.items():
            edited.append(name)
            _write_over(root / name, edit.after)
        for name in missing:
            folders.extend(_make_folders(root, (root / name).parent))
            if _write_new(root / name, files[name]):
                written.append(root / name)
    except BaseException:
        _take_away(written, folders)
        for name in edited:
            _take_back(root / name, edits[name])
        raise


def missing_files(root: Path, files: Mapping[str, str]) -> Sequence[str]:
    """Return which of the files are not there; raises ``AlreadyThere`` if one is and holds something else."""
    there = [name for name in files if os.path.lexists(root / name)]
    others = [name for name in there if not holds(root / name, files[name])]
    if others:
        raise AlreadyThere(
            f"{_named(others)} in {root} would be written over", [root / name for name in others]
        )
    return [name for name in files if name not in there]


def holds(file_path: Path, text: str) -> bool:
    """Return whether it is a file with exactly this text."""
    try:
        return file_path.is_file() and file_path.read_bytes() == text.encode("utf-8")
    except OSError:
        return False


def _others(folder: Path, root: Path, files: Mapping[str, str]) -> Iterator[Path]:
    """Yield what is in a folder and is neither one of the files nor a folder above one."""
    folders = {above.as_posix() for name in files for above in PurePath(name).parents}
    for each in sorted(folder.iterdir()):
        name = each.relative_to(root).as_posix()
        if name in folders and each.is_dir() and not each.is_symlink():
            yield from _others(each, root, files)
        elif name not in files or not holds(each, files[name]):
            yield each


def _named(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _make_folders(root: Path, folder: Path) -> Iterator[Path]:
    missing = [each for each in (folder, *folder.parents) if each.is_relative_to(root) and not each.is_dir()]
    for each in reversed(missing):
        with _as_cant_write(each):
            each.mkdir()
        yield each


def _write_new(file_path: Path, text: str) -> bool:
    """Write the file, or return ``False`` if somebody else wrote the same meanwhile."""
    try:
        with new_file(file_path) as write:
            write(text.encode("utf-8"))
    except CantWriteFileAlreadyExists as error:
        if holds(file_path, text):
            return False
        raise AlreadyThere(f"{file_path} would be written over", [file_path]) from error
    return True


def _write_over(file_path: Path, text: str) -> None:
    with new_file(file_path, overwrite=True) as write:
        write(text.encode("utf-8"))


def _take_back(file_path: Path, edit: Edit) -> None:
    # Who edited the file since then has built on this edit.
    if holds(file_path, edit.after):
        with suppress(LocalFileProblem):
            _write_over(file_path, edit.before)


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
