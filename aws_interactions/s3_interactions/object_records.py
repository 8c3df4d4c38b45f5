"""What S3 knows of objects, their files and presigned requests, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from aws_interactions.aws_errors import AwsInteractionError
from aws_interactions.s3_interactions.errors import error_of_code


@dataclass(frozen=True, slots=True)
class S3Object:
    """The current version of an object; ``size`` in bytes, ``etag`` without quotes."""

    key: str
    size: int
    last_modified: datetime
    etag: str
    storage_class: str


@dataclass(frozen=True, slots=True)
class S3ObjectVersion:
    """A version of an object or a delete marker, which has neither size nor ETag nor storage class."""

    key: str
    version_id: str
    is_latest: bool
    is_delete_marker: bool
    last_modified: datetime | None
    size: int | None
    etag: str | None
    storage_class: str | None = None


@dataclass(frozen=True, slots=True)
class S3Level:
    """Keys that go on behind a slash, taken together: ``prefix`` is what they share, slash included."""

    prefix: str


@dataclass(frozen=True, slots=True)
class UnfinishedUpload:
    """An upload in parts that neither ended nor was aborted; its parts are kept, and paid for, meanwhile."""

    key: str
    upload_id: str
    started_at: datetime | None
    storage_class: str


@dataclass(frozen=True, slots=True)
class S3ObjectDetails:
    """What HeadObject tells; ``size`` in bytes, ``etag`` without quotes, metadata keys in lower case.

    ``encryption`` is the algorithm, ``None`` where S3 did not tell, ``kms_key`` the ARN of its key.
    ``crc32`` (base64, of parts without their number) is there if it was asked for and S3 keeps it.
    """

    key: str
    size: int
    etag: str
    last_modified: datetime
    content_type: str | None
    version_id: str | None
    storage_class: str
    user_metadata: Mapping[str, str]
    encryption: str | None = None
    kms_key: str | None = None
    crc32: str | None = None


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A local file that an object was written to; ``size`` in bytes, ``etag`` without quotes."""

    path: Path
    size: int
    etag: str
    version_id: str | None


@dataclass(frozen=True, slots=True)
class UploadedObject:
    """An object that a local file was written to; ``size`` in bytes, ``etag`` without quotes."""

    bucket_name: str
    key: str
    size: int
    etag: str
    version_id: str | None


@dataclass(frozen=True, slots=True)
class FileFingerprint:
    """What tells a local file from its later self: size in bytes and time of change in nanoseconds."""

    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What S3 tells of the bytes of a file that was put: the ETag, with KMS another, and the CRC32 (base64).

    Of a file that goes up in parts, both are digests of the digests of the parts.
    """

    etag: str
    crc32: str


@dataclass(frozen=True, slots=True)
class DeletedObject:
    """An object that is gone, or, in a versioned bucket, now behind a delete marker."""

    key: str
    version_id: str | None = None
    delete_marker_version_id: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectFailure:
    """An object that S3 kept though its batch was answered with 200; ``code`` is AWS's."""

    key: str
    version_id: str | None
    code: str
    message: str

    def as_error(self, bucket_name: str) -> AwsInteractionError:
        """Return the failure as the error that a call for this object alone would have raised."""
        return error_of_code(bucket_name, self.key, self.code, self.message)


@dataclass(frozen=True, slots=True)
class PresignedUrl:
    """A URL that anybody may use until ``expires_at`` (UTC), or until its credentials end: see ``warning``.

    The URL is left out of the ``repr``, because whoever reads it in a log can use it.
    """

    url: str = field(repr=False)
    method: str
    expires_at: datetime
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class PresignedPost:
    """A form that anybody may post until ``expires_at`` (UTC): all ``fields``, then the file."""

    url: str
    fields: Mapping[str, str] = field(repr=False)
    expires_at: datetime
    warning: str | None = None
