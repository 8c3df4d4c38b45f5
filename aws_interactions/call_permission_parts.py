"""What the rules for the permissions of recorded calls are made of."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aws_interactions.recorded_calls import RecordedCall
from aws_interactions.service_operations import find_operation

ANY_RESOURCE: Final = "*"
WRITING_OF_EXPORTS: Final = ("s3:AbortMultipartUpload", "s3:PutObject", "s3:PutObjectAcl")
"""What DynamoDB does in the caller's name where it writes a table to S3."""
_LOG_GROUPS: Final = "log-group:/aws-dynamodb/*"
LOGGING_OF_IMPORTS: Final = {
    "logs:CreateLogGroup": _LOG_GROUPS,
    "logs:CreateLogStream": f"{_LOG_GROUPS}:log-stream:*",
    "logs:DescribeLogGroups": ANY_RESOURCE,
    "logs:DescribeLogStreams": _LOG_GROUPS,
    "logs:PutLogEvents": f"{_LOG_GROUPS}:log-stream:*",
    "logs:PutRetentionPolicy": _LOG_GROUPS,
}
"""What DynamoDB does in the caller's name to tell of items that it could not import, and on what."""

_MEANINGFUL = re.compile(r"[*?]|\$(?=\{)")
_ESCAPED = re.compile(r"\$\{([*?$])\}")
_NOT_IN_POLICIES = re.compile(r"[^\x20-\xff]+")

# Beside the action of the operation itself, if the parameter is given.
_PUT_EXTRAS: Final = {
    "Tagging": "s3:PutObjectTagging",
    "ACL": "s3:PutObjectAcl",
    "GrantFullControl": "s3:PutObjectAcl",
    "GrantRead": "s3:PutObjectAcl",
    "GrantReadACP": "s3:PutObjectAcl",
    "GrantWriteACP": "s3:PutObjectAcl",
    "ObjectLockMode": "s3:PutObjectRetention",
    "ObjectLockRetainUntilDate": "s3:PutObjectRetention",
    "ObjectLockLegalHoldStatus": "s3:PutObjectLegalHold",
    "IfMatch": "s3:GetObject",
}
_EXTRAS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("s3", "PutObject"): _PUT_EXTRAS,
    ("s3", "CreateMultipartUpload"): _PUT_EXTRAS,
    ("s3", "CompleteMultipartUpload"): {"IfMatch": "s3:GetObject"},
    ("s3", "CopyObject"): _PUT_EXTRAS,
    ("s3", "CreateBucket"): {
        "ACL": "s3:PutBucketAcl",
        "ObjectLockEnabledForBucket": "s3:PutBucketObjectLockConfiguration",
        "ObjectOwnership": "s3:PutBucketOwnershipControls",
    },
    ("dynamodb", "CreateTable"): {"Tags": "dynamodb:TagResource"},
    ("secretsmanager", "CreateSecret"): {"Tags": "secretsmanager:TagResource"},
    ("sts", "AssumeRole"): {"Tags": "sts:TagSession", "SourceIdentity": "sts:SetSourceIdentity"},
}


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """One IAM action on one resource.

    ``resource`` is written as in a policy: ``*`` and ``?`` match anything, and where the name of an object
    has them they are ``${*}`` and ``${?}``.
    """

    action: str
    resource: str


Rule = Callable[[RecordedCall], Iterable[Permission]]
"""Gives what a call of one operation needs; may give the same more than once."""


def literal(name: str) -> str:
    """Return a name with what policies give a meaning to, ``*``, ``?`` and ``${``, taken literally.

    What is outside of the characters that a policy may hold, such as letters beyond Latin-1, becomes ``*``.
    """
    return _NOT_IN_POLICIES.sub("*", _MEANINGFUL.sub(lambda found: f"${{{found[0]}}}", name))


def widened_resources(call: RecordedCall) -> tuple[str, ...]:
    """Return what stands in a policy for resources whose own names it may not hold, and allows more."""
    return tuple(literal(arn) for arn in call.resources if _NOT_IN_POLICIES.search(arn))


def without_escapes(resource: str) -> str:
    """Return the resource of a permission as an ARN, the way that requests have it."""
    return _ESCAPED.sub(lambda found: found[1], resource)


def by_the_table(call: RecordedCall) -> Iterator[Permission]:
    """Yield each action that the table has for the operation, on each resource of the call."""
    resources = [_as_in_policies(arn, call) for arn in call.resources] or [ANY_RESOURCE]
    for action in (*table_actions(call), *extra_actions(call)):
        for resource in resources:
            yield Permission(action, resource)


def table_actions(call: RecordedCall) -> tuple[str, ...]:
    """Return the actions that the table has for the operation; that of its own name without a row."""
    operation = find_operation(call.service, call.operation)
    return operation.iam_actions if operation is not None else (f"{call.service}:{call.operation}",)


def extra_actions(call: RecordedCall) -> tuple[str, ...]:
    """Return the actions that parameters of the call ask for beside those of the table."""
    extras = _EXTRAS.get((call.service, call.operation), {})
    return tuple(action for name, action in extras.items() if call.parameters.get(name))


def mapping_in(value: object) -> Mapping[str, Any]:
    """Return a recorded value if it is a structure, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings_in(value: object) -> list[Mapping[str, Any]]:
    """Return the structures of a recorded list, none if it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _as_in_policies(arn: str, call: RecordedCall) -> str:
    # Of all that is recorded, only the keys of objects may hold what policies give a meaning to.
    return literal(arn) if call.service == "s3" and arn != ANY_RESOURCE else arn
