"""Objects: listing, describing, deleting, tags."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import InvalidInput, error_code
from aws_interactions.calls import only_given, pages_of
from aws_interactions.s3_interactions.answers import bare_etag
from aws_interactions.s3_interactions.deletion import MAX_BATCH, delete_batch
from aws_interactions.s3_interactions.errors import (
    HEAD_ABSENT_CODES,
    S3ObjectChanged,
    S3ObjectDoesntExist,
    S3ObjectsNotDeleted,
    s3_errors,
)
from aws_interactions.s3_interactions.names import check_key
from aws_interactions.s3_interactions.object_records import (
    DeletedObject,
    S3Level,
    S3Object,
    S3ObjectDetails,
    S3ObjectVersion,
)
from aws_interactions.tags import check_tags, tag_list, tags_from

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

MAX_OBJECT_TAGS = 10

# 405 is the answer for a version that is a delete marker.
_NO_OBJECT_CODES = HEAD_ABSENT_CODES | {"NoSuchKey", "NoSuchVersion", "405", "MethodNotAllowed"}


def list_bucket_objects(
    bucket_name: str, aws_provider: "AwsClientProvider", *, prefix: str = ""
) -> Iterator[S3Object]:
    """Yield the current objects whose key starts with ``prefix``, by key (ListObjectsV2), any number."""
    logger.debug("list_bucket_objects bucket=%s prefix=%s", bucket_name, prefix)
    client = aws_provider.get_s3()
    with s3_errors(bucket_name):
        for page in pages_of(client, "list_objects_v2", Bucket=bucket_name, Prefix=prefix):
            yield from map(_object_of, page.get("Contents", []))


def list_bucket_level(
    bucket_name: str, aws_provider: "AwsClientProvider", *, prefix: str = ""
) -> Iterator[S3Object | S3Level]:
    """Yield what is directly under ``prefix``, by key: objects, and levels for what goes on behind a slash.

    What is deeper is neither read nor counted (ListObjectsV2 with a delimiter).
    """
    logger.debug("list_bucket_level bucket=%s prefix=%s", bucket_name, prefix)
    client = aws_provider.get_s3()
    with s3_errors(bucket_name):
        for page in pages_of(client, "list_objects_v2", Bucket=bucket_name, Prefix=prefix, Delimiter="/"):
            found: list[S3Object | S3Level] = [*map(_object_of, page.get("Contents", []))]
            found += [S3Level(level["Prefix"]) for level in page.get("CommonPrefixes", [])]
            yield from sorted(found, key=_place_in_list)


def list_object_versions(
    bucket_name: str, aws_provider: "AwsClientProvider", *, prefix: str = ""
) -> Iterator[S3ObjectVersion]:
    """Yield all versions and delete markers under ``prefix`` (ListObjectVersions), any number.

    Within a page of up to 1000 the versions come before the delete markers.
    """
    logger.debug("list_object_versions bucket=%s prefix=%s", bucket_name, prefix)
    client = aws_provider.get_s3()
    with s3_errors(bucket_name):
        for page in pages_of(client, "list_object_versions", Bucket=bucket_name, Prefix=prefix):
            for item in page.get("Versions", []):
                yield version_of(item, is_delete_marker=False)
            for item in page.get("DeleteMarkers", []):
                yield version_of(item, is_delete_marker=True)


def describe_object(
    bucket_name: str,
    key: str,
    aws_provider: "AwsClientProvider",
    *,
    version_id: str | None = None,
    with_checksum: bool = False,
) -> S3ObjectDetails | None:
    """Return what S3 knows of an object without its bytes, ``None`` if it is absent (HeadObject).

    S3 gives the same answer for an absent bucket. Without s3:ListBucket an absent object is
    ``BucketAccessDenied``, and so it is ``with_checksum`` without kms:Decrypt for an object under KMS.
    """
    check_key(key)
    logger.debug("describe_object bucket=%s key=%s version=%s", bucket_name, key, version_id)
    client = aws_provider.get_s3()
    with s3_errors(bucket_name, key=key):
        try:
            answer: Mapping[str, Any] = client.head_object(
                Bucket=bucket_name,
                Key=key,
                **only_given(VersionId=version_id, ChecksumMode="ENABLED" if with_checksum else None),
            )
        except ClientError as error:
            if error_code(error) in _NO_OBJECT_CODES:
                return None
            raise
    return S3ObjectDetails(
        key=key,
        size=answer.get("ContentLength", 0),
        etag=bare_etag(answer),
        last_modified=answer["LastModified"],
        content_type=answer.get("ContentType"),
        version_id=answer.get("VersionId"),
        storage_class=answer.get("StorageClass", "STANDARD"),
        user_metadata=dict(answer.get("Metadata", {})),
        encryption=answer.get("ServerSideEncryption"),
        kms_key=answer.get("SSEKMSKeyId"),
        crc32=answer.get("ChecksumCRC32", "").partition("-")[0] or None,
    )


def get_object_user_metadata(bucket_name: str, key: str, aws_provider: "AwsClientProvider") -> dict[str, str]:
    """Return the object's user metadata, keys in lower case and without ``x-amz-meta-`` (HeadObject).

    Raises ``S3ObjectDoesntExist``, also for an absent bucket, which S3 does not tell apart here.
    """
    check_key(key)
    logger.debug("get_object_user_metadata bucket=%s key=%s", bucket_name, key)
    client = aws_provider.get_s3()
    with s3_errors(bucket_name, key=key):
        answer = client.head_object(Bucket=bucket_name, Key=key)
    return dict(answer.get("Metadata", {}))


def delete_object(
    bucket_name: str,
    key: str,
    aws_provider: "AwsClientProvider",
    *,
    version_id: str | None = None,
    if_match: str | None = None,
) -> None:
    """Delete an object, or one version of it for good; an absent one is fine (DeleteObject).

    In a versioned bucket an object without ``version_id`` gets a delete marker. With ``if_match``
    (an ETag) an object that is another one by now raises ``S3ObjectChanged``, an absent one
    ``S3ObjectDoesntExist``.
    """
    check_key(key)
    logger.debug("delete_object bucket=%s key=%s version=%s", bucket_name, key, version_id)
    client = aws_provider.get_s3()
    changed = dict.fromkeys(("PreconditionFailed", "412"), lambda: S3ObjectChanged(bucket_name, key))
    with s3_errors(bucket_name, key=key, by_code=changed):
        client.delete_object(
            Bucket=bucket_name, Key=key, **only_given(VersionId=version_id, IfMatch=if_match)
        )
    logger.info("deleted object %s in bucket %s", key, bucket_name)


def delete_objects(
    bucket_name: str, keys: Sequence[str], aws_provider: "AwsClientProvider"
) -> list[DeletedObject]:
    """Delete up to 1000 objects in one call; absent ones are fine (DeleteObjects).

    Raises ``S3ObjectsNotDeleted`` if S3 kept some, and ``InvalidInput`` for more than 1000 keys.
    """
    if len(keys) > MAX_BATCH:
        message = f"{len(keys)} keys, where S3 deletes {MAX_BATCH} at a time"
        raise InvalidInput(message, resource=bucket_name)
    for key in keys:
        check_key(key)
    logger.debug("delete_objects bucket=%s count=%d", bucket_name, len(keys))
    client = aws_provider.get_s3()
    with s3_errors(bucket_name):
        deleted, failures = delete_batch(bucket_name, [{"Key": key} for key in keys], client)
    if failures:
        raise S3ObjectsNotDeleted(bucket_name, failures, deleted)
    logger.info("deleted %d objects in bucket %s", len(deleted), bucket_name)
    return deleted


def delete_object_versions(
    bucket_name: str, versions: Sequence[tuple[str, str]], aws_provider: "AwsClientProvider"
) -> None:
    """Delete up to 1000 versions or delete markers for good, each a key and a version id (DeleteObjects).

    Absent ones are fine. Raises ``S3ObjectsNotDeleted`` if S3 kept some, ``InvalidInput`` for more than 1000.
    """
    if len(versions) > MAX_BATCH:
        message = f"{len(versions)} versions, where S3 deletes {MAX_BATCH} at a time"
        raise InvalidInput(message, resource=bucket_name)
    logger.debug("delete_object_versions bucket=%s count=%d", bucket_name, len(versions))
    client = aws_provider.get_s3()
    identifiers = [{"Key": key, "VersionId": version_id} for key, version_id in versions]
    with s3_errors(bucket_name):
        deleted, failures = delete_batch(bucket_name, identifiers, client)
    if failures:
        raise S3ObjectsNotDeleted(bucket_name, failures, deleted)
    logger.info("deleted %d versions in bucket %s", len(deleted), bucket_name)


def get_object_tags(bucket_name: str, key: str, aws_provider: "AwsClientProvider") -> dict[str, str]:
    """Return the object's tags, none being an empty dict (GetObjectTagging)."""
    check_key(key)
    logger.debug("get_object_tags bucket=%s key=%s", bucket_name, key)
    client = aws_provider.get_s3()
    with s3_errors(bucket_name, key=key, by_code=_absent(bucket_name, key)):
        answer = client.get_object_tagging(Bucket=bucket_name, Key=key)
    return tags_from(answer.get("TagSet", []))


def set_object_tags(
    bucket_name: str, key: str, tags: Mapping[str, str], aws_provider: "AwsClientProvider"
) -> None:
    """Make these the object's only tags; none deletes them all (PutObjectTagging, DeleteObjectTagging).

    At most 10, keys to 128 characters, values to 256, no ``aws:`` keys: else ``InvalidInput``, unsent.
    """
    check_tags(tags, max_tags=MAX_OBJECT_TAGS)
    check_key(key)
    logger.debug("set_object_tags bucket=%s key=%s tag_keys=%s", bucket_name, key, sorted(tags))
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name, key=key, by_code=_absent(bucket_name, key)):
        if tags:
            client.put_object_tagging(Bucket=bucket_name, Key=key, Tagging={"TagSet": tag_list(tags)})
        else:
            client.delete_object_tagging(Bucket=bucket_name, Key=key)
    logger.info("set %d tags of object %s in bucket %s", len(tags), key, bucket_name)


def _object_of(item: Mapping[str, Any]) -> S3Object:
    return S3Object(
        item["Key"],
        item.get("Size", 0),
        item["LastModified"],
        bare_etag(item),
        item.get("StorageClass", "STANDARD"),
    )


def _place_in_list(listed: S3Object | S3Level) -> str:
    return listed.key if isinstance(listed, S3Object) else listed.prefix


def _absent(bucket_name: str, key: str) -> dict[str, Any]:
    return {"MethodNotAllowed": lambda: S3ObjectDoesntExist(bucket_name, key)}


def version_of(item: Mapping[str, Any], *, is_delete_marker: bool) -> S3ObjectVersion:
    """Return an item of a list of versions as a record."""
    return S3ObjectVersion(
        key=item["Key"],
        version_id=item["VersionId"],
        is_latest=bool(item.get("IsLatest")),
        is_delete_marker=is_delete_marker,
        last_modified=item.get("LastModified"),
        size=item.get("Size"),
        etag=None if is_delete_marker else bare_etag(item),
        storage_class=None if is_delete_marker else item.get("StorageClass", "STANDARD"),
    )
