"""What takes a change of an object back: looks whether it still is as the change left it, and plans."""

from collections.abc import Iterator
from pathlib import Path

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import LocalFileProblem
from aws_interactions.s3_interactions import FileDigest, S3ObjectDetails, S3ObjectVersion
from aws_interactions.s3_interactions.versions import MAX_COPY_BYTES
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import CannotUndo, Change, Effect, JsonObject, Reversibility
from aws_operations.s3.change_parts import (
    arn_of,
    bucket_and_key,
    delete_change,
    described,
    gone_cannot_be_undone,
    is_kept_as_version,
    reversibility_of_replacing,
    target_of,
)

# The table has them for whole objects; a version of one needs its own.
RESTORE_ACTIONS = iam_actions_of("s3", "HeadBucket", "HeadObject", "ListObjectVersions", "CopyObject")
MARKER_ACTIONS = (*iam_actions_of("s3", "ListObjectVersions", "DeleteObject"), "s3:DeleteObjectVersion")

_ETAG_IS_OF_BYTES = frozenset({None, "AES256"})
_KEPT_NOWHERE = "the bucket kept no version of it"
_GONE = "the object is not there any more"
_NOT_THE_NEWEST = "the object has changed since"


def has_bytes_that_were_put(
    change: Change, now: S3ObjectDetails, aws_provider: AwsClientProvider
) -> bool | None:
    """Say whether an object has the bytes of the file of a put, ``None`` where nobody can tell."""
    put = _digest_of_what_was_put(change)
    if put is None:
        return None
    if now.etag == put.etag or now.encryption in _ETAG_IS_OF_BYTES:
        return now.etag == put.etag
    # With KMS the ETag says nothing of the bytes; whoever may decrypt them is told a checksum.
    bucket, key = bucket_and_key(change)
    checked = s3_interactions.describe_object(bucket, key, aws_provider, with_checksum=True)
    if checked is None or checked.etag != now.etag:
        return False
    return None if checked.crc32 is None else checked.crc32 == put.crc32


def _digest_of_what_was_put(change: Change) -> FileDigest | None:
    precondition = change.precondition or {}
    if precondition.get("digest") is not None:
        return FileDigest(**precondition["digest"])
    file = Path(str(change.payload_ref))
    try:
        fingerprint = s3_interactions.fingerprint_of_file(file)
        is_same = fingerprint.modified_ns == precondition.get("modified_ns")
        return s3_interactions.digest_of_file(file) if is_same else None
    except LocalFileProblem:
        return None


def invert_put(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the deletion of an object that was new, or the version that was replaced on top of it."""
    bucket, key = bucket_and_key(change)
    is_new = change.before is None
    if not is_new and not is_kept_as_version(change.before):
        raise CannotUndo(_KEPT_NOWHERE, resource=change.resource)
    with gone_cannot_be_undone(change):
        now = _object_that_is_there(change, aws_provider)
        why_not = _why_not_put(change, now, aws_provider)
        if why_not is not None:
            raise CannotUndo(why_not, resource=change.resource)
        if is_new:
            yield delete_change(aws_provider.get_aws_env(), bucket, key, now)
        else:
            yield _restore_change(change, now, aws_provider)


def invert_restore(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the version that was the newest before, on top again; where there was none, the deletion."""
    bucket, key = bucket_and_key(change)
    if change.before is not None and not is_kept_as_version(change.before):
        raise CannotUndo(_KEPT_NOWHERE, resource=change.resource)
    with gone_cannot_be_undone(change):
        now = _object_that_is_there(change, aws_provider)
        if now.size != (change.after or {})["size"] or not _is_next_after(change, now, aws_provider):
            raise CannotUndo(_NOT_THE_NEWEST, resource=change.resource)
        if change.before is None:
            yield delete_change(aws_provider.get_aws_env(), bucket, key, now)
        else:
            yield _restore_change(change, now, aws_provider)


def invert_delete(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the removal of the delete marker behind which an object is."""
    if not is_kept_as_version(change.before):
        raise CannotUndo(_KEPT_NOWHERE, resource=change.resource)
    before = change.before or {}
    bucket, key = bucket_and_key(change)
    with gone_cannot_be_undone(change):
        marker, previous = newest_two(bucket, key, aws_provider)
    if marker is None:
        raise CannotUndo("its delete marker is not there any more", resource=change.resource)
    if not marker.is_delete_marker:
        raise CannotUndo("an object is there again", resource=change.resource)
    if previous is None or previous.is_delete_marker or previous.version_id != before["version_id"]:
        reason = "its last version is not there any more, or others came after it"
        raise CannotUndo(reason, resource=change.resource)
    yield Change(
        kind="s3.remove-delete-marker",
        target=change.target,
        resource=change.resource,
        effect=Effect.CREATE,
        before=None,
        after=dict(before),
        iam_actions=MARKER_ACTIONS,
        reversibility=Reversibility.COMPENSABLE,
        precondition={"delete_marker": marker.version_id},
    )


def invert_remove_marker(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the deletion of the object that has come back."""
    bucket, key = bucket_and_key(change)
    with gone_cannot_be_undone(change):
        now = _object_that_is_there(change, aws_provider)
    if described(now) != change.after:
        raise CannotUndo(_NOT_THE_NEWEST, resource=change.resource)
    yield delete_change(aws_provider.get_aws_env(), bucket, key, now)


def newest_two(
    bucket: str, key: str, aws_provider: AwsClientProvider
) -> tuple[S3ObjectVersion | None, S3ObjectVersion | None]:
    """Return a key's newest version or delete marker and the one before it, where there are such."""
    newest, previous, *_ = (*s3_interactions.newest_versions(bucket, key, aws_provider), None, None)
    return newest, previous


def _object_that_is_there(change: Change, aws_provider: AwsClientProvider) -> S3ObjectDetails:
    bucket, key = bucket_and_key(change)
    now = s3_interactions.describe_object(bucket, key, aws_provider)
    if now is None:
        raise CannotUndo(_GONE, resource=change.resource)
    return now


def _why_not_put(change: Change, now: S3ObjectDetails, aws_provider: AwsClientProvider) -> str | None:
    if not _looks_like_what_was_put(change.after or {}, now):
        return _NOT_THE_NEWEST
    if now.version_id is not None and not _is_next_after(change, now, aws_provider):
        return _NOT_THE_NEWEST
    # A version of its own tells by its place, where its ETag does not; a null version may have replaced one.
    if now.encryption not in _ETAG_IS_OF_BYTES and now.version_id not in {None, "null"}:
        return None
    has_bytes = has_bytes_that_were_put(change, now, aws_provider)
    if has_bytes is None:
        return "nobody can tell whether the object still has the bytes that were put"
    return None if has_bytes else _NOT_THE_NEWEST


def _looks_like_what_was_put(after: JsonObject, now: S3ObjectDetails) -> bool:
    # S3 gives the names of metadata back in lower case.
    metadata = {name.lower(): value for name, value in after["metadata"].items()}
    return (
        now.size == after["size"]
        and dict(now.user_metadata) == metadata
        and after["content_type"] in {None, now.content_type}
    )


def _is_next_after(change: Change, now: S3ObjectDetails, aws_provider: AwsClientProvider) -> bool:
    """Say whether an object is the newest version, with what the change found right below it."""
    newest, previous = newest_two(*bucket_and_key(change), aws_provider)
    if newest is None or newest.version_id != now.version_id:
        return False
    if change.before is not None:
        return previous is not None and previous.version_id == change.before["version_id"]
    # A null version takes the place of the null marker that was there, and then stands on an old version.
    return previous is None or previous.is_delete_marker or now.version_id == "null"


def _restore_change(change: Change, now: S3ObjectDetails, aws_provider: AwsClientProvider) -> Change:
    bucket, key = bucket_and_key(change)
    version_id = str((change.before or {})["version_id"])
    source = s3_interactions.describe_object(bucket, key, aws_provider, version_id=version_id)
    if source is None:
        raise CannotUndo(f"version {version_id}, as it was before, is gone", resource=change.resource)
    if source.size > MAX_COPY_BYTES:
        reason = f"version {version_id} is over 5 GiB, more than S3 copies in one call"
        raise CannotUndo(reason, resource=change.resource)
    environment = aws_provider.get_aws_env()
    return Change(
        kind="s3.restore-version",
        target=target_of(environment),
        resource=arn_of(environment, bucket, key),
        effect=Effect.OVERWRITE,
        before=described(now),
        after={"size": source.size, "copy_of_version": version_id},
        iam_actions=RESTORE_ACTIONS,
        reversibility=reversibility_of_replacing(now),
    )
