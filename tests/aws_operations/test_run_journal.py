"""The journal of runs: what it keeps, who may read it, and what survives a killed process."""

import os
import signal
import sqlite3
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_interactions.aws_errors import AccessDenied
from aws_operations.changes import ChangeResult, ResultStatus
from aws_operations.fleet import Outcome, OutcomeStatus
from aws_operations.journal import (
    ChangeState,
    Journal,
    JournalUnusable,
    JournalUnwritable,
    NoSuchRun,
    RunCounts,
    RunIsHeld,
    RunRecord,
    RunState,
    default_journal_path,
)
from aws_operations.targets import Target
from tests.support.journal_things import (
    ABROAD,
    HOME,
    a_change,
    applied,
    begun,
    run_script,
    some_changes,
    start_script,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "manage-resources" / "journal.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path, busy_seconds=0.05) as opened:
        yield opened


def states(journal: Journal) -> dict[str, ChangeState]:
    run = journal.find("last")
    return {record.change.resource.rpartition("-")[2]: record.state for record in journal.changes(run)}


def integrity(path: Path) -> str:
    database = sqlite3.connect(path)
    (answer,) = database.execute("PRAGMA integrity_check").fetchone()
    database.close()
    return str(answer)


def test_WHEN_the_last_that_failed_is_wanted_THEN_it_is_the_newest_that_is_not_whole_AND_not_under_way(
    journal: Journal,
) -> None:
    with pytest.raises(NoSuchRun, match="no run that failed"):
        journal.find("last-failed")
    ends = (RunState.FAILED, RunState.INTERRUPTED, RunState.COMPLETE, RunState.DECLINED)
    ids = []
    for state in ends:
        record = begun(journal)
        record.end(state)
        ids.append(record.id)
    under_way = begun(journal)

    assert journal.find("last-failed").id == ids[1]
    assert journal.find("last").id == under_way.id
    under_way.end(RunState.FAILED)
    assert journal.find("last-failed").id == under_way.id


def test_WHEN_a_read_ends_THEN_each_target_has_its_outcome_AND_no_row_is_kept(journal: Journal) -> None:
    record = begun(journal, is_writing=False)
    record.plan_targets([HOME, ABROAD, Target("eu-west-1", "444455556666", "prod")])
    record.outcome(Outcome(HOME, OutcomeStatus.ROWS, 7, 0.5, rows=("a row",)))
    refusal = AccessDenied("no permission, SecretAccessKey=abcdefgh12345678")
    record.outcome(Outcome(ABROAD, OutcomeStatus.DENIED, 0, 0.25, refusal))
    record.end(RunState.INTERRUPTED, "interrupted")

    run = journal.find("last")
    home, abroad, left = journal.targets(run)

    assert run.state is RunState.INTERRUPTED
    assert (run.reason, run.is_writing, run.base_account) == ("interrupted", False, "123456789012")
    assert run.counts == RunCounts(targets_done=1, targets_failed=1, targets_left=1)
    assert run.settings == {"regions": ["us-east-1"]}
    assert run.ended is not None
    assert run.ended >= run.started
    assert (home.status, home.row_count, home.duration) == (OutcomeStatus.ROWS, 7, 0.5)
    assert (abroad.status, abroad.error_kind) == (OutcomeStatus.DENIED, "AccessDenied")
    assert abroad.error == "no permission, SecretAccessKey=[redacted]"
    assert left.target == Target("eu-west-1", "444455556666", "prod")
    assert left.status is None


def test_WHEN_changes_are_made_THEN_each_stands_as_it_was_reported(journal: Journal) -> None:
    record = begun(journal)
    changes = list(some_changes(6))
    record.plan_changes(changes)
    record.starting(changes[:4])
    for change, status in zip(changes, ["applied", "unchanged", "failed", "unknown"], strict=False):
        error = None if status in {"applied", "unchanged"} else ValueError(f"{status} it is")
        record.result(ChangeResult(change, ResultStatus(status), error))
    record.starting([changes[4]])
    record.end(RunState.FAILED)

    assert list(states(journal).values()) == [
        "applied",
        "unchanged",
        "failed",
        "unknown",
        "started",
        "planned",
    ]
    run = journal.find("last")
    assert run.has_plan
    assert run.counts == RunCounts(changes_applied=2, changes_failed=1, changes_unknown=2, changes_left=1)
    failed, unknown = journal.changes(run, [ChangeState.FAILED, ChangeState.UNKNOWN])
    assert failed.change == changes[2]
    assert (failed.error, failed.error_kind, unknown.error) == ("failed it is", "ValueError", "unknown it is")
    assert failed.started is not None
    assert failed.ended is not None


def test_WHEN_a_change_is_planned_twice_THEN_it_is_kept_once(journal: Journal) -> None:
    record = begun(journal)
    record.plan_changes([a_change(1), a_change(2), a_change(1)])
    record.plan_changes([a_change(2), a_change(3)])
    record.end(RunState.COMPLETE)

    assert list(states(journal)) == ["1", "2", "3"]


def test_WHEN_a_change_was_never_planned_THEN_it_is_not_begun(journal: Journal) -> None:
    record = begun(journal)
    record.plan_changes([a_change(1)])

    with pytest.raises(LookupError):
        record.starting([a_change(2)])

    record.starting([a_change(1)])
    record.end(RunState.COMPLETE)
    assert states(journal) == {"1": "started"}


def test_WHEN_it_is_made_AND_the_umask_is_wide_THEN_only_its_owner_may_read_it(path: Path) -> None:
    path.parent.mkdir(parents=True, mode=0o755)
    before = os.umask(0)
    try:
        with Journal(path) as journal:
            record = begun(journal)
            record.plan_changes(some_changes(3))
            modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
            record.end(RunState.COMPLETE)
    finally:
        os.umask(before)

    assert modes.pop("running") == 0o700
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert modes == dict.fromkeys(["journal.sqlite3", "journal.sqlite3-shm", "journal.sqlite3-wal"], 0o600)


def test_WHEN_a_process_is_killed_THEN_what_it_began_is_known_AND_it_is_not_taken_for_alive(
    path: Path, journal: Journal
) -> None:
    code, shown = run_script(
        "record = begun(journal)\n"
        "changes = list(some_changes(4))\n"
        "record.plan_changes(changes)\n"
        "record.starting(changes[:1])\n"
        "record.result(applied(changes[0]))\n"
        "record.starting(changes[1:3])\n"
        "record.result(applied(changes[1]))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n",
        path,
    )
    assert code == -signal.SIGKILL, shown

    assert journal.find("last").state is RunState.KILLED
    assert states(journal) == {"0": "applied", "1": "started", "2": "started", "3": "planned"}
    assert integrity(path) == "ok"


def test_WHEN_a_process_waits_after_a_result_THEN_that_is_durable_without_another(
    path: Path, journal: Journal
) -> None:
    process = start_script(
        "record = begun(journal)\n"
        "record.plan_changes([a_change(1)])\n"
        "record.starting([a_change(1)])\n"
        "record.result(applied(a_change(1)))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n",
        path,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert journal.find("last").state is RunState.RUNNING
    for _ in range(1_000):
        if states(journal) == {"1": "applied"}:
            break
        threading.Event().wait(0.02)
    process.kill()
    process.communicate()

    assert states(journal) == {"1": "applied"}
    assert journal.find("last").state is RunState.KILLED


def test_WHEN_a_run_is_under_way_THEN_nobody_else_resumes_or_forgets_it(journal: Journal) -> None:
    record = begun(journal)
    run = journal.find("last")

    with pytest.raises(RunIsHeld, match=run.id):
        journal.resume(run)
    assert journal.forget(run) is False
    assert journal.prunable(older_than_seconds=-60) == []

    record.end(RunState.COMPLETE)
    assert journal.forget(run) is True
    assert journal.runs() == []


def test_WHEN_a_run_is_resumed_THEN_it_goes_on_as_the_same_run(journal: Journal) -> None:
    record = begun(journal, is_writing=False)
    record.plan_targets([HOME, ABROAD])
    record.outcome(Outcome(HOME, OutcomeStatus.NOTHING, 0, 0.1))
    record.end(RunState.INTERRUPTED)
    run = journal.find("last")

    again = journal.resume(run)
    assert journal.find("last").state is RunState.RUNNING
    with pytest.raises(RunIsHeld):
        journal.resume(run)
    again.plan_targets([HOME, ABROAD])
    again.outcome(Outcome(ABROAD, OutcomeStatus.ROWS, 2, 0.1))
    again.end(RunState.COMPLETE)

    (ended,) = journal.runs()
    assert (ended.id, ended.state, ended.counts.targets_done) == (run.id, RunState.COMPLETE, 2)
    assert [record.target for record in journal.targets(ended)] == [HOME, ABROAD]


def test_WHEN_many_threads_begin_changes_THEN_all_are_durable(journal: Journal) -> None:
    record = begun(journal)
    record.plan_changes(some_changes(400))

    def work(first: int) -> None:
        for number in range(first, 400, 8):
            change = a_change(number)
            record.starting([change])
            if number % 2:
                record.result(applied(change))

    threads = [threading.Thread(target=work, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record.end(RunState.COMPLETE)

    assert journal.find("last").counts == RunCounts(changes_applied=200, changes_unknown=200)


def test_WHEN_several_processes_write_at_once_THEN_nothing_is_lost(path: Path, journal: Journal) -> None:
    lines = (
        "for _ in range(3):\n"
        "    record = begun(journal)\n"
        "    changes = list(some_changes(60))\n"
        "    record.plan_changes(changes)\n"
        "    for change in changes:\n"
        "        record.starting([change])\n"
        "        record.result(applied(change))\n"
        "    record.end(RunState.COMPLETE)\n"
    )
    processes = [start_script(lines, path) for _ in range(3)]
    ends = [process.communicate(timeout=60)[1] for process in processes]

    assert ends == ["", "", ""]
    runs = journal.runs()
    assert len({run.id for run in runs}) == 9
    assert {run.state for run in runs} == {RunState.COMPLETE}
    assert {run.counts.changes_applied for run in runs} == {60}
    assert integrity(path) == "ok"


def test_WHEN_the_disk_is_full_THEN_nothing_more_is_begun_AND_results_are_kept_for_later(
    path: Path, journal: Journal
) -> None:
    code, shown = run_script(
        "record = begun(journal)\n"
        "changes = list(some_changes(3))\n"
        "record.plan_changes(changes)\n"
        "record.starting(changes[:1])\n"
        "limit = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, limit[1]))\n"
        "record.result(applied(changes[0]))\n"
        "try:\n"
        "    record.starting(changes[1:2])\n"
        "except JournalUnwritable as error:\n"
        "    print(error)\n"
        "print(record.unwritten)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, limit)\n"
        "record.end(RunState.INTERRUPTED)\n"
        "print(record.unwritten)\n",
        path,
    )
    assert code == 0, shown

    refusal, unwritten, nothing = shown.splitlines()
    assert refusal.startswith(f"the journal {path} takes no more: ")
    assert (unwritten, nothing) == ("('arn:aws:s3:::bucket-0',)", "()")
    assert states(journal) == {"0": "applied", "1": "planned", "2": "planned"}
    assert integrity(path) == "ok"


def test_WHEN_another_process_does_not_let_go_THEN_that_is_said_AND_it_goes_on_afterwards(
    path: Path, journal: Journal
) -> None:
    record = begun(journal)
    record.plan_changes(some_changes(2))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalUnwritable, match="another process does not let go of it"):
        record.starting([a_change(0)])
    other.execute("COMMIT")
    other.close()

    record.starting([a_change(1)])
    record.end(RunState.INTERRUPTED)

    assert states(journal) == {"0": "planned", "1": "started"}


def test_WHEN_the_journal_is_no_database_THEN_it_says_so_AND_touches_nothing(
    path: Path, journal: Journal
) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("what somebody else keeps here" * 100, encoding="utf-8")

    with pytest.raises(JournalUnusable, match="move it away"):
        begun(journal)

    assert path.read_text(encoding="utf-8").startswith("what somebody else keeps here")


def test_WHEN_a_later_version_wrote_it_THEN_it_is_refused(path: Path) -> None:
    with Journal(path) as journal:
        begun(journal).end(RunState.COMPLETE)
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()

    with Journal(path) as later, pytest.raises(JournalUnusable, match="another version"):
        later.runs()


def test_WHEN_there_is_no_journal_THEN_there_are_no_runs_AND_none_is_made(
    path: Path, journal: Journal
) -> None:
    assert journal.runs() == []
    with pytest.raises(NoSuchRun, match="no run yet"):
        journal.find("last")
    assert not path.parent.exists()


def test_WHEN_a_folder_cannot_be_made_THEN_the_error_names_the_journal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(JournalUnusable, match=r"file/journal\.sqlite3"):
        begun(Journal(tmp_path / "file" / "journal.sqlite3"))


def test_WHEN_a_run_is_looked_for_THEN_an_id_a_beginning_and_last_find_it(path: Path) -> None:
    moments = iter(range(1_800_000_000, 1_900_000_000, 100_000))
    with Journal(path, clock=lambda: next(moments)) as journal:
        ids = []
        for _ in range(3):
            record: RunRecord = begun(journal)
            ids.append(record.id)
            record.end(RunState.COMPLETE)

        assert [run.id for run in journal.runs()] == ids == sorted(ids)
        assert journal.find("last").id == ids[2]
        assert journal.find(ids[1]).id == ids[1]
        assert journal.find(ids[1][:10]).id == ids[1]
        with pytest.raises(NoSuchRun, match=f"2 could be {ids[0]}, {ids[1]}, {ids[2]}"):
            journal.find("2")
        for wrong in ("", "%", "2026", "lastly"):
            with pytest.raises(NoSuchRun):
                journal.find(wrong)


def test_WHEN_runs_are_forgotten_THEN_the_others_are_whole_AND_the_file_gets_smaller(path: Path) -> None:
    now = [1_800_000_000.0]
    with Journal(path, clock=lambda: now[0]) as journal:
        for _ in range(3):
            record = begun(journal)
            record.plan_targets([HOME])
            record.plan_changes(some_changes(1500))
            record.end(RunState.COMPLETE)
            now[0] += 1000
        assert [run.started for run in journal.prunable(older_than_seconds=1500)] == [
            1_800_000_000,
            1_800_001_000,
        ]
        assert len(journal.prunable(older_than_seconds=0, keep=2)) == 1
        for run in journal.prunable(older_than_seconds=1500):
            assert journal.forget(run)
        journal.give_room_back()

        (left,) = journal.runs()
        assert left.started == 1_800_002_000
        assert len(list(journal.changes(left))) == 1500
        assert len(list(journal.targets(left))) == 1
    assert path.stat().st_size < 1_500_000
    assert integrity(path) == "ok"


def test_WHEN_there_are_many_changes_THEN_memory_stays_flat(journal: Journal) -> None:
    def peak(count: int) -> int:
        record = begun(journal)
        tracemalloc.start()
        record.plan_changes(some_changes(count))
        for change in some_changes(count):
            record.starting([change])
            record.result(applied(change))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        record.end(RunState.COMPLETE)
        return most

    few, many = peak(4500), peak(9000)
    assert many < few * 1.5


def test_WHEN_the_state_folder_is_named_THEN_the_journal_is_in_it(tmp_path: Path) -> None:
    named = default_journal_path({"XDG_STATE_HOME": str(tmp_path)})
    assert named == tmp_path / "manage-resources" / "journal.sqlite3"
    assert default_journal_path({"XDG_STATE_HOME": "relative"}).parent.parent.name == "state"
