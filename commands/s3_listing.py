"""``s3 ls`` and ``s3 du``: what is in buckets, at any size."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from commands.app import settings_of
from commands.lazy import lazy
from commands.parameters import BUCKET_TO_LIST, UTF8_TEXT
from commands.s3_parameters import PROGRAM_ON_SANDBOX, SAMPLE, buckets_argument, filter_options, s3
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations.s3 import listing, reads as operations
else:
    operations = lazy("aws_operations.s3.reads")
    listing = lazy("aws_operations.s3.listing")

_MOST_LEVELS = 20


@s3.verb("ls", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} ls {SAMPLE}")
@click.argument("bucket", type=BUCKET_TO_LIST, required=False)
@click.option("--prefix", type=UTF8_TEXT, default="", help="Only keys that start with this.")
@click.option(
    "--recursive/--one-level",
    default=True,
    show_default=True,
    help="All keys, or only those directly under the prefix, with the levels below it.",
)
@click.option("--versions", is_flag=True, help="All versions and delete markers, not only current objects.")
@filter_options
@click.pass_context
def ls(
    context: click.Context,
    /,
    bucket: str | None,
    prefix: str,
    *,
    recursive: bool,
    versions: bool,
    **wanted: Any,
) -> Any:
    """List your buckets, or the objects of one bucket: any number, each as it comes.

    Buckets are listed for all regions at once; with --regions, each region lists its own.

    A pattern is read by S3 up to its first wildcard, so that "logs/2026-*" asks for no other keys. Sizes,
    times and classes are looked at here: all keys under the prefix are read.

    A table is shown once it is whole; for very many keys use another --output.
    """
    if bucket is None:
        _check_only_buckets(context)
        return partial(operations.buckets, in_own_region=bool(settings_of(context).regions))
    if versions and not recursive:
        raise click.UsageError("--versions and --one-level do not go together")
    listed = listing.versions if versions else listing.objects if recursive else listing.level
    return partial(listed, bucket, prefix=prefix, wanted=listing.KeyFilter(**wanted))


def _check_only_buckets(context: click.Context) -> None:
    """Refuse options that say something of objects where buckets are to be listed."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        is_own = parameter.expose_value and isinstance(parameter, click.Option)
        if is_own and source is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.opts[0]} goes with a bucket")


@s3.verb("du", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} du {SAMPLE} --depth 1")
@buckets_argument
@click.option("--prefix", type=UTF8_TEXT, default="", help="Only keys that start with this.")
@click.option(
    "--depth",
    type=click.IntRange(0, _MOST_LEVELS),
    default=0,
    show_default=True,
    help="Sums for prefixes so many slashes deep, counted from --prefix.",
)
@click.option(
    "--current", is_flag=True, help="Count nothing but current objects, which takes s3:ListBucket only."
)
def du(buckets: tuple[str, ...], prefix: str, depth: int, *, current: bool) -> Any:
    """Sum up what buckets hold, by prefix, state and storage class; sizes in bytes.

    Old versions, delete markers and the parts of unfinished uploads are told apart from current objects:
    they are paid for too.
    """
    return partial(listing.storage_used, buckets, prefix=prefix, depth=depth, only_current=current)
