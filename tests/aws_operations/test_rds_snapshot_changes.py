"""Snapshots and tags: what is planned, what is then there, and what is left alone."""

from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import rds_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.rds_interactions import (
    ClusterMemberNotAlone,
    DatabaseInWrongState,
    SnapshotAlreadyExists,
    SnapshotDoesntExist,
    SnapshotInWrongState,
)
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import CarriedOutInPart, Change, ChangeResult, Effect, Reversibility
from aws_operations.rds import changes as rds_changes
from tests.support.databases import instance, make_cluster, make_instance, only

ARN = "arn:aws:rds:eu-west-1:123456789012:db:a"
LOST = ReadTimeoutError(endpoint_url="http://x")


def applied(changes: Iterable[Change], aws_provider: AwsClientProvider) -> list[ChangeResult]:
    return list(apply_changes(changes, lambda _: aws_provider))


def statuses(results: Iterable[ChangeResult]) -> list[str]:
    return [result.status.value for result in results]


def snapshots(aws_provider: AwsClientProvider) -> list[str]:
    found = rds_interactions.list_snapshots(aws_provider, snapshot_type="manual")
    return [snapshot.identifier for snapshot in found]


def snapshot(name: str = "s", **more: Any) -> dict[str, Any]:
    described = {
        "DBSnapshotIdentifier": name,
        "DBInstanceIdentifier": "a",
        "SnapshotType": "manual",
        "Status": "available",
        "DBSnapshotArn": f"arn:aws:rds:eu-west-1:123456789012:snapshot:{name}",
    }
    return {"DBSnapshots": [{**described, **more}]}


def instance_a() -> FakeClient:
    return only(instances=[instance("a", DBInstanceArn=ARN)])


def test_WHEN_snapshots_are_planned_THEN_they_are_made_when_that_is_applied(
    aws_provider: AwsClientProvider,
) -> None:
    make_instance(aws_provider)
    make_cluster(aws_provider)
    reader = aws_provider.read_only()
    changes = [
        *rds_changes.plan_create_snapshot("orders", "Orders-{region}", reader),
        *rds_changes.plan_create_snapshot("reports", "reports-{account}", reader),
    ]
    assert [change.resource.split(":", 5)[5] for change in changes] == [
        "snapshot:orders-eu-west-1",
        "cluster-snapshot:reports-123456789012",
    ]
    assert {change.effect for change in changes} == {Effect.CREATE}
    assert {change.reversibility for change in changes} == {Reversibility.COMPENSABLE}
    assert snapshots(aws_provider) == []
    assert statuses(applied(changes, aws_provider)) == ["applied", "applied"]
    assert snapshots(aws_provider) == ["orders-eu-west-1", "reports-123456789012"]
    with pytest.raises(SnapshotAlreadyExists):
        list(rds_changes.plan_create_snapshot("orders", "orders-eu-west-1", reader))


def test_WHEN_a_snapshot_cannot_be_taken_THEN_planning_says_why(aws_provider: AwsClientProvider) -> None:
    make_instance(aws_provider)
    make_cluster(aws_provider)
    with pytest.raises(ClusterMemberNotAlone, match="no snapshots of its own: take one of reports"):
        list(rds_changes.plan_create_snapshot("reports-1", "s", aws_provider))
    with pytest.raises(InvalidInput, match="up to 63 characters for clusters"):
        list(rds_changes.plan_create_snapshot("reports", "s" * 64, aws_provider))
    rds_interactions.stop_db_instance("orders", aws_provider)
    with pytest.raises(DatabaseInWrongState, match="it has to be available; orders is stopped"):
        list(rds_changes.plan_create_snapshot("orders", "s", aws_provider))


def test_WHEN_one_is_deleted_THEN_it_takes_consent_and_is_gone(
    aws_provider: AwsClientProvider,
) -> None:
    make_instance(aws_provider)
    make_cluster(aws_provider)
    applied(rds_changes.plan_create_snapshot("orders", "s", aws_provider), aws_provider)
    applied(rds_changes.plan_create_snapshot("reports", "t", aws_provider), aws_provider)
    changes = list(rds_changes.plan_delete_snapshots(["s", "t", "s"], aws_provider.read_only()))
    assert all(change.needs_consent for change in changes)
    assert {change.reversibility for change in changes} == {Reversibility.IRREVERSIBLE}
    assert statuses(applied(changes, aws_provider)) == ["applied", "applied"]
    assert snapshots(aws_provider) == []


def test_WHEN_a_shared_snapshot_of_another_account_is_named_THEN_its_namesake_here_is_not_planned() -> None:
    foreign = "arn:aws:rds:eu-west-1:111122223333:snapshot:s"
    client = FakeClient("rds").answers("describe_db_snapshots", snapshot(DBSnapshotArn=foreign))
    client.raises("describe_db_cluster_snapshots", code="DBClusterSnapshotNotFoundFault")
    with pytest.raises(SnapshotDoesntExist, match="there is no snapshot arn:"):
        list(rds_changes.plan_delete_snapshots([foreign], fake_provider(rds=client)))


def test_WHEN_an_automated_snapshot_should_be_deleted_THEN_it_is_said_that_AWS_does_that(
    aws_provider: AwsClientProvider,
) -> None:
    make_instance(aws_provider)
    [automated] = rds_interactions.list_snapshots(aws_provider, snapshot_type="automated")
    with pytest.raises(SnapshotInWrongState, match="automated: AWS deletes it by itself"):
        list(rds_changes.plan_delete_snapshots([automated.identifier], aws_provider))
    with pytest.raises(SnapshotDoesntExist):
        list(rds_changes.plan_delete_snapshots(["nope"], aws_provider))


@pytest.mark.parametrize(
    ("described", "reason"),
    [
        ({"SnapshotType": "awsbackup"}, "AWS Backup"),
        ({"SnapshotType": "shared"}, "only manual ones"),
        ({"Status": "creating"}, "still being made"),
    ],
)
def test_WHEN_a_snapshot_cannot_be_deleted_THEN_planning_says_why(
    described: dict[str, str], reason: str
) -> None:
    client = FakeClient("rds").answers("describe_db_snapshots", snapshot(**described))
    with pytest.raises(SnapshotInWrongState, match=reason):
        list(rds_changes.plan_delete_snapshots(["s"], fake_provider(rds=client), kind="instance"))


def test_WHEN_somebody_takes_the_name_since_the_plan_THEN_it_is_not_touched() -> None:
    client = instance_a().raises("describe_db_snapshots", code="DBSnapshotNotFound")
    client.answers("describe_db_snapshots", snapshot())
    provider = fake_provider(rds=client)
    [result] = applied(rds_changes.plan_create_snapshot("a", "s", provider), provider)
    assert result.status.value == "failed"
    assert "somebody else has taken a snapshot of that name" in str(result.error)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"AllocatedStorage": 7}, "another snapshot has taken its name"),
        (None, "deleted by someone else"),
    ],
)
def test_WHEN_a_snapshot_has_gone_or_changed_since_the_plan_THEN_nothing_is_deleted(
    now: dict[str, Any] | None, words: str
) -> None:
    client = FakeClient("rds").answers("describe_db_snapshots", snapshot())
    if now is None:
        client.raises("describe_db_snapshots", code="DBSnapshotNotFound")
    else:
        client.answers("describe_db_snapshots", snapshot(**now))
    provider = fake_provider(rds=client)
    [result] = applied(rds_changes.plan_delete_snapshots(["s"], provider, kind="instance"), provider)
    assert result.status.value == "failed"
    assert words in str(result.error)
    assert client.calls_of("delete_db_snapshot") == []


@pytest.mark.parametrize(
    ("found", "result"),
    [
        (snapshot(Status="creating"), "applied"),
        (snapshot(DBInstanceIdentifier="another"), "unknown"),
        (None, "failed"),
    ],
)
def test_WHEN_the_answer_to_a_new_snapshot_is_lost_THEN_it_is_looked_for(
    found: dict[str, Any] | None, result: str
) -> None:
    client = instance_a().raises("create_db_snapshot", error=LOST)
    for _ in range(2 if found else 1):
        client.raises("describe_db_snapshots", code="DBSnapshotNotFound")
    if found:
        client.answers("describe_db_snapshots", found)
    provider = fake_provider(rds=client)
    changes = rds_changes.plan_create_snapshot("a", "s", provider, kind="instance")
    assert statuses(applied(changes, provider)) == [result]


@pytest.mark.parametrize(
    ("found", "result"), [(None, "applied"), (snapshot(Status="deleting"), "applied"), (snapshot(), "failed")]
)
def test_WHEN_the_answer_to_a_deletion_is_lost_THEN_it_is_looked_for(
    found: dict[str, Any] | None, result: str
) -> None:
    client = FakeClient("rds").answers("describe_db_snapshots", [snapshot(), snapshot()])
    client.raises("delete_db_snapshot", error=LOST)
    if found:
        client.answers("describe_db_snapshots", found)
    else:
        client.raises("describe_db_snapshots", code="DBSnapshotNotFound")
    provider = fake_provider(rds=client)
    changes = rds_changes.plan_delete_snapshots(["s"], provider, kind="instance")
    assert statuses(applied(changes, provider)) == [result]


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ({}, {"team": "ops"}, Effect.UPDATE),
        ({"team": "ops"}, {"team": "ops", "stage": ""}, Effect.UPDATE),
        ({"team": "ops"}, {"team": "web"}, Effect.OVERWRITE),
        ({"team": "ops"}, {}, Effect.OVERWRITE),
    ],
)
def test_WHEN_tags_are_set_THEN_they_are_exactly_these(
    aws_provider: AwsClientProvider, before: dict[str, str], after: dict[str, str], effect: Effect
) -> None:
    make_instance(aws_provider, Tags=[{"Key": key, "Value": value} for key, value in before.items()])
    [change] = rds_changes.plan_set_tags("orders", after, aws_provider.read_only())
    assert change.effect is effect
    assert statuses(applied([change], aws_provider)) == ["applied"]
    assert rds_interactions.get_database_tags(change.resource, aws_provider) == after
    again = rds_changes.plan_set_tags("orders", after, aws_provider)
    assert statuses(applied(again, aws_provider)) == ["unchanged"]


def tagged(**tags: str) -> dict[str, Any]:
    return {"TagList": [{"Key": key.replace("aws_", "aws:"), "Value": value} for key, value in tags.items()]}


def test_WHEN_tags_are_set_THEN_AWSs_own_stay() -> None:
    client = instance_a().answers("list_tags_for_resource", tagged(aws_stack="x", team="ops"))
    client.answers("remove_tags_from_resource", {})
    provider = fake_provider(rds=client)
    [change] = rds_changes.plan_set_tags("a", {}, provider)
    assert change.before == {"team": "ops"}
    assert statuses(applied([change], provider)) == ["applied"]
    [sent] = client.calls_of("remove_tags_from_resource")
    assert sent["TagKeys"] == ["team"]


def test_WHEN_the_second_half_of_the_tags_is_refused_THEN_it_was_carried_out_in_part() -> None:
    client = instance_a().answers("list_tags_for_resource", tagged(team="ops"))
    client.answers("add_tags_to_resource", {})
    client.raises("remove_tags_from_resource", code="AccessDenied")
    provider = fake_provider(rds=client)
    [result] = applied(rds_changes.plan_set_tags("a", {"stage": "live"}, provider), provider)
    assert (result.status.value, type(result.error)) == ("failed", CarriedOutInPart)
    assert "rds:RemoveTagsFromResource" in str(result.error)
    assert "the tags stage were set already" in str(result.error)


def test_WHEN_there_is_no_room_for_old_and_new_tags_THEN_the_old_go_first() -> None:
    old = {f"o{number}": "" for number in range(40)}
    client = instance_a().answers("list_tags_for_resource", tagged(**old))
    client.answers("add_tags_to_resource", {}).answers("remove_tags_from_resource", {})
    provider = fake_provider(rds=client)
    new = {f"n{number}": "" for number in range(40)}
    assert statuses(applied(rds_changes.plan_set_tags("a", new, provider), provider)) == ["applied"]
    writes = [call.operation for call in client.calls if "tags_" in call.operation]
    assert writes[-2:] == ["remove_tags_from_resource", "add_tags_to_resource"]


@pytest.mark.parametrize(
    ("now", "result"),
    [({"stage": "live"}, "applied"), ({}, "failed"), ({"team": "ops"}, "unknown")],
)
def test_WHEN_the_answer_to_tags_is_lost_THEN_they_are_read_back(now: dict[str, str], result: str) -> None:
    client = instance_a().answers("list_tags_for_resource", [tagged(), tagged(), tagged(**now)])
    client.raises("add_tags_to_resource", error=LOST)
    provider = fake_provider(rds=client)
    changes = rds_changes.plan_set_tags("a", {"stage": "live"}, provider)
    assert statuses(applied(changes, provider)) == [result]


def test_WHEN_the_tags_have_changed_since_the_plan_THEN_they_are_not_touched() -> None:
    client = instance_a().answers("list_tags_for_resource", [tagged(), tagged(team="web")])
    provider = fake_provider(rds=client)
    [result] = applied(rds_changes.plan_set_tags("a", {"team": "ops"}, provider), provider)
    assert "the tags have changed since it was planned" in str(result.error)
