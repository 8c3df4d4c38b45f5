"""Temporary credentials on disk, in the AWS command's JSON format, so that an MFA code is typed once."""

import json
import logging
import os
import tempfile
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from botocore.utils import JSONFileCache

logger = logging.getLogger(__name__)

_KEY_FIELDS = ("AccessKeyId", "SecretAccessKey", "SessionToken")


class CredentialCache(JSONFileCache):
    """A folder (0700) of JSON files (0600), each an AssumeRole answer.

    A file that is torn, foreign or of another shape is as good as absent. Where the folder cannot be
    written, or belongs to somebody else, a warning is logged and nothing is kept.
    """

    def __init__(self, cache_dir: Path) -> None:
        super().__init__(working_dir=str(cache_dir))
        self._cache_dir = cache_dir

    def __contains__(self, cache_key: object) -> bool:
        return isinstance(cache_key, str) and self.find(cache_key) is not None

    def __getitem__(self, cache_key: str) -> dict[str, Any]:
        answer = self.find(cache_key)
        if answer is None:
            raise KeyError(cache_key)
        return answer

    def __setitem__(self, cache_key: str, value: Mapping[str, Any]) -> None:
        try:
            self._make_folder()
            self._replace_file(cache_key, json.dumps(value, default=_json_time))
        except OSError as error:
            logger.warning(
                "credentials are not kept: cannot write to %s: %s", self._cache_dir, error.strerror
            )

    def __delitem__(self, cache_key: str) -> None:
        try:
            self._path(cache_key).unlink(missing_ok=True)
        except OSError as error:
            logger.warning("cannot delete from %s: %s", self._cache_dir, error.strerror)

    def find(self, cache_key: str) -> dict[str, Any] | None:
        """Return the AssumeRole answer kept under a key, or ``None`` if there is no sound one."""
        try:
            if not self._is_own_folder():
                return None
            answer = json.loads(self._path(cache_key).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        return answer if _is_sound(answer) else None

    def _path(self, cache_key: str) -> Path:
        return self._cache_dir / f"{cache_key}.json"

    def _make_folder(self) -> None:
        self._cache_dir.parent.mkdir(parents=True, exist_ok=True)
        self._cache_dir.mkdir(mode=0o700, exist_ok=True)
        if not self._is_own_folder():
            raise PermissionError(0, "the folder belongs to another user")
        self._cache_dir.chmod(0o700)

    def _is_own_folder(self) -> bool:
        return not hasattr(os, "getuid") or self._cache_dir.stat().st_uid == os.getuid()

    def _replace_file(self, cache_key: str, text: str) -> None:
        descriptor, temporary_name = tempfile.mkstemp(dir=self._cache_dir, suffix=".tmp")  # mode 0600
        temporary = Path(temporary_name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path(cache_key))
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def cache_key_of(*parts: object) -> str:
    """Return a file-safe key for what tells one set of credentials from all others."""
    return sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def seconds_left(answer: Mapping[str, Any]) -> float:
    """Return for how many seconds an AssumeRole answer's credentials are still good."""
    expiration = answer["Credentials"]["Expiration"]
    end = expiration if isinstance(expiration, datetime) else _parse_time(expiration)
    return (end - datetime.now(end.tzinfo)).total_seconds()


def _is_sound(answer: object) -> bool:
    credentials = answer.get("Credentials") if isinstance(answer, dict) else None
    if not isinstance(credentials, dict):
        return False
    if not all(isinstance(credentials.get(name), str) and credentials[name] for name in _KEY_FIELDS):
        return False
    try:
        return _parse_time(credentials["Expiration"]).tzinfo is not None
    except (KeyError, ValueError, AttributeError):
        return False


def _parse_time(text: str) -> datetime:
    # The AWS command writes 2026-01-31T09:00:00UTC; other tools write Z or an offset.
    return datetime.fromisoformat(text.replace("UTC", "+00:00"))


def _json_time(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S%Z")
    raise TypeError(f"not JSON: {type(value).__name__}")
