import threading
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.conditions import Attr, Key

from aws_interactions import dynamodb_interactions as dynamodb
from aws_interactions.aws_errors import InvalidInput, Throttled, Unavailable
from aws_interactions.dynamodb_interactions import KeyAttribute, SortCondition, TableIndex, TableSpec
from aws_interactions.testing import FakeClient, fake_provider

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

ORDERS = [
    {
        "customer": f"c-{customer}",
        "order": f"2026-0{month}-01",
        "status": "open" if month > 2 else "shipped",
        "size": Decimal(month),
    }
    for customer in (1, 2)
    for month in (1, 2, 3, 4)
]
OF_C1 = ORDERS[:4]


@pytest.fixture
def orders(aws_provider: "AwsClientProvider") -> "AwsClientProvider":
    """Give a provider whose table ``orders`` holds four orders of two customers each."""
    customer, order, status = (KeyAttribute(name, "S") for name in ("customer", "order", "status"))
    by_status = TableIndex("by-status", (status, order))
    dynamodb.create_table(TableSpec("orders", (customer, order), (by_status,)), aws_provider)
    dynamodb.batch_write("orders", ORDERS, [], aws_provider, key_names=("customer", "order"))
    return aws_provider


def provider_with(client: FakeClient) -> "AwsClientProvider":
    return fake_provider(dynamodb=client)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0, 1, 2, 3]),
        ({"reverse": True, "limit": 2}, [3, 2]),
        ({"start": {"customer": "c-1", "order": "2026-02-01"}}, [2, 3]),
        ({"start": {"customer": "c-1", "order": "2026-03-02"}, "reverse": True}, [2, 1, 0]),
        ({"filter": Attr("status").eq("open"), "page_size": 1}, [2, 3]),
        ({"sort": SortCondition("order", "begins_with", "2026-03")}, [2]),
        ({"sort": SortCondition("order", "between", "2026-02", "2026-03-01")}, [1, 2]),
        ({"sort": SortCondition("order", "=", "2026-02-01")}, [1]),
        ({"sort": SortCondition("order", "<", "2026-02-01")}, [0]),
        ({"sort": SortCondition("order", "<=", "2026-02-01")}, [0, 1]),
        ({"sort": SortCondition("order", ">", "2026-02-01")}, [2, 3]),
        ({"sort": SortCondition("order", dynamodb.SortComparison.AT_LEAST, "2026-02-01")}, [1, 2, 3]),
        ({"filter": Attr("size").gt(1), "limit": 2}, [1, 2]),
        ({"filter": "#s > :s", "names": {"#s": "size"}, "values": {":s": 3}}, [3]),
        ({"consistent": True}, [0, 1, 2, 3]),
    ],
)
def test_WHEN_a_partition_is_queried_THEN_its_items_come_in_order(
    orders: "AwsClientProvider", options: Any, expected: list[int]
) -> None:
    found = list(dynamodb.query("orders", {"customer": "c-1"}, orders, **options))
    assert found == [OF_C1[number] for number in expected]


def test_WHEN_an_index_is_queried_AND_its_names_are_reserved_THEN_they_need_no_care(
    orders: "AwsClientProvider",
) -> None:
    found = dynamodb.query(
        "orders",
        {"status": "open"},
        orders,
        index="by-status",
        sort=SortCondition("order", "<", "2026-04"),
        attributes=["size", "status"],
        numbers="native",
    )
    assert list(found) == [{"size": 3, "status": "open"}] * 2


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        (Key("customer").eq("c-1") & Key("order").begins_with("2026-04"), {}),
        (
            "customer = :c AND begins_with(#o, :o)",
            {"names": {"#o": "order"}, "values": {":o": "2026-04", ":c": "c-1"}},
        ),
    ],
)
def test_WHEN_a_query_is_told_by_a_whole_condition_THEN_it_holds(
    orders: "AwsClientProvider", condition: Any, named: Any
) -> None:
    assert list(dynamodb.query("orders", None, orders, condition=condition, **named)) == [OF_C1[3]]


@pytest.mark.parametrize(
    ("partition", "options", "reason"),
    [
        ({}, {}, "needs the partition key"),
        (None, {}, "needs the partition key"),
        ({"a": 1}, {"condition": "b = :b"}, "not by both"),
        (None, {"condition": Attr("a").eq(1)}, "Key"),
        ({"a": 1}, {"sort": SortCondition("b", "like", 1)}, "not by like"),
        ({"a": 1}, {"sort": SortCondition("b", "between", 1)}, "two values"),
        ({"a": 1}, {"sort": SortCondition("b", "<", 1, 2)}, "two values"),
        ({"a": float("nan")}, {}, "^a: "),
        ({"a": 1}, {"limit": 0}, "1 or more"),
        ({"a": 1}, {"numbers": "roman"}, "not 'roman'"),
    ],
)
def test_WHEN_a_query_is_wrong_THEN_nothing_is_sent(partition: Any, options: Any, reason: str) -> None:
    client = FakeClient("dynamodb")
    with pytest.raises(InvalidInput, match=reason):
        list(dynamodb.query("orders", partition, provider_with(client), **options))
    assert client.calls == []


def test_WHEN_the_table_or_index_is_absent_THEN_it_is_an_error(orders: "AwsClientProvider") -> None:
    with pytest.raises(dynamodb.TableDoesNotExist):
        list(dynamodb.query("nowhere", {"a": 1}, orders))
    with pytest.raises(dynamodb.TableDoesNotExist):
        list(dynamodb.scan("nowhere", orders))
    with pytest.raises(dynamodb.TableDoesNotExist):
        list(dynamodb.scan("nowhere", orders, segments=3))
    with pytest.raises(dynamodb.IndexDoesNotExist) as caught:
        list(dynamodb.query("orders", {"status": "open"}, orders, index="by-colour"))
    assert (caught.value.table_name, caught.value.index_name) == ("orders", "by-colour")
    with pytest.raises(dynamodb.TableDoesNotExist):
        list(dynamodb.scan("nowhere", orders, index="by-colour"))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("The table does not have the specified index: by-colour", dynamodb.IndexDoesNotExist),
        ("Query condition missed key schema element: status", InvalidInput),
    ],
)
def test_WHEN_dynamodb_refuses_a_query_of_an_index_THEN_the_kind_is_told(
    message: str, kind: type[Exception]
) -> None:
    client = FakeClient("dynamodb").raises("query", "ValidationException", message=message)
    with pytest.raises(kind, match="orders"):
        list(dynamodb.query("orders", {"status": "open"}, provider_with(client), index="by-colour"))


@pytest.mark.parametrize("segments", [1, 2, 7, 20])
def test_WHEN_a_table_is_scanned_THEN_every_item_comes_once(
    orders: "AwsClientProvider", segments: int
) -> None:
    found = list(dynamodb.scan("orders", orders, segments=segments))
    assert sorted(found, key=str) == sorted(ORDERS, key=str)


def test_WHEN_segments_are_scanned_one_by_one_THEN_they_make_the_table(orders: "AwsClientProvider") -> None:
    found = [item for part in range(4) for item in dynamodb.scan("orders", orders, segments=4, segment=part)]
    assert sorted(found, key=str) == sorted(ORDERS, key=str)


def test_WHEN_a_scan_is_filtered_AND_limited_THEN_the_limit_counts_what_comes_out(
    orders: "AwsClientProvider",
) -> None:
    found = list(dynamodb.scan("orders", orders, filter=Attr("status").eq("open"), limit=3))
    assert [item["status"] for item in found] == ["open"] * 3
    assert len(list(dynamodb.scan("orders", orders, index="by-status", attributes=["size"]))) == 8


def page(*numbers: int) -> dict[str, Any]:
    return {"Items": [{"n": {"N": str(number)}} for number in numbers]}


def token(text: str) -> dict[str, Any]:
    return {"LastEvaluatedKey": {"id": {"S": text}}}


@pytest.mark.parametrize("operation", ["query", "scan"])
def test_WHEN_filtered_pages_are_empty_AND_there_are_more_THEN_all_is_read(operation: str) -> None:
    client = FakeClient("dynamodb").pages(operation, [page(), page(1), page(), page(), page(2, 3), page()])
    assert [item["n"] for item in rows_of(operation, client)] == [1, 2, 3]
    assert len(client.calls) == 6


def rows_of(operation: str, client: FakeClient, **options: Any) -> Any:
    provider = provider_with(client)
    if operation == "query":
        return dynamodb.query("orders", {"id": 1}, provider, filter="n > :n", values={":n": 0}, **options)
    return dynamodb.scan("orders", provider, filter="n > :n", values={":n": 0}, **options)


def test_WHEN_the_limit_is_reached_THEN_no_further_page_is_read() -> None:
    client = FakeClient("dynamodb").pages("scan", [page(), page(1), page(2, 3), page(4)])
    assert [item["n"] for item in rows_of("scan", client, limit=2)] == [1, 2]
    assert len(client.calls) == 3
    assert "Limit" not in client.calls[0].parameters
    client = FakeClient("dynamodb").pages("scan", [page(1, 2), page(3, 4)])
    assert [item["n"] for item in dynamodb.scan("orders", provider_with(client), limit=3)] == [1, 2, 3]
    assert client.calls[0].parameters["Limit"] == 3


def test_WHEN_items_are_counted_THEN_none_is_sent_AND_no_page_is_read_that_is_not_needed() -> None:
    counted = {"Count": 3, "ScannedCount": 3}
    pages = [
        {**counted, **token("a")},
        {**counted, **token("b")},
        counted,
    ]
    for at_most, count, calls in ((0, 0, 0), (2, 2, 1), (3, 3, 1), (4, 4, 2), (9, 9, 3), (99, 9, 3)):
        client = FakeClient("dynamodb").answers("scan", pages)
        assert dynamodb.count_items("orders", provider_with(client), at_most=at_most) == count
        sent = client.calls_of("scan")
        assert len(sent) == calls
        assert all((each["Select"], each["Limit"]) == ("COUNT", at_most) for each in sent)


def test_WHEN_items_of_an_absent_table_are_counted_THEN_it_is_an_error(
    aws_provider: "AwsClientProvider",
) -> None:
    with pytest.raises(dynamodb.TableDoesNotExist):
        dynamodb.count_items("absent", aws_provider, at_most=1)


@pytest.mark.parametrize("operation", ["query", "scan"])
@pytest.mark.parametrize("loop", [["a"], ["a", "b"], ["a", "b", "c", "d", "e"]], ids=len)
def test_WHEN_a_page_token_comes_again_THEN_it_is_an_error_not_an_endless_list(
    operation: str, loop: list[str]
) -> None:
    client = FakeClient("dynamodb")
    client.answers(operation, [{**page(), **token(text)} for text in ["start", *(loop * 8)]])
    with pytest.raises(Unavailable, match="same page twice"):
        list(rows_of(operation, client))


def test_WHEN_a_scan_has_many_pages_THEN_no_token_is_taken_for_another() -> None:
    client = FakeClient("dynamodb").pages("scan", [page(number) for number in range(70)])
    assert [item["n"] for item in rows_of("scan", client)] == list(range(70))


def test_WHEN_one_segment_fails_THEN_the_scan_does() -> None:
    def answer(**parameters: Any) -> dict[str, Any]:
        if parameters["Segment"] == 5:
            raise Throttled("slow down")
        return page(parameters["Segment"])

    client = FakeClient("dynamodb").answers("scan", answer)
    with pytest.raises(Throttled):
        list(dynamodb.scan("orders", provider_with(client), segments=9))


def test_WHEN_a_scan_of_segments_is_left_early_THEN_its_threads_stop() -> None:
    def answer(**parameters: Any) -> dict[str, Any]:
        start = int(parameters.get("ExclusiveStartKey", {}).get("id", {}).get("S", 0))
        return {**page(start), **token(str(start + 1))}

    before = threading.active_count()
    client = FakeClient("dynamodb").answers("scan", answer)
    assert len(list(dynamodb.scan("orders", provider_with(client), segments=4, limit=30))) == 30
    for thread in threading.enumerate():
        if thread.daemon and "work" in thread.name:
            thread.join(timeout=5)
    assert threading.active_count() <= before


def test_WHEN_segments_are_read_faster_than_taken_THEN_they_wait_and_nothing_is_lost() -> None:
    def answer(**parameters: Any) -> dict[str, Any]:
        start = int(parameters.get("ExclusiveStartKey", {}).get("id", {}).get("S", 0))
        return {**page(start), **(token(str(start + 1)) if start < 29 else {})}

    client = FakeClient("dynamodb").answers("scan", answer)
    items = dynamodb.scan("orders", provider_with(client), segments=3)
    first = next(items)
    time.sleep(0.15)
    assert len(client.calls) < 30
    found = sorted([first["n"], *(item["n"] for item in items)])
    assert found == sorted(list(range(30)) * 3)


@pytest.mark.parametrize(
    "options", [{"segments": 0}, {"segments": 1_000_001}, {"segments": 2, "segment": 2}, {"segment": -1}]
)
def test_WHEN_segments_are_wrong_THEN_nothing_is_sent(options: Any) -> None:
    client = FakeClient("dynamodb")
    with pytest.raises(InvalidInput, match="segment"):
        list(dynamodb.scan("orders", provider_with(client), **options))
    assert client.calls == []
