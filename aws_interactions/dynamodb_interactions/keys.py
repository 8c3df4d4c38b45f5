"""Keys in batches and transactions: told apart, found again in answers, refused when given twice."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions.errors import DuplicateKeys
from aws_interactions.dynamodb_interactions.values import from_item

KeyIdentity: TypeAlias = Hashable


def key_of(item: Mapping[str, Any], key_names: Iterable[str]) -> dict[str, Any]:
    """Return the key of an item as the low-level client has it.

    Raises ``InvalidInput`` naming an attribute of the key that is missing, empty or of no key's type.
    """
    key: dict[str, Any] = {}
    for name in key_names:
        if name not in item:
            message = f"the item has no {name}, which is in the table's key"
            raise InvalidInput(message)
        ((kind, content),) = item[name].items()
        if kind not in {"S", "N", "B"} or not content:
            message = f"{name} is in the table's key: it is text, a number or binary, and not empty"
            raise InvalidInput(message)
        key[name] = item[name]
    if not key:
        message = "the key has no attribute"
        raise InvalidInput(message)
    return key


def identity_of(key: Mapping[str, Any]) -> KeyIdentity:
    """Return what is the same for the same key, however a number in it is written."""
    return tuple(
        (name, kind, Decimal(content) if kind == "N" else content)
        for name, attribute in sorted(key.items())
        for kind, content in attribute.items()
    )


def refuse_duplicates(table_name: str, keys: Sequence[Mapping[str, Any]]) -> None:
    """Raise ``DuplicateKeys`` with the keys that are there more than once."""
    by_identity = {identity_of(key): key for key in keys}
    if len(by_identity) == len(keys):
        return
    counted = Counter(identity_of(key) for key in keys)
    twice = [from_item(by_identity[identity]) for identity, count in counted.items() if count > 1]
    raise DuplicateKeys(table_name, twice)
