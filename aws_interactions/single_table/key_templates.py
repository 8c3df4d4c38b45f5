"""Keys from templates: ``USER#{user_id}`` with the fields of a record, told apart by the delimiter.

What stands in a key has no delimiter in it, so that two records never share a key by the way their parts
are cut, and the beginning of a key ends with a whole part.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_interactions.single_table.conversion import FieldCodec
from aws_interactions.single_table.errors import FieldRefused, InvalidModel, KeyPartRefused

DELIMITER = "#"
# Greater than all that a key may have: where a range ends.
LAST = "\U0010ffff"
_PART = re.compile(r"\{(?P<field>[^{}:]*)(?::0(?P<width>[1-9]\d*)d)?\}|(?P<literal>[^{}]+)")


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first characters of a key part, in place of a whole one: ``{"day": Beginning("2026-07")}``."""

    text: str


@dataclass(frozen=True, slots=True)
class Leading:
    """The beginning of a key; ``is_whole``: nothing is missing behind it."""

    text: str
    is_whole: bool

    @property
    def last(self) -> str:
        """The last key that begins so."""
        return self.text if self.is_whole else self.text + LAST


@dataclass(frozen=True, slots=True)
class Part:
    """A field in a template, ``width`` digits wide (0: as wide as it is), and the text before it."""

    before: str
    field: str
    width: int = 0


@dataclass(frozen=True, slots=True)
class KeyTemplate:
    """A template, taken apart: fields with what stands before each, and the text at the end."""

    text: str
    parts: tuple[Part, ...]
    end: str

    @property
    def field_names(self) -> tuple[str, ...]:
        """The names of the fields, in the template's order."""
        return tuple(part.field for part in self.parts)

    def whole(self, fields: Mapping[str, Any], codecs: Mapping[str, FieldCodec]) -> str:
        """Return the key of these fields; raises ``KeyPartRefused``, ``FieldRefused`` if one is missing."""
        for name in self.field_names:
            if name not in fields:
                raise FieldRefused(name, f"the key {self.text} needs it")
        return "".join(part.before + _part_text(part, fields, codecs) for part in self.parts) + self.end

    def leading(self, fields: Mapping[str, Any], codecs: Mapping[str, FieldCodec]) -> Leading:
        """Return the beginning of the key up to the first field that is not given.

        The delimiter behind the last field given belongs to it. Raises ``FieldRefused`` for a field with one
        before it that is not given.
        """
        text, is_whole = "", False
        left = dict(fields)
        for part in self.parts:
            text += part.before
            if part.field not in left:
                break
            value = left.pop(part.field)
            if isinstance(value, Beginning):
                text += _checked(value.text, part.field)
                break
            text += _part_text(part, {part.field: value}, codecs)
        else:
            text, is_whole = text + self.end, True
        for name in left:
            raise FieldRefused(name, f"it is not the next part of {self.text}")
        return Leading(text, is_whole)


def parse_template(text: str, codecs: Mapping[str, FieldCodec], model_name: str) -> KeyTemplate:
    """Take a template apart; raises ``InvalidModel`` for one whose parts could not be told apart."""
    parts: list[Part] = []
    literal, end = "", 0
    for found in _PART.finditer(text):
        if found.start() != end:
            break
        end = found.end()
        if found["literal"] is not None:
            literal = found["literal"]
            continue
        parts.append(_part(found, literal, text, codecs, model_name, is_first=not parts))
        literal = ""
    if end != len(text) or not text:
        raise InvalidModel(model_name, f"{text!r} is no key such as USER#{{user_id}}")
    if parts and literal and not literal.startswith(DELIMITER):
        raise InvalidModel(model_name, f"{text}: what follows a field begins with {DELIMITER}")
    return KeyTemplate(text, tuple(parts), literal)


def _part(
    found: re.Match[str],
    before: str,
    text: str,
    codecs: Mapping[str, FieldCodec],
    model_name: str,
    *,
    is_first: bool,
) -> Part:
    name = found["field"]
    if name not in codecs:
        raise InvalidModel(model_name, f"{text}: there is no field {name!r}")
    if not codecs[name].codec.is_scalar:
        raise InvalidModel(model_name, f"{text}: {name} is nothing that a key may have")
    is_apart = before.endswith(DELIMITER) and (is_first or before.startswith(DELIMITER))
    if not is_apart and not (is_first and not before):
        raise InvalidModel(model_name, f"{text}: {DELIMITER} stands before and behind each field")
    return Part(before, name, int(found["width"] or 0))


def _part_text(part: Part, fields: Mapping[str, Any], codecs: Mapping[str, FieldCodec]) -> str:
    value = fields[part.field]
    if isinstance(value, Beginning):
        raise KeyPartRefused(part.field, "the key needs the whole of it")
    if value is None:
        raise KeyPartRefused(part.field, "it is None, and stands in a key")
    kept = codecs[part.field].codec.to_value(value, part.field)
    if part.width:
        return _digits(kept, part)
    return _checked(str(kept), part.field)


def _digits(number: Any, part: Part) -> str:
    if not isinstance(number, int) or not 0 <= number < 10**part.width:
        raise KeyPartRefused(part.field, f"it is to be a whole number of at most {part.width} digits, from 0")
    return f"{number:0{part.width}d}"


def _checked(text: str, field: str) -> str:
    if not text:
        raise KeyPartRefused(field, "it is empty, and stands in a key")
    if DELIMITER in text or LAST in text:
        raise KeyPartRefused(field, f"it has {DELIMITER if DELIMITER in text else repr(LAST)} in it")
    return text
