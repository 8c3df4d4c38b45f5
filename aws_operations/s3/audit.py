"""Buckets looked at for what guards them: one row for each bucket and check."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied
from aws_interactions.s3_interactions import (
    BucketLifecycle,
    BucketVersioning,
    ObjectOwnership,
    PublicAccessBlock,
)
from aws_operations.s3.lifecycle_rules import days_until_uploads_end, is_enabled
from aws_operations.targets import fill_template

_MOST_UPLOADS = 1000


class Check(StrEnum):
    """What a bucket is looked at for."""

    PUBLIC_ACCESS = "public-access"
    OWNERSHIP = "ownership"
    ENCRYPTION = "encryption"
    VERSIONING = "versioning"
    UNFINISHED_UPLOADS = "unfinished-uploads"
    LIFECYCLE = "lifecycle"


class Verdict(StrEnum):
    """What came of a check; ``UNKNOWN``: the identity may not look."""

    OK = "ok"
    FINDING = "finding"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """What one check of one bucket found."""

    bucket: str
    check: Check
    verdict: Verdict
    found: str


def audit(
    bucket_names: Sequence[str],
    aws_provider: AwsClientProvider,
    *,
    checks: Sequence[str] = (),
    only_findings: bool = False,
    in_own_region: bool = False,
) -> Iterator[AuditRow]:
    """Yield what guards buckets, all of the account where none is named: a row for each of the checks.

    All checks where none is named. With ``only_findings`` nothing that is well; what could not be looked at
    is told then too. What the account blocks as a whole, and what policies outside of S3 forbid, is not seen.
    """
    chosen = [Check(check) for check in checks] or list(Check)
    for bucket in buckets_named(bucket_names, aws_provider, in_own_region=in_own_region):
        looked_at = BucketGuards(bucket, aws_provider)
        try:
            rows = [_row(looked_at, check) for check in chosen]
        except s3_interactions.BucketDoesntExist:
            if bucket_names:
                raise
            # It went between the list and the look.
            continue
        yield from (row for row in rows if not only_findings or row.verdict is not Verdict.OK)


def buckets_named(
    bucket_names: Sequence[str], aws_provider: AwsClientProvider, *, in_own_region: bool
) -> Iterator[str]:
    """Yield the buckets of these names, or all of the account (or of it in the provider's region)."""
    if bucket_names:
        yield from (fill_template(name, aws_provider) for name in bucket_names)
        return
    region = aws_provider.aws_region if in_own_region else None
    for bucket in s3_interactions.list_buckets(aws_provider, aws_region=region):
        yield bucket.name


class BucketGuards:
    """What guards a bucket, each read once, when it is asked for."""

    def __init__(self, bucket: str, aws_provider: AwsClientProvider) -> None:
        self.bucket = bucket
        self._aws_provider = aws_provider

    @cached_property
    def lifecycle(self) -> BucketLifecycle:
        """The bucket's rules."""
        return s3_interactions.get_bucket_lifecycle(self.bucket, self._aws_provider)

    def look(self, check: Check) -> tuple[bool, str]:
        """Say whether a check is well, and what was found."""
        look: dict[Check, Callable[[], tuple[bool, str]]] = {
            Check.PUBLIC_ACCESS: self._public_access,
            Check.OWNERSHIP: self._ownership,
            Check.ENCRYPTION: self._encryption,
            Check.VERSIONING: self._versioning,
            Check.UNFINISHED_UPLOADS: self._unfinished_uploads,
            Check.LIFECYCLE: self._lifecycle_rules,
        }
        return look[check]()

    def _public_access(self) -> tuple[bool, str]:
        block = s3_interactions.get_public_access_block(self.bucket, self._aws_provider)
        if block is not None and block.is_whole:
            return True, "blocked"
        if s3_interactions.is_bucket_policy_public(self.bucket, self._aws_provider):
            is_restricted = block is not None and block.restrict_buckets
            return False, "public by its policy" + (", which is restricted" if is_restricted else "")
        missing = ", ".join(_open_in(block or PublicAccessBlock()))
        return False, f"not blocked: {missing}"

    def _ownership(self) -> tuple[bool, str]:
        found = s3_interactions.get_object_ownership(self.bucket, self._aws_provider)
        is_well = found == ObjectOwnership.OWNER_ENFORCED
        return is_well, str(found or ObjectOwnership.WRITER) + ("" if is_well else ": ACLs count")

    def _encryption(self) -> tuple[bool, str]:
        found = s3_interactions.get_bucket_encryption(self.bucket, self._aws_provider)
        return found is not None, "none" if found is None else str(found.algorithm)

    def _versioning(self) -> tuple[bool, str]:
        found = s3_interactions.get_bucket_versioning(self.bucket, self._aws_provider)
        return found is BucketVersioning.ENABLED, str(found)

    def _unfinished_uploads(self) -> tuple[bool, str]:
        days = days_until_uploads_end(self.lifecycle.rules)
        if days is not None:
            return True, f"aborted after {days} {'day' if days == 1 else 'days'}"
        uploads = s3_interactions.list_unfinished_uploads(self.bucket, self._aws_provider)
        count = sum(1 for _ in islice(uploads, _MOST_UPLOADS))
        return False, f"never aborted; {count}{' or more' if count == _MOST_UPLOADS else ''} there"

    def _lifecycle_rules(self) -> tuple[bool, str]:
        count = sum(1 for rule in self.lifecycle.rules if is_enabled(rule))
        return count > 0, f"{count or 'no'} {'rule' if count == 1 else 'rules'}"


def _open_in(block: PublicAccessBlock) -> Iterator[str]:
    words = {
        "new public ACLs": block.block_acls,
        "public ACLs": block.ignore_acls,
        "new public policies": block.block_policy,
        "public policies": block.restrict_buckets,
    }
    return (word for word, is_blocked in words.items() if not is_blocked)


def _row(guards: BucketGuards, check: Check) -> AuditRow:
    try:
        is_well, found = guards.look(check)
    except AccessDenied as error:
        return AuditRow(guards.bucket, check, Verdict.UNKNOWN, str(error))
    return AuditRow(guards.bucket, check, Verdict.OK if is_well else Verdict.FINDING, found)
