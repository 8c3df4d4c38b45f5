"""Secret values on their way from whoever gives them to the change that stores them.

A ``Change`` serialises and must not carry a value, so its ``payload_ref`` names one that this process holds.
"""

import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from aws_interactions.aws_errors import Conflict
from aws_interactions.local_files import CantReadFile, CantReadFileDoesntExist, CantReadFileLackPermission
from aws_interactions.secrets_interactions import MAX_VALUE_BYTES, SecretValue


class ValueNotHeld(Conflict):
    """The value that a change is to store is not, or no longer, held by this process."""

    def __init__(self, ref: str) -> None:
        source = ref.rpartition(":")[2] or "it"
        super().__init__(
            f"the value to store (from {source}) is not held: only the process that planned the change has "
            "it; give it again"
        )
        self.ref = ref


class HeldValue:
    """A value of this process under a reference that says nothing of it.

    ``read`` gives the value when it is first needed and is not asked twice; what it raises is raised each
    time. ``source`` says where it comes from, for messages. Held until ``release`` or the end of the process.
    """

    def __init__(self, read: Callable[[], SecretValue], *, source: str) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._value: SecretValue | None = None
        self._error: Exception | None = None
        # Colons separate; the path of a file may have them too.
        self.ref = f"held:{secrets.token_hex(8)}:{source.replace(':', '_')}"
        _HELD[self.ref] = self

    @classmethod
    def of(cls, value: SecretValue, *, source: str = "the caller") -> "HeldValue":
        """Hold a value that is there already."""
        return cls(lambda: value, source=source)

    @property
    def value(self) -> SecretValue:
        """The value, read now if it was not before; raises what reading it raises."""
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._value is None:
                try:
                    self._value = self._read()
                except Exception as error:
                    self._error = error
                    raise
            return self._value

    def release(self) -> None:
        """Hold it no longer: changes that name it can't be applied any more."""
        _HELD.pop(self.ref, None)


_HELD: dict[str, HeldValue] = {}


def held_value(ref: str | None) -> SecretValue:
    """Return the value that a change's ``payload_ref`` names; raises ``ValueNotHeld``."""
    held = _HELD.get(ref or "")
    if held is None:
        raise ValueNotHeld(ref or "")
    return held.value


def value_of_bytes(data: bytes, *, is_binary: bool = False) -> SecretValue:
    """Return bytes as the value of a secret: text if they are UTF-8, else, or if ``is_binary``, bytes."""
    if is_binary:
        return SecretValue(data)
    try:
        return SecretValue(data.decode("utf-8"))
    except UnicodeDecodeError:
        return SecretValue(data)


def value_of_file(path: Path, *, is_binary: bool = False) -> SecretValue:
    """Return the bytes of a file, pipes like ``/dev/fd/63`` among them; raises the ``CantReadFile`` kinds.

    One byte more than a secret may have is read at most, which ``SecretValue.check_size`` then refuses.
    """
    try:
        with path.open("rb") as file:
            return value_of_bytes(file.read(MAX_VALUE_BYTES + 1), is_binary=is_binary)
    except FileNotFoundError as error:
        raise CantReadFileDoesntExist(path) from error
    except PermissionError as error:
        raise CantReadFileLackPermission(path) from error
    except (OSError, ValueError) as error:
        raise CantReadFile(path, getattr(error, "strerror", None) or str(error)) from error
