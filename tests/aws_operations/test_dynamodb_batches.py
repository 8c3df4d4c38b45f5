"""Batches of writes: one look and one call for 25, an answer for each line, the rest kept in a file."""

import json
import tracemalloc
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.dynamodb_interactions import KeyAttribute, TableSpec
from aws_interactions.local_files import CantWriteFileAlreadyExists
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import Change, ChangeResult, Effect, change_kind
from aws_operations.dynamodb.batch_changes import BatchWrite, ItemsAlreadyExist, batch_requests
from aws_operations.dynamodb.json_lines import WrongLines

TABLE = "orders"


@pytest.fixture
def table(aws_provider: AwsClientProvider) -> str:
    dynamodb_interactions.create_table(TableSpec(TABLE, (KeyAttribute("id", "S"),)), aws_provider)
    return TABLE


def put(name: str, **attributes: Any) -> dict[str, Any]:
    return {"put": {"id": name, **attributes}}


def delete(name: str) -> dict[str, Any]:
    return {"delete": {"id": name}}


def batch(*documents: dict[str, Any], **options: Any) -> BatchWrite:
    text = "".join(json.dumps(document) + "\n" for document in documents)
    return BatchWrite(TABLE, batch_requests(BytesIO(text.encode())), **options)


def stored(aws_provider: AwsClientProvider, name: str) -> Any:
    return dynamodb_interactions.get_item(TABLE, {"id": name}, aws_provider, numbers="native")


def applied(changes: Iterable[Change], aws_provider: AwsClientProvider) -> list[ChangeResult]:
    return list(apply_changes(changes, lambda _: aws_provider))


def statuses(results: Iterable[ChangeResult]) -> list[str]:
    return [result.status.value for result in results]


@pytest.mark.usefixtures("table")
def test_WHEN_a_batch_is_planned_THEN_each_line_is_a_change_AND_applied_it_is_so(
    aws_provider: AwsClientProvider,
) -> None:
    for name in ("same", "other", "old"):
        dynamodb_interactions.put_item(TABLE, {"id": name, "n": 1}, aws_provider)
    work = batch(
        put("new", n=1),
        put("same", n=1),
        put("other", n=True),
        delete("old"),
        delete("absent"),
        overwrite=True,
    )

    changes = [Change.from_json(change.to_json()) for change in work.plan(aws_provider.read_only())]

    assert [change.effect for change in changes] == [
        Effect.CREATE,
        Effect.OVERWRITE,
        Effect.OVERWRITE,
        Effect.DESTROY,
        Effect.DESTROY,
    ]
    assert [change.is_noop for change in changes] == [False, True, False, False, True]
    assert statuses(applied(changes, aws_provider)) == [
        "applied",
        "unchanged",
        "applied",
        "applied",
        "unchanged",
    ]
    assert [stored(aws_provider, name) for name in ("new", "other", "old")] == [
        {"id": "new", "n": 1},
        {"id": "other", "n": True},
        None,
    ]


@pytest.mark.usefixtures("table")
def test_WHEN_items_are_there_AND_replacing_was_not_asked_for_THEN_all_their_lines_are_named(
    aws_provider: AwsClientProvider,
) -> None:
    for number in range(7):
        dynamodb_interactions.put_item(TABLE, {"id": str(number)}, aws_provider)
    work = batch(*(put(str(number), n=1) for number in range(8)))
    with pytest.raises(ItemsAlreadyExist, match=r"7 items .lines 1, 2, 3, 4, 5 and 2 more") as caught:
        list(work.plan(aws_provider))
    assert caught.value.lines == (1, 2, 3, 4, 5, 6, 7)


@pytest.mark.usefixtures("table")
def test_WHEN_items_have_changed_since_they_were_planned_THEN_those_alone_are_not_touched(
    aws_provider: AwsClientProvider,
) -> None:
    changes = list(batch(put("a", n=1), put("b", n=1), put("c", n=1)).plan(aws_provider))
    dynamodb_interactions.put_item(TABLE, {"id": "b", "n": 9}, aws_provider)

    results = applied(changes, aws_provider)

    assert sorted(statuses(results)) == ["applied", "applied", "failed"]
    [failed] = [result for result in results if result.error is not None]
    assert failed.change.resource.endswith(' {"id":"b"}')
    assert "an item was put there by someone else since it was planned" in str(failed.error)
    assert stored(aws_provider, "b") == {"id": "b", "n": 9}


def described() -> dict[str, Any]:
    return {
        "Table": {
            "TableName": TABLE,
            "TableStatus": "ACTIVE",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        }
    }


def present(**numbers: str) -> dict[str, Any]:
    return {
        "Responses": {TABLE: [{"id": {"S": name}, "n": {"N": number}} for name, number in numbers.items()]}
    }


def test_WHEN_25_lines_are_applied_THEN_one_call_looks_at_them_and_one_writes_them() -> None:
    client = FakeClient("dynamodb").answers("describe_table", described())
    client.answers("batch_get_item", present()).answers("batch_write_item", {})
    provider = fake_provider(dynamodb=client)
    changes = list(batch(*(put(str(number)) for number in range(30))).plan(provider))
    assert statuses(applied(changes, provider)) == ["applied"] * 30
    operations = [call.operation for call in client.calls]
    assert operations == [
        "describe_table",
        *["batch_get_item"],
        *["batch_get_item", "batch_write_item"] * 2,
    ]


def test_WHEN_a_batch_ends_with_an_error_THEN_what_was_written_before_it_is_not_called_failed() -> None:
    client = FakeClient("dynamodb").answers("describe_table", described())
    client.answers("batch_get_item", [present(), present(), present(a="1")])
    client.raises("batch_write_item", "AccessDeniedException")
    provider = fake_provider(dynamodb=client)
    changes = list(batch(put("a", n=1), put("b", n=1)).plan(provider))
    results = applied(changes, provider)
    assert statuses(results) == ["applied", "failed"]


def test_WHEN_a_batch_ends_with_an_error_AND_nothing_can_be_read_THEN_each_has_that_error() -> None:
    client = FakeClient("dynamodb").answers("describe_table", described())
    client.answers("batch_get_item", [present(), present()])
    client.raises("batch_get_item", "AccessDeniedException")
    client.raises("batch_write_item", "InternalServerError", status=500)
    client.raises("get_item", "AccessDeniedException")
    provider = fake_provider(dynamodb=client)
    changes = list(batch(put("a", n=1), put("b", n=1)).plan(provider))
    assert statuses(applied(changes, provider)) == ["unknown", "unknown"]


def test_WHEN_a_session_expires_between_two_rounds_THEN_what_the_first_wrote_is_not_called_failed() -> None:
    client = FakeClient("dynamodb").answers("describe_table", described())
    client.answers("batch_get_item", [present(), present()])
    left = [{"PutRequest": {"Item": {"id": {"S": "b"}}}}]
    client.answers("batch_write_item", [{"UnprocessedItems": {TABLE: left}}])
    for operation in ("batch_write_item", "batch_get_item", "get_item"):
        client.raises(operation, "ExpiredTokenException")
    provider = fake_provider(dynamodb=client)
    results = applied(list(batch(put("a"), put("b")).plan(provider)), provider)
    assert statuses(results) == ["unknown", "unknown"]


def test_WHEN_nobody_is_reached_from_the_first_THEN_nothing_was_written() -> None:
    client = FakeClient("dynamodb").answers("describe_table", described())
    client.answers("batch_get_item", [present(), present()])
    for operation in ("batch_write_item", "batch_get_item"):
        client.raises(operation, error=EndpointConnectionError(endpoint_url="http://127.0.0.1"))
    provider = fake_provider(dynamodb=client)
    results = applied(list(batch(put("a"), put("b")).plan(provider)), provider)
    assert statuses(results) == ["failed", "failed"]


def test_WHEN_a_later_round_is_refused_AND_an_item_is_neither_old_nor_new_THEN_it_is_unknown() -> None:
    client = FakeClient("dynamodb").answers("describe_table", described())
    client.answers("batch_get_item", [present(), present(), present(a="1", b="9")])
    left = [{"PutRequest": {"Item": {"id": {"S": "c"}, "n": {"N": "1"}}}}]
    client.answers("batch_write_item", [{"UnprocessedItems": {TABLE: left}}])
    client.raises("batch_write_item", "AccessDeniedException")
    client.answers("get_item", {"Item": {"id": {"S": "b"}, "n": {"N": "9"}}})
    provider = fake_provider(dynamodb=client)
    changes = list(batch(put("a", n=1), put("b", n=1), put("c", n=1)).plan(provider))
    assert statuses(applied(changes, provider)) == ["applied", "unknown", "failed"]


def test_WHEN_a_file_has_many_lines_THEN_they_take_little_more_memory_than_their_text() -> None:
    text = b"".join(
        b'{"put": {"id": "%d", "n": [1, 2, 3, 4, 5, 6, 7, 8]}}\n' % number for number in range(2000)
    )
    tracemalloc.start()
    try:
        lines = batch_requests(BytesIO(text)).lines
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(lines) == 2000
    assert kept < 5 * len(text)


@pytest.mark.usefixtures("table")
def test_WHEN_lines_fail_THEN_exactly_they_are_in_the_file_as_they_were(
    aws_provider: AwsClientProvider, tmp_path: Path
) -> None:
    text = b'{"put":  {"id": "a"}}\n{"put": {"id": "b", "n": 1.10}}\n{"delete": {"id": "c"}}\n'
    work = BatchWrite(
        TABLE, batch_requests(BytesIO(text)), left_over=str(tmp_path / "left-{account}-{region}")
    )
    changes = list(work.plan(aws_provider))
    dynamodb_interactions.put_item(TABLE, {"id": "b"}, aws_provider)
    with work.watch() as note:
        for result in applied(changes, aws_provider):
            note(result)
    [left_over] = tmp_path.glob("left*")
    assert left_over.name == "left-123456789012-eu-west-1"
    assert left_over.read_text() == '{"put": {"id": "b", "n": 1.10}}\n'


def test_WHEN_the_file_of_one_target_cannot_be_written_THEN_the_lines_of_the_others_are_kept(
    tmp_path: Path,
) -> None:
    work = batch(put("a"), left_over=str(tmp_path / "left-{region}"))
    for region in ("us-east-1", "eu-west-1"):
        client = FakeClient("dynamodb").answers("describe_table", described())
        client.answers("batch_get_item", present())
        list(work.plan(fake_provider(environment=AwsEnvironment("123456789012", region), dynamodb=client)))
    (tmp_path / "left-us-east-1").write_text("appeared meanwhile")
    with pytest.raises(CantWriteFileAlreadyExists), work.watch():
        pass
    assert (tmp_path / "left-us-east-1").read_text() == "appeared meanwhile"
    assert (tmp_path / "left-eu-west-1").read_text() == '{"put": {"id": "a"}}\n'


@pytest.mark.usefixtures("table")
def test_WHEN_the_run_ends_early_THEN_lines_without_a_result_are_kept(
    aws_provider: AwsClientProvider, tmp_path: Path
) -> None:
    work = batch(put("a"), put("b"), left_over=str(tmp_path / "left"))
    [first, _] = work.plan(aws_provider)

    def run() -> None:
        with work.watch() as note:
            note(applied([first], aws_provider)[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert (tmp_path / "left").read_text() == '{"put": {"id": "b"}}\n'


@pytest.mark.usefixtures("table")
def test_WHEN_keys_of_lines_are_not_the_tables_THEN_planning_names_the_lines(
    aws_provider: AwsClientProvider,
) -> None:
    work = batch(put("a"), {"put": {"n": 1}}, {"delete": {"id": 3}}, {"delete": {"id": "b", "n": 1}})
    with pytest.raises(WrongLines) as caught:
        list(work.plan(aws_provider))
    assert caught.value.complaints == {
        2: 'the item has no "id", the partition key of table orders',
        3: '"id", the partition key of table orders, is a number; it has to be text',
        4: '"n" is no part of the key of table orders; give the key alone',
    }


@pytest.mark.usefixtures("table")
def test_WHEN_the_left_over_file_is_there_THEN_planning_refuses(
    aws_provider: AwsClientProvider, tmp_path: Path
) -> None:
    (tmp_path / "left").write_text("kept")
    with pytest.raises(CantWriteFileAlreadyExists):
        list(batch(put("a"), left_over=str(tmp_path / "left")).plan(aws_provider))


@pytest.mark.usefixtures("table")
def test_WHEN_one_change_of_a_batch_is_looked_at_alone_THEN_its_kind_can_do_that_too(
    aws_provider: AwsClientProvider,
) -> None:
    [change] = batch(put("a")).plan(aws_provider)
    kind = change_kind("dynamodb.batch-write")
    assert kind.recheck(change, aws_provider) is None
    assert kind.read_back(change, aws_provider) == "failed"
    applied([change], aws_provider)
    assert kind.read_back(change, aws_provider) == "applied"
