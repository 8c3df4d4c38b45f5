"""``dynamodb backup`` and ``dynamodb restore``: tables as they were."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from commands.dynamodb_parameters import (
    PROGRAM_ON_SANDBOX,
    TABLE,
    dynamodb,
    follow_options,
    following_from,
    table_argument,
    tables_argument,
)
from commands.lazy import lazy
from commands.parameters import UTF8_TEXT
from commands.s3_parameters import MOMENT
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations.dynamodb import backups as operations, changes
else:
    changes = lazy("aws_operations.dynamodb.changes")
    operations = lazy("aws_operations.dynamodb.backups")

SAMPLE_BACKUP = "orders-before-launch"

backup = dynamodb.group("backup", help="Backups of tables.")


@backup.verb("ls", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} backup ls orders")
@click.argument("table", metavar="[TABLE]", type=TABLE, required=False)
def backup_ls(table: str | None) -> Any:
    """List backups, all or those of one table, also of one that is gone.

    Those of the type USER were made with DynamoDB itself, AWS_BACKUP by AWS Backup; SYSTEM is what AWS keeps
    for 35 days of a dropped table that could be restored to any second.
    """
    return partial(operations.backups, table)


@backup.verb(
    "create",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} backup create orders --name orders-before-change --dry-run",
)
@tables_argument
@click.option("--name", required=True, type=UTF8_TEXT, help="The backup's name; {account}, {region} work.")
def backup_create(tables: tuple[str, ...], *, name: str) -> Any:
    """Back tables up as they are now; a name that the table has for a backup is an error.

    Done once AWS has begun, which takes what the table was at that moment; "dynamodb backup ls" tells how
    far it is. Several tables may have backups of one name.
    """
    return partial(changes.plan_create_backup, tables, name)


@backup.verb(
    "delete", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} backup delete {SAMPLE_BACKUP} --dry-run"
)
@click.argument("backups", metavar="BACKUP...", type=UTF8_TEXT, nargs=-1, required=True)
def backup_delete(backups: tuple[str, ...]) -> Any:
    """Delete backups for good, by name or ARN; a name of several backups is an error."""
    return partial(changes.plan_delete_backups, backups)


@dynamodb.verb(
    "restore",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} restore orders-again --backup {SAMPLE_BACKUP} --dry-run",
)
@table_argument
@click.option("--backup", type=UTF8_TEXT, metavar="BACKUP", help="Restore this backup, by name or ARN.")
@click.option("--from", "source", type=TABLE, metavar="TABLE", help="Restore what this table was.")
@click.option(
    "--at",
    type=MOMENT,
    metavar="TIME",
    help="With --from: as it was then, 2026-01-31T18:00Z, or so long ago: 2h, 3d. The latest unless given.",
)
@click.option("--on-demand", is_flag=True, help="Pay for the new table by request, whatever the other was.")
@follow_options
def restore(
    table: str, *, backup: str | None, source: str | None, at: Any, on_demand: bool, **waiting: Any
) -> Any:
    """Make a new table from a backup, or as another table was; a name that is taken is an error.

    AWS restores items and indexes, but no tags, expiry, recovery, protection or scaling: set them again. It
    takes minutes to hours. Past --timeout the exit code is 7 and AWS goes on; "runs resume" looks
    again. -v tells of the states between.
    """
    if at is not None and source is None:
        raise click.UsageError("--at goes with --from")
    more = {"on_demand": on_demand, "following": following_from(waiting)}
    if source is not None and backup is None:
        return partial(changes.plan_restore_table, table, source, at=at, **more)
    if backup is not None and source is None:
        return partial(changes.plan_restore_backup, table, backup, **more)
    raise click.UsageError("give --backup or --from, one of the two")
