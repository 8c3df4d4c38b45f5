"""Exports of tables to local files: in parallel segments, at a pace, and gone on with after any end."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import SegmentPage, TableDescription
from aws_interactions.local_files import CantWriteFileNotRegular, check_destination
from aws_operations.dynamodb.capacity_pace import CapacityPace
from aws_operations.dynamodb.export_file import KEEP_SECONDS, ExportFile, ExportPart
from aws_operations.dynamodb.export_formats import Compression, ExportFormat, Lines, compressor, lines_in
from aws_operations.dynamodb.many_items import EVERYTHING, ItemReading
from aws_operations.jobs import ALONE, Job
from aws_operations.run_control import RunStopped
from aws_operations.targets import fill_path_template, fill_template

DEFAULT_SEGMENTS = 4
MOST_READERS = 8


@dataclass(frozen=True, slots=True)
class ExportRow:
    """What an export wrote, or would write: then ``items`` is AWS's estimate and the rest is not known."""

    table: str
    file: str
    items: int
    size_bytes: int | None
    read_units: float | None
    status: str


@dataclass(frozen=True, slots=True)
class Export:
    """A table, or what of it ``reading`` lets through, as a local file.

    Names may hold ``{account}`` and ``{region}``. ``columns`` are those of CSV. At most ``units_per_second``
    read units are consumed, or ``percent`` of what the table has provisioned. How far
    the export is, is kept whenever so many seconds have gone by, and every few megabytes.
    """

    table: str
    destination: str
    format: ExportFormat = ExportFormat.JSONL
    compression: Compression = Compression.NONE
    segments: int = DEFAULT_SEGMENTS
    reading: ItemReading = EVERYTHING
    overwrite: bool = False
    units_per_second: float | None = None
    percent: float | None = None
    keep_seconds: float = KEEP_SECONDS

    def write(self, aws_provider: AwsClientProvider, job: Job = ALONE) -> Iterator[ExportRow]:
        """Write the file and yield what was written (DescribeTable, Scan in segments).

        The file has its name once it is whole. Items that are written meanwhile may be in it or not. Where
        ``job`` keeps how far it is, a run that ended early is gone on with, and no item is in it twice.
        """
        table, path, described = self._looked_up(aws_provider)
        head, lines = lines_in(self.format, self.reading.attributes)
        compress = compressor(self.compression)
        pace = self._pace(table, aws_provider, job)
        file = ExportFile(
            path,
            job,
            segments=self.segments,
            overwrite=self.overwrite,
            head=head,
            compress=compress,
            made_at=str(described.created_at),
            keep_seconds=self.keep_seconds,
        )
        job.expect(described.item_count)
        job.done(file.tally.scanned)
        with file:
            if file.left:
                self._read(table, file, lines, pace, aws_provider, job)
            file.finish()
        tally = file.tally
        yield ExportRow(table, str(path), tally.items, tally.length, tally.read_units, "written")

    def preview(self, aws_provider: AwsClientProvider) -> Iterator[ExportRow]:
        """Yield what ``write`` would write, reading no item and writing nothing (DescribeTable)."""
        table, path, described = self._looked_up(aws_provider)
        lines_in(self.format, self.reading.attributes)
        compressor(self.compression)
        self._units(table, aws_provider)
        check_destination(path, overwrite=self.overwrite)
        yield ExportRow(table, str(path), described.item_count, None, None, "would be written")

    def _looked_up(self, aws_provider: AwsClientProvider) -> tuple[str, Path, TableDescription]:
        table = fill_template(self.table, aws_provider)
        path = Path(fill_path_template(self.destination, aws_provider))
        if not path.name:
            raise CantWriteFileNotRegular(path)
        described = dynamodb_interactions.describe_table(table, aws_provider)
        if self.reading.index is not None:
            described.index(self.reading.index)
        return table, path, described

    def _read(
        self,
        table: str,
        file: ExportFile,
        lines: Lines,
        pace: CapacityPace | None,
        aws_provider: AwsClientProvider,
        job: Job,
    ) -> None:
        def part_of(page: SegmentPage) -> ExportPart:
            if pace is not None:
                pace.after_page(page.capacity_units, page.scanned)
            return ExportPart(
                page.segment,
                lines(page.items),
                len(page.items),
                page.next_key,
                page.scanned,
                page.capacity_units,
            )

        options: dict[str, Any] = self.reading.options()
        del options["limit"]
        if pace is not None:
            options["before_page"] = pace.before_page
        parts = dynamodb_interactions.scan_segments(
            table, aws_provider, segments=self.segments, left=file.left, make=part_of, **options
        )
        try:
            for part in parts:
                file.add(part)
                job.done(part.scanned)
                job.control.check()
        except RunStopped:
            file.keep()
            raise

    def _pace(self, table: str, aws_provider: AwsClientProvider, job: Job) -> CapacityPace | None:
        units = self._units(table, aws_provider)
        if units is None:
            return None
        return CapacityPace(units, readers=min(self.segments, MOST_READERS), sleep=job.control.sleep)

    def _units(self, table: str, aws_provider: AwsClientProvider) -> float | None:
        if self.percent is None:
            return self.units_per_second
        capacity = dynamodb_interactions.get_capacity(table, aws_provider)
        index = self.reading.index
        found = capacity.throughput if index is None else capacity.indexes.get(index, capacity.throughput)
        if found is None:
            raise InvalidInput(
                f"table {table} is paid per request, and has no capacity to take a part of: "
                "say how many read units a second it may be"
            )
        share = found.read_units * self.percent / 100
        return share if self.units_per_second is None else min(share, self.units_per_second)
