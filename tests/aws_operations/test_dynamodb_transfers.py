"""Tables to S3 and from there by DynamoDB itself: planned, sent, followed, found again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import (
    KeyAttribute,
    PointInTimeNotKept,
    TableAlreadyExists,
    TableChangedTooOften,
    TableDoesNotExist,
    TableIndex,
    TableSpec,
    TransferFailed,
    TransferNotFound,
    TransferStatus,
)
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.changes import Change, ChangeResult, ResultStatus, change_kind
from aws_operations.dynamodb import changes
from aws_operations.plan_permissions import permissions_of_change
from tests.support.dynamodb_things import ARN, TABLE, applied, described_table, planned
from tests.support.undone_changes import undone, why_not

NOW = datetime(2026, 1, 31, tzinfo=UTC)
EXPORT, IMPORT = f"{ARN}/export/01-a", f"{ARN}/import/01-a"
QUICKLY = changes.Following(timeout=60, interval=0.001)
KEYS = [KeyAttribute("customer", "S")]
BY_STATUS = TableIndex("by-status", (KeyAttribute("status", "S"),))


def kept_table(**more: Any) -> FakeClient:
    client = FakeClient("dynamodb").answers("describe_table", described_table(ItemCount=7))
    recovery = {
        "PointInTimeRecoveryStatus": "ENABLED",
        "EarliestRestorableDateTime": NOW - timedelta(days=1),
        "LatestRestorableDateTime": NOW,
        **more,
    }
    answer = {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
    return client.answers("describe_continuous_backups", {"ContinuousBackupsDescription": answer})


def export(status: str, **more: Any) -> dict[str, Any]:
    return {"ExportDescription": {"ExportArn": EXPORT, "ExportStatus": status, **more}}


def imported(status: str, **more: Any) -> dict[str, Any]:
    return {"ImportTableDescription": {"ImportArn": IMPORT, "ImportStatus": status, **more}}


def exporting(client: FakeClient, **options: Any) -> tuple[Change, ChangeResult]:
    provider = fake_provider(dynamodb=client)
    place = changes.ExportPlace("out-{account}", "{region}/", "111122223333", "alias/key")
    change = planned(changes.plan_export_table(TABLE, place, provider, **options))
    return change, applied([change], provider)


def test_WHEN_a_table_is_exported_THEN_it_is_as_asked_for_AND_followed_to_its_end() -> None:
    client = kept_table().answers("export_table_to_point_in_time", export("IN_PROGRESS"))
    client.answers("describe_export", [export("IN_PROGRESS"), export("COMPLETED", ItemCount=7)])
    at = NOW - timedelta(hours=1, microseconds=-5)
    change, result = exporting(client, at=at, ion=True, following=QUICKLY)
    assert result.status is ResultStatus.APPLIED
    assert change.needs_consent
    [sent] = client.calls_of("export_table_to_point_in_time")
    assert sent == {
        "TableArn": ARN,
        "S3Bucket": "out-123456789012",
        "S3Prefix": "eu-west-1",
        "S3BucketOwner": "111122223333",
        "S3SseAlgorithm": "KMS",
        "S3SseKmsKeyId": "alias/key",
        "ExportFormat": "ION",
        "ExportTime": NOW - timedelta(hours=1),
        "ClientToken": (change.precondition or {})["token"],
    }
    needed = permissions_of_change(change)
    assert ("s3:PutObject", "arn:aws:s3:::out-123456789012/eu-west-1*") in needed
    assert ("dynamodb:ExportTableToPointInTime", ARN) in needed


def test_WHEN_the_same_export_is_planned_twice_THEN_there_are_two() -> None:
    provider = fake_provider(dynamodb=kept_table())
    place = changes.ExportPlace("bucket")
    first, second = (planned(changes.plan_export_table(TABLE, place, provider)) for _ in range(2))
    assert first.id != second.id
    assert (first.after or {})["prefix"] == TABLE


def test_WHEN_an_export_fails_THEN_it_says_why_AND_so_it_does_when_looked_at_later() -> None:
    failed = export("FAILED", FailureCode="S3AccessDenied", FailureMessage="no access")
    client = kept_table().answers("export_table_to_point_in_time", export("IN_PROGRESS"))
    change, result = exporting(client.answers("describe_export", failed), following=QUICKLY)
    assert result.status is ResultStatus.FAILED
    assert "S3AccessDenied: no access" in str(result.error)
    token = (change.precondition or {})["token"]
    for status, expected in (("FAILED", "failed"), ("IN_PROGRESS", "unknown"), ("COMPLETED", "applied")):
        assert change_kind(change.kind).read_back(change, listing(status, token)) == expected
    assert change_kind(change.kind).read_back(change, listing("COMPLETED", "other")) == "unknown"


def listing(status: str, token: str) -> AwsClientProvider:
    """Return a provider that knows of two exports, on a page each; the second has the token."""
    pages: list[dict[str, Any]] = [
        {"ExportSummaries": [{"ExportArn": f"{EXPORT}0"}], "NextToken": "more"},
        {"ExportSummaries": [{"ExportArn": EXPORT}]},
    ]
    client = FakeClient("dynamodb").answers("list_exports", pages)
    described = [export("COMPLETED", ClientToken="somebody's"), export(status, ClientToken=token)]
    return fake_provider(dynamodb=client.answers("describe_export", described))


def test_WHEN_what_a_table_was_is_not_kept_THEN_it_is_not_exported(aws_provider: AwsClientProvider) -> None:
    dynamodb_interactions.create_table(TableSpec(TABLE, tuple(KEYS)), aws_provider)
    with pytest.raises(PointInTimeNotKept, match="is off"):
        list(changes.plan_export_table(TABLE, changes.ExportPlace("bucket"), aws_provider))
    with pytest.raises(TableDoesNotExist):
        list(changes.plan_export_table("absent", changes.ExportPlace("bucket"), aws_provider))
    with pytest.raises(InvalidInput, match="no zone"):
        list(
            changes.plan_export_table(
                TABLE,
                changes.ExportPlace("bucket"),
                aws_provider,
                at=datetime(2026, 1, 31),  # noqa: DTZ001 - that is asked
            )
        )


def importing(client: FakeClient, source: changes.ImportSource) -> tuple[Change, ChangeResult]:
    client.raises("describe_table", "ResourceNotFoundException")
    client.raises("describe_table", "ResourceNotFoundException")
    provider = fake_provider(dynamodb=client)
    plan = changes.plan_import_table(TABLE, KEYS, source, provider, indexes=[BY_STATUS], following=QUICKLY)
    change = planned(plan)
    return change, applied([change], provider)


def test_WHEN_a_table_is_imported_THEN_it_is_as_asked_for_AND_followed_to_its_end() -> None:
    source = changes.ImportSource("in-{region}", "a/", "CSV", "GZIP", "111122223333", "\t", ("customer", "b"))
    client = FakeClient("dynamodb").answers("import_table", imported("IN_PROGRESS"))
    client.answers("describe_import", [imported("IN_PROGRESS"), imported("COMPLETED")])
    change, result = importing(client, source)
    assert result.status is ResultStatus.APPLIED
    [call] = client.calls_of("import_table")
    sent = dict(call)
    made_from = sent.pop("TableCreationParameters")
    assert sent == {
        "ClientToken": (change.precondition or {})["token"],
        "S3BucketSource": {"S3Bucket": "in-eu-west-1", "S3KeyPrefix": "a/", "S3BucketOwner": "111122223333"},
        "InputFormat": "CSV",
        "InputCompressionType": "GZIP",
        "InputFormatOptions": {"Csv": {"Delimiter": "\t", "HeaderList": ["customer", "b"]}},
    }
    assert (made_from["TableName"], made_from["BillingMode"]) == (TABLE, "PAY_PER_REQUEST")
    assert [index["IndexName"] for index in made_from["GlobalSecondaryIndexes"]] == ["by-status"]
    needed = permissions_of_change(change)
    assert ("s3:ListBucket", "arn:aws:s3:::in-eu-west-1") in needed
    assert ("s3:GetObject", "arn:aws:s3:::in-eu-west-1/a/*") in needed


def test_WHEN_items_are_left_out_THEN_the_import_has_failed_AND_says_where_they_are_named() -> None:
    failed = imported(
        "FAILED", FailureCode="ItemValidationError", ErrorCount=3, CloudWatchLogGroupArn="arn:aws:logs:x"
    )
    client = FakeClient("dynamodb").answers("import_table", imported("IN_PROGRESS"))
    _, result = importing(client.answers("describe_import", failed), changes.ImportSource("bucket"))
    assert result.status is ResultStatus.FAILED
    assert "ItemValidationError: 3 items left out, see arn:aws:logs:x" in str(result.error)


def test_WHEN_the_answer_to_an_import_is_lost_THEN_it_is_found_by_its_token() -> None:
    client = FakeClient("dynamodb").answers("import_table", imported("COMPLETED"))
    change, _ = importing(client.answers("describe_import", imported("COMPLETED")), changes.ImportSource("b"))
    token = (change.precondition or {})["token"]
    later = FakeClient("dynamodb").answers("list_imports", {"ImportSummaryList": [{"ImportArn": IMPORT}]})
    later.answers("describe_import", imported("COMPLETED", ClientToken=token))
    assert change_kind(change.kind).read_back(change, fake_provider(dynamodb=later)) == "applied"
    gone = fake_provider(dynamodb=FakeClient("dynamodb").answers("list_imports", {}))
    assert change_kind(change.kind).read_back(change, gone) == "unknown"


def test_WHEN_a_table_is_there_or_asked_for_wrongly_THEN_planning_an_import_says_so(
    aws_provider: AwsClientProvider,
) -> None:
    dynamodb_interactions.create_table(TableSpec(TABLE, tuple(KEYS)), aws_provider)
    with pytest.raises(TableAlreadyExists):
        list(changes.plan_import_table(TABLE, KEYS, changes.ImportSource("b"), aws_provider))
    source = changes.ImportSource("b", delimiter=",")
    with pytest.raises(InvalidInput, match="of CSV"):
        list(changes.plan_import_table("new", KEYS, source, aws_provider))
    with pytest.raises(InvalidInput, match="one attribute or two"):
        list(changes.plan_import_table("new", [], changes.ImportSource("b"), aws_provider))
    spec = TableSpec("new", tuple(KEYS), tags={"a": "1"})
    with pytest.raises(InvalidInput, match="cannot be made with Tags"):
        dynamodb_interactions.begin_import(spec, changes.ImportSource("b"), "token", aws_provider)


def test_WHEN_an_imported_table_is_taken_back_THEN_it_is_dropped_unless_it_is_another(
    aws_provider: AwsClientProvider,
) -> None:
    plan = changes.plan_import_table(TABLE, KEYS, changes.ImportSource("b"), aws_provider)
    change = planned(plan)
    assert "has gone" in why_not(change, aws_provider)
    dynamodb_interactions.create_table(TableSpec(TABLE, (KeyAttribute("a", "N"),)), aws_provider)
    assert "another table" in why_not(change, aws_provider)
    dynamodb_interactions.delete_table(TABLE, aws_provider)
    dynamodb_interactions.create_table(TableSpec(TABLE, tuple(KEYS)), aws_provider)
    assert undone(change, aws_provider).kind == "dynamodb.drop-table"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ExportNotFoundException", TransferNotFound),
        ("ExportConflictException", TransferFailed),
        ("InvalidExportTimeException", PointInTimeNotKept),
        ("PointInTimeRecoveryUnavailableException", PointInTimeNotKept),
        ("LimitExceededException", TableChangedTooOften),
        ("ResourceInUseException", TableAlreadyExists),
    ],
)
def test_WHEN_aws_refuses_a_transfer_THEN_the_error_says_why(code: str, kind: type[Exception]) -> None:
    client = FakeClient("dynamodb").raises("describe_export", code)
    with pytest.raises(kind):
        dynamodb_interactions.describe_export(EXPORT, fake_provider(dynamodb=client))


def test_WHEN_aws_has_a_status_that_is_not_known_here_THEN_its_word_stays() -> None:
    assert TransferStatus("PAUSED") == "PAUSED"
