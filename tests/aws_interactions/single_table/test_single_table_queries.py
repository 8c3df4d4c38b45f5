import base64
import json
from decimal import Decimal
from typing import Any

import pytest

from aws_interactions import dynamodb_interactions as dynamodb, single_table
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.single_table import Beginning, FieldRefused, KeyPartRefused
from aws_interactions.testing import FakeClient, fake_provider
from tests.support.single_table_things import REWARDS, USERS, Reward, User

PARTITION = {"user_id": "ada"}
KINDS = ("summer", "summer-sale", "winter")


@pytest.fixture
def rewards(app: AwsClientProvider) -> AwsClientProvider:
    """Give a provider whose table has two users, nine rewards of one and one of the other."""
    for user_id in ("ada", "bob"):
        single_table.put(USERS, User(user_id, f"{user_id}@example.org", user_id.title()), app)
    single_table.batch_put(
        REWARDS, [Reward("ada", kind, place, Decimal(place)) for kind in KINDS for place in (2, 10, 9)], app
    )
    single_table.put(REWARDS, Reward("bob", "summer", 1), app)
    return app


def asked(aws_provider: AwsClientProvider, **options: Any) -> list[str]:
    found = single_table.query(REWARDS, PARTITION, aws_provider, **options)
    return [f"{reward.kind} {reward.place}" for reward in found]


def test_WHEN_a_partition_is_queried_THEN_its_records_of_the_model_come_in_order(
    rewards: AwsClientProvider,
) -> None:
    everything = [f"{kind} {place}" for kind in KINDS for place in (2, 9, 10)]
    # "-" is behind "#" for DynamoDB.
    assert asked(rewards) == everything
    assert asked(rewards, reverse=True) == everything[::-1]
    assert asked(rewards, limit=2, consistent=True) == everything[:2]
    assert [user.name for user in single_table.query(USERS, PARTITION, rewards)] == ["Ada"]


def test_WHEN_a_query_begins_with_fields_THEN_they_are_whole_AND_a_beginning_is_not(
    rewards: AwsClientProvider,
) -> None:
    assert asked(rewards, begins_with={"kind": "summer"}) == ["summer 2", "summer 9", "summer 10"]
    assert len(asked(rewards, begins_with={"kind": Beginning("summer")})) == 6
    assert asked(rewards, begins_with={"kind": "summ"}) == []
    assert asked(rewards, begins_with={"kind": "summer", "place": 9}) == ["summer 9"]


def test_WHEN_a_query_is_between_fields_THEN_both_ends_are_in_it(rewards: AwsClientProvider) -> None:
    low, high = {"kind": "summer", "place": 9}, {"kind": "winter", "place": 2}
    assert asked(rewards, between=(low, high)) == [
        "summer 9", "summer 10", "summer-sale 2", "summer-sale 9", "summer-sale 10", "winter 2",
    ]  # fmt: skip
    assert asked(rewards, between=({"kind": "winter"}, {"kind": "winter"})) == asked(
        rewards, begins_with={"kind": "winter"}
    )
    assert asked(rewards, between=({}, {"kind": "summer", "place": 2})) == ["summer 2"]
    assert len(asked(rewards, between=({}, {}))) == 9


def test_WHEN_an_index_is_queried_THEN_by_its_own_key(rewards: AwsClientProvider) -> None:
    by_email = list(
        single_table.query(USERS, {"email": "bob@example.org"}, rewards, index="by_email", limit=1)
    )
    assert [user.user_id for user in by_email] == ["bob"]
    local = single_table.query(
        REWARDS, PARTITION, rewards, index="by_points", begins_with={"place": 9}, consistent=True
    )
    assert sorted(reward.kind for reward in local) == sorted(KINDS)


@pytest.mark.parametrize(
    ("partition", "options", "error"),
    [
        ({}, {}, FieldRefused),
        ({"user_id": "a#b"}, {}, KeyPartRefused),
        ({"user_id": Beginning("a")}, {}, KeyPartRefused),
        (PARTITION, {"index": "by_email"}, FieldRefused),
        (PARTITION, {"begins_with": {"place": 1}}, FieldRefused),
        (PARTITION, {"begins_with": {"kind": "a"}, "between": ({}, {})}, FieldRefused),
        (PARTITION, {"between": ({"kind": "b"}, {"kind": "a"})}, FieldRefused),
        (PARTITION, {"begins_with": {"kind": "a#b"}}, KeyPartRefused),
        (PARTITION, {"begins_with": {"kind": Beginning("a#")}}, KeyPartRefused),
    ],
    ids=str,
)
def test_WHEN_a_query_makes_no_sense_THEN_it_is_refused_at_once(
    partition: dict[str, Any], options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        single_table.query(REWARDS, partition, fake_provider(), **options)


def test_WHEN_an_index_has_no_sort_key_THEN_none_is_compared() -> None:
    with pytest.raises(FieldRefused, match="by_email"):
        single_table.query(USERS, {"email": "a"}, fake_provider(), index="by_email", begins_with={})


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("index", [None, "by_points"])
def test_WHEN_pages_are_read_one_after_another_THEN_every_record_comes_once(
    rewards: AwsClientProvider, index: str | None, reverse: bool
) -> None:
    whole = list(single_table.query(REWARDS, PARTITION, rewards, index=index, reverse=reverse))
    seen: list[Reward] = []
    token, sizes = None, []
    while True:
        page = single_table.query_page(
            REWARDS, PARTITION, rewards, size=4, token=token, index=index, reverse=reverse
        )
        sizes.append(len(page.records))
        seen += page.records
        token = page.next_token
        if token is None:
            break
    assert (seen, sizes) == (whole, [4, 4, 1])


def test_WHEN_the_last_page_is_full_THEN_no_empty_one_follows(rewards: AwsClientProvider) -> None:
    page = single_table.query_page(REWARDS, PARTITION, rewards, size=9)
    assert (len(page.records), page.next_token) == (9, None)
    with pytest.raises(InvalidInput):
        single_table.query_page(REWARDS, PARTITION, rewards, size=0)


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "", "no token", "é", encoded([]), encoded({}), encoded({"pk": "USER#ada"}),
        encoded({"pk": "USER#ada", "sk": 1}), encoded({"pk": "USER#bob", "sk": "REWARD#summer#0001"}),
        encoded({"pk": "USER#ada", "sk": "REWARD#", "more": "x"}),
    ],
)  # fmt: skip
def test_WHEN_a_token_is_none_of_this_query_THEN_nothing_is_sent(token: str) -> None:
    with pytest.raises(InvalidInput):
        single_table.query_page(REWARDS, PARTITION, fake_provider(), size=1, token=token)


def test_WHEN_other_kinds_stand_between_THEN_pages_without_a_record_are_passed_over(
    app: AwsClientProvider,
) -> None:
    others = [{"pk": "USER#ada", "sk": f"REWARD#a#{place:04d}", "entity_type": "x"} for place in range(130)]
    dynamodb.batch_write("app", others, [], app, key_names=("pk", "sk"))
    single_table.put(REWARDS, Reward("ada", "b", 1), app)
    assert asked(app, limit=1) == ["b 1"]
    assert [reward.kind for reward in single_table.query_page(REWARDS, PARTITION, app, size=1).records] == [
        "b"
    ]


def test_WHEN_records_are_read_THEN_only_their_own_attributes_are_asked_for() -> None:
    client = FakeClient("dynamodb").answers("get_item", {})
    assert single_table.get(USERS, PARTITION, fake_provider(dynamodb=client)) is None
    [sent] = client.calls_of("get_item")
    assert set(sent["ExpressionAttributeNames"].values()) == {
        "user_id", "email", "name", "status", "address", "version", "entity_type", "pk", "sk",
    }  # fmt: skip
    assert not {"name", "status"} & set(sent["ProjectionExpression"].replace(",", "").split())


def test_WHEN_few_records_are_wanted_THEN_aws_is_not_asked_to_read_many() -> None:
    client = FakeClient("dynamodb").pages("query", [{"Items": []}])
    aws_provider = fake_provider(dynamodb=client)
    whole = {"kind": "summer", "place": 9}
    found = single_table.query(REWARDS, PARTITION, aws_provider, begins_with=whole, limit=1, consistent=True)
    assert list(found) == []
    [sent] = client.calls_of("query")
    assert (sent["Limit"], sent["ConsistentRead"]) == (50, True)
    # All of the key is given: what only begins with it is another record's.
    assert "begins_with" not in sent["KeyConditionExpression"]


def test_WHEN_a_page_is_wanted_THEN_one_more_record_is_asked_for() -> None:
    client = FakeClient("dynamodb").pages("query", [{"Items": []}])
    page = single_table.query_page(
        REWARDS, PARTITION, fake_provider(dynamodb=client), size=200, consistent=True
    )
    assert page.records == ()
    [sent] = client.calls_of("query")
    assert (sent["Limit"], sent["ConsistentRead"]) == (201, True)


@pytest.mark.parametrize("segments", [1, 3])
def test_WHEN_a_table_is_scanned_THEN_the_records_of_the_model_come(
    rewards: AwsClientProvider, segments: int
) -> None:
    found = single_table.scan(REWARDS, rewards, segments=segments, consistent=True)
    assert len(list(found)) == 10
    assert {user.user_id for user in single_table.scan(USERS, rewards)} == {"ada", "bob"}
    assert len(list(single_table.scan(REWARDS, rewards, limit=3))) == 3
