"""Where the file of an object may be: strictly inside the directory that was asked for."""

import os
import unicodedata
from pathlib import Path

from aws_interactions.s3_interactions.errors import UnsafeObjectKey

_MAX_NAME_BYTES = 255


def safe_local_path(directory: str | os.PathLike[str], key: str) -> Path:
    """Return the file under ``directory`` that an object key names, ``/`` being the separator.

    The path is strictly inside the directory, links followed; the directories between need not
    exist. Keys that could lead elsewhere or that no file name can hold raise ``UnsafeObjectKey``:
    empty parts (``/a``, ``a//b``, ``a/``), ``.`` and ``..``, control characters, parts over 255
    bytes, and keys that pass a symbolic link to somewhere outside.
    """
    parts = key.split("/")
    if not all(_is_safe_name(part) for part in parts):
        raise UnsafeObjectKey(key)
    path = Path(directory).joinpath(*parts)
    root = Path(os.path.realpath(directory))
    if root not in Path(os.path.realpath(path)).parents:
        raise UnsafeObjectKey(key)
    return path


def _is_safe_name(name: str) -> bool:
    if name in {"", ".", ".."} or any(separator in name for separator in (os.sep, os.altsep or os.sep)):
        return False
    # Cc are control characters, Cs lone surrogates, which have no bytes in UTF-8.
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        return False
    return len(name.encode()) <= _MAX_NAME_BYTES
