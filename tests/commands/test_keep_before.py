"""``--keep-before``: customers' items stay in the operator's journal only where that was asked for."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aws_interactions import dynamodb_interactions
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.journal import Journal
from tests.support.program import run_program

FORMER = {"status": "former-Sentinel", "note": "Sentinel"}
Run = Callable[..., Any]


@pytest.fixture
def key() -> dict[str, str]:
    return {"customer": f"c-{uuid.uuid4().hex}", "order": "1"}


@pytest.fixture
def store(sandbox_endpoint: str) -> AwsClientProvider:
    """Give a provider of the account that the program acts in, to see past it what there is."""
    keys = AccessKeys("sandbox-home", "sandbox-home-secret")
    return AwsClientProvider(aws_region="us-east-1", access_keys=keys, endpoint_url=sandbox_endpoint)


@pytest.fixture
def run(proxied_environment: dict[str, str], key: dict[str, str], store: AwsClientProvider) -> Run:
    """Run a command of ``dynamodb`` on an item that is there before; gives what it did."""

    def run_it(*arguments: str) -> Any:
        dynamodb_interactions.put_item("orders", {**key, **FORMER}, store)
        return run_program(["dynamodb", *arguments, "--yes"], proxied_environment)

    return run_it


def writes(key: dict[str, str], folder: Path) -> list[list[str]]:
    file = folder / "lines"
    file.write_text(json.dumps({"put": {**key, "status": "new"}}) + "\n", encoding="utf-8")
    named = json.dumps(key)
    return [
        ["put", "orders", json.dumps({**key, "status": "new"}), "--overwrite"],
        ["update", "orders", named, "--set", 'status="new"'],
        ["delete", "orders", named],
        ["batch-write", "orders", str(file), "--overwrite"],
    ]


def journal_of(environment: dict[str, str]) -> Path:
    return Path(environment["XDG_STATE_HOME"], "manage-resources", "journal.sqlite3")


def present(key: dict[str, str], store: AwsClientProvider) -> Any:
    return dynamodb_interactions.get_item("orders", key, store, consistent=True)


@pytest.mark.parametrize("number", range(4), ids=["put", "update", "delete", "batch-write"])
def test_WHEN_nothing_is_to_be_kept_THEN_the_journal_has_the_item_nowhere_AND_undo_says_why(
    number: int, run: Run, key: dict[str, str], proxied_environment: dict[str, str], tmp_path: Path
) -> None:
    done = run(*writes(key, tmp_path)[number])

    assert done.returncode == 0, done.stderr
    assert "irreversible" in run(*writes(key, tmp_path)[number], "--dry-run").stdout
    folder = journal_of(proxied_environment).parent
    for path in folder.rglob("*"):
        assert not (path.is_file() and b"Sentinel" in path.read_bytes()), path
    exported = run_program(["runs", "export", "last"], proxied_environment).stdout
    assert '"before": {"kept": false}' in exported
    undone = run_program(["undo", "last", "--yes"], proxied_environment)
    assert undone.returncode == 6
    assert "was not kept: next time give --keep-before" in undone.stderr


@pytest.mark.parametrize("number", range(4), ids=["put", "update", "delete", "batch-write"])
def test_WHEN_it_is_to_be_kept_THEN_the_item_is_in_the_journal_AND_undo_brings_it_back(
    number: int,
    run: Run,
    key: dict[str, str],
    proxied_environment: dict[str, str],
    tmp_path: Path,
    store: AwsClientProvider,
) -> None:
    done = run(*writes(key, tmp_path)[number], "--keep-before")
    assert done.returncode == 0, done.stderr
    assert present(key, store) != {**key, **FORMER}

    undone = run_program(["undo", "last", "--yes"], proxied_environment)

    assert undone.returncode == 0, undone.stderr
    assert present(key, store) == {**key, **FORMER}
    with Journal(journal_of(proxied_environment)) as journal:
        [record] = journal.changes(journal.runs()[0])
    assert (record.change.before or {})["status"] == "former-Sentinel"
