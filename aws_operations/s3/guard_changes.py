"""What guards a bucket and what is in it: public access, ownership of objects, lifecycle rules."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.s3_interactions import BucketLifecycle, ObjectOwnership, PublicAccessBlock
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import (
    CannotUndo,
    Change,
    ChangeKind,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    each_alone,
    register,
)
from aws_operations.s3.change_parts import (
    BUCKETS,
    TAGS,
    applied_if,
    arn_of,
    bucket_and_key,
    gone_cannot_be_undone,
    target_of,
)
from aws_operations.s3.lifecycle_rules import normal, takes_away, with_end_of_uploads
from aws_operations.targets import fill_template


@dataclass(frozen=True, slots=True)
class _Setting:
    """One thing that is set on a bucket as a whole, as JSON; ``None`` where it is not set."""

    kind: str
    what: str
    read: Callable[[str, AwsClientProvider], JsonObject | None]
    write: Callable[[str, JsonObject | None, AwsClientProvider], None]
    effect: Callable[[JsonObject | None, JsonObject | None], Effect]
    iam_actions: tuple[str, ...]

    def change(self, bucket: str, after: JsonObject | None, aws_provider: AwsClientProvider) -> Change:
        """Return the change of a bucket to this; reads how it is now."""
        environment = aws_provider.get_aws_env()
        before = self.read(bucket, aws_provider)
        return Change(
            kind=self.kind,
            target=target_of(environment),
            resource=arn_of(environment, bucket),
            effect=self.effect(before, after),
            before=before,
            after=after,
            iam_actions=self.iam_actions,
            reversibility=Reversibility.REVERSIBLE,
        )

    def now(self, change: Change, aws_provider: AwsClientProvider) -> JsonObject | None:
        """Return how it is now on the bucket of a change."""
        return self.read(bucket_and_key(change)[0], aws_provider)

    def apply(self, change: Change, aws_provider: AwsClientProvider) -> None:
        """Set it."""
        self.write(bucket_and_key(change)[0], change.after, aws_provider)

    def recheck(self, change: Change, aws_provider: AwsClientProvider) -> str | None:
        """Say how it differs from what was planned."""
        return None if self.now(change, aws_provider) == change.before else f"{self.what} has changed"

    def read_back(self, change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
        """Say whether it is set."""
        return applied_if(self.now(change, aws_provider) == change.after)

    def invert(self, change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
        """Plan it as it was before."""
        with gone_cannot_be_undone(change):
            now = self.now(change, aws_provider)
        if now != change.after:
            raise CannotUndo(f"{self.what} has changed since", resource=change.resource)
        yield replace(
            change, before=now, after=change.before, effect=self.effect(change.after, change.before)
        )

    def register(self) -> "_Setting":
        """Make its kind of change known."""
        register(
            ChangeKind(
                self.kind,
                each_alone(self.apply),
                self.recheck,
                self.read_back,
                is_idempotent=True,
                iam_actions=self.iam_actions,
                reversibility=frozenset({Reversibility.REVERSIBLE}),
                invert=self.invert,
                tags=TAGS,
                census=BUCKETS,
            )
        )
        return self


def plan_set_public_access(
    bucket_name: str, block: PublicAccessBlock, aws_provider: AwsClientProvider
) -> Iterator[Change]:
    """Plan what S3 blocks of a bucket.

    It overwrites where any of it is opened, or where public ACLs or policies that are there stop to count.
    """
    bucket = fill_template(bucket_name, aws_provider)
    yield _PUBLIC_ACCESS.change(bucket, asdict(block), aws_provider)


def plan_block_public_access(
    bucket_name: str, blocked: Mapping[str, bool], aws_provider: AwsClientProvider
) -> Iterator[Change]:
    """Plan what S3 blocks of a bucket, by the names that ``PublicAccessBlock`` has; the rest is open."""
    return plan_set_public_access(bucket_name, PublicAccessBlock(**blocked), aws_provider)


def plan_set_ownership(
    bucket_name: str, ownership: ObjectOwnership, aws_provider: AwsClientProvider
) -> Iterator[Change]:
    """Plan whose the objects of a bucket are."""
    bucket = fill_template(bucket_name, aws_provider)
    yield _OWNERSHIP.change(bucket, {"ownership": str(ownership)}, aws_provider)


def plan_set_lifecycle(
    bucket_name: str, lifecycle: BucketLifecycle, aws_provider: AwsClientProvider
) -> Iterator[Change]:
    """Plan a bucket's rules to be exactly these; without any it has none.

    It overwrites where a rule goes, or where one comes that deletes.
    """
    bucket = fill_template(bucket_name, aws_provider)
    yield _LIFECYCLE.change(bucket, _lifecycle_values(lifecycle), aws_provider)


def plan_end_uploads(bucket_name: str, days: int, aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan a rule beside those that are there: unfinished uploads are aborted after so many days."""
    bucket = fill_template(bucket_name, aws_provider)
    found = s3_interactions.get_bucket_lifecycle(bucket, aws_provider)
    wanted = replace(found, rules=with_end_of_uploads(found.rules, days))
    yield _LIFECYCLE.change(bucket, _lifecycle_values(wanted), aws_provider)


def _read_public_access(bucket: str, aws_provider: AwsClientProvider) -> JsonObject | None:
    found = s3_interactions.get_public_access_block(bucket, aws_provider)
    return None if found is None else asdict(found)


def _write_public_access(bucket: str, values: JsonObject | None, aws_provider: AwsClientProvider) -> None:
    block = None if values is None else PublicAccessBlock(**values)
    s3_interactions.set_public_access_block(bucket, block, aws_provider)


def _effect_on_public_access(before: JsonObject | None, after: JsonObject | None) -> Effect:
    old, new = (PublicAccessBlock(**(values or {})) for values in (before, after))
    is_opened = any(is_blocked and not asdict(new)[name] for name, is_blocked in asdict(old).items())
    # Who comes in by a public ACL or policy that is there stays out then.
    shuts_out = (new.ignore_acls, new.restrict_buckets) > (old.ignore_acls, old.restrict_buckets)
    return Effect.OVERWRITE if is_opened or shuts_out else Effect.UPDATE


def _read_ownership(bucket: str, aws_provider: AwsClientProvider) -> JsonObject | None:
    found = s3_interactions.get_object_ownership(bucket, aws_provider)
    return None if found is None else {"ownership": str(found)}


def _write_ownership(bucket: str, values: JsonObject | None, aws_provider: AwsClientProvider) -> None:
    ownership = None if values is None else values["ownership"]
    s3_interactions.set_object_ownership(bucket, ownership, aws_provider)


def _effect_on_ownership(before: JsonObject | None, after: JsonObject | None) -> Effect:
    # Where ACLs begin to count or no longer do, somebody may come in or stays out.
    enforced = {"ownership": str(ObjectOwnership.OWNER_ENFORCED)}
    return Effect.UPDATE if (before == enforced) == (after == enforced) else Effect.OVERWRITE


def _lifecycle_values(lifecycle: BucketLifecycle) -> JsonObject | None:
    lifecycle = normal(lifecycle)
    if not lifecycle.rules:
        return None
    values: JsonObject = {"rules": [dict(rule) for rule in lifecycle.rules]}
    minimum = lifecycle.default_minimum_size
    return values if minimum is None else {**values, "default_minimum_size": minimum}


def _read_lifecycle(bucket: str, aws_provider: AwsClientProvider) -> JsonObject | None:
    return _lifecycle_values(s3_interactions.get_bucket_lifecycle(bucket, aws_provider))


def _write_lifecycle(bucket: str, values: JsonObject | None, aws_provider: AwsClientProvider) -> None:
    held: Mapping[str, Any] = values or {}
    lifecycle = BucketLifecycle(tuple(held.get("rules", [])), held.get("default_minimum_size"))
    s3_interactions.set_bucket_lifecycle(bucket, lifecycle, aws_provider)


def _effect_on_lifecycle(before: JsonObject | None, after: JsonObject | None) -> Effect:
    old, new = (before or {}).get("rules", []), (after or {}).get("rules", [])
    is_gone = any(rule not in new for rule in old)
    deletes = any(takes_away(rule) for rule in new if rule not in old)
    return Effect.OVERWRITE if is_gone or deletes else Effect.UPDATE


_PUBLIC_ACCESS = _Setting(
    "s3.set-public-access",
    "what is blocked of public access",
    _read_public_access,
    _write_public_access,
    _effect_on_public_access,
    iam_actions_of("s3", "GetPublicAccessBlock", "PutPublicAccessBlock"),
).register()
_OWNERSHIP = _Setting(
    "s3.set-ownership",
    "the ownership of objects",
    _read_ownership,
    _write_ownership,
    _effect_on_ownership,
    iam_actions_of("s3", "GetBucketOwnershipControls", "PutBucketOwnershipControls"),
).register()
_LIFECYCLE = _Setting(
    "s3.set-lifecycle",
    "the lifecycle",
    _read_lifecycle,
    _write_lifecycle,
    _effect_on_lifecycle,
    iam_actions_of("s3", "GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration"),
).register()
