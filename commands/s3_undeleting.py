"""``s3 undelete``: objects back as they were at a time."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from commands.lazy import lazy
from commands.parameters import UTF8_TEXT
from commands.s3_parameters import (
    MOMENT,
    PROGRAM_ON_SANDBOX,
    VERSIONED_SAMPLE,
    bucket_argument,
    pattern_options,
    s3,
)
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations.s3 import changes
else:
    changes = lazy("aws_operations.s3.changes")


@s3.verb(
    "undelete",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} undelete {VERSIONED_SAMPLE} --to 1d --dry-run",
)
@bucket_argument
@click.option(
    "--to",
    type=MOMENT,
    required=True,
    metavar="TIME",
    help="The time to go back to: 2h, 30d, or a time such as 2026-01-31T18:00Z.",
)
@click.option("--prefix", type=UTF8_TEXT, default="", help="Only keys that start with this.")
@pattern_options
@click.option(
    "--overwritten", is_flag=True, help="Bring back too what was not deleted but written over since."
)
def undelete(bucket: str, to: datetime, prefix: str, *, overwritten: bool, **wanted: Any) -> Any:
    """Bring back the objects that were there at a time and have been deleted since.

    It takes a bucket that keeps versions. Where the version of then is the last one, its delete marker goes;
    else it is copied on top, which S3 does up to 5 GiB. No version is lost, and what is new since stays.

    S3 tells times in whole seconds.
    """
    if to > datetime.now(UTC):
        raise click.UsageError("--to is a time to come")
    return partial(changes.plan_undelete, bucket, to, prefix=prefix, with_overwritten=overwritten, **wanted)
