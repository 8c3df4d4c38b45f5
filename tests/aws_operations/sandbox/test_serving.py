"""What the sandbox serves, to whom, and what it refuses."""

import http.client
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_operations.sandbox import control
from aws_operations.sandbox.constants import ACCOUNTS, HOME_ACCOUNT, MEMBER_ACCOUNTS, REGIONS
from aws_operations.sandbox.samples import VERSIONED_BUCKET

BUCKET = f"samples-{HOME_ACCOUNT}-us-east-1"
MEMBER = MEMBER_ACCOUNTS[0]


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Share one sandbox among the tests here: none of them depends on what another wrote."""
    directory = tmp_path_factory.mktemp("state") / "sandbox"
    control.up(directory)
    yield directory
    control.down(directory)


@pytest.fixture
def member_keys(client: Callable[..., Any]) -> dict[str, str]:
    role_arn = f"arn:aws:iam::{MEMBER}:role/operator"
    answer = client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")
    keys: dict[str, str] = answer["Credentials"]
    return keys


def ask(state_dir: Path, path: str, headers: dict[str, str], method: str = "GET") -> int:
    endpoint_url = control.sandbox_provider_settings(state_dir)[0]
    connection = http.client.HTTPConnection("127.0.0.1", int(endpoint_url.rpartition(":")[2]), timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("account", ACCOUNTS)
def test_WHEN_new_THEN_each_account_has_its_role_and_buckets(
    account: str, client: Callable[..., Any]
) -> None:
    role_arn = f"arn:aws:iam::{account}:role/operator"
    keys = client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]

    assert client("sts", keys=keys).get_caller_identity()["Account"] == account
    assert client("iam", keys=keys).get_role(RoleName="operator")["Role"]["Arn"] == role_arn
    for region in REGIONS:
        s3 = client("s3", region=region, keys=keys)
        bucket = f"samples-{account}-{region}"
        assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == region
        assert len(s3.list_objects_v2(Bucket=bucket)["Contents"]) == 3
        assert s3.head_object(Bucket=bucket, Key="docs/tagged.txt")["Metadata"] == {
            "owner": "sandbox",
            "purpose": "sample",
        }
        assert len(s3.get_object_tagging(Bucket=bucket, Key="docs/tagged.txt")["TagSet"]) == 2


def test_WHEN_new_THEN_the_home_account_has_versions_and_an_organisation(client: Callable[..., Any]) -> None:
    versions = client("s3").list_object_versions(Bucket=VERSIONED_BUCKET)
    accounts = client("organizations").list_accounts()["Accounts"]

    assert [item["Key"] for item in versions["DeleteMarkers"]] == ["deleted.txt"]
    assert [item["Key"] for item in versions["Versions"]].count("notes.txt") == 2
    assert {account["Id"] for account in accounts} == set(ACCOUNTS)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("is_member", [False, True])
def test_WHEN_new_THEN_each_account_and_region_has_something_of_every_service(
    region: str, is_member: bool, client: Callable[..., Any], member_keys: dict[str, str]
) -> None:
    ec2, rds, dynamodb, secrets = (
        client(service, region=region, keys=member_keys if is_member else None)
        for service in ("ec2", "rds", "dynamodb", "secretsmanager")
    )
    groups = ec2.describe_instances()["Reservations"]
    instances = [instance for group in groups for instance in group["Instances"]]
    names = [{tag["Key"]: tag["Value"] for tag in instance["Tags"]}["Name"] for instance in instances]
    databases = rds.describe_db_instances()["DBInstances"]
    snapshots = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    found = dynamodb.query(
        TableName="orders",
        IndexName="by-status",
        KeyConditionExpression="#s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "open"}},
    )
    secret = json.loads(secrets.get_secret_value(SecretId="orders/database")["SecretString"])

    assert dict(zip(names, [instance["State"]["Name"] for instance in instances], strict=True)) == {
        "web-1": "running",
        "web-2": "running",
        "batch-1": "stopped",
    }
    assert len({instance["Placement"]["AvailabilityZone"] for instance in instances}) == 2
    assert {instance["PrivateIpAddress"].rpartition(".")[0] for instance in instances} == {
        "172.31.0",
        "172.31.16",
    }
    assert [group["GroupName"] for group in instances[0]["SecurityGroups"]] == ["default"]
    assert {tag["Value"] for vpc in ec2.describe_vpcs()["Vpcs"] for tag in vpc["Tags"]} == {"main"}
    assert {item["DBInstanceIdentifier"] for item in databases} == {
        "orders-db",
        "archive-db",
        "reports-1",
    }
    assert {item["DBInstanceIdentifier"] for item in databases if item["DBInstanceStatus"] == "stopped"} == {
        "archive-db"
    }
    assert [item["DBClusterIdentifier"] for item in rds.describe_db_clusters()["DBClusters"]] == ["reports"]
    assert [item["DBSnapshotIdentifier"] for item in snapshots] == ["orders-db-before-upgrade"]
    assert [item["order"]["S"] for item in found["Items"]] == ["2026-02-11-1", "2026-02-11-2", "2026-03-01-1"]
    assert secret["username"] == "orders"
    assert {item["Name"] for item in secrets.list_secrets()["SecretList"]} == {
        "orders/database",
        "orders/api-key",
    }


def test_WHEN_new_THEN_members_are_in_their_units_and_accounts_have_aliases(
    client: Callable[..., Any], member_keys: dict[str, str]
) -> None:
    organizations = client("organizations")

    def units(parent: str) -> dict[str, str]:
        answer = organizations.list_organizational_units_for_parent(ParentId=parent)
        return {unit["Name"]: unit["Id"] for unit in answer["OrganizationalUnits"]}

    def accounts(parent: str) -> list[str]:
        return [
            account["Id"] for account in organizations.list_accounts_for_parent(ParentId=parent)["Accounts"]
        ]

    root = organizations.list_roots()["Roots"][0]["Id"]
    workloads = units(root)["workloads"]

    assert accounts(root) == [HOME_ACCOUNT]
    assert accounts(workloads) == ["444455556666"]
    assert accounts(units(workloads)["production"]) == ["111122223333"]
    assert client("iam").list_account_aliases()["AccountAliases"] == ["sandbox-home"]
    assert client("iam", keys=member_keys).list_account_aliases()["AccountAliases"] == ["sandbox-production"]


def test_WHEN_reading_AND_the_bucket_is_another_accounts_THEN_access_is_denied(
    client: Callable[..., Any], member_keys: dict[str, str]
) -> None:
    for keys, bucket in ((None, f"samples-{MEMBER}-us-east-1"), (member_keys, BUCKET)):
        with pytest.raises(ClientError) as refused:
            client("s3", keys=keys).list_objects_v2(Bucket=bucket)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_WHEN_following_a_presigned_url_AND_a_member_signed_it_THEN_it_acts_in_the_member(
    client: Callable[..., Any], member_keys: dict[str, str]
) -> None:
    bucket = f"samples-{MEMBER}-us-east-1"
    url = client("s3", keys=member_keys).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "docs/readme.txt"}
    )

    with urllib.request.urlopen(url) as answer:  # noqa: S310 - loopback
        assert answer.read().startswith(b"This bucket is part of the sandbox")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Host": "attacker.example:{port}"}, 421),
        ({"Host": "127.0.0.1.attacker.example:{port}"}, 421),
        ({"Host": "127.0.0.1:1"}, 421),
        ({"Host": ""}, 421),
        ({"Origin": "https://attacker.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:{port}"}, 200),
        ({"Host": f"{BUCKET}.localhost:{{port}}"}, 200),
        ({}, 200),
    ],
)
def test_WHEN_asked_THEN_only_this_machine_is_served(
    headers: dict[str, str], expected: int, state_dir: Path
) -> None:
    port = control.sandbox_provider_settings(state_dir)[0].rpartition(":")[2]
    filled = {name: value.format(port=port) for name, value in headers.items()}

    assert ask(state_dir, "/", filled) == expected


@pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/data.json", "/latest/meta-data/"])
def test_WHEN_asked_for_motos_own_pages_THEN_they_are_refused(path: str, state_dir: Path) -> None:
    assert ask(state_dir, path, {}) == 403
    assert ask(state_dir, path, {"Content-Length": "0"}, method="POST") == 403


def test_WHEN_writing_AND_the_body_is_larger_than_the_limit_THEN_it_is_refused_unread(
    state_dir: Path,
) -> None:
    assert ask(state_dir, f"/{BUCKET}/huge", {"Content-Length": str(300 * 1024 * 1024)}, method="PUT") == 400


def test_WHEN_writing_AND_an_account_is_named_by_header_THEN_the_header_is_ignored(
    state_dir: Path, client: Callable[..., Any]
) -> None:
    headers = {"x-moto-account-id": MEMBER, "Content-Length": "0"}

    assert ask(state_dir, "/header-bucket", headers, method="PUT") == 200
    assert "header-bucket" in {bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]}


def test_WHEN_uploading_AND_the_body_comes_in_chunks_THEN_it_is_kept_whole(
    state_dir: Path, client: Callable[..., Any]
) -> None:
    content = bytes(range(256)) * 4096
    s3 = client("s3")
    s3.put_object(
        Bucket=BUCKET, Key="chunked", Body=content, ChecksumAlgorithm="CRC32", Metadata={"a_b": "1"}
    )
    port = int(control.sandbox_provider_settings(state_dir)[0].rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("PUT", f"/{BUCKET}/transfer", iter([b"one", b"two"]), encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()

    control.down(state_dir)
    control.up(state_dir)

    s3 = client("s3")
    found = s3.get_object(Bucket=BUCKET, Key="chunked")
    assert found["Body"].read() == content
    assert found["Metadata"] == {"a_b": "1"}
    assert s3.get_object(Bucket=BUCKET, Key="transfer")["Body"].read() == b"onetwo"


def test_WHEN_reading_again_and_again_THEN_the_journal_does_not_grow(
    state_dir: Path, client: Callable[..., Any]
) -> None:
    s3 = client("s3")
    s3.list_buckets()
    before = control.status(state_dir).journal_entries

    s3.list_buckets()
    s3.get_object(Bucket=BUCKET, Key="docs/readme.txt")

    assert control.status(state_dir).journal_entries == before


def test_WHEN_policies_are_to_be_simulated_THEN_the_sandbox_says_that_it_cannot(
    client: Callable[..., Any],
) -> None:
    role_arn = f"arn:aws:iam::{HOME_ACCOUNT}:role/operator"
    with pytest.raises(ClientError, match="the sandbox cannot simulate policies") as caught:
        client("iam").simulate_principal_policy(PolicySourceArn=role_arn, ActionNames=["s3:GetObject"])
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("NotImplemented", 501)
