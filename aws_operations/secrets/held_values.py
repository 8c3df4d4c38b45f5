"""Secret values on their way from whoever gives them to the change that stores them.

A ``Change`` serialises and must not carry a value, so its ``payload_ref`` names one that this process holds.
The reference outlives the process, in a plan file or the journal: it tells where the value came from, so that
another process can ask for it again and hold it under the same reference.
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from aws_interactions.aws_errors import Conflict
from aws_interactions.local_files import CantReadFile, CantReadFileDoesntExist, CantReadFileLackPermission
from aws_interactions.secrets_interactions import MAX_VALUE_BYTES, SecretValue

_HELD_PREFIX = "held"
_BINARY = "+binary"


@dataclass(frozen=True, slots=True)
class ValueSource:
    """Where a value comes from: the path of a file that can be read again if ``is_file``, else a few words.

    ``is_binary``: it is stored as binary even if it is UTF-8 text.
    """

    name: str
    is_file: bool = False
    is_binary: bool = False

    @classmethod
    def of_ref(cls, ref: str | None) -> Self | None:
        """Return the source that a change's ``payload_ref`` tells of, ``None`` if it names no held value."""
        parts = (ref or "").split(":", 3)
        if len(parts) < 4 or parts[0] != _HELD_PREFIX:
            return None
        return cls(
            parts[3],
            is_file=parts[2].removesuffix(_BINARY) == "file",
            is_binary=parts[2].endswith(_BINARY),
        )

    def new_ref(self) -> str:
        """Return a reference that no other value has."""
        kind = f"{'file' if self.is_file else 'given'}{_BINARY if self.is_binary else ''}"
        # The name comes last, because the path of a file may have colons too.
        return f"{_HELD_PREFIX}:{secrets.token_hex(8)}:{kind}:{self.name}"


class ValueNotHeld(Conflict):
    """The value that a change is to store is not, or no longer, held by this process."""

    def __init__(self, ref: str) -> None:
        source = ValueSource.of_ref(ref)
        name = "it" if source is None else source.name
        super().__init__(
            f"the value to store (from {name}) is not held: only the process that planned the change has "
            "it; give it again"
        )
        self.ref = ref


class HeldValue:
    """A value of this process under a reference that says nothing of it.

    ``read`` gives the value when it is first needed and is not asked twice; what it raises is raised each
    time. ``source`` says where it comes from. ``ref`` is the reference of a value that another process held,
    a new one unless given. Held until ``release`` or the end of the process.
    """

    def __init__(
        self, read: Callable[[], SecretValue], *, source: ValueSource | str, ref: str | None = None
    ) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._value: SecretValue | None = None
        self._error: Exception | None = None
        self.ref = ref or (ValueSource(source) if isinstance(source, str) else source).new_ref()
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


def is_value_held(ref: str | None) -> bool:
    """Say whether this process holds the value that a change's ``payload_ref`` names."""
    return ref in _HELD


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
