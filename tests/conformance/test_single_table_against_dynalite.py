"""Expressions and keys of models, judged by dynalite, which is stricter about them than moto."""

from dataclasses import replace
from decimal import Decimal

import pytest

from aws_interactions import dynamodb_interactions as dynamodb, single_table
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import ItemTooLarge
from aws_interactions.single_table import Model, Page, RecordExists
from aws_interactions.single_table.item_sizes import MAX_ITEM_BYTES
from tests.support.single_table_things import APP, ORDERS, USERS, Order, User

TABLE = replace(APP, name="single-table")
ORDERS_HERE, USERS_HERE = replace(ORDERS, table=TABLE).bound_to("acme"), replace(USERS, table=TABLE)


@pytest.fixture(scope="module")
def table(dynalite_provider: AwsClientProvider) -> AwsClientProvider:
    """Give a provider whose table has three indexes, and is empty."""
    dynamodb.create_table(TABLE.spec(), dynalite_provider)
    dynamodb.wait_for_table(TABLE.name, "active", dynalite_provider, interval=0.01)
    return dynalite_provider


def test_WHEN_records_of_a_tenant_are_written_and_read_THEN_every_expression_is_taken(
    table: AwsClientProvider,
) -> None:
    model: Model[Order] = ORDERS_HERE
    orders = [Order("acme", "c", number, total=Decimal(number)) for number in range(1, 5)]
    other = replace(orders[0], tenant_id="acme2")
    single_table.put(replace(ORDERS, table=TABLE).bound_to("acme2"), other, table)
    assert [single_table.put(model, order, table) for order in orders] == orders
    assert single_table.put(model, orders[0], table, overwrite=True) == orders[0]
    with pytest.raises(RecordExists):
        single_table.put(model, orders[0], table)

    paid = single_table.update(model, {"customer": "c", "number": 1}, {"total": Decimal("1.5")}, table)
    assert paid == replace(orders[0], total=Decimal("1.5"))
    expected = [paid, *orders[1:]]
    customer = {"customer": "c"}
    between = ({"number": 2}, {"number": 3})
    assert list(single_table.query(model, customer, table)) == expected
    assert list(single_table.query(model, customer, table, between=between, consistent=True)) == orders[1:3]

    def page(token: str | None) -> Page[Order]:
        return single_table.query_page(
            model, {"state": "open"}, table, size=3, token=token, index="by_state", begins_with=customer
        )

    first = page(None)
    last = page(first.next_token)
    assert (first.records + last.records, last.next_token) == (tuple(expected), None)
    assert sorted(single_table.scan(model, table), key=lambda order: order.number) == expected
    assert single_table.delete(model, {"customer": "c", "number": 1}, table) == paid
    assert single_table.delete(model, {"customer": "c", "number": 1}, table) is None


def test_WHEN_a_record_is_as_large_as_it_may_be_THEN_it_is_taken_AND_one_byte_more_is_not(
    table: AwsClientProvider,
) -> None:
    user = User("ada", None, "", version=0)
    written = replace(user, version=1)
    room = MAX_ITEM_BYTES - USERS_HERE.size_of(written)
    largest = replace(user, name="x" * room)
    with pytest.raises(ItemTooLarge):
        single_table.put(USERS_HERE, replace(largest, name=largest.name + "x"), table)
    assert single_table.put(USERS_HERE, largest, table).name == largest.name
