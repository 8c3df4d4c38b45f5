import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.conditions import Attr

from aws_interactions import dynamodb_interactions as dynamodb
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AnswerLost, Conflict, InvalidInput
from aws_interactions.dynamodb_interactions import Check, Delete, Get, KeyAttribute, Put, TableSpec, Update
from aws_interactions.testing import FakeClient, fake_provider
from tests.aws_interactions.loopback_servers import Answer, Request, serving
from tests.support.loopback_proxy import Fault, Hangup, SeenRequest, loopback_proxy

if TYPE_CHECKING:
    from aws_interactions.dynamodb_interactions import TransactWrite


@pytest.fixture
def stock(aws_provider: AwsClientProvider) -> AwsClientProvider:
    """Give a provider whose table ``stock`` holds three articles."""
    dynamodb.create_table(TableSpec("stock", (KeyAttribute("id", "S"),)), aws_provider)
    items = [{"id": name, "count": 5} for name in ("a", "b", "c")]
    dynamodb.batch_write("stock", items, [], aws_provider, key_names=("id",))
    return aws_provider


def provider_with(client: FakeClient) -> AwsClientProvider:
    return fake_provider(dynamodb=client)


def provider_at(endpoint_url: str) -> AwsClientProvider:
    keys = AccessKeys("testing", "testing")
    return AwsClientProvider(aws_region="eu-west-1", access_keys=keys, endpoint_url=endpoint_url)


def counts(aws_provider: AwsClientProvider) -> dict[str, Any]:
    return {item["id"]: item.get("count") for item in dynamodb.scan("stock", aws_provider)}


def test_WHEN_a_transaction_is_written_THEN_all_of_it_happens(stock: AwsClientProvider) -> None:
    token = dynamodb.transact_write(
        [
            Put("stock", {"id": "d", "count": 1}, condition=Attr("id").not_exists()),
            Update("stock", {"id": "a"}, add={"count": -2}, condition=Attr("count").gt(1)),
            Delete("stock", {"id": "b"}, condition=Attr("count").eq(5)),
            Check("stock", {"id": "c"}, Attr("count").gte(5)),
        ],
        stock,
    )
    assert token
    assert counts(stock) == {"a": 3, "c": 5, "d": 1}
    got = dynamodb.transact_get(
        [Get("stock", {"id": "d"}), Get("stock", {"id": "b"})], stock, numbers="native"
    )
    assert got == [{"id": "d", "count": 1}, None]


def test_WHEN_attributes_are_read_in_a_transaction_THEN_they_are_asked_for_by_placeholders() -> None:
    client = FakeClient("dynamodb").answers("transact_get_items", {"Responses": [{"Item": {}}, {}]})
    gets = [Get("stock", {"id": "a"}, ["count"]), Get("stock", {"id": "b"})]
    assert dynamodb.transact_get(gets, provider_with(client)) == [{}, None]
    (sent,) = client.calls_of("transact_get_items")
    assert sent["TransactItems"][0]["Get"]["ProjectionExpression"] == "#p0"
    assert sent["TransactItems"][0]["Get"]["ExpressionAttributeNames"] == {"#p0": "count"}


def test_WHEN_a_transaction_is_cancelled_THEN_there_is_a_reason_for_each_part(
    stock: AwsClientProvider,
) -> None:
    writes: list[TransactWrite] = [
        Put("stock", {"id": "d"}),
        Update("stock", {"id": "a"}, assign={"count": 0}, condition=Attr("count").gt(9)),
        Check("stock", {"id": "c"}, "attribute_exists(id)"),
        Delete("stock", {"id": "x"}, condition="attribute_exists(id)"),
    ]
    with pytest.raises(dynamodb.TransactionCancelled) as caught:
        dynamodb.transact_write(writes, stock)
    failed = "ConditionalCheckFailed"
    assert [(reason.index, reason.code) for reason in caught.value.reasons] == [
        (0, None), (1, failed), (2, None), (3, failed),
    ]  # fmt: skip
    assert caught.value.reasons[1].item == {"id": "a", "count": 5}
    assert caught.value.reasons[1].message
    assert f"part 2: {failed}, part 4: {failed}" in str(caught.value)
    assert caught.value.table_names == ("stock",)
    assert isinstance(caught.value, Conflict)
    assert counts(stock) == {"a": 5, "b": 5, "c": 5}


def test_WHEN_a_read_is_cancelled_THEN_there_is_a_reason_for_each_part() -> None:
    client = FakeClient("dynamodb").raises("transact_get_items", "TransactionCanceledException")
    with pytest.raises(dynamodb.TransactionCancelled, match="no reason given"):
        dynamodb.transact_get([Get("stock", {"id": "a"})], provider_with(client))


@pytest.mark.parametrize(
    ("writes", "reason"),
    [
        ([], "0 parts"),
        ([Delete("stock", {"id": str(number)}) for number in range(101)], "101 parts"),
        ([Update("stock", {"id": "a"})], "changes nothing"),
        ([Put("stock", {"id": "a", "tags": set()})], "^tags: "),
        ([Delete("stock", {"id": 1}), Check("stock", {"id": 1.0}, "a = b")], "more than once"),
    ],
    ids=str,
)
def test_WHEN_a_transaction_is_wrong_THEN_nothing_is_sent(writes: Any, reason: str) -> None:
    client = FakeClient("dynamodb")
    with pytest.raises(InvalidInput, match=reason):
        dynamodb.transact_write(writes, provider_with(client))
    assert client.calls == []


def test_WHEN_an_item_is_read_twice_in_a_transaction_THEN_nothing_is_sent() -> None:
    client = FakeClient("dynamodb")
    with pytest.raises(dynamodb.DuplicateKeys):
        dynamodb.transact_get([Get("stock", {"id": 1}), Get("stock", {"id": 1.0})], provider_with(client))
    assert client.calls == []


def test_WHEN_a_table_of_a_transaction_is_absent_THEN_all_that_it_may_be_are_named() -> None:
    client = FakeClient("dynamodb").raises("transact_write_items", "ResourceNotFoundException")
    writes = [Delete("stock", {"id": "a"}), Delete("goods", {"id": "a"})]
    with pytest.raises(dynamodb.TableDoesNotExist, match="no table stock or goods"):
        dynamodb.transact_write(writes, provider_with(client))


def test_WHEN_a_token_is_given_THEN_it_is_sent_AND_another_use_of_it_is_refused() -> None:
    client = (
        FakeClient("dynamodb")
        .answers("transact_write_items", {})
        .raises("transact_write_items", "IdempotentParameterMismatchException")
        .raises("transact_write_items", "ResourceNotFoundException")
    )
    deletion = [Delete("stock", {"id": "a"})]
    assert dynamodb.transact_write(deletion, provider_with(client), client_token="t-1") == "t-1"
    with pytest.raises(dynamodb.TransactionTokenReused) as caught:
        dynamodb.transact_write(deletion, provider_with(client), client_token="t-1")
    assert caught.value.client_token == "t-1"
    with pytest.raises(dynamodb.TableDoesNotExist):
        dynamodb.transact_write(deletion, provider_with(client))
    tokens = [call["ClientRequestToken"] for call in client.calls_of("transact_write_items")]
    assert tokens[:2] == ["t-1", "t-1"]
    assert tokens[2] not in {"t-1", ""}


@dataclass
class CountingDynamo:
    """A DynamoDB that adds to one counter and, as AWS does and moto does not, a token's work once."""

    count: int = 0
    tokens: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        body = json.loads(request.body)
        if body["ClientRequestToken"] not in self.tokens:
            self.count += 1
        self.tokens.append(body["ClientRequestToken"])
        return Answer("{}")


def losing(times: int, operation: str, *, after_work: bool = True) -> Any:
    left = [Hangup(after_work=after_work)] * times

    def disturb(seen: SeenRequest) -> Fault | None:
        return left.pop() if left and seen.operation == operation else None

    return disturb


ADD_ONE: "list[TransactWrite]" = [Update("stock", {"id": "a"}, add={"count": 1})]


def test_WHEN_a_transactions_answer_is_lost_THEN_the_same_token_is_sent_again_and_it_happens_once() -> None:
    dynamo = CountingDynamo()
    with serving(dynamo) as upstream, loopback_proxy(upstream) as proxy:
        proxy.disturb = losing(1, "TransactWriteItems")
        token = dynamodb.transact_write(ADD_ONE, provider_at(proxy.endpoint_url))
    assert dynamo.tokens == [token, token]
    assert dynamo.count == 1


def test_WHEN_all_answers_of_a_transaction_are_lost_THEN_its_token_may_be_given_again() -> None:
    dynamo = CountingDynamo()
    with serving(dynamo) as upstream, loopback_proxy(upstream) as proxy:
        provider = provider_at(proxy.endpoint_url)
        proxy.disturb = losing(5, "TransactWriteItems")
        with pytest.raises(AnswerLost):
            dynamodb.transact_write(ADD_ONE, provider, client_token="t-1")
        assert dynamodb.transact_write(ADD_ONE, provider, client_token="t-1") == "t-1"
    assert set(dynamo.tokens) == {"t-1"}
    assert dynamo.count == 1


def test_WHEN_an_updates_answer_is_lost_THEN_it_is_not_sent_again(
    stock: AwsClientProvider, moto_endpoint: str
) -> None:
    with loopback_proxy(moto_endpoint) as proxy:
        proxy.disturb = losing(1, "UpdateItem")
        with pytest.raises(AnswerLost):
            dynamodb.update_item("stock", {"id": "a"}, provider_at(proxy.endpoint_url), add={"count": 1})
    assert counts(stock)["a"] == Decimal(6)
    assert [seen.operation for seen in proxy.requests].count("UpdateItem") == 1


def test_WHEN_a_conditional_puts_answer_is_lost_THEN_no_later_try_denies_that_it_was_done(
    stock: AwsClientProvider, moto_endpoint: str
) -> None:
    with loopback_proxy(moto_endpoint) as proxy:
        proxy.disturb = losing(1, "PutItem")
        with pytest.raises(AnswerLost):
            dynamodb.put_item(
                "stock", {"id": "d"}, provider_at(proxy.endpoint_url), condition="attribute_not_exists(id)"
            )
        proxy.disturb = losing(1, "PutItem")
        # The item that is there may have come after the first try had put its own.
        with pytest.raises(AnswerLost):
            dynamodb.put_item(
                "stock", {"id": "a"}, provider_at(proxy.endpoint_url), condition="attribute_not_exists(id)"
            )
    assert "d" in counts(stock)


def test_WHEN_a_conditional_deletes_answer_is_lost_THEN_no_later_try_denies_that_it_was_done(
    stock: AwsClientProvider, moto_endpoint: str
) -> None:
    with loopback_proxy(moto_endpoint) as proxy:
        proxy.disturb = losing(1, "DeleteItem")
        with pytest.raises(AnswerLost):
            dynamodb.delete_item(
                "stock", {"id": "a"}, provider_at(proxy.endpoint_url), condition="attribute_exists(id)"
            )
    assert "a" not in counts(stock)


def test_WHEN_making_or_deleting_a_tables_answer_is_lost_THEN_no_later_try_denies_that_it_was_done(
    aws_provider: AwsClientProvider, moto_endpoint: str
) -> None:
    with loopback_proxy(moto_endpoint) as proxy:
        provider = provider_at(proxy.endpoint_url)
        proxy.disturb = losing(1, "CreateTable")
        with pytest.raises(AnswerLost):
            dynamodb.create_table(TableSpec("stock", (KeyAttribute("id", "S"),)), provider)
        assert list(dynamodb.list_tables(aws_provider)) == ["stock"]
        proxy.disturb = losing(1, "DeleteTable")
        with pytest.raises(AnswerLost):
            dynamodb.delete_table("stock", provider)
    assert list(dynamodb.list_tables(aws_provider)) == []


def test_WHEN_a_batchs_answer_is_lost_THEN_it_is_sent_again(
    stock: AwsClientProvider, moto_endpoint: str
) -> None:
    with loopback_proxy(moto_endpoint) as proxy:
        proxy.disturb = losing(1, "BatchWriteItem")
        items = [{"id": str(number)} for number in range(30)]
        outcome = dynamodb.batch_write("stock", items, [], provider_at(proxy.endpoint_url), key_names=("id",))
    assert outcome.written == 30
    assert len(counts(stock)) == 33
