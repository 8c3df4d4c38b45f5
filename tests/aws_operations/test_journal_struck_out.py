"""What was there before a change leaves the journal once the change is applied, unless it is to be kept."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aws_operations.changes import NOT_KEPT, Change, ChangeResult, ResultStatus
from aws_operations.journal import ChangeState, Journal
from tests.support.journal_things import a_change, applied, begun

FORMER = {"note": "former Sentinel", "long": "Sentinel" * 5000}
LATER = {"note": "later"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path) as opened:
        yield opened


def a_taking(number: int, *, keep_before: bool) -> Change:
    precondition = {"key": number} if keep_before else {"key": number, "keep_before": False}
    return replace(a_change(number), before=FORMER, after=LATER, precondition=precondition)


def is_told(path: Path) -> bool:
    return any(b"Sentinel" in each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def test_WHEN_a_change_is_applied_THEN_what_was_before_is_nowhere_in_the_journals_files(
    journal: Journal, path: Path
) -> None:
    record = begun(journal)
    changes = [a_taking(number, keep_before=False) for number in range(20)]
    record.plan_changes(changes)
    record.starting(changes)
    assert is_told(path)

    for change in changes:
        record.result(applied(change))
    record.end()

    kept = [each.change for each in journal.changes(journal.find("last"))]
    assert [each.before for each in kept] == [NOT_KEPT] * 20
    assert [replace(each, before=FORMER) for each in kept] == changes
    assert [each.id for each in kept] == [each.id for each in changes]
    journal.close()
    assert not is_told(path)


def test_WHEN_it_is_to_be_kept_THEN_it_stays(journal: Journal) -> None:
    record = begun(journal)
    change = a_taking(1, keep_before=True)
    record.plan_changes([change])
    record.starting([change])
    record.result(applied(change))
    record.end()

    [kept] = journal.changes(journal.find("last"))
    assert kept.change == change


@pytest.mark.parametrize("status", [ResultStatus.FAILED, ResultStatus.UNKNOWN, ResultStatus.SKIPPED])
def test_WHEN_a_change_was_not_applied_THEN_a_resume_still_has_all_of_it_AND_after_it_nothing(
    status: ResultStatus, journal: Journal
) -> None:
    change = a_taking(1, keep_before=False)
    record = begun(journal)
    record.plan_changes([change])
    record.starting([change])
    record.result(ChangeResult(change, status))
    record.end()
    run = journal.find("last")
    [kept] = journal.changes(run)
    assert (kept.change, kept.state) == (change, ChangeState(status.value))

    again = journal.resume(run)
    again.result(applied(kept.change))
    again.end()

    [kept] = journal.changes(journal.find("last"))
    assert (kept.change.before, kept.state) == (NOT_KEPT, ChangeState.APPLIED)
