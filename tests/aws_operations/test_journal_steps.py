"""How far the jobs of a run are: kept by step, and forgotten with the run."""

from pathlib import Path

import pytest

from aws_operations.journal import Journal
from tests.support.journal_things import begun


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite3")


def test_WHEN_steps_are_kept_THEN_the_run_that_goes_on_has_the_last_of_each(journal: Journal) -> None:
    record = begun(journal, is_writing=False)
    record.keep_steps("a.jsonl", {"file": "1", "segment 0": "x"})
    record.keep_steps("a.jsonl", {"file": "2"})
    record.keep_steps("b\udcff.jsonl", {"file": "3"})
    record.end()
    resumed = journal.resume(journal.find("last"))
    assert resumed.kept_steps("a.jsonl") == {"file": "2", "segment 0": "x"}
    assert resumed.kept_steps("b\udcff.jsonl") == {"file": "3"}
    resumed.end()


def test_WHEN_a_run_is_forgotten_THEN_its_steps_are_AND_no_other_run_has_them(journal: Journal) -> None:
    first, second = begun(journal, is_writing=False), begun(journal, is_writing=False)
    first.keep_steps("a", {"file": "of the first"})
    second.keep_steps("a", {"file": "of the second"})
    assert first.kept_steps("a") == {"file": "of the first"}
    first_run, second_run = journal.runs()
    for record in (first, second):
        record.end()
    assert journal.forget(first_run)
    assert journal.resume(second_run).kept_steps("a") == {"file": "of the second"}
    journal.give_room_back()
    assert b"of the first" not in journal.path.read_bytes()
