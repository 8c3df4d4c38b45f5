"""Local files at the edge: new ones appear whole or not at all, and read ones may not change meanwhile."""

import errno
import os
import secrets
import stat
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aws_interactions.aws_errors import LocalFileProblem

_PRIVATE = 0o600


class CantWriteFile(LocalFileProblem):
    """The local file cannot be written; what was there before is untouched."""

    def __init__(self, file_path: Path, reason: str) -> None:
        super().__init__(f"can't write {file_path}: {reason}", file_path=file_path)


class CantWriteFileAlreadyExists(CantWriteFile):
    """The file exists and overwriting was not asked for."""

    def __init__(self, file_path: Path) -> None:
        super().__init__(file_path, "it already exists")


class CantWriteFileNotRegular(CantWriteFile):
    """What is there is a directory, a symbolic link, a device or a pipe, and stays."""

    def __init__(self, file_path: Path) -> None:
        super().__init__(file_path, "it is a directory, link, device or pipe, not a regular file")


class CantWriteFileDirDoesntExist(CantWriteFile):
    """The directory of the file does not exist."""

    def __init__(self, file_path: Path) -> None:
        super().__init__(file_path, f"there is no directory {file_path.parent}")


class CantWriteFileLackPermission(CantWriteFile):
    """The operating system refuses writing in the directory of the file."""

    def __init__(self, file_path: Path) -> None:
        super().__init__(file_path, f"no permission to write in {file_path.parent}")


class CantWriteFileDiskFull(CantWriteFile):
    """No space, quota or permitted file size is left."""

    def __init__(self, file_path: Path) -> None:
        super().__init__(file_path, "no space is left, or a limit on file sizes is reached")


class CantReadFile(LocalFileProblem):
    """The local file cannot be read."""

    def __init__(self, file_path: Path, reason: str) -> None:
        super().__init__(f"can't read {file_path}: {reason}", file_path=file_path)


class CantReadFileDoesntExist(CantReadFile):
    """There is no such file."""

    def __init__(self, file_path: Path) -> None:
        super().__init__(file_path, "it doesn't exist")


class CantReadFileNotRegular(CantReadFile):
    """It is a directory, a device or a pipe."""

    def __init__(self, file_path: Path) -> None:
        super().__init__(file_path, "it is a directory, device or pipe, not a regular file")


class CantReadFileLackPermission(CantReadFile):
    """The operating system refuses reading it."""

    def __init__(self, file_path: Path) -> None:
        super().__init__(file_path, "no permission to read it")


class CantReadFileChanged(CantReadFile):
    """It changed while it was being read, so what was read of it is no file that ever was."""

    def __init__(self, file_path: Path) -> None:
        super().__init__(file_path, "it changed while it was being read")


@dataclass(slots=True)
class _Sighting:
    """What a file was when it was opened, and whether that has been found untrue."""

    size: int
    modified_ns: int
    has_changed: bool = False


class SteadyFile:
    """A slice of an open file that reads as a file itself, and fails if the file changes meanwhile.

    The check comes before the last bytes are handed out, so an upload of a changed file never
    gets complete. ``has_changed`` stays true for whoever sees only a wrapped error.
    """

    def __init__(self, file: BinaryIO, file_path: Path) -> None:
        self._file = file
        self._file_path = file_path
        found = os.fstat(file.fileno())
        self._sighting = _Sighting(found.st_size, found.st_mtime_ns)
        self._start = 0
        self.size = found.st_size
        self._position = 0

    @property
    def modified_ns(self) -> int:
        """When the file had last changed as it was opened, in nanoseconds since the epoch."""
        return self._sighting.modified_ns

    @property
    def has_changed(self) -> bool:
        """Whether reading this or another slice of the file found it changed."""
        return self._sighting.has_changed

    def slice(self, start: int, size: int) -> "SteadyFile":
        """Return another slice, checked against the state that this one first saw."""
        part = SteadyFile(self._file, self._file_path)
        part._sighting, part._start, part.size = self._sighting, start, size
        return part

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return True

    def tell(self) -> int:
        """Return the position within the slice."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move within the slice; returns the new position."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, amount: int | None = None) -> bytes:
        """Return up to ``amount`` bytes, or all that are left; raises ``CantReadFileChanged``."""
        left = max(0, self.size - self._position)
        wanted = left if amount is None or amount < 0 else min(amount, left)
        self._file.seek(self._start + self._position)
        data = self._file.read(wanted)
        self._position += len(data)
        if len(data) < wanted or (self._position >= self.size and self._differs()):
            self._sighting.has_changed = True
            raise CantReadFileChanged(self._file_path)
        return data

    def _differs(self) -> bool:
        now = os.fstat(self._file.fileno())
        return (now.st_size, now.st_mtime_ns) != (self._sighting.size, self._sighting.modified_ns)


@contextmanager
def steady_file(file_path: Path) -> Iterator[SteadyFile]:
    """Open a regular file for reading; raises the ``CantReadFile`` kinds."""
    try:
        # Opening a pipe would wait for a writer, so what it is gets asked first, and again once it is open.
        if not stat.S_ISREG(file_path.stat().st_mode):
            raise CantReadFileNotRegular(file_path)
        file = file_path.open("rb")
    except OSError as error:
        raise _cant_read(file_path, error) from error
    except ValueError as error:  # a path with a NUL in it
        raise CantReadFile(file_path, str(error)) from error
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise CantReadFileNotRegular(file_path)
        yield SteadyFile(file, file_path)


class _Writer:
    """Lives as long as the new file of somebody may be there."""


@contextmanager
def new_file(
    file_path: Path, *, overwrite: bool = False, is_private: bool = False
) -> Iterator[Callable[[bytes], None]]:
    """Yield a function that writes to a new file, which gets its name only if the body ends well.

    The bytes go to a private temporary file in the same directory; at the end they are flushed to
    disk and the file takes its place in one step. Without ``overwrite`` that step never replaces
    a file, not even one that appeared meanwhile; with it the old file is whole until then, and the
    new one keeps its permissions. Whatever ends the body early, the temporary file is removed.
    Nothing but a regular file is ever replaced: links, devices and directories stay. ``is_private``: nobody
    but its owner may read it.

    Raises the ``CantWriteFile`` kinds; those about the destination come before the body runs.
    """
    replaced_mode = check_destination(file_path, overwrite=overwrite)
    temporary = file_path.parent / f".{secrets.token_hex(12)}.part"
    # The end of the program removes it too, if the thread that writes it hangs in a call then.
    writer = _Writer()
    remove = weakref.finalize(writer, temporary.unlink, missing_ok=True)
    try:
        mode = _PRIVATE if is_private else replaced_mode
        if mode is None:
            mode = mode_of_new_files(file_path)
        descriptor = create_private(temporary, file_path)
        try:

            def write(data: bytes) -> None:
                with as_cant_write(file_path):
                    write_all(descriptor, data)

            yield write
            with as_cant_write(file_path):
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with as_cant_write(file_path):
            put_in_place(temporary, file_path, overwrite=overwrite)
    finally:
        remove()


def check_destination(file_path: Path, *, overwrite: bool) -> int | None:
    """Raise what ``new_file`` would at once; writes nothing.

    Returns the permission bits of the file that would be replaced, ``None`` if there is none.
    """
    with as_cant_write(file_path):
        if not file_path.parent.is_dir():
            raise CantWriteFileDirDoesntExist(file_path)
        try:
            found = file_path.lstat()
        except FileNotFoundError:
            return None
    if not stat.S_ISREG(found.st_mode):
        raise CantWriteFileNotRegular(file_path)
    if not overwrite:
        raise CantWriteFileAlreadyExists(file_path)
    return stat.S_IMODE(found.st_mode) & 0o777


def mode_of_new_files(file_path: Path) -> int:
    """Return the permission bits that a new file gets here from the process's umask."""
    # Reading the umask means setting it, for all threads of the process; an empty file tells it too.
    probe = file_path.parent / f".{secrets.token_hex(12)}.part"
    with as_cant_write(file_path):
        try:
            descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            try:
                return stat.S_IMODE(os.fstat(descriptor).st_mode)
            finally:
                os.close(descriptor)
        finally:
            probe.unlink(missing_ok=True)


def create_private(temporary: Path, file_path: Path) -> int:
    """Return the descriptor of a new temporary file that nobody else may read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with as_cant_write(file_path):
        return os.open(temporary, flags, _PRIVATE)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of the data, unbuffered."""
    # Without a buffer of our own a full disk shows at the write that it hits, never at the close.
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def put_in_place(temporary: Path, file_path: Path, *, overwrite: bool) -> None:
    """Give a finished temporary file its name, durably; raises ``OSError``."""
    if overwrite:
        temporary.replace(file_path)
    else:
        name_new_file(temporary, file_path)
    _flush_directory(file_path.parent)


def name_new_file(temporary: Path, file_path: Path, *, link: Callable[[Path, Path], None] = os.link) -> None:
    """Give a finished temporary file its name; one that is taken raises ``FileExistsError``, always.

    ``link`` makes a hard link; where the file system has none, the name is taken by other means.
    """
    try:
        link(temporary, file_path)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}:
            raise
        # A file system without hard links: an exclusively created empty file holds the name.
        os.close(os.open(file_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            temporary.replace(file_path)
        except BaseException:
            file_path.unlink(missing_ok=True)
            raise


def _flush_directory(directory: Path) -> None:
    # Some file systems cannot do this; the file itself is on disk by now.
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def as_cant_write(file_path: Path) -> Iterator[None]:
    """Raise what the system has against writing a file as one of the ``CantWriteFile`` kinds."""
    try:
        yield
    except OSError as error:
        raise _cant_write(file_path, error) from error
    except ValueError as error:  # a path with a NUL in it
        raise CantWriteFile(file_path, str(error)) from error


def _cant_write(file_path: Path, error: OSError) -> CantWriteFile:
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return CantWriteFileLackPermission(file_path)
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return CantWriteFileDiskFull(file_path)
    if error.errno == errno.EEXIST:
        return CantWriteFileAlreadyExists(file_path)
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return CantWriteFileDirDoesntExist(file_path)
    return CantWriteFile(file_path, error.strerror or str(error))


def _cant_read(file_path: Path, error: OSError) -> CantReadFile:
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return CantReadFileDoesntExist(file_path)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return CantReadFileLackPermission(file_path)
    return CantReadFile(file_path, error.strerror or str(error))
