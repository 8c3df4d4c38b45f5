"""Compiles shapes into functions from an XML element to what botocore makes of it.

The counterpart of botocore's ``BaseXMLResponseParser``. Nothing is compiled before its element is met:
an answer of EC2 uses a tenth of its shapes.
"""

import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final

from aws_interactions.compiled_parsers.timestamps import timestamp_of_text
from aws_interactions.compiled_parsers.unusual import Unusual, refuse

Convert = Callable[[Any], Any]
_Field = tuple[str | None, Convert | None, bool]
"""A member's name, what converts its element (``None``: its text will do), and is it a flattened list."""

NAMESPACE: Final = re.compile("{.*}")
_strip_namespace = NAMESPACE.sub
_LOCATIONS_OUTSIDE_THE_BODY: Final = ("header", "headers", "statusCode")
_TEXT_TYPES: Final = ("string", "character")
# Of tags under one structure; a model has fewer, and an answer cannot make it hold more.
_MOST_TAGS: Final = 1_000


def compile_element(shape: Any) -> Convert | None:
    """Return the function for the elements of a shape; ``None`` if their text is all there is to them."""
    if shape.type_name in _TEXT_TYPES:
        return None
    return _MAKERS.get(shape.type_name, _make_refusal)(shape)


def _make_refusal(_shape: Any) -> Convert:
    return refuse


def _make_integer(_shape: Any) -> Convert:
    return lambda node: int(node.text or "")


def _make_float(_shape: Any) -> Convert:
    return lambda node: float(node.text or "")


def _make_boolean(_shape: Any) -> Convert:
    return lambda node: node.text == "true"


def _make_timestamp(_shape: Any) -> Convert:
    return lambda node: timestamp_of_text(node.text or "")


def _make_blob(_shape: Any) -> Convert:
    return lambda node: b64decode(node.text or "")


def _make_list(shape: Any) -> Convert:
    if shape.serialization.get("flattened"):
        return refuse  # its parent takes its elements one by one
    convert = compile_element(shape.member)
    if convert is None:
        return lambda node: [item.text or "" for item in node]
    return lambda node: [convert(item) for item in node]


def _make_map(shape: Any) -> Convert:
    if shape.serialization.get("flattened"):
        return refuse
    key_name = shape.key.serialization.get("name") or "key"
    value_name = shape.value.serialization.get("name") or "value"
    convert_key, convert_value = compile_element(shape.key), compile_element(shape.value)

    def parse(node: Any) -> dict[Any, Any]:
        parsed = {}
        for pair in node:
            by_name = {_strip_namespace("", child.tag): child for child in pair}
            if by_name.keys() != {key_name, value_name}:
                raise Unusual
            key, value = by_name[key_name], by_name[value_name]
            parsed[_value_of(key, convert_key)] = _value_of(value, convert_value)
        return parsed

    return parse


def _value_of(node: Any, convert: Convert | None) -> Any:
    return node.text or "" if convert is None else convert(node)


def _make_structure(shape: Any) -> Convert:
    fields = _Fields(shape)
    find, resolve = fields.by_tag.get, fields.resolve
    attributes, is_union = fields.attributes, shape.is_tagged_union

    def parse(node: Any) -> dict[Any, Any]:
        parsed: dict[Any, Any] = {}
        repeats = 0
        for child in node:
            name, convert, is_list = find(child.tag) or resolve(child.tag)
            value = child.text or "" if convert is None else convert(child)
            if not is_list:
                parsed[name] = value
            elif name in parsed:
                parsed[name].append(value)
                repeats += 1
            else:
                parsed[name] = [value]
        if None in parsed:
            del parsed[None]
            repeats += sum(find(child.tag, _UNKNOWN) is _UNKNOWN for child in node)
        # What is repeated without being a list is a list of elements to botocore.
        if len(parsed) + repeats != len(node) or (is_union and not len(parsed) == len(node) == 1):
            raise Unusual
        if attributes:
            _add_attributes(parsed, node, attributes)
        return parsed

    return parse


def _ignore(_node: Any) -> None:
    return None


_UNKNOWN: Final[_Field] = (None, _ignore, False)


class _Fields:
    """The members of one structure by the tags of their elements."""

    def __init__(self, shape: Any) -> None:
        self.by_tag: dict[str, _Field] = {}
        self.attributes: list[tuple[str, str]] = []
        self._members: dict[str, tuple[str, Any]] = {}
        for name, member in shape.members.items():
            serialization = member.serialization
            if serialization.get("location") in _LOCATIONS_OUTSIDE_THE_BODY:
                continue
            if serialization.get("xmlAttribute"):
                self.attributes.append((name, serialization["name"]))
            element_name = _element_name(member, name)
            if element_name in self._members:
                raise Unusual
            self._members[element_name] = (name, member)

    def resolve(self, tag: str) -> _Field:
        """Return the field of a tag that is met for the first time."""
        name, member = self._members.get(_strip_namespace("", tag), (None, None))
        if member is None:
            field = _UNKNOWN
        elif member.type_name == "list" and member.serialization.get("flattened"):
            field = (name, compile_element(member.member), True)
        else:
            field = (name, compile_element(member), False)
        if len(self.by_tag) < _MOST_TAGS:
            self.by_tag[tag] = field
        return field


def _element_name(member: Any, name: str) -> str:
    if member.type_name == "list" and member.serialization.get("flattened"):
        item_name = member.member.serialization.get("name")
        if item_name is not None:
            return str(item_name)
    return str(member.serialization.get("name", name))


def _add_attributes(parsed: dict[Any, Any], node: Any, attributes: list[tuple[str, str]]) -> None:
    for name, location_name in attributes:
        prefix = location_name.split(":", maxsplit=1)[0]
        given = {_strip_namespace(f"{prefix}:", key): value for key, value in node.attrib.items()}
        if name not in parsed and location_name in given:
            parsed[name] = given[location_name]


_MAKERS: Final[dict[str, Callable[[Any], Convert]]] = {
    "structure": _make_structure,
    "list": _make_list,
    "map": _make_map,
    "integer": _make_integer,
    "long": _make_integer,
    "float": _make_float,
    "double": _make_float,
    "boolean": _make_boolean,
    "timestamp": _make_timestamp,
    "blob": _make_blob,
}
