"""The policy that a recording gives: it suffices for the same run, and without any statement it does not.

Each run is recorded as somebody who may do everything; then somebody else has the policy and nothing more.
What IAM of ministack does not look at is in ``docs/not_run_against_aws.md``.
"""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import Template
from subprocess import CompletedProcess
from typing import Any

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import (
    KeyAttribute,
    TableIndex,
    TableSpec,
    create_table,
    wait_for_table,
)
from tests.conformance.stage import ANYTHING, Account, fresh, policy, trust_in, variables_of
from tests.conformance.tables import make_table
from tests.support.program import run_program

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
    "s3 destroy": Scenario(no_bucket, ("s3 destroy $bucket --yes",), bucket_with_versions_again),
    "ec2 stop": Scenario(instance, ("ec2 stop $instance --yes",), instance_running),
    "ec2 list": Scenario(instance, ("ec2 list",)),
    "ec2 reboot": Scenario(instance, ("ec2 reboot $instance --yes",), instance_running),
    "dynamodb put": Scenario(table, (f"dynamodb put $table {ITEM} --yes",), empty_table),
    "dynamodb tables, get": Scenario(table, ("dynamodb tables", f"dynamodb get $table {KEY}"), full_table),
    "dynamodb query": Scenario(
        table, ('dynamodb query $table \'{"day": "monday"}\' --index by-day',), full_table
    ),
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


@dataclass(frozen=True)
class Stage:
    """A scenario with its names, in a folder."""

    scenario: Scenario
    names: Names
    root: AwsClientProvider
    environment: Mapping[str, str]
    folder: Path

    def run(self, keys: AccessKeys, *options: str) -> list[CompletedProcess[str]]:
        """Do the run from the start as somebody, and stop at the first line that fails."""
        self.scenario.reset(self.root, self.names)
        done: list[CompletedProcess[str]] = []
        for line in self.scenario.lines:
            words = shlex.split(Template(line).substitute(self.names))
            environment = {**self.environment, **variables_of(keys)}
            done.append(
                run_program([*words, *options], environment, stdin=self.scenario.stdin, cwd=self.folder)
            )
            if done[-1].returncode:
                break
        return done

    def document(self, *options: str) -> str:
        """Return the policy of the recording, as it is printed."""
        words = ["policy", "from", "calls.jsonl", *options]
        made = run_program(words, self.environment, cwd=self.folder)
        assert made.returncode == 0, made.stderr
        assert "warning" not in made.stderr.lower()
        return made.stdout

    def statements(self, *options: str) -> list[dict[str, Any]]:
        """Return the statements of the policy."""
        return list(json.loads(self.document(*options))["Statement"])


@pytest.mark.parametrize("name", SCENARIOS)
def test_WHEN_a_run_was_recorded_THEN_its_policy_suffices_AND_no_statement_can_be_left_out(
    name: str,
    home_account: Account,
    operator: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    (tmp_path / "file.txt").write_text("content", encoding="utf-8")
    scenario, root = SCENARIOS[name], home_account.root
    stage = Stage(scenario, scenario.make(root), root, ministack_environment, tmp_path)
    recorded = stage.run(operator[1], "--record", "calls.jsonl")
    assert [each.returncode for each in recorded] == [0] * len(scenario.lines), recorded[-1].stderr

    statements = [as_ministack_asks(each, scenario) for each in stage.statements()]
    arn, keys = home_account.make_user()
    allow = partial(allow_only, root, arn.rpartition("/")[2])

    allow(statements)
    with_all = stage.run(keys)
    assert [each.returncode for each in with_all] == [0] * len(scenario.lines), with_all[-1].stderr
    assert [outcome(each) for each in with_all] == [outcome(each) for each in recorded]
    for left_out in statements:
        if not scenario.overlooked.issuperset(left_out["Action"]):
            allow([each for each in statements if each is not left_out])
            assert stage.run(keys)[-1].returncode == 4, left_out


def as_ministack_asks(statement: Mapping[str, Any], scenario: Scenario) -> Mapping[str, Any]:
    if scenario.unscoped.isdisjoint(statement["Action"]):
        return statement
    assert "*" not in statement["Resource"]
    return {**statement, "Resource": ["*"]}


def outcome(done: CompletedProcess[str]) -> list[str]:
    """Return the first word of each line: what became of changes; the rest may have new ids."""
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


def allow_only(root: AwsClientProvider, user: str, statements: Sequence[Mapping[str, Any]]) -> None:
    iam = root.get_iam()
    if statements:
        iam.put_user_policy(UserName=user, PolicyName="from", PolicyDocument=policy(*statements))
    else:
        iam.delete_user_policy(UserName=user, PolicyName="from")


def test_WHEN_a_role_was_assumed_THEN_it_and_who_assumed_it_have_policies_of_their_own_AND_both_suffice(
    home_account: Account,
    operator: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    root = home_account.root
    scenario = Scenario(table, (f"dynamodb put $table {ITEM} --yes",), empty_table)
    stage = Stage(scenario, scenario.make(root), root, ministack_environment, tmp_path)
    role = home_account.make_role(trust_in(f"arn:aws:iam::{home_account.number}:root"), ANYTHING)
    as_role = ("--assume-role-arn", role)
    (done,) = stage.run(operator[1], *as_role, "--record", "calls.jsonl")
    assert done.returncode == 0, done.stderr

    of_role = stage.statements()
    whose = run_program(["policy", "from", "calls.jsonl"], stage.environment, cwd=tmp_path).stderr
    assert whose.startswith(f"the policy of {role}; ")
    base = whose.rpartition(": ")[2].strip()
    of_base = stage.statements("--identity", base)
    assert of_base == [{"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": [role]}]

    iam = root.get_iam()
    arn, keys = home_account.make_user()
    allow_only(root, arn.rpartition("/")[2], of_base)
    role_name = role.rpartition("/")[2]
    iam.put_role_policy(RoleName=role_name, PolicyName="what", PolicyDocument=stage.document())
    (done,) = stage.run(keys, *as_role)
    assert done.returncode == 0, done.stderr
    assert len(of_role) == 1
    iam.delete_role_policy(RoleName=role_name, PolicyName="what")
    assert stage.run(keys, *as_role)[-1].returncode == 4
    allow_only(root, arn.rpartition("/")[2], [])
    assert stage.run(keys, *as_role)[-1].returncode == 4


def test_WHEN_several_accounts_are_checked_AND_one_may_not_THEN_each_is_asked_about_its_own_ARNs(
    home_account: Account,
    other_account: Account,
    operator: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    environment = {**ministack_environment, **variables_of(operator[1])}
    name, trust = fresh("role"), trust_in(operator[0])
    home_account.make_role(trust, ANYTHING, name=name)
    # There it may do it in another region alone.
    elsewhere = f"arn:aws:dynamodb:eu-west-1:{other_account.number}:table/*"
    may_see = {
        "Effect": "Allow",
        "Action": ["iam:*", "dynamodb:*"],
        "Resource": ["arn:aws:iam::*", elsewhere],
    }
    may_ask = {"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}
    other_account.make_role(trust, may_see, may_ask, name=name)
    table_name = make_table(home_account.root)
    role = f"arn:aws:iam::{home_account.number}:role/{name}"
    scan = ["dynamodb", "scan", table_name, "--assume-role-arn", role, "--record", "calls.jsonl"]
    assert run_program(scan, environment, cwd=tmp_path).returncode == 0

    accounts = f"{home_account.number},{other_account.number}"
    words = ["policy", "check", "calls.jsonl", "--accounts", accounts, "--role-name", name]
    done = run_program([*words, "--output", "json"], environment, cwd=tmp_path)
    assert done.returncode == 5, done.stderr
    rows = json.loads(done.stdout)
    assert {(row["account"], row["resource"], row["decision"]) for row in rows} == {
        (account, f"arn:aws:dynamodb:us-east-1:{account}:table/{table_name}", decision)
        for account, decision in ((home_account.number, "allowed"), (other_account.number, "implicit_deny"))
    }
    assert "missing: dynamodb:" in done.stderr
    there = run_program([*words, "--regions", "eu-west-1"], environment, cwd=tmp_path)
    assert there.returncode == 0, there.stderr
