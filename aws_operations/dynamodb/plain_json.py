"""Items as plain JSON and back, losing nothing.

Text, booleans, null, lists and maps are what JSON has for them. For the rest there is a notation, the
same in both directions::

    {"$binary": "aGVsbG8="}       bytes, in base64
    {"$set": ["a", "b"]}          a set of strings, of numbers or of binaries
    {"$number": "0.1000...01"}    a number that a double cannot hold; other numbers are JSON's own
    {"$map": {"$set": 1}}         a map that has one of these four names as its only one

Numbers in JSON are read exactly, whatever their length.
"""

import json
import re
from binascii import Error as Base64Error, a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Mapping, Set as AbstractSet
from decimal import Context, Decimal, InvalidOperation
from typing import Any, TypeAlias, TypeVar

from aws_interactions.aws_errors import InvalidInput

Item: TypeAlias = dict[str, Any]
JsonObject: TypeAlias = dict[str, Any]
Read = TypeVar("Read")

_BINARY, _SET, _NUMBER, _MAP = "$binary", "$set", "$number", "$map"
_NOTATION = frozenset({_BINARY, _SET, _NUMBER, _MAP})

# Decimal would read "1_000" and other scripts' digits too.
_JSON_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)

# The largest that DynamoDB takes has 126 digits before the point; the rest is for the wrapper to refuse.
_MOST_DIGITS = 400
_ALL_DIGITS = Context(prec=2 * _MOST_DIGITS)
_LONGEST_EXCERPT = 40
# DynamoDB takes 32 levels; each may be a $map in the notation.
_DEEPEST = 100
_TOO_DEEP = "the JSON is nested more deeply than DynamoDB takes"


def document_of(item: Mapping[str, Any]) -> JsonObject:
    """Return an item as a JSON object in the notation; numbers in it are ``int`` and ``float``."""
    return _map_document(item)


def value_document(value: Any) -> Any:
    """Return one value of an item as JSON in the notation; raises ``TypeError`` for what no item holds."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float | Decimal):
        return _number_document(value)
    if isinstance(value, Mapping):
        return _map_document(value)
    if isinstance(value, list | tuple):
        return [value_document(element) for element in value]
    if isinstance(value, AbstractSet):
        return {_SET: [value_document(element) for element in sorted(value)]}
    return {_BINARY: b2a_base64(bytes(value), newline=False).decode("ascii")}


def _map_document(value: Mapping[str, Any]) -> JsonObject:
    return noted_map({name: value_document(element) for name, element in value.items()})


def noted_map(document: JsonObject) -> JsonObject:
    """Return a map, its values documents already, as the notation has it."""
    return {_MAP: document} if len(document) == 1 and not _NOTATION.isdisjoint(document) else document


def _number_document(value: int | float | Decimal) -> Any:
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    as_float = float(number)
    if number == number.to_integral_value():
        whole = int(number)
        return whole if Decimal(as_float) == number else {_NUMBER: str(whole)}
    if Decimal(repr(as_float)) == number:
        return as_float
    # Without zeros at the end, as DynamoDB answers, so that the same number is the same text.
    return {_NUMBER: str(number.normalize(_ALL_DIGITS))}


def item_of(document: object) -> Item:
    """Return the item that a document in the notation stands for; raises ``InvalidInput``."""
    value = value_of(document)
    if not isinstance(value, dict):
        raise InvalidInput(f"{_excerpt(document)} is not a JSON object")
    return value


def value_of(document: object, where: str = "") -> Any:
    """Return the value that JSON in the notation stands for: numbers are ``Decimal``, sets ``frozenset``.

    ``where`` is the path to it, for the message of the ``InvalidInput`` that is raised for what the
    notation does not know.
    """
    if isinstance(document, str):
        return _checked_text(document, where)
    if document is None or isinstance(document, bool):
        return document
    if isinstance(document, int | float | Decimal):
        return document if isinstance(document, Decimal) else Decimal(repr(document))
    if isinstance(document, list):
        return [value_of(element, f"{where}[{index}]") for index, element in enumerate(document)]
    if isinstance(document, dict):
        return _from_object(document, where)
    raise _wrong(where, f"{type(document).__name__} is not JSON")


def _from_object(document: JsonObject, where: str) -> Any:
    if len(document) == 1:
        [(name, inner)] = document.items()
        if name in _READERS:
            return _READERS[name](inner, f"{where}.{name}" if where else name)
    return _from_map(document, where)


def _from_map(document: object, where: str) -> Item:
    if not isinstance(document, dict):
        raise _wrong(where, f"takes an object, not {_excerpt(document)}")
    return {
        _checked_text(name, where): value_of(element, f"{where}.{name}" if where else name)
        for name, element in document.items()
    }


def _from_binary(document: object, where: str) -> bytes:
    try:
        if isinstance(document, str):
            return a2b_base64(document, strict_mode=True)
    except (Base64Error, ValueError):
        pass
    raise _wrong(where, f"takes base64, not {_excerpt(document)}")


def _from_number(document: object, where: str) -> Decimal:
    if not isinstance(document, str) or not _JSON_NUMBER.fullmatch(document):
        raise _wrong(where, f"takes a number in quotes, not {_excerpt(document)}")
    try:
        return _exactly(document)
    except InvalidInput as error:
        raise _wrong(where, str(error)) from None


def _from_set(document: object, where: str) -> frozenset[Any]:
    if not isinstance(document, list) or not document:
        raise _wrong(where, f"takes a list that is not empty, not {_excerpt(document)}")
    elements = [value_of(element, f"{where}[{index}]") for index, element in enumerate(document)]
    kinds = {type(element) for element in elements}
    if len(kinds) > 1 or not kinds <= {str, Decimal, bytes}:
        raise _wrong(where, "takes strings alone, numbers alone or $binary alone")
    found = frozenset(elements)
    if len(found) < len(elements):
        twice = next(element for index, element in enumerate(elements) if element in elements[:index])
        raise _wrong(where, f"has {_excerpt(value_document(twice))} twice")
    return found


_READERS: dict[str, Callable[[object, str], Any]] = {
    _BINARY: _from_binary,
    _SET: _from_set,
    _NUMBER: _from_number,
    _MAP: _from_map,
}


def parse_item(text: str) -> Item:
    """Return the item that JSON text in the notation stands for; raises ``InvalidInput``."""
    return read_json(item_of, text)


def parse_value(text: str) -> Any:
    """Return the value that JSON text in the notation stands for; raises ``InvalidInput``."""
    return read_json(value_of, text)


def read_json(reader: Callable[[object], Read], text: str) -> Read:
    """Return what a reader makes of JSON text; raises ``InvalidInput`` as ``parse_json`` does."""
    document = parse_json(text)
    try:
        return reader(document)
    except RecursionError:
        raise InvalidInput(_TOO_DEEP) from None


def parse_json(text: str) -> Any:
    """Return what JSON text says, numbers as ``Decimal``.

    Raises ``InvalidInput`` for what is not JSON, for a name that comes twice in an object, for ``NaN`` and
    ``Infinity``, and for numbers and nesting beyond any that DynamoDB takes.
    """
    try:
        document = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(_complaint(text, error)) from None
    except RecursionError:
        raise InvalidInput(_TOO_DEEP) from None
    _check_depth(document)
    return document


def _check_depth(document: Any) -> None:
    # Where Python's own recursion ends differs from version to version.
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > _DEEPEST:
            raise InvalidInput(_TOO_DEEP)
        lists = (each for each in level if isinstance(each, list | dict))
        level = [inner for each in lists for inner in (each.values() if isinstance(each, dict) else each)]


def json_line(document: Any) -> str:
    """Return a document as compact JSON on one line, the same text for the same document."""
    return _ENCODER.encode(document)


def same(one: Any, other: Any) -> bool:
    """Whether two documents say the same; to Python alone ``true`` would be 1."""
    return one == other and json_line(one) == json_line(other)


def _complaint(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "there is no JSON in it, it is empty"
    place = f"line {error.lineno} column {error.colno}" if "\n" in text.strip() else f"column {error.colno}"
    return f"{_excerpt_text(text.strip())} is not JSON: {error.msg[:1].lower()}{error.msg[1:]} at {place}"


def _object_of(pairs: Iterable[tuple[str, Any]]) -> JsonObject:
    found: JsonObject = {}
    for name, value in pairs:
        if name in found:
            raise InvalidInput(f"the name {json_line(name)} comes twice in one JSON object")
        found[name] = value
    return found


def _exactly(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("Infinity")
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS or len(text) > _MOST_DIGITS:
        raise InvalidInput(f"the number {_excerpt_text(text)} is beyond any that DynamoDB takes")
    return number


def _refuse_constant(name: str) -> Any:
    raise InvalidInput(f"{name} is no number of DynamoDB's, nor JSON's")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object_of, parse_float=_exactly, parse_int=_exactly, parse_constant=_refuse_constant
)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _checked_text(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _wrong(where, "holds half a character (a lone surrogate), which is no text") from None
    return text


def _wrong(where: str, complaint: str) -> InvalidInput:
    return InvalidInput(f"{where}: {complaint}" if where else complaint)


def _excerpt(document: object) -> str:
    return _excerpt_text(json.dumps(document, default=value_document))


def _excerpt_text(text: str) -> str:
    return text if len(text) <= _LONGEST_EXCERPT else f"{text[:_LONGEST_EXCERPT]}..."
