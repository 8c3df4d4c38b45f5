"""Pages, batches and orders of items, served in DynamoDB's portions by dynalite."""

from decimal import Decimal

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import (
    BatchWriteOutcome,
    DuplicateKeys,
    IndexDoesNotExist,
    KeyAttribute,
    SortCondition,
    TableIndex,
    batch_get,
    batch_write,
    get_item,
    put_item,
    query,
    scan,
)
from tests.conformance.tables import make_table

# Five of them are more than the one MB of a page.
LARGE = "x" * 250_000
KEY_NAMES = ("customer", "order")


@pytest.fixture(scope="module")
def table(dynalite_provider: AwsClientProvider) -> str:
    """Give a table with twelve large orders of one customer, and one small one of another."""
    keys = (KeyAttribute("customer", "S"), KeyAttribute("order", "N"))
    by_status = TableIndex("by-status", (KeyAttribute("status", "S"), KeyAttribute("order", "N")))
    name = make_table(dynalite_provider, *keys, indexes=(by_status,))
    for number in range(12):
        item = {"customer": "c-1", "order": number, "status": "open" if number % 4 == 0 else "shipped"}
        put_item(name, {**item, "text": LARGE}, dynalite_provider)
    put_item(name, {"customer": "c-2", "order": 0, "status": "shipped"}, dynalite_provider)
    return name


def test_WHEN_a_query_has_many_pages_THEN_all_items_come_in_order(
    table: str, dynalite_provider: AwsClientProvider
) -> None:
    found = query(table, {"customer": "c-1"}, dynalite_provider, attributes=["order"])
    assert [item["order"] for item in found] == list(range(12))


def test_WHEN_a_query_is_reversed_and_limited_THEN_it_is_the_last_ones(
    table: str, dynalite_provider: AwsClientProvider
) -> None:
    found = query(table, {"customer": "c-1"}, dynalite_provider, reverse=True, limit=7, attributes=["order"])
    assert [item["order"] for item in found] == [11, 10, 9, 8, 7, 6, 5]


def test_WHEN_a_sort_condition_is_given_THEN_it_bounds_the_items(
    table: str, dynalite_provider: AwsClientProvider
) -> None:
    between = SortCondition("order", "between", 3, 5)
    found = query(table, {"customer": "c-1"}, dynalite_provider, sort=between, attributes=["order"])
    assert [item["order"] for item in found] == [3, 4, 5]


def test_WHEN_pages_are_empty_after_the_filter_THEN_the_rest_is_read_still(
    table: str, dynalite_provider: AwsClientProvider
) -> None:
    found = query(
        table,
        {"customer": "c-1"},
        dynalite_provider,
        filter="#o >= :ten",
        names={"#o": "order2"},
        values={":ten": 10},
    )
    assert list(found) == []
    last = scan(
        table,
        dynalite_provider,
        filter="customer = :c",
        values={":c": "c-2"},
    )
    assert [item["customer"] for item in last] == ["c-2"]


def test_WHEN_an_index_is_queried_THEN_its_own_key_leads(
    table: str, dynalite_provider: AwsClientProvider
) -> None:
    found = query(table, {"status": "open"}, dynalite_provider, index="by-status", attributes=["order"])
    assert [item["order"] for item in found] == [0, 4, 8]


@pytest.mark.parametrize("segments", [1, 3, 16])
def test_WHEN_a_table_is_scanned_in_segments_THEN_each_item_comes_once(
    segments: int, table: str, dynalite_provider: AwsClientProvider
) -> None:
    found = scan(table, dynalite_provider, segments=segments, attributes=KEY_NAMES)
    keys = sorted((item["customer"], item["order"]) for item in found)
    assert keys == [*(("c-1", Decimal(number)) for number in range(12)), ("c-2", Decimal(0))]


@pytest.mark.parametrize(
    "partition",
    [{"order": 1}, {"customer": 1}, {"status": "open"}],
    ids=["the sort key alone", "a key of another type", "no key at all"],
)
def test_WHEN_a_query_is_not_of_the_key_THEN_it_is_invalid_input(
    partition: dict[str, object], table: str, dynalite_provider: AwsClientProvider
) -> None:
    with pytest.raises(InvalidInput):
        list(query(table, partition, dynalite_provider))


def test_WHEN_an_index_is_not_there_THEN_the_error_names_it(
    table: str, dynalite_provider: AwsClientProvider
) -> None:
    with pytest.raises(IndexDoesNotExist, match="by-nothing"):
        list(query(table, {"customer": "c-1"}, dynalite_provider, index="by-nothing"))


def test_WHEN_a_batch_is_longer_than_a_call_takes_THEN_all_of_it_is_done(
    dynalite_provider: AwsClientProvider,
) -> None:
    name = make_table(dynalite_provider)
    puts = [{"customer": f"c-{number}", "total": number} for number in range(130)]
    assert batch_write(name, puts, [], dynalite_provider, key_names=["customer"]) == BatchWriteOutcome(130)
    keys = [{"customer": f"c-{number}"} for number in range(131)]
    found = list(batch_get(name, keys, dynalite_provider))
    assert [item for _, item in found] == [*puts, None]
    outcome = batch_write(name, [], keys, dynalite_provider, key_names=["customer"])
    assert outcome == BatchWriteOutcome(131)
    assert list(scan(name, dynalite_provider)) == []


def test_WHEN_a_batch_is_of_more_bytes_than_an_answer_holds_THEN_all_of_it_is_read(
    dynalite_provider: AwsClientProvider,
) -> None:
    name = make_table(dynalite_provider)
    keys = [{"customer": f"c-{number}"} for number in range(60)]
    for key in keys:
        put_item(name, {**key, "text": "x" * 300_000}, dynalite_provider)
    pauses: list[float] = []
    found = batch_get(name, keys, dynalite_provider, sleep=pauses.append)
    assert [len(item["text"]) for _, item in found if item] == [300_000] * 60
    # What is over 16 MB is left unprocessed, and asked for again.
    assert pauses


def test_WHEN_a_batch_names_a_key_twice_THEN_it_is_refused_and_nothing_is_written(
    dynalite_provider: AwsClientProvider,
) -> None:
    name = make_table(dynalite_provider)
    with pytest.raises(DuplicateKeys):
        batch_write(name, [{"customer": "a"}], [{"customer": "a"}], dynalite_provider, key_names=["customer"])
    assert get_item(name, {"customer": "a"}, dynalite_provider) is None


def test_WHEN_one_item_of_a_batch_is_invalid_THEN_it_is_invalid_input_in_dynamodbs_words(
    dynalite_provider: AwsClientProvider,
) -> None:
    name = make_table(dynalite_provider)
    with pytest.raises(InvalidInput, match="key"):
        batch_write(name, [{"customer": "a"}, {"customer": 1}], [], dynalite_provider, key_names=["customer"])
    assert list(scan(name, dynalite_provider)) == []
