"""What a user sees who may not, from an IAM that says no."""

from collections.abc import Callable
from pathlib import Path

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.s3_interactions import BucketStatus, get_bucket_status
from tests.conformance.stage import Account, fresh, variables_of
from tests.conformance.tables import make_table
from tests.support.program import run_program


@pytest.fixture
def nobody(home_account: Account) -> AccessKeys:
    """Give a user who may do nothing."""
    return home_account.make_user()[1]


@pytest.fixture
def bucket(home_account: Account) -> str:
    name = fresh("bucket")
    home_account.root.get_s3().create_bucket(Bucket=name)
    home_account.root.get_s3().put_object(Bucket=name, Key="key", Body=b"content")
    return name


@pytest.fixture
def secret(home_account: Account) -> str:
    name = fresh("secret")
    home_account.root.get_secretsmanager().create_secret(Name=name, SecretString="correct horse")
    return name


@pytest.mark.parametrize(
    ("line", "iam_action"),
    [
        ("s3 ls", "s3:ListAllMyBuckets"),
        ("s3 ls {bucket}", "s3:ListBucket"),
        ("s3 create {new}", "s3:"),
        ("s3 tags get {bucket}", "s3:GetBucketTagging"),
        ("s3 tags set {bucket} a=b", "s3:GetBucketTagging"),
        ("s3 versioning set {bucket} enabled", "s3:GetBucketVersioning"),
        ("s3 encryption set {bucket} AES256", "s3:GetEncryptionConfiguration"),
        ("ec2 list", "ec2:DescribeInstances"),
        ("dynamodb tables", "dynamodb:ListTables"),
        ("dynamodb get orders {key}", "dynamodb:GetItem"),
        ("dynamodb put orders {key}", "dynamodb:DescribeTable"),
        ("organizations accounts", "organizations:ListAccounts"),
        ("iam can-i s3:GetObject", "iam:SimulatePrincipalPolicy"),
        ("rds list", "rds:DescribeDBInstances"),
        ("secrets list", "secretsmanager:ListSecrets"),
        ("secrets get {secret}", "secretsmanager:GetSecretValue"),
        ("secrets describe {secret}", "secretsmanager:DescribeSecret"),
    ],
)
def test_WHEN_a_call_is_denied_THEN_the_message_names_the_iam_action_to_allow(
    line: str,
    iam_action: str,
    nobody: AccessKeys,
    bucket: str,
    secret: str,
    ministack_environment: dict[str, str],
) -> None:
    filled = line.format(bucket=bucket, new=fresh("bucket"), secret=secret, key='{"customer":"c-1"}')
    done = run_program([*filled.split(), "--yes"], {**ministack_environment, **variables_of(nobody)})
    assert done.returncode == 4, done.stderr
    assert done.stderr.count("\n") == 1
    assert iam_action in done.stderr
    assert "allow " in done.stderr


def test_WHEN_a_user_may_read_only_AND_writes_THEN_the_write_is_denied_and_nothing_changed(
    home_account: Account, bucket: str, ministack_environment: dict[str, str], tmp_path: Path
) -> None:
    _, keys = home_account.make_user({"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"})
    environment = {**ministack_environment, **variables_of(keys)}
    file = tmp_path / "file.txt"
    file.write_text("other", encoding="utf-8")
    done = run_program(["s3", "put", str(file), bucket, "key", "--overwrite", "--yes"], environment)
    assert done.returncode == 4, done.stderr
    assert "s3:PutObject" in done.stderr
    held = home_account.root.get_s3().get_object(Bucket=bucket, Key="key")
    assert held["Body"].read() == b"content"


MAY_LOOK = {
    "Effect": "Allow",
    "Action": ["*:Describe*", "*:List*", "*:Get*", "dynamodb:BatchGetItem"],
    "Resource": "*",
}
Prepare = Callable[[AwsClientProvider], str]


def running_instance(root: AwsClientProvider) -> str:
    made = root.get_ec2().run_instances(
        ImageId="ami-12345678", InstanceType="t3.micro", MinCount=1, MaxCount=1
    )
    return made["Instances"][0]["InstanceId"]


def available_database(root: AwsClientProvider) -> str:
    name = fresh("db")
    root.get_rds().create_db_instance(
        DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20
    )
    return name


def secret_to_keep(root: AwsClientProvider) -> str:
    name = fresh("secret")
    root.get_secretsmanager().create_secret(Name=name, SecretString="kept")
    return name


@pytest.mark.parametrize(
    ("prepare", "line", "iam_action"),
    [
        (running_instance, "ec2 stop {made}", "ec2:StopInstances"),
        (running_instance, "ec2 terminate {made}", "ec2:TerminateInstances"),
        (running_instance, "ec2 tag {made} a=b", "ec2:CreateTags"),
        (make_table, 'dynamodb put {made} {{"customer":"a"}}', "dynamodb:PutItem"),
        (make_table, "dynamodb drop {made}", "dynamodb:DeleteTable"),
        (available_database, "rds stop {made}", "rds:StopDBInstance"),
        (available_database, "rds snapshots create {made} snap-{made}", "rds:CreateDBSnapshot"),
        (secret_to_keep, "secrets put {made} --stdin", "secretsmanager:PutSecretValue"),
        (secret_to_keep, "secrets delete {made}", "secretsmanager:DeleteSecret"),
    ],
    ids=lambda part: part if isinstance(part, str) and ":" in part else "",
)
def test_WHEN_a_user_may_look_AND_changes_something_THEN_that_change_failed_for_want_of_the_action(
    prepare: Prepare,
    line: str,
    iam_action: str,
    home_account: Account,
    ministack_environment: dict[str, str],
) -> None:
    made = prepare(home_account.root)
    environment = {**ministack_environment, **variables_of(home_account.make_user(MAY_LOOK)[1])}
    done = run_program([*line.format(made=made).split(), "--yes"], environment, stdin="a new value")
    assert done.returncode == 4, done.stderr
    assert done.stdout.split("\t")[0] == "failed"
    assert iam_action in done.stderr
    assert "a new value" not in done.stderr


def test_WHEN_a_batch_of_deletions_is_denied_THEN_every_key_is_reported_failed_and_is_still_there(
    home_account: Account, bucket: str, ministack_environment: dict[str, str]
) -> None:
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    but_one = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}/kept"}
    _, keys = home_account.make_user(everything, but_one)
    home_account.root.get_s3().put_object(Bucket=bucket, Key="kept", Body=b"content")
    done = run_program(
        ["s3", "rm", bucket, "key", "kept", "--yes"], {**ministack_environment, **variables_of(keys)}
    )
    # AWS deletes what it may and answers for each key; ministack denies the whole call.
    assert done.returncode == 4, done.stderr
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["failed", "failed"]
    assert home_account.root.get_s3().list_objects_v2(Bucket=bucket)["KeyCount"] == 2


def test_WHEN_a_bucket_is_somebody_elses_THEN_its_status_says_no_access(
    other_account: Account, home_account: Account, operator: tuple[str, AccessKeys]
) -> None:
    name = fresh("bucket")
    other_account.root.get_s3().create_bucket(Bucket=name)
    aws_provider = home_account.provider(operator[1])
    assert get_bucket_status(name, aws_provider) is BucketStatus.EXISTS_NO_ACCESS
