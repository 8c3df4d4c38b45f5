"""One table a service: for each AWS operation used, is it a read, its IAM actions, its ARN template.

The read-only gate lets through what the table calls a read and nothing else; planners take their
``iam_actions`` from it; an access-denied message names the action from it. A service adds its rows
here when it adds its getter.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceOperation:
    """What is known of one AWS operation.

    ``arn_template`` is filled from the environment (``{partition}``, ``{region}``, ``{account}``) and
    from the call's own parameters (``{Bucket}``); ``call_resources`` does that. ``is_repeatable`` is false
    for what must not be sent again after an answer was lost, because a second time would do it twice.
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
_EC2 = "arn:{partition}:ec2:{region}:{account}"
_TABLE = "arn:{partition}:dynamodb:{region}:{account}:table/{TableName}"
_NEW_TABLE = "arn:{partition}:dynamodb:{region}:{account}:table/{TargetTableName}"
# These have no names of their own in a call: the parameter is the ARN.
_BACKUP_OF_TABLE = "arn:{partition}:dynamodb:{region}:{account}:table/*/backup/{BackupArn}"
_EXPORT_OF_TABLE = "arn:{partition}:dynamodb:{region}:{account}:table/*/export/{ExportArn}"
_IMPORT_OF_TABLE = "arn:{partition}:dynamodb:{region}:{account}:table/*/import/{ImportArn}"
# What IAM asks besides of who restores a table, about the new one.
_FILLING_A_TABLE = (
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
)
_EVERY_TABLE = "arn:{partition}:dynamodb:{region}:{account}:table/*"
_RDS = "arn:{partition}:rds:{region}:{account}"
# Secrets Manager puts six characters of its own after a secret's name.
_SECRETS_BY_ID = "arn:{partition}:secretsmanager:{region}:{account}:secret:{SecretId}-??????"
_SECRETS_BY_NAME = "arn:{partition}:secretsmanager:{region}:{account}:secret:{Name}-??????"

SERVICE_OPERATIONS: Mapping[str, Mapping[str, ServiceOperation]] = {
    "sts": {
        "GetCallerIdentity": _read("sts:GetCallerIdentity", arn="*"),
        "AssumeRole": _write("sts:AssumeRole", arn="arn:{partition}:iam::{account}:role/{RoleArn}"),
    },
    "s3": {
        "ListBuckets": _read("s3:ListAllMyBuckets", arn="*"),
        "HeadBucket": _read("s3:ListBucket", arn=_BUCKET),
        "GetBucketLocation": _read("s3:GetBucketLocation", arn=_BUCKET),
        "ListObjects": _read("s3:ListBucket", arn=_BUCKET),  # boto3's resource lists with this one
        "ListObjectsV2": _read("s3:ListBucket", arn=_BUCKET),
        "ListObjectVersions": _read("s3:ListBucketVersions", arn=_BUCKET),
        "ListMultipartUploads": _read("s3:ListBucketMultipartUploads", arn=_BUCKET),
        "ListParts": _read("s3:ListMultipartUploadParts", arn=_OBJECT),
        "HeadObject": _read("s3:GetObject", arn=_OBJECT),
        "GetObject": _read("s3:GetObject", arn=_OBJECT),
        "GetBucketTagging": _read("s3:GetBucketTagging", arn=_BUCKET),
        "GetObjectTagging": _read("s3:GetObjectTagging", arn=_OBJECT),
        "GetBucketVersioning": _read("s3:GetBucketVersioning", arn=_BUCKET),
        "GetBucketEncryption": _read("s3:GetEncryptionConfiguration", arn=_BUCKET),
        "GetPublicAccessBlock": _read("s3:GetBucketPublicAccessBlock", arn=_BUCKET),
        "GetBucketPolicyStatus": _read("s3:GetBucketPolicyStatus", arn=_BUCKET),
        "GetBucketOwnershipControls": _read("s3:GetBucketOwnershipControls", arn=_BUCKET),
        "GetBucketLifecycleConfiguration": _read("s3:GetLifecycleConfiguration", arn=_BUCKET),
        "CreateBucket": _write("s3:CreateBucket", arn=_BUCKET),
        "DeleteBucket": _write("s3:DeleteBucket", arn=_BUCKET),
        "PutObject": _write("s3:PutObject", arn=_OBJECT),
        "CreateMultipartUpload": _write("s3:PutObject", arn=_OBJECT),
        "UploadPart": _write("s3:PutObject", arn=_OBJECT),
        "CompleteMultipartUpload": _write("s3:PutObject", arn=_OBJECT),
        "AbortMultipartUpload": _write("s3:AbortMultipartUpload", arn=_OBJECT),
        # Copied are versions of an object on top of it, so that both ends are the same object.
        "CopyObject": _write(
            "s3:GetObjectVersion",
            "s3:GetObjectVersionTagging",
            "s3:PutObject",
            "s3:PutObjectTagging",
            arn=_OBJECT,
            is_repeatable=False,
        ),
        "DeleteObject": _write("s3:DeleteObject", arn=_OBJECT),
        "DeleteObjects": _write("s3:DeleteObject", "s3:DeleteObjectVersion", arn=_EVERY_OBJECT),
        "PutBucketTagging": _write("s3:PutBucketTagging", arn=_BUCKET),
        "DeleteBucketTagging": _write("s3:PutBucketTagging", arn=_BUCKET),
        "PutObjectTagging": _write("s3:PutObjectTagging", arn=_OBJECT),
        "DeleteObjectTagging": _write("s3:DeleteObjectTagging", arn=_OBJECT),
        "PutBucketVersioning": _write("s3:PutBucketVersioning", arn=_BUCKET),
        "PutBucketEncryption": _write("s3:PutEncryptionConfiguration", arn=_BUCKET),
        "DeleteBucketEncryption": _write("s3:PutEncryptionConfiguration", arn=_BUCKET),
        "PutPublicAccessBlock": _write("s3:PutBucketPublicAccessBlock", arn=_BUCKET),
        "DeletePublicAccessBlock": _write("s3:PutBucketPublicAccessBlock", arn=_BUCKET),
        "PutBucketOwnershipControls": _write("s3:PutBucketOwnershipControls", arn=_BUCKET),
        "DeleteBucketOwnershipControls": _write("s3:PutBucketOwnershipControls", arn=_BUCKET),
        "PutBucketLifecycleConfiguration": _write("s3:PutLifecycleConfiguration", arn=_BUCKET),
        "DeleteBucketLifecycle": _write("s3:PutLifecycleConfiguration", arn=_BUCKET),
    },
    "ec2": {
        **{
            operation: _read(f"ec2:{operation}", arn="*")
            for operation in (
                "DescribeAvailabilityZones",
                "DescribeInstanceAttribute",
                "DescribeInstances",
                "DescribeNetworkInterfaces",
                "DescribeRegions",
                "DescribeSecurityGroups",
                "DescribeSubnets",
                "DescribeTags",
                "DescribeVolumes",
                "DescribeVpcs",
            )
        },
        "StartInstances": _write("ec2:StartInstances", arn=f"{_EC2}:instance/*"),
        "StopInstances": _write("ec2:StopInstances", arn=f"{_EC2}:instance/*"),
        "RebootInstances": _write("ec2:RebootInstances", arn=f"{_EC2}:instance/*", is_repeatable=False),
        "TerminateInstances": _write("ec2:TerminateInstances", arn=f"{_EC2}:instance/*"),
        "CreateTags": _write("ec2:CreateTags", arn=f"{_EC2}:*/*"),
        "DeleteTags": _write("ec2:DeleteTags", arn=f"{_EC2}:*/*"),
    },
    "dynamodb": {
        "ListTables": _read("dynamodb:ListTables", arn="*"),
        "DescribeTable": _read("dynamodb:DescribeTable", arn=_TABLE),
        "DescribeTimeToLive": _read("dynamodb:DescribeTimeToLive", arn=_TABLE),
        "DescribeContinuousBackups": _read("dynamodb:DescribeContinuousBackups", arn=_TABLE),
        "ListTagsOfResource": _read("dynamodb:ListTagsOfResource", arn=_EVERY_TABLE),
        "ListBackups": _read("dynamodb:ListBackups", arn="*"),
        "DescribeBackup": _read("dynamodb:DescribeBackup", arn=_BACKUP_OF_TABLE),
        "ListExports": _read("dynamodb:ListExports", arn="*"),
        "DescribeExport": _read("dynamodb:DescribeExport", arn=_EXPORT_OF_TABLE),
        "ListImports": _read("dynamodb:ListImports", arn="*"),
        "DescribeImport": _read("dynamodb:DescribeImport", arn=_IMPORT_OF_TABLE),
        "GetItem": _read("dynamodb:GetItem", arn=_TABLE),
        "Query": _read("dynamodb:Query", arn=_TABLE),
        "Scan": _read("dynamodb:Scan", arn=_TABLE),
        "BatchGetItem": _read("dynamodb:BatchGetItem", arn=_EVERY_TABLE),
        "TransactGetItems": _read("dynamodb:GetItem", arn=_EVERY_TABLE),
        "CreateTable": _write("dynamodb:CreateTable", arn=_TABLE),
        "DeleteTable": _write("dynamodb:DeleteTable", arn=_TABLE),
        # What is so already is refused: a second time would hide that the first one did it.
        "UpdateTable": _write("dynamodb:UpdateTable", arn=_TABLE, is_repeatable=False),
        "UpdateTimeToLive": _write("dynamodb:UpdateTimeToLive", arn=_TABLE, is_repeatable=False),
        "UpdateContinuousBackups": _write("dynamodb:UpdateContinuousBackups", arn=_TABLE),
        # A second backup may have the name of the first one.
        "CreateBackup": _write("dynamodb:CreateBackup", arn=_TABLE, is_repeatable=False),
        "DeleteBackup": _write("dynamodb:DeleteBackup", arn=_BACKUP_OF_TABLE),
        "RestoreTableFromBackup": _write(
            "dynamodb:RestoreTableFromBackup", *_FILLING_A_TABLE, arn=_NEW_TABLE, is_repeatable=False
        ),
        "RestoreTableToPointInTime": _write(
            "dynamodb:RestoreTableToPointInTime", *_FILLING_A_TABLE, arn=_NEW_TABLE, is_repeatable=False
        ),
        # Both have a client token, so that a second time is the first.
        "ExportTableToPointInTime": _write(
            "dynamodb:ExportTableToPointInTime",
            arn="arn:{partition}:dynamodb:{region}:{account}:table/{TableArn}",
        ),
        "ImportTable": _write("dynamodb:ImportTable", arn=_EVERY_TABLE),
        "PutItem": _write("dynamodb:PutItem", arn=_TABLE),
        # An update may count: a second time it would count twice.
        "UpdateItem": _write("dynamodb:UpdateItem", arn=_TABLE, is_repeatable=False),
        "DeleteItem": _write("dynamodb:DeleteItem", arn=_TABLE),
        "BatchWriteItem": _write("dynamodb:BatchWriteItem", arn=_EVERY_TABLE),
        # Botocore gives each call a client token, so that a second time is the first.
        "TransactWriteItems": _write(
            "dynamodb:ConditionCheckItem",
            "dynamodb:DeleteItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            arn=_EVERY_TABLE,
        ),
    },
    "rds": {
        "DescribeDBInstances": _read("rds:DescribeDBInstances", arn=f"{_RDS}:db:*"),
        "DescribeDBClusters": _read("rds:DescribeDBClusters", arn=f"{_RDS}:cluster:*"),
        "DescribeDBSnapshots": _read("rds:DescribeDBSnapshots", arn=f"{_RDS}:snapshot:*"),
        "DescribeDBClusterSnapshots": _read(
            "rds:DescribeDBClusterSnapshots", arn=f"{_RDS}:cluster-snapshot:*"
        ),
        "ListTagsForResource": _read("rds:ListTagsForResource", arn=f"{_RDS}:*"),
        "StartDBInstance": _write("rds:StartDBInstance", arn=f"{_RDS}:db:{{DBInstanceIdentifier}}"),
        "StopDBInstance": _write("rds:StopDBInstance", arn=f"{_RDS}:db:{{DBInstanceIdentifier}}"),
        "RebootDBInstance": _write(
            "rds:RebootDBInstance", arn=f"{_RDS}:db:{{DBInstanceIdentifier}}", is_repeatable=False
        ),
        "StartDBCluster": _write("rds:StartDBCluster", arn=f"{_RDS}:cluster:{{DBClusterIdentifier}}"),
        "StopDBCluster": _write("rds:StopDBCluster", arn=f"{_RDS}:cluster:{{DBClusterIdentifier}}"),
        "RebootDBCluster": _write(
            "rds:RebootDBCluster", arn=f"{_RDS}:cluster:{{DBClusterIdentifier}}", is_repeatable=False
        ),
        "CreateDBSnapshot": _write("rds:CreateDBSnapshot", arn=f"{_RDS}:snapshot:{{DBSnapshotIdentifier}}"),
        "DeleteDBSnapshot": _write("rds:DeleteDBSnapshot", arn=f"{_RDS}:snapshot:{{DBSnapshotIdentifier}}"),
        "CreateDBClusterSnapshot": _write(
            "rds:CreateDBClusterSnapshot", arn=f"{_RDS}:cluster-snapshot:{{DBClusterSnapshotIdentifier}}"
        ),
        "DeleteDBClusterSnapshot": _write(
            "rds:DeleteDBClusterSnapshot", arn=f"{_RDS}:cluster-snapshot:{{DBClusterSnapshotIdentifier}}"
        ),
        "AddTagsToResource": _write("rds:AddTagsToResource", arn=f"{_RDS}:*"),
        "RemoveTagsFromResource": _write("rds:RemoveTagsFromResource", arn=f"{_RDS}:*"),
    },
    "secretsmanager": {
        "ListSecrets": _read("secretsmanager:ListSecrets", arn="*"),
        "DescribeSecret": _read("secretsmanager:DescribeSecret", arn=_SECRETS_BY_ID),
        "GetSecretValue": _read("secretsmanager:GetSecretValue", arn=_SECRETS_BY_ID),
        "ListSecretVersionIds": _read("secretsmanager:ListSecretVersionIds", arn=_SECRETS_BY_ID),
        "CreateSecret": _write("secretsmanager:CreateSecret", arn=_SECRETS_BY_NAME),
        "PutSecretValue": _write("secretsmanager:PutSecretValue", arn=_SECRETS_BY_ID),
        "UpdateSecretVersionStage": _write("secretsmanager:UpdateSecretVersionStage", arn=_SECRETS_BY_ID),
        "DeleteSecret": _write("secretsmanager:DeleteSecret", arn=_SECRETS_BY_ID),
        "RestoreSecret": _write("secretsmanager:RestoreSecret", arn=_SECRETS_BY_ID),
        "TagResource": _write("secretsmanager:TagResource", arn=_SECRETS_BY_ID),
        "UntagResource": _write("secretsmanager:UntagResource", arn=_SECRETS_BY_ID),
    },
    "organizations": {
        **{
            operation: _read(f"organizations:{operation}", arn="*")
            for operation in (
                "DescribeOrganization",
                "ListAccounts",
                "ListAccountsForParent",
                "ListOrganizationalUnitsForParent",
                "ListRoots",
            )
        },
    },
    "iam": {
        "GetRole": _read("iam:GetRole", arn="arn:{partition}:iam::{account}:role/{RoleName}"),
        "ListAccountAliases": _read("iam:ListAccountAliases", arn="*"),
        "SimulatePrincipalPolicy": _read("iam:SimulatePrincipalPolicy", arn="*"),
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
