from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from aws_interactions import dynamodb_interactions as dynamodb, single_table
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import DuplicateKeys, TransactionCancelled
from aws_interactions.single_table import (
    FieldRefused,
    Found,
    RecordDoesNotExist,
    RecordExists,
    StaleVersion,
    WrongEntityType,
)
from aws_interactions.testing import FakeClient, fake_provider
from tests.support.single_table_things import CLAIMS, NOW, REWARDS, USERS, Address, Claim, Rank, Reward, User

ADA = User("ada", "ada@example.org", "Ada")
KEY = {"user_id": "ada"}
REWARD = Reward("ada", "summer", 1, Decimal("2.50"))
REWARD_KEY = {"user_id": "ada", "kind": "summer", "place": 1}


def raw(aws_provider: AwsClientProvider) -> dict[str, dict[str, Any]]:
    return {f"{item['pk']} {item['sk']}": item for item in dynamodb.scan("app", aws_provider)}


def squat(aws_provider: AwsClientProvider, key: dict[str, str], **attributes: Any) -> None:
    """Put something that is not the model's under the key."""
    dynamodb.put_item("app", {**key, **attributes}, aws_provider)


def test_WHEN_a_record_is_put_THEN_the_same_is_got_one_version_on(app: AwsClientProvider) -> None:
    full = replace(ADA, status=Rank.GOLD, address=Address("Mall 1", NOW, ["a", "b"]))
    written = single_table.put(USERS, full, app)
    assert written == replace(full, version=1)
    assert single_table.get(USERS, KEY, app) == written
    assert single_table.get(USERS, KEY, app, consistent=True) == written
    assert single_table.get(USERS, {"user_id": "bob"}, app) is None


def test_WHEN_a_record_is_put_that_exists_THEN_it_is_left_as_it_was(app: AwsClientProvider) -> None:
    single_table.put(USERS, ADA, app)
    single_table.put(REWARDS, REWARD, app)
    before = raw(app)
    with pytest.raises(RecordExists) as caught:
        single_table.put(USERS, replace(ADA, name="Other"), app)
    assert caught.value.key == {"pk": "USER#ada", "sk": "PROFILE"}
    assert caught.value.aws_code == "ConditionalCheckFailedException"
    with pytest.raises(RecordExists):
        single_table.put(REWARDS, REWARD, app)
    assert raw(app) == before


def test_WHEN_two_write_from_the_same_version_THEN_the_second_is_told(app: AwsClientProvider) -> None:
    first = single_table.put(USERS, ADA, app)
    second = single_table.put(USERS, replace(first, name="Ada L."), app)
    assert second.version == 2
    with pytest.raises(StaleVersion) as caught:
        single_table.put(USERS, replace(first, name="Lost"), app)
    assert (caught.value.expected, caught.value.found) == (1, 2)
    with pytest.raises(StaleVersion):
        single_table.update(USERS, KEY, {"name": "Lost"}, app, version=1)
    with pytest.raises(StaleVersion):
        single_table.delete(USERS, KEY, app, version=1)
    assert single_table.get(USERS, KEY, app) == second
    assert single_table.delete(USERS, KEY, app, version=2) == second
    with pytest.raises(RecordDoesNotExist):
        single_table.put(USERS, second, app)
    assert raw(app) == {}


def test_WHEN_a_record_is_overwritten_THEN_only_one_of_its_own_kind(app: AwsClientProvider) -> None:
    single_table.put(REWARDS, REWARD, app, overwrite=True)
    more = replace(REWARD, points=Decimal(9))
    assert single_table.put(REWARDS, more, app, overwrite=True) == more
    assert single_table.get(REWARDS, REWARD_KEY, app) == more
    with pytest.raises(FieldRefused, match="version"):
        single_table.put(USERS, ADA, app, overwrite=True)


def test_WHEN_something_else_is_under_the_key_THEN_nothing_reads_or_writes_it(app: AwsClientProvider) -> None:
    squat(app, USERS.key_of(KEY), entity_type="claim")
    squat(app, REWARDS.key_of(REWARD_KEY), name="without a kind")
    before = raw(app)
    attempts: list[Callable[[], Any]] = [
        lambda: single_table.get(USERS, KEY, app),
        lambda: single_table.put(USERS, ADA, app),
        lambda: single_table.put(USERS, replace(ADA, version=1), app),
        lambda: single_table.update(USERS, KEY, {"name": "a"}, app),
        lambda: single_table.delete(USERS, KEY, app),
        lambda: single_table.delete(REWARDS, REWARD_KEY, app),
        lambda: single_table.put(REWARDS, REWARD, app, overwrite=True),
        lambda: list(single_table.batch_get(USERS, [KEY], app)),
    ]
    for attempt in attempts:
        with pytest.raises((WrongEntityType, RecordExists)):
            attempt()
    assert list(single_table.query(USERS, KEY, app)) == []
    assert list(single_table.scan(USERS, app)) == []
    assert raw(app) == before


def test_WHEN_fields_are_updated_THEN_they_alone_change_AND_indexes_follow(app: AwsClientProvider) -> None:
    single_table.put(USERS, ADA, app)
    squat(app, {"pk": "USER#ada", "sk": "OTHER"}, entity_type="other")
    changes: dict[str, Any] = {
        "email": "new@example.org",
        "status": Rank.GOLD,
        "address": Address("Mall 2", NOW),
    }
    updated = single_table.update(USERS, KEY, changes, app)
    assert updated == replace(ADA, version=2, **changes)
    assert raw(app)["USER#ada PROFILE"]["email_pk"] == "EMAIL#new@example.org"
    updated = single_table.update(USERS, KEY, {"email": None}, app, version=2)
    assert (updated.email, updated.version) == (None, 3)
    assert "email_pk" not in raw(app)["USER#ada PROFILE"]
    assert single_table.get(USERS, KEY, app) == updated


def test_WHEN_a_local_index_changes_THEN_the_partition_stays(app: AwsClientProvider) -> None:
    assert REWARDS.index_key_of("by_points", REWARD_KEY) == {
        "pk": "USER#ada",
        "points_sk": "POINTS#00000001",
    }
    single_table.put(REWARDS, REWARD, app)
    updated = single_table.update(REWARDS, REWARD_KEY, {"points": Decimal(3)}, app)
    assert updated == replace(REWARD, points=Decimal(3))


def test_WHEN_there_is_no_record_THEN_an_update_makes_none_AND_a_delete_is_content(
    app: AwsClientProvider,
) -> None:
    with pytest.raises(RecordDoesNotExist) as caught:
        single_table.update(USERS, KEY, {"name": "a"}, app)
    assert caught.value.table_name == "app"
    assert single_table.delete(USERS, KEY, app) is None
    with pytest.raises(RecordDoesNotExist):
        single_table.delete(USERS, KEY, app, version=1)
    assert raw(app) == {}


@pytest.mark.parametrize(
    "changes",
    [{}, {"user_id": "bob"}, {"version": 7}, {"pk": "USER#bob"}, {"entity_type": "claim"}, {"nam": "a"}],
    ids=str,
)
def test_WHEN_an_update_names_what_it_cannot_change_THEN_nothing_is_sent(changes: dict[str, Any]) -> None:
    with pytest.raises(FieldRefused):
        single_table.update(USERS, KEY, changes, fake_provider())


def test_WHEN_a_version_is_none_THEN_nothing_is_sent() -> None:
    with pytest.raises(FieldRefused, match="version"):
        single_table.delete(REWARDS, REWARD_KEY, fake_provider(), version=1)
    wrong: Any
    for wrong in (-1, True, None):
        with pytest.raises(FieldRefused, match="version"):
            single_table.put(USERS, replace(ADA, version=wrong), fake_provider())


def test_WHEN_records_are_written_in_batches_THEN_each_can_be_read_by_its_key(app: AwsClientProvider) -> None:
    rewards = [Reward("ada", "summer", place, Decimal(place)) for place in range(30)]
    assert single_table.batch_put(REWARDS, rewards, app).written == 30
    keys = [{**REWARD_KEY, "place": place} for place in (29, 99, 0)]
    found = list(single_table.batch_get(REWARDS, keys, app, consistent=True))
    assert found == [Found(keys[0], rewards[29]), Found(keys[1], None), Found(keys[2], rewards[0])]
    with pytest.raises(DuplicateKeys):
        single_table.batch_put(REWARDS, [REWARD, REWARD], app)
    with pytest.raises(FieldRefused, match="version"):
        single_table.batch_put(USERS, [ADA], app)


def test_WHEN_a_batch_is_left_undone_THEN_its_records_are_named() -> None:
    wire = dynamodb.to_item(REWARDS.item_of(REWARD))
    client = FakeClient("dynamodb").answers(
        "batch_write_item", {"UnprocessedItems": {"app": [{"PutRequest": {"Item": wire}}]}}
    )
    outcome = single_table.batch_put(
        REWARDS, [replace(REWARD, place=2), REWARD], fake_provider(dynamodb=client), max_rounds=1,
        sleep=lambda _: None,
    )  # fmt: skip
    assert (outcome.written, outcome.left_over) == (1, (REWARD,))


def test_WHEN_an_address_is_claimed_in_a_transaction_THEN_nobody_else_gets_it(app: AwsClientProvider) -> None:
    def register(user: User) -> None:
        claim = Claim(str(user.email), user.user_id)
        single_table.transact([single_table.to_put(USERS, user), single_table.to_put(CLAIMS, claim)], app)

    register(ADA)
    before = raw(app)
    with pytest.raises(TransactionCancelled) as caught:
        register(User("bob", ADA.email, "Bob"))
    assert [reason.code for reason in caught.value.reasons] == [None, "ConditionalCheckFailed"]
    assert raw(app) == before

    single_table.transact(
        [
            single_table.to_update(USERS, KEY, {"email": "new@example.org"}, version=1),
            single_table.to_delete(CLAIMS, {"email": ADA.email}),
            single_table.to_put(CLAIMS, Claim("new@example.org", "ada")),
        ],
        app,
    )
    register(User("bob", ADA.email, "Bob"))
    assert {record.email: record.user_id for record in single_table.scan(CLAIMS, app)} == {
        "new@example.org": "ada", ADA.email: "bob",
    }  # fmt: skip
    moved = single_table.get(USERS, KEY, app)
    assert moved == replace(ADA, email="new@example.org", version=2)


def test_WHEN_a_check_in_a_transaction_fails_THEN_nothing_is_written(app: AwsClientProvider) -> None:
    put = single_table.to_put(REWARDS, REWARD)
    with pytest.raises(TransactionCancelled):
        single_table.transact([single_table.to_check(USERS, KEY), put], app)
    assert raw(app) == {}
    single_table.put(USERS, ADA, app)
    single_table.transact([single_table.to_check(USERS, KEY, version=1), put], app)
    assert single_table.get(REWARDS, REWARD_KEY, app) == put.record
