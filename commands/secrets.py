"""``secrets``: Secrets Manager."""

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from commands.app import noun, settings_of
from commands.lazy import lazy
from commands.parameters import NAME_AND_VALUE, UTF8_TEXT
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations import secrets as operations
else:
    operations = lazy("aws_operations.secrets")

secrets = noun("secrets", help="Secrets and their versions in Secrets Manager.")

SAMPLE = "orders/database"
PROGRAM_ON_SANDBOX = "manage-resources --sandbox secrets"

name_argument = click.argument("name", type=UTF8_TEXT)


def _each_once(what: str, pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name in found if [given for given, _ in pairs].count(name) > 1)
        raise click.UsageError(f"the {what} {twice!r} is given twice")
    return found


@secrets.verb("list", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} list")
@click.option("--prefix", type=UTF8_TEXT, help="Only names that start with this.")
@click.option(
    "--tag", "tags", type=NAME_AND_VALUE, multiple=True, help="Only with this tag NAME=VALUE; repeatable."
)
@click.option("--include-planned-deletion", is_flag=True, help="Those that are to be deleted too.")
def list_(prefix: str | None, *, tags: tuple[tuple[str, str], ...], include_planned_deletion: bool) -> Any:
    """List secrets, without their values."""
    return partial(
        operations.secrets,
        name_prefix=prefix,
        tags=_each_once("tag", tags),
        include_planned_deletion=include_planned_deletion,
    )


@secrets.verb("describe", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} describe {SAMPLE} --output yaml")
@name_argument
def describe(name: str) -> Any:
    """Show all that is known of a secret besides its value."""
    return partial(operations.details, name)


@secrets.verb("get", shape=Shape.BYTES, example=f"{PROGRAM_ON_SANDBOX} get {SAMPLE} --field username")
@name_argument
@click.option("--field", type=UTF8_TEXT, help="One field of a value that is a JSON object.")
@click.option("--version-id", type=UTF8_TEXT, help="This version, not the current one.")
@click.option("--stage", type=UTF8_TEXT, help="The version with this staging label, such as AWSPREVIOUS.")
@click.pass_context
def get(
    context: click.Context, name: str, *, field: str | None, version_id: str | None, stage: str | None
) -> Any:
    """Print the value of a secret, or one field of it, on standard output.

    In a pipe or a file it is exactly the value, byte for byte. On a terminal, and with several targets,
    a line end follows where the value has none.
    """
    settings = settings_of(context)
    is_many = len(settings.accounts) > 1 or len(settings.regions) > 1
    return partial(
        operations.value,
        name,
        field=field,
        version_id=version_id,
        stage=stage,
        with_line_end=is_many or (sys.stdout is not None and sys.stdout.isatty()),
    )


@secrets.verb("versions", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} versions {SAMPLE}")
@name_argument
@click.option("--all", "include_unlabelled", is_flag=True, help="Those without a staging label too.")
def versions(name: str, *, include_unlabelled: bool) -> Any:
    """List the versions of a secret with their staging labels.

    AWS keeps versions that have lost their last label for a while: --all lists them too.
    """
    return partial(operations.versions, name, include_unlabelled=include_unlabelled)


tags = secrets.group("tags", help="Tags of a secret.")


@tags.verb("get", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} tags get {SAMPLE}")
@name_argument
def tags_get(name: str) -> Any:
    """Show the tags of a secret."""
    return partial(operations.tags, name)
