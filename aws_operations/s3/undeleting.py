"""Objects as they were at a time: what was deleted or written over since comes back from its versions."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.s3_interactions import BucketNeverKeptVersions, BucketVersioning, S3ObjectVersion
from aws_operations.changes import Change, Effect, JsonObject, Reversibility
from aws_operations.s3.change_parts import arn_of, is_kept_as_version, target_of
from aws_operations.s3.listing import KeyFilter
from aws_operations.s3.object_undoing import MARKER_ACTIONS, RESTORE_ACTIONS
from aws_operations.targets import fill_template


def plan_undelete(
    bucket_name: str,
    to: datetime,
    aws_provider: AwsClientProvider,
    *,
    prefix: str = "",
    patterns: Sequence[str] = (),
    excluded: Sequence[str] = (),
    with_overwritten: bool = False,
) -> Iterator[Change]:
    """Plan what was there at an aware time and has been deleted since to be there again, any number of keys.

    Where the version of then is right behind the delete marker, the marker goes; else the version is copied
    on top. ``with_overwritten``: what was written over since comes back too. What is new since stays. Times
    are whole seconds, as S3 tells them. A bucket that never kept versions raises ``BucketNeverKeptVersions``.
    """
    bucket = fill_template(bucket_name, aws_provider)
    if s3_interactions.get_bucket_versioning(bucket, aws_provider) is BucketVersioning.UNVERSIONED:
        raise BucketNeverKeptVersions(bucket)
    wanted = KeyFilter(patterns=tuple(patterns), excluded=tuple(excluded))
    start = wanted.narrowed(prefix)
    if start is None:
        return
    environment = aws_provider.get_aws_env()
    is_wanted = wanted.is_wanted_key()
    for versions in s3_interactions.list_versions_by_key(bucket, aws_provider, prefix=start):
        if is_wanted(versions[0].key):
            yield from _back_to(to, bucket, versions, environment, with_overwritten=with_overwritten)


def _back_to(
    to: datetime,
    bucket: str,
    versions: Sequence[S3ObjectVersion],
    environment: AwsEnvironment,
    *,
    with_overwritten: bool,
) -> Iterator[Change]:
    """Yield the change of one key, if there is one; ``versions`` are newest first."""
    newest = versions[0]
    of_then = next((version for version in versions if _is_by(version, to)), None)
    if of_then is None or of_then is newest or of_then.is_delete_marker:
        return
    if not newest.is_delete_marker:
        if with_overwritten:
            yield _copy_change(environment, bucket, of_then, over=newest)
    elif versions[1] is of_then:
        yield _marker_change(environment, bucket, of_then, newest)
    else:
        yield _copy_change(environment, bucket, of_then, over=None)


def _is_by(version: S3ObjectVersion, time: datetime) -> bool:
    return version.last_modified is not None and version.last_modified <= time


def _described(version: S3ObjectVersion) -> JsonObject:
    return {"etag": version.etag, "size": version.size, "version_id": version.version_id}


def _marker_change(
    environment: AwsEnvironment, bucket: str, version: S3ObjectVersion, marker: S3ObjectVersion
) -> Change:
    return Change(
        kind="s3.remove-delete-marker",
        target=target_of(environment),
        resource=arn_of(environment, bucket, version.key),
        effect=Effect.CREATE,
        before=None,
        after=_described(version),
        iam_actions=MARKER_ACTIONS,
        reversibility=Reversibility.COMPENSABLE,
        precondition={"delete_marker": marker.version_id},
    )


def _copy_change(
    environment: AwsEnvironment, bucket: str, version: S3ObjectVersion, *, over: S3ObjectVersion | None
) -> Change:
    before = None if over is None else _described(over)
    is_lost = before is not None and not is_kept_as_version(before)
    return Change(
        kind="s3.restore-version",
        target=target_of(environment),
        resource=arn_of(environment, bucket, version.key),
        effect=Effect.CREATE if over is None else Effect.OVERWRITE,
        before=before,
        after={"size": version.size, "copy_of_version": version.version_id},
        iam_actions=RESTORE_ACTIONS,
        reversibility=Reversibility.IRREVERSIBLE if is_lost else Reversibility.COMPENSABLE,
    )
