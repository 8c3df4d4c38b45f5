"""Steps of jobs in the journal of their run, also where that takes no more."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aws_operations.journal import Journal
from commands.console import Console
from commands.job_runner import JournalSteps
from tests.support.journal_things import begun


def test_WHEN_a_run_is_kept_THEN_its_jobs_have_their_steps(tmp_path: Path) -> None:
    record = begun(Journal(tmp_path / "journal.sqlite3"), is_writing=False)
    steps = JournalSteps(record, Console())
    assert (steps.kept("a"), steps.is_used) == ({}, False)
    assert steps.keep("a", {"file": "1"})
    assert steps.is_used
    again = JournalSteps(record, Console())
    assert (again.kept("a"), again.is_used) == ({"file": "1"}, True)
    record.end()


def test_WHEN_a_run_is_not_kept_THEN_no_step_is(tmp_path: Path) -> None:
    steps = JournalSteps(None, Console())
    assert (steps.kept(str(tmp_path)), steps.keep("a", {"file": "1"}), steps.is_used) == ({}, False, False)


def test_WHEN_the_journal_takes_no_more_THEN_that_is_one_warning_AND_the_job_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "journal.sqlite3"
    record = begun(Journal(path, busy_seconds=0), is_writing=False)
    steps = JournalSteps(record, Console())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not steps.keep("a", {"file": "1"})
        assert not steps.keep("a", {"file": "2"})
        other.execute("ROLLBACK")
    [warning] = capsys.readouterr().err.splitlines()
    assert "a resume begins anew" in warning
    record.end()
