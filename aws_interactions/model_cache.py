"""Service models on disk without their documentation, which is five sixths of them and never used here."""

import json
import os
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

_KEPT_SECONDS: Final = 30 * 24 * 3600
_PARTS: Final = ("metadata", "operations", "shapes")


class ModelCache:
    """A folder (0700) of JSON files (0600), each a service model made from one of botocore's files.

    A file's name says from which: another version of botocore, or another size or time of the source,
    is another file, so that nothing goes stale. A torn or foreign file is made again; where the folder
    cannot be written or belongs to somebody else, nothing is kept. Files older than 30 days go at the
    next write.
    """

    def __init__(self, cache_dir: Path, *, botocore_version: str) -> None:
        self._cache_dir = cache_dir
        self._botocore_version = botocore_version

    def model(self, source: Path, read: Callable[[], Any]) -> Any:
        """Return the model in ``source``, which ``read`` reads, without documentation."""
        path = self._cache_dir / self._file_name(source)
        kept = _read_own(path)
        if kept is not None:
            return kept
        model = without_documentation(read())
        with suppress(OSError):
            self._make_folder()
            self._remove_old_files()
            self._replace_file(path, json.dumps(model, separators=(",", ":")))
        return model

    def _file_name(self, source: Path) -> str:
        found = source.stat()
        service, version = source.parts[-3:-1]
        return f"{service}-{version}-{self._botocore_version}-{found.st_size}-{found.st_mtime_ns}.json"

    def _make_folder(self) -> None:
        self._cache_dir.parent.mkdir(parents=True, exist_ok=True)
        self._cache_dir.mkdir(mode=0o700, exist_ok=True)
        if not _is_own(self._cache_dir.lstat()):
            raise PermissionError(0, "the folder belongs to another user")
        self._cache_dir.chmod(0o700)

    def _remove_old_files(self) -> None:
        for path in self._cache_dir.glob("*.json"):
            with suppress(FileNotFoundError):
                if time.time() - path.lstat().st_mtime > _KEPT_SECONDS:
                    path.unlink()

    def _replace_file(self, path: Path, text: str) -> None:
        descriptor, temporary_name = tempfile.mkstemp(dir=self._cache_dir, suffix=".tmp")  # mode 0600
        temporary = Path(temporary_name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def without_documentation(node: Any) -> Any:
    """Return a copy of a model with its documentation texts empty; members of that name stay."""
    if isinstance(node, dict):
        return {
            key: "" if key == "documentation" and isinstance(value, str) else without_documentation(value)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [without_documentation(value) for value in node]
    return node


def _read_own(path: Path) -> Any:
    """Return the model in a file that nobody else can have written, or ``None``."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not (stat.S_ISREG(found.st_mode) and _is_own(found)) or found.st_mode & 0o077:
                return None
            model = json.loads(file.read())
    except (OSError, ValueError, RecursionError):
        return None
    is_sound = isinstance(model, dict) and all(isinstance(model.get(part), dict) for part in _PARTS)
    return model if is_sound else None


def _is_own(found: os.stat_result) -> bool:
    return found.st_uid == os.getuid()
