"""S3 writes: the planners, and by being imported the kinds of change that carry them out."""

from aws_operations.s3.bucket_changes import plan_create_bucket, plan_destroy_bucket, plan_ensure_bucket
from aws_operations.s3.object_changes import plan_put, plan_rm
from aws_operations.s3.setting_changes import plan_set_encryption, plan_set_tags, plan_set_versioning
from aws_operations.s3.version_changes import REMOVE_DELETE_MARKER, RESTORE_VERSION

__all__ = [
    "REMOVE_DELETE_MARKER",
    "RESTORE_VERSION",
    "plan_create_bucket",
    "plan_destroy_bucket",
    "plan_ensure_bucket",
    "plan_put",
    "plan_rm",
    "plan_set_encryption",
    "plan_set_tags",
    "plan_set_versioning",
]
