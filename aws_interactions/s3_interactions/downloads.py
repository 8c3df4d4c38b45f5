"""An object to a local file: whole, checked, or not at all."""

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_interactions.calls import only_given
from aws_interactions.local_files import new_file
from aws_interactions.s3_interactions.answers import bare_etag
from aws_interactions.s3_interactions.errors import (
    S3ObjectArchived,
    S3ObjectDamaged,
    S3ObjectDoesntExist,
    s3_errors,
)
from aws_interactions.s3_interactions.names import check_key
from aws_interactions.s3_interactions.object_records import DownloadedFile

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_CHUNK_BYTES = 1024 * 1024


def get_object(
    bucket_name: str,
    key: str,
    file_path: str | os.PathLike[str],
    aws_provider: "AwsClientProvider",
    *,
    overwrite: bool = False,
    version_id: str | None = None,
) -> DownloadedFile:
    """Write an object, or one version of it, to a local file (GetObject).

    The bytes go to a temporary file beside it, which takes its name once length and checksum are
    right; until then an old file is whole, and on any failure the temporary file is removed. The
    destination is looked at before S3 is asked.

    Raises ``CantWriteFileAlreadyExists`` (unless ``overwrite``), ``CantWriteFileNotRegular``,
    ``CantWriteFileDirDoesntExist``, ``CantWriteFileLackPermission``, ``CantWriteFileDiskFull``,
    ``S3ObjectDoesntExist``, ``S3ObjectArchived``, ``S3ObjectDamaged``, ``BucketDoesntExist``,
    ``BucketAccessDenied``.
    """
    check_key(key)
    file_path = Path(file_path)
    logger.debug("get_object bucket=%s key=%s version=%s file=%s", bucket_name, key, version_id, file_path)
    with new_file(file_path, overwrite=overwrite) as write:
        client: Any = aws_provider.get_s3()
        absent = dict.fromkeys(
            ("NoSuchKey", "NoSuchVersion", "MethodNotAllowed"),
            lambda: S3ObjectDoesntExist(bucket_name, key, version_id),
        )
        archived = {"InvalidObjectState": lambda: S3ObjectArchived(bucket_name, key)}
        with s3_errors(bucket_name, key=key, by_code={**absent, **archived}):
            answer = client.get_object(
                Bucket=bucket_name, Key=key, ChecksumMode="ENABLED", **only_given(VersionId=version_id)
            )
            size = _copy_body(answer, write)
        promised = answer.get("ContentLength")
        if isinstance(promised, int) and promised != size:
            raise S3ObjectDamaged(bucket_name, key, f"{size} bytes of {promised}")
    logger.info("wrote object %s of bucket %s to %s", key, bucket_name, file_path)
    return DownloadedFile(file_path, size, bare_etag(answer), answer.get("VersionId"))


def _copy_body(answer: Mapping[str, Any], write: Callable[[bytes], None]) -> int:
    body = answer["Body"]
    size = 0
    try:
        while chunk := body.read(_CHUNK_BYTES):
            write(chunk)
            size += len(chunk)
    finally:
        body.close()
    return size
