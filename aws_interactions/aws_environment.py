"""Where a provider acts: account, region, profile."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

_PARTITION_BY_REGION_PREFIX = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}


@lru_cache(maxsize=256)
def partition_of_region(aws_region: str) -> str:
    """Return the partition, such as ``aws`` or ``aws-cn``, that a region belongs to."""
    for prefix, partition in _PARTITION_BY_REGION_PREFIX.items():
        if aws_region.startswith(prefix):
            return partition
    return "aws"


@dataclass(frozen=True, slots=True)
class AwsEnvironment:
    """The account and region that calls act in, and the profile they came from if one was named.

    ``credentials_expire_at`` is an aware UTC datetime, or ``None`` for credentials that do not expire.
    """

    aws_account: str
    aws_region: str
    aws_profile: str | None = None
    credentials_expire_at: datetime | None = None

    @property
    def partition(self) -> str:
        """The partition of the region, the second part of every ARN in it."""
        return partition_of_region(self.aws_region)

    def __str__(self) -> str:
        return f"aws://{self.aws_account}/{self.aws_region}"
