"""How the command lines of ``dynamodb`` are understood; nothing is sent."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from aws_operations.dynamodb.changes import Condition, KeyAttribute, TableIndex
from aws_operations.dynamodb.many_items import SortChoice
from commands.shapes import WatchedWork
from tests.support import command_lines

KEY = '{"id": "a"}'


understand = partial(command_lines.understand, "dynamodb")


def understood(*arguments: str) -> partial[Any]:
    result, work = understand(*arguments)
    assert result.exit_code == 0, result.output
    assert isinstance(work, partial)
    return work


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["get", "t", KEY], ["is not a table name"]),
        (["get", "arn:aws:dynamodb:x:1:table/t", KEY], ["is an ARN, give the name"]),
        (["get", "ta{ble}", KEY], ["is not a table name"]),
        (["get", "table", "a"], ["'a' is not a JSON object"]),
        (["get", "table", '["a"]'], ["is not a JSON object"]),
        (["get", "table", '{"id": 1, "id": 2}'], ['"id" comes twice']),
        (["get", "table", '{"id": NaN}'], ["NaN is no number"]),
        (["get", "table", KEY, "--attributes", "a,,b"], ["empty name"]),
        (["put", "table"], ["ITEM_JSON or with --file"]),
        (["put", "table", KEY, "--file", "x"], ["one of the two"]),
        (["put", "table", KEY, "--values", '{":a": 1}'], ["--names and --values go with --condition"]),
        (["put", "table", KEY, "--condition", "#a = :a", "--names", '{"#a": 1}'], ["takes names in quotes"]),
        (["update", "table", KEY, "--set", "status=open"], ["text is in double quotes: '\"open\"'"]),
        (["update", "table", KEY, "--set", "status"], ["is not NAME=VALUE"]),
        (
            ["update", "table", KEY, "--set", "a=1", "--set", "a=2"],
            ["the attribute to --set 'a' is given twice"],
        ),
        (["update", "table", KEY, "--add", "a=1", "--values", '{":a": 1}'], ["--expression and --condition"]),
        (["create", "table"], ["Missing option '--key'"]),
        (["backup", "create", "table"], ["Missing option '--name'"]),
        (["restore", "table"], ["give --backup or --from"]),
        (["restore", "table", "--backup", "b", "--from", "orders"], ["one of the two"]),
        (["restore", "table", "--backup", "b", "--at", "2h"], ["--at goes with --from"]),
        (["restore", "table", "--from", "orders", "--at", "soon"], ["is not a time such as"]),
        (["import-from-s3", "table", "bucket"], ["Missing option '--key'"]),
        (["import-from-s3", "table", "bucket", "--key", "a:S", "--delimiter", "tab"], ["with --format csv"]),
        (["import-from-s3", "table", "bucket", "--key", "a:S", "--columns", "a"], ["with --format csv"]),
        (["export-to-s3", "table", "s3://bucket/a"], ["with --prefix"]),
        (["export-to-s3", "table", "bucket", "--format", "csv"], ["'csv' is not one of"]),
        (["ttl", "set", "table"], ["give --attribute or --off"]),
        (["ttl", "set", "table", "--attribute", "a", "--off"], ["one of the two"]),
        (["ttl", "set", "--off"], ["Missing argument 'TABLE...'"]),
        (["pitr", "set", "table"], ["give --on or --off"]),
        (["pitr", "set", "table", "--off", "--days", "3"], ["--days goes with --on"]),
        (["pitr", "set", "table", "--on", "--days", "36"], ["1<=x<=35"]),
        (["protect", "set", "table"], ["give --on or --off"]),
        (["capacity", "set", "table"], ["give --on-demand, or both"]),
        (["capacity", "set", "table", "--read-units", "5"], ["give --on-demand, or both"]),
        (["capacity", "set", "table", "--on-demand", "--write-units", "5"], ["give --on-demand, or both"]),
        (["capacity", "set", "table", "--on-demand", "--index", "i"], ["--index goes with"]),
        (["create", "table", "--key", "id"], ["NAME:S for text"]),
        (["create", "table", "--key", "id:SS"], ["NAME:S for text"]),
        (["create", "table", "--key", "id:S", "--index", "i=a:S,b"], ["NAME:S for text"]),
        (
            ["create", "table", "--key", "id:S", "--tag", "a=1", "--tag", "a=2"],
            ["the tag 'a' is given twice"],
        ),
        (["query", "table", KEY, "--equals", "a", "--from", "b"], ["give one of"]),
        (["query", "table", KEY, "--between", "a", "b", "--from", "b"], ["give one of"]),
        (["query", "table", KEY, "--limit", "0"], ["--limit"]),
        (["query", "table", KEY, "--names", '{"#a": "b"}'], ["go with --filter"]),
        (["scan", "table", "--segments", "0"], ["--segments"]),
        (["batch-write", "table", "f", "--left-over", "-"], ["stdin and stdout are not supported"]),
    ],
)
def test_WHEN_a_command_line_makes_no_sense_THEN_it_is_a_usage_error_that_says_why(
    arguments: list[str], parts: list[str]
) -> None:
    result, work = understand(*arguments)
    assert (result.exit_code, work) == (2, None), result.output
    shown = " ".join(result.output.split())
    for part in parts:
        assert part in shown


def test_WHEN_an_item_is_typed_THEN_numbers_sets_and_binaries_are_exact() -> None:
    text = '{"id": "a", "n": 0.10000000000000000001, "s": {"$set": [1]}, "b": {"$binary": "AA=="}}'
    work = understood("put", "orders-{account}", text, "--overwrite")
    assert work.args == (
        "orders-{account}",
        {"id": "a", "n": Decimal("0.10000000000000000001"), "s": {Decimal(1)}, "b": b"\x00"},
    )
    assert work.keywords == {"overwrite": True, "condition": None, "keep_before": False}


def test_WHEN_a_condition_is_typed_THEN_it_has_its_names_and_values() -> None:
    work = understood(
        *("delete", "table", KEY, "--condition", "#s = :s"),
        *("--names", '{"#s": "status"}', "--values", '{":s": "open"}'),
    )
    assert work.keywords["condition"] == Condition("#s = :s", {"#s": "status"}, {":s": "open"})


def test_WHEN_an_update_is_typed_THEN_each_part_is_where_it_belongs() -> None:
    work = understood(
        *("update", "table", KEY, "--set", 'a="x=y"', "--set", "b=null", "--remove", "c", "--remove", "d"),
        *("--add", "n=1.5", "--create"),
    )
    update = work.args[2]
    assert (update.assign, update.remove, update.add) == (
        {"a": "x=y", "b": None},
        ("c", "d"),
        {"n": Decimal("1.5")},
    )
    assert update.expression is None
    assert work.keywords == {"create": True, "condition": None, "keep_before": False}


def test_WHEN_an_update_is_typed_as_an_expression_THEN_names_and_values_serve_it_and_the_condition() -> None:
    work = understood(
        *("update", "table", KEY, "--expression", "SET a = :v", "--condition", "b = :w"),
        *("--values", '{":v": 1, ":w": 2}'),
    )
    values = {":v": Decimal(1), ":w": Decimal(2)}
    assert work.args[2].expression == Condition("SET a = :v", {}, values)
    assert work.keywords["condition"] == Condition("b = :w", {}, values)


def test_WHEN_a_table_is_typed_THEN_its_keys_and_indexes_are_in_order() -> None:
    work = understood(
        *("create", "table", "--key", "a:b:s", "--key", "order:N", "--index", "by=c:B, d:S", "--tag", "x=")
    )
    assert work.args == ("table", (KeyAttribute("a:b", "S"), KeyAttribute("order", "N")))
    index = TableIndex("by", (KeyAttribute("c", "B"), KeyAttribute("d", "S")))
    assert work.keywords == {"indexes": (index,), "tags": {"x": ""}}


@pytest.mark.parametrize(
    ("options", "sort"),
    [
        ([], None),
        (["--equals", "a"], SortChoice("=", "a")),
        (["--begins-with", ""], SortChoice("begins_with", "")),
        (["--from", "a"], SortChoice(">=", "a")),
        (["--to", "-1"], SortChoice("<=", "-1")),
        (["--from", "a", "--to", "b"], SortChoice("between", "a", "b")),
        (["--between", "a", "b"], SortChoice("between", "a", "b")),
    ],
)
def test_WHEN_a_query_is_typed_THEN_its_sort_keys_are_chosen(
    options: list[str], sort: SortChoice | None
) -> None:
    work = understood(
        "query", "table", KEY, *options, "--reverse", "--limit", "3", "--attributes", "a, b[0].c"
    )
    assert work.keywords["sort"] == sort
    assert work.keywords["reverse"]
    reading = work.keywords["reading"]
    assert (reading.limit, reading.attributes, reading.filter) == (3, ("a", "b[0].c"), None)


def test_WHEN_a_batch_is_typed_THEN_its_results_are_watched_and_the_file_is_not_read_yet() -> None:
    result, work = understand("batch-write", "table", "no-such-file", "--left-over", "left")
    assert result.exit_code == 0, result.output
    assert isinstance(work, WatchedWork)
