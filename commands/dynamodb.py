"""``dynamodb``: tables and their items, as plain JSON."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from commands import (  # noqa: F401 - they register their verbs
    dynamodb_backups,
    dynamodb_export,
    dynamodb_settings,
    dynamodb_transfers,
)
from commands.app import settings_of
from commands.dynamodb_parameters import (
    FILE_OR_STREAM,
    INDEX,
    JSON_OBJECT,
    KEY_TYPE,
    NAME_AND_JSON,
    PROGRAM_ON_SANDBOX,
    attributes_option,
    condition_from,
    condition_options,
    consistent_option,
    dynamodb,
    keep_before_option,
    key_argument,
    opened,
    reading_options,
    table_argument,
)
from commands.lazy import lazy
from commands.parameters import FILE, NAME_AND_VALUE, UTF8_TEXT, each_once, wait_options
from commands.shapes import Shape, WatchedWork

if TYPE_CHECKING:
    from aws_operations.dynamodb import (
        changes,
        items as operations,
        json_lines as dynamodb_lines,
        many_items as reads,
        plain_json as dynamodb_json,
    )
else:
    operations = lazy("aws_operations.dynamodb.items")
    changes = lazy("aws_operations.dynamodb.changes")
    dynamodb_json = lazy("aws_operations.dynamodb.plain_json")
    dynamodb_lines = lazy("aws_operations.dynamodb.json_lines")
    reads = lazy("aws_operations.dynamodb.many_items")

NEW_ITEM = """'{"customer": "c-9", "order": "1", "total": 7.5}'"""
SAMPLE_KEY = """'{"customer": "c-1", "order": "2026-01-07-1"}'"""


@dynamodb.verb("tables", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} tables")
@click.option("--details", is_flag=True, help="Describe each table, with a call for each.")
def tables(*, details: bool) -> Any:
    """List tables."""
    return reads.table_summaries if details else operations.tables


@dynamodb.verb("describe", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} describe orders")
@table_argument
def describe(table: str) -> Any:
    """Show a table: its state, keys, indexes and size.

    Items and bytes are AWS's estimate, up to six hours old.
    """
    return partial(operations.table, table)


@dynamodb.verb(
    "create",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} create my-table --key customer:S --key order:S --dry-run",
)
@table_argument
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
@click.option("--tag", "tags", type=NAME_AND_VALUE, multiple=True, help="Tag it NAME=VALUE; repeatable.")
def create(table: str, keys: Any, indexes: Any, tags: tuple[tuple[str, str], ...]) -> Any:
    """Create a table that is paid per request; a name that is taken is an error.

    AWS takes some seconds to make it: "dynamodb wait" says when it can be used.
    """
    return partial(
        changes.plan_create_table,
        table,
        _key(keys),
        indexes=tuple(changes.TableIndex(name, _key(key)) for name, key in indexes),
        tags=each_once("tag", tags),
    )


def _key(pairs: tuple[tuple[str, str], ...]) -> tuple[Any, ...]:
    return tuple(changes.KeyAttribute(name, kind) for name, kind in pairs)


@dynamodb.verb("drop", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} drop orders --dry-run")
@table_argument
def drop(table: str) -> Any:
    """Drop a table with all its items and indexes; an absent one is nothing to do.

    This cannot be undone. A table with deletion protection is left alone.
    """
    return partial(changes.plan_drop_table, table)


@dynamodb.verb("wait", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} wait orders --timeout 1m")
@table_argument
@click.option(
    "--state",
    type=click.Choice(["active", "absent"], case_sensitive=False),
    default="active",
    show_default=True,
    help="What to wait for.",
)
@wait_options
def wait(table: str, state: Any, timeout: int, interval: int) -> Any:
    """Wait until a table can be used, or until it is gone."""
    return partial(reads.wait_for_table, table, state, timeout=timeout, interval=interval)


@dynamodb.verb("get", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} get orders {SAMPLE_KEY}")
@table_argument
@key_argument
@attributes_option
@consistent_option
def get(table: str, key: Any, *, attributes: tuple[str, ...] | None, consistent: bool) -> Any:
    """Show the item of a key, given whole as JSON.

    An absent item is no row and exit code 0, as for the aws command; an absent table is an error.

    Items are plain JSON. {"$binary": "BASE64"} is binary, {"$set": [...]} a set, {"$number": "..."} a
    number beyond what other programs read exactly, and {"$map": {...}} a map that has just one of these
    names; the same goes for JSON that is given.
    """
    return partial(operations.item, table, key, attributes=attributes, consistent=consistent)


@dynamodb.verb(
    "put",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} put orders {NEW_ITEM} --dry-run",
)
@table_argument
@click.argument("item", metavar="[ITEM_JSON]", type=JSON_OBJECT, required=False)
@click.option("--file", type=FILE_OR_STREAM, help="Read the item from this file; - is standard input.")
@click.option("--overwrite", is_flag=True, help="Replace an item that is there.")
@keep_before_option
@condition_options
def put(
    table: str, item: Any, *, file: str | None, overwrite: bool, keep_before: bool, **expression: Any
) -> Any:
    """Store an item, given as JSON; one that is there is an error unless --overwrite.

    It is written only if no attribute of the item that is there has changed since it was planned; one that
    others add just then, and the new item does not have, is not seen.
    """
    if (item is None) == (file is None):
        raise click.UsageError("give the item as ITEM_JSON or with --file, one of the two")
    if file is not None:
        item = dynamodb_json.parse_item(dynamodb_lines.read_text(opened(file)))
    return partial(
        changes.plan_put,
        table,
        item,
        overwrite=overwrite,
        condition=_condition(expression),
        keep_before=keep_before,
    )


def _condition(options: dict[str, Any]) -> Any:
    return condition_from(options["condition"], options["names"], options["values"], option="--condition")


@dynamodb.verb(
    "update",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} update orders {SAMPLE_KEY} --set 'status=\"open\"' --dry-run",
)
@table_argument
@key_argument
@click.option(
    "--set", "assign", type=NAME_AND_JSON, multiple=True, help="Set this attribute; text is in quotes."
)
@click.option("--remove", type=UTF8_TEXT, metavar="NAME", multiple=True, help="Take this attribute away.")
@click.option(
    "--add", type=NAME_AND_JSON, multiple=True, help='Add to a number, or to a set: \'tags={"$set": ["x"]}\'.'
)
@click.option(
    "--expression",
    type=UTF8_TEXT,
    metavar="EXPR",
    help="In place of these, an update expression of DynamoDB's: 'SET #m.city = :city'.",
)
@click.option("--create", is_flag=True, help="Make the item if it is not there.")
@keep_before_option
@condition_options
def update(table: str, key: Any, *, create: bool, keep_before: bool, **options: Any) -> Any:
    """Change attributes of an item; an absent item is an error unless --create.

    The plan works out what will become of the item (but for --expression), and it is written only if
    the attributes are still as planned: two updates at once never lose one, nor count anything twice.
    """
    expression, condition = options["expression"], options["condition"]
    if expression is None and condition is None and (options["names"] or options["values"]):
        raise click.UsageError("--names and --values go with --expression and --condition")
    whole = None if expression is None else _condition({**options, "condition": expression})
    asked = changes.ItemUpdate(
        assign=each_once("attribute to --set", options["assign"]),
        remove=options["remove"],
        add=each_once("attribute to --add to", options["add"]),
        expression=whole,
    )
    given = None if condition is None else _condition(options)
    return partial(
        changes.plan_update, table, key, asked, create=create, condition=given, keep_before=keep_before
    )


@dynamodb.verb(
    "delete", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} delete orders {SAMPLE_KEY} --dry-run"
)
@table_argument
@key_argument
@keep_before_option
@condition_options
def delete(table: str, key: Any, *, keep_before: bool, **expression: Any) -> Any:
    """Delete the item of a key; an absent one is nothing to do.

    It is deleted only if none of its attributes has changed since it was planned; one that others add just
    then is not seen.
    """
    return partial(changes.plan_delete, table, key, condition=_condition(expression), keep_before=keep_before)


@dynamodb.verb(
    "query",
    shape=Shape.ROWS,
    example=f"""{PROGRAM_ON_SANDBOX} query orders '{{"customer": "c-1"}}' --begins-with 2026-02""",
)
@table_argument
@click.argument("partition", metavar="PARTITION_JSON", type=JSON_OBJECT)
@click.option("--equals", type=UTF8_TEXT, metavar="V", help="Only with this sort key.")
@click.option("--begins-with", type=UTF8_TEXT, metavar="V", help="Only sort keys that begin so.")
@click.option("--from", "from_", type=UTF8_TEXT, metavar="V", help="Only sort keys from this one on.")
@click.option("--to", type=UTF8_TEXT, metavar="V", help="Only sort keys up to this one, itself included.")
@click.option(
    "--between",
    type=(UTF8_TEXT, UTF8_TEXT),
    metavar="V V",
    help="Both: sort keys from the first to the second.",
)
@click.option("--reverse", is_flag=True, help="The last one first.")
@reading_options
def query(table: str, partition: Any, *, reverse: bool, **options: Any) -> Any:
    """Show the items with one partition key, in the order of the sort key.

    Sort keys are given without quotes; binary ones in base64.
    """
    return partial(
        reads.query, table, partition, sort=_sort(options), reverse=reverse, reading=_reading(options)
    )


def _sort(options: dict[str, Any]) -> Any:
    low, high = options["from_"], options["to"]
    between = options["between"] or ((low, high) if low is not None and high is not None else None)
    choices = {
        "=": options["equals"],
        "begins_with": options["begins_with"],
        ">=": low if high is None else None,
        "<=": high if low is None else None,
        "between": between,
    }
    given = [(comparison, value) for comparison, value in choices.items() if value is not None]
    if len(given) > 1 or (options["between"] and (low is not None or high is not None)):
        raise click.UsageError("give one of --equals, --begins-with, --between, or --from and --to")
    for comparison, value in given:
        return reads.SortChoice(comparison, *(value if isinstance(value, tuple) else (value,)))
    return None


def _reading(options: dict[str, Any]) -> Any:
    return reads.ItemReading(
        index=options["index"],
        attributes=options["attributes"],
        filter=condition_from(options["filter_"], options["names"], options["values"], option="--filter"),
        limit=options["limit"],
        consistent=options["consistent"],
    )


@dynamodb.verb("scan", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} scan orders --attributes order,total")
@table_argument
@click.option(
    "--segments", type=click.IntRange(min=1), default=1, show_default=True, help="Read so many parts at once."
)
@reading_options
def scan(table: str, *, segments: int, **options: Any) -> Any:
    """Show every item of a table or index, in no particular order."""
    return partial(reads.scan, table, segments=segments, reading=_reading(options))


@dynamodb.verb("batch-get", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} batch-get orders -")
@table_argument
@click.argument("file", type=FILE_OR_STREAM)
@attributes_option
@consistent_option
def batch_get(table: str, file: str, *, attributes: tuple[str, ...] | None, consistent: bool) -> Any:
    """Show the items of the keys in a file, a key as JSON on each line; - is standard input.

    Absent items are left out, and a warning names their lines.
    """
    keys = reads.keys_in(opened(file))
    return partial(reads.batch_get, table, keys, attributes=attributes, consistent=consistent)


@dynamodb.verb(
    "batch-write", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} batch-write orders - --dry-run"
)
@table_argument
@click.argument("file", type=FILE_OR_STREAM)
@click.option("--overwrite", is_flag=True, help="Replace items that are there and differ.")
@click.option(
    "--left-over",
    type=FILE,
    metavar="FILE",
    help="Write the lines that were not carried out to this file, which must not exist; none left: no file.",
)
@keep_before_option
@click.pass_context
def batch_write(
    context: click.Context,
    table: str,
    file: str,
    *,
    overwrite: bool,
    left_over: str | None,
    keep_before: bool,
) -> Any:
    """Put and delete the items in a file, {"put": ITEM} or {"delete": KEY} on each line; - is standard input.

    Nothing is sent if a line is wrong or two are of the same item. An item that is there already just so
    is nothing to do, so the same file can be run again. Lines that failed, or may have, go to --left-over.

    A batch has no conditions: what others write to these items in the same moment is lost.
    """
    settings = settings_of(context)
    for chosen, part in ((settings.accounts, "{account}"), (settings.regions, "{region}")):
        if left_over is not None and len(chosen) > 1 and part not in left_over:
            raise click.UsageError(
                f"{len(chosen)} targets would write left-over lines to {left_over}; put {part} into its name"
            )
    batch = changes.BatchWrite(
        table,
        changes.batch_requests(opened(file)),
        overwrite=overwrite,
        left_over=left_over,
        keep_before=keep_before,
    )
    return WatchedWork(batch.plan, batch.watch)
