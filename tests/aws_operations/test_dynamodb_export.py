"""Exports of tables: whole files, old ones until then, and no item lost or doubled however often it ends."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_interactions.aws_errors import AccessDenied, Conflict, InvalidInput
from aws_interactions.local_files import (
    CantWriteFileAlreadyExists,
    CantWriteFileDirDoesntExist,
    CantWriteFileNotRegular,
)
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.dynamodb.capacity_pace import CapacityPace
from aws_operations.dynamodb.export import Export
from aws_operations.dynamodb.export_formats import Compression, ExportFormat
from aws_operations.dynamodb.many_items import ItemReading
from aws_operations.jobs import Job
from aws_operations.run_control import RunControl, RunStopped
from tests.support.dynamodb_things import TABLE, described_table

SEGMENTS = 3
PAGES = 5
REFUSAL = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no more"}}, "Scan")


@dataclass
class Table:
    """Three segments of five pages of two items; the scan number ``ends_at`` is refused, or stops the run."""

    ends_at: int = 0
    control: RunControl = field(default_factory=RunControl)
    is_stopped_there: bool = False
    made_at: int = 1
    scans: list[Mapping[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def scan(self, **parameters: Any) -> Any:
        with self.lock:
            self.scans.append(parameters)
            if len(self.scans) == self.ends_at:
                if not self.is_stopped_there:
                    raise REFUSAL
                self.control.stop("interrupted")
        assert parameters.get("ExclusiveStartKey", {"raw": {"B": b"\xff"}})["raw"] == {"B": b"\xff"}
        page = int(parameters.get("ExclusiveStartKey", {"page": {"N": "0"}})["page"]["N"])
        segment = parameters["Segment"]
        items = [{"id": {"S": f"{segment}-{page}-{each}"}, "n": {"N": "0.10"}} for each in range(2)]
        answer = {"Items": items, "ScannedCount": 2, "ConsumedCapacity": {"CapacityUnits": 0.5}}
        if page + 1 < PAGES:
            answer["LastEvaluatedKey"] = {"page": {"N": str(page + 1)}, "raw": {"B": b"\xff"}}
        return answer

    def provider(self) -> Any:
        described = described_table(ItemCount=30, CreationDateTime=self.made_at)
        client = FakeClient("dynamodb").answers("describe_table", described).answers("scan", self.scan)
        return fake_provider(dynamodb=client)


@dataclass
class Steps:
    """What a journal keeps."""

    by_job: dict[str, dict[str, str]] = field(default_factory=dict)

    def kept(self, job: str) -> Mapping[str, str]:
        return self.by_job.get(job, {})

    def keep(self, job: str, steps: Mapping[str, str]) -> bool:
        self.by_job.setdefault(job, {}).update(steps)
        return True


def export_to(path: Path, **options: Any) -> Export:
    return Export(TABLE, str(path), segments=SEGMENTS, keep_seconds=0, **options)


def ids_in(path: Path) -> list[str]:
    return sorted(json.loads(line)["id"] for line in path.read_text().splitlines())


ALL_IDS = sorted(f"{s}-{p}-{i}" for s in range(SEGMENTS) for p in range(PAGES) for i in range(2))


def test_WHEN_a_table_is_exported_THEN_all_of_it_is_in_the_file_AND_nothing_else_is_left(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    counted: list[int] = []
    job = Job("run", Steps(), expect=counted.append, done=counted.append)
    [row] = export_to(folder / "orders.jsonl").write(Table().provider(), job)
    assert (row.items, row.read_units, row.status) == (30, 7.5, "written")
    assert row.size_bytes == (folder / "orders.jsonl").stat().st_size
    assert ids_in(folder / "orders.jsonl") == ALL_IDS
    assert [each.name for each in folder.iterdir()] == ["orders.jsonl"]
    assert (counted[0], sum(counted[1:])) == (30, 30)


@pytest.mark.parametrize("is_stopped", [True, False], ids=["stopped", "refused"])
@pytest.mark.parametrize("compression", list(Compression))
def test_WHEN_it_ends_early_again_and_again_THEN_the_run_that_goes_on_has_each_item_once(
    tmp_path: Path, compression: Compression, *, is_stopped: bool
) -> None:
    path, steps = tmp_path / "orders.jsonl", Steps()
    for ends_at in (6, 4, 3):
        control = RunControl()
        table = Table(ends_at=ends_at, control=control, is_stopped_there=is_stopped)
        with pytest.raises(RunStopped if is_stopped else AccessDenied):
            list(
                export_to(path, compression=compression).write(
                    table.provider(), Job("run", steps, control=control)
                )
            )
        assert not path.exists()
    table = Table()
    [row] = export_to(path, compression=compression).write(table.provider(), Job("run", steps))
    assert (row.items, row.read_units) == (30, 7.5)
    assert len(table.scans) < SEGMENTS * PAGES
    if compression is Compression.NONE:
        assert ids_in(path) == ALL_IDS


def test_WHEN_it_is_killed_after_a_page_was_written_and_before_that_was_kept_THEN_the_page_is_written_once(
    tmp_path: Path,
) -> None:
    path, steps = tmp_path / "orders.jsonl", Steps()
    with pytest.raises(AccessDenied):
        list(export_to(path).write(Table(ends_at=6).provider(), Job("run", steps)))
    [part] = tmp_path.glob(".run.*.part")
    with part.open("ab") as file:
        file.write(b'{"id":"not kept"}\n{"id":"ha')
    list(export_to(path).write(Table().provider(), Job("run", steps)))
    assert ids_in(path) == ALL_IDS


def test_WHEN_what_was_kept_of_the_file_is_gone_THEN_it_begins_anew(tmp_path: Path) -> None:
    path, steps = tmp_path / "orders.jsonl", Steps()
    with pytest.raises(AccessDenied):
        list(export_to(path).write(Table(ends_at=6).provider(), Job("run", steps)))
    next(tmp_path.glob(".run.*.part")).unlink()
    list(export_to(path).write(Table().provider(), Job("run", steps)))
    assert ids_in(path) == ALL_IDS


def test_WHEN_it_was_killed_just_after_the_file_got_its_name_THEN_that_is_it(tmp_path: Path) -> None:
    path, steps = tmp_path / "orders.jsonl", Steps()
    list(export_to(path).write(Table().provider(), Job("run", steps)))
    table = Table()
    [row] = export_to(path).write(table.provider(), Job("run", steps))
    assert (row.items, row.size_bytes, table.scans) == (30, path.stat().st_size, [])
    with pytest.raises(CantWriteFileAlreadyExists):
        list(export_to(path).write(table.provider(), Job("another run", steps=Steps())))


def test_WHEN_another_run_has_left_a_part_of_the_file_THEN_it_is_told_AND_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "orders.jsonl"
    with pytest.raises(AccessDenied):
        list(export_to(path).write(Table(ends_at=6).provider(), Job("the-run", Steps())))
    assert not caplog.messages
    list(export_to(path).write(Table().provider(), Job("another", Steps())))
    assert caplog.messages == [
        f"run the-run has begun to write {path}: 'runs resume the-run' goes on with it"
    ]
    assert ids_in(path) == ALL_IDS
    assert len(list(tmp_path.glob(".the-run.*.part"))) == 1


def test_WHEN_the_table_was_made_anew_meanwhile_THEN_the_two_are_not_mixed(tmp_path: Path) -> None:
    path, steps = tmp_path / "orders.jsonl", Steps()
    with pytest.raises(AccessDenied):
        list(export_to(path).write(Table(ends_at=6).provider(), Job("run", steps)))
    with pytest.raises(Conflict, match="made anew"):
        list(export_to(path).write(Table(made_at=2).provider(), Job("run", steps)))


@pytest.mark.parametrize("job", [Job(), Job("run")], ids=["no-run", "no-journal"])
def test_WHEN_nobody_can_go_on_THEN_nothing_is_left_AND_the_old_file_is_whole(
    tmp_path: Path, job: Job
) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text("old")
    with pytest.raises(AccessDenied):
        list(export_to(path, overwrite=True).write(Table(ends_at=6).provider(), job))
    assert path.read_text() == "old"
    assert not list(tmp_path.glob(".*.part"))


def test_WHEN_the_file_is_there_THEN_nothing_is_read(tmp_path: Path) -> None:
    path, table = tmp_path / "orders.jsonl", Table()
    path.write_text("old")
    for work in (export_to(path).write, export_to(path).preview):
        with pytest.raises(CantWriteFileAlreadyExists):
            list(work(table.provider()))
    assert table.scans == []


@pytest.mark.parametrize(
    ("destination", "problem"),
    [
        (".", CantWriteFileNotRegular),
        ("..", CantWriteFileNotRegular),
        ("/", CantWriteFileNotRegular),
        ("nowhere/a", CantWriteFileDirDoesntExist),
    ],
)
def test_WHEN_the_destination_can_be_no_file_THEN_it_says_so_AND_nothing_is_read(
    destination: str, problem: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = Table()
    export = replace(export_to(tmp_path), destination=destination)
    for work in (export.write, export.preview):
        with pytest.raises(problem):
            list(work(table.provider()))
    assert table.scans == []


def test_WHEN_it_is_previewed_THEN_the_estimate_is_told_AND_nothing_is_read_or_written(
    tmp_path: Path,
) -> None:
    table = Table()
    [row] = export_to(tmp_path / "{region}{x}.jsonl").preview(table.provider())
    assert Path(row.file).name == "eu-west-1{x}.jsonl"
    assert (row.items, row.size_bytes, row.status) == (30, None, "would be written")
    assert table.scans == []
    assert not list(tmp_path.glob("*.jsonl"))


def test_WHEN_an_export_of_csv_is_gone_on_with_THEN_its_head_is_there_once(tmp_path: Path) -> None:
    path, steps = tmp_path / "orders.csv", Steps()
    export = replace(
        export_to(path), format=ExportFormat.CSV, reading=ItemReading(attributes=["id", "n", "x"])
    )
    with pytest.raises(AccessDenied):
        list(export.write(Table(ends_at=6).provider(), Job("run", steps)))
    list(export.write(Table().provider(), Job("run", steps)))
    head, *lines = path.read_text().splitlines()
    assert head == "id,n,x"
    assert sorted(lines) == [f"{each},0.1," for each in ALL_IDS]


def test_WHEN_a_part_of_the_capacity_is_asked_for_of_a_table_without_THEN_it_says_what_to_give(
    tmp_path: Path,
) -> None:
    described = described_table(BillingModeSummary={"BillingMode": "PAY_PER_REQUEST"}, CreationDateTime=1)
    provider = fake_provider(dynamodb=FakeClient("dynamodb").answers("describe_table", described))
    with pytest.raises(InvalidInput, match="paid per request"):
        list(export_to(tmp_path / "a", percent=10).preview(provider))


def test_WHEN_reading_is_paced_THEN_it_costs_no_more_than_that_a_second() -> None:
    now, slept = [0.0], [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        slept[0] += seconds

    pace = CapacityPace(10, readers=2, sleep=sleep, clock=lambda: now[0])
    cost, items = 0.0, 0
    while cost < 1000:
        count = pace.before_page()
        assert 1 <= count <= 50
        pace.after_page(count * 0.5, count)
        cost += count * 0.5
        items += count
    assert 9.5 <= cost / now[0] <= 10.5


def test_WHEN_a_page_costs_more_than_was_thought_THEN_the_next_ones_wait_for_it() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pace = CapacityPace(1, readers=1, sleep=sleep, clock=lambda: now[0])
    pace.before_page()
    pace.after_page(100, 1)
    pace.before_page()
    assert now[0] == 100
