"""Names that S3 would refuse, found out before anything is sent."""

import re

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.s3_interactions.errors import bucket_arn

_MAX_KEY_BYTES = 1024
_NEW_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"([0-9]{1,3}\.){3}[0-9]{1,3}")
_STARTS_KEPT = ("xn--", "sthree-", "amzn-s3-demo-")
_ENDS_KEPT = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def check_key(key: str) -> None:
    """Raise ``InvalidInput`` for a key that no object can have: empty, over 1,024 bytes, or no text."""
    if not key:
        message = "the object key is empty"
        raise InvalidInput(message)
    if any("\ud800" <= character <= "\udfff" for character in key):
        message = f"the object key {key!r} is not UTF-8 text"
        raise InvalidInput(message)
    size = len(key.encode())
    if size > _MAX_KEY_BYTES:
        message = f"the object key {key[:40]}... has {size} bytes, where S3 allows {_MAX_KEY_BYTES}"
        raise InvalidInput(message)


def check_new_bucket_name(bucket_name: str) -> None:
    """Raise ``InvalidInput`` for a name that S3 gives to no new bucket; old buckets may have it."""
    reason = _why_no_new_bucket(bucket_name)
    if reason:
        message = f"no new bucket can be named {bucket_name}: {reason}"
        raise InvalidInput(message, resource=bucket_arn(bucket_name))


def _why_no_new_bucket(name: str) -> str | None:
    if not _NEW_BUCKET.fullmatch(name):
        return "3 to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at both ends"
    if ".." in name:
        return "two dots follow each other"
    if _IP_ADDRESS.fullmatch(name):
        return "it looks like an IP address"
    if name.startswith(_STARTS_KEPT) or name.endswith(_ENDS_KEPT):
        return "names that start or end so are kept for AWS"
    return None
