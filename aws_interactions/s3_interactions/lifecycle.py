"""What S3 does to the objects of a bucket by itself, as they grow old."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import error_code
from aws_interactions.calls import only_given
from aws_interactions.s3_interactions.errors import s3_errors

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BucketLifecycle:
    """A bucket's rules as the API of S3 writes them, times as ISO 8601 text.

    ``default_minimum_size`` is S3's word for how small an object is left where it is, where S3 told.
    """

    rules: tuple[Mapping[str, Any], ...] = ()
    default_minimum_size: str | None = None


def get_bucket_lifecycle(bucket_name: str, aws_provider: "AwsClientProvider") -> BucketLifecycle:
    """Return the bucket's rules, none being an empty tuple (GetBucketLifecycleConfiguration)."""
    logger.debug("get_bucket_lifecycle bucket=%s", bucket_name)
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name):
        try:
            answer: Mapping[str, Any] = client.get_bucket_lifecycle_configuration(Bucket=bucket_name)
        except ClientError as error:
            if error_code(error) == "NoSuchLifecycleConfiguration":
                return BucketLifecycle()
            raise
    rules = tuple(_with_times_as_text(rule) for rule in answer.get("Rules", []))
    return BucketLifecycle(rules, answer.get("TransitionDefaultMinimumObjectSize"))


def set_bucket_lifecycle(
    bucket_name: str, lifecycle: BucketLifecycle, aws_provider: "AwsClientProvider"
) -> None:
    """Make these the bucket's only rules; without any it has none.

    Uses PutBucketLifecycleConfiguration, DeleteBucketLifecycle. Raises ``InvalidInput`` for rules that are
    not as the API of S3 has them.
    """
    logger.debug("set_bucket_lifecycle bucket=%s rules=%d", bucket_name, len(lifecycle.rules))
    client: Any = aws_provider.get_s3()
    with s3_errors(bucket_name):
        if lifecycle.rules:
            client.put_bucket_lifecycle_configuration(
                Bucket=bucket_name,
                LifecycleConfiguration={"Rules": list(lifecycle.rules)},
                **only_given(TransitionDefaultMinimumObjectSize=lifecycle.default_minimum_size),
            )
        else:
            client.delete_bucket_lifecycle(Bucket=bucket_name)
    logger.info("bucket %s has %d lifecycle rules now", bucket_name, len(lifecycle.rules))


def _with_times_as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _with_times_as_text(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_with_times_as_text(part) for part in value]
    return value
