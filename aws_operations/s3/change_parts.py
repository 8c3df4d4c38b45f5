"""What the kinds of S3 changes share: how a plan names, describes and reads back buckets and objects."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import AwsInteractionError, NotFound
from aws_interactions.s3_interactions import BucketSighting, BucketStatus, S3ObjectDetails
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import (
    CannotUndo,
    Census,
    Change,
    ChangeResult,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    TagReading,
    result_of_error,
)
from aws_operations.targets import Target

MAX_KEYS_A_CALL = 1000
DELETE_ACTIONS = iam_actions_of("s3", "HeadBucket", "HeadObject", "DeleteObjects")


def target_of(environment: AwsEnvironment) -> Target:
    """Return the account and region that a provider acts in."""
    return Target(environment.aws_region, environment.aws_account)


def arn_of(environment: AwsEnvironment, bucket: str, key: str | None = None) -> str:
    """Return the ARN of a bucket, or of an object if a key is given."""
    if key is None:
        return s3_interactions.bucket_arn(bucket, environment.partition)
    return s3_interactions.object_arn(bucket, key, environment.partition)


def bucket_and_key(change: Change) -> tuple[str, str]:
    """Return the bucket that a change is about, and the key, ``""`` if it is about the bucket itself."""
    bucket, _, key = change.resource.split(":::", 1)[1].partition("/")
    return bucket, key


def described(details: S3ObjectDetails | None) -> JsonObject | None:
    """Return what a plan holds of an object that is there."""
    if details is None:
        return None
    return {"etag": details.etag, "size": details.size, "version_id": details.version_id}


def delete_change(
    environment: AwsEnvironment, bucket: str, key: str, existing: S3ObjectDetails | None
) -> Change:
    """Return the deletion of an object; of one that is absent there is nothing to do."""
    return Change(
        kind="s3.delete-object",
        target=target_of(environment),
        resource=arn_of(environment, bucket, key),
        effect=Effect.DESTROY,
        before=described(existing),
        after=None,
        iam_actions=DELETE_ACTIONS,
        reversibility=reversibility_of_replacing(existing),
    )


def is_kept_as_version(before: Mapping[str, object] | None) -> bool:
    """Say whether an object as a plan describes it stays as a version when it is replaced or deleted."""
    return before is not None and before["version_id"] not in {None, "null"}


def reversibility_of_replacing(existing: S3ObjectDetails | None) -> Reversibility:
    """Return whether an object comes back once it is replaced or deleted."""
    comes_back = existing is None or is_kept_as_version(described(existing))
    return Reversibility.COMPENSABLE if comes_back else Reversibility.IRREVERSIBLE


def applied_if(is_done: bool) -> ResultStatus:
    """Return what reading back a change has told."""
    return ResultStatus.APPLIED if is_done else ResultStatus.FAILED


def by_bucket(batch: Sequence[Change]) -> dict[str, list[Change]]:
    """Return the changes of each bucket, in order."""
    found: dict[str, list[Change]] = {}
    for change in batch:
        found.setdefault(bucket_and_key(change)[0], []).append(change)
    return found


def results_of_batch(
    bucket: str, batch: Sequence[Change], delete: Callable[[], object]
) -> Iterator[ChangeResult]:
    """Yield what became of each change of a batch of deletions in a bucket, a key in it but once."""
    failures: Mapping[str, AwsInteractionError] = {}
    try:
        delete()
    except s3_interactions.S3ObjectsNotDeleted as error:
        failures = {failure.key: failure.as_error(bucket) for failure in error.failures}
    except (AwsInteractionError, ClientError, BotoCoreError) as error:
        yield from (result_of_error(change, error) for change in batch)
        return
    for change in batch:
        failed = failures.get(bucket_and_key(change)[1])
        yield ChangeResult(change, ResultStatus.APPLIED if failed is None else ResultStatus.FAILED, failed)


def contents_of(bucket: str, aws_provider: AwsClientProvider) -> tuple[str, str]:
    """Say how much is in a bucket, and a digest of what, looking no further than a thousand versions."""
    versions = islice(s3_interactions.list_object_versions(bucket, aws_provider), MAX_KEYS_A_CALL)
    found = [f"{version.key}\n{version.version_id}\n{version.etag}" for version in versions]
    digest = hashlib.sha256("\n".join(found).encode("utf-8", "surrogatepass")).hexdigest()
    if not found:
        return "empty", digest
    noun = "object version" if len(found) == 1 else "object versions"
    return f"{len(found)} {noun}{' or more' if len(found) == MAX_KEYS_A_CALL else ''}", digest


def tags_of(bucket: str, key: str | None, aws_provider: AwsClientProvider) -> dict[str, str]:
    """Return the tags of a bucket, or of an object if a key is given."""
    if key is None:
        return s3_interactions.get_bucket_tags(bucket, aws_provider)
    return s3_interactions.get_object_tags(bucket, key, aws_provider)


def other_region(seen: BucketSighting, aws_provider: AwsClientProvider) -> str | None:
    """Return the bucket's region if S3 told one that is not the provider's."""
    return seen.region if seen.region not in {None, aws_provider.get_aws_env().aws_region} else None


def check_bucket_is_there(bucket: str, aws_provider: AwsClientProvider) -> None:
    """Tell an absent bucket from an absent object: S3 gives the same answer when asked for the object."""
    if s3_interactions.get_bucket_status(bucket, aws_provider) is BucketStatus.DOES_NOT_EXIST:
        raise s3_interactions.BucketDoesntExist(bucket)


@contextmanager
def gone_cannot_be_undone(change: Change) -> Iterator[None]:
    """Raise ``CannotUndo`` where what is looked at is not there any more."""
    try:
        yield
    except NotFound as error:
        raise CannotUndo(str(error), resource=change.resource) from (error.__cause__ or error)


def _bucket_arn_of(change: Change) -> str | None:
    # A bucket that is yet to be made carries no tags; the object of one that is there has its bucket's.
    is_new = change.before is None and change.kind == "s3.create-bucket"
    return None if is_new else change.resource.partition("/")[0]


def _tags_of_buckets(arns: Sequence[str], aws_provider: AwsClientProvider) -> Mapping[str, Mapping[str, str]]:
    return {arn: _tags_if_there(arn.partition(":::")[2], aws_provider) for arn in arns}


def _tags_if_there(bucket: str, aws_provider: AwsClientProvider) -> Mapping[str, str]:
    try:
        return s3_interactions.get_bucket_tags(bucket, aws_provider)
    except s3_interactions.BucketDoesntExist:
        return {}


def _count(things: Iterable[object], at_most: int) -> int:
    return sum(1 for _ in islice(things, at_most))


def _count_objects(change: Change, aws_provider: AwsClientProvider, at_most: int) -> int:
    bucket, key = bucket_and_key(change)
    if not key:
        return _count_buckets(change, aws_provider, at_most)
    return _count(s3_interactions.list_bucket_objects(bucket, aws_provider), at_most)


def _count_buckets(_: Change, aws_provider: AwsClientProvider, at_most: int) -> int:
    return _count(s3_interactions.list_buckets(aws_provider), at_most)


def _account_of(change: Change) -> str:
    return f"the buckets of account {change.target.aws_account}"


def _bucket_or_account_of(change: Change) -> str:
    bucket, key = bucket_and_key(change)
    return f"the objects of bucket {bucket}" if key else _account_of(change)


# An object is protected by the tags of its bucket; its own are not asked for, which is a call an object.
TAGS = TagReading(_bucket_arn_of, _tags_of_buckets)
BUCKETS = Census(_account_of, _count_buckets)
OBJECTS = Census(_bucket_or_account_of, _count_objects)
