"""Tags as dicts, and AWS's limits on them."""

from collections.abc import Iterable, Mapping
from typing import Any

from aws_interactions.aws_errors import InvalidInput

MAX_TAGS = 50
_MAX_KEY_LENGTH = 128
_MAX_VALUE_LENGTH = 256
_AWS_PREFIX = "aws:"


def check_tags(tags: Mapping[str, str], *, max_tags: int = MAX_TAGS) -> None:
    """Raise ``InvalidInput`` for tags that AWS would refuse."""
    if len(tags) > max_tags:
        message = f"{len(tags)} tags, where AWS allows {max_tags}"
        raise InvalidInput(message)
    for key, value in tags.items():
        _check_tag(key, value)


def _check_tag(key: str, value: str) -> None:
    if not 1 <= len(key) <= _MAX_KEY_LENGTH:
        message = f"the tag key {key!r} has {len(key)} characters, where AWS allows 1 to {_MAX_KEY_LENGTH}"
        raise InvalidInput(message)
    if len(value) > _MAX_VALUE_LENGTH:
        message = (
            f"the value of tag {key!r} has {len(value)} characters, where AWS allows {_MAX_VALUE_LENGTH}"
        )
        raise InvalidInput(message)
    if key.lower().startswith(_AWS_PREFIX):
        message = f"the tag key {key!r} starts with aws:, which is kept for AWS"
        raise InvalidInput(message)


def own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that can be set and taken off, which is all but AWS's own (``aws:...``)."""
    return {key: value for key, value in tags.items() if not key.lower().startswith(_AWS_PREFIX)}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as AWS's parameters have them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_from(listed: Iterable[Any]) -> dict[str, str]:
    """Return the tags in an answer of AWS's, its list of keys and values."""
    # Not all that speak AWS's protocols send the element of an empty value.
    return {tag["Key"]: tag.get("Value", "") for tag in listed}
