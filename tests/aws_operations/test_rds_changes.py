"""Starting, stopping and rebooting: what is planned, what is then so, and what is left alone."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import rds_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import Conflict, InvalidInput
from aws_interactions.rds_interactions import (
    ClusterMemberNotAlone,
    ClusterRebootsByInstance,
    DatabaseAmbiguous,
    DatabaseDoesntExist,
    DatabaseInWrongState,
)
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import Change, ChangeResult, Effect, Reversibility, change_kind
from aws_operations.rds import changes as rds_changes
from tests.support.databases import cluster, instance, make_cluster, make_instance, only

ARN = "arn:aws:rds:eu-west-1:123456789012:db:a"
LOST = ReadTimeoutError(endpoint_url="http://x")


def applied(changes: Iterable[Change], aws_provider: AwsClientProvider) -> list[ChangeResult]:
    return list(apply_changes(changes, lambda _: aws_provider))


def statuses(results: Iterable[ChangeResult]) -> list[str]:
    return [result.status.value for result in results]


def seen(*states: str) -> FakeClient:
    """Return a client that sees instance ``a`` in these states, one a look; the last one stays."""
    answers = [{"DBInstances": [instance("a", state, DBInstanceArn=ARN)]} for state in states]
    return (
        FakeClient("rds")
        .answers("describe_db_instances", answers)
        .raises("describe_db_clusters", code="DBClusterNotFoundFault")
    )


def status_of(name: str, aws_provider: AwsClientProvider) -> str:
    return rds_interactions.get_database(name, aws_provider).status_text


def test_WHEN_a_stop_is_planned_THEN_it_stops_when_that_is_applied(
    aws_provider: AwsClientProvider,
) -> None:
    make_instance(aws_provider, "orders-eu-west-1")
    [change] = rds_changes.plan_stop(["orders-{region}"], aws_provider.read_only())
    assert change.resource == "arn:aws:rds:eu-west-1:123456789012:db:orders-eu-west-1"
    assert (change.effect, change.reversibility) == (Effect.UPDATE, Reversibility.REVERSIBLE)
    assert not change.needs_consent
    assert "7 days" in str(change.after)
    assert change.iam_actions == ("rds:DescribeDBInstances", "rds:DescribeDBClusters", "rds:StopDBInstance")
    assert Change.from_json(change.to_json()) == change
    assert status_of("orders-eu-west-1", aws_provider) == "available"
    assert statuses(applied([change], aws_provider)) == ["applied"]
    assert status_of("orders-eu-west-1", aws_provider) == "stopped"


def test_WHEN_instances_and_clusters_are_stopped_and_started_THEN_both_kinds_are(
    aws_provider: AwsClientProvider,
) -> None:
    make_instance(aws_provider)
    make_cluster(aws_provider)
    names = ["orders", "reports", "orders"]
    assert statuses(applied(rds_changes.plan_stop(names, aws_provider), aws_provider)) == ["applied"] * 2
    assert [status_of(name, aws_provider) for name in ("orders", "reports")] == ["stopped"] * 2
    assert statuses(applied(rds_changes.plan_stop(names, aws_provider), aws_provider)) == ["unchanged"] * 2
    assert statuses(applied(rds_changes.plan_start(names, aws_provider), aws_provider)) == ["applied"] * 2
    assert [status_of(name, aws_provider) for name in ("orders", "reports")] == ["available"] * 2
    assert statuses(applied(rds_changes.plan_start(names, aws_provider), aws_provider)) == ["unchanged"] * 2


@pytest.mark.parametrize(
    ("plan", "status"),
    [
        (rds_changes.plan_start, "available"),
        (rds_changes.plan_start, "starting"),
        (rds_changes.plan_stop, "stopped"),
        (rds_changes.plan_stop, "stopping"),
    ],
)
def test_WHEN_it_is_so_already_or_on_its_way_THEN_there_is_nothing_to_do(
    plan: Callable[..., Iterable[Change]], status: str
) -> None:
    client = seen(status)
    provider = fake_provider(rds=client)
    [change] = plan(["a"], provider)
    assert change.is_noop
    assert statuses(applied([change], provider)) == ["unchanged"]
    assert {call.operation for call in client.calls} == {"describe_db_instances", "describe_db_clusters"}


@pytest.mark.parametrize(
    ("plan", "status", "wanted"),
    [
        (rds_changes.plan_start, "stopping", "to start a it has to be stopped; a is stopping"),
        (rds_changes.plan_start, "deleting", "a is deleting"),
        (rds_changes.plan_stop, "starting", "to stop a it has to be available; a is starting"),
        (rds_changes.plan_stop, "backing-up", "a is backing-up"),
        (rds_changes.plan_reboot, "stopped", "to reboot a it has to be available; a is stopped"),
        (rds_changes.plan_reboot, "rebooting", "a is rebooting"),
    ],
)
def test_WHEN_the_state_does_not_allow_it_THEN_planning_says_so_and_names_it(
    plan: Callable[..., Iterable[Change]], status: str, wanted: str
) -> None:
    with pytest.raises(DatabaseInWrongState, match=wanted) as caught:
        list(plan(["a"], fake_provider(rds=seen(status))))
    assert caught.value.status_text == status
    assert isinstance(caught.value, Conflict)


@pytest.mark.parametrize("status", ["storage-optimization", "a-state-of-tomorrow"])
def test_WHEN_nobody_knows_whether_the_state_allows_it_THEN_AWS_is_asked(status: str) -> None:
    client = seen(status).answers("stop_db_instance", {"DBInstance": instance("a", "stopping")})
    provider = fake_provider(rds=client)
    assert statuses(applied(rds_changes.plan_stop(["a"], provider), provider)) == ["applied"]


@pytest.mark.parametrize("plan", [rds_changes.plan_start, rds_changes.plan_stop])
def test_WHEN_a_member_of_a_cluster_should_start_or_stop_alone_THEN_the_cluster_is_named(
    aws_provider: AwsClientProvider, plan: Callable[..., Iterable[Change]]
) -> None:
    make_cluster(aws_provider)
    with pytest.raises(ClusterMemberNotAlone, match=r"alone: (start|stop) reports instead") as caught:
        list(plan(["reports-1"], aws_provider))
    assert (caught.value.identifier, caught.value.cluster_id) == ("reports-1", "reports")


def test_WHEN_an_aurora_cluster_should_reboot_THEN_its_instances_are_named(
    aws_provider: AwsClientProvider,
) -> None:
    make_cluster(aws_provider)
    with pytest.raises(ClusterRebootsByInstance, match="one by one: reports-1"):
        list(rds_changes.plan_reboot(["reports"], aws_provider))
    [change] = rds_changes.plan_reboot(["reports-1"], aws_provider)
    assert statuses(applied([change], aws_provider)) == ["applied"]


def test_WHEN_a_multi_az_cluster_should_reboot_THEN_it_does() -> None:
    arn = "arn:aws:rds:eu-west-1:123456789012:cluster:a"
    client = only(clusters=[{**cluster("a", DBClusterArn=arn), "Engine": "mysql"}])
    client.answers("reboot_db_cluster", {"DBCluster": cluster("a", "rebooting")})
    provider = fake_provider(rds=client)
    [change] = rds_changes.plan_reboot(["a"], provider)
    assert change.reversibility is Reversibility.IRREVERSIBLE
    assert statuses(applied([change], provider)) == ["applied"]
    assert client.calls_of("reboot_db_cluster") == [{"DBClusterIdentifier": "a"}]


def test_WHEN_the_name_is_absent_ambiguous_or_half_a_template_THEN_nothing_is_planned(
    aws_provider: AwsClientProvider,
) -> None:
    with pytest.raises(DatabaseDoesntExist):
        list(rds_changes.plan_stop(["nope"], aws_provider))
    with pytest.raises(InvalidInput, match="can be filled in"):
        list(rds_changes.plan_stop(["orders-{regoin}"], aws_provider))
    both = only(instances=[instance("a", DBInstanceArn=ARN)], clusters=[cluster("a")])
    with pytest.raises(DatabaseAmbiguous):
        list(rds_changes.plan_stop(["a"], fake_provider(rds=both)))
    [change] = rds_changes.plan_stop(["a"], fake_provider(rds=both), kind="instance")
    assert change.resource == ARN


def test_WHEN_the_state_has_changed_since_the_plan_THEN_it_is_not_touched() -> None:
    client = seen("available", "modifying")
    provider = fake_provider(rds=client)
    [result] = applied(rds_changes.plan_stop(["a"], provider), provider)
    assert (result.status.value, type(result.error)) == ("failed", Conflict)
    assert "its status has become modifying since it was planned" in str(result.error)
    assert client.calls_of("stop_db_instance") == []


def test_WHEN_it_is_gone_since_the_plan_THEN_that_is_what_is_said() -> None:
    client = seen("available").raises("describe_db_instances", code="DBInstanceNotFound")
    provider = fake_provider(rds=client)
    [result] = applied(rds_changes.plan_stop(["a"], provider), provider)
    assert (result.status.value, type(result.error)) == ("failed", DatabaseDoesntExist)


def test_WHEN_somebody_else_has_stopped_it_since_the_plan_THEN_it_is_unchanged() -> None:
    client = seen("available", "stopping").raises("stop_db_instance", code="InvalidDBInstanceState")
    provider = fake_provider(rds=client)
    assert statuses(applied(rds_changes.plan_stop(["a"], provider), provider)) == ["unchanged"]


def test_WHEN_AWS_refuses_for_the_state_THEN_the_result_names_it() -> None:
    client = seen("available", "available", "modifying").raises(
        "stop_db_instance", code="InvalidDBInstanceState", message="Instance a is not in available state."
    )
    provider = fake_provider(rds=client)
    [result] = applied(rds_changes.plan_stop(["a"], provider), provider)
    assert result.status.value == "failed"
    assert str(result.error) == "Instance a is not in available state; a is modifying"


@pytest.mark.parametrize(
    ("plan", "call", "before", "after", "result"),
    [
        (rds_changes.plan_stop, "stop_db_instance", "available", "stopping", "applied"),
        (rds_changes.plan_stop, "stop_db_instance", "available", "stopped", "applied"),
        (rds_changes.plan_stop, "stop_db_instance", "available", "available", "failed"),
        (rds_changes.plan_stop, "stop_db_instance", "available", "deleting", "unknown"),
        (rds_changes.plan_start, "start_db_instance", "stopped", "starting", "applied"),
        (rds_changes.plan_start, "start_db_instance", "stopped", "stopped", "failed"),
        (rds_changes.plan_reboot, "reboot_db_instance", "available", "rebooting", "applied"),
        (rds_changes.plan_reboot, "reboot_db_instance", "available", "available", "unknown"),
    ],
)
def test_WHEN_the_answer_is_lost_THEN_the_state_is_read_back(
    plan: Callable[..., Iterable[Change]], call: str, before: str, after: str, result: str
) -> None:
    client = seen(before, before, after).raises(call, error=LOST)
    provider = fake_provider(rds=client)
    assert statuses(applied(plan(["a"], provider), provider)) == [result]
    assert len(client.calls_of(call)) == 1


def test_WHEN_one_of_several_is_refused_THEN_the_others_are_done_all_the_same() -> None:
    def described(**asked: Any) -> dict[str, Any]:
        name = asked["DBInstanceIdentifier"]
        return {"DBInstances": [instance(name, DBInstanceArn=f"{ARN[:-1]}{name}")]}

    client = (
        FakeClient("rds")
        .answers("describe_db_instances", described)
        .raises("stop_db_instance", code="AccessDenied")
        .answers("stop_db_instance", {"DBInstance": instance("b", "stopping")})
    )
    provider = fake_provider(rds=client)
    changes = list(rds_changes.plan_stop(["a", "b"], provider, kind="instance"))
    assert statuses(applied(changes, provider)) == ["failed", "applied"]


@pytest.mark.parametrize(
    "name", ["start", "stop", "reboot", "create-snapshot", "delete-snapshot", "set-tags"]
)
def test_WHEN_a_kind_is_asked_for_by_name_THEN_it_is_found(name: str) -> None:
    assert change_kind(f"rds.{name}").name == f"rds.{name}"
