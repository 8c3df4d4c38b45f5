"""What a row becomes in each format: plain documents first, then lines, cells or JSON.

JSON is lossless: bytes are base64, a decimal is a number where that is exact and else text, a time is
ISO 8601. Text, tables and CSV are for reading: nested values are compact JSON.
"""

import dataclasses
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite
from pathlib import PurePath
from typing import Any
from uuid import UUID

from commands.options import OutputFormat

Document = dict[str, Any] | list[Any] | str | int | float | bool | None

# C0 and C1 controls, line and paragraph separators, marks that reorder text, lone surrogates.
_UNSAFE_IN_JSON = re.compile(
    "[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_UNSAFE = re.compile(f"[\x00-\x1f]|{_UNSAFE_IN_JSON.pattern}")
_SHORT_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LONGEST_EXACT_EXPONENT = 400

VALUE_COLUMN = "value"
_SHORTEST_ARN = 36


def as_document(value: object) -> Any:
    """Return a row, or anything in one, as what JSON knows: dicts, lists, text, numbers, bool, None.

    Raises ``TypeError`` for what has no such form.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_document(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return as_document(value.value)
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(as_document(key)): as_document(item) for key, item in value.items()}
    if isinstance(value, AbstractSet):
        return sorted((as_document(item) for item in value), key=str)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [as_document(item) for item in value]
    return _scalar(value)


def _scalar(value: object) -> Any:
    match value:
        case float():
            return value if isfinite(value) else str(value)
        case Decimal():
            return _number(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes() | bytearray() | memoryview():
            return b64encode(bytes(value)).decode("ascii")
        case PurePath() | UUID():
            return str(value)
    raise TypeError(f"a row holds a {type(value).__name__}, which no output format knows")


def _number(value: Decimal) -> int | float | str:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _LONGEST_EXACT_EXPONENT:
        return str(value)
    if value == value.to_integral_value():
        return int(value)
    as_float = float(value)
    return as_float if Decimal(repr(as_float)) == value else str(value)


def json_text(document: Any, *, indent: int | None = None) -> str:
    """Return JSON that any terminal shows safely and any parser reads back whole."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(document, ensure_ascii=False, indent=indent, separators=separators, allow_nan=False)
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def visible(text: str) -> str:
    """Return the text with what moves a cursor, reorders text or cannot be encoded shown as an escape."""
    return _UNSAFE.sub(lambda match: _escape(match[0]), text)


def _escape(character: str) -> str:
    code = ord(character)
    return _SHORT_ESCAPES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def cell_text(value: Any) -> str:
    """Return a document value as the raw text of a cell; ``None`` is empty."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value)


def text_line(values: Iterable[Any]) -> str:
    """Return values separated by tabs, control characters made visible, and a line end."""
    return "\t".join(visible(cell_text(value)) for value in values) + "\n"


def csv_line(values: Iterable[Any], *, for_terminal: bool = False) -> str:
    """Return a line of RFC 4180, with what a spreadsheet would run as a formula defused."""
    cells = (_csv_cell(value, for_terminal=for_terminal) for value in values)
    return ",".join(cells) + "\r\n"


def _csv_cell(value: Any, *, for_terminal: bool) -> str:
    text = cell_text(value)
    if isinstance(value, str) and text.startswith(_FORMULA_STARTS) and not _PLAIN_NUMBER.fullmatch(text):
        text = f"'{text}"
    if for_terminal:
        text = visible(text)
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def yaml_text(document: Any) -> str:
    """Return a document as YAML that any terminal shows safely."""
    import yaml

    def dumped(dumper: Any, *, allow_unicode: bool) -> str:
        text: str = yaml.dump(
            document, Dumper=dumper, allow_unicode=allow_unicode, sort_keys=False, width=10_000
        )
        return text.removesuffix("...\n")

    try:
        text = dumped(getattr(yaml, "CSafeDumper", yaml.SafeDumper), allow_unicode=True)
    except UnicodeEncodeError:
        # The fast one cannot take a lone surrogate, the other one escapes it.
        text = dumped(yaml.SafeDumper, allow_unicode=True)
    # YAML holds marks that reorder text for printable; escapes are all or nothing there.
    return dumped(yaml.SafeDumper, allow_unicode=False) if _UNSAFE_IN_JSON.search(text) else text


def table_text(columns: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    """Return a table, as wide as it needs to be, numbers to the right; without columns it has no header."""
    import tabulate

    tabulate.PRESERVE_WHITESPACE = True
    return (
        tabulate.tabulate(
            [[visible(cell_text(value)) for value in line] for line in lines],
            headers=[visible(column) for column in columns],
            tablefmt="simple" if columns else "plain",
            disable_numparse=True,
            colalign=[_alignment(line[number] for line in lines) for number in range(len(lines[0]))],
        )
        + "\n"
    )


def _table_that_fits(document: Any, *, for_terminal: bool, may_shorten: bool) -> str:
    """Return a table; one too wide for the terminal with less of its ARNs if it may, a single line downwards.

    Values of a query without names have no header: none was asked for.
    """
    import shutil

    columns, lines = lines_of(document)
    if not lines:
        return ""
    names = columns if _has_names(document) else []
    table = table_text(names, lines)
    too_much = max(map(len, table.splitlines())) - shutil.get_terminal_size().columns
    if not for_terminal or too_much <= 0:
        return table
    if len(lines) > 1 or len(columns) < 2:
        return table_text(names, _with_short_arns(lines, too_much)) if may_shorten else table
    if not names:
        return table_text([], [[value] for value in lines[0]])
    return table_text(
        ["name", VALUE_COLUMN], [[column, value] for column, value in zip(columns, lines[0], strict=True)]
    )


def _has_names(document: Any) -> bool:
    items = document if isinstance(document, list) else [document]
    return all(isinstance(item, dict) for item in items)


def _with_short_arns(lines: Sequence[Sequence[Any]], too_much: int) -> list[list[Any]]:
    """Return lines that are so much shorter, as far as the middle of ARNs allows; no two become alike."""
    short = [list(line) for line in lines]
    for number in range(len(short[0])):
        arns = {line[number] for line in short if _is_arn(line[number])}
        longest = max(map(len, arns), default=0)
        room = max(_SHORTEST_ARN, longest - too_much)
        shortened = {arn: _short(arn, room) for arn in arns}
        if longest <= room or too_much <= 0 or len(set(shortened.values())) < len(arns):
            continue
        too_much -= longest - room
        for line in short:
            if _is_arn(line[number]):
                line[number] = shortened[line[number]]
    return short


def _is_arn(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("arn:")


def _short(arn: str, room: int) -> str:
    """Return an ARN with no more than so many characters: its beginning says less than its end."""
    if len(arn) <= room:
        return arn
    head = room // 4
    return f"{arn[:head]}...{arn[len(arn) - (room - head - 3) :]}"


def _alignment(values: Iterable[Any]) -> str:
    # By type, not by looks: an account id is text and stays to the left.
    kinds = {type(value) for value in values if value is not None}
    return "right" if kinds and kinds <= {int, float} else "left"


def lines_of(document: Any) -> tuple[list[str], list[list[Any]]]:
    """Return any document as columns and lines: what a table, CSV or text shows of a query's result.

    A list of objects has their keys as columns; a list of lists is lines; another list is one value a
    line; an object is one line; a scalar is one value; ``None`` is nothing.
    """
    if document is None:
        return [], []
    items = document if isinstance(document, list) else [document]
    if items and all(isinstance(item, dict) for item in items):
        columns = list(dict.fromkeys(key for item in items for key in item))
        return columns, [[item.get(column) for column in columns] for item in items]
    if items and all(isinstance(item, list) for item in items):
        width = max(map(len, items))
        columns = [f"{VALUE_COLUMN}_{number}" for number in range(1, width + 1)]
        return columns, [[*item, *[None] * (width - len(item))] for item in items]
    return [VALUE_COLUMN], [[item] for item in items]


def document_text(
    document: Any, output: OutputFormat, *, for_terminal: bool = False, may_shorten: bool = False
) -> str:
    """Return a whole document in a format.

    ``may_shorten``: the ARNs of a table that is too wide for a terminal are there to be seen only.
    """
    match output:
        case OutputFormat.JSON:
            return json_text(document, indent=2) + "\n"
        case OutputFormat.JSONL:
            return json_text(document) + "\n"
        case OutputFormat.YAML:
            return yaml_text(document)
    if output is OutputFormat.TABLE:
        return _table_that_fits(document, for_terminal=for_terminal, may_shorten=may_shorten)
    columns, lines = lines_of(document)
    match output:
        case OutputFormat.CSV:
            return "".join(csv_line(line, for_terminal=for_terminal) for line in [columns, *lines] if lines)
        case _:
            return "".join(text_line(line) for line in lines)
