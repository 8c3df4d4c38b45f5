"""How S3 encrypts what is put into a bucket without saying how."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import InvalidInput, error_code
from aws_interactions.calls import only_given
from aws_interactions.s3_interactions.errors import s3_errors

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_NOT_SET_CODE = "ServerSideEncryptionConfigurationNotFoundError"


class EncryptionAlgorithm(StrEnum):
    """With what: keys of S3's own, keys of KMS, or keys of KMS in two layers."""

    AES256 = "AES256"
    KMS = "aws:kms"
    KMS_DSSE = "aws:kms:dsse"


@dataclass(frozen=True, slots=True)
class BucketEncryption:
    """A bucket's default encryption.

    ``kms_key`` is the key's ARN, ID or alias, as it was set; ``None`` with KMS is the account's key
    aws/s3. ``bucket_key``: S3 asks KMS once for many objects. ``blocked_types`` are the ways of encrypting
    that the bucket refuses, such as SSE-C. ``algorithm`` is a plain word where S3 has one that is not
    known here.
    """

    algorithm: EncryptionAlgorithm | str
    kms_key: str | None = None
    bucket_key: bool = False
    blocked_types: tuple[str, ...] = ()


def check_bucket_encryption(encryption: BucketEncryption) -> None:
    """Raise ``InvalidInput`` for an encryption that S3 would refuse: a KMS key without KMS, and the like."""
    if encryption.kms_key is not None and encryption.algorithm == EncryptionAlgorithm.AES256:
        message = "a KMS key goes with aws:kms or aws:kms:dsse, not with AES256"
        raise InvalidInput(message)
    if encryption.bucket_key and encryption.algorithm == EncryptionAlgorithm.KMS_DSSE:
        message = "a bucket key goes with aws:kms, not with aws:kms:dsse"
        raise InvalidInput(message)


def get_bucket_encryption(bucket_name: str, aws_provider: "AwsClientProvider") -> BucketEncryption | None:
    """Return the bucket's default encryption (GetBucketEncryption).

    Every bucket in AWS has one; ``None`` is the answer of others that speak S3.
    """
    logger.debug("get_bucket_encryption bucket=%s", bucket_name)
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name):
        try:
            answer: Mapping[str, Any] = client.get_bucket_encryption(Bucket=bucket_name)
        except ClientError as error:
            if error_code(error) == _NOT_SET_CODE:
                return None
            raise
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    return _encryption(rules[0]) if rules else None


def set_bucket_encryption(
    bucket_name: str, encryption: BucketEncryption, aws_provider: "AwsClientProvider"
) -> None:
    """Set how new objects of the bucket are encrypted (PutBucketEncryption); those there stay as they are.

    Whether the KMS key exists is not asked. Raises ``InvalidInput`` for what S3 would refuse.
    """
    check_bucket_encryption(encryption)
    logger.debug("set_bucket_encryption bucket=%s algorithm=%s", bucket_name, encryption.algorithm)
    default = only_given(SSEAlgorithm=str(encryption.algorithm), KMSMasterKeyID=encryption.kms_key)
    blocked = {"EncryptionType": list(encryption.blocked_types)} if encryption.blocked_types else None
    rule = only_given(
        ApplyServerSideEncryptionByDefault=default,
        BucketKeyEnabled=encryption.bucket_key,
        BlockedEncryptionTypes=blocked,
    )
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name):
        client.put_bucket_encryption(Bucket=bucket_name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    logger.info("new objects of bucket %s are now encrypted with %s", bucket_name, encryption.algorithm)


def reset_bucket_encryption(bucket_name: str, aws_provider: "AwsClientProvider") -> None:
    """Give the bucket S3's own default encryption again, AES256 (DeleteBucketEncryption)."""
    logger.debug("reset_bucket_encryption bucket=%s", bucket_name)
    client = aws_provider.get_s3()
    with s3_errors(bucket_name):
        client.delete_bucket_encryption(Bucket=bucket_name)
    logger.info("the encryption of bucket %s is S3's default again", bucket_name)


def _encryption(rule: Mapping[str, Any]) -> BucketEncryption:
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    algorithm = default.get("SSEAlgorithm", EncryptionAlgorithm.AES256.value)
    known = algorithm in {known.value for known in EncryptionAlgorithm}
    return BucketEncryption(
        EncryptionAlgorithm(algorithm) if known else algorithm,
        default.get("KMSMasterKeyID"),
        bool(rule.get("BucketKeyEnabled")),
        tuple(rule.get("BlockedEncryptionTypes", {}).get("EncryptionType", [])),
    )
