"""Objects put and deleted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.s3_interactions.names import check_key
from aws_interactions.s3_interactions.uploads import ONE_REQUEST_BYTES, check_user_metadata
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import (
    Change,
    ChangeKind,
    ChangeResult,
    Effect,
    ResultStatus,
    Reversibility,
    each_alone,
    register,
)
from aws_operations.s3.change_parts import (
    DELETE_ACTIONS,
    MAX_KEYS_A_CALL,
    OBJECTS,
    TAGS,
    applied_if,
    arn_of,
    bucket_and_key,
    by_bucket,
    check_bucket_is_there,
    delete_change,
    described,
    results_of_batch,
    reversibility_of_replacing,
    target_of,
)
from aws_operations.s3.object_undoing import has_bytes_that_were_put, invert_delete, invert_put
from aws_operations.targets import fill_template

# A file that goes up in parts is put with the action of one that does not, and is aborted if it fails.
_PUT_ACTIONS = iam_actions_of("s3", "HeadBucket", "HeadObject", "PutObject", "AbortMultipartUpload")


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
    # What goes up in parts is too large to be read twice: its digest is taken where it is asked for.
    is_small = fingerprint.size <= ONE_REQUEST_BYTES
    digest = asdict(s3_interactions.digest_of_file(file)) if is_small else None
    environment = aws_provider.get_aws_env()
    yield Change(
        kind="s3.put-object",
        target=target_of(environment),
        resource=arn_of(environment, bucket, key),
        effect=Effect.CREATE if existing is None else Effect.OVERWRITE,
        before=described(existing),
        after={"size": fingerprint.size, "content_type": content_type, "metadata": dict(user_metadata or {})},
        iam_actions=_PUT_ACTIONS,
        reversibility=reversibility_of_replacing(existing),
        precondition={"modified_ns": fingerprint.modified_ns, "digest": digest},
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
        yield delete_change(environment, bucket, key, existing)


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
    now = s3_interactions.describe_object(bucket, key, aws_provider)
    if now is None:
        return ResultStatus.FAILED
    is_before = described(now) == change.before
    if is_before and now.version_id not in {None, "null"}:
        return ResultStatus.FAILED
    has_bytes = now.size == (change.after or {})["size"] and has_bytes_that_were_put(
        change, now, aws_provider
    )
    if is_before:
        # The same bytes again give the same ETag: nobody can tell whether they were written again.
        return ResultStatus.FAILED if has_bytes is False else ResultStatus.UNKNOWN
    # Where it is another object by now, ours may have been there in between.
    return ResultStatus.APPLIED if has_bytes else ResultStatus.UNKNOWN


def _apply_delete_objects(batch: Sequence[Change], aws_provider: AwsClientProvider) -> Iterator[ChangeResult]:
    for bucket, same in by_bucket(batch).items():
        keys = [bucket_and_key(change)[1] for change in same]
        delete = partial(s3_interactions.delete_objects, bucket, keys, aws_provider)
        yield from results_of_batch(bucket, same, delete)


def _read_back_delete(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    bucket, key = bucket_and_key(change)
    return applied_if(s3_interactions.describe_object(bucket, key, aws_provider) is None)


register(
    ChangeKind(
        "s3.put-object",
        each_alone(_apply_put),
        _recheck_put,
        _read_back_put,
        iam_actions=_PUT_ACTIONS,
        reversibility=frozenset({Reversibility.COMPENSABLE, Reversibility.IRREVERSIBLE}),
        invert=invert_put,
        tags=TAGS,
        census=OBJECTS,
    )
)
register(
    ChangeKind(
        "s3.delete-object",
        _apply_delete_objects,
        _recheck_object,
        _read_back_delete,
        batch_size=MAX_KEYS_A_CALL,
        iam_actions=DELETE_ACTIONS,
        reversibility=frozenset({Reversibility.COMPENSABLE, Reversibility.IRREVERSIBLE}),
        invert=invert_delete,
        tags=TAGS,
        census=OBJECTS,
    )
)
