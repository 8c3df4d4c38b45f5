"""Items as the lines of a file, straight from what DynamoDB answered.

An item is not made into Python's values first, which would take most of the time that an export has; what
comes out is what ``plain_json`` makes of these values.
"""

import json
import re
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from aws_interactions.aws_errors import AwsInteractionError, InvalidInput
from aws_interactions.dynamodb_interactions import UnrepresentableValue, from_attribute
from aws_operations.dynamodb.plain_json import JsonObject, json_line, noted_map, value_document

WireItem = Mapping[str, Any]
Lines = Callable[[Sequence[WireItem]], bytes]
Compress = Callable[[bytes], bytes]

# With so few digits each number is exact as a double.
_SURELY_EXACT = 15
_WIRE_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_DECIMAL_FRACTION = re.compile(r"-?[0-9]+\.[0-9]+", re.ASCII)
_MISTAKEN_STARTS = ('"', "{", "[", "=", "+", "-", "@", "\t", "\r")
_JSON_STARTS = "0123456789tfnNI"
_GZIP_LEVEL, _ZSTD_LEVEL = 6, 3


class ExportFormat(StrEnum):
    """What a line of the file is."""

    JSONL = "jsonl"
    DYNAMODB_JSON = "dynamodb-json"
    CSV = "csv"


class Compression(StrEnum):
    """How the file is compressed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


class CompressionMissing(AwsInteractionError):
    """What compresses so is not installed."""

    def __init__(self, compression: Compression) -> None:
        super().__init__(
            f"{compression} is not installed here; take gzip, or: "
            f"in a checkout, pip install '.[{compression}]'"
        )


def lines_in(export_format: ExportFormat, columns: Sequence[str] | None) -> tuple[bytes, Lines]:
    """Return what a file begins with, and what makes its lines; ``columns`` are for CSV, which needs them."""
    if export_format is ExportFormat.DYNAMODB_JSON:
        return b"", _wire_lines
    if export_format is ExportFormat.JSONL:
        return b"", _plain_lines
    if not columns:
        raise InvalidInput("CSV has one list of columns: name the attributes that these are")
    # A path would be a column of a document, and the name of none.
    path = next((name for name in columns if any(sign in name for sign in ".[]")), None)
    if path is not None:
        raise InvalidInput(f"{path!r} is a part of an attribute; a column of CSV is a whole one")
    return _csv_line(columns), lambda items: b"".join(_csv_lines(items, columns))


def compressor(compression: Compression) -> Compress:
    """Return what makes a block of a file; blocks one after the other are one file to every reader."""
    if compression is Compression.NONE:
        return bytes
    if compression is Compression.GZIP:
        import gzip

        return lambda block: gzip.compress(block, _GZIP_LEVEL, mtime=0)
    try:
        import zstandard
    except ImportError:
        raise CompressionMissing(compression) from None
    return lambda block: zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True).compress(block)


def document_of_wire(item: WireItem) -> JsonObject:
    """Return an item of the low-level client's as ``document_of`` does its plain values."""
    document = {}
    for name, attribute in item.items():
        # There is just one; this is the fastest way to it, and most of what an export does.
        for kind, content in attribute.items():
            document[name] = content if kind == "S" else _DOCUMENT_BY_KIND[kind](content)
    if len(document) < len(item):
        # botocore leaves out a type that it does not know.
        lost = next(name for name in item if name not in document)
        raise UnrepresentableValue(lost, "its type is not known")
    return noted_map(document)


def _list_document(parts: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [_document(part) for part in parts]


def _document(attribute: Mapping[str, Any]) -> Any:
    [(kind, content)] = attribute.items()
    return _DOCUMENT_BY_KIND[kind](content)


def _number(text: str) -> Any:
    if len(text) <= _SURELY_EXACT:
        if text.isdigit() and text.isascii():
            return int(text)
        if _DECIMAL_FRACTION.fullmatch(text):
            number = float(text)
            return int(number) if number.is_integer() else number
    return value_document(from_attribute({"N": text}))


def _numbers_document(texts: Sequence[str]) -> Any:
    return value_document(from_attribute({"NS": texts}))


def _set_document(content: Sequence[Any]) -> Any:
    return value_document(frozenset(content))


def _as_it_is(content: Any) -> Any:
    return content


def _null(_content: Any) -> None:
    return None


_DOCUMENT_BY_KIND: Final[Mapping[str, Callable[[Any], Any]]] = {
    "S": _as_it_is,
    "BOOL": _as_it_is,
    "N": _number,
    "M": document_of_wire,
    "L": _list_document,
    "NULL": _null,
    "B": value_document,
    "SS": _set_document,
    "BS": _set_document,
    "NS": _numbers_document,
}


def _plain_lines(items: Sequence[WireItem]) -> bytes:
    return "".join([f"{json_line(document_of_wire(item))}\n" for item in items]).encode()


def _wire_lines(items: Sequence[WireItem]) -> bytes:
    return "".join([f"{wire_line({'Item': wire_document(item)})}\n" for item in items]).encode()


def wire_line(document: JsonObject) -> str:
    """Return what DynamoDB's own JSON says on one line; binary has to be text by then."""
    return _WIRE_ENCODER.encode(document)


def wire_document(item: WireItem) -> JsonObject:
    """Return an item or key of the low-level client's as JSON, in DynamoDB's own notation."""
    return {name: _wire(attribute) for name, attribute in item.items()}


def _wire(attribute: Mapping[str, Any]) -> Mapping[str, Any]:
    [(kind, content)] = attribute.items()
    if kind == "B":
        return {"B": _base64(content)}
    if kind == "BS":
        return {"BS": sorted(map(_base64, content))}
    if kind == "M":
        return {"M": {name: _wire(part) for name, part in content.items()}}
    if kind == "L":
        return {"L": [_wire(part) for part in content]}
    return attribute


def _base64(content: Any) -> str:
    return b2a_base64(bytes(content), newline=False).decode("ascii")


def _csv_lines(items: Iterable[WireItem], columns: Sequence[str]) -> Iterable[bytes]:
    for item in items:
        yield _csv_line([_cell(item[name]) if name in item else "" for name in columns])


def _cell(attribute: Mapping[str, Any]) -> str:
    """Return an attribute as JSON in the notation; text alone is as it is, where nothing mistakes it."""
    if "S" not in attribute:
        return json_line(_document(attribute))
    text: str = attribute["S"]
    return json_line(text) if _is_mistaken(text) else text


def _is_mistaken(text: str) -> bool:
    """Say whether text would be read as no text, as an absent attribute, or as a formula by a spreadsheet."""
    if not text or text.startswith(_MISTAKEN_STARTS) or text != text.strip():
        return True
    if text[0] not in _JSON_STARTS:
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _csv_line(cells: Iterable[str]) -> bytes:
    return (",".join(map(_quoted, cells)) + "\r\n").encode()


def _quoted(cell: str) -> str:
    if any(sign in cell for sign in ',"\r\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell
