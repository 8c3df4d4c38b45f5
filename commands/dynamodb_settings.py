"""``dynamodb ttl|pitr|protect|capacity``: what is set on tables."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from commands.dynamodb_parameters import (
    PROGRAM_ON_SANDBOX,
    dynamodb,
    on_or_off_option,
    tables_argument,
    tables_or_all_argument,
)
from commands.lazy import lazy
from commands.parameters import UTF8_TEXT
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations.dynamodb import changes, settings
else:
    changes = lazy("aws_operations.dynamodb.changes")
    settings = lazy("aws_operations.dynamodb.settings")

_DAYS = click.IntRange(1, 35)
_UNITS = click.IntRange(min=1)

ttl = dynamodb.group("ttl", help="Items that expire.")


@ttl.verb("get", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} ttl get orders")
@tables_or_all_argument
def ttl_get(tables: tuple[str, ...]) -> Any:
    """Show whether items of tables expire, and by which attribute; of all tables unless some are named."""
    return partial(settings.times_to_live, tables)


@ttl.verb(
    "set",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} ttl set orders --attribute expires_at --dry-run",
)
@tables_argument
@click.option(
    "--attribute",
    type=UTF8_TEXT,
    metavar="NAME",
    help="Items expire at the time in this attribute: a number, seconds since 1970.",
)
@click.option("--off", is_flag=True, help="Items expire no longer.")
def ttl_set(tables: tuple[str, ...], *, attribute: str | None, off: bool) -> Any:
    """Have items of tables expire by an attribute, or no longer.

    AWS deletes what has expired within days, and that cannot be undone. A change takes it up to an hour,
    and it takes no other of the same table meanwhile.
    """
    if (attribute is None) != off:
        raise click.UsageError("give --attribute or --off, one of the two")
    return partial(changes.plan_set_time_to_live, tables, attribute)


pitr = dynamodb.group("pitr", help="Recovery to any second of the last days.")


@pitr.verb("get", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} pitr get")
@tables_or_all_argument
def pitr_get(tables: tuple[str, ...]) -> Any:
    """Show how far back tables can be restored; all tables unless some are named."""
    return partial(settings.recoveries, tables)


@pitr.verb("set", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} pitr set orders --on --dry-run")
@tables_argument
@on_or_off_option("Keep what they were, or no longer, which drops what was kept.")
@click.option(
    "--days",
    type=_DAYS,
    help="Keep it so long: 1 to 35 days. As it is, or 35 where it was off, unless given.",
)
def pitr_set(tables: tuple[str, ...], *, is_on: bool, days: int | None) -> Any:
    """Keep what tables were, so that they can be restored as of any second, or keep it no longer.

    "dynamodb restore --from" restores one, always as a new table.
    """
    if days is not None and not is_on:
        raise click.UsageError("--days goes with --on")
    return partial(changes.plan_set_recovery, tables, is_on=is_on, days=days)


protect = dynamodb.group("protect", help="Protection of tables against deletion.")


@protect.verb("get", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} protect get")
@tables_or_all_argument
def protect_get(tables: tuple[str, ...]) -> Any:
    """Show whether tables are protected against deletion; all tables unless some are named."""
    return partial(settings.protections, tables)


@protect.verb("set", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} protect set orders --on --dry-run")
@tables_argument
@on_or_off_option("Protect them, or let them be deleted.")
def protect_set(tables: tuple[str, ...], *, is_on: bool) -> Any:
    """Protect tables against deletion, or no longer. Their items are not protected by it."""
    return partial(changes.plan_set_protection, tables, is_on=is_on)


capacity = dynamodb.group("capacity", help="What tables and their indexes can take, and how it is paid for.")


@capacity.verb("get", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} capacity get orders")
@tables_or_all_argument
def capacity_get(tables: tuple[str, ...]) -> Any:
    """Show how tables and their global indexes are paid for; all tables unless some are named.

    A read unit is a consistent read of 4 KB each second, a write unit a write of 1 KB.
    """
    return partial(settings.capacities, tables)


@capacity.verb(
    "set",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} capacity set orders --read-units 5 --write-units 5 --dry-run",
)
@tables_argument
@click.option("--on-demand", is_flag=True, help="Pay for each request, without units.")
@click.option("--read-units", type=_UNITS, help="Provision so many read units.")
@click.option("--write-units", type=_UNITS, help="Provision so many write units.")
@click.option("--index", type=UTF8_TEXT, metavar="INDEX", help="Of this global index alone.")
def capacity_set(
    tables: tuple[str, ...],
    *,
    on_demand: bool,
    read_units: int | None,
    write_units: int | None,
    index: str | None,
) -> Any:
    """Have tables paid for by request, or provision units for each second.

    Indexes of a table that was paid for by request get as many units as the table; else they keep theirs.
    Done once AWS has taken the order; "dynamodb wait" waits for the end. Where Application Auto Scaling
    looks after a table, it may set other units again.
    """
    if on_demand == (read_units is not None and write_units is not None) or (read_units is None) != (
        write_units is None
    ):
        raise click.UsageError("give --on-demand, or both --read-units and --write-units")
    if index is not None and on_demand:
        raise click.UsageError("--index goes with --read-units and --write-units")
    units = None
    if read_units is not None and write_units is not None:
        units = changes.Throughput(read_units, write_units)
    return partial(changes.plan_set_capacity, tables, units, index=index)
