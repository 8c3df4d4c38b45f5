"""S3 writes: planners that say what would change, and the kinds that carry it out."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AwsInteractionError
from aws_interactions.s3_interactions import BucketStatus, BucketVersioning
from aws_interactions.s3_interactions.names import check_key, check_new_bucket_name
from aws_interactions.s3_interactions.objects import MAX_OBJECT_TAGS
from aws_interactions.s3_interactions.uploads import check_user_metadata
from aws_interactions.service_operations import iam_actions_of
from aws_interactions.tags import MAX_TAGS, check_tags
from aws_operations.changes import (
    CarriedOutInPart,
    Change,
    ChangeKind,
    ChangeResult,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    each_alone,
    is_answer_lost,
    register,
    result_of_error,
)
from aws_operations.s3.change_parts import (
    MAX_KEYS_A_CALL,
    applied_if,
    arn_of,
    bucket_and_key,
    check_bucket_is_there,
    contents_of,
    described,
    md5_of_file,
    other_region,
    reversibility_of_replacing,
    tags_of,
    target_of,
)
from aws_operations.targets import fill_template


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
        iam_actions=iam_actions_of("s3", "HeadBucket", "CreateBucket"),
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
        iam_actions=iam_actions_of(
            "s3",
            "ListObjectVersions",
            "ListMultipartUploads",
            "DeleteObjects",
            "AbortMultipartUpload",
            "DeleteBucket",
        ),
        reversibility=Reversibility.IRREVERSIBLE,
    )


def plan_put(
    file: Path,
    bucket_name: str,
    key: str,
    aws_provider: AwsClientProvider,
    *,
    overwrite: bool,
    content_type: str | None = None,
    user_metadata: Mapping[str, str] | None = None,
) -> Iterator[Change]:
    """Plan the upload of a local file; a key that is taken is an error unless ``overwrite``."""
    check_key(key)
    check_user_metadata(user_metadata or {})
    bucket = fill_template(bucket_name, aws_provider)
    fingerprint = s3_interactions.fingerprint_of_file(file)
    existing = s3_interactions.describe_object(bucket, key, aws_provider)
    if existing is None:
        check_bucket_is_there(bucket, aws_provider)
    elif not overwrite:
        raise s3_interactions.S3ObjectAlreadyExists(bucket, key)
    environment = aws_provider.get_aws_env()
    yield Change(
        kind="s3.put-object",
        target=target_of(environment),
        resource=arn_of(environment, bucket, key),
        effect=Effect.CREATE if existing is None else Effect.OVERWRITE,
        before=described(existing),
        after={"size": fingerprint.size, "content_type": content_type, "metadata": dict(user_metadata or {})},
        iam_actions=iam_actions_of("s3", "HeadBucket", "HeadObject", "PutObject"),
        reversibility=reversibility_of_replacing(existing),
        precondition={"modified_ns": fingerprint.modified_ns},
        payload_ref=str(file),
    )


def plan_rm(bucket_name: str, keys: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the deletion of objects, key by key; an absent one is nothing to do, an absent bucket an error."""
    for key in keys:
        check_key(key)
    bucket = fill_template(bucket_name, aws_provider)
    environment = aws_provider.get_aws_env()
    is_bucket_known = False
    for key in keys:
        existing = s3_interactions.describe_object(bucket, key, aws_provider)
        if existing is None and not is_bucket_known:
            check_bucket_is_there(bucket, aws_provider)
        is_bucket_known = True
        yield Change(
            kind="s3.delete-object",
            target=target_of(environment),
            resource=arn_of(environment, bucket, key),
            effect=Effect.DESTROY,
            before=described(existing),
            after=None,
            iam_actions=iam_actions_of("s3", "HeadBucket", "HeadObject", "DeleteObjects"),
            reversibility=reversibility_of_replacing(existing),
        )


def plan_set_tags(
    bucket_name: str, key: str | None, tags: Mapping[str, str], aws_provider: AwsClientProvider
) -> Iterator[Change]:
    """Plan a bucket's or an object's tags to be exactly these; none means no tags."""
    if key is not None:
        check_key(key)
    check_tags(tags, max_tags=MAX_TAGS if key is None else MAX_OBJECT_TAGS)
    bucket = fill_template(bucket_name, aws_provider)
    environment = aws_provider.get_aws_env()
    before = tags_of(bucket, key, aws_provider)
    takes_away = any(tags.get(name) != value for name, value in before.items())
    operations = (
        ("GetBucketTagging", "PutBucketTagging") if key is None else ("GetObjectTagging", "PutObjectTagging")
    )
    yield Change(
        kind="s3.set-tags",
        target=target_of(environment),
        resource=arn_of(environment, bucket, key),
        effect=Effect.OVERWRITE if takes_away else Effect.UPDATE,
        before=dict(before),
        after=dict(tags),
        iam_actions=iam_actions_of("s3", *operations),
        reversibility=Reversibility.REVERSIBLE,
    )


def plan_set_versioning(
    bucket_name: str, versioning: str, aws_provider: AwsClientProvider
) -> Iterator[Change]:
    """Plan whether a bucket keeps old versions: ``enabled`` or ``suspended``; there is no way back to never.

    Any other word raises ``ValueError``.
    """
    wanted = BucketVersioning(versioning)
    bucket = fill_template(bucket_name, aws_provider)
    environment = aws_provider.get_aws_env()
    before = s3_interactions.get_bucket_versioning(bucket, aws_provider)
    is_first_time = before is BucketVersioning.UNVERSIONED
    yield Change(
        kind="s3.set-versioning",
        target=target_of(environment),
        resource=arn_of(environment, bucket),
        effect=Effect.UPDATE,
        before={"versioning": before.value},
        after={"versioning": wanted.value},
        iam_actions=iam_actions_of("s3", "GetBucketVersioning", "PutBucketVersioning"),
        reversibility=Reversibility.COMPENSABLE if is_first_time else Reversibility.REVERSIBLE,
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
        s3_interactions.destroy_bucket(bucket_and_key(change)[0], aws_provider)
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


def _apply_put(change: Change, aws_provider: AwsClientProvider) -> None:
    bucket, key = bucket_and_key(change)
    after = change.after or {}
    s3_interactions.put_file_to_bucket(
        Path(str(change.payload_ref)),
        bucket,
        key,
        aws_provider,
        content_type=after["content_type"],
        user_metadata=after["metadata"],
        overwrite=change.effect is Effect.OVERWRITE,
        # The object may change yet while a large file goes up: S3 looks at it once more.
        if_match=(change.before or {}).get("etag"),
    )


def _recheck_put(change: Change, aws_provider: AwsClientProvider) -> str | None:
    fingerprint = s3_interactions.fingerprint_of_file(Path(str(change.payload_ref)))
    planned = ((change.after or {})["size"], (change.precondition or {})["modified_ns"])
    if (fingerprint.size, fingerprint.modified_ns) != planned:
        return f"the file {change.payload_ref} has changed"
    return _recheck_object(change, aws_provider)


def _recheck_object(change: Change, aws_provider: AwsClientProvider) -> str | None:
    bucket, key = bucket_and_key(change)
    now = described(s3_interactions.describe_object(bucket, key, aws_provider))
    return None if now == change.before else "the object has changed"


def _read_back_put(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    bucket, key = bucket_and_key(change)
    now = described(s3_interactions.describe_object(bucket, key, aws_provider))
    if now is None:
        return ResultStatus.FAILED
    md5 = md5_of_file(Path(str(change.payload_ref)))
    if now == change.before:
        # The same bytes again give the same ETag: nobody can tell whether they were written again.
        is_same = now["size"] == (change.after or {})["size"] and ("-" in now["etag"] or now["etag"] == md5)
        return (
            ResultStatus.UNKNOWN if is_same and now["version_id"] in {None, "null"} else ResultStatus.FAILED
        )
    # An ETag is the MD5 only of what went up in one part without KMS; else nobody can tell.
    return ResultStatus.APPLIED if now["etag"] == md5 else ResultStatus.UNKNOWN


def _apply_delete_objects(batch: Sequence[Change], aws_provider: AwsClientProvider) -> Iterator[ChangeResult]:
    by_bucket: dict[str, list[Change]] = {}
    for change in batch:
        by_bucket.setdefault(bucket_and_key(change)[0], []).append(change)
    for bucket, same in by_bucket.items():
        yield from _delete_in_bucket(bucket, same, aws_provider)


def _delete_in_bucket(
    bucket: str, same: Sequence[Change], aws_provider: AwsClientProvider
) -> Iterator[ChangeResult]:
    failures: Mapping[str, AwsInteractionError] = {}
    try:
        s3_interactions.delete_objects(bucket, [bucket_and_key(change)[1] for change in same], aws_provider)
    except s3_interactions.S3ObjectsNotDeleted as error:
        failures = {failure.key: failure.as_error(bucket) for failure in error.failures}
    except (AwsInteractionError, ClientError, BotoCoreError) as error:
        yield from (result_of_error(change, error) for change in same)
        return
    for change in same:
        failed = failures.get(bucket_and_key(change)[1])
        yield ChangeResult(change, ResultStatus.APPLIED if failed is None else ResultStatus.FAILED, failed)


def _read_back_delete(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    bucket, key = bucket_and_key(change)
    return applied_if(s3_interactions.describe_object(bucket, key, aws_provider) is None)


def _apply_set_tags(change: Change, aws_provider: AwsClientProvider) -> None:
    bucket, key = bucket_and_key(change)
    tags = change.after or {}
    if key:
        s3_interactions.set_object_tags(bucket, key, tags, aws_provider)
    else:
        s3_interactions.set_bucket_tags(bucket, tags, aws_provider)


def _recheck_tags(change: Change, aws_provider: AwsClientProvider) -> str | None:
    bucket, key = bucket_and_key(change)
    return None if tags_of(bucket, key or None, aws_provider) == change.before else "the tags have changed"


def _read_back_tags(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    bucket, key = bucket_and_key(change)
    return applied_if(tags_of(bucket, key or None, aws_provider) == change.after)


def _apply_set_versioning(change: Change, aws_provider: AwsClientProvider) -> None:
    wanted = BucketVersioning((change.after or {})["versioning"])
    s3_interactions.set_bucket_versioning(bucket_and_key(change)[0], wanted, aws_provider)


def _versioning(change: Change, aws_provider: AwsClientProvider) -> JsonObject:
    found = s3_interactions.get_bucket_versioning(bucket_and_key(change)[0], aws_provider)
    return {"versioning": found.value}


def _recheck_versioning(change: Change, aws_provider: AwsClientProvider) -> str | None:
    now = _versioning(change, aws_provider)
    return None if now == change.before else f"versioning has become {now['versioning']}"


def _read_back_versioning(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    return applied_if(_versioning(change, aws_provider) == change.after)


register(
    ChangeKind(
        "s3.create-bucket",
        each_alone(_apply_create_bucket),
        _recheck_create_bucket,
        _read_back_create_bucket,
        is_idempotent=True,
    )
)
register(
    ChangeKind(
        "s3.destroy-bucket",
        each_alone(_apply_destroy_bucket),
        _recheck_destroy_bucket,
        _read_back_destroy_bucket,
    )
)
register(ChangeKind("s3.put-object", each_alone(_apply_put), _recheck_put, _read_back_put))
register(
    ChangeKind(
        "s3.delete-object",
        _apply_delete_objects,
        _recheck_object,
        _read_back_delete,
        batch_size=MAX_KEYS_A_CALL,
    )
)
register(
    ChangeKind("s3.set-tags", each_alone(_apply_set_tags), _recheck_tags, _read_back_tags, is_idempotent=True)
)
register(
    ChangeKind(
        "s3.set-versioning",
        each_alone(_apply_set_versioning),
        _recheck_versioning,
        _read_back_versioning,
        is_idempotent=True,
    )
)
