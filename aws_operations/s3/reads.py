"""S3 for operators: reads as rows, files to and from disk, presigned requests.

Writes to buckets and objects are planned and applied in ``changes``.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.targets import fill_path_template, fill_template

if TYPE_CHECKING:
    from aws_interactions.s3_interactions import (
        Bucket,
        BucketStatus,
        BucketVersioning,
        PresignedPost,
        PresignedUrl,
    )

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BucketStatusRow:
    """Whether a bucket is there and open to the caller."""

    bucket: str
    status: "BucketStatus"


@dataclass(frozen=True, slots=True)
class NameValueRow:
    """One tag or one piece of user metadata."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class BucketVersioningRow:
    """Whether a bucket keeps old versions."""

    bucket: str
    versioning: "BucketVersioning"


@dataclass(frozen=True, slots=True)
class BucketEncryptionRow:
    """How a bucket encrypts new objects by default; ``algorithm`` is ``None`` where S3 tells of none.

    ``blocked`` are ways of encrypting that the bucket refuses, such as SSE-C.
    """

    bucket: str
    algorithm: str | None
    kms_key: str | None
    bucket_key: bool
    blocked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublicAccessRow:
    """What S3 blocks of public access to a bucket."""

    bucket: str
    block_acls: bool
    ignore_acls: bool
    block_policy: bool
    restrict_buckets: bool


@dataclass(frozen=True, slots=True)
class DownloadRow:
    """An object and the local file it went to, or would go to; ``size`` in bytes."""

    bucket: str
    key: str
    file: str
    size: int
    status: str


class PresignMethod(StrEnum):
    """What a presigned request does."""

    GET = "get"
    PUT = "put"
    POST = "post"


@dataclass(frozen=True, slots=True)
class PresignRequest:
    """What to presign; ``expires_in`` in seconds, sizes in bytes, for POST only."""

    bucket: str
    key: str
    method: PresignMethod = PresignMethod.GET
    expires_in: int = 900
    allow_long_expiry: bool = False
    content_type: str | None = None
    min_size: int = 0
    max_size: int | None = None


def bucket_statuses(
    bucket_names: Sequence[str], aws_provider: AwsClientProvider
) -> Iterator[BucketStatusRow]:
    """Yield the status of each bucket, in order (HeadBucket)."""
    for name in bucket_names:
        bucket = fill_template(name, aws_provider)
        yield BucketStatusRow(bucket, s3_interactions.get_bucket_status(bucket, aws_provider))


def buckets(aws_provider: AwsClientProvider, *, in_own_region: bool) -> "Iterator[Bucket]":
    """Yield the account's buckets (ListBuckets), all or only those in the provider's region."""
    region = aws_provider.aws_region if in_own_region else None
    return s3_interactions.list_buckets(aws_provider, aws_region=region)


def metadata(bucket_name: str, key: str, aws_provider: AwsClientProvider) -> Iterator[NameValueRow]:
    """Yield an object's user metadata (HeadObject)."""
    bucket = fill_template(bucket_name, aws_provider)
    found = s3_interactions.get_object_user_metadata(bucket, key, aws_provider)
    return (NameValueRow(name, value) for name, value in sorted(found.items()))


def tags(bucket_name: str, key: str | None, aws_provider: AwsClientProvider) -> Iterator[NameValueRow]:
    """Yield the tags of a bucket, or of an object if a key is given."""
    bucket = fill_template(bucket_name, aws_provider)
    if key is None:
        found = s3_interactions.get_bucket_tags(bucket, aws_provider)
    else:
        found = s3_interactions.get_object_tags(bucket, key, aws_provider)
    return (NameValueRow(name, value) for name, value in sorted(found.items()))


def versioning(bucket_name: str, aws_provider: AwsClientProvider) -> Iterator[BucketVersioningRow]:
    """Yield whether a bucket keeps old versions (GetBucketVersioning)."""
    bucket = fill_template(bucket_name, aws_provider)
    yield BucketVersioningRow(bucket, s3_interactions.get_bucket_versioning(bucket, aws_provider))


def encryption(bucket_name: str, aws_provider: AwsClientProvider) -> Iterator[BucketEncryptionRow]:
    """Yield how a bucket encrypts new objects by default (GetBucketEncryption)."""
    bucket = fill_template(bucket_name, aws_provider)
    found = s3_interactions.get_bucket_encryption(bucket, aws_provider)
    if found is None:
        yield BucketEncryptionRow(bucket, None, None, bucket_key=False, blocked=())
    else:
        algorithm = str(found.algorithm)
        yield BucketEncryptionRow(bucket, algorithm, found.kms_key, found.bucket_key, found.blocked_types)


def public_access(bucket_name: str, aws_provider: AwsClientProvider) -> Iterator[PublicAccessRow]:
    """Yield what S3 blocks of public access to a bucket (GetPublicAccessBlock); never set is nothing."""
    bucket = fill_template(bucket_name, aws_provider)
    found = s3_interactions.get_public_access_block(bucket, aws_provider)
    yield PublicAccessRow(bucket, **asdict(found or s3_interactions.PublicAccessBlock()))


def lifecycle(bucket_name: str, aws_provider: AwsClientProvider) -> Iterator[Mapping[str, Any]]:
    """Yield the lifecycle rules of a bucket as the API of S3 writes them, by ID."""
    # Here, not above: of the reads, only this one looks at rules.
    from aws_operations.s3.lifecycle_rules import normal

    bucket = fill_template(bucket_name, aws_provider)
    yield from normal(s3_interactions.get_bucket_lifecycle(bucket, aws_provider)).rules


def download(
    bucket_name: str, key: str, destination: str, aws_provider: AwsClientProvider, *, overwrite: bool
) -> Iterator[DownloadRow]:
    """Write an object to a local file (GetObject) and yield what was written.

    A directory as destination gets a file named by the last part of the key.
    """
    bucket = fill_template(bucket_name, aws_provider)
    path = local_path(destination, key, aws_provider)
    file = s3_interactions.get_object(bucket, key, path, aws_provider, overwrite=overwrite)
    yield DownloadRow(bucket, key, str(file.path), file.size, "written")


def preview_download(
    bucket_name: str, key: str, destination: str, aws_provider: AwsClientProvider, *, overwrite: bool
) -> Iterator[DownloadRow]:
    """Yield what ``download`` would write, writing nothing (HeadObject).

    A destination that ``download`` would refuse is refused here too.
    """
    # Here, not above: most commands read no file, and pay at their start for what is imported.
    from aws_interactions.local_files import check_destination

    bucket = fill_template(bucket_name, aws_provider)
    path = local_path(destination, key, aws_provider)
    check_destination(path, overwrite=overwrite)
    details = s3_interactions.describe_object(bucket, key, aws_provider)
    if details is None:
        raise s3_interactions.S3ObjectDoesntExist(bucket, key)
    yield DownloadRow(bucket, key, str(path), details.size, "would be written")


def local_path(destination: str, key: str, aws_provider: AwsClientProvider) -> Path:
    """Return the file that an object goes to; a directory gets the key's last part, kept inside it.

    A destination that ends in a slash is a directory; one that is not there raises
    ``CantWriteFileDirDoesntExist``.
    """
    filled = fill_path_template(destination, aws_provider)
    path = Path(filled)
    if not path.is_dir():
        if filled.endswith("/"):
            raise s3_interactions.CantWriteFileDirDoesntExist(path / key.rpartition("/")[2])
        return path
    try:
        return s3_interactions.safe_local_path(path, key.rpartition("/")[2])
    except s3_interactions.UnsafeObjectKey:
        raise s3_interactions.UnsafeObjectKey(key) from None


def presign(request: PresignRequest, aws_provider: AwsClientProvider) -> Iterator[str]:
    """Yield a line with a presigned URL, or for a POST with its URL and form fields as JSON.

    Nothing is sent to S3. Logs a warning when the credentials end before the request expires.
    """
    bucket = fill_template(request.bucket, aws_provider)
    expiry: dict[str, Any] = {
        "expires_in": request.expires_in,
        "allow_long_expiry": request.allow_long_expiry,
    }
    presigned: PresignedUrl | PresignedPost
    match request.method:
        case PresignMethod.GET:
            presigned = s3_interactions.presign_get(bucket, request.key, aws_provider, **expiry)
        case PresignMethod.PUT:
            presigned = s3_interactions.presign_put(
                bucket, request.key, aws_provider, content_type=request.content_type, **expiry
            )
        case PresignMethod.POST:
            presigned = s3_interactions.presign_post(
                bucket,
                request.key,
                aws_provider,
                content_type=request.content_type,
                min_size=request.min_size,
                max_size=request.max_size,
                **expiry,
            )
    if presigned.warning:
        logger.warning("%s", presigned.warning)
    if isinstance(presigned, s3_interactions.PresignedPost):
        yield json.dumps({"url": presigned.url, "fields": dict(presigned.fields)}) + "\n"
    else:
        yield f"{presigned.url}\n"
