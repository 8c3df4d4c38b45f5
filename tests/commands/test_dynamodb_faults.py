"""The ``dynamodb`` commands where something goes wrong, and where every digit counts."""

import json
import os
import signal
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aws_interactions import dynamodb_interactions
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import KeyAttribute, TableSpec
from tests.commands.test_entry_point import wait_until
from tests.support.loopback_proxy import Answer, Fault, Hangup, LoopbackProxy, SeenRequest, Silence
from tests.support.program import PROGRAM, ROOT, run_on_terminal, run_program

KEY = '{"id": "a"}'


def refusal(status: int, code: str) -> Answer:
    return Answer(
        status, json.dumps({"__type": code}).encode(), {"Content-Type": "application/x-amz-json-1.0"}
    )


BROKE_DOWN = refusal(500, "InternalServerError")
EXPIRED = refusal(400, "ExpiredTokenException")


@pytest.fixture
def aws(sandbox_endpoint: str) -> AwsClientProvider:
    keys = AccessKeys("sandbox-home", "sandbox-home-secret")
    return AwsClientProvider(aws_region="us-east-1", access_keys=keys, endpoint_url=sandbox_endpoint)


@pytest.fixture
def table(aws: AwsClientProvider) -> str:
    """Give a table with the item ``a`` in it."""
    name = f"faults-{uuid.uuid4().hex[:12]}"
    dynamodb_interactions.create_table(TableSpec(name, (KeyAttribute("id", "S"),)), aws)
    dynamodb_interactions.put_item(name, {"id": "a", "n": 1}, aws)
    return name


def stored(table: str, aws: AwsClientProvider, key: str = "a") -> Any:
    return dynamodb_interactions.get_item(table, {"id": key}, aws, consistent=True, numbers="native")


def on(operation: str, fault: Fault, *, times: int = 1000) -> Callable[[SeenRequest], Fault | None]:
    left = [fault] * times
    return lambda request: left.pop() if request.operation == operation and left else None


def statuses(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [row["status"] for row in json.loads(done.stdout)]


WRITES: dict[str, tuple[list[str], str, Any]] = {
    "put": (["put", "{table}", '{"id": "a", "n": 2}', "--overwrite"], "PutItem", {"id": "a", "n": 2}),
    "update": (["update", "{table}", KEY, "--add", "n=1"], "UpdateItem", {"id": "a", "n": 2}),
    "delete": (["delete", "{table}", KEY], "DeleteItem", None),
}


def command_line(name: str, table: str) -> list[str]:
    words = [table if word == "{table}" else word for word in WRITES[name][0]]
    return ["dynamodb", *words, "--yes", "--output", "json"]


@pytest.mark.parametrize("attempts", ["1", "3"])
@pytest.mark.parametrize("name", WRITES)
def test_WHEN_a_write_is_done_AND_its_answer_is_lost_THEN_it_is_found_applied_once(
    name: str,
    attempts: str,
    table: str,
    aws: AwsClientProvider,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    _, operation, after = WRITES[name]
    proxy.disturb = on(operation, Hangup(after_work=True), times=1)

    done = run_program([*command_line(name, table), "--max-attempts", attempts], proxied_environment)

    assert (done.returncode, done.stderr, statuses(done)) == (0, "", ["applied"])
    assert stored(table, aws) == after


@pytest.mark.parametrize("name", WRITES)
def test_WHEN_a_write_is_not_done_AND_the_connection_is_lost_THEN_it_failed_and_nothing_changed(
    name: str,
    table: str,
    aws: AwsClientProvider,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    proxy.disturb = on(WRITES[name][1], Hangup())
    done = run_program([*command_line(name, table), "--max-attempts", "1"], proxied_environment)
    assert (done.returncode, statuses(done)) == (4, ["failed"]), done.stderr
    assert "reading back shows that it was not carried out" in done.stderr
    assert stored(table, aws) == {"id": "a", "n": 1}


@pytest.mark.parametrize("first", [Hangup(after_work=True), BROKE_DOWN])
@pytest.mark.parametrize("name", ["put", "delete"])
def test_WHEN_an_answer_is_lost_AND_the_session_then_expires_THEN_the_item_is_looked_at(
    name: str,
    first: Fault,
    table: str,
    aws: AwsClientProvider,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    _, operation, after = WRITES[name]
    faults = [first, EXPIRED]
    proxy.disturb = lambda request: faults.pop(0) if request.operation == operation and faults else None

    done = run_program(command_line(name, table), proxied_environment)

    is_done = first is not BROKE_DOWN
    assert faults == []
    assert (done.returncode, statuses(done)) == ((0, ["applied"]) if is_done else (4, ["failed"])), (
        done.stderr
    )
    assert stored(table, aws) == (after if is_done else {"id": "a", "n": 1})
    assert "Expired" not in done.stderr


def test_WHEN_a_number_has_38_digits_THEN_it_comes_back_to_the_digit(
    table: str, sandbox_environment: dict[str, str], tmp_path: Path
) -> None:
    digits = "1.2345678901234567890123456789012345678"
    whole = "98765432109876543210987654321098765432"
    file = tmp_path / "item.json"
    file.write_text(f'{{"id": "digits", "n": {digits}, "w": {whole}, "s": {{"$set": [{whole}, 0.1]}}}}')

    put = run_program(["--sandbox", "dynamodb", "put", table, "--file", str(file)], sandbox_environment)
    got = run_program(
        ["--sandbox", "dynamodb", "get", table, '{"id": "digits"}', "--output", "jsonl"], sandbox_environment
    )

    assert (put.returncode, got.returncode) == (0, 0), put.stderr + got.stderr
    assert json.loads(got.stdout) == {
        "id": "digits",
        "n": {"$number": digits},
        "w": {"$number": whole},
        "s": {"$set": [0.1, {"$number": whole}]},
    }
    again = run_program(
        ["--sandbox", "dynamodb", "put", table, "--file", "-", "--overwrite"],
        sandbox_environment,
        stdin=got.stdout,
    )
    assert again.stdout.startswith("unchanged\t"), again.stderr


@pytest.mark.parametrize("value", ["é\u202e", "a b", '"', "\\", "-x", "{region}", "$set", "\t\x1b[31m"])
def test_WHEN_a_key_is_strange_THEN_it_goes_through_and_comes_back(
    value: str, table: str, sandbox_environment: dict[str, str]
) -> None:
    item = json.dumps({"id": value})
    put = run_program(["--sandbox", "dynamodb", "put", table, item], sandbox_environment)
    got = run_program(["--sandbox", "dynamodb", "get", table, item, "--output", "json"], sandbox_environment)
    assert put.returncode == 0, put.stderr
    assert "\x1b" not in put.stdout
    assert json.loads(got.stdout) == [{"id": value}]


def lines(*ids: str) -> str:
    return "".join(f'{{"put": {{"id": "{name}", "n": 7}}}}\n' for name in ids)


def unprocessed(table: str, *ids: str) -> Answer:
    left = [{"PutRequest": {"Item": {"id": {"S": name}, "n": {"N": "7"}}}} for name in ids]
    body = json.dumps({"UnprocessedItems": {table: left}}).encode()
    return Answer(200, body, {"Content-Type": "application/x-amz-json-1.0"})


def test_WHEN_items_stay_unprocessed_for_ever_THEN_exactly_their_lines_are_left_over(
    table: str, proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path
) -> None:
    file, left_over = tmp_path / "items", tmp_path / "left-over"
    file.write_text(lines("b", "c", "d"))
    proxy.disturb = on("BatchWriteItem", unprocessed(table, "d", "c"))

    done = run_program(
        ["dynamodb", "batch-write", table, str(file), "--left-over", str(left_over), "--output", "json"],
        proxied_environment,
    )

    assert done.returncode == 5, done.stderr
    assert statuses(done) == ["applied", "failed", "failed"]
    assert left_over.read_text() == lines("c", "d")
    assert "2 lines" in done.stderr
    assert str(left_over) in done.stderr


def test_WHEN_what_was_left_over_is_run_again_THEN_the_rest_is_done_AND_no_file_is_left(
    table: str, aws: AwsClientProvider, sandbox_environment: dict[str, str], tmp_path: Path
) -> None:
    file, left_over = tmp_path / "items", tmp_path / "left-over"
    file.write_text(lines("b", "c"))
    dynamodb_interactions.put_item(table, {"id": "b", "n": 7}, aws)
    done = run_program(
        ["--sandbox", "dynamodb", "batch-write", table, str(file), "--left-over", str(left_over)],
        sandbox_environment,
    )
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["unchanged", "applied"]
    assert not left_over.exists()


def test_WHEN_a_batch_is_written_AND_its_answer_is_lost_THEN_every_line_is_read_back(
    table: str,
    aws: AwsClientProvider,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
    tmp_path: Path,
) -> None:
    file = tmp_path / "items"
    file.write_text(lines("b", "c"))
    proxy.disturb = on("BatchWriteItem", Hangup(after_work=True))
    done = run_program(
        ["dynamodb", "batch-write", table, str(file), "--output", "json", "--max-attempts", "1"],
        proxied_environment,
    )
    assert (done.returncode, statuses(done)) == (0, ["applied", "applied"]), done.stderr
    assert stored(table, aws, "c") == {"id": "c", "n": 7}


def test_WHEN_the_left_over_file_is_there_already_THEN_nothing_is_sent(
    table: str, proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path
) -> None:
    file = tmp_path / "items"
    file.write_text(lines("b"))
    done = run_program(
        ["dynamodb", "batch-write", table, str(file), "--left-over", str(file)], proxied_environment
    )
    assert done.returncode == 3
    assert "it already exists" in done.stderr
    assert "choose another name, or remove the file" in done.stderr
    assert "--overwrite" not in done.stderr
    assert proxy.writes == []
    assert file.read_text() == lines("b")


def test_WHEN_a_batch_is_interrupted_THEN_the_lines_without_an_answer_are_kept(
    table: str, proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path
) -> None:
    file, left_over = tmp_path / "items", tmp_path / "left-over"
    file.write_text(lines(*(f"i-{number:02}" for number in range(30))))
    silences = [None, Silence(2)]
    proxy.disturb = lambda request: silences.pop(0) if request.operation == "BatchWriteItem" else None

    with subprocess.Popen(
        [*PROGRAM, "dynamodb", "batch-write", table, str(file), "--left-over", str(left_over)],
        env=proxied_environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until(lambda: not silences)
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=30)

    assert process.returncode == 130, errors
    assert left_over.read_text() == lines(*(f"i-{number:02}" for number in range(25, 30)))
    assert "5 lines" in errors


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (lines("b") + "{}\n" + lines("b"), ["line 2: is neither"]),
        (lines("b", "c", "b"), ["line 3: is of the same item as line 1"]),
        ('{"put": {"id": 7}}\n', ['line 1: "id", the partition key', "it has to be text"]),
        ('{"put": {"n": 7}}\n', ['line 1: the item has no "id", the partition key']),
        ('{"delete": {"id": "b", "n": 7}}\n', ['line 1: "n" is no part of the key', "the key alone"]),
        ('{"put": {"id": "b", "n": 1, "n": 2}}\n', ["line 1:", "twice"]),
        ("{\n", ["one line of its own"]),
        ('{"put": {"id": "b", "n": ' + "[" * 600 + "]" * 600 + "}}\n", ["line 1:", "nested more deeply"]),
        ("\xff", ["line 1: is not UTF-8"]),
    ],
)
def test_WHEN_a_line_of_a_batch_is_wrong_THEN_it_is_named_and_nothing_is_sent(
    text: str,
    parts: list[str],
    table: str,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
    tmp_path: Path,
) -> None:
    file = tmp_path / "items"
    file.write_bytes(text.encode("latin-1"))
    done = run_program(["dynamodb", "batch-write", table, str(file), "--yes"], proxied_environment)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    for part in parts:
        assert part in done.stderr
    assert proxy.writes == []


def test_WHEN_a_batch_would_replace_an_item_THEN_it_is_refused_unless_that_is_asked_for(
    table: str, aws: AwsClientProvider, sandbox_environment: dict[str, str]
) -> None:
    words = ["--sandbox", "dynamodb", "batch-write", table, "-"]
    refused = run_program(words, sandbox_environment, stdin=lines("b", "a"))
    assert refused.returncode == 4
    assert "would replace 1 item (line 2)" in refused.stderr
    assert "--overwrite" in refused.stderr
    assert stored(table, aws, "b") is None

    done = run_program([*words, "--overwrite", "--yes"], sandbox_environment, stdin=lines("b", "a"))
    assert done.returncode == 0, done.stderr
    assert stored(table, aws) == {"id": "a", "n": 7}


def test_WHEN_a_batch_runs_in_two_regions_THEN_each_has_its_own_left_over_file(
    table: str, sandbox_environment: dict[str, str], tmp_path: Path
) -> None:
    words = ["--sandbox", "--regions", "us-east-1,eu-west-1", "dynamodb", "batch-write", table, "-"]
    refused = run_program([*words, "--left-over", "left"], sandbox_environment, stdin=lines("b"))
    assert refused.returncode == 2
    assert "put {region} into its name" in refused.stderr
    # The table is in one of the regions alone.
    done = run_program(
        [*words, "--left-over", str(tmp_path / "left-{region}")], sandbox_environment, stdin=lines("b")
    )
    assert done.returncode == 5, done.stderr
    assert list(tmp_path.glob("left-*")) == []


def test_WHEN_keys_are_read_from_a_file_THEN_absent_ones_are_named_by_line(
    table: str, sandbox_environment: dict[str, str]
) -> None:
    words = ["--sandbox", "dynamodb", "batch-get", table, "-", "--output", "json"]
    done = run_program(words, sandbox_environment, stdin='{"id": "x"}\n\n{"id": "a"}\n')
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [{"id": "a", "n": 1}]
    assert "there is no item for line 1" in done.stderr
    twice = run_program(words, sandbox_environment, stdin='{"id": "x"}\n{"id": "x"}\n')
    assert twice.returncode == 2
    assert "line 2: is the same key as line 1" in twice.stderr


@pytest.mark.parametrize("verb", ["batch-get", "batch-write"])
def test_WHEN_a_line_of_standard_input_is_wrong_THEN_no_target_is_said_to_have_been_asked(
    verb: str, table: str, sandbox_environment: dict[str, str]
) -> None:
    words = ["--sandbox", "--regions", "us-east-1,eu-west-1", "dynamodb", verb, table, "-"]
    done = run_program(words, sandbox_environment, stdin='{"id": "x"}\nnope\n')
    assert done.returncode == 5
    assert done.stderr.count("nope is not JSON") == 2


def test_WHEN_a_key_stays_unread_for_ever_THEN_its_line_is_named_after_what_was_read(
    table: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    answer = {
        "Responses": {table: [{"id": {"S": "a"}}]},
        "UnprocessedKeys": {table: {"Keys": [{"id": {"S": "b"}}]}},
    }
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    proxy.disturb = on("BatchGetItem", Answer(200, json.dumps(answer).encode(), headers))
    done = run_program(
        ["dynamodb", "batch-get", table, "-", "--output", "json"],
        proxied_environment,
        stdin='{"id": "a"}\n{"id": "b"}\n',
    )
    assert done.returncode == 4
    assert json.loads(done.stdout) == [{"id": "a"}]
    assert "DynamoDB left line 2 unread to the end" in done.stderr


def test_WHEN_a_table_does_not_come_in_time_THEN_the_exit_code_says_so(
    sandbox_environment: dict[str, str],
) -> None:
    words = ["--sandbox", "dynamodb", "wait", "never-made", "--timeout", "1", "--interval", "1"]
    done = run_program(words, sandbox_environment)
    assert done.returncode == 7
    assert "absent" in done.stderr


def test_WHEN_lines_are_to_come_from_a_terminal_THEN_a_note_says_so(
    table: str, sandbox_environment: dict[str, str]
) -> None:
    session = run_on_terminal(
        ["--sandbox", "dynamodb", "batch-get", table, "-"],
        sandbox_environment,
        typed=f"{KEY}\n\x04",
        typed_at="\x1b[0m\r\n",
    )
    assert session.exit_code == 0, session.screen
    assert "reading from the terminal; Ctrl-D" in session.screen
    assert "a       1" in session.screen


def test_WHEN_an_expression_has_a_reserved_word_THEN_the_error_shows_how_to_write_it(
    table: str, sandbox_environment: dict[str, str]
) -> None:
    done = run_program(
        ["--sandbox", "dynamodb", "scan", table, "--filter", "status = :s", "--values", '{":s": "open"}'],
        sandbox_environment,
    )
    assert done.returncode == 4
    assert """write #status in its place and give --names '{"#status": "status"}'""" in done.stderr
