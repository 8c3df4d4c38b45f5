from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from aws_interactions import dynamodb_interactions as dynamodb
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import (
    AccessDenied,
    Conflict,
    InvalidInput,
    NotFound,
    Throttled,
    Unavailable,
    WaitTimedOut,
)
from aws_interactions.dynamodb_interactions import KeyAttribute, TableIndex, TableSpec, TableStatus
from aws_interactions.testing import FakeClient, fake_provider

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

CUSTOMER, ORDER, STATUS = (
    KeyAttribute("customer", "S"),
    KeyAttribute("order", "S"),
    KeyAttribute("status", "S"),
)
ORDERS = TableSpec(
    "orders",
    (CUSTOMER, ORDER),
    (
        TableIndex("by-status", (STATUS, ORDER)),
        TableIndex(
            "by-total", (CUSTOMER, KeyAttribute("total", "N")), "INCLUDE", None, ("note",), is_local=True
        ),
    ),
    {"stage": "sandbox"},
    is_protected=True,
)


def table(status: str = "ACTIVE", **more: Any) -> dict[str, Any]:
    return {"TableName": "orders", "TableStatus": status, **more}


def provider_with(client: FakeClient) -> "AwsClientProvider":
    return fake_provider(dynamodb=client)


def test_WHEN_a_table_is_made_THEN_it_is_described_as_it_was_specified(
    aws_provider: "AwsClientProvider",
) -> None:
    made = dynamodb.create_table(ORDERS, aws_provider)
    seen = dynamodb.describe_table("orders", aws_provider)
    assert (made.name, made.arn) == (seen.name, seen.arn)
    assert seen.arn == dynamodb.table_arn("orders", aws_provider.get_aws_env())
    assert dynamodb.table_arn(seen.arn, aws_provider.get_aws_env()) == seen.arn
    assert seen.status is TableStatus.ACTIVE
    assert seen.keys == (CUSTOMER, ORDER)
    assert seen.key_names == ("customer", "order")
    by_status, by_total = seen.indexes
    assert by_status == TableIndex("by-status", (STATUS, ORDER), "ALL", TableStatus.ACTIVE)
    assert (by_total.keys, by_total.included, by_total.is_local) == (ORDERS.indexes[1].keys, ("note",), True)
    assert (seen.billing_mode, seen.item_count, seen.is_protected) == ("PAY_PER_REQUEST", 0, True)
    assert seen.created_at is not None
    assert seen.created_at.tzinfo is not None


def test_WHEN_an_item_is_asked_for_its_key_THEN_it_is_the_tables(aws_provider: "AwsClientProvider") -> None:
    dynamodb.create_table(ORDERS, aws_provider)
    seen = dynamodb.describe_table("orders", aws_provider)
    assert seen.key_of({"order": "1", "total": 2, "customer": "c"}) == {"customer": "c", "order": "1"}
    with pytest.raises(InvalidInput) as caught:
        seen.key_of({"total": 2})
    assert str(caught.value) == (
        'the item has no "customer", the partition key, and no "order", the sort key of table orders'
    )
    with pytest.raises(InvalidInput, match='the key has no "order", the sort key of table orders'):
        seen.key_of({"customer": "c"}, what="key")
    assert seen.index("by-status").keys == (STATUS, ORDER)
    with pytest.raises(InvalidInput, match="no index by-colour; its indexes: by-status, by-total"):
        seen.index("by-colour")


def test_WHEN_tables_are_listed_AND_there_are_many_THEN_all_pages_are_read() -> None:
    client = FakeClient("dynamodb").pages(
        "list_tables", [{"TableNames": ["aaa", "bbb"]}, {"TableNames": ["ccc"]}]
    )
    assert list(dynamodb.list_tables(provider_with(client))) == ["aaa", "bbb", "ccc"]


def test_WHEN_tables_are_listed_AND_a_page_comes_twice_THEN_it_is_an_error() -> None:
    client = FakeClient("dynamodb").answers(
        "list_tables", {"TableNames": ["aaa"], "LastEvaluatedTableName": "aaa"}
    )
    with pytest.raises(Unavailable, match="same page twice"):
        list(dynamodb.list_tables(provider_with(client)))


def test_WHEN_a_table_is_absent_THEN_the_error_has_its_name(aws_provider: "AwsClientProvider") -> None:
    with pytest.raises(dynamodb.TableDoesNotExist) as caught:
        dynamodb.describe_table("nowhere", aws_provider)
    assert caught.value.table_name == "nowhere"
    assert isinstance(caught.value, NotFound)
    assert caught.value.aws_code == "ResourceNotFoundException"
    with pytest.raises(dynamodb.TableDoesNotExist):
        dynamodb.delete_table("nowhere", aws_provider)


def test_WHEN_a_table_is_made_AND_the_name_is_taken_THEN_it_says_so(
    aws_provider: "AwsClientProvider",
) -> None:
    dynamodb.create_table(ORDERS, aws_provider)
    with pytest.raises(dynamodb.TableAlreadyExists) as caught:
        dynamodb.create_table(ORDERS, aws_provider)
    assert caught.value.table_name == "orders"


def test_WHEN_a_table_is_deleted_AND_it_is_protected_THEN_it_stays(aws_provider: "AwsClientProvider") -> None:
    dynamodb.create_table(ORDERS, aws_provider)
    with pytest.raises(dynamodb.TableProtected) as caught:
        dynamodb.delete_table("orders", aws_provider)
    assert isinstance(caught.value, Conflict)
    assert list(dynamodb.list_tables(aws_provider)) == ["orders"]


def test_WHEN_a_table_is_deleted_THEN_it_is_gone(aws_provider: "AwsClientProvider") -> None:
    dynamodb.create_table(TableSpec("orders", (CUSTOMER,)), aws_provider)
    assert dynamodb.delete_table("orders", aws_provider).name == "orders"
    assert list(dynamodb.list_tables(aws_provider)) == []
    assert dynamodb.wait_for_table("orders", "absent", aws_provider) is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ResourceInUseException", dynamodb.TableBusy),
        ("LimitExceededException", dynamodb.TableLimitReached),
        ("ValidationException", InvalidInput),
        ("AccessDeniedException", AccessDenied),
        ("ThrottlingException", Throttled),
    ],
)
def test_WHEN_a_table_is_deleted_AND_dynamodb_refuses_THEN_the_kind_is_told(
    code: str, kind: type[Exception]
) -> None:
    provider = mock.Mock()
    provider.get_dynamodb.return_value = FakeClient("dynamodb").raises("delete_table", code)
    with pytest.raises(kind, match="orders"):
        dynamodb.delete_table("orders", provider)


def test_WHEN_a_table_is_made_AND_there_are_too_many_THEN_it_is_throttled() -> None:
    client = FakeClient("dynamodb").raises("create_table", "LimitExceededException")
    with pytest.raises(dynamodb.TableLimitReached) as caught:
        dynamodb.create_table(ORDERS, provider_with(client))
    assert isinstance(caught.value, Throttled)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (TableSpec("t", ()), "has 0 attributes"),
        (TableSpec("t", (CUSTOMER, ORDER, STATUS)), "has 3 attributes"),
        (TableSpec("t", (KeyAttribute("a", "BOOL"),)), "of type 'BOOL', where keys are S, N, B"),
        (
            TableSpec("t", (CUSTOMER,), (TableIndex("i", (KeyAttribute("customer", "N"),)),)),
            "customer is of two types, S and N",
        ),
        (TableSpec("t", (CUSTOMER,), tags={"aws:x": "y"}), "starts with aws:"),
    ],
)
def test_WHEN_a_spec_is_wrong_THEN_nothing_is_sent(spec: TableSpec, reason: str) -> None:
    client = FakeClient("dynamodb")
    with pytest.raises(InvalidInput, match=reason):
        dynamodb.create_table(spec, provider_with(client))
    assert client.calls == []


def test_WHEN_a_provisioned_table_is_described_AND_its_state_is_new_THEN_both_are_told() -> None:
    client = FakeClient("dynamodb").answers("describe_table", {"Table": table("HIBERNATING")})
    seen = dynamodb.describe_table("orders", provider_with(client))
    assert (seen.billing_mode, seen.status, seen.keys) == ("PROVISIONED", "HIBERNATING", ())


def test_WHEN_a_table_is_waited_for_THEN_it_is_looked_at_until_it_is_active() -> None:
    client = (
        FakeClient("dynamodb")
        .raises("describe_table", "ResourceNotFoundException")
        .answers("describe_table", [{"Table": table("CREATING")}, {"Table": table()}])
    )
    slept: list[float] = []
    seen = dynamodb.wait_for_table(
        "orders", "active", provider_with(client), timeout=60, interval=3, sleep=slept.append, clock=lambda: 0
    )
    assert seen is not None
    assert (seen.status, slept) == (TableStatus.ACTIVE, [3, 3])


def test_WHEN_a_table_is_waited_for_AND_time_is_up_THEN_its_state_is_told() -> None:
    client = FakeClient("dynamodb").answers("describe_table", {"Table": table()})
    with pytest.raises(WaitTimedOut, match="table/orders was ACTIVE after 0 seconds, not absent"):
        dynamodb.wait_for_table("orders", "absent", provider_with(client), timeout=0)
    client = FakeClient("dynamodb").raises("describe_table", "ResourceNotFoundException")
    with pytest.raises(WaitTimedOut, match="was absent"):
        dynamodb.wait_for_table("orders", "active", provider_with(client), timeout=0)


def test_WHEN_a_table_is_waited_for_AND_it_can_never_come_THEN_the_wait_ends_at_once() -> None:
    client = FakeClient("dynamodb").answers("describe_table", {"Table": table("DELETING")})
    with pytest.raises(dynamodb.TableBusy, match="is DELETING"):
        dynamodb.wait_for_table("orders", "active", provider_with(client))


def test_WHEN_a_table_is_waited_for_to_be_something_else_THEN_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="active or absent, not happy"):
        dynamodb.wait_for_table("orders", "happy", provider_with(FakeClient("dynamodb")))  # type: ignore[arg-type]


def test_WHEN_tags_of_a_table_are_read_THEN_they_are_all_there_AND_an_absent_table_is_an_error(
    aws_provider: "AwsClientProvider",
) -> None:
    dynamodb.create_table(ORDERS, aws_provider)
    assert dynamodb.get_table_tags("orders", aws_provider.read_only()) == {"stage": "sandbox"}
    with pytest.raises(dynamodb.TableDoesNotExist):
        dynamodb.get_table_tags("absent", aws_provider)
    pages = [{"Tags": [{"Key": "a", "Value": "1"}], "NextToken": "t"}, {"Tags": [{"Key": "b", "Value": ""}]}]
    client = FakeClient("dynamodb").pages("list_tags_of_resource", pages)
    assert dynamodb.get_table_tags("orders", provider_with(client)) == {"a": "1", "b": ""}


def test_WHEN_an_arn_is_made_AND_the_region_is_chinas_THEN_so_is_the_partition() -> None:
    env = AwsEnvironment("123456789012", "cn-north-1")
    assert dynamodb.table_arn("t", env) == "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/t"
