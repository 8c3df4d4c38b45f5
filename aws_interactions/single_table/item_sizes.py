"""How large an item is, by the rules that DynamoDB publishes: what its limit and its prices count."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

MAX_ITEM_BYTES = 400 * 1024
_CONTAINER_BYTES, _MEMBER_BYTES = 3, 1


def attributes_size(attributes: Mapping[str, Any]) -> int:
    """Return the bytes of an item as the low-level client takes it: names and values.

    Of numbers AWS says only about how large they are; all else is exact.
    """
    return sum(len(name.encode()) + _size(attribute) for name, attribute in attributes.items())


def _size(attribute: Mapping[str, Any]) -> int:
    ((kind, content),) = attribute.items()
    if kind in {"BOOL", "NULL"}:
        return 1
    if kind in {"SS", "NS", "BS"}:
        return sum(_scalar_size(kind[0], part) for part in content)
    if kind == "L":
        return _CONTAINER_BYTES + sum(_MEMBER_BYTES + _size(part) for part in content)
    if kind == "M":
        return _CONTAINER_BYTES + len(content) * _MEMBER_BYTES + attributes_size(content)
    return _scalar_size(kind, content)


def _scalar_size(kind: str, content: Any) -> int:
    if kind == "S":
        return len(content.encode())
    if kind == "B":
        return len(content)
    number = Decimal(content)
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    # Two digits a byte, one for the exponent, one for the sign.
    return (len(digits) + 1) // 2 + 1 + (number < 0)
