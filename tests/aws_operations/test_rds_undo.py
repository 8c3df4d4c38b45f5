"""What takes changes of RDS back, and what guards learn of them."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from aws_interactions import rds_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import CannotUndo, Change, Effect, ResultStatus, Reversibility, change_kind
from aws_operations.rds import changes as rds_changes
from tests.support.databases import instance, make_cluster, make_instance, only

ARN = "arn:aws:rds:eu-west-1:123456789012:db:a"


def made(changes: Iterable[Change], aws_provider: AwsClientProvider) -> list[Change]:
    results = list(apply_changes(changes, lambda _: aws_provider))
    assert {result.status for result in results} <= {ResultStatus.APPLIED}, results
    return [result.change for result in results]


def inverses(change: Change, aws_provider: AwsClientProvider) -> list[Change]:
    invert = change_kind(change.kind).invert
    assert invert is not None
    return [Change.from_json(inverse.to_json()) for inverse in invert(change, aws_provider.read_only())]


def seen(status: str) -> AwsClientProvider:
    return fake_provider(rds=only(instances=[instance("a", status, DBInstanceArn=ARN)]))


def a_change(plan: Callable[..., Any], status: str) -> Change:
    [change] = plan([ARN], seen(status))
    return change  # type: ignore[no-any-return]


def test_WHEN_databases_are_stopped_AND_that_is_undone_THEN_both_kinds_are_available(
    aws_provider: AwsClientProvider,
) -> None:
    make_instance(aws_provider)
    make_cluster(aws_provider)
    stops = made(rds_changes.plan_stop(["orders", "reports"], aws_provider), aws_provider)
    starts = [inverse for stop in stops for inverse in inverses(stop, aws_provider)]
    assert [change.kind for change in starts] == ["rds.start", "rds.start"]
    made(starts, aws_provider)
    states = [rds_interactions.get_database(name, aws_provider).status_text for name in ("orders", "reports")]
    assert states == ["available", "available"]
    for stop in stops:
        with pytest.raises(CannotUndo, match="it is available by now, and was left stopped"):
            inverses(stop, aws_provider)
    assert [inverse.kind for start in starts for inverse in inverses(start, aws_provider)] == ["rds.stop"] * 2


@pytest.mark.parametrize(
    ("plan", "before", "now", "reason"),
    [
        (
            rds_changes.plan_stop,
            "available",
            "stopping",
            "it is still stopping: undo the run once it is stopped",
        ),
        (rds_changes.plan_stop, "available", "deleting", "it is deleting by now, and was left stopped"),
        (
            rds_changes.plan_start,
            "stopped",
            "starting",
            "it is still starting: undo the run once it is available",
        ),
        (rds_changes.plan_start, "stopped", "stopped", "it is stopped by now, and was left available"),
    ],
)
def test_WHEN_a_database_is_not_as_it_was_left_THEN_it_is_told_how_it_is(
    plan: Callable[..., Any], before: str, now: str, reason: str
) -> None:
    with pytest.raises(CannotUndo, match=reason):
        inverses(a_change(plan, before), seen(now))


def test_WHEN_a_database_is_gone_THEN_neither_its_state_nor_its_tags_are_taken_back() -> None:
    client = only()
    client.raises("list_tags_for_resource", code="DBInstanceNotFound", status=404)
    stop = a_change(rds_changes.plan_stop, "available")
    with pytest.raises(CannotUndo, match="not there any more"):
        inverses(stop, fake_provider(rds=client))
    there = only(instances=[instance("a", DBInstanceArn=ARN)]).answers("list_tags_for_resource", {})
    [tagged] = rds_changes.plan_set_tags(ARN, {"a": "b"}, fake_provider(rds=there))
    with pytest.raises(CannotUndo, match="not there any more"):
        inverses(tagged, fake_provider(rds=client))


def test_WHEN_a_snapshot_is_taken_AND_that_is_undone_THEN_it_is_destroyed_only_with_consent(
    aws_provider: AwsClientProvider,
) -> None:
    make_instance(aws_provider)
    [taken] = made(rds_changes.plan_create_snapshot("orders", "before", aws_provider), aws_provider)
    [deletion] = inverses(taken, aws_provider)
    assert (deletion.kind, deletion.effect) == ("rds.delete-snapshot", Effect.DESTROY)
    assert deletion.reversibility is Reversibility.IRREVERSIBLE
    assert deletion.needs_consent
    made([deletion], aws_provider)
    assert rds_interactions.get_snapshot("before", aws_provider) is None
    with pytest.raises(CannotUndo, match="the snapshot is not there any more"):
        inverses(taken, aws_provider)
    assert change_kind("rds.delete-snapshot").invert is None


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ({"Status": "creating"}, "it is still being made: undo the run once it is available"),
        ({"DBInstanceIdentifier": "b"}, "another snapshot has taken its name"),
        ({"SnapshotType": "awsbackup"}, "another snapshot has taken its name"),
    ],
)
def test_WHEN_a_snapshot_is_another_or_not_ready_THEN_it_is_not_deleted(
    now: dict[str, str], reason: str
) -> None:
    there = only(instances=[instance("a", DBInstanceArn=ARN)])
    there.raises("describe_db_snapshots", code="DBSnapshotNotFound", status=404)
    [taken] = rds_changes.plan_create_snapshot("a", "before", fake_provider(rds=there), kind="instance")
    snapshot = {
        "DBSnapshotIdentifier": "before",
        "DBInstanceIdentifier": "a",
        "DBSnapshotArn": taken.resource,
        "SnapshotType": "manual",
        "Status": "available",
        "SnapshotCreateTime": datetime(2026, 1, 1, tzinfo=UTC),
        **now,
    }
    client = FakeClient("rds").answers("describe_db_snapshots", {"DBSnapshots": [snapshot]})
    with pytest.raises(CannotUndo, match=reason):
        inverses(taken, fake_provider(rds=client))


def test_WHEN_tags_were_set_THEN_they_come_back_unless_they_have_changed(
    aws_provider: AwsClientProvider,
) -> None:
    make_instance(aws_provider, Tags=[{"Key": "team", "Value": "web"}, {"Key": "kept", "Value": "1"}])
    [change] = made(
        rds_changes.plan_set_tags("orders", {"kept": "1", "new": "2"}, aws_provider), aws_provider
    )
    [back] = inverses(change, aws_provider)
    assert (back.before, back.after) == (change.after, change.before)
    made([back], aws_provider)
    assert rds_interactions.get_database_tags(change.resource, aws_provider) == {"team": "web", "kept": "1"}
    with pytest.raises(CannotUndo, match="its tags have changed since"):
        inverses(change, aws_provider)


def test_WHEN_guards_ask_THEN_databases_and_snapshots_are_counted_each_by_itself(
    aws_provider: AwsClientProvider,
) -> None:
    make_instance(aws_provider)
    make_cluster(aws_provider)
    [stop] = rds_changes.plan_stop(["orders"], aws_provider)
    [taken] = made(rds_changes.plan_create_snapshot("orders", "before", aws_provider), aws_provider)
    databases, snapshots = change_kind("rds.stop").census, change_kind("rds.create-snapshot").census
    assert databases is not None
    assert snapshots is not None
    assert [databases.count(stop, aws_provider, most) for most in (10, 2)] == [3, 2]
    assert snapshots.count(taken, aws_provider, 10) == 1
    assert databases.place(stop) != snapshots.place(taken)


def test_WHEN_guards_ask_for_tags_THEN_databases_have_theirs_AND_what_is_gone_has_none(
    aws_provider: AwsClientProvider,
) -> None:
    make_instance(aws_provider, Tags=[{"Key": "team", "Value": "web"}])
    [stop] = rds_changes.plan_stop(["orders"], aws_provider)
    tags = change_kind("rds.stop").tags
    assert tags is not None
    absent = stop.resource.replace("orders", "absent")
    assert tags.read([stop.resource, absent], aws_provider) == {stop.resource: {"team": "web"}, absent: {}}
    [taken] = rds_changes.plan_create_snapshot("orders", "before", aws_provider)
    of_snapshots = change_kind("rds.create-snapshot").tags
    assert of_snapshots is not None
    assert of_snapshots.owner(taken) is None
