"""What came before: the newest versions of a key, and an old one put on top again."""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby, takewhile
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.calls import only_given, pages_of
from aws_interactions.s3_interactions.errors import (
    S3ObjectArchived,
    S3ObjectChanged,
    S3ObjectDoesntExist,
    object_arn,
    s3_errors,
)
from aws_interactions.s3_interactions.names import check_key
from aws_interactions.s3_interactions.object_records import S3ObjectVersion
from aws_interactions.s3_interactions.objects import describe_object, version_of

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_NEVER = datetime.min.replace(tzinfo=UTC)

# A larger object is copied in parts, and then loses its tags.
MAX_COPY_BYTES = 5 * 1024**3


def newest_versions(
    bucket_name: str, key: str, aws_provider: "AwsClientProvider"
) -> tuple[S3ObjectVersion, ...]:
    """Return a key's newest version or delete marker and the one before it, newest first: two at most.

    Nothing for a key that has none (ListObjectVersions). A bucket that never kept versions has one of each
    object, ``null``.
    """
    check_key(key)
    logger.debug("newest_versions bucket=%s key=%s", bucket_name, key)
    client = aws_provider.get_s3()
    found: list[S3ObjectVersion] = []
    with s3_errors(bucket_name, key=key):
        # No other key that starts so is listed before this one, and of its versions the newest comes first.
        # Versions and markers come in two lists: of two items, the newest says which was before which.
        pages = pages_of(
            client, "list_object_versions", Bucket=bucket_name, Prefix=key, PaginationConfig={"PageSize": 2}
        )
        for page in pages:
            listed = [
                *(version_of(item, is_delete_marker=False) for item in page.get("Versions", [])),
                *(version_of(item, is_delete_marker=True) for item in page.get("DeleteMarkers", [])),
            ]
            own = [version for version in listed if version.key == key]
            found += sorted(own, key=lambda version: not version.is_latest)
            if len(found) > 1 or len(own) < len(listed):
                break
    return tuple(found[:2])


def newest_versions_of_many(
    bucket_name: str, keys: Sequence[str], aws_provider: "AwsClientProvider"
) -> dict[str, tuple[S3ObjectVersion, ...]]:
    """Return for each of the keys what ``newest_versions`` does, by key, with far fewer calls.

    The keys from the first to the last are listed (ListObjectVersions). Where so many others lie between them
    that it does not pay, the rest is asked for one by one.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    logger.debug("newest_versions_of_many bucket=%s keys=%d", bucket_name, len(wanted))
    first, last = wanted[0], wanted[-1]
    found = {first: newest_versions(bucket_name, first, aws_provider)}
    left = dict.fromkeys(wanted[1:])
    # Each page has up to a thousand: a quarter of the calls that it takes to ask for each.
    patience = 250 * len(wanted)
    listed = list_versions_by_key(
        bucket_name, aws_provider, prefix=_common_start(first, last), start_after=first
    )
    for versions in listed if left else ():
        key = versions[0].key
        if key in left:
            del left[key]
            found[key] = tuple(versions[:2])
        patience -= len(versions)
        if key >= last or patience < 0:
            break
    is_all_seen = patience >= 0
    for key in left:
        found[key] = () if is_all_seen else newest_versions(bucket_name, key, aws_provider)
    return found


def _common_start(first: str, last: str) -> str:
    return "".join(
        one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    )


def list_versions_by_key(
    bucket_name: str,
    aws_provider: "AwsClientProvider",
    *,
    prefix: str = "",
    start_after: str | None = None,
) -> Iterator[list[S3ObjectVersion]]:
    """Yield for each key under ``prefix`` its versions and delete markers, newest first, by key.

    Any number of keys (ListObjectVersions), or only those that come after one of them. S3 tells times in
    whole seconds: of a version and a marker of the same one, neither of them the latest, the version comes
    first. Holds a page and one key's in memory.
    """
    logger.debug("list_versions_by_key bucket=%s prefix=%s", bucket_name, prefix)
    client = aws_provider.get_s3()
    last: list[S3ObjectVersion] = []
    with s3_errors(bucket_name):
        pages = pages_of(
            client,
            "list_object_versions",
            Bucket=bucket_name,
            Prefix=prefix,
            **only_given(KeyMarker=start_after),
        )
        for page in pages:
            listed = [
                *last,
                *(version_of(item, is_delete_marker=False) for item in page.get("Versions", [])),
                *(version_of(item, is_delete_marker=True) for item in page.get("DeleteMarkers", [])),
            ]
            by_key = groupby(sorted(listed, key=attrgetter("key")), attrgetter("key"))
            # The last key of a page may go on in the next one.
            *whole, last = [list(group) for _, group in by_key] or [[]]
            yield from map(_newest_first, whole)
    if last:
        yield _newest_first(last)


def _newest_first(versions: list[S3ObjectVersion]) -> list[S3ObjectVersion]:
    by_time = sorted(
        versions,
        key=lambda version: (version.last_modified or _NEVER, not version.is_delete_marker),
        reverse=True,
    )
    return sorted(by_time, key=lambda version: not version.is_latest)


def restore_object_version(
    bucket_name: str,
    key: str,
    version_id: str,
    aws_provider: "AwsClientProvider",
    *,
    if_match: str | None = None,
    only_if_absent: bool = False,
) -> None:
    """Copy an old version of an object on top of it, where it is the newest (HeadObject, CopyObject).

    User metadata, content type, tags, storage class and a KMS key go with it; access control lists,
    locks and what the bucket encrypts by default do not. With ``if_match`` (an ETag), an object that is
    another one by now raises ``S3ObjectChanged``, and ``only_if_absent`` one that is there. Raises
    ``S3ObjectDoesntExist`` for an absent version, ``S3ObjectArchived``, and ``InvalidInput`` above 5 GiB.
    """
    check_key(key)
    logger.debug("restore_object_version bucket=%s key=%s version=%s", bucket_name, key, version_id)
    source = describe_object(bucket_name, key, aws_provider, version_id=version_id)
    if source is None:
        raise S3ObjectDoesntExist(bucket_name, key, version_id)
    if source.size > MAX_COPY_BYTES:
        arn = object_arn(bucket_name, key)
        message = f"{arn}: version {version_id} is over 5 GiB, more than S3 copies in one call"
        raise InvalidInput(message, resource=arn)
    has_kms = source.encryption is not None and source.encryption.startswith("aws:kms")
    settings = only_given(
        StorageClass=source.storage_class,
        ServerSideEncryption=source.encryption if has_kms else None,
        SSEKMSKeyId=source.kms_key if has_kms else None,
        IfMatch=if_match,
        IfNoneMatch="*" if only_if_absent else None,
    )
    refusals = {
        **dict.fromkeys(("PreconditionFailed", "412"), lambda: S3ObjectChanged(bucket_name, key)),
        "InvalidObjectState": lambda: S3ObjectArchived(bucket_name, key),
    }
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name, key=key, by_code=refusals):
        client.copy_object(
            Bucket=bucket_name,
            Key=key,
            CopySource={"Bucket": bucket_name, "Key": key, "VersionId": version_id},
            CopySourceIfMatch=source.etag,
            **settings,
        )
    logger.info("put version %s of object %s in bucket %s on top", version_id, key, bucket_name)


def has_unfinished_uploads(bucket_name: str, aws_provider: "AwsClientProvider") -> bool:
    """Say whether there are uploads in parts that neither ended nor were aborted (ListMultipartUploads)."""
    logger.debug("has_unfinished_uploads bucket=%s", bucket_name)
    client = aws_provider.get_s3()
    with s3_errors(bucket_name):
        return any(
            page.get("Uploads") for page in pages_of(client, "list_multipart_uploads", Bucket=bucket_name)
        )
