"""What S3 refuses, as exceptions that keep their bucket and key, and the translation to them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, FlexibleChecksumError

from aws_interactions.aws_errors import (
    AccessDenied,
    AlreadyExists,
    AwsInteractionError,
    Conflict,
    InvalidInput,
    NotFound,
    Throttled,
    Unavailable,
    error_code,
    translate_aws_errors,
)
from aws_interactions.service_operations import iam_actions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_interactions.s3_interactions.object_records import DeletedObject, ObjectFailure


class BucketDoesntExist(NotFound):
    """There is no bucket of that name, in any account."""

    def __init__(self, bucket_name: str) -> None:
        super().__init__(f"there is no bucket {bucket_name}", resource=bucket_arn(bucket_name))
        self.bucket_name = bucket_name


class BucketNeverKeptVersions(Conflict):
    """The bucket never kept old versions, so that nothing in it comes back."""

    def __init__(self, bucket_name: str) -> None:
        super().__init__(
            f"bucket {bucket_name} never kept old versions: what is deleted there is gone",
            resource=bucket_arn(bucket_name),
        )
        self.bucket_name = bucket_name


class BucketAccessDenied(AccessDenied):
    """S3 refused the identity, for the bucket or for something in it.

    Without s3:ListBucket S3 gives this answer for an absent object too.
    """

    def __init__(
        self, bucket_name: str, *, resource: str | None = None, iam_actions: tuple[str, ...] = ()
    ) -> None:
        arn = resource or bucket_arn(bucket_name)
        needed = f" for {' and '.join(iam_actions)}" if iam_actions else ""
        super().__init__(f"no permission{needed} on {arn}", resource=arn, iam_actions=iam_actions)
        self.bucket_name = bucket_name


class BucketNameNotAvailable(AlreadyExists):
    """The name is taken; bucket names are shared by all accounts of a partition; ``reason`` says more."""

    def __init__(self, bucket_name: str, reason: str = "is taken") -> None:
        super().__init__(f"the bucket name {bucket_name} {reason}", resource=bucket_arn(bucket_name))
        self.reason = reason
        self.bucket_name = bucket_name


class CouldntEnsureBucketExists(Conflict):
    """The bucket is not there for this identity and cannot be made; ``reason`` says why."""

    def __init__(self, bucket_name: str, reason: str) -> None:
        super().__init__(
            f"couldn't ensure that bucket {bucket_name} exists: {reason}", resource=bucket_arn(bucket_name)
        )
        self.bucket_name = bucket_name
        self.reason = reason


class BucketInAnotherRegion(InvalidInput):
    """The call went to another region than the bucket's; ``aws_region`` is its own, where S3 told."""

    def __init__(self, bucket_name: str, aws_region: str | None = None) -> None:
        super().__init__(
            f"bucket {bucket_name} is in {aws_region or 'another region'}", resource=bucket_arn(bucket_name)
        )
        self.bucket_name = bucket_name
        self.aws_region = aws_region


class BucketNotEmpty(Conflict):
    """The bucket still holds objects, versions or delete markers."""

    def __init__(self, bucket_name: str) -> None:
        super().__init__(f"bucket {bucket_name} is not empty", resource=bucket_arn(bucket_name))
        self.bucket_name = bucket_name


class S3ObjectDoesntExist(NotFound):
    """There is no such object, or no such version of it."""

    def __init__(self, bucket_name: str, key: str, version_id: str | None = None) -> None:
        version = f" with version {version_id}" if version_id else ""
        super().__init__(
            f"there is no object {key}{version} in bucket {bucket_name}",
            resource=object_arn(bucket_name, key),
        )
        self.bucket_name = bucket_name
        self.key = key
        self.version_id = version_id


class S3ObjectAlreadyExists(AlreadyExists):
    """The key is taken and overwriting was not asked for."""

    def __init__(self, bucket_name: str, key: str) -> None:
        super().__init__(
            f"object {key} in bucket {bucket_name} already exists", resource=object_arn(bucket_name, key)
        )
        self.bucket_name = bucket_name
        self.key = key


class S3ObjectChanged(Conflict):
    """The object is no longer the one whose ETag was given."""

    def __init__(self, bucket_name: str, key: str) -> None:
        super().__init__(
            f"object {key} in bucket {bucket_name} has changed", resource=object_arn(bucket_name, key)
        )
        self.bucket_name = bucket_name
        self.key = key


class S3ObjectArchived(Conflict):
    """The object is in an archive tier and has to be restored before it can be read."""

    def __init__(self, bucket_name: str, key: str) -> None:
        super().__init__(
            f"object {key} in bucket {bucket_name} is archived; restore it first",
            resource=object_arn(bucket_name, key),
        )
        self.bucket_name = bucket_name
        self.key = key


class S3ObjectDamaged(Unavailable):
    """The bytes that arrived are not the object's: their checksum or their number is wrong."""

    def __init__(self, bucket_name: str, key: str, detail: str) -> None:
        super().__init__(
            f"object {key} of bucket {bucket_name} arrived damaged: {detail}",
            resource=object_arn(bucket_name, key),
        )
        self.bucket_name = bucket_name
        self.key = key


class S3ObjectsNotDeleted(Conflict):
    """Some objects of a batch were kept: ``failures`` tells each with its code, ``deleted`` the others."""

    def __init__(
        self,
        bucket_name: str,
        failures: "Sequence[ObjectFailure]",
        deleted: "Sequence[DeletedObject]" = (),
    ) -> None:
        shown = ", ".join(f"{failure.key} ({failure.code})" for failure in failures[:5])
        more = f" and {len(failures) - 5} more" if len(failures) > 5 else ""
        super().__init__(
            f"{len(failures)} objects of bucket {bucket_name} were not deleted: {shown}{more}",
            resource=bucket_arn(bucket_name),
        )
        self.bucket_name = bucket_name
        self.failures = tuple(failures)
        self.deleted = tuple(deleted)


class UnsafeObjectKey(InvalidInput):
    """The key has no safe place as a file under the directory; nothing was written."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the object key {key!r} can't be a file name under the destination")
        self.key = key


def bucket_arn(bucket_name: str, partition: str = "aws") -> str:
    """Return the ARN of a bucket."""
    return f"arn:{partition}:s3:::{bucket_name}"


def object_arn(bucket_name: str, key: str, partition: str = "aws") -> str:
    """Return the ARN of an object."""
    return f"arn:{partition}:s3:::{bucket_name}/{key}"


MakersByCode = Mapping[str, Callable[[], AwsInteractionError]]

# A HEAD answer has no body, so botocore knows no code but the HTTP status.
ABSENT_BUCKET_CODES = frozenset({"NoSuchBucket"})
HEAD_ABSENT_CODES = frozenset({"404", "NotFound"})
DENIED_CODES = frozenset({"AccessDenied", "Forbidden", "AllAccessDisabled", "403"})
_REDIRECT_CODES = frozenset(
    {
        "301",
        "307",
        "PermanentRedirect",
        "TemporaryRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
    }
)
_THROTTLED_CODES = frozenset({"SlowDown", "Throttling"})


@contextmanager
def s3_errors(
    bucket_name: str, *, key: str | None = None, by_code: MakersByCode | None = None
) -> Iterator[None]:
    """Raise what botocore raises in the body as this package's errors, the original as ``__cause__``.

    ``by_code`` goes before what holds for every S3 call: absent bucket, absent object, access
    denied, wrong region.
    """
    resource = bucket_arn(bucket_name) if key is None else object_arn(bucket_name, key)
    with translate_aws_errors("s3", resource):
        try:
            yield
        except ClientError as error:
            translated = _domain_error(error, bucket_name, key, resource, by_code or {})
            if translated is None:
                raise
            raise translated from error
        except FlexibleChecksumError as error:
            raise S3ObjectDamaged(bucket_name, key or "", str(error)) from error


def _domain_error(
    error: ClientError, bucket_name: str, key: str | None, resource: str, by_code: MakersByCode
) -> AwsInteractionError | None:
    code = error_code(error)
    if code in by_code:
        return by_code[code]()
    if code in ABSENT_BUCKET_CODES or (key is None and code in HEAD_ABSENT_CODES):
        return BucketDoesntExist(bucket_name)
    if code in DENIED_CODES:
        actions = iam_actions_of("s3", error.operation_name)
        return BucketAccessDenied(bucket_name, resource=resource, iam_actions=actions)
    if key is not None and code in {"NoSuchKey", "NoSuchVersion", *HEAD_ABSENT_CODES}:
        return S3ObjectDoesntExist(bucket_name, key)
    if code in _REDIRECT_CODES:
        return BucketInAnotherRegion(bucket_name, _region_told(error))
    if code == "400":
        message = f"{resource}: S3 refused the request (400) and a HEAD has no reason in its answer"
        return InvalidInput(f"{message}: expired credentials or a malformed name", resource=resource)
    return None


def _region_told(error: ClientError) -> str | None:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers.get("x-amz-bucket-region")


def error_of_code(bucket_name: str, key: str, code: str, message: str) -> AwsInteractionError:
    """Return the error for a code inside a 200 answer, where there is no exception to translate."""
    resource = object_arn(bucket_name, key)
    if code in DENIED_CODES:
        actions = iam_actions_of("s3", "DeleteObject")
        return BucketAccessDenied(bucket_name, resource=resource, iam_actions=actions)
    if code in {"NoSuchKey", "NoSuchVersion"}:
        return S3ObjectDoesntExist(bucket_name, key)
    if code in ABSENT_BUCKET_CODES:
        return BucketDoesntExist(bucket_name)
    text = f"{resource}: {message or code} ({code})"
    if code in _THROTTLED_CODES:
        return Throttled(text, resource=resource)
    if code in {"InternalError", "ServiceUnavailable"}:
        return Unavailable(text, resource=resource)
    return Conflict(text, resource=resource)
