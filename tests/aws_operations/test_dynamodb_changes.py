"""Writes of items: planned, conditioned on the plan, read back, and never done twice."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AwsInteractionError, Conflict, InvalidInput, NotFound
from aws_interactions.dynamodb_interactions import (
    KeyAttribute,
    TableDoesNotExist,
    TableSpec,
)
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.changes import Change, Effect, Reversibility, change_kind
from aws_operations.dynamodb.changes import (
    Condition,
    ItemAlreadyExists,
    ItemDoesNotExist,
    ItemUpdate,
    plan_delete,
    plan_put,
    plan_update,
)
from tests.support.dynamodb_things import ARN, TABLE, applied, described_table, planned

KEY = {"customer": "c-1", "order": "1"}
ITEM: dict[str, Any] = {
    **KEY,
    "total": Decimal("12.345678901234567890123456789"),
    "tags": {"a", "b"},
    "sizes": {Decimal(1), Decimal(2)},
    "lines": [{"product": "tea", "n": Decimal(2)}, None, True],
    "note": b"\x00\xff",
    "$set": {"$set": "x"},
}


@pytest.fixture
def table(aws_provider: AwsClientProvider) -> str:
    keys = (KeyAttribute("customer", "S"), KeyAttribute("order", "S"))
    dynamodb_interactions.create_table(TableSpec(TABLE, keys), aws_provider)
    return TABLE


def stored(aws_provider: AwsClientProvider, key: dict[str, Any] = KEY) -> Any:
    return dynamodb_interactions.get_item(TABLE, key, aws_provider, consistent=True)


def store(aws_provider: AwsClientProvider, item: dict[str, Any]) -> None:
    dynamodb_interactions.put_item(TABLE, item, aws_provider)


def test_WHEN_a_new_item_is_put_THEN_it_is_stored_as_it_is(
    aws_provider: AwsClientProvider, table: str
) -> None:
    change = planned(plan_put(table, ITEM, aws_provider.read_only(), overwrite=False))

    assert (change.effect, change.before) == (Effect.CREATE, None)
    assert change.resource == f'{ARN} {{"customer":"c-1","order":"1"}}'
    assert not change.needs_consent
    assert change.reversibility is Reversibility.COMPENSABLE
    assert stored(aws_provider) is None
    assert applied([change], aws_provider).status == "applied"
    assert stored(aws_provider) == ITEM


def test_WHEN_an_item_is_put_AND_one_is_there_THEN_it_is_refused_unless_overwriting_is_asked_for(
    aws_provider: AwsClientProvider, table: str
) -> None:
    store(aws_provider, ITEM)
    with pytest.raises(ItemAlreadyExists) as caught:
        list(plan_put(table, {**KEY, "total": 1}, aws_provider, overwrite=False))
    assert (caught.value.table_name, caught.value.key) == (TABLE, KEY)

    change = planned(plan_put(table, {**KEY, "total": 1}, aws_provider, overwrite=True))

    assert (change.effect, change.needs_consent) == (Effect.OVERWRITE, True)
    assert applied([change], aws_provider).status == "applied"
    assert stored(aws_provider) == {**KEY, "total": 1}


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        ({"customer": "c-1"}, 'the item has no "order", the sort key of table orders'),
        ({"customer": 1, "order": "1"}, '"customer", the partition key .* is a number; it has to be text'),
        ({"customer": "c-1", "order": None}, '"order", the sort key .* is null; it has to be text'),
        ({"customer": "c-1", "order": ""}, '"order", the sort key of table orders, is empty'),
    ],
)
def test_WHEN_an_item_is_put_AND_its_key_is_not_the_tables_THEN_the_plan_says_what_is_wrong(
    item: dict[str, Any], complaint: str, aws_provider: AwsClientProvider, table: str
) -> None:
    with pytest.raises(InvalidInput, match=complaint) as caught:
        list(plan_put(table, item, aws_provider, overwrite=False))
    assert caught.value.__cause__ is None


def test_WHEN_an_item_is_put_AND_it_is_the_same_THEN_nothing_is_sent(
    aws_provider: AwsClientProvider, table: str
) -> None:
    store(aws_provider, ITEM)
    change = planned(plan_put(table, ITEM, aws_provider, overwrite=True))
    assert applied([change], fake_provider(dynamodb=FakeClient("dynamodb"))).status == "unchanged"


def test_WHEN_a_one_is_put_over_true_THEN_that_is_a_change(
    aws_provider: AwsClientProvider, table: str
) -> None:
    store(aws_provider, {**KEY, "paid": True})
    change = planned(plan_put(table, {**KEY, "paid": 1}, aws_provider, overwrite=True))
    assert applied([change], aws_provider).status == "applied"
    assert stored(aws_provider)["paid"] is not True


@pytest.mark.parametrize(
    "item",
    [
        {"customer": "c-1"},
        {**KEY, "total": Decimal("1" * 39)},
        {**KEY, "total": float("nan")},
        {**KEY, "tags": set()},
    ],
)
def test_WHEN_an_item_cannot_be_stored_THEN_planning_it_says_so(
    item: dict[str, Any], aws_provider: AwsClientProvider, table: str
) -> None:
    with pytest.raises(InvalidInput):
        list(plan_put(table, item, aws_provider, overwrite=False))


Planner = Callable[[AwsClientProvider], Iterator[Change]]

PLANS_OVER_AN_ITEM: dict[str, Planner] = {
    "put": lambda provider: plan_put(TABLE, {**KEY, "total": 1}, provider, overwrite=True),
    "update": lambda provider: plan_update(TABLE, KEY, ItemUpdate(add={"n": 1}), provider),
    "expression": lambda provider: plan_update(
        TABLE, KEY, ItemUpdate(expression=Condition("SET n = n + :one", {}, {":one": 1})), provider
    ),
    "delete": lambda provider: plan_delete(TABLE, KEY, provider),
}


@pytest.mark.parametrize("name", PLANS_OVER_AN_ITEM)
@pytest.mark.usefixtures("table")
def test_WHEN_an_item_has_changed_since_it_was_planned_THEN_it_is_not_touched(
    name: str, aws_provider: AwsClientProvider
) -> None:
    store(aws_provider, {**KEY, "n": 5})
    change = planned(PLANS_OVER_AN_ITEM[name](aws_provider))
    store(aws_provider, {**KEY, "n": 6})

    result = applied([change], aws_provider)

    assert isinstance(result.error, Conflict)
    assert "the item has changed since it was planned; it was not touched" in str(result.error)
    assert stored(aws_provider) == {**KEY, "n": 6}


@pytest.mark.parametrize("name", PLANS_OVER_AN_ITEM)
@pytest.mark.parametrize("now", [{**KEY, "n": 6}, None], ids=["changed", "gone"])
@pytest.mark.usefixtures("table")
def test_WHEN_an_item_changes_after_it_was_looked_at_again_THEN_the_condition_saves_it(
    name: str, now: dict[str, Any] | None, aws_provider: AwsClientProvider
) -> None:
    store(aws_provider, {**KEY, "n": 5})
    change = planned(PLANS_OVER_AN_ITEM[name](aws_provider))
    kind = change_kind(change.kind)
    assert kind.recheck(change, aws_provider) is None
    if now is None:
        dynamodb_interactions.delete_item(TABLE, KEY, aws_provider)
    else:
        store(aws_provider, now)

    [result] = kind.apply([change], aws_provider)

    assert result.status == "failed"
    assert isinstance(result.error, Conflict)
    assert stored(aws_provider) == now


def test_WHEN_a_new_item_is_put_AND_someone_was_faster_THEN_theirs_stays(
    aws_provider: AwsClientProvider, table: str
) -> None:
    change = planned(plan_put(table, {**KEY, "n": 1}, aws_provider, overwrite=False))
    store(aws_provider, {**KEY, "n": 2})

    [result] = change_kind(change.kind).apply([change], aws_provider)

    assert "an item was put there by someone else since it was planned" in str(result.error)
    assert stored(aws_provider) == {**KEY, "n": 2}


def test_WHEN_an_attribute_is_added_after_looking_again_AND_the_new_item_has_it_THEN_it_is_not_lost(
    aws_provider: AwsClientProvider, table: str
) -> None:
    store(aws_provider, {**KEY, "n": 1})
    change = planned(plan_put(table, {**KEY, "n": 1, "by": "me"}, aws_provider, overwrite=True))
    store(aws_provider, {**KEY, "n": 1, "by": "them"})
    [result] = change_kind(change.kind).apply([change], aws_provider)
    assert result.status == "failed"
    assert stored(aws_provider)["by"] == "them"


def test_WHEN_an_item_has_more_attributes_than_a_condition_takes_THEN_it_is_still_replaced(
    aws_provider: AwsClientProvider, table: str
) -> None:
    many = {f"a-rather-long-name-of-an-attribute-{number}": number for number in range(400)}
    store(aws_provider, {**KEY, **many})
    change = planned(plan_put(table, {**KEY, "n": 1}, aws_provider, overwrite=True))
    assert applied([change], aws_provider).status == "applied"
    assert stored(aws_provider) == {**KEY, "n": 1}


@pytest.mark.parametrize(
    ("update", "after", "effect"),
    [
        (ItemUpdate({"status": "shipped"}), {"status": "shipped"}, Effect.OVERWRITE),
        (ItemUpdate({"status": "open"}), {}, Effect.UPDATE),
        (ItemUpdate({"by": [1, {"x": None}]}), {"by": [1, {"x": None}]}, Effect.UPDATE),
        (ItemUpdate(add={"n": Decimal("0.1")}), {"n": Decimal("5.1")}, Effect.UPDATE),
        (ItemUpdate(add={"new": -1}), {"new": -1}, Effect.UPDATE),
        (ItemUpdate(add={"tags": {"b", "c"}}), {"tags": {"a", "b", "c"}}, Effect.UPDATE),
        (ItemUpdate(add={"sizes": {2}}), {"sizes": {1, 2}}, Effect.UPDATE),
        (ItemUpdate(add={"flag": 1}), {"flag": 1}, Effect.UPDATE),
        (ItemUpdate(remove=["tags"]), {"tags": None}, Effect.OVERWRITE),
        (ItemUpdate(remove=["never"]), {}, Effect.UPDATE),
        (
            ItemUpdate({"status": "x", "size": 1}, ["tags"], {"n": 1}),
            {"status": "x", "size": 1, "tags": None, "n": 6},
            Effect.OVERWRITE,
        ),
    ],
)
def test_WHEN_an_item_is_updated_THEN_the_plan_says_what_it_will_be_AND_it_is(
    update: ItemUpdate,
    after: dict[str, Any],
    effect: Effect,
    aws_provider: AwsClientProvider,
    table: str,
) -> None:
    item = {**KEY, "status": "open", "n": 5, "tags": {"a", "b"}, "sizes": {1}}
    store(aws_provider, item)
    wanted = {name: value for name, value in {**item, **after}.items() if value is not None}

    change = planned(plan_update(table, KEY, update, aws_provider))

    assert change.effect is effect
    assert change.before is not None
    assert set(change.before) <= set(update.attributes)
    result = applied([change], aws_provider)
    assert result.status == ("unchanged" if wanted == item else "applied"), result.error
    assert stored(aws_provider) == wanted


def test_WHEN_an_item_is_updated_by_an_expression_THEN_the_plan_shows_it_AND_it_is_done(
    aws_provider: AwsClientProvider, table: str
) -> None:
    store(aws_provider, {**KEY, "n": 5, "m": {"x": 1}})
    expression = Condition("SET #m.x = :x, n = n - :was0", {"#m": "m"}, {":x": "y", ":was0": 1})
    condition = Condition("n > :least", {}, {":least": 4})

    change = planned(
        plan_update(table, KEY, ItemUpdate(expression=expression), aws_provider, condition=condition)
    )

    assert (change.after or {})["expression"] == expression.expression
    assert change.effect is Effect.OVERWRITE
    assert applied([change], aws_provider).status == "applied"
    assert stored(aws_provider) == {**KEY, "n": 4, "m": {"x": "y"}}


def test_WHEN_an_absent_item_is_updated_THEN_it_is_made_only_if_that_was_asked_for(
    aws_provider: AwsClientProvider, table: str
) -> None:
    with pytest.raises(ItemDoesNotExist) as caught:
        list(plan_update(table, KEY, ItemUpdate(add={"n": 1}), aws_provider))
    assert isinstance(caught.value, NotFound)

    change = planned(plan_update(table, KEY, ItemUpdate(add={"n": 1}), aws_provider, create=True))

    assert (change.effect, change.before, change.after) == (Effect.CREATE, None, {"n": 1})
    assert applied([change], aws_provider).status == "applied"
    assert stored(aws_provider) == {**KEY, "n": 1}


def test_WHEN_another_attribute_changes_THEN_an_update_that_does_not_name_it_goes_on(
    aws_provider: AwsClientProvider, table: str
) -> None:
    store(aws_provider, {**KEY, "n": 5, "other": 1})
    change = planned(plan_update(table, KEY, ItemUpdate(add={"n": 1}), aws_provider))
    store(aws_provider, {**KEY, "n": 5, "other": 2})
    assert applied([change], aws_provider).status == "applied"
    assert stored(aws_provider) == {**KEY, "n": 6, "other": 2}


@pytest.mark.parametrize(
    ("update", "complaint"),
    [
        (ItemUpdate(), "one of the two"),
        (ItemUpdate({"a": 1}, expression=Condition("SET b = c")), "one of the two"),
        (ItemUpdate({"customer": "c-2"}), "customer is of the key"),
        (ItemUpdate({"a": 1}, ["a"]), "a is given more than once"),
        (ItemUpdate({"a.b": 1}), "whole attributes"),
        (ItemUpdate(remove=["a[0]"]), "whole attributes"),
        (ItemUpdate(remove=[""]), "name is empty"),
        (ItemUpdate(add={"n": "x"}), "a number or a set"),
        (ItemUpdate(add={"n": True}), "a number or a set"),
        (ItemUpdate(add={"status": 1}), "another type"),
        (ItemUpdate(add={"tags": {1}}), "another type"),
        (ItemUpdate(add={"n": Decimal("1E-60")}), "significant digits"),
        (ItemUpdate(expression=Condition("SET a = :a", {}, {"a": 1})), "must start with :"),
    ],
)
def test_WHEN_an_update_makes_no_sense_THEN_planning_it_says_why(
    update: ItemUpdate, complaint: str, aws_provider: AwsClientProvider, table: str
) -> None:
    store(aws_provider, {**KEY, "status": "open", "n": 5, "tags": {"a"}})
    with pytest.raises(InvalidInput, match=complaint):
        list(plan_update(table, KEY, update, aws_provider))


@pytest.mark.parametrize("name", ["put", "update", "delete"])
@pytest.mark.usefixtures("table")
def test_WHEN_a_condition_is_given_AND_it_does_not_hold_THEN_nothing_is_touched(
    name: str, aws_provider: AwsClientProvider
) -> None:
    store(aws_provider, {**KEY, "status": "open"})
    # Names like those that the program itself makes up.
    condition = Condition("#was0 = :new0", {"#was0": "status"}, {":new0": "shipped"})
    plans: dict[str, Planner] = {
        "put": lambda provider: plan_put(TABLE, KEY, provider, overwrite=True, condition=condition),
        "update": lambda provider: plan_update(
            TABLE, KEY, ItemUpdate({"a": 1}), provider, condition=condition
        ),
        "delete": lambda provider: plan_delete(TABLE, KEY, provider, condition=condition),
    }

    result = applied([planned(plans[name](aws_provider))], aws_provider)

    assert isinstance(result.error, Conflict)
    assert "the condition that was given does not hold; it was not touched" in str(result.error)
    assert stored(aws_provider) == {**KEY, "status": "open"}


def test_WHEN_an_item_is_deleted_THEN_it_is_gone_AND_once_gone_there_is_nothing_to_do(
    aws_provider: AwsClientProvider, table: str
) -> None:
    store(aws_provider, ITEM)
    change = planned(plan_delete(table, KEY, aws_provider))
    assert (change.effect, change.needs_consent, change.after) == (Effect.DESTROY, True, None)
    assert applied([change], aws_provider).status == "applied"
    assert stored(aws_provider) is None
    again = planned(plan_delete(table, KEY, aws_provider))
    assert again.is_noop


@pytest.mark.parametrize(
    "value",
    ["}{", "a b", "a\nb", '"', "\\", "é\u202e\U0001f600", ":table/x ", "{account}", "$set", "x" * 900],
)
def test_WHEN_a_key_is_strange_THEN_it_is_that_very_item(
    value: str, aws_provider: AwsClientProvider, table: str
) -> None:
    key = {"customer": value, "order": "1"}
    put = planned(plan_put(table, key, aws_provider, overwrite=False))
    assert applied([put], aws_provider).status == "applied"
    assert stored(aws_provider, key) == key
    update = planned(plan_update(table, key, ItemUpdate({"#n :v": value}), aws_provider))
    assert applied([update], aws_provider).status == "applied"
    delete = planned(plan_delete(table, key, aws_provider))
    assert applied([delete], aws_provider).status == "applied"
    assert stored(aws_provider, key) is None


LOST = ReadTimeoutError(endpoint_url="http://x")
OLD, NEW, OTHER = ({"customer": {"S": "c-1"}, "n": {"N": number}} for number in "567")


def lost(operation: str, before: Any, now: Any) -> FakeClient:
    """Return a client that loses the answer of a write: what was there, and what is there afterwards."""
    client = FakeClient("dynamodb").raises(operation, error=LOST)
    answers = [{"Item": item} if item else {} for item in (before, before, now)]
    return client.answers("get_item", answers)


@pytest.mark.parametrize(
    ("operation", "planner", "before", "now", "status"),
    [
        ("put_item", "put", OLD, NEW, "applied"),
        ("put_item", "put", OLD, OLD, "failed"),
        ("put_item", "put", OLD, OTHER, "unknown"),
        ("put_item", "put", None, NEW, "applied"),
        ("put_item", "put", None, None, "failed"),
        ("update_item", "update", OLD, NEW, "applied"),
        ("update_item", "update", OLD, OLD, "failed"),
        ("update_item", "update", OLD, OTHER, "unknown"),
        ("update_item", "expression", OLD, OLD, "failed"),
        ("update_item", "expression", OLD, NEW, "unknown"),
        ("delete_item", "delete", OLD, None, "applied"),
        ("delete_item", "delete", OLD, OLD, "failed"),
        ("delete_item", "delete", OLD, OTHER, "unknown"),
    ],
)
def test_WHEN_an_answer_is_lost_THEN_the_item_itself_tells(
    operation: str, planner: str, before: Any, now: Any, status: str
) -> None:
    key = {"customer": "c-1"}
    client = lost(operation, before, now)
    client.answers("describe_table", described_table())
    provider = fake_provider(dynamodb=client)
    plans: dict[str, Planner] = {
        "put": lambda provider: plan_put(TABLE, {**key, "n": 6}, provider, overwrite=True),
        "update": lambda provider: plan_update(TABLE, key, ItemUpdate(add={"n": 1}), provider),
        "expression": lambda provider: plan_update(
            TABLE, key, ItemUpdate(expression=Condition("SET n = :n", {}, {":n": 1})), provider
        ),
        "delete": lambda provider: plan_delete(TABLE, key, provider),
    }

    result = applied([planned(plans[planner](provider))], provider)

    assert result.status == status
    assert [call.operation for call in client.calls].count(operation) == 1


def test_WHEN_a_write_is_refused_AND_nobody_can_see_why_THEN_it_is_still_certain_that_it_failed() -> None:
    client = FakeClient("dynamodb").answers("describe_table", described_table())
    client.answers("get_item", [{"Item": OLD}, {"Item": OLD}]).raises("get_item", error=LOST)
    client.raises("put_item", "ConditionalCheckFailedException")
    provider = fake_provider(dynamodb=client)
    result = applied([planned(plan_put(TABLE, {"customer": "c-1"}, provider, overwrite=True))], provider)
    assert result.status == "failed"
    assert "not as it was planned, or the condition that was given does not hold" in str(result.error)


@pytest.mark.parametrize(
    "plan",
    [
        lambda provider: plan_put(TABLE, KEY, provider, overwrite=True),
        lambda provider: plan_update(TABLE, KEY, ItemUpdate({"a": 1}), provider, create=True),
        lambda provider: plan_delete(TABLE, KEY, provider),
    ],
)
def test_WHEN_the_table_is_absent_THEN_that_is_an_error(
    plan: Planner, aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(TableDoesNotExist):
        list(plan(aws_provider))


def test_WHEN_the_key_is_not_that_of_the_table_THEN_aws_s_refusal_is_told(
    aws_provider: AwsClientProvider, table: str
) -> None:
    with pytest.raises(AwsInteractionError):
        list(plan_delete(table, {"customer": "c-1"}, aws_provider))
