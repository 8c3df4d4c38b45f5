"""Tables made and dropped: planned, looked at again, read back."""

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import (
    KeyAttribute,
    TableAlreadyExists,
    TableDoesNotExist,
    TableIndex,
    TableProtected,
    TableSpec,
)
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.changes import Change, Effect, Reversibility, change_kind
from aws_operations.dynamodb.changes import (
    plan_create_table,
    plan_drop_table,
)
from tests.support.dynamodb_things import TABLE, applied, described_table, planned

KEYS = (KeyAttribute("customer", "S"), KeyAttribute("order", "S"))
LOST = ReadTimeoutError(endpoint_url="http://x")
INDEX = TableIndex("by-status", (KeyAttribute("status", "S"), KeyAttribute("order", "S")))


@pytest.fixture
def table(aws_provider: AwsClientProvider) -> str:
    dynamodb_interactions.create_table(TableSpec(TABLE, KEYS), aws_provider)
    return TABLE


def test_WHEN_a_table_is_created_THEN_it_has_its_keys_indexes_and_tags(
    aws_provider: AwsClientProvider,
) -> None:
    plan = plan_create_table(
        "orders-{region}", KEYS, aws_provider.read_only(), indexes=[INDEX], tags={"a": "1"}
    )
    change = planned(plan)
    assert change.resource.endswith(":table/orders-eu-west-1")
    assert applied([change], aws_provider).status == "applied"
    found = dynamodb_interactions.describe_table("orders-eu-west-1", aws_provider)
    assert found.keys == KEYS
    assert [(index.name, index.keys) for index in found.indexes] == [("by-status", INDEX.keys)]
    assert found.billing_mode == "PAY_PER_REQUEST"
    tags = aws_provider.get_dynamodb().list_tags_of_resource(ResourceArn=found.arn)["Tags"]
    assert tags == [{"Key": "a", "Value": "1"}]
    assert change_kind(change.kind).read_back(change, aws_provider) == "applied"


def test_WHEN_a_table_is_created_AND_the_name_is_taken_THEN_it_is_refused(
    aws_provider: AwsClientProvider, table: str
) -> None:
    with pytest.raises(TableAlreadyExists):
        list(plan_create_table(table, KEYS, aws_provider))


@pytest.mark.parametrize(
    ("keys", "indexes"),
    [
        ((), ()),
        ((*KEYS, KeyAttribute("third", "S")), ()),
        ((KEYS[0], KEYS[0]), ()),
        (KEYS, (INDEX, INDEX)),
        (KEYS, (TableIndex("x", (KeyAttribute("order", "N"),)),)),
    ],
)
def test_WHEN_the_keys_of_a_table_make_no_sense_THEN_planning_it_says_so(
    keys: tuple[KeyAttribute, ...], indexes: tuple[TableIndex, ...], aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(InvalidInput):
        list(plan_create_table(TABLE, keys, aws_provider, indexes=indexes))


def test_WHEN_a_table_is_made_by_someone_else_after_the_plan_THEN_theirs_stays(
    aws_provider: AwsClientProvider,
) -> None:
    change = planned(plan_create_table(TABLE, KEYS, aws_provider))
    dynamodb_interactions.create_table(TableSpec(TABLE, KEYS[:1]), aws_provider)
    result = applied([change], aws_provider)
    assert "made by someone else" in str(result.error)
    assert change_kind(change.kind).read_back(change, aws_provider) == "unknown"


def test_WHEN_a_table_is_dropped_THEN_the_plan_says_what_is_lost_AND_it_is_gone(
    aws_provider: AwsClientProvider, table: str
) -> None:
    dynamodb_interactions.put_item(table, {"customer": "c-1", "order": "1"}, aws_provider)
    change = planned(plan_drop_table(table, aws_provider.read_only()))
    assert change.before is not None
    assert change.before["estimated_items"] == 1
    assert "size_bytes" in change.before
    assert (change.effect, change.reversibility) == (Effect.DESTROY, Reversibility.IRREVERSIBLE)
    assert applied([change], aws_provider).status == "applied"
    with pytest.raises(TableDoesNotExist):
        dynamodb_interactions.describe_table(table, aws_provider)
    assert planned(plan_drop_table(table, aws_provider)).is_noop
    assert change_kind(change.kind).read_back(change, aws_provider) == "applied"


def test_WHEN_the_answer_to_a_new_table_is_lost_AND_it_is_not_seen_THEN_it_is_unknown() -> None:
    # DescribeTable may not know a new table for some seconds.
    client = FakeClient("dynamodb").raises("describe_table", "ResourceNotFoundException")
    client.raises("create_table", error=LOST)
    provider = fake_provider(dynamodb=client)
    assert applied([planned(plan_create_table(TABLE, KEYS, provider))], provider).status == "unknown"


@pytest.mark.parametrize(("now", "status"), [("ACTIVE", "unknown"), ("DELETING", "applied")])
def test_WHEN_the_answer_to_a_drop_is_lost_THEN_only_a_table_seen_to_go_is_certain(
    now: str, status: str
) -> None:
    client = FakeClient("dynamodb").raises("delete_table", error=LOST)
    looks = [described_table(), described_table(), described_table(TableStatus=now)]
    provider = fake_provider(dynamodb=client.answers("describe_table", looks))
    assert applied([planned(plan_drop_table(TABLE, provider))], provider).status == status


def test_WHEN_a_table_is_protected_THEN_planning_its_end_is_refused() -> None:
    client = FakeClient("dynamodb").answers("describe_table", described_table(DeletionProtectionEnabled=True))
    with pytest.raises(TableProtected):
        list(plan_drop_table(TABLE, fake_provider(dynamodb=client)))


def test_WHEN_a_table_is_protected_after_the_plan_THEN_it_stays() -> None:
    client = FakeClient("dynamodb").answers(
        "describe_table", [described_table(), described_table(DeletionProtectionEnabled=True)]
    )
    provider = fake_provider(dynamodb=client)
    result = applied([planned(plan_drop_table(TABLE, provider))], provider)
    assert "was protected against deletion since it was planned" in str(result.error)


def test_WHEN_a_table_is_dropped_and_made_again_after_the_plan_THEN_the_new_one_stays(
    aws_provider: AwsClientProvider, table: str
) -> None:
    change = planned(plan_drop_table(table, aws_provider))
    assert change.precondition is not None
    other = {**change.precondition, "created_at": "2020-01-01T00:00:00+00:00"}
    old = Change.from_json(change.to_json().replace(change.precondition["created_at"], other["created_at"]))
    result = applied([old], aws_provider)
    assert "dropped and made again" in str(result.error)
    assert dynamodb_interactions.describe_table(table, aws_provider)
