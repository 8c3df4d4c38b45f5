"""RDS databases: instances and clusters as one record, listed, looked up, in states that are new."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import given, strategies as st

from aws_interactions import rds_interactions as rds
from aws_interactions.aws_errors import AccessDenied, AwsInteractionError, Throttled, Unavailable
from aws_interactions.rds_interactions import DatabaseKind, DatabaseStatus
from aws_interactions.testing import FakeClient, fake_provider
from tests.support.databases import cluster, instance, make_cluster, make_instance, only

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider


def test_WHEN_listing_THEN_instances_and_clusters_are_told_alike(aws_provider: "AwsClientProvider") -> None:
    make_instance(aws_provider, Tags=[{"Key": "team", "Value": "ops"}])
    make_cluster(aws_provider)
    found = {database.identifier: database for database in rds.list_databases(aws_provider)}
    assert list(found) == ["orders", "reports-1", "reports"]
    assert found["orders"].kind is DatabaseKind.INSTANCE
    assert found["orders"].tags == {"team": "ops"}
    assert found["orders"].port == 5432
    assert str(found["orders"].endpoint).endswith(".eu-west-1.rds.amazonaws.com")
    assert found["orders"].arn == "arn:aws:rds:eu-west-1:123456789012:db:orders"
    assert found["orders"].created_at is not None
    assert found["orders"].created_at.tzinfo is not None
    assert found["reports-1"].cluster_id == "reports"
    assert found["reports"].kind is DatabaseKind.CLUSTER
    assert found["reports"].members == ("reports-1",)
    assert "cluster-ro-" in str(found["reports"].reader_endpoint)
    assert {database.status for database in found.values()} == {DatabaseStatus.AVAILABLE}


@pytest.mark.parametrize(
    ("kind", "names"),
    [(DatabaseKind.INSTANCE, ["orders", "reports-1"]), (DatabaseKind.CLUSTER, ["reports"])],
)
def test_WHEN_listing_AND_a_kind_is_given_THEN_only_that_is_asked_for(
    aws_provider: "AwsClientProvider", kind: DatabaseKind, names: list[str]
) -> None:
    make_instance(aws_provider)
    make_cluster(aws_provider)
    assert [database.identifier for database in rds.list_databases(aws_provider, kind=kind)] == names


def test_WHEN_listing_AND_there_are_pages_THEN_all_come() -> None:
    client = (
        FakeClient("rds")
        .pages(
            "describe_db_instances",
            [{"DBInstances": [instance("a")]}, {"DBInstances": []}, {"DBInstances": [instance("b")]}],
        )
        .pages("describe_db_clusters", [{"DBClusters": [cluster("c")]}, {"DBClusters": [cluster("d")]}])
    )
    found = [database.identifier for database in rds.list_databases(fake_provider(rds=client))]
    assert found == ["a", "b", "c", "d"]


def test_WHEN_listing_AND_a_page_comes_twice_THEN_the_list_is_not_trusted() -> None:
    page = {"DBInstances": [instance("a")], "Marker": "same"}
    client = FakeClient("rds").answers("describe_db_instances", page)
    with pytest.raises(Unavailable, match="same page twice"):
        list(rds.list_databases(fake_provider(rds=client)))


def test_WHEN_engines_of_other_services_are_listed_THEN_they_keep_their_engine() -> None:
    graph, documents = instance("g", Engine="neptune"), cluster("d", Engine="docdb")
    found = rds.list_databases(fake_provider(rds=only(instances=[graph], clusters=[documents])))
    assert [database.engine for database in found] == ["neptune", "docdb"]


@given(st.text())
def test_WHEN_a_state_is_new_THEN_it_is_unknown_and_its_words_are_kept(text: str) -> None:
    client = only(instances=[instance("a", text)])
    found = rds.get_database("a", fake_provider(rds=client))
    assert found.status_text == text
    known = {status.value for status in DatabaseStatus}
    assert found.status.value == (text if text in known else "unknown")


def test_WHEN_an_instance_is_being_created_THEN_what_it_has_not_yet_is_absent() -> None:
    found = rds.get_database("a", fake_provider(rds=only(instances=[instance("a", "creating")])))
    assert (found.endpoint, found.port, found.created_at, found.tags) == (None, None, None, {})


def test_WHEN_a_cluster_has_members_THEN_the_writer_is_first() -> None:
    members = [
        {"DBInstanceIdentifier": "r", "IsClusterWriter": False},
        {"DBInstanceIdentifier": "w", "IsClusterWriter": True},
    ]
    custom = ["c.cluster-custom-x"]
    client = only(clusters=[cluster("c", DBClusterMembers=members, CustomEndpoints=custom)])
    found = rds.get_database("c", fake_provider(rds=client))
    assert (found.members, found.custom_endpoints) == (("w", "r"), ("c.cluster-custom-x",))


@pytest.mark.parametrize("name", ["orders", "arn:aws:rds:eu-west-1:123456789012:db:orders"])
def test_WHEN_one_is_asked_for_THEN_identifier_and_ARN_both_find_it(
    aws_provider: "AwsClientProvider", name: str
) -> None:
    make_instance(aws_provider)
    assert rds.get_database(name, aws_provider).identifier == "orders"


def test_WHEN_a_cluster_is_asked_for_THEN_it_is_found(
    aws_provider: "AwsClientProvider",
) -> None:
    make_cluster(aws_provider)
    assert rds.get_database("reports", aws_provider).kind is DatabaseKind.CLUSTER
    with pytest.raises(rds.DatabaseDoesntExist):
        rds.get_database("reports", aws_provider, kind=DatabaseKind.INSTANCE)


@pytest.mark.parametrize("kind", [None, *DatabaseKind])
def test_WHEN_one_is_asked_for_AND_it_is_absent_THEN_it_says_so(
    aws_provider: "AwsClientProvider", kind: DatabaseKind | None
) -> None:
    with pytest.raises(rds.DatabaseDoesntExist) as caught:
        rds.get_database("nope", aws_provider, kind=kind)
    assert caught.value.identifier == "nope"
    assert "NotFound" in str(caught.value.aws_code)


def test_WHEN_an_answer_is_empty_THEN_the_database_is_absent() -> None:
    client = FakeClient("rds").answers("describe_db_instances", {}).answers("describe_db_clusters", {})
    with pytest.raises(rds.DatabaseDoesntExist):
        rds.get_database("a", fake_provider(rds=client))


def test_WHEN_a_name_is_an_instances_and_a_clusters_THEN_it_is_ambiguous_unless_the_kind_is_given() -> None:
    provider = fake_provider(rds=only(instances=[instance("a")], clusters=[cluster("a")]))
    with pytest.raises(rds.DatabaseAmbiguous, match="both an instance and a cluster") as caught:
        rds.get_database("a", provider)
    assert caught.value.identifier == "a"
    assert rds.get_database("a", provider, kind=DatabaseKind.CLUSTER).kind is DatabaseKind.CLUSTER
    found = rds.get_database("arn:aws:rds:eu-west-1:123456789012:cluster:a", provider)
    assert found.kind is DatabaseKind.CLUSTER


@pytest.mark.parametrize(("code", "kind"), [("AccessDenied", AccessDenied), ("Throttling", Throttled)])
def test_WHEN_AWS_refuses_THEN_its_kind_is_raised(code: str, kind: type[AwsInteractionError]) -> None:
    provider = mock.Mock()
    provider.get_rds.return_value = FakeClient("rds").raises("describe_db_instances", code=code)
    with pytest.raises(kind) as caught:
        rds.get_database("a", provider)
    assert caught.value.aws_code == code
    if isinstance(caught.value, AccessDenied):
        assert caught.value.iam_actions == ("rds:DescribeDBInstances",)


def test_WHEN_a_time_is_told_THEN_it_is_kept() -> None:
    made = datetime(2026, 1, 7, 12, 30, tzinfo=UTC)
    client = only(instances=[instance("a", InstanceCreateTime=made)])
    assert rds.get_database("a", fake_provider(rds=client)).created_at == made
