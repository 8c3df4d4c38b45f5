"""Buckets made and destroyed."""

from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AwsInteractionError
from aws_interactions.s3_interactions import BucketStatus
from aws_interactions.s3_interactions.names import check_new_bucket_name
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import (
    CannotUndo,
    CarriedOutInPart,
    Change,
    ChangeKind,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    each_alone,
    is_answer_lost,
    register,
)
from aws_operations.s3.change_parts import (
    BUCKETS,
    TAGS,
    applied_if,
    arn_of,
    bucket_and_key,
    contents_of,
    gone_cannot_be_undone,
    other_region,
    target_of,
)
from aws_operations.targets import fill_template

_EMPTY = "empty"
_CREATE_ACTIONS = iam_actions_of("s3", "HeadBucket", "CreateBucket")
_DESTROY_ACTIONS = iam_actions_of(
    "s3",
    "HeadBucket",
    "ListObjectVersions",
    "ListMultipartUploads",
    "DeleteObjects",
    "AbortMultipartUpload",
    "DeleteBucket",
)


def plan_create_bucket(bucket_name: str, aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan a new bucket in the provider's region; one that is there already is an error."""
    bucket = fill_template(bucket_name, aws_provider)
    check_new_bucket_name(bucket)
    seen = s3_interactions.look_at_bucket(bucket, aws_provider)
    if seen.status is BucketStatus.EXISTS_HAVE_ACCESS:
        region = other_region(seen, aws_provider)
        advice = f"it is in {region}" if region else "s3 ensure takes it as it is"
        reason = f"is taken by a bucket that is open to you ({advice})"
        raise s3_interactions.BucketNameNotAvailable(bucket, reason)
    if seen.status is BucketStatus.EXISTS_NO_ACCESS:
        raise s3_interactions.BucketNameNotAvailable(bucket, "is taken by a bucket that is closed to you")
    yield _create_bucket_change(bucket, aws_provider)


def plan_ensure_bucket(bucket_name: str, aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan a bucket unless it is there with access; one there without, or elsewhere, is an error."""
    bucket = fill_template(bucket_name, aws_provider)
    seen = s3_interactions.look_at_bucket(bucket, aws_provider)
    status = seen.status
    if status is BucketStatus.EXISTS_NO_ACCESS:
        raise s3_interactions.CouldntEnsureBucketExists(bucket, "it exists, but not for this identity")
    if region := other_region(seen, aws_provider):
        raise s3_interactions.CouldntEnsureBucketExists(bucket, f"it exists in another region ({region})")
    if status is BucketStatus.DOES_NOT_EXIST:
        check_new_bucket_name(bucket)
    yield _create_bucket_change(bucket, aws_provider, is_there=status is BucketStatus.EXISTS_HAVE_ACCESS)


def _create_bucket_change(bucket: str, aws_provider: AwsClientProvider, *, is_there: bool = False) -> Change:
    environment = aws_provider.get_aws_env()
    after: JsonObject = {"exists": True} if is_there else {"exists": True, "region": environment.aws_region}
    return Change(
        kind="s3.create-bucket",
        target=target_of(environment),
        resource=arn_of(environment, bucket),
        effect=Effect.CREATE,
        before=after if is_there else None,
        after=after,
        iam_actions=_CREATE_ACTIONS,
        reversibility=Reversibility.COMPENSABLE,
    )


def plan_destroy_bucket(bucket_name: str, aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the end of a bucket with every version, delete marker and unfinished upload in it."""
    bucket = fill_template(bucket_name, aws_provider)
    environment = aws_provider.get_aws_env()
    status = s3_interactions.get_bucket_status(bucket, aws_provider)
    if status is BucketStatus.EXISTS_NO_ACCESS:
        raise s3_interactions.BucketAccessDenied(bucket)
    is_absent = status is BucketStatus.DOES_NOT_EXIST
    contents, digest = ("", "") if is_absent else contents_of(bucket, aws_provider)
    yield Change(
        kind="s3.destroy-bucket",
        target=target_of(environment),
        resource=arn_of(environment, bucket),
        effect=Effect.DESTROY,
        before=None if is_absent else {"contents": contents},
        after=None,
        precondition={"versions_sha256": digest},
        iam_actions=_DESTROY_ACTIONS,
        reversibility=Reversibility.IRREVERSIBLE,
    )


def _apply_create_bucket(change: Change, aws_provider: AwsClientProvider) -> None:
    s3_interactions.create_bucket(bucket_and_key(change)[0], aws_provider)


def _recheck_create_bucket(change: Change, aws_provider: AwsClientProvider) -> str | None:
    status = s3_interactions.get_bucket_status(bucket_and_key(change)[0], aws_provider)
    return None if status is BucketStatus.DOES_NOT_EXIST else "the bucket was made by someone else"


def _read_back_create_bucket(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    status = s3_interactions.get_bucket_status(bucket_and_key(change)[0], aws_provider)
    if status is BucketStatus.EXISTS_NO_ACCESS:
        return ResultStatus.UNKNOWN  # who may make a bucket need not be allowed to look at it
    return applied_if(status is BucketStatus.EXISTS_HAVE_ACCESS)


def _apply_destroy_bucket(change: Change, aws_provider: AwsClientProvider) -> None:
    try:
        # What was seen to be empty is not emptied: S3 refuses to delete what was filled meanwhile.
        was_empty = (change.before or {})["contents"] == _EMPTY
        s3_interactions.destroy_bucket(bucket_and_key(change)[0], aws_provider, only_if_empty=was_empty)
    except (AwsInteractionError, ClientError) as error:
        drift = None if is_answer_lost(error) else _drift_if_told(change, aws_provider)
        if drift is None:
            raise
        raise CarriedOutInPart(f"{error}; {drift}", resource=change.resource) from (error.__cause__ or error)


def _drift_if_told(change: Change, aws_provider: AwsClientProvider) -> str | None:
    try:
        return _recheck_destroy_bucket(change, aws_provider)
    except (AwsInteractionError, ClientError, BotoCoreError):
        return None


def _recheck_destroy_bucket(change: Change, aws_provider: AwsClientProvider) -> str | None:
    bucket = bucket_and_key(change)[0]
    if s3_interactions.get_bucket_status(bucket, aws_provider) is BucketStatus.DOES_NOT_EXIST:
        return "the bucket has gone"
    contents, digest = contents_of(bucket, aws_provider)
    if digest == (change.precondition or {})["versions_sha256"]:
        return None
    return f"what the bucket holds has changed ({(change.before or {})['contents']}, now {contents})"


def _read_back_destroy_bucket(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    bucket = bucket_and_key(change)[0]
    if s3_interactions.get_bucket_status(bucket, aws_provider) is BucketStatus.DOES_NOT_EXIST:
        return ResultStatus.APPLIED
    # Emptied in part is neither done nor not done.
    is_untouched = contents_of(bucket, aws_provider)[1] == (change.precondition or {})["versions_sha256"]
    return ResultStatus.FAILED if is_untouched else ResultStatus.UNKNOWN


def _invert_create_bucket(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    bucket = bucket_and_key(change)[0]
    why_not = _why_not_the_new_bucket(change, bucket, aws_provider)
    if why_not is not None:
        raise CannotUndo(why_not, resource=change.resource)
    yield from plan_destroy_bucket(bucket, aws_provider)


def _why_not_the_new_bucket(change: Change, bucket: str, aws_provider: AwsClientProvider) -> str | None:
    seen = s3_interactions.look_at_bucket(bucket, aws_provider)
    if seen.status is BucketStatus.DOES_NOT_EXIST:
        return "the bucket is not there any more"
    if seen.status is BucketStatus.EXISTS_NO_ACCESS:
        return "the bucket is closed to this identity, or someone else's by now"
    if region := other_region(seen, aws_provider):
        return f"another bucket has taken its name, in {region}"
    with gone_cannot_be_undone(change):
        contents = contents_of(bucket, aws_provider)[0]
        if contents != _EMPTY:
            return f"the bucket is no longer empty: it holds {contents}"
        if s3_interactions.has_unfinished_uploads(bucket, aws_provider):
            return "the bucket is no longer empty: it holds unfinished uploads"
    return None


register(
    ChangeKind(
        "s3.create-bucket",
        each_alone(_apply_create_bucket),
        _recheck_create_bucket,
        _read_back_create_bucket,
        is_idempotent=True,
        iam_actions=_CREATE_ACTIONS,
        reversibility=frozenset({Reversibility.COMPENSABLE}),
        invert=_invert_create_bucket,
        tags=TAGS,
        census=BUCKETS,
    )
)
register(
    ChangeKind(
        "s3.destroy-bucket",
        each_alone(_apply_destroy_bucket),
        _recheck_destroy_bucket,
        _read_back_destroy_bucket,
        iam_actions=_DESTROY_ACTIONS,
        reversibility=frozenset({Reversibility.IRREVERSIBLE}),
        tags=TAGS,
        census=BUCKETS,
    )
)
