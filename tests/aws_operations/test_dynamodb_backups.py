"""Backups made, found and deleted, and tables restored: planned, followed, settled, taken back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import (
    BackupDoesNotExist,
    BackupInWrongState,
    KeyAttribute,
    PointInTimeNotKept,
    TableAlreadyExists,
    TableChangedTooOften,
    TableDoesNotExist,
    TableSpec,
)
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.changes import Change, ChangeResult, Effect, ResultStatus, change_kind
from aws_operations.dynamodb import changes
from aws_operations.dynamodb.backups import backups
from tests.support.dynamodb_things import ARN, TABLE, applied, described_table, planned
from tests.support.undone_changes import done, undone, why_not

NAME, NEW = "before-launch", "orders-again"
KEY = {"customer": "c-1"}
BACKUP_ARN = f"{ARN}/backup/0123-abcd"
MADE_AT = datetime(2026, 1, 31, tzinfo=UTC)
QUICKLY = changes.Following(timeout=0, interval=1)
LOST = ReadTimeoutError(endpoint_url="http://x")


@pytest.fixture(autouse=True)
def table(aws_provider: AwsClientProvider) -> None:
    dynamodb_interactions.create_table(TableSpec(TABLE, (KeyAttribute("customer", "S"),)), aws_provider)
    dynamodb_interactions.put_item(TABLE, KEY, aws_provider)


def summary(**more: Any) -> dict[str, Any]:
    return {
        "BackupName": NAME,
        "TableName": TABLE,
        "BackupArn": BACKUP_ARN,
        "BackupStatus": "AVAILABLE",
        "BackupType": "USER",
        "BackupCreationDateTime": MADE_AT,
        **more,
    }


def client_with(*summaries: dict[str, Any]) -> FakeClient:
    return FakeClient("dynamodb").answers("list_backups", {"BackupSummaries": list(summaries)})


def kept(client: FakeClient, **more: Any) -> FakeClient:
    """Have a client tell that what the table was is kept since a day."""
    recovery = {
        "PointInTimeRecoveryStatus": "ENABLED",
        "EarliestRestorableDateTime": MADE_AT,
        "LatestRestorableDateTime": MADE_AT + timedelta(days=1),
        **more,
    }
    answer = {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
    return client.answers("describe_continuous_backups", {"ContinuousBackupsDescription": answer})


def test_WHEN_a_backup_is_made_AND_restored_AND_deleted_THEN_each_is_seen(
    aws_provider: AwsClientProvider,
) -> None:
    change = done(changes.plan_create_backup([TABLE], NAME, aws_provider.read_only()), aws_provider)
    assert not change.needs_consent
    [row] = backups(TABLE, aws_provider)
    assert (row.name, row.table, row.status, row.type) == (NAME, TABLE, "AVAILABLE", "USER")
    with pytest.raises(changes.BackupAlreadyExists, match=NAME):
        list(changes.plan_create_backup([TABLE], NAME, aws_provider))
    plan = changes.plan_restore_backup(NEW, row.arn, aws_provider, following=QUICKLY)
    restored = done(plan, aws_provider)
    assert list(dynamodb_interactions.scan(NEW, aws_provider)) == [KEY]
    assert undone(restored, aws_provider).effect is Effect.DESTROY
    deletion = done(changes.plan_delete_backups([NAME], aws_provider), aws_provider)
    assert (deletion.resource, (deletion.before or {})["table"]) == (row.arn, TABLE)
    assert list(backups(None, aws_provider)) == []
    assert "not there any more" in why_not(change, aws_provider)
    assert "deleted by someone else" in str(applied([deletion], aws_provider).error)


def test_WHEN_a_name_is_of_several_backups_THEN_an_arn_is_asked_for(aws_provider: AwsClientProvider) -> None:
    client = client_with(*(summary(BackupArn=f"{BACKUP_ARN}{number}") for number in range(5)))
    with pytest.raises(InvalidInput, match=r"5 backups are called .*abcd0, .*abcd2 and 2 more"):
        list(changes.plan_delete_backups([NAME], fake_provider(dynamodb=client)))
    for absent in ("absent", BACKUP_ARN):
        with pytest.raises(BackupDoesNotExist):
            list(changes.plan_delete_backups([absent], aws_provider))


@pytest.mark.parametrize(
    ("found", "reason"),
    [({"BackupType": "AWS_BACKUP"}, "is of AWS Backup"), ({"BackupStatus": "CREATING"}, "still being made")],
)
def test_WHEN_a_backup_cannot_be_deleted_THEN_planning_says_why(found: dict[str, Any], reason: str) -> None:
    with pytest.raises(BackupInWrongState, match=reason):
        list(changes.plan_delete_backups([NAME], fake_provider(dynamodb=client_with(summary(**found)))))


@pytest.mark.parametrize("name", ["ab", "a b c", "x" * 256])
def test_WHEN_the_name_of_a_backup_is_wrong_THEN_planning_says_so(
    name: str, aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(InvalidInput, match="no name of a backup"):
        list(changes.plan_create_backup([TABLE], name, aws_provider))


def test_WHEN_a_table_gets_a_backup_of_that_name_OR_goes_THEN_the_planned_one_is_not_made(
    aws_provider: AwsClientProvider,
) -> None:
    change = planned(changes.plan_create_backup([TABLE], NAME, aws_provider))
    dynamodb_interactions.create_backup(TABLE, NAME, aws_provider)
    assert "made by someone else" in str(applied([change], aws_provider).error)
    dynamodb_interactions.create_backup(TABLE, NAME, aws_provider)
    assert "another backup of that name" in why_not(change, aws_provider)
    dynamodb_interactions.delete_table(TABLE, aws_provider)
    assert "the table has gone" in str(applied([change], aws_provider).error)


def test_WHEN_a_backup_is_being_made_THEN_it_is_neither_restored_nor_taken_back(
    aws_provider: AwsClientProvider,
) -> None:
    change = planned(changes.plan_create_backup([TABLE], NAME, aws_provider))
    busy = fake_provider(dynamodb=client_with(summary(BackupStatus="CREATING")))
    assert "still being made" in why_not(change, busy)
    with pytest.raises(BackupInWrongState, match="CREATING"):
        list(changes.plan_restore_backup(NEW, NAME, busy))


def test_WHEN_what_a_table_was_is_restored_THEN_the_new_one_has_it(aws_provider: AwsClientProvider) -> None:
    with pytest.raises(PointInTimeNotKept, match="recovery is off"):
        list(changes.plan_restore_table(NEW, TABLE, aws_provider))
    dynamodb_interactions.set_point_in_time_recovery(TABLE, 35, aws_provider)
    change = done(changes.plan_restore_table(NEW, TABLE, aws_provider.read_only()), aws_provider)
    assert change.after == {"from": ARN, "table": TABLE, "at": "latest"}
    assert list(dynamodb_interactions.scan(NEW, aws_provider)) == [KEY]
    with pytest.raises(TableAlreadyExists):
        list(changes.plan_restore_table(NEW, TABLE, aws_provider))
    dynamodb_interactions.set_deletion_protection(NEW, aws_provider, is_on=True)
    assert "protected" in why_not(change, aws_provider)
    dynamodb_interactions.set_deletion_protection(NEW, aws_provider, is_on=False)
    dynamodb_interactions.delete_table(NEW, aws_provider)
    dynamodb_interactions.create_table(TableSpec(NEW, (KeyAttribute("a", "S"),)), aws_provider)
    assert "another table has its name" in why_not(change, aws_provider)


@pytest.mark.parametrize("hours", [-1, 25])
def test_WHEN_a_time_is_not_kept_THEN_planning_says_which_are(hours: int) -> None:
    provider = fake_provider(dynamodb=kept(FakeClient("dynamodb")))
    with pytest.raises(PointInTimeNotKept, match=r"2026-01-31T00:00:00\+00:00 to 2026-02-01"):
        list(changes.plan_restore_table(NEW, TABLE, provider, at=MADE_AT + timedelta(hours=hours)))


def restore_client(*looks: dict[str, Any]) -> FakeClient:
    client = kept(FakeClient("dynamodb")).answers("restore_table_to_point_in_time", {})
    absent = client.raises("describe_table", "ResourceNotFoundException")
    absent.raises("describe_table", "ResourceNotFoundException")
    return client.answers("describe_table", list(looks))


def restored(status: str) -> dict[str, Any]:
    summary = {"SourceTableArn": ARN, "RestoreDateTime": MADE_AT, "RestoreInProgress": status != "ACTIVE"}
    return described_table(TableName=NEW, TableStatus=status, RestoreSummary=summary)


def restoring(client: FakeClient, following: changes.Following | None) -> tuple[Change, ChangeResult]:
    provider = fake_provider(dynamodb=client)
    at = MADE_AT + timedelta(hours=1, microseconds=5)
    plan = changes.plan_restore_table(NEW, TABLE, provider, at=at, on_demand=True, following=following)
    change = planned(plan)
    return change, applied([change], provider)


def test_WHEN_a_restore_takes_its_time_THEN_it_is_followed_to_its_end() -> None:
    client = restore_client(restored("CREATING"), restored("ACTIVE"))
    change, result = restoring(client, changes.Following(timeout=60, interval=0.001))
    assert result.status is ResultStatus.APPLIED
    [sent] = client.calls_of("restore_table_to_point_in_time")
    assert sent == {
        "TargetTableName": NEW,
        "SourceTableName": TABLE,
        "RestoreDateTime": MADE_AT + timedelta(hours=1),
        "BillingModeOverride": "PAY_PER_REQUEST",
    }
    assert change.precondition == {"follow": {"timeout": 60, "interval": 0.001}}


def test_WHEN_a_restore_takes_longer_than_it_is_followed_THEN_it_is_unknown_AND_settled_later() -> None:
    change, result = restoring(restore_client(*[restored("CREATING")] * 3), QUICKLY)
    assert result.status is ResultStatus.UNKNOWN
    assert "AWS goes on with it" in str(result.error)
    later = fake_provider(dynamodb=FakeClient("dynamodb").answers("describe_table", restored("ACTIVE")))
    assert change_kind(change.kind).read_back(change, later) is ResultStatus.APPLIED


def test_WHEN_a_restore_is_not_followed_THEN_it_is_done_once_aws_has_begun() -> None:
    change, result = restoring(restore_client(restored("CREATING")), None)
    assert result.status is ResultStatus.APPLIED
    later = fake_provider(dynamodb=FakeClient("dynamodb").answers("describe_table", restored("CREATING")))
    assert change_kind(change.kind).read_back(change, later) is ResultStatus.APPLIED


def test_WHEN_the_new_table_is_deleted_meanwhile_THEN_the_restore_has_failed() -> None:
    _, result = restoring(restore_client(restored("DELETING")), QUICKLY)
    assert result.status is ResultStatus.FAILED
    assert "DELETING" in str(result.error)


def test_WHEN_the_end_cannot_be_looked_at_THEN_that_it_was_begun_is_said() -> None:
    client = restore_client(restored("CREATING"))
    client.raises("describe_table", "AccessDeniedException")
    client.raises("describe_table", "AccessDeniedException")
    _, result = restoring(client, changes.Following(timeout=60, interval=0.001))
    assert result.status is ResultStatus.UNKNOWN
    assert "AWS has begun it" in str(result.error)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TableAlreadyExistsException", TableAlreadyExists),
        ("BackupNotFoundException", BackupDoesNotExist),
        ("BackupInUseException", BackupInWrongState),
        ("InvalidRestoreTimeException", PointInTimeNotKept),
        ("PointInTimeRecoveryUnavailableException", PointInTimeNotKept),
        ("TableNotFoundException", TableDoesNotExist),
        ("LimitExceededException", TableChangedTooOften),
    ],
)
def test_WHEN_aws_refuses_a_restore_THEN_the_error_says_why(code: str, kind: type[Exception]) -> None:
    client = FakeClient("dynamodb").raises("restore_table_to_point_in_time", code)
    with pytest.raises(kind):
        dynamodb_interactions.restore_to_point_in_time(NEW, TABLE, None, fake_provider(dynamodb=client))


def test_WHEN_the_answer_to_a_deletion_is_lost_THEN_it_is_looked_for() -> None:
    details = {name: value for name, value in summary().items() if name != "TableName"}
    client = client_with(summary()).raises("delete_backup", error=LOST)
    client.answers("describe_backup", {"BackupDescription": {"BackupDetails": details}})
    provider = fake_provider(dynamodb=client)
    result = applied([planned(changes.plan_delete_backups([NAME], provider))], provider)
    assert result.status is ResultStatus.FAILED
