"""Snapshots and tags: of instances and clusters alike."""

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from aws_interactions import rds_interactions as rds
from aws_interactions.aws_errors import AlreadyExists, Conflict, InvalidInput, NotFound
from aws_interactions.rds_interactions import DatabaseKind
from aws_interactions.rds_interactions.snapshots import check_snapshot_name
from aws_interactions.testing import FakeClient, fake_provider
from tests.support.databases import instance, make_cluster, make_instance, only

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

INSTANCE, CLUSTER = DatabaseKind.INSTANCE, DatabaseKind.CLUSTER


def names(aws_provider: "AwsClientProvider", **more: Any) -> list[str]:
    return [snapshot.identifier for snapshot in rds.list_snapshots(aws_provider, **more)]


@pytest.fixture
def databases(aws_provider: "AwsClientProvider") -> "AwsClientProvider":
    """Give a provider with an instance, a cluster and a snapshot of each."""
    make_instance(aws_provider)
    make_cluster(aws_provider)
    rds.create_snapshot("orders-a", "orders", INSTANCE, aws_provider, tags={"why": "upgrade"})
    rds.create_snapshot("reports-a", "reports", CLUSTER, aws_provider)
    return aws_provider


def test_WHEN_snapshots_are_taken_THEN_both_kinds_are_listed_alike(databases: "AwsClientProvider") -> None:
    assert names(databases, snapshot_type="manual") == ["orders-a", "reports-a"]
    assert names(databases, snapshot_type="manual", kind=CLUSTER) == ["reports-a"]
    assert names(databases, snapshot_type="manual", database="orders") == ["orders-a"]
    arn = "arn:aws:rds:eu-west-1:123456789012:cluster:reports"
    assert names(databases, snapshot_type="manual", database=arn) == ["reports-a"]
    for elsewhere in (arn.replace("123456789012", "111122223333"), arn.replace("eu-west-1", "us-east-1")):
        assert names(databases, database=elsewhere) == []
    automated = list(rds.list_snapshots(databases, snapshot_type="automated"))
    assert {snapshot.database for snapshot in automated} == {"orders", "reports", "reports-1"}
    assert all(snapshot.identifier.startswith("rds:") for snapshot in automated)


def test_WHEN_a_snapshot_is_looked_up_THEN_it_tells_what_it_is_of(databases: "AwsClientProvider") -> None:
    found = rds.get_snapshot("reports-a", databases)
    assert found is not None
    assert (found.database, found.database_kind, found.snapshot_type) == ("reports", CLUSTER, "manual")
    assert found.arn == "arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:reports-a"
    assert found.created_at is not None
    assert rds.get_snapshot("reports-a", databases, kind=INSTANCE) is None
    assert rds.get_snapshot("nope", databases) is None


def test_WHEN_the_tags_of_a_new_snapshot_are_given_THEN_it_has_them(databases: "AwsClientProvider") -> None:
    found = rds.get_snapshot("orders-a", databases)
    assert found is not None
    assert rds.get_database_tags(found.arn, databases) == {"why": "upgrade"}


@pytest.mark.parametrize(("database", "kind"), [("orders", INSTANCE), ("reports", CLUSTER)])
def test_WHEN_a_snapshots_name_is_taken_THEN_that_is_the_error(
    databases: "AwsClientProvider", database: str, kind: DatabaseKind
) -> None:
    with pytest.raises(rds.SnapshotAlreadyExists) as caught:
        rds.create_snapshot(f"{database}-a", database, kind, databases)
    assert isinstance(caught.value, AlreadyExists)
    assert caught.value.identifier == f"{database}-a"


@pytest.mark.parametrize("kind", DatabaseKind)
def test_WHEN_what_a_snapshot_should_be_of_is_absent_THEN_it_is_named(
    aws_provider: "AwsClientProvider", kind: DatabaseKind
) -> None:
    with pytest.raises(rds.DatabaseDoesntExist, match="no database nope"):
        rds.create_snapshot("a", "nope", kind, aws_provider)


@pytest.mark.parametrize("kind", DatabaseKind)
def test_WHEN_a_snapshot_is_deleted_THEN_it_is_gone(
    databases: "AwsClientProvider", kind: DatabaseKind
) -> None:
    name = "orders-a" if kind is INSTANCE else "reports-a"
    rds.delete_snapshot(name, kind, databases)
    assert rds.get_snapshot(name, databases) is None
    with pytest.raises(rds.SnapshotDoesntExist) as caught:
        rds.delete_snapshot(name, kind, databases)
    assert isinstance(caught.value, NotFound)
    assert caught.value.identifier == name


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("SnapshotQuotaExceeded", rds.TooManySnapshots, "quota of manual snapshots"),
        ("InvalidDBInstanceState", rds.DatabaseInWrongState, "No way; a is modifying"),
    ],
)
def test_WHEN_AWS_refuses_a_snapshot_THEN_the_error_tells_what_for(
    code: str, error: type[Exception], words: str
) -> None:
    client = only(instances=[instance("a", "modifying")])
    client.raises("create_db_snapshot", code=code, message="No way.")
    with pytest.raises(error, match=words) as caught:
        rds.create_snapshot("s", "a", INSTANCE, fake_provider(rds=client))
    assert isinstance(caught.value, Conflict)


def test_WHEN_AWS_refuses_to_delete_THEN_its_words_are_told() -> None:
    client = FakeClient("rds").raises("delete_db_snapshot", code="InvalidDBSnapshotState", message="No way.")
    with pytest.raises(rds.SnapshotInWrongState, match="snapshot s does not allow it: No way") as caught:
        rds.delete_snapshot("s", INSTANCE, fake_provider(rds=client))
    assert isinstance(caught.value, Conflict)


def test_WHEN_a_name_is_of_two_snapshots_THEN_the_kind_has_to_be_given() -> None:
    client = (
        FakeClient("rds")
        .answers("describe_db_snapshots", {"DBSnapshots": [{"DBSnapshotIdentifier": "s"}]})
        .answers(
            "describe_db_cluster_snapshots", {"DBClusterSnapshots": [{"DBClusterSnapshotIdentifier": "s"}]}
        )
    )
    provider = fake_provider(rds=client)
    with pytest.raises(rds.SnapshotAmbiguous) as caught:
        rds.get_snapshot("s", provider)
    assert caught.value.identifier == "s"
    found = rds.get_snapshot("s", provider, kind=CLUSTER)
    assert found is not None
    assert found.database_kind is CLUSTER


def test_WHEN_a_database_is_gone_THEN_AWS_saying_so_ends_no_list() -> None:
    client = (
        FakeClient("rds")
        .pages("describe_db_snapshots", [{"DBSnapshots": [{"DBSnapshotIdentifier": n}]} for n in "st"])
        .raises("describe_db_cluster_snapshots", code="DBClusterNotFoundFault")
    )
    assert names(fake_provider(rds=client), database="gone") == ["s", "t"]


@pytest.mark.parametrize("name", ["", "1a", "-a", "a-", "a--b", "a_b", "a b", "rds:a", "a" * 256])
def test_WHEN_no_snapshot_can_be_called_so_THEN_nothing_is_sent(name: str) -> None:
    client = FakeClient("rds")
    with pytest.raises(InvalidInput, match="no name for a snapshot"):
        rds.create_snapshot(name, "a", INSTANCE, fake_provider(rds=client))
    assert client.calls == []


@given(st.from_regex(r"[a-z]([a-z0-9]|-[a-z0-9]){0,20}", fullmatch=True))
def test_WHEN_a_name_keeps_AWSs_rules_THEN_it_is_taken(name: str) -> None:
    check_snapshot_name(name, CLUSTER)


def test_WHEN_tags_are_added_and_removed_THEN_the_others_stay(aws_provider: "AwsClientProvider") -> None:
    make_instance(aws_provider, Tags=[{"Key": "team", "Value": "ops"}, {"Key": "old", "Value": "1"}])
    arn = rds.get_database("orders", aws_provider).arn
    rds.add_database_tags(arn, {"stage": "live", "team": "web"}, aws_provider)
    rds.remove_database_tags(arn, ["old", "never-there"], aws_provider)
    assert rds.get_database_tags(arn, aws_provider) == {"team": "web", "stage": "live"}


def test_WHEN_a_tag_is_AWSs_own_THEN_nothing_is_sent() -> None:
    client = FakeClient("rds")
    with pytest.raises(InvalidInput, match="kept for AWS"):
        rds.add_database_tags("arn:aws:rds:x:1:db:a", {"aws:x": "1"}, fake_provider(rds=client))
    assert client.calls == []
