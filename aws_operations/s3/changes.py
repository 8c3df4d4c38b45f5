"""S3 writes: the planners, and by being imported the kinds of change that carry them out."""

from aws_operations.s3.bucket_changes import plan_create_bucket, plan_destroy_bucket, plan_ensure_bucket
from aws_operations.s3.guard_changes import (
    plan_block_public_access,
    plan_end_uploads,
    plan_set_lifecycle,
    plan_set_ownership,
    plan_set_public_access,
)
from aws_operations.s3.hardening import plan_harden
from aws_operations.s3.object_changes import plan_put, plan_rm
from aws_operations.s3.setting_changes import plan_set_encryption, plan_set_tags, plan_set_versioning
from aws_operations.s3.undeleting import plan_undelete
from aws_operations.s3.version_changes import REMOVE_DELETE_MARKER, RESTORE_VERSION

__all__ = [
    "REMOVE_DELETE_MARKER",
    "RESTORE_VERSION",
    "plan_block_public_access",
    "plan_create_bucket",
    "plan_destroy_bucket",
    "plan_end_uploads",
    "plan_ensure_bucket",
    "plan_harden",
    "plan_put",
    "plan_rm",
    "plan_set_encryption",
    "plan_set_lifecycle",
    "plan_set_ownership",
    "plan_set_public_access",
    "plan_set_tags",
    "plan_set_versioning",
    "plan_undelete",
]
