"""Lifecycle rules: read from JSON, brought into one form, and looked at for what they do."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.s3_interactions import BucketLifecycle
from aws_operations.s3.lifecycle_form import check_rule

Rule = Mapping[str, Any]

UPLOADS_RULE_ID = "abort-unfinished-uploads"
_TAKE_AWAY = ("Expiration", "NoncurrentVersionExpiration")
_NOT_RULES = 'neither a list of rules nor an object with "Rules", as GetBucketLifecycleConfiguration has it'
# What S3 takes where nothing is said, and tells as if it had been said.
_USUAL_MINIMUM = "all_storage_classes_128K"


def lifecycle_of_text(text: str, source: str) -> BucketLifecycle:
    """Return the rules of a JSON document: an object with ``Rules``, or a list of them.

    Anything else raises ``InvalidInput``, which calls the document ``source``. Which parts of a rule go
    together is S3's to say.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"{source} is not JSON: {error}") from None
    is_object = isinstance(document, Mapping)
    rules = document.get("Rules") if is_object else document
    minimum = document.get("TransitionDefaultMinimumObjectSize") if is_object else None
    if not isinstance(rules, list):
        raise InvalidInput(f"{source} is {_NOT_RULES}")
    for place, rule in enumerate(rules, start=1):
        check_rule(rule, f"{source}: rule {place}")
    if not isinstance(minimum, str | None):
        raise InvalidInput(f"{source}: TransitionDefaultMinimumObjectSize is not a word")
    return normal(BucketLifecycle(tuple(rules), minimum))


def normal(lifecycle: BucketLifecycle) -> BucketLifecycle:
    """Return rules in the form in which they are compared: what S3 tells is not word for word what it got.

    Rules are in the order of their IDs, and one without gets one; empty filters and times are written in one
    way. Two rules of one ID, and what is no time, raise ``InvalidInput``.
    """
    rules = sorted(map(_normal_rule, lifecycle.rules), key=lambda rule: str(rule["ID"]))
    ids = [rule["ID"] for rule in rules]
    twice = next((one for one, other in pairwise(ids) if one == other), None)
    if twice is not None:
        raise InvalidInput(f"two lifecycle rules have the ID {twice!r}")
    minimum = lifecycle.default_minimum_size
    return BucketLifecycle(tuple(rules), None if minimum == _USUAL_MINIMUM else minimum)


def _normal_rule(rule: Rule) -> dict[str, Any]:
    parts = {name: _with_normal_times(part) for name, part in rule.items() if name not in {"ID", "Filter"}}
    conditions = _without_empty(rule.get("Filter"))
    if conditions or "Prefix" not in rule:
        parts["Filter"] = conditions or {"Prefix": ""}
    text = json.dumps(parts, sort_keys=True)
    return {"ID": rule.get("ID") or f"rule-{hashlib.sha256(text.encode()).hexdigest()[:12]}", **parts}


def _without_empty(conditions: Any) -> Any:
    if not isinstance(conditions, Mapping):
        return conditions
    held = {name: _without_empty(part) for name, part in conditions.items()}
    return {name: part for name, part in held.items() if part not in ("", None, {})}


def _with_normal_times(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {
            name: _normal_time(value) if name == "Date" else _with_normal_times(value)
            for name, value in part.items()
        }
    return [_with_normal_times(each) for each in part] if isinstance(part, list) else part


def _normal_time(value: Any) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidInput(f"the Date {value!r} of a lifecycle rule is no time, such as 2027-01-31") from None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()


def is_enabled(rule: Rule) -> bool:
    """Say whether S3 goes by the rule."""
    return rule.get("Status") == "Enabled"


def takes_away(rule: Rule) -> bool:
    """Say whether a rule deletes objects or versions; transitions and unfinished uploads are no such."""
    return is_enabled(rule) and any(name in rule for name in _TAKE_AWAY)


def days_until_uploads_end(rules: Iterable[Rule]) -> int | None:
    """Return after how many days unfinished uploads are aborted, whatever their key; ``None`` for never."""
    days = [
        int(rule["AbortIncompleteMultipartUpload"].get("DaysAfterInitiation", 0))
        for rule in rules
        if is_enabled(rule) and _is_for_all(rule) and "AbortIncompleteMultipartUpload" in rule
    ]
    return min(days, default=None)


def _is_for_all(rule: Rule) -> bool:
    return not rule.get("Prefix") and not _without_empty(rule.get("Filter") or {})


def with_end_of_uploads(rules: Sequence[Rule], days: int) -> tuple[Rule, ...]:
    """Return the rules and one that aborts all unfinished uploads after so many days."""
    rule = {
        "ID": UPLOADS_RULE_ID,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days},
    }
    return (*(other for other in rules if other.get("ID") != UPLOADS_RULE_ID), rule)
