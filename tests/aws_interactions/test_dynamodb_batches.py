from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import dynamodb_interactions as dynamodb
from aws_interactions.aws_errors import AnswerLost, InvalidInput, Throttled, Unavailable
from aws_interactions.dynamodb_interactions import BatchWriteOutcome, KeyAttribute, TableSpec, WriteRequest
from aws_interactions.testing import FakeClient, fake_provider

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

NAMES = ("id",)


@pytest.fixture
def things(aws_provider: "AwsClientProvider") -> "AwsClientProvider":
    """Give a provider with an empty table ``things``, whose key is a number."""
    dynamodb.create_table(TableSpec("things", (KeyAttribute("id", "N"),)), aws_provider)
    return aws_provider


def provider_with(client: FakeClient) -> "AwsClientProvider":
    return fake_provider(dynamodb=client)


class LeavingSome:
    """A table in memory that leaves requests unprocessed: the last ones of each call that ``when`` names."""

    def __init__(self, when: Any, count: int = 2) -> None:
        self._when = when
        self._count = count
        self.items: dict[str, Mapping[str, Any]] = {}
        self.calls = 0

    def write(self, **parameters: Any) -> dict[str, Any]:
        self.calls += 1
        ((table, requests),) = parameters["RequestItems"].items()
        assert len(requests) <= 25
        kept = self._left(requests)
        for request in requests[: len(requests) - len(kept)]:
            if "PutRequest" in request:
                item = request["PutRequest"]["Item"]
                self.items[item["id"]["N"]] = item
            else:
                self.items.pop(request["DeleteRequest"]["Key"]["id"]["N"], None)
        return {"UnprocessedItems": {table: kept} if kept else {}}

    def read(self, **parameters: Any) -> dict[str, Any]:
        self.calls += 1
        ((table, wanted),) = parameters["RequestItems"].items()
        keys = wanted["Keys"]
        assert len(keys) <= 100
        kept = self._left(keys)
        found = [
            self.items[key["id"]["N"]]
            for key in keys[: len(keys) - len(kept)]
            if key["id"]["N"] in self.items
        ]
        left = {table: {"Keys": kept}} if kept else {}
        # AWS answers in no order.
        return {"Responses": {table: found[::-1]}, "UnprocessedKeys": left}

    def _left(self, requests: list[Any]) -> list[Any]:
        return requests[-self._count :] if self._when(self.calls) else []

    def provider(self) -> "AwsClientProvider":
        client = FakeClient("dynamodb").answers("batch_write_item", self.write)
        return provider_with(client.answers("batch_get_item", self.read))


def item(number: int) -> dict[str, Any]:
    return {"id": Decimal(number), "text": f"thing {number}"}


def test_WHEN_many_items_are_written_THEN_all_are_there_and_got_in_order(things: "AwsClientProvider") -> None:
    outcome = dynamodb.batch_write("things", map(item, range(130)), [], things, key_names=NAMES)
    assert outcome == BatchWriteOutcome(130)
    keys = [{"id": number} for number in (*range(129, -1, -1), 500)]
    got = list(dynamodb.batch_get("things", keys, things))
    assert [key for key, _ in got] == keys
    assert [found for _, found in got] == [*(item(number) for number in range(129, -1, -1)), None]
    gone = dynamodb.batch_write(
        "things", [{"id": 1, "n": 1}], [{"id": n} for n in range(2, 130)], things, key_names=NAMES
    )
    assert gone == BatchWriteOutcome(129)
    assert sorted(found["id"] for found in dynamodb.scan("things", things)) == [0, 1]


def test_WHEN_attributes_are_got_AND_the_key_is_not_among_them_THEN_just_they_come(
    things: "AwsClientProvider",
) -> None:
    dynamodb.batch_write("things", map(item, range(3)), [], things, key_names=NAMES)
    got = list(dynamodb.batch_get("things", [{"id": 1}, {"id": 2.0}], things, attributes=["text"]))
    assert got == [({"id": 1}, {"text": "thing 1"}), ({"id": 2.0}, {"text": "thing 2"})]
    (one,) = dynamodb.batch_get(
        "things", [{"id": 1}], things, attributes=["id"], consistent=True, numbers="native"
    )
    assert one == ({"id": 1}, {"id": 1})


def test_WHEN_every_third_batch_leaves_some_THEN_all_are_written_and_read_in_the_end() -> None:
    table = LeavingSome(lambda call: call % 3 == 0, count=7)
    slept: list[float] = []
    outcome = dynamodb.batch_write(
        "things", map(item, range(310)), [], table.provider(), key_names=NAMES, sleep=slept.append
    )
    assert outcome == BatchWriteOutcome(310)
    assert len(table.items) == 310
    keys = [{"id": number} for number in range(310)]
    got = list(dynamodb.batch_get("things", keys, table.provider(), sleep=slept.append))
    assert got == [({"id": number}, item(number)) for number in range(310)]
    # Each call did something, so that no pause grew.
    assert slept
    assert max(slept) <= 0.05


def test_WHEN_some_stay_unprocessed_for_ever_THEN_exactly_they_are_left_over_and_pauses_grow() -> None:
    table = LeavingSome(lambda _: True)
    slept: list[float] = []
    outcome = dynamodb.batch_write(
        "things",
        map(item, range(5)),
        [{"id": number} for number in range(5, 30)],
        table.provider(),
        key_names=NAMES,
        sleep=slept.append,
        max_rounds=6,
    )
    assert outcome.written == 26
    assert outcome.left_over == (
        WriteRequest(23, {"id": 23}),
        WriteRequest(24, {"id": 24}),
        WriteRequest(28, {"id": 28}),
        WriteRequest(29, {"id": 29}),
    )
    assert set(table.items) == {"0", "1", "2", "3", "4"}
    # Per call's worth: one pause after what was done in part, then ever longer ones.
    assert len(slept) == 12
    first = slept[1:6]
    assert first == sorted(first)
    assert all(0.05 * 2**n / 2 <= pause <= 0.05 * 2**n for n, pause in enumerate(first, 1))
    left_put = dynamodb.batch_write(
        "things", [item(7)], [], table.provider(), key_names=NAMES, sleep=slept.append, max_rounds=1
    )
    assert left_put == BatchWriteOutcome(0, (WriteRequest(0, {"id": 7}, item(7)),))


def test_WHEN_pauses_grow_long_THEN_they_stay_bounded() -> None:
    table = LeavingSome(lambda _: True)
    slept: list[float] = []
    dynamodb.batch_write(
        "things", [item(1)], [], table.provider(), key_names=NAMES, sleep=slept.append, max_rounds=60
    )
    assert len(slept) == 59
    assert 2.5 <= max(slept) <= 5


def test_WHEN_some_keys_stay_unread_for_ever_THEN_the_rest_comes_and_they_are_named() -> None:
    table = LeavingSome(lambda _: False)
    dynamodb.batch_write("things", map(item, range(120)), [], table.provider(), key_names=NAMES)
    table = LeavingSome(lambda _: True)
    table.items = {str(number): dynamodb.to_item(item(number)) for number in range(120)}
    keys = [{"id": number} for number in range(120)]
    got: list[Any] = []
    pairs = dynamodb.batch_get("things", keys, table.provider(), sleep=lambda _: None)
    with pytest.raises(dynamodb.KeysNotRead, match="4 keys of table things") as caught:
        got.extend(pairs)
    assert caught.value.keys == ({"id": 98}, {"id": 99}, {"id": 118}, {"id": 119})
    assert got == [({"id": number}, item(number)) for number in (*range(98), *range(100, 118))]
    assert isinstance(caught.value, Throttled)


def test_WHEN_a_whole_batch_is_throttled_THEN_it_is_sent_again_and_then_left_over() -> None:
    slow = "ProvisionedThroughputExceededException"
    client = FakeClient("dynamodb").raises("batch_write_item", slow).answers("batch_write_item", {})
    outcome = dynamodb.batch_write(
        "things", [item(1)], [], provider_with(client), key_names=NAMES, sleep=lambda _: None
    )
    assert outcome == BatchWriteOutcome(1)
    client = FakeClient("dynamodb").raises("batch_write_item", slow)
    outcome = dynamodb.batch_write(
        "things", [], [{"id": 1}], provider_with(client), key_names=NAMES, sleep=lambda _: None
    )
    assert outcome == BatchWriteOutcome(0, (WriteRequest(0, {"id": 1}),))
    assert len(client.calls) == 8


@pytest.mark.parametrize(
    ("puts", "deletes", "twice"),
    [
        ([item(1), item(1)], [], [{"id": 1}]),
        ([{"id": 10}], [{"id": Decimal("1E1")}], [{"id": 10}]),
        ([], [{"id": n % 30} for n in range(32)], [{"id": 0}, {"id": 1}]),
    ],
)
def test_WHEN_a_key_is_written_twice_THEN_nothing_is_sent(puts: Any, deletes: Any, twice: Any) -> None:
    client = FakeClient("dynamodb")
    with pytest.raises(dynamodb.DuplicateKeys, match="more than once") as caught:
        dynamodb.batch_write("things", puts, deletes, provider_with(client), key_names=NAMES)
    assert list(caught.value.keys) == twice
    assert client.calls == []


def test_WHEN_a_key_is_read_twice_THEN_nothing_is_sent() -> None:
    client = FakeClient("dynamodb")
    with pytest.raises(dynamodb.DuplicateKeys) as caught:
        list(dynamodb.batch_get("things", [{"id": 1}, {"id": 2}, {"id": 1.0}], provider_with(client)))
    assert caught.value.keys == ({"id": 1},)
    assert client.calls == []


@pytest.mark.parametrize(
    ("put", "reason"),
    [
        ({"text": "a"}, "no id"),
        ({"id": ""}, "not empty"),
        ({"id": b""}, "not empty"),
        ({"id": None}, "not empty"),
        ({"id": [1]}, "not empty"),
        ({"id": 1, "tags": set()}, "^tags: "),
    ],
)
def test_WHEN_an_item_can_not_be_written_THEN_nothing_is_sent(put: Any, reason: str) -> None:
    client = FakeClient("dynamodb")
    with pytest.raises(InvalidInput, match=reason):
        dynamodb.batch_write("things", [item(1), put], [], provider_with(client), key_names=NAMES)
    assert client.calls == []


def test_WHEN_keys_have_no_names_THEN_nothing_is_sent() -> None:
    client = FakeClient("dynamodb")
    with pytest.raises(InvalidInput, match="no attribute"):
        list(dynamodb.batch_get("things", [{}], provider_with(client)))
    assert client.calls == []
    assert list(dynamodb.batch_get("things", [], provider_with(client))) == []


def test_WHEN_a_batch_breaks_off_THEN_the_error_says_what_was_done_before() -> None:
    client = (
        FakeClient("dynamodb")
        .answers("batch_write_item", {})
        .raises("batch_write_item", error=ReadTimeoutError(endpoint_url="http://loopback"))
    )
    with pytest.raises(AnswerLost) as caught:
        dynamodb.batch_write("things", map(item, range(60)), [], provider_with(client), key_names=NAMES)
    assert caught.value.__notes__ == ["25 of 60 writes were done in the calls before"]
    client = FakeClient("dynamodb").raises("batch_get_item", "ResourceNotFoundException")
    with pytest.raises(dynamodb.TableDoesNotExist):
        list(dynamodb.batch_get("things", [{"id": 1}], provider_with(client)))


def test_WHEN_a_strange_key_is_left_unprocessed_THEN_the_answer_is_not_believed() -> None:
    strange = {"things": [{"DeleteRequest": {"Key": {"id": {"N": "7"}}}}]}
    client = FakeClient("dynamodb").answers("batch_write_item", {"UnprocessedItems": strange})
    with pytest.raises(Unavailable, match="was not sent"):
        dynamodb.batch_write("things", [item(1)], [], provider_with(client), key_names=NAMES)
