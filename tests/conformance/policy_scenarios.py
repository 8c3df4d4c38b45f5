"""Runs whose policies are put to the proof: what each needs, and how all is again as it was before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import (
    KeyAttribute,
    TableIndex,
    TableSpec,
    create_table,
    wait_for_table,
)
from tests.conformance.stage import fresh
from tests.conformance.tables import make_table

Names = Mapping[str, str]
Make = Callable[[AwsClientProvider], Names]
Reset = Callable[[AwsClientProvider, Names], None]


def nothing(_root: AwsClientProvider, _names: Names) -> None:
    """Leave everything as it is: the run can be done again."""


@dataclass(frozen=True)
class Scenario:
    """A run: what it needs, how all is again as it was before it, and the command lines."""

    make: Make
    lines: tuple[str, ...]
    reset: Reset = nothing
    stdin: str = ""
    overlooked: frozenset[str] = frozenset()
    """Actions that ministack does not ask for."""
    unscoped: frozenset[str] = frozenset()
    """Actions that ministack asks for on ``*``, where AWS does on an ARN."""


def bucket(root: AwsClientProvider) -> Names:
    name = fresh("bucket")
    root.get_s3().create_bucket(Bucket=name)
    return {"bucket": name}


def bucket_with_objects(root: AwsClientProvider) -> Names:
    names = bucket(root)
    objects_again(root, names)
    return names


def objects_again(root: AwsClientProvider, names: Names) -> None:
    root.get_s3().delete_object(Bucket=names["bucket"], Key="new")
    for key in ("a", "c", "b"):
        root.get_s3().put_object(Bucket=names["bucket"], Key=key, Body=b"content")
        root.get_s3().delete_object_tagging(Bucket=names["bucket"], Key=key)


def no_bucket(_root: AwsClientProvider) -> Names:
    return {"bucket": fresh("bucket")}


def no_bucket_again(root: AwsClientProvider, names: Names) -> None:
    for found in root.get_s3().list_buckets()["Buckets"]:
        if found["Name"] == names["bucket"]:
            root.get_s3().delete_bucket(Bucket=names["bucket"])


def untagged_bucket(root: AwsClientProvider, names: Names) -> None:
    root.get_s3().delete_bucket_tagging(Bucket=names["bucket"])


def default_encryption(root: AwsClientProvider, names: Names) -> None:
    root.get_s3().delete_bucket_encryption(Bucket=names["bucket"])


def unversioned_bucket(root: AwsClientProvider, names: Names) -> None:
    # What once was enabled can only be suspended, and that differs from it as well.
    found = root.get_s3().get_bucket_versioning(Bucket=names["bucket"])
    if "Status" in found:
        root.get_s3().put_bucket_versioning(
            Bucket=names["bucket"], VersioningConfiguration={"Status": "Suspended"}
        )


def bucket_with_versions_again(root: AwsClientProvider, names: Names) -> None:
    s3, held = root.get_s3(), root.get_s3().list_buckets()["Buckets"]
    if names["bucket"] in {each["Name"] for each in held}:
        return
    s3.create_bucket(Bucket=names["bucket"])
    s3.put_bucket_versioning(Bucket=names["bucket"], VersioningConfiguration={"Status": "Enabled"})
    # The same ones each time, but for their versions.
    for _ in range(2):
        s3.put_object(Bucket=names["bucket"], Key="a", Body=b"content")


def instance(root: AwsClientProvider) -> Names:
    made = root.get_ec2().run_instances(
        ImageId="ami-12345678", InstanceType="t3.micro", MinCount=1, MaxCount=1
    )
    return {"instance": made["Instances"][0]["InstanceId"]}


def instance_running(root: AwsClientProvider, names: Names) -> None:
    root.get_ec2().start_instances(InstanceIds=[names["instance"]])


def table(root: AwsClientProvider) -> Names:
    index = TableIndex("by-day", (KeyAttribute("day", "S"),))
    name = make_table(root, KeyAttribute("customer", "S"), indexes=(index,))
    return {"table": name}


def empty_table(root: AwsClientProvider, names: Names) -> None:
    for customer in ("c-1", "c-2"):
        root.get_dynamodb().delete_item(TableName=names["table"], Key={"customer": {"S": customer}})


def untagged_instance(root: AwsClientProvider, names: Names) -> None:
    root.get_ec2().delete_tags(Resources=[names["instance"]], Tags=[{"Key": "team"}])


def full_table(root: AwsClientProvider, names: Names) -> None:
    item = {"customer": {"S": "c-1"}, "day": {"S": "monday"}}
    root.get_dynamodb().put_item(TableName=names["table"], Item=item)


def table_again(root: AwsClientProvider, names: Names) -> None:
    if names["table"] not in root.get_dynamodb().list_tables()["TableNames"]:
        spec = TableSpec(names["table"], (KeyAttribute("customer", "S"),))
        create_table(spec, root)
        wait_for_table(spec.name, "active", root, timeout=10, interval=0.02)


def secret(root: AwsClientProvider) -> Names:
    name = fresh("team/secret")
    root.get_secretsmanager().create_secret(Name=name, SecretString="correct horse")
    return {"secret": name}


def secret_again(root: AwsClientProvider, names: Names) -> None:
    root.get_secretsmanager().put_secret_value(SecretId=names["secret"], SecretString="correct horse")


def secret_restored(root: AwsClientProvider, names: Names) -> None:
    if "DeletedDate" in root.get_secretsmanager().describe_secret(SecretId=names["secret"]):
        root.get_secretsmanager().restore_secret(SecretId=names["secret"])


def secret_untagged(root: AwsClientProvider, names: Names) -> None:
    root.get_secretsmanager().untag_resource(SecretId=names["secret"], TagKeys=["team"])


def no_secret(_root: AwsClientProvider) -> Names:
    return {"secret": fresh("team/secret")}


def no_secret_again(root: AwsClientProvider, names: Names) -> None:
    held = root.get_secretsmanager().list_secrets()["SecretList"]
    if names["secret"] in {each["Name"] for each in held}:
        root.get_secretsmanager().delete_secret(SecretId=names["secret"], ForceDeleteWithoutRecovery=True)


def database(root: AwsClientProvider) -> Names:
    name = fresh("db")
    root.get_rds().create_db_instance(
        DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20
    )
    return {"database": name}


def database_running(root: AwsClientProvider, names: Names) -> None:
    found = root.get_rds().describe_db_instances(DBInstanceIdentifier=names["database"])
    if found["DBInstances"][0]["DBInstanceStatus"] == "stopped":
        root.get_rds().start_db_instance(DBInstanceIdentifier=names["database"])


def user(root: AwsClientProvider) -> Names:
    return {"user": root.get_iam().create_user(UserName=fresh("user"))["User"]["Arn"]}


def without_snapshots(root: AwsClientProvider, names: Names) -> None:
    for found in root.get_rds().describe_db_snapshots()["DBSnapshots"]:
        if found["DBInstanceIdentifier"] == names["database"]:
            root.get_rds().delete_db_snapshot(DBSnapshotIdentifier=found["DBSnapshotIdentifier"])


def untagged_database(root: AwsClientProvider, names: Names) -> None:
    (found,) = root.get_rds().describe_db_instances(DBInstanceIdentifier=names["database"])["DBInstances"]
    root.get_rds().remove_tags_from_resource(ResourceName=found["DBInstanceArn"], TagKeys=["team"])


ITEM = """'{"customer": "c-1", "day": "monday"}'"""
KEY = """'{"customer": "c-1"}'"""
LINES_OF_ITEMS = '{"put": {"customer": "c-1", "day": "monday"}}\n{"delete": {"customer": "c-2"}}\n'

# AWS says 404 of an object that is not there to those alone who may list the bucket.
LISTING = frozenset({"s3:ListBucket"})

SCENARIOS = {
    "s3 create": Scenario(no_bucket, ("s3 create $bucket",), no_bucket_again),
    "s3 ls, status": Scenario(bucket_with_objects, ("s3 ls", "s3 ls $bucket")),
    "s3 get": Scenario(bucket_with_objects, ("s3 get $bucket c got --overwrite",)),
    "s3 put": Scenario(
        bucket_with_objects, ("s3 put file.txt $bucket new",), objects_again, overlooked=LISTING
    ),
    "s3 put --overwrite": Scenario(
        bucket_with_objects, ("s3 put file.txt $bucket a --overwrite --yes",), objects_again
    ),
    "s3 rm": Scenario(bucket_with_objects, ("s3 rm $bucket a c --yes",), objects_again),
    "s3 tags": Scenario(
        bucket, ("s3 tags set $bucket team=red --yes", "s3 tags get $bucket"), untagged_bucket
    ),
    "s3 tags --key": Scenario(
        bucket_with_objects, ("s3 tags set $bucket team=red --key a --yes",), objects_again
    ),
    "s3 versioning": Scenario(bucket, ("s3 versioning set $bucket enabled --yes",), unversioned_bucket),
    "s3 encryption": Scenario(
        bucket, ("s3 encryption set $bucket aws:kms --kms-key alias/own --yes",), default_encryption
    ),
    "s3 destroy": Scenario(no_bucket, ("s3 destroy $bucket --yes",), bucket_with_versions_again),
    "ec2 stop": Scenario(instance, ("ec2 stop $instance --yes",), instance_running),
    "ec2 list": Scenario(instance, ("ec2 list",)),
    "ec2 reboot": Scenario(instance, ("ec2 reboot $instance --yes",), instance_running),
    "dynamodb put": Scenario(table, (f"dynamodb put $table {ITEM} --yes",), empty_table),
    "dynamodb tables, get": Scenario(table, ("dynamodb tables", f"dynamodb get $table {KEY}"), full_table),
    "dynamodb query": Scenario(
        table, ('dynamodb query $table \'{"day": "monday"}\' --index by-day',), full_table
    ),
    "dynamodb update": Scenario(
        table, (f"dynamodb update $table {KEY} --set 'day=\"friday\"' --yes",), full_table
    ),
    "dynamodb delete": Scenario(table, (f"dynamodb delete $table {KEY} --yes",), full_table),
    "dynamodb batch-write": Scenario(
        table, ("dynamodb batch-write $table - --overwrite --yes",), empty_table, stdin=LINES_OF_ITEMS
    ),
    "dynamodb drop": Scenario(table, ("dynamodb drop $table --yes",), table_again),
    "secrets create": Scenario(
        no_secret, ("secrets create $secret --stdin",), no_secret_again, stdin="a value"
    ),
    "secrets put": Scenario(
        secret, ("secrets put $secret --stdin --yes",), secret_again, stdin="a new value"
    ),
    "secrets delete": Scenario(secret, ("secrets delete $secret --yes",), secret_restored),
    "secrets tags": Scenario(secret, ("secrets tags set $secret team=red --yes",), secret_untagged),
    "secrets get": Scenario(secret, ("secrets list", "secrets get $secret")),
    "rds stop": Scenario(database, ("rds stop $database --kind instance --yes",), database_running),
    "rds list": Scenario(
        database, ("rds list",), unscoped=frozenset({"rds:DescribeDBClusters", "rds:DescribeDBInstances"})
    ),
    "rds tags": Scenario(
        database,
        ("rds tags set $database team=red --kind instance --yes",),
        untagged_database,
        unscoped=frozenset({"rds:AddTagsToResource", "rds:ListTagsForResource"}),
    ),
    "rds snapshots": Scenario(
        database,
        ("rds snapshots create $database before --kind instance --yes", "rds snapshots delete before --yes"),
        without_snapshots,
        unscoped=frozenset(
            {"rds:DeleteDBSnapshot", "rds:DescribeDBClusterSnapshots", "rds:DescribeDBSnapshots"}
        ),
    ),
    "ec2 tag": Scenario(
        instance,
        ("ec2 tag $instance team=red --yes",),
        untagged_instance,
        unscoped=frozenset({"ec2:CreateTags"}),
    ),
    "iam can-i": Scenario(
        user,
        ("iam can-i s3:GetObject --as $user",),
        unscoped=frozenset({"iam:SimulatePrincipalPolicy"}),
    ),
}
