"""What DynamoDB tells of tables, and what one is made from, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from aws_interactions.aws_errors import InvalidInput


class OpenStatus(StrEnum):
    """A state in AWS's words; one that is not known here keeps its word as its value."""

    @classmethod
    def _missing_(cls, value: object) -> Self:
        unknown = str.__new__(cls, str(value))
        unknown._name_ = unknown._value_ = str(value)
        return unknown


class TableStatus(OpenStatus):
    """The state of a table or index; one that is not known here keeps AWS's word as its value."""

    CREATING = "CREATING"
    UPDATING = "UPDATING"
    DELETING = "DELETING"
    ACTIVE = "ACTIVE"
    INACCESSIBLE_ENCRYPTION_CREDENTIALS = "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    ARCHIVING = "ARCHIVING"
    ARCHIVED = "ARCHIVED"
    REPLICATION_NOT_AUTHORIZED = "REPLICATION_NOT_AUTHORIZED"


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    """An attribute of a key; ``type`` is ``S``, ``N`` or ``B``."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class TableIndex:
    """An index; the first of ``keys`` is the partition's, a second one the sort key.

    ``projection`` is ``ALL``, ``KEYS_ONLY`` or ``INCLUDE``, which holds the ``included`` attributes
    besides the keys. ``status`` is ``None`` before it is made and for local indexes.
    """

    name: str
    keys: tuple[KeyAttribute, ...]
    projection: str = "ALL"
    status: TableStatus | None = None
    included: tuple[str, ...] = ()
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class TableDescription:
    """What DescribeTable tells; the first of ``keys`` is the partition's, a second one the sort key.

    ``item_count`` and ``size_bytes`` are AWS's estimate, renewed about every six hours;
    ``created_at`` is aware; ``is_protected`` is deletion protection. ``billing_mode`` is
    ``PAY_PER_REQUEST`` or ``PROVISIONED``.
    """

    name: str
    arn: str
    status: TableStatus
    keys: tuple[KeyAttribute, ...]
    indexes: tuple[TableIndex, ...]
    billing_mode: str
    item_count: int
    size_bytes: int
    created_at: datetime | None
    is_protected: bool

    @property
    def key_names(self) -> tuple[str, ...]:
        """The names of the key's attributes, the partition's first."""
        return tuple(key.name for key in self.keys)

    def key_of(self, item: Mapping[str, Any], *, what: str = "item") -> dict[str, Any]:
        """Return the key of an item; raises ``InvalidInput`` if it has not all of it.

        ``what`` is what the error calls the item.
        """
        roles = zip(self.key_names, ("partition key", "sort key"), strict=False)
        missing = [f'no "{name}", the {role}' for name, role in roles if name not in item]
        if missing:
            message = f"the {what} has {', and '.join(missing)} of table {self.name}"
            raise InvalidInput(message)
        return {name: item[name] for name in self.key_names}

    def index(self, index_name: str) -> TableIndex:
        """Return the index of that name; raises ``InvalidInput`` naming those that are there."""
        for index in self.indexes:
            if index.name == index_name:
                return index
        known = ", ".join(index.name for index in self.indexes) or "none"
        message = f"table {self.name} has no index {index_name}; its indexes: {known}"
        raise InvalidInput(message)


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table to make: paid per request, the first of ``keys`` the partition's, a second one the sort key."""

    name: str
    keys: tuple[KeyAttribute, ...]
    indexes: tuple[TableIndex, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    is_protected: bool = False


@dataclass(frozen=True, slots=True)
class CancellationReason:
    """Why one part of a transaction failed; ``code`` is AWS's, ``None`` for a part that was fine.

    ``index`` counts from 0; ``item`` is the item that a condition found, where AWS told.
    """

    index: int
    code: str | None
    message: str
    item: Mapping[str, Any] | None = None
