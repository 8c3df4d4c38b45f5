"""What the kinds of S3 changes share: how a plan names, describes and reads back buckets and objects."""

import hashlib
from itertools import islice
from pathlib import Path

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.s3_interactions import BucketSighting, BucketStatus, S3ObjectDetails
from aws_operations.changes import Change, JsonObject, ResultStatus, Reversibility
from aws_operations.targets import Target

MAX_KEYS_A_CALL = 1000


def target_of(environment: AwsEnvironment) -> Target:
    """Return the account and region that a provider acts in."""
    return Target(environment.aws_region, environment.aws_account)


def arn_of(environment: AwsEnvironment, bucket: str, key: str | None = None) -> str:
    """Return the ARN of a bucket, or of an object if a key is given."""
    if key is None:
        return s3_interactions.bucket_arn(bucket, environment.partition)
    return s3_interactions.object_arn(bucket, key, environment.partition)


def bucket_and_key(change: Change) -> tuple[str, str]:
    """Return the bucket that a change is about, and the key, ``""`` if it is about the bucket itself."""
    bucket, _, key = change.resource.split(":::", 1)[1].partition("/")
    return bucket, key


def described(details: S3ObjectDetails | None) -> JsonObject | None:
    """Return what a plan holds of an object that is there."""
    if details is None:
        return None
    return {"etag": details.etag, "size": details.size, "version_id": details.version_id}


def reversibility_of_replacing(existing: S3ObjectDetails | None) -> Reversibility:
    """Return whether an object comes back once it is replaced or deleted."""
    is_kept_as_version = existing is not None and existing.version_id not in {None, "null"}
    return Reversibility.COMPENSABLE if existing is None or is_kept_as_version else Reversibility.IRREVERSIBLE


def applied_if(is_done: bool) -> ResultStatus:
    """Return what reading back a change has told."""
    return ResultStatus.APPLIED if is_done else ResultStatus.FAILED


def md5_of_file(path: Path) -> str | None:
    """Return the MD5 of a file in hexadecimal digits, ``None`` if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError:
        return None


def contents_of(bucket: str, aws_provider: AwsClientProvider) -> tuple[str, str]:
    """Say how much is in a bucket, and a digest of what, looking no further than a thousand versions."""
    versions = islice(s3_interactions.list_object_versions(bucket, aws_provider), MAX_KEYS_A_CALL)
    found = [f"{version.key}\n{version.version_id}\n{version.etag}" for version in versions]
    digest = hashlib.sha256("\n".join(found).encode("utf-8", "surrogatepass")).hexdigest()
    if not found:
        return "empty", digest
    noun = "object version" if len(found) == 1 else "object versions"
    return f"{len(found)} {noun}{' or more' if len(found) == MAX_KEYS_A_CALL else ''}", digest


def tags_of(bucket: str, key: str | None, aws_provider: AwsClientProvider) -> dict[str, str]:
    """Return the tags of a bucket, or of an object if a key is given."""
    if key is None:
        return s3_interactions.get_bucket_tags(bucket, aws_provider)
    return s3_interactions.get_object_tags(bucket, key, aws_provider)


def other_region(seen: BucketSighting, aws_provider: AwsClientProvider) -> str | None:
    """Return the bucket's region if S3 told one that is not the provider's."""
    return seen.region if seen.region not in {None, aws_provider.get_aws_env().aws_region} else None


def check_bucket_is_there(bucket: str, aws_provider: AwsClientProvider) -> None:
    """Tell an absent bucket from an absent object: S3 gives the same answer when asked for the object."""
    if s3_interactions.get_bucket_status(bucket, aws_provider) is BucketStatus.DOES_NOT_EXIST:
        raise s3_interactions.BucketDoesntExist(bucket)
