"""Uploads in parts that neither ended nor were aborted: which there are, and what they hold."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from aws_interactions.calls import pages_of
from aws_interactions.s3_interactions.errors import S3ObjectDoesntExist, s3_errors
from aws_interactions.s3_interactions.object_records import UnfinishedUpload

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)


def list_unfinished_uploads(
    bucket_name: str, aws_provider: "AwsClientProvider", *, prefix: str = ""
) -> Iterator[UnfinishedUpload]:
    """Yield the unfinished uploads of keys that start with ``prefix``, any number (ListMultipartUploads)."""
    logger.debug("list_unfinished_uploads bucket=%s prefix=%s", bucket_name, prefix)
    client = aws_provider.get_s3()
    with s3_errors(bucket_name):
        for page in pages_of(client, "list_multipart_uploads", Bucket=bucket_name, Prefix=prefix):
            for item in page.get("Uploads", []):
                yield UnfinishedUpload(
                    item["Key"],
                    item["UploadId"],
                    item.get("Initiated"),
                    item.get("StorageClass", "STANDARD"),
                )


def size_of_unfinished_upload(
    bucket_name: str, upload: UnfinishedUpload, aws_provider: "AwsClientProvider"
) -> int:
    """Return the bytes of the parts that an unfinished upload holds (ListParts).

    Raises ``S3ObjectDoesntExist`` where it has ended or was aborted meanwhile.
    """
    logger.debug("size_of_unfinished_upload bucket=%s key=%s", bucket_name, upload.key)
    client = aws_provider.get_s3()
    gone = {"NoSuchUpload": lambda: S3ObjectDoesntExist(bucket_name, upload.key)}
    with s3_errors(bucket_name, key=upload.key, by_code=gone):
        pages = pages_of(client, "list_parts", Bucket=bucket_name, Key=upload.key, UploadId=upload.upload_id)
        return sum(part.get("Size", 0) for page in pages for part in page.get("Parts", []))
