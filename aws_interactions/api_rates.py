"""How many requests a second AWS serves one account in one region, as far as it says so.

Used to leave room for others, never to predict: accounts differ, and many services say nothing.
"""

from collections.abc import Mapping
from typing import Final

PUBLISHED_RATES: Final[Mapping[str, float]] = {
    # "Request throttling for the Amazon EC2 API": what a bucket of non-mutating actions is refilled with.
    "ec2": 20,
    # "IAM and AWS STS quotas": of all STS requests together.
    "sts": 600,
    # "AWS Secrets Manager quotas": the least of the combined rates, that of putting and updating values.
    "secretsmanager": 50,
    # "Best practices design patterns: optimizing Amazon S3 performance": of writes, in one prefix.
    "s3": 3500,
    # "Best practices for managing the control plane in DynamoDB": items have their table's capacity.
    "dynamodb": 2500,
}
_UNPUBLISHED_RATE: Final = 10.0
# Shared by all that run in the calling account: Organizations answers slowly and says no rate, and
# every role that anything in production assumes goes through STS.
_CAREFUL_RATES: Final[Mapping[str, float]] = {"organizations": 10, "sts": 200}


def rate_limit(service_name: str, *, rate_per_second: float | None, share: float | None) -> float | None:
    """Return the requests a second that are asked of a service at most; ``None`` for as many as it takes.

    The least of ``rate_per_second``, ``share`` of the published rate (of 10 where none is) and, for
    Organizations and STS, a careful rate of our own.
    """
    limits = [_CAREFUL_RATES.get(service_name), rate_per_second]
    if share is not None:
        limits.append(share * PUBLISHED_RATES.get(service_name, _UNPUBLISHED_RATE))
    return min((limit for limit in limits if limit is not None), default=None)
