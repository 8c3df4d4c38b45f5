"""Errors on their way from a worker: what is shown of them, and their kind, survive; their frames do not.

Pickle would lose the cause, and with it AWS's code and request id, and fails on constructors that take
other arguments than the message.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath
from typing import Any, Self

from botocore.exceptions import ClientError

from aws_operations.cluster.cluster_errors import FailedThere
from aws_operations.cluster.plain_values import is_importable, what_is_not_plain

_LONGEST_CHAIN = 5


@dataclass(frozen=True, slots=True)
class CarriedError:
    """An error as plain data; ``rebuild`` makes it again."""

    module: str
    name: str
    text: str
    arguments: tuple[object, ...]
    attributes: dict[str, object]
    cause: "CarriedError | None" = None

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Return what can be carried of an error and its causes; never raises."""
        return cls._of(error, _LONGEST_CHAIN)

    @classmethod
    def _of(cls, error: BaseException, causes: int) -> Self:
        # Clients make kinds of ClientError as they go, which no module has.
        kind, cause = ClientError if isinstance(error, ClientError) else type(error), error.__cause__
        return cls(
            kind.__module__,
            kind.__qualname__,
            _text_of(error),
            tuple(part for part in _arguments_of(error) if _may_travel(part)),
            _attributes_of(error),
            cls._of(cause, causes - 1) if cause is not None and causes else None,
        )

    def rebuild(self) -> Exception:
        """Return the error again, or a ``FailedThere`` that names it where it cannot be made."""
        error = self._made_again()
        if error is None:
            error = FailedThere(f"{self.name}: {self.text}")
        if self.cause is not None:
            error.__cause__ = self.cause.rebuild()
        return error

    def _made_again(self) -> Exception | None:
        try:
            kind: Any = getattr(import_module(self.module), self.name)
            if not issubclass(kind, Exception) or not is_importable(kind):
                return None
            # Python's own keep some of what they were given elsewhere, and take it by position.
            if self.module == "builtins":
                error: Exception = kind(*self.arguments)
            else:
                error = kind.__new__(kind, *self.arguments)
                error.args = self.arguments
            vars(error).update(self.attributes)
            return error if str(error) == self.text else None
        except Exception:  # noqa: BLE001 - an error of any making may come along, and has to be told of
            return None


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the same
        return "(its message cannot be told)"


def _arguments_of(error: BaseException) -> tuple[object, ...]:
    if isinstance(error, OSError) and error.filename is not None:
        return (error.errno, error.strerror, error.filename)
    return error.args


def _attributes_of(error: BaseException) -> dict[str, object]:
    attributes: dict[str, Any] = {**vars(error)}
    if isinstance(error, ClientError):
        # The rest of an answer may hold streams, and values that nobody asked for.
        kept = ("Error", "ResponseMetadata")
        attributes["response"] = {key: error.response[key] for key in kept if key in error.response}  # type: ignore[literal-required] # both are keys of it
    return {name: value for name, value in attributes.items() if _may_travel(value)}


def _may_travel(value: object) -> bool:
    return isinstance(value, PurePath) or what_is_not_plain(value) is None
