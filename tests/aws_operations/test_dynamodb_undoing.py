"""Writes of DynamoDB taken back: what is then there, and what is left alone because others were there too."""

import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import KeyAttribute, TableIndex, TableSpec
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.changes import CannotUndo, Change, Effect, Reversibility, change_kind
from aws_operations.dynamodb.changes import (
    BatchWrite,
    Condition,
    ItemUpdate,
    batch_requests,
    plan_create_table,
    plan_delete,
    plan_drop_table,
    plan_put,
    plan_update,
)
from tests.support.dynamodb_things import ARN, TABLE, applied, described_table, planned

KEY = {"customer": "c-1"}
ITEM: dict[str, Any] = {**KEY, "total": Decimal("7.5"), "tags": {"a", "b"}, "note": b"\x00\xff"}
KEYS = (KeyAttribute("customer", "S"),)


@pytest.fixture
def table(aws_provider: AwsClientProvider) -> str:
    dynamodb_interactions.create_table(TableSpec(TABLE, KEYS, tags={"team": "web"}), aws_provider)
    return TABLE


def stored(aws_provider: AwsClientProvider) -> Any:
    return dynamodb_interactions.get_item(TABLE, KEY, aws_provider, consistent=True)


def store(aws_provider: AwsClientProvider, item: dict[str, Any]) -> None:
    dynamodb_interactions.put_item(TABLE, item, aws_provider)


def done(changes: Iterable[Change], aws_provider: AwsClientProvider) -> Change:
    change = planned(changes)
    assert applied([change], aws_provider).status == "applied"
    return change


def inverse(change: Change, aws_provider: AwsClientProvider) -> Change:
    invert = change_kind(change.kind).invert
    assert invert is not None
    return planned(invert(change, aws_provider.read_only()))


def undone(change: Change, aws_provider: AwsClientProvider) -> Change:
    way_back = inverse(change, aws_provider)
    assert applied([way_back], aws_provider).status == "applied"
    return way_back


def refusal(change: Change, aws_provider: AwsClientProvider) -> str:
    with pytest.raises(CannotUndo) as caught:
        inverse(change, aws_provider)
    assert caught.value.resource == change.resource
    return str(caught.value)


def batch(*lines: bytes, keep_before: bool = True) -> BatchWrite:
    requests = batch_requests(io.BytesIO(b"\n".join(lines)))
    return BatchWrite(TABLE, requests, overwrite=True, keep_before=keep_before)


def kept_writes(aws_provider: AwsClientProvider) -> list[Change]:
    """Return a write of each kind that takes something of the item away, all kept."""
    put_line = b'{"put": {"customer": "c-1", "total": 9}}'
    return [
        planned(plan_put(TABLE, {**KEY, "total": 8}, aws_provider, overwrite=True, keep_before=True)),
        planned(plan_delete(TABLE, KEY, aws_provider, keep_before=True)),
        planned(
            plan_update(
                TABLE, KEY, ItemUpdate({"total": 8, "new": 1}, ["note"]), aws_provider, keep_before=True
            )
        ),
        planned(batch(put_line).plan(aws_provider)),
        planned(batch(b'{"delete": {"customer": "c-1"}}').plan(aws_provider)),
    ]


@pytest.mark.usefixtures("table")
def test_WHEN_a_write_was_kept_THEN_undoing_it_brings_the_very_item_back_AND_can_be_undone_itself(
    aws_provider: AwsClientProvider,
) -> None:
    store(aws_provider, ITEM)
    for change in kept_writes(aws_provider):
        assert change.keeps_before
        assert change.reversibility is Reversibility.REVERSIBLE
        done([change], aws_provider)
        assert stored(aws_provider) != ITEM
        left = stored(aws_provider)

        way_back = undone(change, aws_provider)

        assert stored(aws_provider) == ITEM, change.kind
        assert way_back.keeps_before
        undone(way_back, aws_provider)
        assert stored(aws_provider) == left
        store(aws_provider, ITEM)


@pytest.mark.usefixtures("table")
def test_WHEN_the_item_was_changed_since_THEN_it_is_not_touched(aws_provider: AwsClientProvider) -> None:
    store(aws_provider, ITEM)
    for change in kept_writes(aws_provider):
        done([change], aws_provider)
        theirs = {**KEY, "total": 99, "new": 2}
        store(aws_provider, theirs)

        reason = refusal(change, aws_provider)

        assert reason in {"the item has changed since", "an item was put there by someone else since"}
        assert stored(aws_provider) == theirs
        store(aws_provider, ITEM)


def test_WHEN_others_write_between_plan_and_undo_THEN_theirs_stays(
    aws_provider: AwsClientProvider, table: str
) -> None:
    store(aws_provider, ITEM)
    change = done(
        plan_put(table, {**KEY, "total": 8}, aws_provider, overwrite=True, keep_before=True), aws_provider
    )
    way_back = inverse(change, aws_provider)
    store(aws_provider, {**KEY, "total": 99})

    assert applied([way_back], aws_provider).status == "failed"
    assert stored(aws_provider) == {**KEY, "total": 99}


def test_WHEN_an_item_was_new_THEN_undoing_takes_it_away_though_nothing_was_kept(
    aws_provider: AwsClientProvider, table: str
) -> None:
    plans = [
        lambda: plan_put(table, ITEM, aws_provider, overwrite=False),
        lambda: plan_update(table, KEY, ItemUpdate({"total": 1}), aws_provider, create=True),
        lambda: batch(b'{"put": {"customer": "c-1"}}', keep_before=False).plan(aws_provider),
    ]
    for plan in plans:
        change = done(plan(), aws_provider)
        assert change.reversibility is Reversibility.COMPENSABLE
        assert undone(change, aws_provider).effect is Effect.DESTROY
        assert stored(aws_provider) is None

        done([change], aws_provider)
        store(aws_provider, {**stored(aws_provider), "theirs": 1})
        assert refusal(change, aws_provider) == "the item has changed since"
        dynamodb_interactions.delete_item(TABLE, KEY, aws_provider)


def test_WHEN_an_item_was_not_to_be_kept_THEN_the_plan_says_so_AND_undo_says_what_to_do_next_time(
    aws_provider: AwsClientProvider, table: str
) -> None:
    store(aws_provider, ITEM)
    put_line = b'{"put": {"customer": "c-1", "total": 9}}'
    for change in (
        planned(plan_put(table, {**KEY, "total": 8}, aws_provider, overwrite=True)),
        planned(plan_delete(table, KEY, aws_provider)),
        planned(plan_update(table, KEY, ItemUpdate({"total": 8}), aws_provider)),
        planned(plan_update(table, KEY, ItemUpdate(remove=["note"]), aws_provider)),
        planned(batch(put_line, keep_before=False).plan(aws_provider)),
    ):
        assert not change.keeps_before
        assert change.reversibility is Reversibility.IRREVERSIBLE
        assert change.without_before().before == {"kept": False}
        assert "give --keep-before" in refusal(change.without_before(), aws_provider)


def test_WHEN_an_update_only_adds_THEN_it_can_be_undone_though_nothing_was_kept(
    aws_provider: AwsClientProvider, table: str
) -> None:
    store(aws_provider, ITEM)
    update = ItemUpdate(assign={"new": 1}, add={"total": 2, "tags": {"c"}})
    change = done(plan_update(table, KEY, update, aws_provider), aws_provider)
    assert (change.effect, change.keeps_before) == (Effect.UPDATE, True)
    assert not change.needs_consent

    undone(change, aws_provider)

    assert stored(aws_provider) == ITEM


def test_WHEN_others_changed_other_attributes_THEN_an_update_is_undone_AND_theirs_stays(
    aws_provider: AwsClientProvider, table: str
) -> None:
    store(aws_provider, ITEM)
    update = ItemUpdate(assign={"total": 8})
    change = done(plan_update(table, KEY, update, aws_provider, keep_before=True), aws_provider)
    store(aws_provider, {**stored(aws_provider), "theirs": "x"})

    undone(change, aws_provider)

    assert stored(aws_provider) == {**ITEM, "theirs": "x"}


@pytest.mark.parametrize("is_there", [True, False])
def test_WHEN_an_expression_wrote_THEN_undo_says_that_nobody_knows_what_it_made(
    is_there: bool, aws_provider: AwsClientProvider, table: str
) -> None:
    if is_there:
        store(aws_provider, ITEM)
    update = ItemUpdate(expression=Condition("SET seen = :one", {}, {":one": 1}))
    change = done(plan_update(table, KEY, update, aws_provider, create=True, keep_before=True), aws_provider)
    assert change.reversibility is Reversibility.COMPENSABLE
    assert "not known" in refusal(change, aws_provider)


def test_WHEN_the_table_is_gone_THEN_undo_says_so(aws_provider: AwsClientProvider, table: str) -> None:
    change = done(plan_put(table, ITEM, aws_provider, overwrite=False), aws_provider)
    update = planned(plan_update(table, KEY, ItemUpdate({"new": 1}), aws_provider))
    made = planned(plan_create_table("another", KEYS, aws_provider))
    dynamodb_interactions.delete_table(table, aws_provider)
    for each in (change, update, made):
        assert refusal(each, aws_provider) == "the table has gone"


def test_WHEN_a_table_was_made_THEN_undo_drops_it_only_while_it_is_empty(
    aws_provider: AwsClientProvider,
) -> None:
    change = done(plan_create_table(TABLE, KEYS, aws_provider), aws_provider)
    way_back = inverse(change, aws_provider)
    assert set(way_back.iam_actions) <= set(change_kind(way_back.kind).iam_actions)
    store(aws_provider, ITEM)

    result = applied([way_back], aws_provider)
    assert result.status == "failed"
    assert "items were put there since it was planned" in str(result.error)
    assert refusal(change, aws_provider) == "the table has items by now"

    dynamodb_interactions.delete_item(TABLE, KEY, aws_provider)
    undone(change, aws_provider)
    assert list(dynamodb_interactions.list_tables(aws_provider)) == []


def test_WHEN_a_made_table_is_another_by_now_THEN_undo_leaves_it(aws_provider: AwsClientProvider) -> None:
    change = planned(plan_create_table(TABLE, KEYS, aws_provider))
    other = TableSpec(TABLE, KEYS, (TableIndex("by-x", (KeyAttribute("x", "S"),)),))
    dynamodb_interactions.create_table(other, aws_provider)
    assert refusal(change, aws_provider) == "the table has other keys or indexes by now"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"TableStatus": "CREATING"}, "the table is CREATING: undo the run once it is ACTIVE"),
        ({"DeletionProtectionEnabled": True}, "the table was protected against deletion since"),
        ({"TableStatus": "DELETING"}, "the table has gone"),
    ],
)
def test_WHEN_a_made_table_cannot_be_dropped_THEN_undo_says_why(more: dict[str, Any], reason: str) -> None:
    client = FakeClient("dynamodb").raises("describe_table", "ResourceNotFoundException")
    change = planned(plan_create_table(TABLE, KEYS, fake_provider(dynamodb=client)))
    later = FakeClient("dynamodb").answers("describe_table", described_table(**more))

    assert refusal(change, fake_provider(dynamodb=later)) == reason


def test_WHEN_guards_ask_of_an_item_THEN_they_get_the_tags_and_the_count_of_its_table(
    aws_provider: AwsClientProvider, table: str
) -> None:
    for number in range(5):
        store(aws_provider, {"customer": f"c-{number}"})
    change = planned(plan_delete(table, KEY, aws_provider))
    kind = change_kind(change.kind)
    assert kind.tags is not None
    assert kind.census is not None

    assert kind.tags.owner(change) == ARN
    absent = ARN.replace("orders", "absent")
    assert kind.tags.read([ARN, absent], aws_provider) == {ARN: {"team": "web"}, absent: {}}
    assert kind.census.place(change) == f"items of {ARN}"
    assert [kind.census.count(change, aws_provider, at_most) for at_most in (0, 2, 5, 99)] == [0, 2, 5, 5]


def test_WHEN_guards_ask_of_a_table_THEN_the_tables_of_the_region_are_counted(
    aws_provider: AwsClientProvider, table: str
) -> None:
    drop = planned(plan_drop_table(table, aws_provider))
    make = planned(plan_create_table("another", KEYS, aws_provider))
    for change in (drop, make):
        kind = change_kind(change.kind)
        assert kind.tags is not None
        assert kind.census is not None
        assert kind.tags.owner(change) == (ARN if change is drop else None)
        assert [kind.census.count(change, aws_provider, at_most) for at_most in (1, 9)] == [1, 1]
        assert kind.census.place(change) == "tables of aws://123456789012/eu-west-1"
