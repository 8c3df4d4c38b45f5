"""The list of databases for operators."""

from typing import Any

import pytest

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.rds import databases as rds
from aws_operations.rds.databases import DatabaseFilter

INSTANCES: list[dict[str, Any]] = [
    {
        "DBInstanceIdentifier": "orders",
        "DBInstanceStatus": "available",
        "Engine": "postgres",
        "TagList": [{"Key": "team", "Value": "ops"}, {"Key": "stage", "Value": "live"}],
    },
    {
        "DBInstanceIdentifier": "reports-1",
        "DBInstanceStatus": "stopped",
        "Engine": "aurora-postgresql",
        "DBClusterIdentifier": "reports",
        "TagList": [{"Key": "team", "Value": "ops"}],
    },
]
CLUSTERS = [{"DBClusterIdentifier": "reports", "Status": "singing", "Engine": "aurora-postgresql"}]


def names(wanted: DatabaseFilter) -> list[str]:
    client = (
        FakeClient("rds")
        .answers("describe_db_instances", {"DBInstances": INSTANCES})
        .answers("describe_db_clusters", {"DBClusters": CLUSTERS})
    )
    return [row.database for row in rds.databases(wanted, fake_provider(rds=client))]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (DatabaseFilter(), ["orders", "reports-1", "reports"]),
        (DatabaseFilter(kind="cluster"), ["reports"]),
        (DatabaseFilter(kind="instance"), ["orders", "reports-1"]),
        (DatabaseFilter(engine="postgres"), ["orders"]),
        (DatabaseFilter(engine="aurora"), ["reports-1", "reports"]),
        (DatabaseFilter(engine="aurora-postgresql"), ["reports-1", "reports"]),
        (DatabaseFilter(engine="post"), []),
        (DatabaseFilter(status="stopped"), ["reports-1"]),
        (DatabaseFilter(status="stopping"), []),
        (DatabaseFilter(tags={"team": "ops"}), ["orders", "reports-1"]),
        (DatabaseFilter(tags={"team": "ops", "stage": "live"}), ["orders"]),
        (DatabaseFilter(tags={"team": "Ops"}), []),
    ],
)
def test_WHEN_databases_are_listed_AND_a_filter_is_given_THEN_it_restricts(
    wanted: DatabaseFilter, found: list[str]
) -> None:
    assert names(wanted) == found


def test_WHEN_a_database_is_in_a_state_that_nobody_has_heard_of_THEN_its_words_are_shown_and_found() -> None:
    client = FakeClient("rds").answers("describe_db_clusters", {"DBClusters": CLUSTERS})
    [row] = rds.databases(DatabaseFilter(kind="cluster", status="singing"), fake_provider(rds=client))
    assert (row.database, row.status) == ("reports", "singing")


def test_WHEN_a_status_is_mistyped_THEN_that_is_said_instead_of_an_empty_list() -> None:
    with pytest.raises(InvalidInput, match=r"'stoped'.*did you mean stopped\?"):
        names(DatabaseFilter(status="stoped"))
