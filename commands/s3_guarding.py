"""``s3 audit`` and ``s3 harden``, and the settings that guard a bucket: public access, lifecycle."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.app import settings_of
from commands.dynamodb_parameters import FILE_OR_STREAM, opened
from commands.lazy import lazy
from commands.parameters import BUCKET
from commands.s3_parameters import PROGRAM_ON_SANDBOX, SAMPLE, bucket_argument, s3
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations.dynamodb import json_lines
    from aws_operations.s3 import audit as operations, changes, lifecycle_rules, reads
else:
    operations = lazy("aws_operations.s3.audit")
    changes = lazy("aws_operations.s3.changes")
    json_lines = lazy("aws_operations.dynamodb.json_lines")
    lifecycle_rules = lazy("aws_operations.s3.lifecycle_rules")
    reads = lazy("aws_operations.s3.reads")

CHECKS = ("public-access", "ownership", "encryption", "versioning", "unfinished-uploads", "lifecycle")
MENDABLE = CHECKS[:-1]
OPEN_WAYS = {
    "new-acls": "block_acls",
    "acls": "ignore_acls",
    "new-policies": "block_policy",
    "policies": "restrict_buckets",
}

any_buckets_argument = click.argument("buckets", metavar="[BUCKET]...", type=BUCKET, nargs=-1)


@s3.verb("audit", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} audit {SAMPLE}")
@any_buckets_argument
@click.option(
    "--check",
    "checks",
    type=click.Choice(CHECKS),
    multiple=True,
    help="Only this check; repeatable.",
)
@click.option("--findings", is_flag=True, help="Leave out what is well.")
@click.pass_context
def audit(
    context: click.Context, /, buckets: tuple[str, ...], checks: tuple[str, ...], *, findings: bool
) -> Any:
    """Look at what guards your buckets, or those named: a row for each bucket and check.

    A verdict is one of ok, finding and unknown, where you may not look. "s3 harden" plans what mends
    findings.

    What the account blocks of public access as a whole is not looked at.

    Buckets are those of all regions; with --regions, each region has its own.
    """
    return partial(
        operations.audit,
        buckets,
        checks=checks,
        only_findings=findings,
        in_own_region=bool(settings_of(context).regions),
    )


@s3.verb("harden", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} harden {SAMPLE} --dry-run")
@any_buckets_argument
@click.option("--all-buckets", is_flag=True, help="All buckets, as s3 audit looks at them.")
@click.option(
    "--only",
    "checks",
    type=click.Choice(MENDABLE),
    multiple=True,
    help="Mend only what this check finds; repeatable.",
)
@click.option(
    "--uploads-end-after",
    "days",
    type=click.IntRange(min=1),
    default=7,
    show_default=True,
    metavar="DAYS",
    help="How long an upload may stay unfinished before S3 aborts it.",
)
@click.pass_context
def harden(
    context: click.Context,
    /,
    buckets: tuple[str, ...],
    checks: tuple[str, ...],
    *,
    all_buckets: bool,
    days: int,
) -> Any:
    """Mend what "s3 audit" finds: each setting that is missing is a change of its own, which undo takes back.

    Public access is blocked, ACLs stop to count, new objects are encrypted and old versions kept, and
    unfinished uploads end. Whoever came in by a public policy or an ACL stays out from then on, and old
    versions are paid for: look at it with --dry-run first.
    """
    if all_buckets == bool(buckets):
        raise click.UsageError("name buckets, or give --all-buckets; not both")
    return partial(
        changes.plan_harden,
        buckets,
        checks=checks,
        days=days,
        in_own_region=bool(settings_of(context).regions),
    )


public_access = s3.group("public-access", help="What S3 blocks of public access to a bucket.")


@public_access.verb("get", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} public-access get {SAMPLE}")
@bucket_argument
def public_access_get(bucket: str) -> Any:
    """Show what S3 blocks of public access to a bucket.

    What is blocked for the whole account is not told.
    """
    return partial(reads.public_access, bucket)


@public_access.verb(
    "set",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} public-access set {SAMPLE} blocked --dry-run",
)
@bucket_argument
@click.argument("state", type=click.Choice(["blocked", "open"], case_sensitive=False))
@click.option(
    "--except",
    "exceptions",
    type=click.Choice(tuple(OPEN_WAYS)),
    multiple=True,
    help="Leave this open where the rest is blocked; repeatable.",
)
def public_access_set(bucket: str, state: str, exceptions: tuple[str, ...]) -> Any:
    """Block public access to a bucket, or stop blocking it.

    Blocked are all four: new public ACLs and policies are refused (new-acls, new-policies), and those that
    are there do not count (acls, policies).
    """
    if exceptions and state == "open":
        raise click.UsageError("--except goes with blocked")
    left_open = {OPEN_WAYS[name] for name in exceptions}
    blocked = {part: state == "blocked" and part not in left_open for part in OPEN_WAYS.values()}
    return partial(changes.plan_block_public_access, bucket, blocked)


lifecycle = s3.group("lifecycle", help="What S3 does to objects as they grow old.")


@lifecycle.verb("get", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} lifecycle get {SAMPLE}")
@bucket_argument
def lifecycle_get(bucket: str) -> Any:
    """Show the lifecycle rules of a bucket as the API of S3 writes them.

    With --output json they are what "lifecycle set" takes.
    """
    return partial(reads.lifecycle, bucket)


@lifecycle.verb(
    "set",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} lifecycle set {SAMPLE} examples/lifecycle_rules.json --dry-run",
)
@bucket_argument
@click.argument("file", type=FILE_OR_STREAM)
def lifecycle_set(bucket: str, file: str) -> Any:
    """Make the lifecycle rules of a bucket exactly those of a JSON file; an empty list means no rules.

    The file holds a list of rules, or an object with "Rules" as the aws command has it; - is standard input.
    Rules that delete, and rules that go, are said to overwrite: they want --yes where nobody can be asked.
    """
    source = opened(file)
    name = str(source) if isinstance(source, Path) else "standard input"
    wanted = lifecycle_rules.lifecycle_of_text(json_lines.read_text(source), name)
    return partial(changes.plan_set_lifecycle, bucket, wanted)
