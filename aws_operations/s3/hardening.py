"""What an audit finds of buckets, planned away."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.s3_interactions import EncryptionAlgorithm, ObjectOwnership
from aws_interactions.s3_interactions.public_access import ALL_BLOCKED
from aws_operations.changes import Change
from aws_operations.s3.audit import BucketGuards, Check, buckets_named
from aws_operations.s3.guard_changes import plan_end_uploads, plan_set_ownership, plan_set_public_access
from aws_operations.s3.setting_changes import plan_set_encryption, plan_set_versioning

DAYS_UNTIL_UPLOADS_END: Final = 7

_Plan = Callable[[str, AwsClientProvider], Iterable[Change]]


def plan_harden(
    bucket_names: Sequence[str],
    aws_provider: AwsClientProvider,
    *,
    checks: Sequence[str] = (),
    days: int = DAYS_UNTIL_UPLOADS_END,
    in_own_region: bool = False,
) -> Iterator[Change]:
    """Plan for each bucket what its audit finds missing; what is well is no change.

    All buckets of the account where none is named. ``checks`` leaves the others alone; ``lifecycle`` raises
    ``InvalidInput``, as nobody knows which objects may go. Unfinished uploads are aborted after ``days`` from
    then on. A check that the identity may not make is an error here.
    """
    plans = _plans(days)
    chosen = [Check(check) for check in checks] or list(plans)
    if Check.LIFECYCLE in chosen:
        raise InvalidInput("nobody knows which objects may go: there is no plan for lifecycle")
    for bucket in buckets_named(bucket_names, aws_provider, in_own_region=in_own_region):
        guards = BucketGuards(bucket, aws_provider)
        for check in chosen:
            is_well, _ = guards.look(check)
            if not is_well:
                yield from plans[check](bucket, aws_provider)


def _plans(days: int) -> Mapping[Check, _Plan]:
    return {
        Check.PUBLIC_ACCESS: lambda bucket, provider: plan_set_public_access(bucket, ALL_BLOCKED, provider),
        Check.OWNERSHIP: lambda bucket, provider: plan_set_ownership(
            bucket, ObjectOwnership.OWNER_ENFORCED, provider
        ),
        Check.ENCRYPTION: lambda bucket, provider: plan_set_encryption(
            bucket, EncryptionAlgorithm.AES256, provider
        ),
        Check.VERSIONING: lambda bucket, provider: plan_set_versioning(bucket, "enabled", provider),
        Check.UNFINISHED_UPLOADS: lambda bucket, provider: plan_end_uploads(bucket, days, provider),
    }
