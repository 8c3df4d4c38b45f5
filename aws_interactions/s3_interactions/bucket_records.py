"""What S3 knows of buckets, as values; apart from objects, because a look at a bucket needs no more."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BucketStatus(StrEnum):
    """Whether a bucket is there, and whether it is open to the caller."""

    DOES_NOT_EXIST = "does not exist"
    EXISTS_HAVE_ACCESS = "exists have access"
    EXISTS_NO_ACCESS = "exists no access"


@dataclass(frozen=True, slots=True)
class BucketSighting:
    """Whether a bucket is there, and the region that it is in, ``None`` where S3 did not tell."""

    status: BucketStatus
    region: str | None = None


class BucketVersioning(StrEnum):
    """Whether a bucket keeps old versions; ``UNVERSIONED`` means that it never did."""

    UNVERSIONED = "unversioned"
    ENABLED = "enabled"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of the account; ``created_at`` in UTC, ``region`` is ``None`` where S3 did not tell."""

    name: str
    created_at: datetime | None
    region: str | None
