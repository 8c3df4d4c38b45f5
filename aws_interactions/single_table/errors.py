"""What can go wrong with records and their models."""

from collections.abc import Iterable, Mapping
from typing import Any

from aws_interactions.aws_errors import AlreadyExists, Conflict, InvalidInput, NotFound
from aws_interactions.dynamodb_interactions.errors import table_resource


class InvalidModel(InvalidInput):
    """The model cannot be: an unknown annotation, an ambiguous key, a field that is not there."""

    def __init__(self, model_name: str, reason: str) -> None:
        super().__init__(f"model {model_name}: {reason}")
        self.model_name = model_name
        self.reason = reason


class FieldRefused(InvalidInput):
    """A field that the model does not have, that is missing, or that cannot be used so; nothing was sent."""

    def __init__(self, field_name: str, reason: str) -> None:
        super().__init__(f"{field_name}: {reason}")
        self.field_name = field_name
        self.reason = reason


class KeyPartRefused(FieldRefused):
    """A value that cannot stand in a key: empty, with the delimiter in it, or too large for its width."""


class ItemDoesNotFit(InvalidInput):
    """An item of the table is not what the model says; ``path`` is where."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class TenantNotBound(InvalidInput):
    """The model holds the records of many tenants, and was not bound to one; nothing was sent."""

    def __init__(self, entity_type: str) -> None:
        super().__init__(f"{entity_type}: bind the model to a tenant first, with bound_to")
        self.entity_type = entity_type


class WrongTenant(InvalidInput):
    """A key, record, page token or item that is not of the tenant to which the model is bound.

    The other tenant is not named: whoever reads the message may not know of it.
    """

    def __init__(self, entity_type: str, what: str) -> None:
        super().__init__(f"{entity_type}: the {what} is not of the tenant to which the model is bound")
        self.entity_type = entity_type
        self.what = what


class WrongEntityType(Conflict):
    """Under the key is something else than the model's; nothing was written."""

    def __init__(self, table_name: str, key: Mapping[str, Any], expected: str, found: Any) -> None:
        super().__init__(
            f"the item in table {table_name} is of type {found!r}, not {expected!r}",
            resource=table_resource(table_name),
        )
        self.table_name = table_name
        self.key = key
        self.expected = expected
        self.found = found


class RecordExists(AlreadyExists):
    """There is an item under the record's key already; nothing was written."""

    def __init__(self, table_name: str, key: Mapping[str, Any]) -> None:
        super().__init__(
            f"table {table_name} already has an item under {_shown(key.values())}",
            resource=table_resource(table_name),
        )
        self.table_name = table_name
        self.key = key


class RecordDoesNotExist(NotFound):
    """There is no item under the record's key; nothing was written."""

    def __init__(self, table_name: str, key: Mapping[str, Any]) -> None:
        super().__init__(
            f"table {table_name} has no item under {_shown(key.values())}",
            resource=table_resource(table_name),
        )
        self.table_name = table_name
        self.key = key


class StaleVersion(Conflict):
    """Somebody else has written the record since it was read; nothing was written."""

    def __init__(self, table_name: str, key: Mapping[str, Any], expected: int, found: Any) -> None:
        super().__init__(
            f"the item under {_shown(key.values())} of table {table_name} has version {found}, "
            f"not {expected}: read it again",
            resource=table_resource(table_name),
        )
        self.table_name = table_name
        self.key = key
        self.expected = expected
        self.found = found


def _shown(parts: Iterable[Any]) -> str:
    return ", ".join(map(repr, parts))
