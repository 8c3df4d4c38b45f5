"""Starting, stopping, rebooting and waiting: what is accepted, refused, and seen on the way."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import rds_interactions as rds
from aws_interactions.aws_errors import AnswerLost, Conflict, InvalidInput, WaitTimedOut
from aws_interactions.rds_interactions import AwaitedState, DatabaseKind
from aws_interactions.testing import FakeClient, fake_provider
from tests.support.databases import cluster, instance, make_cluster, make_instance, only

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def through(*statuses: str) -> FakeClient:
    """Return a client that sees an instance go through these states; the last one stays."""
    return (
        FakeClient("rds")
        .answers("describe_db_instances", [{"DBInstances": [instance("a", status)]} for status in statuses])
        .raises("describe_db_clusters", code="DBClusterNotFoundFault")
    )


def wait(client: FakeClient, state: AwaitedState, clock: Clock, **more: Any) -> Any:
    provider = fake_provider(rds=client)
    given = {"timeout": 60, "interval": 15, "sleep": clock.sleep, "clock": clock, **more}
    return rds.wait_for_database("a", state, provider, **given)


def test_WHEN_an_instance_is_stopped_and_started_THEN_it_is_there(aws_provider: "AwsClientProvider") -> None:
    make_instance(aws_provider)
    rds.stop_db_instance("orders", aws_provider)
    assert rds.get_database("orders", aws_provider).status_text == "stopped"
    rds.start_db_instance("orders", aws_provider)
    assert rds.get_database("orders", aws_provider).status_text == "available"
    assert rds.reboot_db_instance("orders", aws_provider).identifier == "orders"


def test_WHEN_a_cluster_is_stopped_and_started_THEN_it_is_there(aws_provider: "AwsClientProvider") -> None:
    make_cluster(aws_provider)
    rds.stop_database("reports", DatabaseKind.CLUSTER, aws_provider)
    assert rds.get_database("reports", aws_provider).status_text == "stopped"
    rds.start_database("reports", DatabaseKind.CLUSTER, aws_provider)
    assert rds.get_database("reports", aws_provider).status_text == "available"


def test_WHEN_a_stop_is_accepted_THEN_what_AWS_says_is_returned() -> None:
    client = FakeClient("rds").answers("stop_db_instance", {"DBInstance": instance("a", "stopping")})
    found = rds.stop_db_instance("a", fake_provider(rds=client))
    assert found.status is rds.DatabaseStatus.STOPPING
    assert client.calls_of("stop_db_instance") == [{"DBInstanceIdentifier": "a"}]


def test_WHEN_a_cluster_is_rebooted_THEN_the_cluster_is_what_is_asked_for() -> None:
    client = FakeClient("rds").answers("reboot_db_cluster", {"DBCluster": cluster("a", "rebooting")})
    found = rds.reboot_database("a", DatabaseKind.CLUSTER, fake_provider(rds=client))
    assert found.status is rds.DatabaseStatus.REBOOTING
    assert client.calls_of("reboot_db_cluster") == [{"DBClusterIdentifier": "a"}]


def test_WHEN_a_stop_is_refused_for_the_state_THEN_the_conflict_names_it(
    aws_provider: "AwsClientProvider",
) -> None:
    make_instance(aws_provider)
    rds.stop_db_instance("orders", aws_provider)
    with pytest.raises(rds.DatabaseInWrongState, match="orders is stopped") as caught:
        rds.stop_db_instance("orders", aws_provider)
    assert isinstance(caught.value, Conflict)
    assert (caught.value.identifier, caught.value.status_text) == ("orders", "stopped")
    assert caught.value.aws_code == "InvalidDBInstanceState"
    assert caught.value.operation_name == "StopDBInstance"


def test_WHEN_a_cluster_refuses_for_its_state_THEN_the_conflict_names_it(
    aws_provider: "AwsClientProvider",
) -> None:
    make_cluster(aws_provider)
    with pytest.raises(rds.DatabaseInWrongState, match="reports is available") as caught:
        rds.start_db_cluster("reports", aws_provider)
    assert caught.value.aws_code == "InvalidDBClusterStateFault"


def test_WHEN_a_stop_is_refused_AND_the_state_cannot_be_read_THEN_the_refusal_stays() -> None:
    client = (
        FakeClient("rds")
        .raises("stop_db_instance", code="InvalidDBInstanceState", message="Instance a is not available.")
        .raises("describe_db_instances", code="AccessDenied")
    )
    with pytest.raises(rds.DatabaseInWrongState) as caught:
        rds.stop_db_instance("a", fake_provider(rds=client))
    assert str(caught.value) == "Instance a is not available"
    assert caught.value.status_text is None


@pytest.mark.parametrize(
    "change",
    [rds.start_db_instance, rds.stop_db_instance, rds.reboot_db_instance, rds.start_db_cluster],
)
def test_WHEN_what_should_change_is_absent_THEN_it_says_so(
    aws_provider: "AwsClientProvider", change: Callable[..., Any]
) -> None:
    with pytest.raises(rds.DatabaseDoesntExist) as caught:
        change("nope", aws_provider)
    assert caught.value.identifier == "nope"


def test_WHEN_an_answer_is_lost_THEN_nothing_is_claimed() -> None:
    client = FakeClient("rds").raises("stop_db_instance", error=ReadTimeoutError(endpoint_url="http://x"))
    with pytest.raises(AnswerLost):
        rds.stop_db_instance("a", fake_provider(rds=client))


def test_WHEN_waiting_for_a_stop_THEN_it_looks_every_interval_until_it_is_there() -> None:
    clock = Clock()
    found = wait(through("available", "stopping", "stopping", "stopped"), AwaitedState.STOPPED, clock)
    assert found.status_text == "stopped"
    assert clock.now == 1045


def test_WHEN_waiting_AND_it_is_there_at_once_THEN_nobody_sleeps() -> None:
    clock = Clock()
    assert wait(through("available"), AwaitedState.AVAILABLE, clock, timeout=0).identifier == "a"
    assert clock.now == 1000


def test_WHEN_waiting_AND_time_runs_out_THEN_how_it_was_last_is_told() -> None:
    clock = Clock()
    with pytest.raises(WaitTimedOut, match="a was stopping after 60 seconds, not stopped"):
        wait(through("stopping"), AwaitedState.STOPPED, clock)
    assert clock.now == 1060


@pytest.mark.parametrize("status", ["failed", "deleting", "incompatible-restore"])
def test_WHEN_waiting_AND_there_is_no_way_to_it_THEN_it_ends_at_once(status: str) -> None:
    clock = Clock()
    with pytest.raises(rds.DatabaseInWrongState, match=f"a is {status}"):
        wait(through("creating", status), AwaitedState.AVAILABLE, clock)
    assert clock.now == 1015


def test_WHEN_waiting_AND_the_state_is_new_THEN_it_is_waited_out() -> None:
    found = wait(through("singing", "dancing", "available"), AwaitedState.AVAILABLE, Clock())
    assert found.status_text == "available"


def test_WHEN_waiting_for_the_end_THEN_absence_is_it() -> None:
    client = (
        FakeClient("rds")
        .answers("describe_db_instances", {"DBInstances": [instance("a", "deleting")]})
        .raises("describe_db_instances", code="DBInstanceNotFound")
        .raises("describe_db_clusters", code="DBClusterNotFoundFault")
    )
    assert wait(client, AwaitedState.DELETED, Clock()) is None


def test_WHEN_waiting_AND_it_is_not_there_THEN_that_is_an_error() -> None:
    with pytest.raises(rds.DatabaseDoesntExist):
        wait(only(), AwaitedState.AVAILABLE, Clock())


def test_WHEN_waiting_AND_the_times_make_no_sense_THEN_nothing_is_asked() -> None:
    client = through("available")
    with pytest.raises(InvalidInput):
        wait(client, AwaitedState.AVAILABLE, Clock(), interval=0)
    assert client.calls == []


def test_WHEN_the_state_to_wait_for_is_a_word_THEN_it_is_understood() -> None:
    provider = fake_provider(rds=through("stopped"))
    found = rds.wait_for_database("a", "stopped", provider)
    assert found is not None
    assert found.status_text == "stopped"


def test_WHEN_the_state_to_wait_for_is_no_such_word_THEN_nothing_is_asked() -> None:
    client = through("stopped")
    with pytest.raises(InvalidInput, match="'halted' is not a state to wait for: available, stopped or del"):
        rds.wait_for_database("a", "halted", fake_provider(rds=client))
    assert client.calls == []


def test_WHEN_the_kind_is_a_word_THEN_it_is_understood() -> None:
    client = FakeClient("rds").answers("stop_db_instance", {"DBInstance": instance("a", "stopping")})
    assert rds.stop_database("a", "instance", fake_provider(rds=client)).kind is DatabaseKind.INSTANCE


@pytest.mark.parametrize(
    "act",
    [
        lambda provider: rds.start_database("a", "table", provider),
        lambda provider: rds.stop_database("a", "table", provider),
        lambda provider: rds.reboot_database("a", "table", provider),
        lambda provider: rds.get_database("a", provider, kind="table"),
        lambda provider: list(rds.list_databases(provider, kind="table")),
        lambda provider: rds.wait_for_database("a", AwaitedState.AVAILABLE, provider, kind="table"),
        lambda provider: rds.create_snapshot("s", "a", "table", provider),
        lambda provider: rds.delete_snapshot("s", "table", provider),
        lambda provider: rds.get_snapshot("s", provider, kind="table"),
        lambda provider: list(rds.list_snapshots(provider, kind="table")),
    ],
)
def test_WHEN_the_kind_is_no_such_word_THEN_nothing_is_asked(act: Callable[[Any], Any]) -> None:
    client = FakeClient("rds")
    with pytest.raises(InvalidInput, match="'table' is not a kind of database: instance or cluster"):
        act(fake_provider(rds=client))
    assert client.calls == []


def test_WHEN_a_snapshots_kind_is_a_word_THEN_that_one_is_deleted() -> None:
    client = FakeClient("rds").answers("delete_db_snapshot", {})
    rds.delete_snapshot("s", "instance", fake_provider(rds=client))
    assert [call.operation for call in client.calls] == ["delete_db_snapshot"]
