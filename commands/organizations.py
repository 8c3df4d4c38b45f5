"""``organizations``: accounts and units of the organisation."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from commands.app import noun
from commands.lazy import lazy
from commands.parameters import UTF8_TEXT
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations import organizations as operations
else:
    operations = lazy("aws_operations.organizations")

organizations = noun("organizations", help="Accounts and units of the organisation.")


@organizations.verb(
    "accounts",
    shape=Shape.ROWS,
    example="manage-resources --sandbox organizations accounts --ou /workloads --recursive",
)
@click.option(
    "--ou",
    type=UTF8_TEXT,
    metavar="PATH|ID",
    help="Only accounts right below this unit, such as /workloads/production; / is the root.",
)
@click.option("--recursive", is_flag=True, help="With --ou: those of the units in it too.")
def accounts(ou: str | None, *, recursive: bool) -> Callable[..., Any]:
    """List the accounts of the organisation, or of one organisational unit.

    Only the management account and delegated administrators may ask.
    """
    if ou is None and recursive:
        raise click.UsageError("--recursive goes with --ou")
    if ou == "":
        raise click.UsageError("--ou is empty; / is the root")
    return partial(operations.accounts, ou, recursive=recursive)


@organizations.verb("ous", shape=Shape.ROWS, example="manage-resources --sandbox organizations ous")
def ous() -> Callable[..., Any]:
    """List all organisational units with their paths, each before those in it.

    Only the management account and delegated administrators may ask.
    """
    return operations.organizational_units
