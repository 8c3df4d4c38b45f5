"""``dynamodb export-to-s3`` and ``dynamodb import-from-s3``: tables and S3, by DynamoDB itself."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from commands.dynamodb_parameters import (
    INDEX,
    KEY_TYPE,
    NAME_LIST,
    PROGRAM_ON_SANDBOX,
    dynamodb,
    follow_options,
    following_from,
    table_argument,
)
from commands.lazy import lazy
from commands.parameters import BUCKET_TO_LIST, UTF8_TEXT
from commands.s3_parameters import MOMENT, SAMPLE
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations.dynamodb import changes
else:
    changes = lazy("aws_operations.dynamodb.changes")

_DELIMITERS = click.Choice([",", "tab", ":", ";", "|", "space"])
_SIGNS = {"tab": "\t", "space": " "}
_FORMATS = {"dynamodb-json": "DYNAMODB_JSON", "csv": "CSV", "ion": "ION"}

_owner_option = click.option(
    "--bucket-owner", type=UTF8_TEXT, metavar="ACCOUNT", help="The account of the bucket, if it is another."
)


@dynamodb.verb(
    "export-to-s3",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} export-to-s3 orders {SAMPLE} --dry-run",
)
@table_argument
@click.argument("bucket", type=BUCKET_TO_LIST)
@click.option("--prefix", type=UTF8_TEXT, help="Write under this prefix; the table's name unless given.")
@click.option(
    "--at",
    type=MOMENT,
    metavar="TIME",
    help="As it was then, 2026-01-31T18:00Z, or so long ago: 2h, 3d. As it is now unless given.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["dynamodb-json", "ion"]),
    default="dynamodb-json",
    show_default=True,
    help="What to write.",
)
@_owner_option
@click.option("--kms-key", type=UTF8_TEXT, help="Encrypt with this KMS key, not with one of S3's own.")
@follow_options
def export_to_s3(
    table: str,
    bucket: str,
    *,
    prefix: str | None,
    at: Any,
    format_: str,
    bucket_owner: str | None,
    kms_key: str | None,
    **waiting: Any,
) -> Any:
    """Have DynamoDB write a whole table to S3, without reading from the table's capacity.

    The table needs point-in-time recovery: "dynamodb pitr set". What is written lies in
    PREFIX/AWSDynamoDB/ID/, and is paid for by its size. Past --timeout the exit code is 7 and AWS goes on;
    "runs resume" looks again. -v tells how far it is.
    """
    return partial(
        changes.plan_export_table,
        table,
        changes.ExportPlace(bucket, prefix, bucket_owner, kms_key),
        at=at,
        ion=format_ == "ion",
        following=following_from(waiting),
        token=changes.new_token(),
    )


@dynamodb.verb(
    "import-from-s3",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} import-from-s3 orders-again {SAMPLE} --key customer:S --dry-run",
)
@table_argument
@click.argument("bucket", type=BUCKET_TO_LIST)
@click.option(
    "--key",
    "keys",
    type=KEY_TYPE,
    multiple=True,
    required=True,
    help="The partition key, and given again the sort key; S is text, N a number, B binary.",
)
@click.option(
    "--index",
    "indexes",
    type=INDEX,
    multiple=True,
    metavar="INDEX=NAME:TYPE[,NAME:TYPE]",
    help="A global index with its key, by-status=status:S,order:S; repeatable.",
)
@click.option("--prefix", type=UTF8_TEXT, help="Only objects under this prefix; all of them are read.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(_FORMATS)),
    default="dynamodb-json",
    show_default=True,
    help="What the objects hold.",
)
@click.option(
    "--compression",
    type=click.Choice(["none", "gzip", "zstd"]),
    default="none",
    show_default=True,
    help="How all objects are compressed; exports are with gzip.",
)
@click.option(
    "--delimiter", type=_DELIMITERS, help="What is between the columns of CSV; a comma unless given."
)
@click.option(
    "--columns", type=NAME_LIST, metavar="A,B", help="The columns of CSV, where no first line names them."
)
@_owner_option
@follow_options
def import_from_s3(table: str, bucket: str, keys: Any, indexes: Any, **options: Any) -> Any:
    """Have DynamoDB make a new table from objects in S3; a name that is taken is an error.

    It is paid for by request. Items that cannot be imported are left out, the exit code is then 5, and AWS's
    log group says which. Of several items with one key any may stay. Past --timeout the exit code is
    7 and AWS goes on; "runs resume" looks again. -v tells how many items are in.
    """
    format_, delimiter, columns = options["format_"], options["delimiter"], options["columns"]
    if format_ != "csv" and (delimiter or columns):
        raise click.UsageError("--delimiter and --columns go with --format csv")
    source = changes.ImportSource(
        bucket,
        options["prefix"],
        _FORMATS[format_],
        options["compression"].upper(),
        options["bucket_owner"],
        None if delimiter is None else _SIGNS.get(delimiter, delimiter),
        columns or (),
    )
    return partial(
        changes.plan_import_table,
        table,
        tuple(changes.KeyAttribute(*each) for each in keys),
        source,
        indexes=tuple(
            changes.TableIndex(name, tuple(changes.KeyAttribute(*each) for each in key))
            for name, key in indexes
        ),
        following=following_from(options),
        token=changes.new_token(),
    )
