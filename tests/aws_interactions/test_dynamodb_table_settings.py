"""What is set on tables, as AWS answers it, and what is sent to set it."""

from typing import Any

import pytest

from aws_interactions import dynamodb_interactions as dynamodb
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput, Throttled
from aws_interactions.dynamodb_interactions import (
    TableBusy,
    TableChangedTooOften,
    TableDoesNotExist,
    Throughput,
    TimeToLive,
    TimeToLiveStatus,
)
from aws_interactions.testing import FakeClient, fake_provider
from tests.support.dynamodb_things import described_table

INDEX = {"IndexName": "by-status", "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}}


def provider_of(operation: str, answer: Any) -> AwsClientProvider:
    return fake_provider(dynamodb=FakeClient("dynamodb").answers(operation, answer))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({}, TimeToLive(TimeToLiveStatus.DISABLED)),
        ({"TimeToLiveStatus": "DISABLED", "AttributeName": "a"}, TimeToLive(TimeToLiveStatus.DISABLED)),
        ({"TimeToLiveStatus": "ENABLING", "AttributeName": "a"}, TimeToLive(TimeToLiveStatus.ENABLING, "a")),
    ],
)
def test_WHEN_expiry_is_asked_for_THEN_its_attribute_is_told_only_where_it_counts(
    answer: dict[str, Any], found: TimeToLive
) -> None:
    provider = provider_of("describe_time_to_live", {"TimeToLiveDescription": answer})
    assert dynamodb.get_time_to_live("orders", provider) == found
    assert found.status.is_on == (found.attribute is not None)


def test_WHEN_recovery_is_off_THEN_no_days_are_told() -> None:
    off = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}
    answer = {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED", **off}}
    found = dynamodb.get_point_in_time_recovery("orders", provider_of("describe_continuous_backups", answer))
    assert (found.is_on, found.days, found.latest) == (False, None, None)


@pytest.mark.parametrize("days", [0, 36])
def test_WHEN_days_are_out_of_bounds_THEN_nothing_is_sent(days: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 35 days"):
        dynamodb.set_point_in_time_recovery("orders", days, fake_provider(dynamodb=FakeClient("dynamodb")))


def test_WHEN_a_table_is_provisioned_THEN_its_units_and_those_of_its_indexes_are_told() -> None:
    units = {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}}
    provider = provider_of("describe_table", described_table(**units, GlobalSecondaryIndexes=[INDEX]))
    found = dynamodb.get_capacity("orders", provider)
    assert (found.billing_mode, found.throughput) == ("PROVISIONED", Throughput(1, 2))
    assert found.indexes == {"by-status": Throughput(3, 4)}


def test_WHEN_a_table_is_paid_by_request_THEN_no_units_are_told() -> None:
    units = {"ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}
    mode = {"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}
    provider = provider_of("describe_table", described_table(**units, **mode, GlobalSecondaryIndexes=[INDEX]))
    found = dynamodb.get_capacity("orders", provider)
    assert (found.throughput, found.indexes, found.index_names) == (None, {}, ("by-status",))


def test_WHEN_only_an_index_gets_other_units_THEN_none_of_the_table_are_sent() -> None:
    client = FakeClient("dynamodb").answers("update_table", {})
    provider = fake_provider(dynamodb=client)
    dynamodb.set_throughput("orders", None, provider, indexes={"by-status": Throughput(7, 8)})
    units = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 8}
    [sent] = client.calls_of("update_table")
    assert sent == {
        "TableName": "orders",
        "BillingMode": "PROVISIONED",
        "GlobalSecondaryIndexUpdates": [
            {"Update": {"IndexName": "by-status", "ProvisionedThroughput": units}}
        ],
    }


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ResourceNotFoundException", TableDoesNotExist),
        ("TableNotFoundException", TableDoesNotExist),
        ("ResourceInUseException", TableBusy),
        ("ContinuousBackupsUnavailableException", TableBusy),
        ("LimitExceededException", TableChangedTooOften),
        ("ThrottlingException", Throttled),
    ],
)
def test_WHEN_aws_refuses_a_setting_THEN_the_error_says_what_of_the_table(
    code: str, kind: type[Exception]
) -> None:
    client = FakeClient("dynamodb").raises("update_table", code, message="Too many decreases today")
    with pytest.raises(kind) as caught:
        dynamodb.set_deletion_protection("orders", fake_provider(dynamodb=client), is_on=True)
    if kind is TableChangedTooOften:
        assert "Too many decreases today" in str(caught.value)
