"""Which permissions recorded calls of S3 need."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from aws_interactions.aws_environment import partition_of_region
from aws_interactions.call_permission_parts import (
    Permission,
    Rule,
    by_the_table,
    extra_actions,
    literal,
    mapping_in,
    mappings_in,
    table_actions,
)
from aws_interactions.recorded_calls import KEY_START, RecordedCall

_NOT_FOUND_STATUS: Final = 404
_VERSION_OF: Final = {
    "s3:GetObject": "s3:GetObjectVersion",
    "s3:GetObjectTagging": "s3:GetObjectVersionTagging",
    "s3:PutObjectTagging": "s3:PutObjectVersionTagging",
    "s3:DeleteObjectTagging": "s3:DeleteObjectVersionTagging",
    "s3:DeleteObject": "s3:DeleteObjectVersion",
}


def _object_reading(call: RecordedCall) -> Iterator[Permission]:
    (action,) = table_actions(call)
    yield from _object_actions(call, action, is_base_needed=action != "s3:GetObject")
    # Without leave to list, AWS answers that it is forbidden, and not that there is no such object.
    if call.status == _NOT_FOUND_STATUS and call.code != "NoSuchBucket":
        for arn in call.resources:
            yield Permission("s3:ListBucket", _bucket_of(arn))


def _object_actions(call: RecordedCall, action: str, *, is_base_needed: bool) -> Iterator[Permission]:
    version = call.parameters.get("VersionId")
    for arn in call.resources:
        if is_base_needed or not version:
            yield Permission(action, literal(arn))
        if version:
            yield Permission(_VERSION_OF[action], literal(arn))


def _object_writing(call: RecordedCall) -> Iterator[Permission]:
    for permission in by_the_table(call):
        if call.is_presigned and KEY_START in call.parameters:
            # This one star is no part of a name.
            start = literal(call.resources[0].removesuffix("*"))
            yield Permission(permission.action, f"{start}*")
        else:
            yield permission


def _object_tags_writing(call: RecordedCall) -> Iterator[Permission]:
    (action,) = table_actions(call)
    return _object_actions(call, action, is_base_needed=True)


def _object_deletion(call: RecordedCall) -> Iterator[Permission]:
    for arn in call.resources:
        yield from _deletion_of(literal(arn), call.parameters, call.parameters.get("IfMatch"))
        if call.parameters.get("BypassGovernanceRetention"):
            yield Permission("s3:BypassGovernanceRetention", literal(arn))


def _object_deletions(call: RecordedCall) -> Iterator[Permission]:
    bucket = _bucket_arn(call)
    for each in mappings_in(mapping_in(call.parameters.get("Delete")).get("Objects")):
        arn = literal(f"{bucket}/{each.get('Key', '')}")
        yield from _deletion_of(arn, each, each.get("ETag"))
        if call.parameters.get("BypassGovernanceRetention"):
            yield Permission("s3:BypassGovernanceRetention", arn)


def _deletion_of(resource: str, described: Mapping[str, Any], etag: object) -> Iterator[Permission]:
    yield Permission("s3:DeleteObject", resource)
    if described.get("VersionId"):
        yield Permission("s3:DeleteObjectVersion", resource)
    if etag and etag != "*":
        yield Permission("s3:GetObject", resource)


def _copy(call: RecordedCall) -> Iterator[Permission]:
    source, version = _copy_source(call)
    yield Permission("s3:GetObjectVersion" if version else "s3:GetObject", source)
    copy = literal(call.resources[0])
    yield Permission("s3:PutObject", copy)
    yield from (Permission(action, copy) for action in extra_actions(call))
    if call.operation == "CopyObject" and call.parameters.get("TaggingDirective") != "REPLACE":
        # Tags go along with the object, if it has any.
        yield Permission("s3:PutObjectTagging", copy)
        yield Permission("s3:GetObjectVersionTagging" if version else "s3:GetObjectTagging", source)


def _copy_source(call: RecordedCall) -> tuple[str, object]:
    given = call.parameters.get("CopySource")
    if isinstance(given, dict):
        path, version = f"{given.get('Bucket')}/{given.get('Key')}", given.get("VersionId")
    else:
        text, _, query = str(given).partition("?versionId=")
        path, version = unquote(text).removeprefix("/"), query
    arn = path if path.startswith("arn:") else f"arn:{partition_of_region(call.region)}:s3:::{path}"
    return literal(arn), version


def _bucket_creation(call: RecordedCall) -> Iterator[Permission]:
    yield from by_the_table(call)
    if call.parameters.get("ObjectLockEnabledForBucket"):
        yield Permission("s3:PutBucketVersioning", _bucket_arn(call))
    if mapping_in(call.parameters.get("CreateBucketConfiguration")).get("Tags"):
        yield Permission("s3:TagResource", _bucket_arn(call))


def _bucket_arn(call: RecordedCall) -> str:
    bucket = str(call.parameters.get("Bucket", ""))
    return bucket if bucket.startswith("arn:") else f"arn:{partition_of_region(call.region)}:s3:::{bucket}"


def _bucket_of(object_arn: str) -> str:
    separator = "/object/" if ":accesspoint/" in object_arn else "/"
    return object_arn.partition(separator)[0]


S3_RULES: Final[Mapping[str, Rule]] = {
    "HeadObject": _object_reading,
    "GetObject": _object_reading,
    "GetObjectTagging": _object_reading,
    "PutObject": _object_writing,
    "PutObjectTagging": _object_tags_writing,
    "DeleteObjectTagging": _object_tags_writing,
    "DeleteObject": _object_deletion,
    "DeleteObjects": _object_deletions,
    "CopyObject": _copy,
    "UploadPartCopy": _copy,
    "CreateBucket": _bucket_creation,
}
"""The rules of the operations that the table alone does not tell all of."""
