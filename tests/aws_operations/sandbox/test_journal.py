"""The journal file on its own: what is kept, what is dropped, what is refused."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from aws_operations.sandbox.journal import Journal, JournalEntry, JournalUnwritable
from aws_operations.sandbox.sandbox_errors import JournalCorrupt

DAY = 86_400
ENTRY = JournalEntry(1.5, 7, {"PATH_INFO": "/é\t\n"}, {"HTTP_X": "x-amz-meta-a_b"}, bytes(range(256)))


class Disk:
    """A disk whose ``fdatasync`` fails while ``is_failing`` is set."""

    def __init__(self) -> None:
        self.is_failing = False

    def sync(self, _descriptor: int) -> None:
        if self.is_failing:
            raise OSError(5, "Input/output error")


def test_WHEN_reading_back_THEN_entries_are_as_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.append(ENTRY)
    journal.append(replace(ENTRY, seed=8))
    journal.close()

    again = Journal(tmp_path / "journal")
    assert list(again.entries()) == [ENTRY, replace(ENTRY, seed=8)]
    assert again.entry_count == 2
    again.close()


def test_WHEN_appending_AND_the_disk_fails_THEN_nothing_of_the_entry_stays_behind(tmp_path: Path) -> None:
    disk = Disk()
    journal = Journal(tmp_path / "journal", sync=disk.sync)
    journal.append(ENTRY)
    disk.is_failing = True

    with pytest.raises(JournalUnwritable, match="Input/output error"):
        journal.append(replace(ENTRY, seed=8))

    disk.is_failing = False
    assert list(journal.entries()) == [ENTRY]
    with pytest.raises(JournalUnwritable, match="taken back"):
        journal.append(ENTRY)
    journal.close()


def test_WHEN_opening_AND_sessions_have_long_expired_THEN_they_are_dropped_from_the_file(
    tmp_path: Path,
) -> None:
    long_ago = time.time() - DAY
    anchor = JournalEntry(long_ago, 1, {}, is_session=True, is_anchor=True)
    recent = JournalEntry(time.time(), 2, {}, is_session=True)
    journal = Journal(tmp_path / "journal")
    for entry in (anchor, ENTRY, recent, *[JournalEntry(long_ago, 3, {}, is_session=True)] * 100):
        journal.append(entry)
    grown = journal.size

    assert list(journal.entries()) == [anchor, ENTRY, recent]
    assert journal.size == (tmp_path / "journal").stat().st_size < grown
    assert journal.entry_count == 3
    journal.append(replace(ENTRY, seed=9))
    assert list(journal.entries())[-1].seed == 9
    journal.close()


def test_WHEN_opening_AND_the_file_cannot_be_rewritten_THEN_it_is_served_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "journal.new").mkdir()
    journal = Journal(tmp_path / "journal")
    for entry in (ENTRY, *[JournalEntry(time.time() - DAY, 3, {}, is_session=True)] * 100):
        journal.append(entry)
    grown = journal.size

    assert list(journal.entries()) == [ENTRY]
    journal.append(replace(ENTRY, seed=9))
    assert list(journal.entries()) == [ENTRY, replace(ENTRY, seed=9)]
    assert journal.size > grown
    journal.close()


@pytest.mark.parametrize("damaged", [b"nonsense\n", b"00000000\t{}\t\n"])
def test_WHEN_reading_AND_a_line_is_damaged_THEN_its_number_is_told(damaged: bytes, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.append(ENTRY)
    journal.close()
    path = tmp_path / "journal"
    path.write_bytes(path.read_bytes() + damaged)

    again = Journal(path)
    with pytest.raises(JournalCorrupt) as refused:
        list(again.entries())
    again.close()

    assert refused.value.line_number == 2
