"""``rds``: databases, instances and clusters alike, and their snapshots."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from commands.app import noun
from commands.lazy import lazy
from commands.parameters import NAME_AND_VALUE, UTF8_TEXT
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations import rds as operations, rds_details as details
else:
    operations = lazy("aws_operations.rds")
    details = lazy("aws_operations.rds_details")

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
    "--engine", type=UTF8_TEXT, help="Only this engine: postgres, aurora-mysql; aurora is both of Aurora's."
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
        _each_once("tag", tags),
    )
    return partial(operations.databases, wanted)


def _each_once(what: str, pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name in found if [given for given, _ in pairs].count(name) > 1)
        raise click.UsageError(f"the {what} {twice!r} is given twice")
    return found


@rds.verb("show", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} show orders-db --output yaml")
@database_argument
@kind_option
def show(database: str, kind: str | None) -> Any:
    """Show all that is known of an instance or a cluster, by its identifier or ARN."""
    return partial(details.database, database, kind=kind)
