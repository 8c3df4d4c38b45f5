"""The state of a sandbox across restarts, kills, damage and a full disk."""

import resource
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from aws_operations.sandbox import control
from aws_operations.sandbox.constants import HOME_ACCOUNT
from aws_operations.sandbox.journal import Journal
from aws_operations.sandbox.samples import VERSIONED_BUCKET
from aws_operations.sandbox.sandbox_errors import SandboxStartFailed

BUCKET = f"samples-{HOME_ACCOUNT}-us-east-1"


def visible_state(client: Callable[..., Any]) -> dict[str, Any]:
    s3 = client("s3")
    versions = s3.list_object_versions(Bucket=VERSIONED_BUCKET)
    return {
        "buckets": s3.list_buckets()["Buckets"],
        "objects": s3.list_objects_v2(Bucket=BUCKET).get("Contents"),
        "versions": versions["Versions"],
        "delete markers": versions["DeleteMarkers"],
        "roles": [
            (role["RoleId"], role["Arn"], role["CreateDate"]) for role in client("iam").list_roles()["Roles"]
        ],
        "accounts": client("organizations").list_accounts()["Accounts"],
        **visible_services(client),
    }


def visible_services(client: Callable[..., Any], keys: dict[str, str] | None = None) -> dict[str, Any]:
    """Return what holds drawn identifiers and dates of the regional services, in one account and region."""
    ec2, rds, dynamodb, secrets = (
        client(service, region="eu-west-1", keys=keys)
        for service in ("ec2", "rds", "dynamodb", "secretsmanager")
    )
    return {
        "instances": [group["Instances"] for group in ec2.describe_instances()["Reservations"]],
        "interfaces": ec2.describe_network_interfaces()["NetworkInterfaces"],
        "volumes": ec2.describe_volumes()["Volumes"],
        "vpcs": ec2.describe_vpcs()["Vpcs"],
        "subnets": ec2.describe_subnets()["Subnets"],
        "databases": [without_present(item) for item in rds.describe_db_instances()["DBInstances"]],
        "clusters": [without_present(item) for item in rds.describe_db_clusters()["DBClusters"]],
        "snapshots": rds.describe_db_snapshots()["DBSnapshots"],
        "tables": [dynamodb.describe_table(TableName="orders")["Table"]],
        "items": dynamodb.scan(TableName="orders")["Items"],
        "secrets": secrets.list_secrets()["SecretList"],
        "secret": {
            name: value
            for name, value in secrets.get_secret_value(SecretId="orders/database").items()
            if name != "ResponseMetadata"
        },
    }


def without_present(database: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in database.items() if name != "LatestRestorableTime"}


def assume_member(client: Callable[..., Any]) -> dict[str, str]:
    answer = client("sts").assume_role(
        RoleArn="arn:aws:iam::111122223333:role/operator", RoleSessionName="test"
    )
    credentials: dict[str, str] = answer["Credentials"]
    return credentials


def make_older(path: Path, seconds: float) -> None:
    """Rewrite a journal as if all of it had been written so much earlier."""
    journal = Journal(path)
    entries = [replace(entry, time=entry.time - seconds) for entry in journal.entries()]
    journal.discard()
    for entry in entries:
        journal.append(entry)
    journal.close()


def test_WHEN_restarting_AND_stopped_cleanly_THEN_everything_visible_is_the_same(
    sandbox: control.SandboxStatus, state_dir: Path, client: Callable[..., Any]
) -> None:
    client("s3").put_object(Bucket=BUCKET, Key="mine", Body=b"1")
    before = visible_state(client)

    assert control.down(state_dir)
    again = control.up(state_dir)

    assert again.was_started
    assert visible_state(client) == before
    assert again.status.endpoint_url == sandbox.endpoint_url


@pytest.mark.usefixtures("sandbox")
def test_WHEN_restarting_AND_services_were_used_THEN_ids_dates_and_arns_are_the_same(
    state_dir: Path, client: Callable[..., Any], kill_server: Callable[[], None]
) -> None:
    member = assume_member(client)
    ec2, rds, dynamodb, secrets = (
        client(service, region="eu-west-1", keys=member)
        for service in ("ec2", "rds", "dynamodb", "secretsmanager")
    )
    ec2.run_instances(ImageId="ami-12c6146b", MinCount=2, MaxCount=2)
    rds.stop_db_instance(DBInstanceIdentifier="orders-db")
    rds.create_db_snapshot(DBInstanceIdentifier="orders-db", DBSnapshotIdentifier="mine")
    rds.create_db_cluster(
        DBClusterIdentifier="managed",
        Engine="aurora-postgresql",
        MasterUsername="me",
        ManageMasterUserPassword=True,
    )
    dynamodb.put_item(TableName="orders", Item={"customer": {"S": "c-9"}, "order": {"S": "1"}})
    secrets.create_secret(Name="mine", SecretString="1")
    secrets.put_secret_value(SecretId="orders/database", SecretString="2")
    before = visible_services(client, member)

    kill_server()
    control.up(state_dir)

    assert visible_services(client, member) == before
    statuses = {item["DBInstanceIdentifier"]: item["DBInstanceStatus"] for item in before["databases"]}
    assert statuses["orders-db"] == "stopped"
    assert "mine" in {item["DBSnapshotIdentifier"] for item in before["snapshots"]}
    assert any(item["Name"].startswith("rds!cluster-") for item in before["secrets"])


@pytest.mark.usefixtures("sandbox")
def test_WHEN_restarting_AND_killed_THEN_sessions_uploads_and_keys_go_on(
    state_dir: Path, client: Callable[..., Any], kill_server: Callable[[], None]
) -> None:
    member = assume_member(client)
    user = client("iam")
    user.create_user(UserName="robot")
    robot_key = user.create_access_key(UserName="robot")["AccessKey"]["AccessKeyId"]
    upload_id = client("s3").create_multipart_upload(Bucket=BUCKET, Key="long")["UploadId"]
    before = visible_state(client)

    kill_server()
    assert not control.status(state_dir).running
    control.up(state_dir)

    assert visible_state(client) == before
    assert client("sts", keys=member).get_caller_identity()["Account"] == "111122223333"
    assert (
        client("iam").list_access_keys(UserName="robot")["AccessKeyMetadata"][0]["AccessKeyId"] == robot_key
    )
    part = client("s3").upload_part(Bucket=BUCKET, Key="long", UploadId=upload_id, PartNumber=1, Body=b"x")
    assert part["ETag"]


@pytest.mark.usefixtures("sandbox")
def test_WHEN_restarting_AND_sessions_have_expired_THEN_what_they_wrote_stays_in_their_account(
    state_dir: Path, client: Callable[..., Any]
) -> None:
    s3 = client("s3", keys=assume_member(client))
    s3.create_bucket(Bucket="of-the-member")
    s3.put_object(Bucket="of-the-member", Key="mine", Body=b"1")
    control.down(state_dir)
    make_older(state_dir / "journal", seconds=86_400)

    control.up(state_dir)

    again = client("s3", keys=assume_member(client))
    assert [item["Key"] for item in again.list_objects_v2(Bucket="of-the-member")["Contents"]] == ["mine"]
    home_buckets = client("s3").list_buckets()["Buckets"]
    assert "of-the-member" not in {bucket["Name"] for bucket in home_buckets}


@pytest.mark.usefixtures("sandbox")
def test_WHEN_killing_AND_8_threads_are_writing_THEN_each_acknowledged_object_is_there(
    state_dir: Path, client: Callable[..., Any], kill_server: Callable[[], None]
) -> None:
    acknowledged: list[tuple[str, str]] = []
    enough = threading.Event()
    clients = [client("s3") for _ in range(8)]

    def write(thread: int) -> None:
        for number in range(1000):
            key = f"load/{thread}/{number}"
            try:
                answer = clients[thread].put_object(Bucket=BUCKET, Key=key, Body=key.encode())
            except (HTTPClientError, ConnectionClosedError):
                return
            acknowledged.append((key, answer["ETag"]))
            if len(acknowledged) > 150:
                enough.set()

    with ThreadPoolExecutor(8) as pool:
        for thread in range(8):
            pool.submit(write, thread)
        assert enough.wait(30)
        kill_server()
    control.up(state_dir)

    s3 = client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="load/")
    found = {item["Key"]: item["ETag"] for page in pages for item in page.get("Contents", [])}
    assert len(acknowledged) > 150
    assert {key: found.get(key) for key, _ in acknowledged} == dict(acknowledged)


@pytest.mark.usefixtures("sandbox")
def test_WHEN_restarting_AND_the_last_line_is_torn_THEN_only_that_line_is_lost(
    state_dir: Path, client: Callable[..., Any]
) -> None:
    client("s3").put_object(Bucket=BUCKET, Key="kept", Body=b"1")
    client("s3").put_object(Bucket=BUCKET, Key="torn", Body=b"2")
    control.down(state_dir)
    journal = state_dir / "journal"
    journal.write_bytes(journal.read_bytes()[:-20])

    control.up(state_dir)
    client("s3").put_object(Bucket=BUCKET, Key="after", Body=b"3")
    control.down(state_dir)
    control.up(state_dir)

    keys = {item["Key"] for item in client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert {"kept", "after"} <= keys
    assert "torn" not in keys


@pytest.mark.usefixtures("sandbox")
def test_WHEN_starting_AND_a_middle_line_is_damaged_THEN_the_line_and_the_way_out_are_named(
    state_dir: Path, client: Callable[..., Any]
) -> None:
    client("s3").put_object(Bucket=BUCKET, Key="later", Body=b"1")
    control.down(state_dir)
    journal = state_dir / "journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[9] = lines[9].replace(b"POST", b"PAST").replace(b"PUT", b"PAT")
    journal.write_bytes(b"".join(lines))

    with pytest.raises(SandboxStartFailed, match=r"damaged at line 10 .*sandbox reset"):
        control.up(state_dir)

    assert journal.read_bytes() == b"".join(lines)
    assert control.reset(state_dir).running


@pytest.mark.usefixtures("sandbox")
def test_WHEN_writing_AND_the_disk_is_full_THEN_the_write_is_refused_and_not_applied(
    state_dir: Path, client: Callable[..., Any]
) -> None:
    status = control.status(state_dir)
    assert status.pid is not None
    unlimited = resource.prlimit(status.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(status.pid, resource.RLIMIT_FSIZE, (status.journal_bytes + 50, unlimited[1]))

    with pytest.raises(ClientError) as refused:
        client("s3").put_object(Bucket=BUCKET, Key="too-much", Body=b"x" * 1000)
    resource.prlimit(status.pid, resource.RLIMIT_FSIZE, unlimited)
    client("s3").put_object(Bucket=BUCKET, Key="room-again", Body=b"y")

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert "journal cannot be written" in refused.value.response["Error"]["Message"]
    control.down(state_dir)
    control.up(state_dir)
    keys = {item["Key"] for item in client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert "room-again" in keys
    assert "too-much" not in keys


@pytest.mark.usefixtures("sandbox")
def test_WHEN_starting_AND_a_kill_cut_the_samples_short_THEN_they_are_made_afresh(
    state_dir: Path, client: Callable[..., Any]
) -> None:
    control.down(state_dir)
    journal = state_dir / "journal"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:7]))

    control.up(state_dir)

    assert len(client("s3").list_buckets()["Buckets"]) == 3


@pytest.mark.usefixtures("sandbox")
def test_WHEN_resetting_THEN_the_samples_are_back_and_old_sessions_are_dead(
    state_dir: Path, client: Callable[..., Any]
) -> None:
    member = assume_member(client)
    client("s3").put_object(Bucket=BUCKET, Key="mine", Body=b"1")

    control.reset(state_dir)

    keys = [item["Key"] for item in client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys == ["docs/readme.txt", "docs/tagged.txt", "reports/2026-01.csv"]
    for call, code in (
        (client("sts", keys=member).get_caller_identity, "ExpiredToken"),
        (client("s3", keys=member).list_buckets, "ExpiredToken"),
        (client("organizations", keys=member).list_accounts, "ExpiredTokenException"),
    ):
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == code
