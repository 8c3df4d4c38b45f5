"""Which permissions a recorded call needs: IAM actions, each on a resource, as AWS checks them.

The table in ``service_operations`` says it of most operations. Here stands what depends on the call: a
version, a tag or a condition that is given along with it, an object that was not there, an index, the parts
of a transaction. The sources are the Service Authorization Reference and the operations' own documentation.

What a service does on the caller's behalf, such as the use of a key of KMS, is no call and is not here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aws_interactions.aws_environment import partition_of_region
from aws_interactions.call_permission_parts import (
    ANY_RESOURCE,
    LOGGING_OF_IMPORTS,
    WRITING_OF_EXPORTS,
    Permission,
    Rule,
    by_the_table,
    literal,
    mapping_in,
    mappings_in,
    table_actions,
    widened_resources,
    without_escapes,
)
from aws_interactions.recorded_calls import RecordedCall
from aws_interactions.s3_call_permissions import S3_RULES
from aws_interactions.service_operations import SERVICE_OPERATIONS, find_operation

__all__ = ["Permission", "is_known", "permissions_of", "widened_resources", "without_escapes"]


def permissions_of(call: RecordedCall) -> tuple[Permission, ...]:
    """Return what an identity needs for a call, each once; nothing for what everybody may do.

    An operation that the table does not know gives the action of its own name. Where the account was not
    known, ``*`` stands for it in the ARNs.
    """
    rule = _RULES.get((call.service, call.operation), by_the_table)
    return tuple(dict.fromkeys(rule(call)))


def is_known(call: RecordedCall) -> bool:
    """Say whether the actions of a call are known; those of an operation without a row are guessed."""
    return find_operation(call.service, call.operation) is not None


_TRANSACTION_ACTIONS: Final = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}


def _nothing(_call: RecordedCall) -> tuple[Permission, ...]:
    return ()


def _index_or_table(call: RecordedCall) -> Iterator[Permission]:
    # A query of an index is checked against the index alone.
    index = call.parameters.get("IndexName")
    tables = dict.fromkeys(arn.partition("/index/")[0] for arn in call.resources)
    for action in table_actions(call):
        for table in tables:
            yield Permission(action, f"{table}/index/{index}" if index else table)


def _transaction(call: RecordedCall) -> Iterator[Permission]:
    # Each part is checked as the operation that it is.
    for part in mappings_in(call.parameters.get("TransactItems")):
        for kind, described in part.items():
            if kind in _TRANSACTION_ACTIONS:
                table = str(mapping_in(described).get("TableName", ANY_RESOURCE))
                resource = table if table.startswith("arn:") else _arn(call, "dynamodb", f"table/{table}")
                yield Permission(_TRANSACTION_ACTIONS[kind], resource)


def _export_to_bucket(call: RecordedCall) -> Iterator[Permission]:
    yield from by_the_table(call)
    # It writes in the name of who asked for it.
    objects = f"{_bucket(call, call.parameters)}/{literal(str(call.parameters.get('S3Prefix', '')))}*"
    for action in WRITING_OF_EXPORTS:
        yield Permission(action, objects)


def _import_from_bucket(call: RecordedCall) -> Iterator[Permission]:
    yield from by_the_table(call)
    source = mapping_in(call.parameters.get("S3BucketSource"))
    bucket = _bucket(call, source)
    yield Permission("s3:ListBucket", bucket)
    yield Permission("s3:GetObject", f"{bucket}/{literal(str(source.get('S3KeyPrefix', '')))}*")
    # There it tells of what it could not import.
    for action, resource in LOGGING_OF_IMPORTS.items():
        yield Permission(action, resource if resource == ANY_RESOURCE else _arn(call, "logs", resource))


def _bucket(call: RecordedCall, named: Mapping[str, Any]) -> str:
    return f"arn:{partition_of_region(call.region)}:s3:::{named.get('S3Bucket', ANY_RESOURCE)}"


def _attribute_description(call: RecordedCall) -> Iterator[Permission]:
    instance = call.parameters.get("InstanceId", ANY_RESOURCE)
    yield Permission("ec2:DescribeInstanceAttribute", _arn(call, "ec2", f"instance/{instance}"))


def _snapshot_description(call: RecordedCall) -> Iterator[Permission]:
    (action,) = table_actions(call)
    yield from by_the_table(call)
    for parameter, kind in (("DBInstanceIdentifier", "db"), ("DBClusterIdentifier", "cluster")):
        if call.parameters.get(parameter):
            yield Permission(action, _database(call, parameter, kind))


def _snapshot_creation(call: RecordedCall) -> Iterator[Permission]:
    yield from by_the_table(call)
    if call.parameters.get("Tags"):
        for arn in call.resources:
            if "snapshot:" in arn:
                yield Permission("rds:AddTagsToResource", arn)


def _instance_stop(call: RecordedCall) -> Iterator[Permission]:
    yield from by_the_table(call)
    if call.parameters.get("DBSnapshotIdentifier"):
        yield Permission("rds:CreateDBSnapshot", _database(call, "DBInstanceIdentifier", "db"))
        yield Permission("rds:CreateDBSnapshot", _database(call, "DBSnapshotIdentifier", "snapshot"))


def _cluster_reboot(call: RecordedCall) -> Iterator[Permission]:
    yield from by_the_table(call)
    # Its members reboot with it, and only the answer to another call names them.
    yield Permission("rds:RebootDBInstance", _arn(call, "rds", "db:*"))


def _database(call: RecordedCall, parameter: str, kind: str) -> str:
    # RDS keeps names in lower case, and ARNs are compared by case.
    name = str(call.parameters[parameter]).lower()
    return name if name.startswith("arn:") else _arn(call, "rds", f"{kind}:{name}")


def _secret(call: RecordedCall) -> Iterator[Permission]:
    # AWS makes the end of the ARN with the secret: what is not there may be checked without.
    is_missing = call.operation == "CreateSecret" or call.code == "ResourceNotFoundException"
    for permission in by_the_table(call):
        start = permission.resource.removesuffix(_ANY_END)
        is_whole = permission.resource == start and _WHOLE_ARN.fullmatch(start) is not None
        if permission.resource == ANY_RESOURCE or is_whole:
            yield permission
            continue
        if is_missing:
            yield Permission(permission.action, start)
        yield Permission(permission.action, start + _ANY_END)


def _role_assumption(call: RecordedCall) -> Iterator[Permission]:
    role = str(call.parameters.get("RoleArn", ANY_RESOURCE))
    return (Permission(permission.action, role) for permission in by_the_table(call))


def _role_lookup(call: RecordedCall) -> Iterator[Permission]:
    # The ARN has the role's path, which the name leaves out.
    for arn in call.resources:
        yield Permission("iam:GetRole", arn)
        yield Permission("iam:GetRole", arn.replace(":role/", ":role/*/"))


def _simulation(call: RecordedCall) -> Iterator[Permission]:
    principal = str(call.parameters.get("PolicySourceArn", ANY_RESOURCE))
    yield Permission("iam:SimulatePrincipalPolicy", principal)


def _arn(call: RecordedCall, service: str, rest: str) -> str:
    partition = partition_of_region(call.region)
    return f"arn:{partition}:{service}:{call.region}:{call.account or ANY_RESOURCE}:{rest}"


_ANY_END: Final = "-??????"
_WHOLE_ARN = re.compile(r"arn:.*-[A-Za-z0-9]{6}")

_RULES: Final[Mapping[tuple[str, str], Rule]] = {
    ("sts", "GetCallerIdentity"): _nothing,
    ("sts", "AssumeRole"): _role_assumption,
    **{("s3", operation): rule for operation, rule in S3_RULES.items()},
    ("ec2", "DescribeInstanceAttribute"): _attribute_description,
    ("dynamodb", "Query"): _index_or_table,
    ("dynamodb", "Scan"): _index_or_table,
    ("dynamodb", "ExportTableToPointInTime"): _export_to_bucket,
    ("dynamodb", "ImportTable"): _import_from_bucket,
    ("dynamodb", "TransactGetItems"): _transaction,
    ("dynamodb", "TransactWriteItems"): _transaction,
    ("rds", "DescribeDBSnapshots"): _snapshot_description,
    ("rds", "DescribeDBClusterSnapshots"): _snapshot_description,
    ("rds", "StopDBInstance"): _instance_stop,
    ("rds", "RebootDBCluster"): _cluster_reboot,
    ("rds", "CreateDBSnapshot"): _snapshot_creation,
    ("rds", "CreateDBClusterSnapshot"): _snapshot_creation,
    ("iam", "GetRole"): _role_lookup,
    ("iam", "SimulatePrincipalPolicy"): _simulation,
    **{
        ("secretsmanager", operation): _secret
        for operation, known in SERVICE_OPERATIONS["secretsmanager"].items()
        if known.arn_template != ANY_RESOURCE
    },
}
