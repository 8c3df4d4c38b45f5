"""DynamoDB's limits and validation, judged by dynalite, which is the strictest about them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AwsInteractionError, InvalidInput
from aws_interactions.dynamodb_interactions import (
    ConditionNotMet,
    ItemTooLarge,
    KeyAttribute,
    TableAlreadyExists,
    TableDoesNotExist,
    TableIndex,
    TableSpec,
    create_table,
    delete_item,
    delete_table,
    describe_table,
    get_item,
    list_tables,
    put_item,
    update_item,
    wait_for_table,
)
from tests.conformance.tables import make_table

KIB = 1024


@pytest.fixture(scope="module")
def table(dynalite_provider: AwsClientProvider) -> str:
    """Give a table whose key is the text ``customer``."""
    return make_table(dynalite_provider)


Call = Callable[[str, AwsClientProvider], Any]
REFUSED: dict[str, tuple[Call, str]] = {
    "an empty key": (
        lambda table, provider: put_item(table, {"customer": ""}, provider),
        "cannot contain an empty string value. Key: customer",
    ),
    "a key of another type": (
        lambda table, provider: put_item(table, {"customer": 1}, provider),
        "Type mismatch for key customer expected: S actual: N",
    ),
    "no key": (
        lambda table, provider: put_item(table, {"name": "x"}, provider),
        "Missing the key customer in the item",
    ),
    "more than the key": (
        lambda table, provider: get_item(table, {"customer": "a", "order": "b"}, provider),
        "The provided key element does not match the schema",
    ),
    "a key that is too long": (
        lambda table, provider: put_item(table, {"customer": "c" * 2049}, provider),
        "Size of hashkey has exceeded the maximum size limit of",
    ),
    "a reserved word in the user's own expression": (
        lambda table, provider: update_item(
            table,
            {"customer": "a"},
            provider,
            expression="SET status = :s",
            values={":s": "open"},
        ),
        "reserved keyword: status",
    ),
    "a syntax error in the user's own expression": (
        lambda table, provider: put_item(table, {"customer": "a"}, provider, condition="customer ="),
        "Syntax error",
    ),
    "a value that no expression uses": (
        lambda table, provider: put_item(
            table,
            {"customer": "a"},
            provider,
            condition="attribute_not_exists(customer)",
            values={":unused": 1},
        ),
        "unused in expressions: keys: {:unused}",
    ),
    "a change of the key": (
        lambda table, provider: update_item(table, {"customer": "a"}, provider, assign={"customer": "b"}),
        "Cannot update attribute customer. This attribute is part of the key",
    ),
    "two changes of one attribute": (
        lambda table, provider: update_item(
            table, {"customer": "a"}, provider, assign={"name": "b"}, remove=["name"]
        ),
        "",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_WHEN_dynamodb_refuses_a_request_THEN_it_is_invalid_input_in_its_own_words(
    what: str, table: str, dynalite_provider: AwsClientProvider
) -> None:
    call, words = REFUSED[what]
    with pytest.raises(InvalidInput) as refused:
        call(table, dynalite_provider)
    assert words in str(refused.value)


def test_WHEN_an_item_is_over_400_kb_THEN_it_is_too_large_and_one_below_is_not(
    table: str, dynalite_provider: AwsClientProvider
) -> None:
    key = {"customer": "large"}
    overhead = len("customer") + len("large") + len("text")
    put_item(table, {**key, "text": "x" * (400 * KIB - overhead)}, dynalite_provider)
    with pytest.raises(ItemTooLarge):
        put_item(table, {**key, "text": "x" * (400 * KIB - overhead + 1)}, dynalite_provider)
    delete_item(table, key, dynalite_provider)


def test_WHEN_a_number_has_38_digits_THEN_it_comes_back_exact_and_39_are_refused_unsent(
    table: str, dynalite_provider: AwsClientProvider
) -> None:
    exact = Decimal("1234567890123456789.0123456789012345678")
    put_item(table, {"customer": "n", "total": exact}, dynalite_provider)
    assert get_item(table, {"customer": "n"}, dynalite_provider) == {"customer": "n", "total": exact}
    with pytest.raises(InvalidInput):
        put_item(table, {"customer": "n", "total": Decimal("1" * 39)}, dynalite_provider)


def test_WHEN_a_condition_does_not_hold_THEN_nothing_is_written(
    table: str, dynalite_provider: AwsClientProvider
) -> None:
    put_item(table, {"customer": "c", "total": 1}, dynalite_provider)
    with pytest.raises(ConditionNotMet):
        put_item(
            table,
            {"customer": "c", "total": 2},
            dynalite_provider,
            condition="attribute_not_exists(customer)",
        )
    assert get_item(table, {"customer": "c"}, dynalite_provider, consistent=True) == {
        "customer": "c",
        "total": 1,
    }


def test_WHEN_names_are_reserved_words_THEN_they_are_aliased_by_themselves(
    table: str, dynalite_provider: AwsClientProvider
) -> None:
    key = {"customer": "reserved"}
    changes = {"status": "open", "size": 3, "name": {"first": "a", "last": "b"}}
    update_item(table, key, dynalite_provider, assign=changes)
    assert get_item(table, key, dynalite_provider, attributes=["status", "name.first"]) == {
        "status": "open",
        "name": {"first": "a"},
    }


def test_WHEN_a_table_is_made_and_dropped_THEN_each_state_is_told(
    dynalite_provider: AwsClientProvider,
) -> None:
    by_status = TableIndex("by-status", (KeyAttribute("status", "S"), KeyAttribute("order", "N")))
    keys = (KeyAttribute("customer", "S"), KeyAttribute("order", "N"))
    name = make_table(dynalite_provider, *keys, indexes=(by_status,))
    described = describe_table(name, dynalite_provider)
    assert (described.keys, described.indexes[0].keys) == (keys, by_status.keys)
    assert name in list(list_tables(dynalite_provider))
    with pytest.raises(TableAlreadyExists):
        create_table(TableSpec(name, keys), dynalite_provider)
    delete_table(name, dynalite_provider)
    wait_for_table(name, "absent", dynalite_provider, timeout=10, interval=0.02)
    with pytest.raises(TableDoesNotExist):
        get_item(name, {"customer": "a", "order": 1}, dynalite_provider)


@pytest.mark.parametrize(
    "spec",
    [
        TableSpec("ab", (KeyAttribute("customer", "S"),)),
        TableSpec(
            "orders-of-one-name",
            (KeyAttribute("customer", "S"),),
            indexes=tuple(TableIndex("twice", (KeyAttribute(name, "S"),)) for name in ("a", "b")),
        ),
        TableSpec("orders", (KeyAttribute("customer", "S"), KeyAttribute("customer", "S"))),
    ],
    ids=["a short name", "two indexes of one name", "one attribute twice"],
)
def test_WHEN_a_table_cannot_be_as_told_THEN_it_is_invalid_input(
    spec: TableSpec, dynalite_provider: AwsClientProvider
) -> None:
    with pytest.raises(InvalidInput):
        create_table(spec, dynalite_provider)


numbers = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20)
# A lone surrogate is no text that UTF-8 can send.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
# dynalite is JavaScript: an attribute must not be called __proto__ there.
names = texts.map(lambda text: f"n{text}")
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts, st.binary(max_size=30)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(item=st.dictionaries(names, values, max_size=5))
def test_WHEN_any_item_is_put_THEN_it_comes_back_the_same(
    item: dict[str, Any], table: str, dynalite_provider: AwsClientProvider
) -> None:
    whole = {**item, "customer": "any"}
    put_item(table, whole, dynalite_provider)
    assert get_item(table, {"customer": "any"}, dynalite_provider, consistent=True) == whole


def test_WHEN_the_table_is_not_there_THEN_every_call_says_so(dynalite_provider: AwsClientProvider) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: describe_table("absent-table", dynalite_provider),
        lambda: get_item("absent-table", {"customer": "a"}, dynalite_provider),
        lambda: put_item("absent-table", {"customer": "a"}, dynalite_provider),
        lambda: update_item("absent-table", {"customer": "a"}, dynalite_provider, assign={"b": 1}),
        lambda: delete_item("absent-table", {"customer": "a"}, dynalite_provider),
        lambda: delete_table("absent-table", dynalite_provider),
    ]
    for call in calls:
        with pytest.raises(AwsInteractionError) as refused:
            call()
        assert isinstance(refused.value, TableDoesNotExist)
