"""One database, its endpoints, tags and snapshots, and waiting for several together."""

from typing import Any

import pytest

from aws_interactions import rds_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import Conflict, InvalidInput, WaitTimedOut
from aws_interactions.rds_interactions import DatabaseDoesntExist, DatabaseInWrongState
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.rds import details as rds_details
from tests.support.databases import cluster, instance, make_cluster, make_instance, only


def test_WHEN_a_database_is_shown_THEN_a_template_names_it(aws_provider: AwsClientProvider) -> None:
    make_instance(aws_provider, "orders-eu-west-1")
    [row] = rds_details.database("orders-{region}", aws_provider)
    assert (row.identifier, row.kind) == ("orders-eu-west-1", "instance")
    with pytest.raises(DatabaseDoesntExist):
        list(rds_details.database("orders-eu-west-1", aws_provider, kind="cluster"))


def test_WHEN_endpoints_are_listed_THEN_each_address_has_its_role() -> None:
    custom = ["c.cluster-custom-x"]
    client = only(
        instances=[
            instance("a", Endpoint={"Address": "a.x", "Port": 5432}),
            instance("new", "creating"),
        ],
        clusters=[cluster("c", Endpoint="c.x", ReaderEndpoint="r.x", CustomEndpoints=custom, Port=3306)],
    )
    rows = rds_details.endpoints(None, fake_provider(rds=client))
    assert [(row.database, row.role, row.address, row.port) for row in rows] == [
        ("a", "instance", "a.x", 5432),
        ("c", "writer", "c.x", 3306),
        ("c", "reader", "r.x", 3306),
        ("c", "custom", "c.cluster-custom-x", 3306),
    ]


def test_WHEN_the_endpoints_of_one_are_asked_for_THEN_only_its_own_come(
    aws_provider: AwsClientProvider,
) -> None:
    make_instance(aws_provider)
    make_cluster(aws_provider)
    assert [row.role for row in rds_details.endpoints("reports", aws_provider)] == ["writer", "reader"]


def test_WHEN_tags_are_shown_THEN_they_are_in_order(aws_provider: AwsClientProvider) -> None:
    make_instance(aws_provider, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}])
    rows = rds_details.tags("orders", aws_provider)
    assert [(row.name, row.value) for row in rows] == [("a", "1"), ("b", "2")]


def test_WHEN_snapshots_are_listed_AND_there_are_none_THEN_the_database_has_to_be_there(
    aws_provider: AwsClientProvider,
) -> None:
    make_instance(aws_provider)
    rds_interactions.create_snapshot("s", "orders", rds_interactions.DatabaseKind.INSTANCE, aws_provider)
    [row] = rds_details.snapshots("orders", aws_provider, snapshot_type="manual")
    assert (row.snapshot, row.kind, row.database, row.type) == ("s", "instance", "orders", "manual")
    assert list(rds_details.snapshots("orders", aws_provider, snapshot_type="awsbackup")) == []
    with pytest.raises(DatabaseDoesntExist):
        list(rds_details.snapshots("odrers", aws_provider))


class World:
    """Instances whose states are told by the time; sleeping is what lets time pass."""

    def __init__(self, **states: list[tuple[float, str]]) -> None:
        self.now = 0.0
        self._states = states

    def provider(self) -> AwsClientProvider:
        client = FakeClient("rds").answers("describe_db_instances", self._described)
        return fake_provider(rds=client.raises("describe_db_clusters", code="DBClusterNotFoundFault"))

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def _described(self, **asked: Any) -> dict[str, Any]:
        name = asked["DBInstanceIdentifier"]
        past = [state for since, state in self._states.get(name, []) if since <= self.now]
        # A state without a name is no more instance.
        return {"DBInstances": [instance(name, past[-1])] if past and past[-1] else []}


def waited(world: World, *names: str, state: str = "stopped", timeout: float = 60) -> Any:
    return rds_details.wait(
        names,
        state,
        world.provider(),
        timeout=timeout,
        interval=10,
        sleep=world.sleep,
        clock=world.clock,
    )


def test_WHEN_waiting_for_several_THEN_each_comes_at_its_time() -> None:
    world = World(a=[(0, "stopping"), (25, "stopped")], b=[(0, "stopped")])
    rows = list(waited(world, "a", "b", "a"))
    assert [(row.database, row.status, row.seconds) for row in rows] == [
        ("b", "stopped", 0),
        ("a", "stopped", 30),
    ]


def test_WHEN_waiting_for_several_AND_one_is_late_THEN_the_others_are_told_and_the_time_is_shared() -> None:
    world = World(a=[(0, "stopping")], b=[(0, "stopping"), (50, "stopped")], c=[(0, "stopping")])
    rows = waited(world, "a", "b", "c")
    assert (next(rows).database, world.now) == ("b", 50)
    with pytest.raises(WaitTimedOut) as caught:
        next(rows)
    assert world.now == 60
    assert str(caught.value) == (
        "a was stopping after 60 seconds, not stopped; c was stopping after 60 seconds, not stopped"
    )


def test_WHEN_waiting_for_several_AND_one_is_not_there_THEN_nobody_waits() -> None:
    world = World(a=[(0, "stopping")], c=[(0, "stopped")])
    rows = waited(world, "a", "b", "c")
    assert next(rows).database == "c"
    with pytest.raises(DatabaseDoesntExist, match="no database b"):
        next(rows)
    assert world.now == 0


def test_WHEN_waiting_for_several_AND_one_fails_THEN_the_others_are_waited_for() -> None:
    world = World(a=[(0, "failed")], b=[(0, "stopping"), (20, "stopped")])
    rows = waited(world, "a", "b")
    assert next(rows).database == "b"
    with pytest.raises(DatabaseInWrongState, match="a is failed"):
        next(rows)


@pytest.mark.parametrize(("second", "error"), [("failed", Conflict), ("stopping", WaitTimedOut)])
def test_WHEN_several_go_wrong_THEN_all_are_named(second: str, error: type[Exception]) -> None:
    world = World(a=[(0, "failed")], b=[(0, second)])
    with pytest.raises(error, match=f"a is failed; .*b (is|was) {second}"):
        list(waited(world, "a", "b"))


def test_WHEN_waiting_for_the_end_THEN_it_is_called_deleted() -> None:
    rows = list(waited(World(), "a", "b", state="deleted"))
    assert [(row.database, row.status) for row in rows] == [("a", "deleted"), ("b", "deleted")]


def test_WHEN_waiting_AND_one_goes_meanwhile_THEN_the_others_are_waited_for() -> None:
    world = World(a=[(0, "stopping"), (15, "")], b=[(0, "stopping"), (40, "stopped")])
    rows = waited(world, "a", "b")
    assert (next(rows).database, world.now) == ("b", 40)
    with pytest.raises(DatabaseDoesntExist, match="no database a"):
        next(rows)


def test_WHEN_waiting_AND_the_interval_is_nothing_THEN_it_is_refused() -> None:
    with pytest.raises(InvalidInput):
        list(rds_details.wait(["a"], "stopped", World(a=[(0, "stopping")]).provider(), timeout=1, interval=0))


def test_WHEN_waiting_THEN_each_state_is_told_once_however_often_it_is_seen(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger="aws_interactions.rds_interactions")
    world = World(a=[(0, "stopping"), (35, "stopped")], b=[(0, "available"), (25, "stopped")])
    list(waited(world, "a", "b"))
    assert caplog.messages == ["a is stopping", "b is available", "b is stopped", "a is stopped"]


def test_WHEN_waiting_for_a_clusters_end_THEN_an_instance_of_its_name_is_not_taken_for_it() -> None:
    client = FakeClient("rds").raises("describe_db_instances", code="DBInstanceNotFound")
    client.answers("describe_db_instances", {"DBInstances": [instance("a")]})
    client.answers("describe_db_clusters", {"DBClusters": [cluster("a", "deleting")]})
    client.raises("describe_db_clusters", code="DBClusterNotFoundFault")
    world = World()
    [row] = rds_details.wait(
        ["a"],
        "deleted",
        fake_provider(rds=client),
        timeout=60,
        interval=10,
        sleep=world.sleep,
        clock=world.clock,
    )
    assert (row.status, row.seconds) == ("deleted", 10)
