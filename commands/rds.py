"""``rds``: databases, instances and clusters alike, and their snapshots."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from commands.app import noun
from commands.lazy import lazy
from commands.parameters import NAME_AND_VALUE, UTF8_TEXT, each_once, wait_options
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations.rds import changes, databases as operations, details
else:
    operations = lazy("aws_operations.rds.databases")
    changes = lazy("aws_operations.rds.changes")
    details = lazy("aws_operations.rds.details")

rds = noun("rds", help="Databases, instances and clusters alike, and their snapshots.")

PROGRAM_ON_SANDBOX = "manage-resources --sandbox rds"

_KINDS = click.Choice(["instance", "cluster"], case_sensitive=False)

database_argument = click.argument("database", metavar="DB", type=UTF8_TEXT)
databases_argument = click.argument("databases", metavar="DB...", type=UTF8_TEXT, nargs=-1, required=True)
kind_option = click.option(
    "--kind", type=_KINDS, help="Which one is meant where an instance and a cluster share a name."
)


@rds.verb("list", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} list --status available")
@click.option("--kind", type=_KINDS, help="Only instances, or only clusters.")
@click.option(
    "--db-engine",
    "engine",
    type=UTF8_TEXT,
    help="Only this engine: postgres, aurora-mysql; aurora is both of Aurora's.",
)
@click.option("--status", type=UTF8_TEXT, help="Only those in this state, such as available or stopped.")
@click.option(
    "--tag",
    "tags",
    type=NAME_AND_VALUE,
    multiple=True,
    help="Only those with this tag; repeatable.",
)
def list_(kind: str | None, engine: str | None, status: str | None, tags: tuple[tuple[str, str], ...]) -> Any:
    """List databases: instances, then clusters. A member of a cluster is an instance that names it.

    Those of Neptune and DocumentDB share the API and are listed too; their engine tells.
    """
    wanted = operations.DatabaseFilter(
        kind,
        engine.lower() if engine else None,
        status.lower() if status else None,
        each_once("tag", tags),
    )
    return partial(operations.databases, wanted)


@rds.verb("show", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} show orders-db")
@database_argument
@kind_option
def show(database: str, kind: str | None) -> Any:
    """Show all that is known of an instance or a cluster, by its identifier or ARN."""
    return partial(details.database, database, kind=kind)


@rds.verb("endpoints", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} endpoints reports")
@click.argument("database", metavar="[DB]", type=UTF8_TEXT, required=False)
@click.option("--kind", type=_KINDS, help="Only instances, or only clusters.")
def endpoints(database: str | None, kind: str | None) -> Any:
    """List the addresses to connect to: an instance's, or a cluster's writer, reader and custom ones."""
    return partial(details.endpoints, database, kind=kind)


@rds.verb("start", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} start archive-db --dry-run")
@databases_argument
@kind_option
def start(databases: tuple[str, ...], kind: str | None) -> Any:
    """Start stopped databases; what is available or starting is nothing to do.

    Done once AWS has taken the order; "rds wait" waits for the end. A cluster starts with all its
    members, none of them alone.
    """
    return partial(changes.plan_start, databases, kind=kind)


@rds.verb("stop", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} stop orders-db --dry-run")
@databases_argument
@kind_option
def stop(databases: tuple[str, ...], kind: str | None) -> Any:
    """Stop available databases; what is stopped or stopping is nothing to do.

    AWS starts a stopped database again after seven days.

    Done once AWS has taken the order; "rds wait --state stopped" waits for the end. A cluster stops with
    all its members, none of them alone.
    """
    return partial(changes.plan_stop, databases, kind=kind)


@rds.verb("reboot", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} reboot orders-db --dry-run")
@databases_argument
@kind_option
def reboot(databases: tuple[str, ...], kind: str | None) -> Any:
    """Reboot available databases, which ends all connections to them.

    Of an Aurora, Neptune or DocumentDB cluster reboot the instances: it has no reboot of its own.
    """
    return partial(changes.plan_reboot, databases, kind=kind)


@rds.verb("wait", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} wait orders-db")
@databases_argument
@click.option(
    "--state",
    type=click.Choice(["available", "stopped", "deleted"], case_sensitive=False),
    default="available",
    show_default=True,
    help="What they are all to be.",
)
@kind_option
@wait_options
def wait(databases: tuple[str, ...], state: str, kind: str | None, *, timeout: int, interval: int) -> Any:
    """Wait until databases are available, stopped or deleted; -v tells of the states between.

    One that has failed, or is deleted meanwhile, ends it at once. The time-out is for all together.
    """
    return partial(details.wait, databases, state, timeout=timeout, interval=interval, kind=kind)


snapshots = rds.group("snapshots", help="Snapshots of instances and clusters.")


@snapshots.verb("list", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} snapshots list orders-db")
@click.argument("database", metavar="[DB]", type=UTF8_TEXT, required=False)
@click.option("--kind", type=_KINDS, help="Only those of instances, or only those of clusters.")
@click.option(
    "--type",
    "snapshot_type",
    type=click.Choice(["manual", "automated", "awsbackup"], case_sensitive=False),
    help="Only those that somebody took, that AWS took by itself, or of AWS Backup.",
)
def snapshots_list(database: str | None, kind: str | None, snapshot_type: str | None) -> Any:
    """List snapshots, all or those of one database, also of one that is gone."""
    return partial(details.snapshots, database, kind=kind, snapshot_type=snapshot_type)


@snapshots.verb(
    "create",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} snapshots create orders-db orders-db-before-change --dry-run",
)
@database_argument
@click.argument("name", type=UTF8_TEXT)
@kind_option
def snapshots_create(database: str, name: str, kind: str | None) -> Any:
    """Take a snapshot of an instance or a cluster; a name that is taken is an error.

    Done once AWS has begun; "rds snapshots list" tells how far it is. {account} and {region} may stand
    in both names.
    """
    return partial(changes.plan_create_snapshot, database, name, kind=kind)


@snapshots.verb(
    "delete",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} snapshots delete orders-db-before-upgrade --dry-run",
)
@click.argument("names", metavar="NAME...", type=UTF8_TEXT, nargs=-1, required=True)
@kind_option
def snapshots_delete(names: tuple[str, ...], kind: str | None) -> Any:
    """Delete manual snapshots for good. Automated ones cannot be deleted: AWS does that."""
    return partial(changes.plan_delete_snapshots, names, kind=kind)


tags = rds.group("tags", help="Tags of an instance or a cluster.")


@tags.verb("get", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} tags get orders-db")
@database_argument
@kind_option
def tags_get(database: str, kind: str | None) -> Any:
    """Show the tags of an instance or a cluster."""
    return partial(details.tags, database, kind=kind)


@tags.verb(
    "set",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} tags set orders-db stage=sandbox team=ops --dry-run",
)
@database_argument
@click.argument("tags", metavar="NAME=VALUE...", type=NAME_AND_VALUE, nargs=-1)
@kind_option
def tags_set(database: str, tags: tuple[tuple[str, str], ...], kind: str | None) -> Any:
    """Make the tags of an instance or a cluster exactly these; none given means no tags.

    AWS's own, which start with aws:, stay.
    """
    return partial(changes.plan_set_tags, database, each_once("tag", tags), kind=kind)
