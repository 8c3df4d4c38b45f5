"""The journal of the version before goes on as one of this version; a plan is claimed by one run."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from aws_operations.fleet import Outcome, OutcomeStatus
from aws_operations.journal import ChangeState, Journal, JournalUnusable, PlanUsed, RunState
from aws_operations.journal.database import SCHEMA_VERSION
from aws_operations.plan_refusals import LONGEST_VALIDITY
from tests.support.journal_things import ABROAD, HOME, applied, begun, some_changes
from tests.support.program import ROOT

AS_VERSION_1_LEFT_IT = Path(__file__).with_name("journal_version_1.sql")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "journal.sqlite3"


@pytest.fixture
def old(path: Path) -> Path:
    path.parent.mkdir()
    database = sqlite3.connect(path)
    database.executescript(AS_VERSION_1_LEFT_IT.read_text(encoding="utf-8"))
    database.close()
    return path


def version_of(path: Path) -> int:
    database = sqlite3.connect(path)
    (version,) = database.execute("PRAGMA user_version").fetchone()
    database.close()
    return int(version)


def test_WHEN_a_journal_of_version_1_is_opened_THEN_its_runs_are_there_AND_go_on(old: Path) -> None:
    with Journal(old) as journal:
        wrote, read = journal.runs()
        assert (wrote.state, wrote.counts.changes_applied) == (RunState.INTERRUPTED, 1)
        assert (wrote.counts.changes_unknown, wrote.counts.changes_left) == (1, 1)
        assert (read.counts.targets_done, read.counts.targets_left) == (1, 1)

        record = journal.resume(wrote)
        begun_before, left = list(some_changes(3))[1:]
        record.result(applied(begun_before))
        record.starting([left])
        record.result(applied(left))
        record.end()
        assert journal.find(wrote.id).state is RunState.COMPLETE
        assert len(list(journal.changes(wrote, [ChangeState.APPLIED]))) == 3
    assert version_of(old) == SCHEMA_VERSION


def test_WHEN_a_journal_of_version_1_was_migrated_THEN_it_has_the_tables_of_a_new_one(
    old: Path, tmp_path: Path
) -> None:
    def columns(path: Path) -> list[object]:
        with Journal(path) as journal:
            journal.give_room_back()
        database = sqlite3.connect(path)
        found: list[object] = [
            (name, sorted(column[1] for column in database.execute(f"PRAGMA table_info({name})")))
            for (name,) in database.execute("SELECT name FROM sqlite_master ORDER BY name")
        ]
        database.close()
        return found

    assert columns(old) == columns(tmp_path / "new.sqlite3")


def test_WHEN_many_processes_open_a_journal_of_version_1_THEN_it_is_migrated_once(old: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from aws_operations.journal import Journal\n"
        "sys.stdin.readline()\n"
        "with Journal(Path(sys.argv[1])) as journal:\n"
        "    print(len(journal.runs()))\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(old)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    ended = [process.communicate("\n", timeout=30)[0] for process in processes]
    assert ended == ["2\n"] * 4
    assert version_of(old) == SCHEMA_VERSION


def test_WHEN_the_journal_is_of_a_later_version_THEN_it_stays_as_it_is(old: Path) -> None:
    database = sqlite3.connect(old)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(JournalUnusable, match="schema 99"), Journal(old) as journal:
        journal.runs()
    assert version_of(old) == 99


def test_WHEN_a_run_applies_a_plan_THEN_it_is_found_by_it(path: Path) -> None:
    with Journal(path) as journal:
        assert journal.run_of_plan("plan-1") is None
        record = begun(journal, arguments=("apply", "p"))
        record.plan_targets([HOME, ABROAD])
        record.outcome(Outcome(HOME, OutcomeStatus.ROWS, 1, 0.0))
        record.plan_changes(some_changes(1), plan_id="plan-1")
        found = journal.run_of_plan("plan-1")
        assert found is not None
        assert (found.id, found.has_plan) == (record.id, True)
        assert journal.run_of_plan("plan-2") is None
        record.end()


def test_WHEN_another_run_has_the_plan_THEN_it_is_named_AND_nothing_is_agreed_on(path: Path) -> None:
    with Journal(path) as journal:
        first, second = begun(journal), begun(journal)
        first.plan_changes(some_changes(2), plan_id="plan-1")
        with pytest.raises(PlanUsed) as refused:
            second.plan_changes(some_changes(2), plan_id="plan-1")
        assert refused.value.run_id == first.id
        assert f"runs show {first.id} --changes" in str(refused.value)
        # Nobody asked here what is left of it, and it may be under way.
        assert "resume" not in str(refused.value)
        first.end()
        second.end(RunState.DECLINED)
        assert not journal.find(second.id).has_plan


def test_WHEN_a_plan_may_still_be_applied_THEN_its_run_is_not_pruned_AND_later_it_is(path: Path) -> None:
    now = [1_000_000.0]
    with Journal(path, clock=lambda: now[0]) as journal:
        of_a_plan, other = begun(journal), begun(journal)
        of_a_plan.plan_changes(some_changes(1), plan_id="plan-1")
        for record in (of_a_plan, other):
            record.end()
        now[0] += LONGEST_VALIDITY.total_seconds() - 1
        assert [run.id for run in journal.prunable(older_than_seconds=60)] == [other.id]
        now[0] += 2
        assert [run.id for run in journal.prunable(older_than_seconds=60)] == [of_a_plan.id, other.id]


def test_WHEN_a_run_ends_before_its_changes_are_agreed_on_THEN_the_plan_is_still_free(path: Path) -> None:
    with Journal(path) as journal:
        declined, applying = begun(journal), begun(journal)
        declined.end(RunState.DECLINED)
        applying.plan_changes(some_changes(1), plan_id="plan-1")
        applying.end()
        found = journal.run_of_plan("plan-1")
        assert found is not None
        assert found.id == applying.id
    assert path.stat().st_mode & 0o777 == 0o600
