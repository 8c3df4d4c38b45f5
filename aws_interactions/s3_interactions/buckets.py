"""Buckets: whether they are there, making, emptying and destroying them, tags, versioning."""

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import (
    AccessDenied,
    AlreadyExists,
    Conflict,
    InvalidInput,
    error_code,
    translate_aws_errors,
)
from aws_interactions.calls import only_given, pages_of
from aws_interactions.s3_interactions.bucket_records import (
    Bucket,
    BucketSighting,
    BucketStatus,
    BucketVersioning,
)
from aws_interactions.s3_interactions.errors import (
    ABSENT_BUCKET_CODES,
    DENIED_CODES,
    HEAD_ABSENT_CODES,
    BucketDoesntExist,
    BucketNameNotAvailable,
    BucketNotEmpty,
    CouldntEnsureBucketExists,
    S3ObjectsNotDeleted,
    s3_errors,
)
from aws_interactions.tags import check_tags, tag_list, tags_from

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_REGION_WITHOUT_CONSTRAINT = "us-east-1"


def get_bucket_status(bucket_name: str, aws_provider: "AwsClientProvider") -> BucketStatus:
    """Return whether the bucket is there and open to the caller (HeadBucket).

    Any answer but found, 404 and 403 is raised. Raises ``CredentialsProblem`` for keys that nobody knows.
    """
    return look_at_bucket(bucket_name, aws_provider).status


def look_at_bucket(
    bucket_name: str, aws_provider: "AwsClientProvider", *, expected_owner: str | None = None
) -> BucketSighting:
    """Return the bucket's status, and its region if it is open to the caller (one HeadBucket).

    With ``expected_owner``, an account, S3 denies access to a bucket of another one. Any answer but found,
    404 and 403 is raised. S3 answers 403 without a word to keys that nobody knows, too: STS, which is
    asked who they are unless that is known already, raises ``CredentialsProblem`` for those.
    """
    logger.debug("look_at_bucket bucket=%s", bucket_name)
    client: Any = aws_provider.get_s3()
    owner = {} if expected_owner is None else {"ExpectedBucketOwner": expected_owner}
    with s3_errors(bucket_name):
        try:
            answer: Any = client.head_bucket(Bucket=bucket_name, **owner)
        except ClientError as error:
            code = error_code(error)
            if code in HEAD_ABSENT_CODES | ABSENT_BUCKET_CODES:
                return BucketSighting(BucketStatus.DOES_NOT_EXIST)
            if code in DENIED_CODES:
                aws_provider.get_aws_env()
                return BucketSighting(BucketStatus.EXISTS_NO_ACCESS)
            raise
        # Whoever fakes a client with a bare mock has a mock here, which says nothing of a region.
        region = answer.get("BucketRegion") if isinstance(answer, dict) else None
    return BucketSighting(BucketStatus.EXISTS_HAVE_ACCESS, region)


def create_bucket(bucket_name: str, aws_provider: "AwsClientProvider") -> None:
    """Make a bucket in the provider's region (CreateBucket); one that the caller owns already is fine.

    Raises ``BucketNameNotAvailable`` if it is someone else's.
    """
    aws_region = aws_provider.get_aws_env().aws_region
    logger.debug("create_bucket bucket=%s region=%s", bucket_name, aws_region)
    client: Any = aws_provider.get_s3()
    # S3 refuses us-east-1 as a constraint: it is where a bucket without one goes.
    constraint = (
        {}
        if aws_region == _REGION_WITHOUT_CONSTRAINT
        else {"CreateBucketConfiguration": {"LocationConstraint": aws_region}}
    )
    taken = {"BucketAlreadyExists": lambda: BucketNameNotAvailable(bucket_name)}
    with s3_errors(bucket_name, by_code=taken):
        try:
            client.create_bucket(Bucket=bucket_name, **constraint)
        except ClientError as error:
            if error_code(error) != "BucketAlreadyOwnedByYou":
                raise
            logger.info("bucket %s was there already", bucket_name)
            return
    logger.info("created bucket %s in %s", bucket_name, aws_region)


def ensure_bucket_exists(bucket_name: str, aws_provider: "AwsClientProvider") -> None:
    """Make the bucket unless it is there and open to the caller (HeadBucket, CreateBucket).

    Raises ``CouldntEnsureBucketExists`` if it is closed to the caller or can't be made. Errors that
    say nothing about the bucket (throttling, network, credentials) are raised as they are.
    """
    status = get_bucket_status(bucket_name, aws_provider)
    if status is BucketStatus.EXISTS_HAVE_ACCESS:
        return
    if status is BucketStatus.EXISTS_NO_ACCESS:
        raise CouldntEnsureBucketExists(bucket_name, "it exists, and the caller has no access to it")
    try:
        create_bucket(bucket_name, aws_provider)
    except (AccessDenied, AlreadyExists, Conflict, InvalidInput, ClientError) as error:
        # The cause stays AWS's own answer, so that code and request id remain to be read.
        raise CouldntEnsureBucketExists(bucket_name, str(error)) from (error.__cause__ or error)


def destroy_bucket(
    bucket_name: str, aws_provider: "AwsClientProvider", *, only_if_empty: bool = False
) -> None:
    """Delete a bucket with all versions, delete markers and unfinished uploads; an absent one is fine.

    Uses ListObjectVersions, DeleteObjects, ListMultipartUploads, AbortMultipartUpload, DeleteBucket.
    Raises ``S3ObjectsNotDeleted`` at the first batch of which S3 kept some; the bucket is then there
    still. Raises ``BucketNotEmpty`` if someone writes to it meanwhile, and with ``only_if_empty`` if
    there is any version or marker: none is deleted then.
    """
    logger.debug("destroy_bucket bucket=%s", bucket_name)
    client = aws_provider.get_s3()
    not_empty = {"BucketNotEmpty": lambda: BucketNotEmpty(bucket_name)}
    try:
        with s3_errors(bucket_name, by_code=not_empty):
            if not only_if_empty:
                _delete_all_versions(bucket_name, client)
            _abort_all_uploads(bucket_name, client)
            client.delete_bucket(Bucket=bucket_name)
    except BucketDoesntExist:
        logger.info("bucket %s was not there", bucket_name)
        return
    logger.info("destroyed bucket %s", bucket_name)


def list_buckets(aws_provider: "AwsClientProvider", *, aws_region: str | None = None) -> Iterator[Bucket]:
    """Yield the account's buckets, all or those of one region (ListBuckets), any number."""
    logger.debug("list_buckets region=%s", aws_region)
    client = aws_provider.get_s3()
    # Without a page size S3 tells neither pages nor regions.
    parameters = only_given(PaginationConfig={"PageSize": 1000}, BucketRegion=aws_region)
    with translate_aws_errors("s3", "*"):
        for page in pages_of(client, "list_buckets", **parameters):
            for bucket in page.get("Buckets", []):
                region = bucket.get("BucketRegion", aws_region)
                if aws_region in {None, region}:
                    yield Bucket(bucket["Name"], bucket.get("CreationDate"), region)


def get_bucket_tags(bucket_name: str, aws_provider: "AwsClientProvider") -> dict[str, str]:
    """Return the bucket's tags, none being an empty dict (GetBucketTagging)."""
    logger.debug("get_bucket_tags bucket=%s", bucket_name)
    client = aws_provider.get_s3()
    with s3_errors(bucket_name):
        try:
            return tags_from(client.get_bucket_tagging(Bucket=bucket_name).get("TagSet", []))
        except ClientError as error:
            if error_code(error) != "NoSuchTagSet":
                raise
            return {}


def set_bucket_tags(bucket_name: str, tags: Mapping[str, str], aws_provider: "AwsClientProvider") -> None:
    """Make these the bucket's only tags; none deletes them all (PutBucketTagging, DeleteBucketTagging).

    At most 50, keys to 128 characters, values to 256, no ``aws:`` keys: else ``InvalidInput``, unsent.
    """
    check_tags(tags)
    logger.debug("set_bucket_tags bucket=%s keys=%s", bucket_name, sorted(tags))
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name):
        if tags:
            client.put_bucket_tagging(Bucket=bucket_name, Tagging={"TagSet": tag_list(tags)})
        else:
            client.delete_bucket_tagging(Bucket=bucket_name)
    logger.info("set %d tags of bucket %s", len(tags), bucket_name)


def get_bucket_versioning(bucket_name: str, aws_provider: "AwsClientProvider") -> BucketVersioning:
    """Return whether the bucket keeps old versions (GetBucketVersioning)."""
    logger.debug("get_bucket_versioning bucket=%s", bucket_name)
    client = aws_provider.get_s3()
    with s3_errors(bucket_name):
        answer: Mapping[str, Any] = client.get_bucket_versioning(Bucket=bucket_name)
    # S3 answers with nothing at all for a bucket that never had versions.
    status = answer.get("Status")
    return BucketVersioning(status.lower()) if status else BucketVersioning.UNVERSIONED


def set_bucket_versioning(
    bucket_name: str, versioning: BucketVersioning, aws_provider: "AwsClientProvider"
) -> None:
    """Enable or suspend the keeping of old versions (PutBucketVersioning).

    ``UNVERSIONED`` raises ``InvalidInput``: there is no way back to it.
    """
    if versioning is BucketVersioning.UNVERSIONED:
        message = f"bucket {bucket_name}: versioning can be enabled or suspended, not undone"
        raise InvalidInput(message, resource=bucket_name)
    logger.debug("set_bucket_versioning bucket=%s versioning=%s", bucket_name, versioning)
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name):
        client.put_bucket_versioning(
            Bucket=bucket_name, VersioningConfiguration={"Status": versioning.value.capitalize()}
        )
    logger.info("versioning of bucket %s is now %s", bucket_name, versioning)


def _delete_all_versions(bucket_name: str, client: "S3Client") -> None:
    """Delete what a list of all versions shows, and list again where the list had several pages.

    A page is asked for by the last item of the one before, which is gone by then: not all that speak S3
    go on from there, so what comes after may be empty although there is more.
    """
    previous_first: Mapping[str, str] | None = None
    while True:
        first, is_one_page = _delete_listed_versions(bucket_name, client)
        if first is None or is_one_page:
            return
        if first == previous_first:
            raise BucketNotEmpty(bucket_name)
        previous_first = first


def _delete_listed_versions(bucket_name: str, client: "S3Client") -> tuple[Mapping[str, str] | None, bool]:
    """Return the first version that was listed, if any, and whether one page held them all."""
    # Here, not above: its records of objects cost a look at a bucket more than all else of S3's here.
    from aws_interactions.s3_interactions.deletion import delete_batch

    first: Mapping[str, str] | None = None
    page_count = 0
    for page in pages_of(client, "list_object_versions", Bucket=bucket_name):
        page_count += 1
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not found:
            continue
        identifiers = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
        first = first or identifiers[0]
        deleted, failures = delete_batch(bucket_name, identifiers, client)
        if failures:
            raise S3ObjectsNotDeleted(bucket_name, failures, deleted)
        logger.info("deleted %d versions in bucket %s", len(deleted), bucket_name)
    return first, page_count < 2


def _abort_all_uploads(bucket_name: str, client: "S3Client") -> None:
    for page in pages_of(client, "list_multipart_uploads", Bucket=bucket_name):
        for upload in page.get("Uploads", []):
            try:
                client.abort_multipart_upload(
                    Bucket=bucket_name, Key=upload["Key"], UploadId=upload["UploadId"]
                )
            except ClientError as error:
                if error_code(error) != "NoSuchUpload":  # it ended by itself meanwhile
                    raise
