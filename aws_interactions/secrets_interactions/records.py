"""What is told of secrets besides their values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SecretSummary:
    """A secret in a list; ``deletion_at`` is there only when it is to be deleted."""

    name: str
    arn: str
    description: str = ""
    created_at: datetime | None = None
    changed_at: datetime | None = None
    accessed_on: datetime | None = None
    """The day of the last read, as AWS keeps no hour of it."""
    deletion_at: datetime | None = None
    is_rotated: bool = False
    kms_key: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecretDetails(SecretSummary):
    """A secret with its labelled versions: ``stages_by_version`` has the staging labels of each."""

    stages_by_version: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_to_be_deleted(self) -> bool:
        """Whether it was deleted and only waits for the end of its recovery window."""
        return self.deletion_at is not None

    @property
    def current_version(self) -> str | None:
        """The id of the version labelled AWSCURRENT, ``None`` for a secret without a value."""
        return self.version_at("AWSCURRENT")

    def version_at(self, stage: str) -> str | None:
        """Return the id of the version with that staging label, or ``None``."""
        return next((found for found, stages in self.stages_by_version.items() if stage in stages), None)


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """One version of a secret; without a staging label AWS may remove it any time."""

    version_id: str
    stages: tuple[str, ...]
    created_at: datetime | None = None
    accessed_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """What was stored: the secret and the version that its value has become."""

    name: str
    arn: str
    version_id: str
    stages: tuple[str, ...] = ()
