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
    example="manage-resources --sandbox organizations accounts /workloads --recursive",
)
@click.argument("unit", type=UTF8_TEXT, required=False)
@click.option("--recursive", is_flag=True, help="With UNIT: the accounts of the units in it too.")
def accounts(unit: str | None, *, recursive: bool) -> Callable[..., Any]:
    """List the accounts of the organisation, or those right below UNIT.

    UNIT is the path of an organisational unit, such as /workloads/production, or its id; / is the root.
    Only the management account and delegated administrators may ask.
    """
    if unit is None and recursive:
        raise click.UsageError("--recursive goes with UNIT")
    if unit == "":
        raise click.UsageError("UNIT is empty; / is the root")
    return partial(operations.accounts, unit, recursive=recursive)


@organizations.verb("ous", shape=Shape.ROWS, example="manage-resources --sandbox organizations ous")
def ous() -> Callable[..., Any]:
    """List all organisational units with their paths, each before those in it.

    Only the management account and delegated administrators may ask.
    """
    return operations.organizational_units
