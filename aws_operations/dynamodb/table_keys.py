"""Keys checked against the table that they are for, before anything is sent that needs them."""

from collections.abc import Mapping
from typing import Any

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import TableDescription, to_attribute
from aws_operations.dynamodb.plain_json import Item

_WORD_BY_TYPE = {
    "S": "text",
    "N": "a number",
    "B": "a $binary",
    "BOOL": "a boolean",
    "NULL": "null",
    "L": "a list",
    "M": "an object",
    "SS": "a $set",
    "NS": "a $set",
    "BS": "a $set",
}


def checked_key(table: TableDescription, item: Mapping[str, Any], *, what: str = "item") -> Item:
    """Return the key of an item, which errors call ``what``.

    Raises ``InvalidInput`` naming an attribute that is missing, empty, or of another type than the table's.
    """
    key = table.key_of(item, what=what)
    for attribute, role in zip(table.keys, ("partition key", "sort key"), strict=False):
        [(kind, content)] = to_attribute(key[attribute.name]).items()
        named = f'"{attribute.name}", the {role} of table {table.name},'
        if kind != attribute.type:
            given, wanted = (_WORD_BY_TYPE.get(each, each) for each in (kind, attribute.type))
            raise InvalidInput(f"{named} is {given}; it has to be {wanted}")
        if not content:
            raise InvalidInput(f"{named} is empty")
    return key


def whole_key(table: TableDescription, given: Mapping[str, Any]) -> Item:
    """Return what was given if it is a key and nothing else; raises ``InvalidInput`` as ``checked_key``."""
    key = checked_key(table, given, what="key")
    more = next((name for name in given if name not in key), None)
    if more is not None:
        raise InvalidInput(f'"{more}" is no part of the key of table {table.name}; give the key alone')
    return key
