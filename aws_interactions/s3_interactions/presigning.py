"""Requests that are signed now and sent later by someone else; nothing is sent to S3."""

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.calls import only_given
from aws_interactions.s3_interactions.errors import object_arn, s3_errors
from aws_interactions.s3_interactions.names import check_key
from aws_interactions.s3_interactions.object_records import PresignedPost, PresignedUrl

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_DEFAULT_SECONDS = 900
_ORDINARY_SECONDS = 3600
_MAX_SECONDS = 604_800
_MAX_POST_BYTES = 5 * 1024**3
_SIGV4 = "AWS4-HMAC-SHA256"


def presign_get(
    bucket_name: str,
    key: str,
    aws_provider: "AwsClientProvider",
    *,
    expires_in: int = _DEFAULT_SECONDS,
    allow_long_expiry: bool = False,
) -> PresignedUrl:
    """Return a URL that gets the object for ``expires_in`` seconds (1 to 604,800).

    More than 3,600 needs ``allow_long_expiry``. ``warning`` is set if the credentials end sooner,
    which ends the URL too. Raises ``InvalidInput``. Whether the object exists is not asked.
    """
    parameters = {"Bucket": bucket_name, "Key": key}
    return _presign_url("get_object", parameters, "GET", aws_provider, expires_in, allow_long_expiry)


def presign_put(
    bucket_name: str,
    key: str,
    aws_provider: "AwsClientProvider",
    *,
    content_type: str | None = None,
    expires_in: int = _DEFAULT_SECONDS,
    allow_long_expiry: bool = False,
) -> PresignedUrl:
    """Return a URL that puts an object, with this content type only if one is given.

    The sender must send the very ``Content-Type`` header. Expiry as for ``presign_get``.
    """
    parameters = only_given(Bucket=bucket_name, Key=key, ContentType=content_type)
    return _presign_url("put_object", parameters, "PUT", aws_provider, expires_in, allow_long_expiry)


def presign_post(
    bucket_name: str,
    key: str,
    aws_provider: "AwsClientProvider",
    *,
    content_type: str | None = None,
    min_size: int = 0,
    max_size: int | None = None,
    expires_in: int = _DEFAULT_SECONDS,
    allow_long_expiry: bool = False,
) -> PresignedPost:
    """Return a form that posts an object of ``min_size`` to ``max_size`` bytes (5 GiB unless given).

    S3 takes it with this content type only, if one is given. Expiry as for ``presign_get``.
    """
    check_key(key)
    _check_expiry(expires_in, allow_long_expiry=allow_long_expiry)
    largest = _MAX_POST_BYTES if max_size is None else max_size
    if not 0 <= min_size <= largest <= _MAX_POST_BYTES:
        message = f"a size range of {min_size} to {largest} bytes, where S3 allows 0 to {_MAX_POST_BYTES}"
        raise InvalidInput(message)
    if key.endswith("${filename}"):
        # S3 and botocore both take this as "whatever the sender calls it".
        message = "a key that ends with ${filename} would let the sender choose the key"
        raise InvalidInput(message, resource=object_arn(bucket_name, key))
    logger.debug("presign_post bucket=%s key=%s expires_in=%s", bucket_name, key, expires_in)
    fields = only_given(**{"Content-Type": content_type})
    conditions: list[Any] = [fields] if fields else []
    client: Any = aws_provider.get_s3()
    expires_at = datetime.now(UTC) + timedelta(seconds=expires_in)
    with s3_errors(bucket_name, key=key):
        post = client.generate_presigned_post(
            bucket_name,
            key,
            Fields=dict(fields),
            Conditions=[*conditions, ["content-length-range", min_size, largest]],
            ExpiresIn=expires_in,
        )
    _check_sigv4(post["fields"].get("x-amz-algorithm"), bucket_name, key)
    return PresignedPost(post["url"], post["fields"], expires_at, _warning(expires_at, aws_provider))


def _presign_url(
    operation: str,
    parameters: dict[str, str],
    method: str,
    aws_provider: "AwsClientProvider",
    expires_in: int,
    allow_long_expiry: bool,
) -> PresignedUrl:
    bucket_name, key = parameters["Bucket"], parameters["Key"]
    check_key(key)
    _check_expiry(expires_in, allow_long_expiry=allow_long_expiry)
    logger.debug("presign %s bucket=%s key=%s expires_in=%s", operation, bucket_name, key, expires_in)
    client: Any = aws_provider.get_s3()
    expires_at = datetime.now(UTC) + timedelta(seconds=expires_in)
    with s3_errors(bucket_name, key=key):
        url = client.generate_presigned_url(
            operation, Params=parameters, ExpiresIn=expires_in, HttpMethod=method
        )
    algorithms = parse_qs(urlsplit(url).query).get("X-Amz-Algorithm", [])
    _check_sigv4(algorithms[0] if algorithms else None, bucket_name, key)
    return PresignedUrl(url, method, expires_at, _warning(expires_at, aws_provider))


def _check_expiry(expires_in: int, *, allow_long_expiry: bool) -> None:
    if not 1 <= expires_in <= _MAX_SECONDS:
        message = f"an expiry of {expires_in} seconds, where S3 allows 1 to {_MAX_SECONDS}"
        raise InvalidInput(message)
    if expires_in > _ORDINARY_SECONDS and not allow_long_expiry:
        message = (
            f"an expiry of {expires_in} seconds is over {_ORDINARY_SECONDS}: that needs allow_long_expiry"
        )
        raise InvalidInput(message)


def _check_sigv4(algorithm: str | None, bucket_name: str, key: str) -> None:
    if algorithm != _SIGV4:
        message = "the client signs with an outdated version; S3 needs signature version 4"
        raise InvalidInput(message, resource=object_arn(bucket_name, key))


def _warning(expires_at: datetime, aws_provider: "AwsClientProvider") -> str | None:
    credentials_end: Any = aws_provider.get_aws_env().credentials_expire_at
    # Whoever fakes a provider with a bare mock has a mock here.
    if not isinstance(credentials_end, datetime) or credentials_end >= expires_at:
        return None
    return f"the credentials end at {credentials_end.isoformat(timespec='seconds')}, and this with them"
