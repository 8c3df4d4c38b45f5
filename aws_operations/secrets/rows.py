"""Rows about secrets; a value is in none of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A secret in a list; ``deletion_at`` is there only when it is to be deleted."""

    name: str
    changed_at: datetime | None
    deletion_at: datetime | None
    description: str


@dataclass(frozen=True, slots=True)
class SecretDetailsRow:
    """All that is known of a secret besides its value; ``versions`` has the staging labels of each."""

    name: str
    arn: str
    description: str
    created_at: datetime | None
    changed_at: datetime | None
    accessed_on: datetime | None
    deletion_at: datetime | None
    is_rotated: bool
    kms_key: str | None
    versions: Mapping[str, tuple[str, ...]]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SecretVersionRow:
    """One version of a secret; without a staging label AWS may remove it any time."""

    version_id: str
    stages: tuple[str, ...]
    created_at: datetime | None
    accessed_on: datetime | None


@dataclass(frozen=True, slots=True)
class SecretTagRow:
    """One tag of a secret."""

    name: str
    value: str
