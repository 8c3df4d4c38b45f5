"""``dynamodb export``: what a command line means, and files that are whole though the run was killed."""

import json
import signal
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from aws_interactions import dynamodb_interactions
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import KeyAttribute, TableSpec
from aws_operations.dynamodb.export import Export
from aws_operations.journal import RunState
from commands.shapes import JobWork
from tests.commands.test_entry_point import wait_until
from tests.support import command_lines
from tests.support.journal_things import journal_of
from tests.support.loopback_proxy import Answer, Fault, Hangup, LoopbackProxy, SeenRequest
from tests.support.program import run_program, start_program

ITEMS = 18
REFUSED = Answer(400, b'{"__type": "AccessDeniedException"}', {"Content-Type": "application/x-amz-json-1.0"})
THROTTLED = Answer(
    400,
    b'{"__type": "ProvisionedThroughputExceededException"}',
    {"Content-Type": "application/x-amz-json-1.0"},
)


def understood(*arguments: str) -> Export:
    result, work = command_lines.understand("dynamodb", "export", *arguments)
    assert result.exit_code == 0, result.output
    assert isinstance(work, JobWork)
    export = work.write.__self__  # type: ignore[attr-defined] # a bound method
    assert isinstance(export, Export)
    assert export.destination == work.destination
    return export


@pytest.mark.parametrize(
    ("file", "meaning"),
    [
        ("a.jsonl", ("jsonl", "none")),
        ("a.JSONL.GZ", ("jsonl", "gzip")),
        ("a.csv", ("csv", "none")),
        ("a.csv.zst", ("csv", "zstd")),
        ("a", ("jsonl", "none")),
    ],
)
def test_WHEN_a_file_is_named_THEN_its_name_says_what_it_is(file: str, meaning: tuple[str, str]) -> None:
    export = understood("orders", file, "--attributes", "id")
    assert (export.format, export.compression) == meaning


def test_WHEN_options_are_given_THEN_they_are_the_exports() -> None:
    export = understood(
        *("orders", "a.csv.gz", "--format", "dynamodb-json", "--compress", "none", "--segments", "9"),
        *("--rcu", "2.5", "--percent", "10", "--index", "by", "--overwrite", "--consistent"),
        *("--filter", "#s = :s", "--names", '{"#s": "status"}', "--values", '{":s": "open"}'),
    )
    assert (export.format, export.compression, export.segments) == ("dynamodb-json", "none", 9)
    assert (export.units_per_second, export.percent, export.overwrite) == (2.5, 10, True)
    assert (export.reading.index, export.reading.consistent) == ("by", True)
    assert export.reading.filter is not None
    assert export.reading.filter.values == {":s": "open"}


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["orders", "a.csv"], "name them with --attributes"),
        (["orders", "a", "--format", "csv"], "name them with --attributes"),
        (["orders", "-"], "stdin and stdout are not supported"),
        (["orders", "a", "--rcu", "0"], "--rcu"),
        (["orders", "a", "--percent", "101"], "--percent"),
        (["orders", "a", "--names", '{"#a": "b"}'], "go with --filter"),
    ],
)
def test_WHEN_a_command_line_makes_no_sense_THEN_it_is_a_usage_error_that_says_why(
    arguments: list[str], part: str
) -> None:
    result, work = command_lines.understand("dynamodb", "export", *arguments)
    assert (result.exit_code, work) == (2, None), result.output
    assert part in " ".join(result.output.split())


@pytest.fixture
def table(sandbox_endpoint: str) -> str:
    """Give a table of seven megabytes, of which a page has a few items."""
    keys = AccessKeys("sandbox-home", "sandbox-home-secret")
    aws = AwsClientProvider(aws_region="us-east-1", access_keys=keys, endpoint_url=sandbox_endpoint)
    name = f"export-{uuid.uuid4().hex[:12]}"
    dynamodb_interactions.create_table(TableSpec(name, (KeyAttribute("id", "S"),)), aws)
    for number in range(ITEMS):
        item = {"id": f"i-{number:02}", "text": chr(ord("a") + number) * 390_000}
        dynamodb_interactions.put_item(name, item, aws)
    return name


def at_scan(number: int, act: Callable[[], Fault | None]) -> Callable[[SeenRequest], Fault | None]:
    """Act at the scan of that number, from 1, of those that come from now on."""
    seen = [0]

    def disturb(request: SeenRequest) -> Fault | None:
        seen[0] += request.operation == "Scan"
        return act() if request.operation == "Scan" and seen[0] == number else None

    return disturb


def has_kept_something(environment: dict[str, str]) -> bool:
    with closing(sqlite3.connect(journal_of(environment).path)) as database:
        return bool(database.execute("SELECT count(*) FROM step").fetchone()[0])


def test_WHEN_an_export_is_killed_AND_refused_AND_gone_on_with_THEN_the_file_has_each_item_once(
    table: str, proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path
) -> None:
    path = tmp_path / "out" / "items.jsonl"
    path.parent.mkdir()
    path.write_text("old")
    export = ["dynamodb", "export", table, str(path), "--segments", "1", "--overwrite"]
    program = start_program(export, proxied_environment)

    def kill() -> Fault:
        # Pages are read ahead of those that are written.
        wait_until(lambda: has_kept_something(proxied_environment))
        program.kill()
        program.wait()
        return Hangup()

    proxy.disturb = at_scan(8, kill)
    program.communicate(timeout=60)
    assert program.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    with journal_of(proxied_environment) as journal:
        assert journal.find("last").state is RunState.KILLED

    proxy.disturb = at_scan(1, lambda: REFUSED)
    refused = run_program(["runs", "resume", "last"], proxied_environment)
    assert refused.returncode == 4, refused.stderr
    assert "runs resume" in refused.stderr
    assert path.read_text() == "old"

    scans: list[SeenRequest] = []
    proxy.disturb = lambda request: scans.append(request) if request.operation == "Scan" else None
    done = run_program(["runs", "resume", "last", "--failed", "--output", "json"], proxied_environment)
    assert done.returncode == 0, done.stderr
    [row] = json.loads(done.stdout)
    assert (row["items"], row["size_bytes"]) == (ITEMS, path.stat().st_size)
    items = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted(item["id"] for item in items) == [f"i-{number:02}" for number in range(ITEMS)]
    assert all(item["text"] == chr(ord("a") + int(item["id"][2:])) * 390_000 for item in items)
    assert [each.name for each in path.parent.iterdir()] == ["items.jsonl"]
    # Two items a page make nine pages, and a block of four megabytes has six of them.
    assert 1 <= len(scans) <= 4


def test_WHEN_it_is_throttled_for_longer_than_calls_are_repeated_THEN_it_is_waited_for(
    proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path
) -> None:
    left = [THROTTLED] * 2
    proxy.disturb = lambda request: left.pop() if request.operation == "Scan" and left else None
    export = [
        "dynamodb",
        "export",
        "orders",
        str(tmp_path / "orders.jsonl"),
        "--segments",
        "1",
        "--max-attempts",
        "2",
    ]
    done = run_program(export, proxied_environment)
    assert done.returncode == 0, done.stderr
    assert not left
    assert len((tmp_path / "orders.jsonl").read_text().splitlines()) == 5


def test_WHEN_tables_of_several_targets_are_exported_THEN_each_has_a_file_AND_one_name_is_refused(
    sandbox_environment: dict[str, str], tmp_path: Path
) -> None:
    export = ["--sandbox", "dynamodb", "export", "orders"]
    both = ["--regions", "us-east-1,eu-west-1"]
    refused = run_program([*export, "all.jsonl", *both], sandbox_environment, cwd=tmp_path)
    assert refused.returncode == 2
    assert "put {account} or {region} into its name" in refused.stderr
    done = run_program([*export, "{region}.jsonl", *both], sandbox_environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for region in ("us-east-1", "eu-west-1"):
        assert len((tmp_path / f"{region}.jsonl").read_text().splitlines()) == 5
