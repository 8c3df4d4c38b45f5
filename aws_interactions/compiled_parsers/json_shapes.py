"""Compiles shapes into functions from what ``json`` has read to what botocore makes of it.

The counterpart of botocore's ``BaseJSONParser``. What was read is changed in place: most of it is as it
should be already, and an answer that turns out unusual is read again.
"""

from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final

from aws_interactions.compiled_parsers.timestamps import timestamp_of_json
from aws_interactions.compiled_parsers.unusual import Unusual, refuse

Convert = Callable[[Any], Any]
_Compiled = dict[str, Convert | None]


def compile_value(shape: Any, compiled: _Compiled | None = None) -> Convert | None:
    """Return the function for the values of a shape; ``None`` if they stay what they are.

    ``compiled`` holds, by name, the shapes of the same model that were compiled before, for shapes that
    hold themselves.
    """
    known: _Compiled = {} if compiled is None else compiled
    if shape.name not in known:
        if shape.type_name in _MAKERS:
            known[shape.name] = _MAKERS[shape.type_name](shape, known)
        else:
            known[shape.name] = _SCALARS.get(shape.type_name, refuse)
    return known[shape.name]


def _make_list(shape: Any, compiled: _Compiled) -> Convert:
    convert = compile_value(shape.member, compiled)

    def parse(value: Any) -> Any:
        if type(value) is not list:
            raise Unusual
        if convert is None:
            return value
        return [None if item is None else convert(item) for item in value]

    return parse


def _make_map(shape: Any, compiled: _Compiled) -> Convert:
    if compile_value(shape.key, compiled) is not None:
        return refuse
    convert = compile_value(shape.value, compiled)

    def parse(value: Any) -> Any:
        if type(value) is not dict:
            raise Unusual
        if convert is not None:
            for key, item in value.items():
                value[key] = convert(item)
        return value

    return parse


def _make_structure(shape: Any, compiled: _Compiled) -> Convert:
    if shape.is_document_type or shape.is_tagged_union or _has_renamed_members(shape):
        return refuse
    converts: _Compiled = {}
    find = converts.get

    def parse(value: Any) -> Any:
        if type(value) is not dict:
            raise Unusual
        has_dropped = False
        for key, item in value.items():
            convert: Convert | None = find(key, _drop)
            if item is None or convert is _drop:
                has_dropped = True
            elif convert is not None:
                value[key] = convert(item)
        return _without_dropped(value, converts) if has_dropped else value

    compiled[shape.name] = parse
    for name, member in shape.members.items():
        converts[name] = compile_value(member, compiled)
    return parse


def _has_renamed_members(shape: Any) -> bool:
    return any(member.serialization.get("name", name) != name for name, member in shape.members.items())


def _drop(_value: Any) -> None:
    return None


def _without_dropped(value: dict[str, Any], converts: _Compiled) -> dict[str, Any]:
    return {key: item for key, item in value.items() if item is not None and key in converts}


_SCALARS: Final[dict[str, Convert | None]] = {
    **dict.fromkeys(("string", "character", "integer", "long", "float", "double", "boolean")),
    "timestamp": timestamp_of_json,
    "blob": b64decode,
}
_MAKERS: Final[dict[str, Callable[[Any, _Compiled], Convert]]] = {
    "structure": _make_structure,
    "list": _make_list,
    "map": _make_map,
}
