"""What a call acts on: the ARNs of its resources, found in its parameters.

Most calls name their one resource, and the template of ``service_operations`` says where. What names
several, or names them in a way of its own, has a function here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from string import Formatter
from typing import Any, Final
from urllib.parse import unquote

from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.ec2_arns import ec2_arn, type_of_id
from aws_interactions.service_operations import find_operation

_Parameters = Mapping[str, Any]
_Finder = Callable[[_Parameters, AwsEnvironment], Iterable[str]]

ANY_RESOURCE: Final = "*"
"""Stands for calls that act on no resource of their own, such as lists, or whose resource is not known."""

# Secrets Manager puts six characters of its own after a name.
_AFTER_A_NAME: Final = "-??????"


def resource_arns(
    service_name: str, operation_name: str, parameters: Mapping[str, Any], environment: AwsEnvironment
) -> tuple[str, ...]:
    """Return the ARNs that a call acts on, each once, in order; ``*`` for one that has none of its own.

    ``parameters`` are those that botocore sends, checked by it. An account of ``environment`` that is not
    known may be ``*``. A parameter that holds an ARN, as most services take in place of a name, is that
    ARN. After the name of a secret come ``?`` for the characters that AWS puts there. An operation without
    a row gives ``*``.
    """
    find = _FINDERS.get((service_name, operation_name))
    found = () if find is None else tuple(dict.fromkeys(find(parameters, environment)))
    return found or (_from_template(service_name, operation_name, parameters, environment),)


def _from_template(
    service_name: str, operation_name: str, parameters: _Parameters, environment: AwsEnvironment
) -> str:
    operation = find_operation(service_name, operation_name)
    if operation is None:
        return ANY_RESOURCE
    template = operation.arn_template
    places = _places(template)
    values = [str(parameters.get(place, ANY_RESOURCE)) for place in places]
    if values and values[0].startswith("arn:"):
        # Through an access point of S3, the key comes after the ARN.
        return "/object/".join(values)
    return template.format(
        partition=environment.partition,
        region=environment.aws_region,
        account=environment.aws_account,
        **dict(zip(places, values, strict=True)),
    )


@cache
def _places(template: str) -> tuple[str, ...]:
    """Return the parameters that a template has places for."""
    places = (place for _, place, _, _ in Formatter().parse(template) if place)
    return tuple(place for place in places if place not in {"partition", "region", "account"})


def _regional(service_name: str, rest: str, environment: AwsEnvironment) -> str:
    place = f"{environment.aws_region}:{environment.aws_account}"
    return f"arn:{environment.partition}:{service_name}:{place}:{rest}"


def _s3_object(bucket: str, key: str, environment: AwsEnvironment) -> str:
    if bucket.startswith("arn:"):
        return f"{bucket}/object/{key}"
    return f"arn:{environment.partition}:s3:::{bucket}/{key}"


def _deleted_objects(parameters: _Parameters, environment: AwsEnvironment) -> Iterator[str]:
    for item in parameters["Delete"]["Objects"]:
        yield _s3_object(parameters["Bucket"], item["Key"], environment)


def _copied_objects(parameters: _Parameters, environment: AwsEnvironment) -> Iterator[str]:
    yield _s3_object(parameters["Bucket"], parameters["Key"], environment)
    source = parameters["CopySource"]
    if isinstance(source, Mapping):
        yield _s3_object(source["Bucket"], source["Key"], environment)
        return
    named = unquote(source.partition("?versionId=")[0]).removeprefix("/")
    if named.startswith("arn:"):
        yield named
    else:
        bucket, _, key = named.partition("/")
        yield _s3_object(bucket, key, environment)


def _ec2_instances(parameters: _Parameters, environment: AwsEnvironment) -> Iterator[str]:
    for instance_id in parameters["InstanceIds"]:
        yield ec2_arn("instance", instance_id, environment)


def _ec2_tagged(parameters: _Parameters, environment: AwsEnvironment) -> Iterator[str]:
    for resource_id in parameters["Resources"]:
        yield ec2_arn(type_of_id(resource_id) or "*", resource_id, environment)


def _dynamodb_table(table: str, environment: AwsEnvironment) -> str:
    return table if table.startswith("arn:") else _regional("dynamodb", f"table/{table}", environment)


def _dynamodb_index(parameters: _Parameters, environment: AwsEnvironment) -> Iterator[str]:
    table = _dynamodb_table(parameters["TableName"], environment)
    yield table
    if "IndexName" in parameters:
        yield f"{table}/index/{parameters['IndexName']}"


def _dynamodb_batch(parameters: _Parameters, environment: AwsEnvironment) -> Iterator[str]:
    for table in parameters["RequestItems"]:
        yield _dynamodb_table(table, environment)


def _restored_table(source: str) -> _Finder:
    def find(parameters: _Parameters, environment: AwsEnvironment) -> Iterator[str]:
        yield _dynamodb_table(parameters["TargetTableName"], environment)
        restored = parameters.get(source) or parameters.get("SourceTableArn")
        if restored:
            yield _dynamodb_table(restored, environment)

    return find


def _imported_table(parameters: _Parameters, environment: AwsEnvironment) -> Iterator[str]:
    yield _dynamodb_table(parameters["TableCreationParameters"]["TableName"], environment)


def _dynamodb_transaction(parameters: _Parameters, environment: AwsEnvironment) -> Iterator[str]:
    for item in parameters["TransactItems"]:
        for part in item.values():
            yield _dynamodb_table(part["TableName"], environment)


def _by_resource_arn(parameters: _Parameters, _: AwsEnvironment) -> Iterator[str]:
    yield parameters["ResourceArn"]


def _rds_tagged(parameters: _Parameters, _: AwsEnvironment) -> Iterator[str]:
    yield parameters["ResourceName"]


def _rds(*kinds: tuple[str, str]) -> _Finder:
    """Return a finder of the RDS resources of these kinds, each with the parameter that names one."""

    def find(parameters: _Parameters, environment: AwsEnvironment) -> Iterator[str]:
        for kind, parameter in kinds:
            # RDS keeps names in lower case.
            name = str(parameters.get(parameter, ANY_RESOURCE)).lower()
            yield name if name.startswith("arn:") else _regional("rds", f"{kind}:{name}", environment)

    return find


def _secret(parameter: str) -> _Finder:
    def find(parameters: _Parameters, environment: AwsEnvironment) -> Iterator[str]:
        yield _secret_arn(parameters[parameter], environment)

    return find


def _listed_secrets(parameters: _Parameters, environment: AwsEnvironment) -> Iterator[str]:
    for secret in parameters.get("SecretIdList", ()):
        yield _secret_arn(secret, environment)


def _secret_arn(secret: str, environment: AwsEnvironment) -> str:
    if secret.startswith("arn:"):
        return secret
    return _regional("secretsmanager", f"secret:{secret}{_AFTER_A_NAME}", environment)


_INSTANCE: Final = ("db", "DBInstanceIdentifier")
_CLUSTER: Final = ("cluster", "DBClusterIdentifier")
_SNAPSHOT: Final = ("snapshot", "DBSnapshotIdentifier")
_CLUSTER_SNAPSHOT: Final = ("cluster-snapshot", "DBClusterSnapshotIdentifier")

_FINDERS: Final[Mapping[tuple[str, str], _Finder]] = {
    ("s3", "DeleteObjects"): _deleted_objects,
    ("s3", "CopyObject"): _copied_objects,
    ("s3", "UploadPartCopy"): _copied_objects,
    **dict.fromkeys(
        (
            ("ec2", f"{verb}Instances")
            for verb in ("Start", "Stop", "Reboot", "Terminate", "Monitor", "Unmonitor")
        ),
        _ec2_instances,
    ),
    ("ec2", "CreateTags"): _ec2_tagged,
    ("ec2", "DeleteTags"): _ec2_tagged,
    ("dynamodb", "Query"): _dynamodb_index,
    ("dynamodb", "Scan"): _dynamodb_index,
    ("dynamodb", "BatchGetItem"): _dynamodb_batch,
    ("dynamodb", "BatchWriteItem"): _dynamodb_batch,
    ("dynamodb", "RestoreTableFromBackup"): _restored_table("BackupArn"),
    ("dynamodb", "RestoreTableToPointInTime"): _restored_table("SourceTableName"),
    ("dynamodb", "ImportTable"): _imported_table,
    ("dynamodb", "TransactGetItems"): _dynamodb_transaction,
    ("dynamodb", "TransactWriteItems"): _dynamodb_transaction,
    **dict.fromkeys(
        (("dynamodb", name) for name in ("ListTagsOfResource", "TagResource", "UntagResource")),
        _by_resource_arn,
    ),
    **dict.fromkeys(
        (("rds", name) for name in ("AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource")),
        _rds_tagged,
    ),
    ("rds", "DescribeDBInstances"): _rds(_INSTANCE),
    ("rds", "DescribeDBClusters"): _rds(_CLUSTER),
    ("rds", "DescribeDBSnapshots"): _rds(_SNAPSHOT),
    ("rds", "DescribeDBClusterSnapshots"): _rds(_CLUSTER_SNAPSHOT),
    **dict.fromkeys(
        (("rds", f"{verb}DBInstance") for verb in ("Start", "Stop", "Reboot", "Modify", "Delete")),
        _rds(_INSTANCE),
    ),
    **dict.fromkeys(
        (("rds", f"{verb}DBCluster") for verb in ("Start", "Stop", "Reboot", "Modify", "Delete")),
        _rds(_CLUSTER),
    ),
    # A snapshot is made of something, and IAM asks about both.
    ("rds", "CreateDBSnapshot"): _rds(_SNAPSHOT, _INSTANCE),
    ("rds", "CreateDBClusterSnapshot"): _rds(_CLUSTER_SNAPSHOT, _CLUSTER),
    ("rds", "DeleteDBSnapshot"): _rds(_SNAPSHOT),
    ("rds", "DeleteDBClusterSnapshot"): _rds(_CLUSTER_SNAPSHOT),
    ("secretsmanager", "CreateSecret"): _secret("Name"),
    ("secretsmanager", "BatchGetSecretValue"): _listed_secrets,
    **dict.fromkeys(
        (
            ("secretsmanager", name)
            for name in (
                "DescribeSecret",
                "GetSecretValue",
                "ListSecretVersionIds",
                "PutSecretValue",
                "UpdateSecret",
                "UpdateSecretVersionStage",
                "DeleteSecret",
                "RestoreSecret",
                "TagResource",
                "UntagResource",
            )
        ),
        _secret("SecretId"),
    ),
}
