"""The journal beside a process that does not let go of it, and what is no text in it."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_operations.fleet import Outcome, OutcomeStatus
from aws_operations.journal import Journal, JournalUnwritable, RunState, RunToBegin
from tests.support.journal_things import HOME, a_change, begun, some_changes

NO_TEXT = os.fsdecode(b"/somewhere/\xff")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path, busy_seconds=60) as opened:
        yield opened


@pytest.fixture
def held_journal(path: Path, journal: Journal) -> Iterator[sqlite3.Connection]:
    """What another process holds, from ``BEGIN IMMEDIATE`` to the end of the test."""
    assert journal.path == path
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    yield other
    other.close()


def test_WHEN_a_run_is_stopped_AND_another_process_does_not_let_go_THEN_it_waits_a_moment_only(
    journal: Journal, held_journal: sqlite3.Connection
) -> None:
    record = begun(journal)
    record.plan_changes(some_changes(2))
    is_stopped = threading.Event()
    record.hurry_when(is_stopped.is_set)
    problems: list[Exception] = []

    def start() -> None:
        try:
            record.starting([a_change(0)])
        except JournalUnwritable as problem:
            problems.append(problem)

    held_journal.execute("BEGIN IMMEDIATE")
    waiting = threading.Thread(target=start)
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    stopped_at = time.monotonic()
    is_stopped.set()
    with pytest.raises(JournalUnwritable, match="does not let go"):
        record.end(RunState.INTERRUPTED)
    waiting.join()

    # Otherwise it waits for 10 s, and each of the two does.
    assert time.monotonic() - stopped_at < 9
    assert len(problems) == 1


def test_WHEN_an_error_names_a_file_whose_name_is_no_text_THEN_it_is_kept_AND_so_is_what_follows(
    journal: Journal,
) -> None:
    record = begun(journal)
    record.plan_targets([HOME])

    record.outcome(Outcome(HOME, OutcomeStatus.ERROR, 0, 0.1, OSError(f"{NO_TEXT}: no such file")))
    record.end(None, f"{NO_TEXT}: no such file")

    run = journal.find("last")
    (target,) = journal.targets(run)
    assert target.error == r"/somewhere/\udcff: no such file"
    assert (run.state, run.reason) == (RunState.FAILED, r"/somewhere/\udcff: no such file")


def test_WHEN_a_run_begins_in_a_directory_whose_name_is_no_text_THEN_it_is_known_again(
    journal: Journal,
) -> None:
    journal.begin(RunToBegin(["s3", "ls"], NO_TEXT, {}, None, is_writing=False)).end()

    assert journal.find("last").directory == NO_TEXT
