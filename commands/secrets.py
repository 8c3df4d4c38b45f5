"""``secrets``: Secrets Manager."""

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.app import noun, settings_of
from commands.lazy import lazy
from commands.parameters import NAME_AND_VALUE, UTF8_TEXT, FileName, each_once
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations.secrets import changes, reads as operations
    from commands import secret_input
else:
    operations = lazy("aws_operations.secrets.reads")
    changes = lazy("aws_operations.secrets.changes")
    secret_input = lazy("commands.secret_input")

secrets = noun("secrets", help="Secrets and their versions in Secrets Manager.")

SAMPLE = "orders/database"
PROGRAM_ON_SANDBOX = "manage-resources --sandbox secrets"

name_argument = click.argument("name", type=UTF8_TEXT)

Body = TypeVar("Body", bound=Callable[..., Any])


class ValueFile(FileName):
    """The path of the file that a value is in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the path as it was given; ``-`` is what ``--stdin`` is for."""
        if value == "-":
            self.fail("write --stdin for standard input, or ./- for a file of that name", param, ctx)
        return super().convert(value, param, ctx)


def value_options(body: Body) -> Body:
    """Give a command that stores a value the ways in for it; a value among the arguments is refused."""
    # Click would repeat the words that are too many, and one of them is the value.
    extra = click.argument("extra", metavar="", nargs=-1, expose_value=False, callback=_refuse_a_value)
    file = click.option("--file", type=ValueFile(), help="The value is what is in this file, byte for byte.")
    stdin = click.option(
        "--stdin", "from_stdin", is_flag=True, help="The value is standard input, byte for byte."
    )
    binary = click.option(
        "--binary", "is_binary", is_flag=True, help="Store it as binary even if it is UTF-8 text."
    )
    return extra(file(stdin(binary(body))))


def _refuse_a_value(_context: click.Context, _parameter: click.Parameter, words: tuple[str, ...]) -> None:
    if words:
        raise click.UsageError(
            "a value is never an argument: the shell's history and the list of processes would show it. "
            "Give --file or --stdin, or neither to be asked"
        )


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
        tags=each_once("tag", tags),
        include_planned_deletion=include_planned_deletion,
    )


@secrets.verb("describe", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} describe {SAMPLE}")
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

    In a pipe or a file it is exactly the value, byte for byte, whatever --output says; on a terminal a
    line end follows where the value has none. With several targets there is a row for each.
    """
    settings = settings_of(context)
    is_many = len(settings.accounts) > 1 or len(settings.regions) > 1
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return partial(
        operations.value,
        name,
        field=field,
        version_id=version_id,
        stage=stage,
        with_line_end=is_terminal and not is_many,
    )


@secrets.verb("versions", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} versions {SAMPLE}")
@name_argument
@click.option("--all", "include_unlabelled", is_flag=True, help="Those without a staging label too.")
def versions(name: str, *, include_unlabelled: bool) -> Any:
    """List the versions of a secret with their staging labels.

    AWS keeps versions that have lost their last label for a while: --all lists them too.
    """
    return partial(operations.versions, name, include_unlabelled=include_unlabelled)


@secrets.verb(
    "create",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} create orders/new --file LICENSE --dry-run",
)
@name_argument
@value_options
@click.option("--description", type=UTF8_TEXT, help="What it is for.")
@click.option("--tag", "tags", type=NAME_AND_VALUE, multiple=True, help="A tag NAME=VALUE; repeatable.")
@click.option("--kms-key", type=UTF8_TEXT, help="ARN, id or alias of a KMS key; AWS's own unless given.")
def create(
    name: str,
    *,
    file: str | None,
    from_stdin: bool,
    is_binary: bool,
    description: str | None,
    tags: tuple[tuple[str, str], ...],
    kms_key: str | None,
) -> Any:
    """Create a secret; a name that is taken is an error.

    The value comes from --file or --stdin, or is asked for twice, unseen. Text that is UTF-8 is stored as
    text, anything else as binary. {account} and {region} in the name are filled in for each target.
    """
    return partial(
        changes.plan_create_secret,
        name,
        secret_input.held_value(name, file, from_stdin=from_stdin, is_binary=is_binary),
        new=changes.NewSecret(description=description, tags=each_once("tag", tags), kms_key=kms_key),
    )


@secrets.verb(
    "put",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} put {SAMPLE} --file LICENSE --dry-run",
)
@name_argument
@value_options
@click.option("--expect-version", type=UTF8_TEXT, help="Store only if this version is the current one.")
@click.option("--client-token", type=UTF8_TEXT, help="Id of the new version; given again, it is stored once.")
@click.option("--create", "is_to_create", is_flag=True, help="Create the secret if there is none.")
def put(
    name: str,
    *,
    file: str | None,
    from_stdin: bool,
    is_binary: bool,
    expect_version: str | None,
    client_token: str | None,
    is_to_create: bool,
) -> Any:
    """Give a secret a new value; the one before stays as AWSPREVIOUS.

    The value comes from --file or --stdin, or is asked for twice, unseen. Text that is UTF-8 is stored as
    text, anything else as binary. A value that is the current one already is not stored again, as far as
    you may read it.
    """
    return partial(
        changes.plan_put_secret,
        name,
        secret_input.held_value(name, file, from_stdin=from_stdin, is_binary=is_binary),
        expected_version=expect_version,
        client_token=client_token,
        create=is_to_create,
    )


@secrets.verb(
    "promote",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} promote orders/api-key AWSPREVIOUS --dry-run",
)
@name_argument
@click.argument("version", type=UTF8_TEXT)
def promote(name: str, version: str) -> Any:
    """Make an older version current again, by its id or a staging label such as AWSPREVIOUS.

    The version that was current becomes AWSPREVIOUS.
    """
    return partial(changes.plan_promote_version, name, version)


@secrets.verb("delete", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} delete {SAMPLE} --dry-run")
@name_argument
@click.option(
    "--recovery-days",
    type=click.IntRange(7, 30),
    default=30,
    show_default=True,
    help="How many days it can be restored.",
)
def delete(name: str, *, recovery_days: int) -> Any:
    """Delete a secret: from now on nobody can read it, and after some days it is gone.

    Until then secrets restore brings it back.
    """
    return partial(changes.plan_delete_secret, name, recovery_days=recovery_days)


@secrets.verb(
    "restore", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} restore orders/retired --dry-run"
)
@name_argument
def restore(name: str) -> Any:
    """Take back the deletion of a secret; one that is not to be deleted is left as it is."""
    return partial(changes.plan_restore_secret, name)


tags = secrets.group("tags", help="Tags of a secret.")


@tags.verb("get", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} tags get {SAMPLE}")
@name_argument
def tags_get(name: str) -> Any:
    """Show the tags of a secret."""
    return partial(operations.tags, name)


@tags.verb(
    "set",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} tags set {SAMPLE} team=orders --dry-run",
)
@name_argument
@click.argument("tags", metavar="NAME=VALUE...", type=NAME_AND_VALUE, nargs=-1)
def tags_set(name: str, tags: tuple[tuple[str, str], ...]) -> Any:
    """Make the tags of a secret exactly these; none given means no tags."""
    return partial(changes.plan_set_secret_tags, name, each_once("tag", tags))
