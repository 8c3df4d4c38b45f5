"""Local files that grow over several runs of a program, and get their name once they are whole."""

import os
from pathlib import Path

from aws_interactions.local_files import (
    as_cant_write,
    check_destination,
    create_private,
    mode_of_new_files,
    put_in_place,
    write_all,
)


class GrowingFile:
    """A file in the making, under a name of its own in the same directory.

    ``length`` is how much of it was kept before: what is behind that is cut off, as nobody knows what it
    is. ``is_continued`` says whether all of that is there; if not, the file begins anew. Until ``finish``,
    what has the name of the file stays whole. Raises the ``CantWriteFile`` kinds.
    """

    def __init__(self, file_path: Path, temporary: Path, *, overwrite: bool, length: int = 0) -> None:
        self._file_path = file_path
        self._temporary = temporary
        self._overwrite = overwrite
        self._mode = check_destination(file_path, overwrite=overwrite)
        self.length = 0
        self._descriptor = self._opened(length)
        self.is_continued = bool(length) and self.length == length

    def _opened(self, length: int) -> int:
        with as_cant_write(self._file_path):
            try:
                descriptor = os.open(self._temporary, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            except FileNotFoundError:
                return create_private(self._temporary, self._file_path)
            found = os.fstat(descriptor).st_size
            self.length = length if found >= length else 0
            os.ftruncate(descriptor, self.length)
            os.lseek(descriptor, self.length, os.SEEK_SET)
            return descriptor

    def append(self, data: bytes) -> int:
        """Write more, and return the length of the file; when this returns, all of it is on disk."""
        with as_cant_write(self._file_path):
            write_all(self._descriptor, data)
            os.fdatasync(self._descriptor)
        self.length += len(data)
        return self.length

    def finish(self) -> None:
        """Give the file its name; one that is there is replaced only if that was asked for."""
        mode = mode_of_new_files(self._file_path) if self._mode is None else self._mode
        with as_cant_write(self._file_path):
            os.fchmod(self._descriptor, mode)
            os.fsync(self._descriptor)
            put_in_place(self._temporary, self._file_path, overwrite=self._overwrite)
        self._temporary.unlink(missing_ok=True)
        self.close()

    def discard(self) -> None:
        """Take away what there is of it."""
        self.close()
        self._temporary.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file, so that it can be gone on with."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
