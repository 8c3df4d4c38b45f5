"""What undoing does to objects: an old version on top again, a delete marker away."""

from collections.abc import Iterator, Sequence
from functools import partial

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.s3_interactions import S3ObjectVersion
from aws_operations.changes import (
    Change,
    ChangeKind,
    ChangeResult,
    JsonObject,
    ResultStatus,
    Reversibility,
    each_alone,
    register,
)
from aws_operations.s3.change_parts import (
    MAX_KEYS_A_CALL,
    OBJECTS,
    TAGS,
    bucket_and_key,
    by_bucket,
    described,
    results_of_batch,
)
from aws_operations.s3.object_undoing import (
    MARKER_ACTIONS,
    RESTORE_ACTIONS,
    invert_remove_marker,
    invert_restore,
    newest_two,
)


def _apply_restore(change: Change, aws_provider: AwsClientProvider) -> None:
    bucket, key = bucket_and_key(change)
    s3_interactions.restore_object_version(
        bucket,
        key,
        (change.after or {})["copy_of_version"],
        aws_provider,
        if_match=None if change.before is None else change.before["etag"],
        only_if_absent=change.before is None,
    )


def _recheck_restore(change: Change, aws_provider: AwsClientProvider) -> str | None:
    bucket, key = bucket_and_key(change)
    if described(s3_interactions.describe_object(bucket, key, aws_provider)) != change.before:
        return "the object has changed"
    version_id = (change.after or {})["copy_of_version"]
    if s3_interactions.describe_object(bucket, key, aws_provider, version_id=version_id) is None:
        return f"version {version_id} has gone"
    return None


def _read_back_restore(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    bucket, key = bucket_and_key(change)
    before, after = change.before, change.after or {}
    now = s3_interactions.describe_object(bucket, key, aws_provider)
    if described(now) == before:
        return ResultStatus.FAILED
    newest, previous = newest_two(bucket, key, aws_provider)
    is_copy = (
        now is not None
        and newest is not None
        and previous is not None
        and (now.size, now.version_id) == (after["size"], newest.version_id)
        and (_is_what_was(before, previous) or newest.version_id == "null")
    )
    return ResultStatus.APPLIED if is_copy else ResultStatus.UNKNOWN


def _is_what_was(before: JsonObject | None, previous: S3ObjectVersion) -> bool:
    if before is None:
        return previous.is_delete_marker
    return bool(previous.version_id == before["version_id"])


def _apply_remove_markers(batch: Sequence[Change], aws_provider: AwsClientProvider) -> Iterator[ChangeResult]:
    for bucket, same in by_bucket(batch).items():
        markers = [
            (bucket_and_key(change)[1], (change.precondition or {})["delete_marker"]) for change in same
        ]
        remove = partial(s3_interactions.delete_object_versions, bucket, markers, aws_provider)
        yield from results_of_batch(bucket, same, remove)


def _recheck_markers(batch: Sequence[Change], aws_provider: AwsClientProvider) -> list[str | None]:
    newest: dict[tuple[str, str], tuple[S3ObjectVersion, ...]] = {}
    for bucket, same in by_bucket(batch).items():
        keys = [bucket_and_key(change)[1] for change in same]
        found = s3_interactions.newest_versions_of_many(bucket, keys, aws_provider)
        newest |= {(bucket, key): versions for key, versions in found.items()}
    return [_drift_of_marker(change, newest[bucket_and_key(change)]) for change in batch]


def _recheck_marker(change: Change, aws_provider: AwsClientProvider) -> str | None:
    bucket, key = bucket_and_key(change)
    return _drift_of_marker(change, s3_interactions.newest_versions(bucket, key, aws_provider))


def _drift_of_marker(change: Change, versions: Sequence[S3ObjectVersion]) -> str | None:
    if not versions or versions[0].version_id != (change.precondition or {})["delete_marker"]:
        return "the object has changed"
    if len(versions) < 2 or versions[1].version_id != (change.after or {})["version_id"]:
        return "the version that is to come back has gone"
    return None


def _read_back_marker(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    newest, _ = newest_two(*bucket_and_key(change), aws_provider)
    if newest is None:
        return ResultStatus.UNKNOWN
    if newest.version_id == (change.precondition or {})["delete_marker"]:
        return ResultStatus.FAILED
    is_back = newest.version_id == (change.after or {})["version_id"]
    return ResultStatus.APPLIED if is_back else ResultStatus.UNKNOWN


RESTORE_VERSION = register(
    ChangeKind(
        "s3.restore-version",
        each_alone(_apply_restore),
        _recheck_restore,
        _read_back_restore,
        iam_actions=RESTORE_ACTIONS,
        reversibility=frozenset({Reversibility.COMPENSABLE, Reversibility.IRREVERSIBLE}),
        invert=invert_restore,
        tags=TAGS,
        census=OBJECTS,
    )
)
REMOVE_DELETE_MARKER = register(
    ChangeKind(
        "s3.remove-delete-marker",
        _apply_remove_markers,
        _recheck_marker,
        _read_back_marker,
        batch_size=MAX_KEYS_A_CALL,
        recheck_batch=_recheck_markers,
        is_idempotent=True,
        iam_actions=MARKER_ACTIONS,
        reversibility=frozenset({Reversibility.COMPENSABLE}),
        invert=invert_remove_marker,
        tags=TAGS,
        census=OBJECTS,
    )
)
