"""Items and tables as rows: documents that lose nothing, sort keys by their type, files by their lines."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput, WaitTimedOut
from aws_interactions.dynamodb_interactions import (
    KeyAttribute,
    TableDoesNotExist,
    TableIndex,
    TableSpec,
)
from aws_interactions.local_files import CantReadFile, CantReadFileDoesntExist
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.dynamodb import items as dynamodb, many_items as dynamodb_reads
from aws_operations.dynamodb.change_parts import Condition
from aws_operations.dynamodb.json_lines import WrongLines, read_text
from aws_operations.dynamodb.many_items import ItemReading, SortChoice

TABLE = "orders-eu-west-1"
TEMPLATE = "orders-{region}"


@pytest.fixture
def table(aws_provider: AwsClientProvider) -> str:
    """Give a template for the name of a table with sort keys 1 to 12, of which an index has the text."""
    spec = TableSpec(
        TABLE,
        (KeyAttribute("id", "S"), KeyAttribute("number", "N")),
        (
            TableIndex("by-text", (KeyAttribute("id", "S"), KeyAttribute("text", "S"))),
            TableIndex("by-raw", (KeyAttribute("id", "S"), KeyAttribute("raw", "B"))),
            TableIndex("by-id", (KeyAttribute("id", "S"),)),
        ),
    )
    dynamodb_interactions.create_table(spec, aws_provider)
    for number in range(1, 13):
        item = {
            "id": "a",
            "number": number,
            "text": f"t-{number:02}",
            "raw": bytes([number]),
            "even": not number % 2,
        }
        dynamodb_interactions.put_item(TABLE, item, aws_provider)
    return TEMPLATE


def numbers(rows: Any) -> list[int]:
    return [row["number"] for row in rows]


def test_WHEN_an_item_is_read_THEN_it_is_a_document_AND_an_absent_one_is_no_row(
    aws_provider: AwsClientProvider, table: str
) -> None:
    key = {"id": "a", "number": 3}
    assert list(dynamodb.item(table, key, aws_provider.read_only())) == [
        {"id": "a", "number": 3, "text": "t-03", "raw": {"$binary": "Aw=="}, "even": False}
    ]
    assert list(dynamodb.item(table, key, aws_provider, attributes=["text"])) == [{"text": "t-03"}]
    assert list(dynamodb.item(table, {**key, "number": 99}, aws_provider)) == []


def test_WHEN_an_item_is_read_THEN_that_is_one_call() -> None:
    client = FakeClient("dynamodb").answers("get_item", {})
    assert list(dynamodb.item("orders", {"id": "a"}, fake_provider(dynamodb=client), consistent=True)) == []
    [call] = client.calls
    assert call.parameters == {"TableName": "orders", "Key": {"id": {"S": "a"}}, "ConsistentRead": True}


@pytest.mark.parametrize(
    ("sort", "index", "found"),
    [
        (SortChoice("between", "2", "10"), None, [2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (SortChoice(">=", "1.1e1"), None, [11, 12]),
        (SortChoice("=", "t-07"), "by-text", [7]),
        (SortChoice("begins_with", "t-1"), "by-text", [10, 11, 12]),
        (SortChoice("<=", "Ag=="), "by-raw", [1, 2]),
    ],
)
def test_WHEN_a_query_chooses_sort_keys_THEN_they_are_read_by_the_type_of_the_key(
    sort: SortChoice, index: str | None, found: list[int], aws_provider: AwsClientProvider, table: str
) -> None:
    reading = ItemReading(index=index)
    rows = dynamodb_reads.query(table, {"id": "a"}, aws_provider.read_only(), sort=sort, reading=reading)
    assert numbers(rows) == found


@pytest.mark.parametrize(
    ("sort", "index", "complaint"),
    [
        (SortChoice("=", "x"), None, "number is a number"),
        (SortChoice("=", "1_0"), None, "number is a number"),
        (SortChoice("=", "NaN"), None, "number is a number"),
        (SortChoice("begins_with", "3"), None, 'key "number" is a number: only text and binary'),
        (SortChoice("=", "x"), "by-raw", "raw is binary"),
        (SortChoice("=", "x"), "by-id", "index by-id has no sort key"),
        (SortChoice("=", "x"), "by-none", "no index by-none; its indexes: by-"),
    ],
)
def test_WHEN_a_sort_key_makes_no_sense_THEN_the_error_says_why(
    sort: SortChoice, index: str | None, complaint: str, aws_provider: AwsClientProvider, table: str
) -> None:
    reading = ItemReading(index=index)
    with pytest.raises(InvalidInput, match=complaint):
        list(dynamodb_reads.query(table, {"id": "a"}, aws_provider, sort=sort, reading=reading))


def test_WHEN_a_query_is_without_a_sort_key_THEN_the_table_is_not_described() -> None:
    client = FakeClient("dynamodb").pages("query", [{"Items": []}])
    assert list(dynamodb_reads.query("orders", {"id": "a"}, fake_provider(dynamodb=client))) == []
    assert [call.operation for call in client.calls] == ["query"]


def test_WHEN_items_are_filtered_THEN_the_limit_counts_those_that_come_out(
    aws_provider: AwsClientProvider, table: str
) -> None:
    condition = Condition("#e = :yes", {"#e": "even"}, {":yes": True})
    reading = ItemReading(filter=condition, limit=2, attributes=["number"], consistent=True)
    assert numbers(dynamodb_reads.query(table, {"id": "a"}, aws_provider, reading=reading)) == [2, 4]
    rows = dynamodb_reads.query(table, {"id": "a"}, aws_provider, reverse=True, reading=reading)
    assert numbers(rows) == [12, 10]
    assert sorted(numbers(dynamodb_reads.scan(table, aws_provider, segments=3))) == list(range(1, 13))
    assert len(list(dynamodb_reads.scan(table, aws_provider, reading=reading))) == 2


@pytest.mark.parametrize(
    ("condition", "complaint"),
    [
        (Condition(" "), "is empty"),
        (Condition("#a = :b", {"#a": "a"}), "uses :b, which is not among the values"),
        (Condition("#a = b"), "uses #a, which is not among the names"),
        (Condition("a = b", {"a": "b"}), "must start with #"),
        (Condition("a = b", {}, {":": 1}), "have a name after it"),
    ],
)
def test_WHEN_an_expression_is_incomplete_THEN_nothing_is_sent(condition: Condition, complaint: str) -> None:
    provider = fake_provider(dynamodb=FakeClient("dynamodb"))
    with pytest.raises(InvalidInput, match=complaint):
        list(dynamodb_reads.scan("orders", provider, reading=ItemReading(filter=condition)))


@pytest.mark.parametrize("partition", [{}, {"a": 1, "b": 2}])
def test_WHEN_a_partition_is_not_one_attribute_THEN_it_is_refused(partition: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="one attribute with its value"):
        list(dynamodb_reads.query("orders", partition, fake_provider()))


def test_WHEN_tables_are_listed_THEN_they_have_names_AND_in_detail_their_keys(
    aws_provider: AwsClientProvider, table: str
) -> None:
    assert [row.table for row in dynamodb.tables(aws_provider.read_only())] == [TABLE]
    [summary] = dynamodb_reads.table_summaries(aws_provider.read_only())
    assert (summary.key, summary.indexes, summary.items) == ("id:S number:N", "by-text by-raw by-id", 12)
    [described] = dynamodb.table(table, aws_provider.read_only())
    assert described.key_names == ("id", "number")
    with pytest.raises(TableDoesNotExist):
        list(dynamodb.table("absent", aws_provider))


def test_WHEN_a_table_goes_while_tables_are_listed_THEN_it_is_left_out() -> None:
    client = FakeClient("dynamodb").pages("list_tables", [{"TableNames": ["gone"]}])
    client.raises("describe_table", "ResourceNotFoundException")
    assert list(dynamodb_reads.table_summaries(fake_provider(dynamodb=client))) == []


def test_WHEN_a_table_is_waited_for_THEN_its_state_is_a_row(
    aws_provider: AwsClientProvider, table: str
) -> None:
    [row] = dynamodb_reads.wait_for_table(table, "active", aws_provider, timeout=1, interval=1)
    assert (row.table, row.status) == (TABLE, "ACTIVE")
    [row] = dynamodb_reads.wait_for_table("never", "absent", aws_provider, timeout=1, interval=1)
    assert row.status == "absent"


@pytest.mark.parametrize(("wanted", "warnings"), [("active", 1), ("absent", 0)])
def test_WHEN_a_table_is_waited_for_AND_it_is_not_there_THEN_a_warning_says_so_at_once(
    wanted: Any, warnings: int, caplog: pytest.LogCaptureFixture
) -> None:
    client = FakeClient("dynamodb").raises("describe_table", "ResourceNotFoundException")
    provider = fake_provider(dynamodb=client)
    with suppress(WaitTimedOut):
        list(dynamodb_reads.wait_for_table("ordres", wanted, provider, timeout=0, interval=1))
    seen = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert seen == ["there is no table ordres yet; waiting for it"] * warnings


def test_WHEN_keys_come_from_a_stream_THEN_several_targets_can_use_it(
    aws_provider: AwsClientProvider, table: str
) -> None:
    keys = dynamodb_reads.keys_in(
        BytesIO(b'\xef\xbb\xbf{"id": "a", "number": 2}\r\n\n{"id": "a", "number": 1}')
    )
    for _ in range(2):
        assert numbers(dynamodb_reads.batch_get(table, keys, aws_provider)) == [2, 1]


def test_WHEN_two_lines_are_the_same_number_written_differently_THEN_they_are_the_same_key() -> None:
    keys = dynamodb_reads.keys_in(BytesIO(b'{"id": 1}\n{"id": 1.0}\n'))
    with pytest.raises(WrongLines) as caught:
        list(dynamodb_reads.batch_get("orders", keys, fake_provider()))
    assert caught.value.complaints == {2: "is the same key as line 1"}


def test_WHEN_keys_in_a_file_are_not_the_tables_THEN_their_lines_are_named_AND_no_item_is_read() -> None:
    client = FakeClient("dynamodb").answers("describe_table", described_orders())
    lines = [
        b'{"id": "a", "number": 1}',
        b'{"id": "a"}',
        b'{"id": "a", "number": "1"}',
        b'{"id": "", "number": 1}',
        b'{"id": "a", "number": 2, "text": "t"}',
    ]
    keys = dynamodb_reads.keys_in(BytesIO(b"\n".join(lines)))
    with pytest.raises(WrongLines) as caught:
        list(dynamodb_reads.batch_get("orders", keys, fake_provider(dynamodb=client)))
    assert caught.value.complaints == {
        2: 'the key has no "number", the sort key of table orders',
        3: '"number", the sort key of table orders, is text; it has to be a number',
        4: '"id", the partition key of table orders, is empty',
        5: '"text" is no part of the key of table orders; give the key alone',
    }
    assert [call.operation for call in client.calls] == ["describe_table"]


def described_orders() -> dict[str, Any]:
    return {
        "Table": {
            "TableName": "orders",
            "AttributeDefinitions": [
                {"AttributeName": "id", "AttributeType": "S"},
                {"AttributeName": "number", "AttributeType": "N"},
            ],
            "KeySchema": [
                {"AttributeName": "id", "KeyType": "HASH"},
                {"AttributeName": "number", "KeyType": "RANGE"},
            ],
        }
    }


def test_WHEN_a_table_may_not_be_described_THEN_items_of_keys_are_read_all_the_same() -> None:
    client = FakeClient("dynamodb").raises("describe_table", "AccessDeniedException")
    client.answers("batch_get_item", {"Responses": {"orders": [{"id": {"S": "a"}}]}})
    keys = dynamodb_reads.keys_in(BytesIO(b'{"id": "a"}'))
    rows = dynamodb_reads.batch_get("orders", keys, fake_provider(dynamodb=client))
    assert list(rows) == [{"id": "a"}]


def test_WHEN_many_lines_are_wrong_THEN_the_first_are_named_and_the_rest_counted() -> None:
    keys = dynamodb_reads.keys_in(BytesIO(b"x\n" * 9))
    with pytest.raises(WrongLines, match=r"line 5: .*; and 4 more lines; nothing was sent"):
        list(dynamodb_reads.batch_get("orders", keys, fake_provider()))


def test_WHEN_a_file_cannot_be_read_THEN_the_error_says_which(tmp_path: Path) -> None:
    with pytest.raises(CantReadFileDoesntExist):
        list(dynamodb_reads.batch_get("orders", dynamodb_reads.keys_in(tmp_path / "x"), fake_provider()))
    with pytest.raises(CantReadFile):
        read_text(tmp_path)
    (tmp_path / "raw").write_bytes(b"\xff")
    with pytest.raises(InvalidInput, match="is not UTF-8 text"):
        read_text(tmp_path / "raw")
    assert read_text(BytesIO(b'\xef\xbb\xbf{"n": 1}')) == '{"n": 1}'
