"""Whether a bucket may be public: what S3 blocks of it, whose its objects are, what its policy allows."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import error_code
from aws_interactions.s3_interactions.errors import s3_errors

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PublicAccessBlock:
    """What S3 refuses or ignores of a bucket, whatever its policy and ACLs say.

    ``block_acls`` and ``block_policy`` refuse new public ones, ``ignore_acls`` and ``restrict_buckets`` take
    those that are there for nothing. What is blocked for the whole account is not told here.
    """

    block_acls: bool = False
    ignore_acls: bool = False
    block_policy: bool = False
    restrict_buckets: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all four are blocked, so that nothing of the bucket is public."""
        return self == ALL_BLOCKED


ALL_BLOCKED = PublicAccessBlock(block_acls=True, ignore_acls=True, block_policy=True, restrict_buckets=True)


class ObjectOwnership(StrEnum):
    """Whose objects are that others put, and whether ACLs count: with ``OWNER_ENFORCED`` they do not."""

    OWNER_ENFORCED = "BucketOwnerEnforced"
    OWNER_PREFERRED = "BucketOwnerPreferred"
    WRITER = "ObjectWriter"


def get_public_access_block(bucket_name: str, aws_provider: "AwsClientProvider") -> PublicAccessBlock | None:
    """Return what S3 blocks of the bucket, ``None`` where nothing was ever set (GetPublicAccessBlock)."""
    logger.debug("get_public_access_block bucket=%s", bucket_name)
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name):
        try:
            answer: Mapping[str, Any] = client.get_public_access_block(Bucket=bucket_name)
        except ClientError as error:
            if error_code(error) == "NoSuchPublicAccessBlockConfiguration":
                return None
            raise
    found = answer.get("PublicAccessBlockConfiguration", {})
    return PublicAccessBlock(
        block_acls=bool(found.get("BlockPublicAcls")),
        ignore_acls=bool(found.get("IgnorePublicAcls")),
        block_policy=bool(found.get("BlockPublicPolicy")),
        restrict_buckets=bool(found.get("RestrictPublicBuckets")),
    )


def set_public_access_block(
    bucket_name: str, block: PublicAccessBlock | None, aws_provider: "AwsClientProvider"
) -> None:
    """Set what S3 blocks of the bucket (PutPublicAccessBlock); ``None`` takes it away (Delete...)."""
    logger.debug("set_public_access_block bucket=%s", bucket_name)
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name):
        if block is None:
            client.delete_public_access_block(Bucket=bucket_name)
        else:
            configuration = {
                "BlockPublicAcls": block.block_acls,
                "IgnorePublicAcls": block.ignore_acls,
                "BlockPublicPolicy": block.block_policy,
                "RestrictPublicBuckets": block.restrict_buckets,
            }
            client.put_public_access_block(Bucket=bucket_name, PublicAccessBlockConfiguration=configuration)
    logger.info("set what is blocked of public access to bucket %s", bucket_name)


def is_bucket_policy_public(bucket_name: str, aws_provider: "AwsClientProvider") -> bool:
    """Say whether the bucket's policy lets anybody in; without one it does not (GetBucketPolicyStatus)."""
    logger.debug("is_bucket_policy_public bucket=%s", bucket_name)
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name):
        try:
            answer: Mapping[str, Any] = client.get_bucket_policy_status(Bucket=bucket_name)
        except ClientError as error:
            if error_code(error) == "NoSuchBucketPolicy":
                return False
            raise
    return bool(answer.get("PolicyStatus", {}).get("IsPublic"))


def get_object_ownership(bucket_name: str, aws_provider: "AwsClientProvider") -> str | None:
    """Return whose objects are, an ``ObjectOwnership`` where the word is known (GetBucketOwnershipControls).

    ``None`` where nothing was set: S3 then has it as ``ObjectWriter``.
    """
    logger.debug("get_object_ownership bucket=%s", bucket_name)
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name):
        try:
            answer: Mapping[str, Any] = client.get_bucket_ownership_controls(Bucket=bucket_name)
        except ClientError as error:
            if error_code(error) == "OwnershipControlsNotFoundError":
                return None
            raise
    rules = answer.get("OwnershipControls", {}).get("Rules", [])
    word = rules[0].get("ObjectOwnership") if rules else None
    return ObjectOwnership(word) if word in {known.value for known in ObjectOwnership} else word


def set_object_ownership(bucket_name: str, ownership: str | None, aws_provider: "AwsClientProvider") -> None:
    """Set whose objects are (PutBucketOwnershipControls); ``None`` takes the setting away (Delete...).

    S3 refuses ``BucketOwnerEnforced`` while the bucket's ACL lets others in.
    """
    logger.debug("set_object_ownership bucket=%s ownership=%s", bucket_name, ownership)
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name):
        if ownership is None:
            client.delete_bucket_ownership_controls(Bucket=bucket_name)
        else:
            controls = {"Rules": [{"ObjectOwnership": str(ownership)}]}
            client.put_bucket_ownership_controls(Bucket=bucket_name, OwnershipControls=controls)
    logger.info("the ownership of objects in bucket %s is now %s", bucket_name, ownership or "S3's default")
