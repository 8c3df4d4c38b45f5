"""One table a service: for each AWS operation used, is it a read, its IAM actions, its ARN template.

The read-only gate lets through what the table calls a read and nothing else; planners take their
``iam_actions`` from it; an access-denied message names the action from it. A service adds its rows
here when it adds its getter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_interactions.aws_environment import AwsEnvironment


@dataclass(frozen=True, slots=True)
class ServiceOperation:
    """What is known of one AWS operation.

    ``arn_template`` is filled from the environment (``{partition}``, ``{region}``, ``{account}``) and
    from the call's own parameters (``{Bucket}``). ``is_repeatable`` is false for what must not be
    sent again after an answer was lost, because a second time would do it twice.
    """

    is_read: bool
    iam_actions: tuple[str, ...]
    arn_template: str
    is_repeatable: bool = True


def _read(*iam_actions: str, arn: str) -> ServiceOperation:
    return ServiceOperation(is_read=True, iam_actions=iam_actions, arn_template=arn)


def _write(*iam_actions: str, arn: str, is_repeatable: bool = True) -> ServiceOperation:
    return ServiceOperation(
        is_read=False, iam_actions=iam_actions, arn_template=arn, is_repeatable=is_repeatable
    )


_BUCKET = "arn:{partition}:s3:::{Bucket}"
_OBJECT = "arn:{partition}:s3:::{Bucket}/{Key}"
_EVERY_OBJECT = "arn:{partition}:s3:::{Bucket}/*"

SERVICE_OPERATIONS: Mapping[str, Mapping[str, ServiceOperation]] = {
    "sts": {
        "GetCallerIdentity": _read("sts:GetCallerIdentity", arn="*"),
    },
    "s3": {
        "ListBuckets": _read("s3:ListAllMyBuckets", arn="*"),
        "HeadBucket": _read("s3:ListBucket", arn=_BUCKET),
        "GetBucketLocation": _read("s3:GetBucketLocation", arn=_BUCKET),
        "ListObjects": _read("s3:ListBucket", arn=_BUCKET),  # boto3's resource lists with this one
        "ListObjectsV2": _read("s3:ListBucket", arn=_BUCKET),
        "ListObjectVersions": _read("s3:ListBucketVersions", arn=_BUCKET),
        "ListMultipartUploads": _read("s3:ListBucketMultipartUploads", arn=_BUCKET),
        "HeadObject": _read("s3:GetObject", arn=_OBJECT),
        "GetObject": _read("s3:GetObject", arn=_OBJECT),
        "GetBucketTagging": _read("s3:GetBucketTagging", arn=_BUCKET),
        "GetObjectTagging": _read("s3:GetObjectTagging", arn=_OBJECT),
        "GetBucketVersioning": _read("s3:GetBucketVersioning", arn=_BUCKET),
        "CreateBucket": _write("s3:CreateBucket", arn=_BUCKET),
        "DeleteBucket": _write("s3:DeleteBucket", arn=_BUCKET),
        "PutObject": _write("s3:PutObject", arn=_OBJECT),
        "CreateMultipartUpload": _write("s3:PutObject", arn=_OBJECT),
        "UploadPart": _write("s3:PutObject", arn=_OBJECT),
        "CompleteMultipartUpload": _write("s3:PutObject", arn=_OBJECT),
        "AbortMultipartUpload": _write("s3:AbortMultipartUpload", arn=_OBJECT),
        "DeleteObject": _write("s3:DeleteObject", arn=_OBJECT),
        "DeleteObjects": _write("s3:DeleteObject", "s3:DeleteObjectVersion", arn=_EVERY_OBJECT),
        "PutBucketTagging": _write("s3:PutBucketTagging", arn=_BUCKET),
        "DeleteBucketTagging": _write("s3:PutBucketTagging", arn=_BUCKET),
        "PutObjectTagging": _write("s3:PutObjectTagging", arn=_OBJECT),
        "DeleteObjectTagging": _write("s3:DeleteObjectTagging", arn=_OBJECT),
        "PutBucketVersioning": _write("s3:PutBucketVersioning", arn=_BUCKET),
    },
}


def find_operation(service_name: str, operation_name: str) -> ServiceOperation | None:
    """Return what is known of an operation, or ``None`` if the service's table has no row for it."""
    return SERVICE_OPERATIONS.get(service_name, {}).get(operation_name)


def is_read(service_name: str, operation_name: str) -> bool:
    """Say whether the table calls the operation a read; an operation without a row is not one."""
    operation = find_operation(service_name, operation_name)
    return operation is not None and operation.is_read


def is_repeatable(service_name: str, operation_name: str) -> bool:
    """Say whether the operation may be sent again after its answer was lost; unknown ones may not."""
    operation = find_operation(service_name, operation_name)
    return operation is not None and operation.is_repeatable


def iam_actions_of(service_name: str, *operation_names: str) -> tuple[str, ...]:
    """Return the IAM actions that the operations need, each once, in order; unknown ones give none."""
    found = (find_operation(service_name, name) for name in operation_names)
    return tuple(
        dict.fromkeys(action for operation in found if operation for action in operation.iam_actions)
    )


def resource_arn(
    service_name: str, operation_name: str, parameters: Mapping[str, Any], environment: AwsEnvironment
) -> str:
    """Return the ARN that a call acts on, from its parameters; ``*`` where the table has no row for it."""
    operation = find_operation(service_name, operation_name)
    if operation is None:
        return "*"
    return operation.arn_template.format_map(
        {
            **parameters,
            "partition": environment.partition,
            "region": environment.aws_region,
            "account": environment.aws_account,
        }
    )
