"""S3 as the rest of a program sees it: functions, values and exceptions of its own.

Every function takes its subject first and the provider last, and keeps nothing.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from core.aws_errors import AccessDenied, ErrorsByCode, NotFound, error_code, translate_aws_errors

if TYPE_CHECKING:
    from core.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)


class BucketDoesntExist(NotFound):
    """There is no bucket of that name, in any account."""

    def __init__(self, bucket_name: str) -> None:
        super().__init__(f"there is no bucket {bucket_name}", resource=f"arn:aws:s3:::{bucket_name}")
        self.bucket_name = bucket_name


class BucketAccessDenied(AccessDenied):
    """The bucket is there, and closed to the caller."""

    def __init__(self, bucket_name: str) -> None:
        super().__init__(f"no permission for bucket {bucket_name}", resource=f"arn:aws:s3:::{bucket_name}")
        self.bucket_name = bucket_name


class S3ObjectDoesntExist(NotFound):
    """There is no such object."""

    def __init__(self, bucket_name: str, key: str) -> None:
        super().__init__(
            f"there is no object {key} in bucket {bucket_name}", resource=f"arn:aws:s3:::{bucket_name}/{key}"
        )
        self.bucket_name = bucket_name
        self.key = key


class BucketStatus(StrEnum):
    """Whether a bucket is there, and whether it is open to the caller."""

    DOES_NOT_EXIST = "does not exist"
    EXISTS_HAVE_ACCESS = "exists have access"
    EXISTS_NO_ACCESS = "exists no access"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of the account; ``created_at`` knows its time zone."""

    name: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object; ``size`` in bytes."""

    key: str
    size: int
    last_modified: datetime


def get_bucket_status(bucket_name: str, aws_provider: "AwsClientProvider") -> BucketStatus:
    """Return whether the bucket is there and open to the caller (HeadBucket).

    Any answer but found, 404 and 403 is raised. Raises ``CredentialsProblem`` for keys that S3 cannot use.
    """
    logger.debug("get_bucket_status bucket=%s", bucket_name)
    client = aws_provider.get_s3()
    with translate_aws_errors("s3", bucket_name):
        try:
            client.head_bucket(Bucket=bucket_name)
        except ClientError as error:
            # The answer to a HEAD has no body, so the code is the HTTP status.
            code = error_code(error)
            if code in {"404", "NoSuchBucket"}:
                return BucketStatus.DOES_NOT_EXIST
            if code in {"400", "403"}:
                # Keys that are unknown or have ended get the same: STS is asked whose they are, and raises.
                aws_provider.get_aws_env()
            if code in {"403", "AccessDenied"}:
                return BucketStatus.EXISTS_NO_ACCESS
            raise
    return BucketStatus.EXISTS_HAVE_ACCESS


def list_buckets(aws_provider: "AwsClientProvider") -> Iterator[Bucket]:
    """Yield the account's buckets (ListBuckets), any number."""
    logger.debug("list_buckets")
    client = aws_provider.get_s3()
    with translate_aws_errors("s3", "*"):
        # S3 answers in pages only if a page size is asked for.
        for page in client.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 1000}):
            for bucket in page.get("Buckets", []):
                yield Bucket(bucket["Name"], bucket.get("CreationDate"))


def list_bucket_objects(
    bucket_name: str, aws_provider: "AwsClientProvider", *, prefix: str = ""
) -> Iterator[S3Object]:
    """Yield the objects whose key starts with ``prefix``, by key (ListObjectsV2), any number.

    Raises ``BucketDoesntExist`` and ``BucketAccessDenied``.
    """
    logger.debug("list_bucket_objects bucket=%s prefix=%s", bucket_name, prefix)
    client = aws_provider.get_s3()
    with translate_aws_errors("s3", bucket_name, _bucket_errors(bucket_name)):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket_name, Prefix=prefix):
            for item in page.get("Contents", []):
                yield S3Object(item["Key"], item["Size"], item["LastModified"])


def get_object_text(bucket_name: str, key: str, aws_provider: "AwsClientProvider") -> str:
    """Return the whole object as UTF-8 text (GetObject); for objects that fit in memory.

    Raises ``S3ObjectDoesntExist``, ``BucketDoesntExist`` and ``BucketAccessDenied``.
    """
    logger.debug("get_object_text bucket=%s key=%s", bucket_name, key)
    client = aws_provider.get_s3()
    with translate_aws_errors("s3", f"{bucket_name}/{key}", _object_errors(bucket_name, key)):
        return client.get_object(Bucket=bucket_name, Key=key)["Body"].read().decode("utf-8")


def put_object_text(bucket_name: str, key: str, text: str, aws_provider: "AwsClientProvider") -> None:
    """Write text as an object, in place of the one that is there if any (PutObject).

    Raises ``BucketDoesntExist`` and ``BucketAccessDenied``.
    """
    logger.debug("put_object_text bucket=%s key=%s", bucket_name, key)
    client = aws_provider.get_s3()
    with translate_aws_errors("s3", f"{bucket_name}/{key}", _object_errors(bucket_name, key)):
        client.put_object(
            Bucket=bucket_name, Key=key, Body=text.encode(), ContentType="text/plain; charset=utf-8"
        )
    logger.info("wrote object %s of bucket %s", key, bucket_name)


def _bucket_errors(bucket_name: str) -> ErrorsByCode:
    return {
        "NoSuchBucket": lambda: BucketDoesntExist(bucket_name),
        "AccessDenied": lambda: BucketAccessDenied(bucket_name),
    }


def _object_errors(bucket_name: str, key: str) -> ErrorsByCode:
    return {**_bucket_errors(bucket_name), "NoSuchKey": lambda: S3ObjectDoesntExist(bucket_name, key)}
