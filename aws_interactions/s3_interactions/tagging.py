"""Tags as dicts, and S3's limits on them."""

from collections.abc import Mapping
from typing import Any

from aws_interactions.aws_errors import InvalidInput

MAX_BUCKET_TAGS = 50
MAX_OBJECT_TAGS = 10
_MAX_KEY_LENGTH = 128
_MAX_VALUE_LENGTH = 256


def check_tags(tags: Mapping[str, str], *, max_tags: int) -> None:
    """Raise ``InvalidInput`` for tags that S3 would refuse."""
    if len(tags) > max_tags:
        message = f"{len(tags)} tags, where S3 allows {max_tags}"
        raise InvalidInput(message)
    for key, value in tags.items():
        _check_tag(key, value)


def _check_tag(key: str, value: str) -> None:
    if not 1 <= len(key) <= _MAX_KEY_LENGTH:
        message = f"the tag key {key!r} has {len(key)} characters, where S3 allows 1 to {_MAX_KEY_LENGTH}"
        raise InvalidInput(message)
    if len(value) > _MAX_VALUE_LENGTH:
        message = f"the value of tag {key!r} has {len(value)} characters, where S3 allows {_MAX_VALUE_LENGTH}"
        raise InvalidInput(message)
    if key.lower().startswith("aws:"):
        message = f"the tag key {key!r} starts with aws:, which is kept for AWS"
        raise InvalidInput(message)


def tag_set(tags: Mapping[str, str]) -> dict[str, Any]:
    """Return tags as S3's parameters have them."""
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tags_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags in an answer of S3's."""
    # Not all that speak S3 send the element of an empty value.
    return {tag["Key"]: tag.get("Value", "") for tag in answer.get("TagSet", [])}
