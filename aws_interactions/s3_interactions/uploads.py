"""A local file to an object, in one request or, above 64 MiB, in parts."""

import base64
import hashlib
import logging
import mimetypes
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions.aws_errors import AwsInteractionError, InvalidInput, error_code
from aws_interactions.calls import only_given
from aws_interactions.local_files import CantReadFileChanged, SteadyFile, steady_file
from aws_interactions.s3_interactions.answers import bare_etag
from aws_interactions.s3_interactions.errors import S3ObjectAlreadyExists, S3ObjectChanged, s3_errors
from aws_interactions.s3_interactions.names import check_key
from aws_interactions.s3_interactions.object_records import FileDigest, FileFingerprint, UploadedObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_MIB = 1024 * 1024
ONE_REQUEST_BYTES = 64 * _MIB
_MIN_PART_BYTES = 16 * _MIB
_MAX_PARTS = 10_000
_MAX_METADATA_BYTES = 2048
_METADATA_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_METADATA_VALUE = re.compile(r"[ -~]*")
_TAKEN_CODES = frozenset({"PreconditionFailed", "412"})
_NO_UPLOAD_CODE = "NoSuchUpload"


def put_file_to_bucket(
    file_path: str | os.PathLike[str],
    bucket_name: str,
    key: str,
    aws_provider: "AwsClientProvider",
    *,
    content_type: str | None = None,
    user_metadata: Mapping[str, str] | None = None,
    overwrite: bool = False,
    if_match: str | None = None,
) -> UploadedObject:
    """Write a local file to an object, streaming from disk (PutObject; above 64 MiB in parts).

    Without ``overwrite`` S3 itself refuses a key that is taken; with it and ``if_match`` (an ETag) it
    refuses to replace any other object, at the end of a long upload too. The content type is guessed from
    the file name unless given. User metadata is ASCII, at most 2 KB of names and values. A file
    that changes meanwhile is not stored, and an upload in parts that fails is aborted.

    Raises the ``CantReadFile`` kinds, ``S3ObjectAlreadyExists``, ``S3ObjectChanged``,
    ``S3ObjectDoesntExist`` (with ``if_match``), ``BucketDoesntExist``, ``BucketAccessDenied``,
    ``InvalidInput``; ``AnswerLost`` if an answer was lost, whatever later tries were told.
    """
    check_key(key)
    check_user_metadata(user_metadata or {})
    file_path = Path(file_path)
    logger.debug("put_file_to_bucket file=%s bucket=%s key=%s", file_path, bucket_name, key)
    client = aws_provider.get_s3()
    settings = only_given(
        ContentType=content_type or _guess_content_type(file_path),
        Metadata=dict(user_metadata) if user_metadata else None,
    )
    condition = only_given(IfMatch=if_match) if overwrite else {"IfNoneMatch": "*"}
    with steady_file(file_path) as file:
        try:
            with s3_errors(bucket_name, key=key):
                answer = _upload(file, bucket_name, key, client, settings, condition)
        except (AwsInteractionError, ClientError, BotoCoreError) as error:
            taken = (S3ObjectChanged if overwrite else S3ObjectAlreadyExists)(bucket_name, key)
            clearer = _clearer_error(error, file, file_path, taken)
            if clearer is None:
                raise
            raise clearer from (error.__cause__ or error)
        size = file.size
    logger.info("wrote file %s to object %s of bucket %s", file_path, key, bucket_name)
    return UploadedObject(bucket_name, key, size, bare_etag(answer), answer.get("VersionId"))


def fingerprint_of_file(file_path: str | os.PathLike[str]) -> FileFingerprint:
    """Return what tells a local file from its later self; raises the ``CantReadFile`` kinds."""
    with steady_file(Path(file_path)) as file:
        return FileFingerprint(file.size, file.modified_ns)


def digest_of_file(file_path: str | os.PathLike[str]) -> FileDigest:
    """Return what S3 will tell of the file's bytes once ``put_file_to_bucket`` has put it, reading all of it.

    Raises the ``CantReadFile`` kinds.
    """
    with steady_file(Path(file_path)) as file:
        if file.size <= ONE_REQUEST_BYTES:
            md5, crc = _digest(file)
            return FileDigest(md5.hex(), _as_base64(crc))
        parts = [_digest(part) for part in _parts_of(file)]
    md5s, crcs = (b"".join(digests) for digests in zip(*parts, strict=True))
    etag = f"{hashlib.md5(md5s, usedforsecurity=False).hexdigest()}-{len(parts)}"
    return FileDigest(etag, _as_base64(zlib.crc32(crcs).to_bytes(4)))


def check_user_metadata(user_metadata: Mapping[str, str]) -> None:
    """Raise ``InvalidInput`` for user metadata that S3 would refuse or change."""
    for name, value in user_metadata.items():
        if not _METADATA_NAME.fullmatch(name) or not _METADATA_VALUE.fullmatch(value):
            message = f"user metadata {name!r}: names are HTTP tokens, values printable ASCII"
            raise InvalidInput(message)
        if value != value.strip():
            message = f"user metadata {name!r}: S3 drops spaces at the ends of a value"
            raise InvalidInput(message)
    if len({name.lower() for name in user_metadata}) < len(user_metadata):
        message = "user metadata whose names differ in case only, which S3 takes for the same"
        raise InvalidInput(message)
    size = sum(len(name) + len(value) for name, value in user_metadata.items())
    if size > _MAX_METADATA_BYTES:
        message = f"{size} bytes of user metadata, where S3 allows {_MAX_METADATA_BYTES}"
        raise InvalidInput(message)


def _upload(
    file: SteadyFile,
    bucket_name: str,
    key: str,
    client: "S3Client",
    settings: Mapping[str, Any],
    condition: Mapping[str, Any],
) -> Mapping[str, Any]:
    untyped: Any = client
    subject = {"Bucket": bucket_name, "Key": key}
    if file.size <= ONE_REQUEST_BYTES:
        answer: Mapping[str, Any] = untyped.put_object(**subject, Body=file, **settings, **condition)
        return answer
    upload = untyped.create_multipart_upload(**subject, ChecksumAlgorithm="CRC32", **settings)
    subject = {**subject, "UploadId": upload["UploadId"]}
    try:
        parts = _upload_parts(file, subject, untyped)
        completed: Mapping[str, Any] = untyped.complete_multipart_upload(
            **subject, MultipartUpload={"Parts": parts}, **condition
        )
    except BaseException:  # an interrupt, too, must not leave parts behind that cost money
        _abort(subject, untyped)
        raise
    return completed


def _upload_parts(file: SteadyFile, subject: Mapping[str, str], client: Any) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for number, body in enumerate(_parts_of(file), start=1):
        answer = client.upload_part(**subject, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32")
        part = {"PartNumber": number, "ETag": answer["ETag"]}
        parts.append({**part, **only_given(ChecksumCRC32=answer.get("ChecksumCRC32"))})
    return parts


def _parts_of(file: SteadyFile) -> Iterator[SteadyFile]:
    part_bytes = max(_MIN_PART_BYTES, -(-file.size // _MAX_PARTS))
    for start in range(0, file.size, part_bytes):
        yield file.slice(start, min(part_bytes, file.size - start))


def _digest(file: SteadyFile) -> tuple[bytes, bytes]:
    """Return MD5 and CRC32 of a slice of a file."""
    md5, crc = hashlib.md5(usedforsecurity=False), 0
    while block := file.read(_MIB):
        md5.update(block)
        crc = zlib.crc32(block, crc)
    return md5.digest(), crc.to_bytes(4)


def _as_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _abort(subject: Mapping[str, str], client: Any) -> None:
    try:
        client.abort_multipart_upload(**subject)
    except (AwsInteractionError, ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and error_code(error) == _NO_UPLOAD_CODE:
            return  # there is none to abort, perhaps because its end was reached after all
        logger.warning("an unfinished upload to %s may stay in bucket %s", subject["Key"], subject["Bucket"])


def _clearer_error(
    error: Exception, file: SteadyFile, file_path: Path, taken: AwsInteractionError
) -> AwsInteractionError | None:
    if file.has_changed:
        # The HTTP layer has wrapped what the file raised.
        return CantReadFileChanged(file_path)
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return None
    # An answer that was lost has been raised as such, whatever a later try was told.
    return taken if error_code(cause) in _TAKEN_CODES else None


def _guess_content_type(file_path: Path) -> str | None:
    guessed, encoding = mimetypes.guess_type(file_path.name)
    # What is compressed is no document of the inner type unless it is sent with an encoding header.
    if encoding is not None:
        return "application/gzip" if encoding == "gzip" else None
    return guessed
