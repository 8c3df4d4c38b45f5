"""What a user of the commands sees when DynamoDB says no."""

import json
from pathlib import Path

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import get_item, put_item, scan
from tests.conformance.stage import variables_of
from tests.conformance.tables import make_table
from tests.support.program import run_program

ITEM = {"customer": "a", "total": 1}
KEY = '{"customer": "a"}'


@pytest.fixture
def table(dynalite_provider: AwsClientProvider) -> str:
    name = make_table(dynalite_provider)
    put_item(name, ITEM, dynalite_provider)
    return name


@pytest.fixture
def environment(dynalite_environment: dict[str, str], operator: tuple[str, AccessKeys]) -> dict[str, str]:
    return {**dynalite_environment, **variables_of(operator[1])}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["get", '{"customer": 1}'], "does not match the schema"),
        (["get", '{"name": "a"}'], "does not match the schema"),
        (["put", '{"customer": ""}'], "customer"),
        (["put", '{"customer": 1}'], "is a number; it has to be text"),
        (
            ["update", KEY, "--expression", "SET status = :s", "--values", '{":s": 1}'],
            "reserved keyword: status",
        ),
        (["update", KEY, "--expression", "SET total"], "Syntax error"),
        (["update", KEY, "--set", 'customer="b"'], "customer"),
        (["update", KEY, "--add", 'total={"$set": ["x"]}'], "total"),
        (["query", '{"name": "a"}'], "Query condition missed key schema element"),
        (["query", '{"customer": "a"}', "--index", "none"], "none"),
        (["scan", "--filter", "status = :s", "--values", '{":s": "open"}'], "reserved keyword: status"),
        (["scan", "--filter", "total ="], "Syntax error"),
    ],
    ids=lambda part: " ".join(part[:2]) if isinstance(part, list) else "",
)
def test_WHEN_a_request_is_invalid_THEN_the_message_says_what_and_the_item_stays(
    line: list[str], words: str, table: str, environment: dict[str, str], dynalite_provider: AwsClientProvider
) -> None:
    done = run_program(["dynamodb", line[0], table, *line[1:], "--yes"], environment)
    assert done.returncode in {2, 4}, done.stderr
    assert words in done.stderr
    assert "error: " in done.stderr
    assert "bug" not in done.stderr
    assert list(scan(table, dynalite_provider)) == [ITEM]


def test_WHEN_an_item_is_over_400_kb_THEN_it_is_refused_by_name(
    table: str, environment: dict[str, str], tmp_path: Path, dynalite_provider: AwsClientProvider
) -> None:
    file = tmp_path / "item.json"
    file.write_text(json.dumps({"customer": "large", "text": "x" * 410_000}), encoding="utf-8")
    done = run_program(["dynamodb", "put", table, "--file", str(file), "--yes"], environment)
    assert done.returncode == 4, done.stderr
    assert "400 KB" in done.stderr
    assert "x" * 100 not in done.stderr
    assert get_item(table, {"customer": "large"}, dynalite_provider) is None


def test_WHEN_one_line_of_a_batch_is_refused_THEN_the_others_of_its_call_are_not_claimed_as_done(
    table: str, environment: dict[str, str], tmp_path: Path, dynalite_provider: AwsClientProvider
) -> None:
    items = [{"customer": "b"}, {"customer": "large", "text": "x" * 410_000}, {"customer": "c"}]
    file, left = tmp_path / "writes.jsonl", tmp_path / "left.jsonl"
    file.write_text("".join(json.dumps({"put": item}) + "\n" for item in items), encoding="utf-8")
    done = run_program(
        ["dynamodb", "batch-write", table, str(file), "--left-over", str(left), "--yes"], environment
    )
    assert done.returncode in {4, 5}, done.stderr
    there = {item["customer"] for item in scan(table, dynalite_provider)}
    left_over = {json.loads(line)["put"]["customer"] for line in left.read_text("utf-8").splitlines()}
    assert there | left_over == {"a", "b", "large", "c"}
    assert not there & left_over
