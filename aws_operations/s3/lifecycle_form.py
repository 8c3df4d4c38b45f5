"""What a lifecycle rule may hold, so that a wrong one is told before anything is planned."""

from collections.abc import Mapping
from typing import Any, Final

from aws_interactions.aws_errors import InvalidInput

_TAG: Final = {"Key": str, "Value": str}
_SIZES: Final = {"ObjectSizeGreaterThan": int, "ObjectSizeLessThan": int}
RULE: Final[Mapping[str, Any]] = {
    "ID": str,
    "Prefix": str,
    "Status": str,
    "Filter": {"Prefix": str, "Tag": _TAG, **_SIZES, "And": {"Prefix": str, "Tags": [_TAG], **_SIZES}},
    "Expiration": {"Date": str, "Days": int, "ExpiredObjectDeleteMarker": bool},
    "Transitions": [{"Date": str, "Days": int, "StorageClass": str}],
    "NoncurrentVersionExpiration": {"NoncurrentDays": int, "NewerNoncurrentVersions": int},
    "NoncurrentVersionTransitions": [
        {"NoncurrentDays": int, "NewerNoncurrentVersions": int, "StorageClass": str}
    ],
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": int},
}
"""A rule as S3's API has it: the names of its parts, and what each of them is."""

_CALLED: Final = {str: "text", int: "a whole number", bool: "true or false"}


def check_rule(rule: Any, where: str) -> None:
    """Raise ``InvalidInput`` for a rule that S3 could not be sent; ``where`` is what the message calls it."""
    _check(rule, RULE, where)
    if rule.get("Status") not in {"Enabled", "Disabled"}:
        raise InvalidInput(f"{where}: its Status is neither Enabled nor Disabled")


def _check(value: Any, form: Any, where: str) -> None:
    if isinstance(form, Mapping):
        _check_parts(value, form, where)
    elif isinstance(form, list):
        if not isinstance(value, list):
            raise InvalidInput(f"{where} is no list")
        for place, each in enumerate(value, start=1):
            _check(each, form[0], f"{where} {place}")
    elif type(value) is not form:
        raise InvalidInput(f"{where} is {value!r}, not {_CALLED[form]}")


def _check_parts(value: Any, form: Mapping[str, Any], where: str) -> None:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{where} is no object")
    for name, part in value.items():
        if name not in form:
            raise InvalidInput(f"{where} has the unknown part {name}; there are {', '.join(sorted(form))}")
        _check(part, form[name], f"{where}: {name}")
