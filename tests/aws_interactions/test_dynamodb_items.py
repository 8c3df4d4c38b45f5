from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ReadTimeoutError

from aws_interactions import dynamodb_interactions as dynamodb
from aws_interactions.aws_errors import (
    AccessDenied,
    AnswerLost,
    Conflict,
    InvalidInput,
    Throttled,
)
from aws_interactions.dynamodb_interactions import KeyAttribute, TableSpec
from aws_interactions.dynamodb_interactions.expressions import Expressions
from aws_interactions.testing import FakeClient, fake_provider

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

KEY = {"customer": "c-1", "order": "2026-01-07-1"}
ORDER = {
    **KEY,
    "status": "open",
    "total": Decimal("12345678901234567890.123456789012345678"),
    "lines": [{"article": "a", "count": Decimal(2)}],
    "tags": {"new", "gift"},
    "note": b"\x00\xff",
    "dotted.name": None,
}


@pytest.fixture
def orders(aws_provider: "AwsClientProvider") -> "AwsClientProvider":
    """Give a provider whose table ``orders`` holds one item."""
    keys = (KeyAttribute("customer", "S"), KeyAttribute("order", "S"))
    dynamodb.create_table(TableSpec("orders", keys), aws_provider)
    dynamodb.put_item("orders", ORDER, aws_provider)
    return aws_provider


def provider_with(client: FakeClient) -> "AwsClientProvider":
    return fake_provider(dynamodb=client)


def test_WHEN_an_item_is_put_THEN_the_same_is_got(orders: "AwsClientProvider") -> None:
    assert dynamodb.get_item("orders", KEY, orders) == ORDER
    assert dynamodb.get_item("orders", KEY, orders, consistent=True) == ORDER


def test_WHEN_an_item_is_absent_THEN_it_is_none_AND_an_absent_table_is_an_error(
    orders: "AwsClientProvider",
) -> None:
    assert dynamodb.get_item("orders", {**KEY, "order": "x"}, orders) is None
    assert dynamodb.delete_item("orders", {**KEY, "order": "x"}, orders) is None
    with pytest.raises(dynamodb.TableDoesNotExist) as caught:
        dynamodb.get_item("nowhere", KEY, orders)
    assert caught.value.table_name == "nowhere"


def test_WHEN_attributes_are_asked_for_AND_they_are_reserved_or_nested_THEN_just_they_come(
    orders: "AwsClientProvider",
) -> None:
    found = dynamodb.get_item("orders", KEY, orders, attributes=["status", "no-such", "status"])
    assert found == {"status": "open"}
    assert dynamodb.get_item("orders", KEY, orders, attributes=[("dotted.name",)]) == {"dotted.name": None}
    assert dynamodb.get_item("orders", KEY, orders, attributes=["no-such"]) in ({}, None)


def test_WHEN_attributes_are_asked_for_THEN_each_name_in_their_paths_is_a_placeholder() -> None:
    client = FakeClient("dynamodb").answers("get_item", {"Item": {"lines": {"L": [{"S": "a"}]}}})
    attributes: Any = ["lines[0].count", ("dotted.name", 1, "lines"), "size"]
    found = dynamodb.get_item("orders", KEY, provider_with(client), attributes=attributes)
    assert found == {"lines": ["a"]}
    (sent,) = client.calls_of("get_item")
    assert sent["ProjectionExpression"] == "#p0[0].#p1, #p2[1].#p0, #p3"
    assert sent["ExpressionAttributeNames"] == {
        "#p0": "lines", "#p1": "count", "#p2": "dotted.name", "#p3": "size",
    }  # fmt: skip
    assert "ConsistentRead" not in sent


def test_WHEN_native_numbers_are_asked_for_AND_one_would_lose_digits_THEN_it_is_refused(
    orders: "AwsClientProvider",
) -> None:
    with pytest.raises(dynamodb.LossyNumber, match=r"^total: "):
        dynamodb.get_item("orders", KEY, orders, numbers="native")
    found = dynamodb.get_item("orders", KEY, orders, attributes=["lines"], numbers="native")
    assert found is not None
    assert type(found["lines"][0]["count"]) is int


@pytest.mark.parametrize(
    "condition",
    [
        "attribute_not_exists(#p0) OR #p0 = :p0",
        (Attr("customer").not_exists() | Attr("status").eq("shipped")),
        Attr("status").is_in(["shipped", "lost"]) & Attr("lines[0].count").gt(1),
    ],
    ids=["text", "boto3", "boto3 grouped"],
)
def test_WHEN_a_condition_does_not_hold_THEN_nothing_is_written_and_the_item_is_told(
    orders: "AwsClientProvider", condition: Any
) -> None:
    named: Any = (
        {"names": {"#p0": "status"}, "values": {":p0": "shipped"}} if isinstance(condition, str) else {}
    )
    with pytest.raises(dynamodb.ConditionNotMet) as put:
        dynamodb.put_item("orders", {**KEY, "status": "lost"}, orders, condition=condition, **named)
    assert (put.value.table_name, put.value.key, put.value.item) == ("orders", None, ORDER)
    assert isinstance(put.value, Conflict)
    with pytest.raises(dynamodb.ConditionNotMet) as update:
        dynamodb.update_item("orders", KEY, orders, assign={"status": "x"}, condition=condition, **named)
    assert (update.value.key, update.value.item) == (KEY, ORDER)
    with pytest.raises(dynamodb.ConditionNotMet) as delete:
        dynamodb.delete_item("orders", KEY, orders, condition=condition, **named)
    assert (delete.value.key, delete.value.item) == (KEY, ORDER)
    assert dynamodb.get_item("orders", KEY, orders) == ORDER


def test_WHEN_a_condition_holds_THEN_the_item_is_written_and_deleted(orders: "AwsClientProvider") -> None:
    dynamodb.put_item("orders", {**KEY, "n": 1}, orders, condition=Attr("status").eq("open"))
    assert dynamodb.get_item("orders", KEY, orders) == {**KEY, "n": 1}
    gone = dynamodb.delete_item("orders", KEY, orders, condition="n = :n", values={":n": 1}, numbers="native")
    assert gone == {**KEY, "n": 1}
    assert dynamodb.get_item("orders", KEY, orders) is None


def test_WHEN_an_item_is_updated_THEN_it_comes_back_as_it_is_now(orders: "AwsClientProvider") -> None:
    now = dynamodb.update_item(
        "orders",
        KEY,
        orders,
        assign={"status": "shipped", "lines[0].article": "b", ("dotted.name",): 1},
        remove=["note", "total"],
        add={"count": 3, "tags": {"late"}},
        condition=Attr("status").eq("open"),
    )
    assert now == {
        **KEY,
        "status": "shipped",
        "lines": [{"article": "b", "count": 2}],
        "tags": {"new", "gift", "late"},
        "count": 3,
        "dotted.name": 1,
    }
    assert dynamodb.get_item("orders", KEY, orders) == now


def test_WHEN_an_item_is_updated_by_an_expression_AND_it_is_absent_THEN_it_is_made(
    orders: "AwsClientProvider",
) -> None:
    key = {**KEY, "order": "new"}
    now = dynamodb.update_item(
        "orders",
        key,
        orders,
        expression="SET #s = if_not_exists(#s, :zero) + :one",
        names={"#s": "size"},
        values={":zero": 0, ":one": 1},
        numbers="native",
    )
    assert now == {**key, "size": 1}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, "changes nothing"),
        ({"assign": {}, "remove": []}, "changes nothing"),
        ({"assign": {"a": 1}, "expression": "SET b = :b"}, "not by both"),
        ({"assign": {"a..b": 1}}, "no attribute path"),
        ({"assign": {(): 1}}, "first part is a name"),
        ({"remove": [(0, "a")]}, "first part is a name"),
        ({"remove": ["[0]"]}, "no attribute path"),
        ({"assign": {"a.b[1]": set()}}, r"^a\.b\[1\]: DynamoDB has no empty set"),
        ({"add": {"a": float("nan")}}, "^a: "),
        ({"remove": ["a"], "condition": Attr("a")}, "not Attr"),
        ({"remove": ["a"], "condition": 1}, "not int"),
    ],
)
def test_WHEN_an_update_is_wrong_THEN_nothing_is_sent(change: dict[str, Any], reason: str) -> None:
    client = FakeClient("dynamodb")
    with pytest.raises(InvalidInput, match=reason):
        dynamodb.update_item("orders", KEY, provider_with(client), **change)
    assert client.calls == []


@pytest.mark.parametrize("attributes", ["status", [], ["a."], ["a[x]"]], ids=repr)
def test_WHEN_attributes_to_read_are_wrong_THEN_nothing_is_sent(attributes: Any) -> None:
    client = FakeClient("dynamodb")
    with pytest.raises(InvalidInput):
        dynamodb.get_item("orders", KEY, provider_with(client), attributes=attributes)
    assert client.calls == []


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("ValidationException", "Item size has exceeded the maximum allowed size", dynamodb.ItemTooLarge),
        (
            "ValidationException",
            "Item size to update has exceeded the maximum allowed size",
            dynamodb.ItemTooLarge,
        ),
        ("ValidationException", "The provided key element does not match the schema", InvalidInput),
        ("ItemCollectionSizeLimitExceededException", "too large", dynamodb.ItemCollectionTooLarge),
        ("ReplicatedWriteConflictException", "another", Conflict),
        ("TransactionConflictException", "ongoing", Conflict),
        ("ProvisionedThroughputExceededException", "slow down", Throttled),
        ("AccessDeniedException", "no", AccessDenied),
        ("ConditionalCheckFailedException", "no", dynamodb.ConditionNotMet),
    ],
)
def test_WHEN_dynamodb_refuses_a_write_THEN_the_kind_is_told(
    code: str, message: str, kind: type[Exception]
) -> None:
    client = FakeClient("dynamodb").raises("put_item", code, message=message)
    with pytest.raises(kind) as caught:
        dynamodb.put_item("orders", ORDER, provider_with(client))
    assert caught.value.__cause__ is not None


def test_WHEN_an_answer_is_lost_THEN_the_outcome_is_unknown() -> None:
    lost = ReadTimeoutError(endpoint_url="http://loopback")
    client = FakeClient("dynamodb").raises("update_item", error=lost)
    with pytest.raises(AnswerLost):
        dynamodb.update_item("orders", KEY, provider_with(client), add={"count": 1})


def test_WHEN_several_expressions_share_a_request_THEN_their_placeholders_never_meet() -> None:
    expressions = Expressions({"#p0": "mine", "#n0": "mine too"}, {":p0": 1, ":v0": 2})
    first = expressions.condition(Attr("a.b").eq(1))
    second = expressions.condition(Key("c").eq("x") & Key("d").begins_with("y"), is_for_key=True)
    changes = expressions.update({"a": 5}, None, None)
    assert (first, second, changes) == (
        "#p2.#p3 = :p2",
        "(#p4 = :p3 AND begins_with(#p5, :p4))",
        "SET #p2 = :p5",
    )
    sent = expressions.parameters()
    assert sent["ExpressionAttributeNames"] == {
        "#p0": "mine", "#n0": "mine too", "#p2": "a", "#p3": "b", "#p4": "c", "#p5": "d",
    }  # fmt: skip
    assert sent["ExpressionAttributeValues"] == {
        ":p0": {"N": "1"}, ":v0": {"N": "2"}, ":p2": {"N": "1"}, ":p3": {"S": "x"}, ":p4": {"S": "y"},
        ":p5": {"N": "5"},
    }  # fmt: skip


def test_WHEN_the_callers_placeholder_is_the_next_of_ours_THEN_ours_steps_aside() -> None:
    expressions = Expressions({"#p1": "mine"}, {":p1": 1})
    assert expressions.update({"a": 2}, None, None) == "SET #p2 = :p2"


def test_WHEN_a_key_condition_is_not_of_keys_THEN_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Key"):
        Expressions().condition(Attr("a").eq(1), is_for_key=True)
