"""``dynamodb export``: a table as a local file."""

from typing import TYPE_CHECKING, Any

import click

from commands.dynamodb_parameters import (
    PROGRAM_ON_SANDBOX,
    attributes_option,
    condition_from,
    consistent_option,
    dynamodb,
    expression_options,
    table_argument,
)
from commands.lazy import lazy
from commands.parameters import FILE, UTF8_TEXT
from commands.shapes import JobWork, Shape

if TYPE_CHECKING:
    from aws_operations.dynamodb import export as exports, export_formats, many_items as reads
else:
    exports = lazy("aws_operations.dynamodb.export")
    export_formats = lazy("aws_operations.dynamodb.export_formats")
    reads = lazy("aws_operations.dynamodb.many_items")

_COMPRESSION_BY_ENDING = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_FORMATS = ("jsonl", "csv", "dynamodb-json")


@dynamodb.verb(
    "export", shape=Shape.BYTES, example=f"{PROGRAM_ON_SANDBOX} export orders orders.jsonl.gz --dry-run"
)
@table_argument
@click.argument("file", type=FILE)
@click.option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS, case_sensitive=False),
    help="A line is plain JSON as in get, CSV, or DynamoDB's own JSON; by the file's name unless given.",
)
@click.option(
    "--compress",
    type=click.Choice(["none", "gzip", "zstd"], case_sensitive=False),
    help="By the end of the file's name, .gz or .zst, unless given.",
)
@click.option(
    "--segments",
    type=click.IntRange(min=1, max=1_000_000),
    default=4,
    show_default=True,
    help="Divide the table into so many parts; up to eight are read at once.",
)
@click.option(
    "--rcu",
    type=click.FloatRange(min=0, min_open=True),
    help="Consume at most so many read units a second in each target.",
)
@click.option(
    "--percent",
    type=click.FloatRange(min=0, max=100, min_open=True),
    help="Consume at most this part of the read units that the table has provisioned.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there, once the new one is whole.")
@click.option("--index", type=UTF8_TEXT, help="Read this index.")
@attributes_option
@click.option(
    "--filter",
    "filter_",
    type=UTF8_TEXT,
    metavar="EXPR",
    help="Only items for which this holds; what it leaves out is read, and paid for, all the same.",
)
@consistent_option
@expression_options
def export(table: str, file: str, *, format_: str | None, compress: str | None, **options: Any) -> Any:
    """Export a table, or an index, to a local file, an item a line in no particular order.

    The file gets its name once it is whole. A run that ended early, killed or not, is gone on with by "runs
    resume": no item is then lost or in the file twice.

    CSV needs --attributes, its columns. A cell is JSON as in get, but text is as it is; where that would
    be mistaken for something else, such as "12", or for a formula, it is in double quotes. A cell with
    nothing in it: no such attribute.

    For several targets put {account} or {region} into the file's name.
    """
    if _is_csv(file, format_) and not options["attributes"]:
        raise click.UsageError("CSV has one list of columns: name them with --attributes")
    work = exports.Export(
        table,
        file,
        format=export_formats.ExportFormat(format_ or ("csv" if _is_csv(file, format_) else "jsonl")),
        compression=export_formats.Compression(compress or _compression_of(file)),
        segments=options["segments"],
        reading=reads.ItemReading(
            index=options["index"],
            attributes=options["attributes"],
            filter=condition_from(options["filter_"], options["names"], options["values"], option="--filter"),
            consistent=options["consistent"],
        ),
        overwrite=options["overwrite"],
        units_per_second=options["rcu"],
        percent=options["percent"],
    )
    return JobWork(file, write=work.write, preview=work.preview)


def _compression_of(file: str) -> str:
    endings = (name for ending, name in _COMPRESSION_BY_ENDING.items() if file.lower().endswith(ending))
    return next(endings, "none")


def _is_csv(file: str, format_: str | None) -> bool:
    if format_ is not None:
        return format_ == "csv"
    name = file.lower()
    for ending in _COMPRESSION_BY_ENDING:
        name = name.removesuffix(ending)
    return name.endswith(".csv")
