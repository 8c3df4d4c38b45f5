"""Python's values as DynamoDB's, and back: exact, or an error that names the attribute.

====================================  =========  ==================================
Python                                DynamoDB   comes back as
====================================  =========  ==================================
``str``                               S          ``str``
``int``, ``Decimal``, ``float``       N          ``Decimal``; ``native``: int, float
``bytes``, ``bytearray``, views       B          ``bytes``
``bool``, ``None``                    BOOL NULL  ``bool``, ``None``
list, tuple                           L          ``list``
mapping with ``str`` keys             M          ``dict``
set, frozenset of one of S, N, B      SS NS BS   ``set``
====================================  =========  ==================================

A float is taken as its ``repr``: 0.1 is the number 0.1.
"""

import sys
from collections.abc import Callable, Mapping, Sequence, Set as AbstractSet
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions.errors import (
    LossyNumber,
    UnrepresentableNumber,
    UnrepresentableValue,
)

Item = dict[str, Any]

MAX_DIGITS = 38
MAX_DEPTH = 32
_LEAST_EXPONENT, _GREATEST_EXPONENT = -130, 125
_SURELY_EXACT = 10**MAX_DIGITS


class Numbers(StrEnum):
    """How numbers come back: as ``Decimal``, or as ``int`` and ``float`` where these are exact."""

    DECIMAL = "decimal"
    NATIVE = "native"


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item, key or set of values as the low-level client takes it.

    Raises ``UnrepresentableValue`` (``UnrepresentableNumber``) naming the attribute.
    """
    return {_name(name, ""): _attribute(value, name, 0) for name, value in values.items()}


def from_item(attributes: Mapping[str, Any], numbers: Numbers | str = Numbers.DECIMAL) -> Item:
    """Return what the low-level client gave as plain values; ``native`` may raise ``LossyNumber``."""
    number = number_reader(numbers)
    return {name: _value(attribute, name, number) for name, attribute in attributes.items()}


def to_attribute(value: Any) -> dict[str, Any]:
    """Return one value as the low-level client takes it; errors as in ``to_item``."""
    return _attribute(value, "", 0)


def from_attribute(attribute: Mapping[str, Any], numbers: Numbers | str = Numbers.DECIMAL) -> Any:
    """Return one value of the low-level client's as a plain one; errors as in ``from_item``."""
    return _value(attribute, "", number_reader(numbers))


def number_reader(numbers: Numbers | str) -> Callable[[str, str], Any]:
    """Return what makes a number of its text and path; an unknown way raises ``InvalidInput``."""
    if numbers == Numbers.DECIMAL:
        return _decimal
    if numbers == Numbers.NATIVE:
        return _native
    message = f"numbers are {' or '.join(Numbers)}, not {numbers!r}"
    raise InvalidInput(message)


def _attribute(value: Any, path: str, depth: int) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": _text(value, path)}
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | Decimal | float):
        return {"N": number_text(value, path)}
    return _binary(value) or _document(value, path, depth)


def _binary(value: Any) -> dict[str, Any] | None:
    if isinstance(value, bytes | bytearray | memoryview):
        return {"B": bytes(value)}
    # What boto3's resource gives for binary; while its module is not loaded there can be none.
    boto3_types = sys.modules.get("boto3.dynamodb.types")
    if boto3_types is not None and isinstance(value, boto3_types.Binary):
        return {"B": bytes(value)}
    return None


def _document(value: Any, path: str, depth: int) -> dict[str, Any]:
    if isinstance(value, AbstractSet):
        return _set(value, path)
    if depth == MAX_DEPTH:
        raise UnrepresentableValue(path, f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        return {
            "M": {
                _name(name, path): _attribute(part, f"{path}.{name}", depth + 1)
                for name, part in value.items()
            }
        }
    if isinstance(value, list | tuple):
        return {"L": [_attribute(part, f"{path}[{index}]", depth + 1) for index, part in enumerate(value)]}
    raise UnrepresentableValue(path, f"DynamoDB has no type for {type(value).__name__}")


def _name(name: Any, path: str) -> str:
    if isinstance(name, str):
        return _text(name, path)
    raise UnrepresentableValue(path, f"an attribute's name is text, not {type(name).__name__}")


def _text(text: str, path: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnrepresentableValue(
            path, "the text has half of a surrogate pair, which is no Unicode"
        ) from None
    return text


def _set(values: AbstractSet[Any], path: str) -> dict[str, Any]:
    if not values:
        raise UnrepresentableValue(path, "DynamoDB has no empty set")
    parts = [_attribute(value, path, 0) for value in values]
    types = {name for part in parts for name in part}
    kind = types.pop()
    if types or kind not in {"S", "N", "B"}:
        raise UnrepresentableValue(path, "a set is of text, of numbers or of binary, and of one of them")
    texts = [part[kind] for part in parts]
    if kind == "N":
        # 0.1 and Decimal("0.1") are two to Python and one to DynamoDB, which takes no duplicates.
        texts = list({Decimal(text): text for text in texts}.values())
        return {"NS": sorted(texts, key=Decimal)}
    return {f"{kind}S": sorted(texts)}


def number_text(number: int | Decimal | float, path: str = "") -> str:
    """Return a number as DynamoDB takes it: exactly the given one.

    Raises ``UnrepresentableNumber`` for more than 38 significant digits, for what is out of
    +-1E-130 .. 9.9999999999999999999999999999999999999E+125, and for NaN and infinity.
    """
    if isinstance(number, int) and -_SURELY_EXACT < number < _SURELY_EXACT:
        return int.__repr__(number)
    exact = Decimal(float.__repr__(number)) if isinstance(number, float) else Decimal(number)
    if not exact.is_finite():
        raise UnrepresentableNumber(path, "DynamoDB has no NaN and no infinity")
    if not exact:
        return "0"
    sign, digits, _ = exact.as_tuple()
    significant = "".join(map(str, digits)).rstrip("0")
    if len(significant) > MAX_DIGITS:
        raise UnrepresentableNumber(
            path, f"{len(significant)} significant digits, where DynamoDB holds {MAX_DIGITS}"
        )
    if not _LEAST_EXPONENT <= exact.adjusted() <= _GREATEST_EXPONENT:
        raise UnrepresentableNumber(path, "out of DynamoDB's range, 1E-130 to 9.99E+125")
    if len(digits) <= MAX_DIGITS:
        return str(exact)
    return f"{'-' if sign else ''}{significant}E{exact.adjusted() - len(significant) + 1}"


def _value(attribute: Mapping[str, Any], path: str, number: Callable[[str, str], Any]) -> Any:
    ((kind, content),) = attribute.items()
    if kind in {"S", "BOOL", "B"}:
        return content
    if kind == "N":
        return number(content, path)
    if kind == "M":
        return {name: _value(part, f"{path}.{name}", number) for name, part in content.items()}
    if kind == "L":
        return [_value(part, f"{path}[{index}]", number) for index, part in enumerate(content)]
    if kind == "NULL":
        return None
    return _set_value(kind, content, path, number)


def _set_value(kind: str, content: Sequence[Any], path: str, number: Callable[[str, str], Any]) -> set[Any]:
    if kind == "NS":
        return {number(text, path) for text in content}
    if kind in {"SS", "BS"}:
        return set(content)
    raise UnrepresentableValue(path, f"DynamoDB's type {kind} is not known")


def _decimal(text: str, path: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise UnrepresentableNumber(path, "DynamoDB gave a number that is none") from None


def _native(text: str, path: str) -> int | float:
    exact = _decimal(text, path)
    if exact == exact.to_integral_value():
        return int(exact)
    inexact = float(exact)
    if Decimal(float.__repr__(inexact)) != exact:
        raise LossyNumber(path)
    return inexact
