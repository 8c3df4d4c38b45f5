"""Fields as DynamoDB's values, and back, by their annotation: exact, or an error that names the field.

======================================  ==================================================
annotation                              in the item
======================================  ==================================================
``str``, ``bytes``, ``bool``            the same
``int``, ``Decimal``, ``float``         a number
``datetime``                            text in UTC, of fixed width, so that it sorts
``UUID``                                text
an enum of text or whole numbers        its value
a dataclass                             a map of its fields
``list[X]``, ``tuple[X, ...]``          a list
``set[X]``, ``frozenset[X]``            a set; an empty one, which DynamoDB lacks, an empty list
``dict[str, X]``                        a map
``X | None``                            as ``X``, or null
======================================  ==================================================

What would not come back equal is refused: a datetime without a zone, ``True`` where an ``int`` belongs.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from aws_interactions.dynamodb_interactions.errors import LossyNumber, UnrepresentableValue
from aws_interactions.single_table.errors import InvalidModel, ItemDoesNotFit

Convert = Callable[[Any, str], Any]
"""Makes one value of another; the text is where it stands, for errors."""


@dataclasses.dataclass(frozen=True, slots=True)
class Codec:
    """How values of one annotation become an item's, and back.

    ``is_scalar``: it is text or a whole number in the item, and may stand in a key.
    """

    to_value: Convert
    from_value: Convert
    is_scalar: bool = False
    fits_in_set: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class FieldCodec:
    """One field of a dataclass; ``absent`` makes what it is where an older item has none."""

    name: str
    codec: Codec
    absent: Callable[[], Any] | None

    def read(self, item: Mapping[str, Any], path: str) -> Any:
        """Return the field of an item, or the default where the item lacks it."""
        if self.name in item:
            return self.codec.from_value(item[self.name], path)
        if self.absent is None:
            raise ItemDoesNotFit(path, "the item lacks it, and the field has no default")
        return self.absent()


def field_codecs(of: type, *, inside: tuple[type, ...] = ()) -> dict[str, FieldCodec]:
    """Return the fields of a dataclass by name; raises ``InvalidModel`` for one that cannot be kept."""
    if not dataclasses.is_dataclass(of):
        raise InvalidModel(of.__name__, "it is no dataclass")
    if of in inside:
        raise InvalidModel(of.__name__, "it holds itself; an item has an end")
    try:
        hints = typing.get_type_hints(of)
    except NameError as error:
        raise InvalidModel(of.__name__, f"its annotations cannot be read here: {error}") from error
    codecs = {}
    for field in dataclasses.fields(of):
        if not field.init:
            raise InvalidModel(of.__name__, f"{field.name} is not given to its constructor")
        codec = _codec(hints[field.name], f"{of.__name__}.{field.name}", (*inside, of))
        codecs[field.name] = FieldCodec(field.name, codec, _default(field))
    return codecs


def plain_codec(kind: type) -> Codec:
    """Return the codec of a type that is kept as it is: a field has this very one."""
    return _PLAIN[kind]


def _default(field: "dataclasses.Field[Any]") -> Callable[[], Any] | None:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory
    if field.default is not dataclasses.MISSING:
        return lambda: field.default
    return None


def _codec(annotation: Any, path: str, inside: tuple[type, ...]) -> Codec:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {typing.Union, types.UnionType}:
        return _optional(arguments, path, inside)
    if origin in {list, tuple, set, frozenset, dict}:
        return _collection(origin, arguments, path, inside)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _enum(annotation, path)
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return _nested(annotation, inside)
    raise InvalidModel(path, f"no conversion for {getattr(annotation, '__name__', annotation)}")


def _exactly(kind: type, plain: Callable[[Any], Any] | None = None, *, but: type | None = None) -> Codec:
    """Return the codec of a type that DynamoDB has; ``plain`` takes what a subclass adds away."""

    def to_value(value: Any, path: str) -> Any:
        if not isinstance(value, kind) or (but is not None and isinstance(value, but)):
            raise UnrepresentableValue(path, f"it is to be {kind.__name__}, not {type(value).__name__}")
        return plain(value) if plain else value

    def from_value(value: Any, path: str) -> Any:
        if not isinstance(value, kind):
            raise ItemDoesNotFit(path, f"it is to be {kind.__name__}, not {type(value).__name__}")
        return value

    return Codec(to_value, from_value, is_scalar=kind is str, fits_in_set=kind is not bool)


def _read_int(value: Any, path: str) -> int:
    if not isinstance(value, Decimal) or value != value.to_integral_value():
        raise ItemDoesNotFit(path, "it is to be a whole number")
    return int(value)


def _write_float(value: Any, path: str) -> float:
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and _is_exact_as_float(value):
        return float(value)
    raise UnrepresentableValue(path, f"this {type(value).__name__} is no exact float")


def _is_exact_as_float(value: int) -> bool:
    try:
        return float(value) == value
    except OverflowError:
        return False


def _read_float(value: Any, path: str) -> float:
    if not isinstance(value, Decimal):
        raise ItemDoesNotFit(path, f"it is to be a number, not {type(value).__name__}")
    inexact = float(value)
    if Decimal(repr(inexact)) != value:
        raise LossyNumber(path)
    return inexact


def _write_datetime(value: Any, path: str) -> str:
    if not isinstance(value, datetime):
        raise UnrepresentableValue(path, f"it is to be a datetime, not {type(value).__name__}")
    # A moment in another zone would come back in UTC: the caller is to say that this is meant.
    if value.utcoffset() is None or value.utcoffset() or value != value.astimezone(UTC):
        raise UnrepresentableValue(path, "it is to be in UTC: give it .astimezone(UTC)")
    return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _read_datetime(value: Any, path: str) -> datetime:
    try:
        read = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ItemDoesNotFit(path, "it is to be a time, such as 2026-01-31T12:00:00Z") from None
    if read.utcoffset() is None:
        raise ItemDoesNotFit(path, "the time has no zone")
    return read.astimezone(UTC)


def _write_uuid(value: Any, path: str) -> str:
    if not isinstance(value, UUID):
        raise UnrepresentableValue(path, f"it is to be a UUID, not {type(value).__name__}")
    return str(value)


def _read_uuid(value: Any, path: str) -> UUID:
    try:
        return UUID(value)
    except (AttributeError, TypeError, ValueError):
        raise ItemDoesNotFit(path, "it is to be a UUID") from None


_PLAIN: dict[Any, Codec] = {
    str: _exactly(str, str.__str__),
    bytes: _exactly(bytes),
    bool: _exactly(bool),
    Decimal: _exactly(Decimal),
    int: Codec(_exactly(int, int.__int__, but=bool).to_value, _read_int, is_scalar=True, fits_in_set=True),
    float: Codec(_write_float, _read_float, fits_in_set=True),
    datetime: Codec(_write_datetime, _read_datetime, is_scalar=True, fits_in_set=True),
    UUID: Codec(_write_uuid, _read_uuid, is_scalar=True, fits_in_set=True),
}


def _optional(arguments: tuple[Any, ...], path: str, inside: tuple[type, ...]) -> Codec:
    some = [argument for argument in arguments if argument is not types.NoneType]
    if len(some) != 1 or len(some) == len(arguments):
        raise InvalidModel(path, "of unions there is X | None alone: an item does not say which it was")
    codec = _codec(some[0], path, inside)
    return Codec(
        lambda value, where: None if value is None else codec.to_value(value, where),
        lambda value, where: None if value is None else codec.from_value(value, where),
        is_scalar=codec.is_scalar,
    )


def _collection(kind: type, arguments: tuple[Any, ...], path: str, inside: tuple[type, ...]) -> Codec:
    if kind is dict:
        return _mapping(arguments, path, inside)
    if not arguments or (kind is tuple and arguments[1:] != (Ellipsis,)):
        raise InvalidModel(path, f"say of what it is: {kind.__name__}[str{', ...' * (kind is tuple)}]")
    member = _codec(arguments[0], path, inside)
    if kind in {list, tuple}:
        return _sequence(kind, member)
    if not member.fits_in_set:
        raise InvalidModel(path, "a set is of text, numbers or binary, and of what is kept as one of them")
    return _set(kind, member)


def _sequence(kind: type, member: Codec) -> Codec:
    def to_value(value: Any, path: str) -> list[Any]:
        _check_kind(value, kind, path)
        return [member.to_value(part, f"{path}[{place}]") for place, part in enumerate(value)]

    def from_value(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise ItemDoesNotFit(path, "it is to be a list")
        return kind(member.from_value(part, f"{path}[{place}]") for place, part in enumerate(value))

    return Codec(to_value, from_value)


def _set(kind: type, member: Codec) -> Codec:
    def to_value(value: Any, path: str) -> Any:
        _check_kind(value, kind, path)
        return {member.to_value(part, path) for part in value} or []

    def from_value(value: Any, path: str) -> Any:
        if not isinstance(value, set) and value != []:
            raise ItemDoesNotFit(path, "it is to be a set, or an empty list")
        return kind(member.from_value(part, path) for part in value)

    return Codec(to_value, from_value)


def _mapping(arguments: tuple[Any, ...], path: str, inside: tuple[type, ...]) -> Codec:
    if len(arguments) != 2 or arguments[0] is not str:
        raise InvalidModel(path, "a dict has text for its keys: dict[str, int]")
    member = _codec(arguments[1], path, inside)

    def to_value(value: Any, path: str) -> dict[str, Any]:
        _check_kind(value, dict, path)
        return {name: member.to_value(part, f"{path}.{name}") for name, part in value.items()}

    def from_value(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ItemDoesNotFit(path, "it is to be a map")
        return {name: member.from_value(part, f"{path}.{name}") for name, part in value.items()}

    return Codec(to_value, from_value)


def _enum(kind: type[Enum], path: str) -> Codec:
    values = [member.value for member in kind]
    texts = all(isinstance(value, str) for value in values)
    numbers = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    if not values or not (texts or numbers):
        raise InvalidModel(path, f"the values of {kind.__name__} are not all text, nor all whole numbers")

    def to_value(value: Any, path: str) -> Any:
        _check_kind(value, kind, path)
        return value.value

    def from_value(value: Any, path: str) -> Enum:
        try:
            return kind(value if texts else _read_int(value, path))
        except ValueError:
            raise ItemDoesNotFit(path, f"{value!r} is no value of {kind.__name__}") from None

    return Codec(to_value, from_value, is_scalar=True, fits_in_set=True)


def _nested(kind: type, inside: tuple[type, ...]) -> Codec:
    fields = field_codecs(kind, inside=inside)

    def to_value(value: Any, path: str) -> dict[str, Any]:
        # A subclass would come back as its parent.
        if type(value) is not kind:
            raise UnrepresentableValue(path, f"it is to be {kind.__name__}, not {type(value).__name__}")
        return {
            name: field.codec.to_value(getattr(value, name), f"{path}.{name}")
            for name, field in fields.items()
        }

    def from_value(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise ItemDoesNotFit(path, "it is to be a map")
        return kind(**{name: field.read(value, f"{path}.{name}") for name, field in fields.items()})

    return Codec(to_value, from_value)


def _check_kind(value: Any, kind: type, path: str) -> None:
    if not isinstance(value, kind):
        raise UnrepresentableValue(path, f"it is to be {kind.__name__}, not {type(value).__name__}")
