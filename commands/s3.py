"""``s3``: buckets and objects."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands import s3_guarding, s3_listing, s3_undeleting  # noqa: F401 - they register their verbs
from commands.lazy import lazy
from commands.parameters import EXPIRY, FILE, NAME_AND_VALUE, UTF8_TEXT, each_once
from commands.s3_parameters import (
    PROGRAM_ON_SANDBOX,
    SAMPLE,
    bucket_argument,
    buckets_argument,
    key_argument,
    s3,
)
from commands.shapes import FileWork, MakingWork, Shape

if TYPE_CHECKING:
    from aws_operations.s3 import changes, reads as operations
else:
    operations = lazy("aws_operations.s3.reads")
    changes = lazy("aws_operations.s3.changes")


@s3.verb(
    "status",
    shape=Shape.ROWS,
    example=f"{PROGRAM_ON_SANDBOX} status {SAMPLE} no-such-bucket",
)
@buckets_argument
def status(buckets: tuple[str, ...]) -> Any:
    """Say whether buckets exist and are open to you.

    Each answer is one of: does not exist, exists have access, exists no access.
    """
    return partial(operations.bucket_statuses, buckets)


@s3.verb("create", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} create my-bucket --dry-run")
@bucket_argument
def create(bucket: str) -> Any:
    """Create a bucket in the region at hand; a name that is taken is an error.

    For several targets put {account} and {region} into the name: bucket names are global.
    """
    return MakingWork("bucket", bucket, partial(changes.plan_create_bucket, bucket))


@s3.verb(
    "ensure",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} ensure {SAMPLE}",
)
@bucket_argument
def ensure(bucket: str) -> Any:
    """Make sure that a bucket exists and is open to you, creating it if need be.

    For several targets put {account} and {region} into the name: bucket names are global.
    """
    return MakingWork("bucket", bucket, partial(changes.plan_ensure_bucket, bucket))


@s3.verb(
    "destroy",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} destroy {SAMPLE} --dry-run",
)
@bucket_argument
def destroy(bucket: str) -> Any:
    """Destroy a bucket with all versions, delete markers and unfinished uploads in it.

    This cannot be undone. A bucket that does not exist is nothing to do.
    """
    return partial(changes.plan_destroy_bucket, bucket)


@s3.verb(
    "put",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} put README.md {SAMPLE} docs/README.md --dry-run",
)
@click.argument("file", type=FILE)
@bucket_argument
@key_argument
@click.option("--overwrite", is_flag=True, help="Replace an object that is there.")
@click.option("--content-type", type=UTF8_TEXT, help="Guessed from the file's name unless given.")
@click.option("--metadata", "metadata", type=NAME_AND_VALUE, multiple=True, help="User metadata; repeatable.")
def put(
    file: str,
    bucket: str,
    key: str,
    *,
    overwrite: bool,
    content_type: str | None,
    metadata: tuple[tuple[str, str], ...],
) -> Any:
    """Upload a local file as an object; a key that is taken is an error unless --overwrite.

    A key that ends in a slash gets the file's name after it.
    """
    return partial(
        changes.plan_put,
        Path(file),
        bucket,
        f"{key}{Path(file).name}" if key.endswith("/") else key,
        overwrite=overwrite,
        content_type=content_type,
        user_metadata=each_once("metadata name", metadata),
    )


@s3.verb(
    "get",
    shape=Shape.BYTES,
    example=f"{PROGRAM_ON_SANDBOX} get {SAMPLE} docs/readme.txt --dry-run",
)
@bucket_argument
@key_argument
@click.argument("destination", metavar="[FILE]", type=FILE, default=".")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there, once the new one is whole.")
def get(bucket: str, key: str, destination: str, *, overwrite: bool) -> Any:
    """Download an object to a file, or into a directory under the last part of its key.

    A destination that ends in a slash is a directory, which has to be there.

    For several targets put {account} or {region} into the file's name.
    """
    return FileWork(
        destination,
        write=partial(operations.download, bucket, key, destination, overwrite=overwrite),
        preview=partial(operations.preview_download, bucket, key, destination, overwrite=overwrite),
    )


@s3.verb(
    "rm",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} rm {SAMPLE} docs/readme.txt --dry-run",
)
@bucket_argument
@click.argument("keys", metavar="KEY...", type=UTF8_TEXT, nargs=-1, required=True)
def rm(bucket: str, keys: tuple[str, ...]) -> Any:
    """Delete objects by their exact keys; an absent one is nothing to do.

    Prefixes and wildcards are not expanded: "reports/" and "reports/*" are keys like any other.

    In a bucket that keeps versions this leaves a delete marker and the old versions.
    """
    return partial(changes.plan_rm, bucket, keys)


@s3.verb(
    "presign",
    shape=Shape.BYTES,
    example=f"{PROGRAM_ON_SANDBOX} presign {SAMPLE} docs/readme.txt",
)
@bucket_argument
@key_argument
@click.option(
    "--method",
    type=click.Choice(["get", "put", "post"], case_sensitive=False),
    default="get",
    show_default=True,
    help="What it may do.",
)
@click.option(
    "--expires-in",
    type=EXPIRY,
    default=900,
    show_default=True,
    metavar="SECONDS",
    help="How long it works; 15m and 1h work too.",
)
@click.option("--long-expiry", is_flag=True, help="Allow more than an hour, up to seven days.")
@click.option("--content-type", type=UTF8_TEXT, help="The only content type that a PUT or POST may have.")
@click.option("--min-size", type=click.IntRange(min=0), help="Smallest POST in bytes.")
@click.option("--max-size", type=click.IntRange(min=0), help="Largest POST in bytes.")
def presign(bucket: str, key: str, **options: Any) -> Any:
    """Make a URL that lets whoever holds it get, put or post one object for a while.

    Prints the URL (for POST, URL and form fields as JSON). Nothing is sent to S3. The URL is as good
    as a password until it expires.
    """
    _check_presign_options(options)
    request = operations.PresignRequest(
        bucket,
        key,
        method=operations.PresignMethod(options["method"]),
        expires_in=options["expires_in"],
        allow_long_expiry=options["long_expiry"],
        content_type=options["content_type"],
        min_size=options["min_size"] or 0,
        max_size=options["max_size"],
    )
    return partial(operations.presign, request)


def _check_presign_options(options: dict[str, Any]) -> None:
    method = options["method"]
    if method == "get" and options["content_type"] is not None:
        raise click.UsageError("--content-type goes with --method put or post")
    if method != "post" and (options["min_size"] is not None or options["max_size"] is not None):
        raise click.UsageError("--min-size and --max-size go with --method post")
    if options["expires_in"] > 3600 and not options["long_expiry"]:
        raise click.UsageError("--expires-in is over 3600 seconds: that needs --long-expiry")


@s3.verb(
    "metadata",
    shape=Shape.ROWS,
    example=f"{PROGRAM_ON_SANDBOX} metadata {SAMPLE} reports/2026-01.csv",
)
@bucket_argument
@key_argument
def metadata(bucket: str, key: str) -> Any:
    """Show the user metadata of an object."""
    return partial(operations.metadata, bucket, key)


tags = s3.group("tags", help="Tags of a bucket or an object.")


@tags.verb("get", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} tags get {SAMPLE}")
@bucket_argument
@click.option("--key", type=UTF8_TEXT, help="The tags of this object, not the bucket's.")
def tags_get(bucket: str, key: str | None) -> Any:
    """Show the tags of a bucket, or of an object with --key."""
    return partial(operations.tags, bucket, key)


@tags.verb(
    "set",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} tags set {SAMPLE} team=ops --dry-run",
)
@bucket_argument
@click.argument("tags", metavar="NAME=VALUE...", type=NAME_AND_VALUE, nargs=-1)
@click.option("--key", type=UTF8_TEXT, help="Tag this object, not the bucket.")
def tags_set(bucket: str, tags: tuple[tuple[str, str], ...], key: str | None) -> Any:
    """Make the tags of a bucket or an object exactly these; none given means no tags."""
    return partial(changes.plan_set_tags, bucket, key, each_once("tag", tags))


versioning = s3.group("versioning", help="Whether a bucket keeps old versions.")


@versioning.verb(
    "get",
    shape=Shape.ROWS,
    example=f"{PROGRAM_ON_SANDBOX} versioning get {SAMPLE}",
)
@bucket_argument
def versioning_get(bucket: str) -> Any:
    """Show whether a bucket keeps old versions."""
    return partial(operations.versioning, bucket)


@versioning.verb(
    "set",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} versioning set {SAMPLE} enabled --dry-run",
)
@bucket_argument
@click.argument("versioning", type=click.Choice(["enabled", "suspended"], case_sensitive=False))
def versioning_set(bucket: str, versioning: str) -> Any:
    """Enable or suspend the keeping of old versions."""
    return partial(changes.plan_set_versioning, bucket, versioning)


encryption = s3.group("encryption", help="How a bucket encrypts new objects by default.")


@encryption.verb(
    "get",
    shape=Shape.ROWS,
    example=f"{PROGRAM_ON_SANDBOX} encryption get {SAMPLE}",
)
@bucket_argument
def encryption_get(bucket: str) -> Any:
    """Show how a bucket encrypts new objects by default."""
    return partial(operations.encryption, bucket)


@encryption.verb(
    "set",
    shape=Shape.CHANGES,
    example=f"{PROGRAM_ON_SANDBOX} encryption set {SAMPLE} aws:kms --bucket-key --dry-run",
)
@bucket_argument
@click.argument("algorithm", type=click.Choice(["AES256", "aws:kms", "aws:kms:dsse"]))
@click.option("--kms-key", type=UTF8_TEXT, help="ARN, ID or alias of a KMS key; aws/s3 unless given.")
@click.option("--bucket-key", is_flag=True, help="Ask KMS once for many objects; with aws:kms only.")
def encryption_set(bucket: str, algorithm: str, kms_key: str | None, *, bucket_key: bool) -> Any:
    """Set how a bucket encrypts new objects by default; those that are there stay as they are.

    AES256 takes keys of S3's own. With aws:kms and aws:kms:dsse, whoever reads needs the KMS key too: give
    its ARN where other accounts use the bucket. Whether the key exists is not asked.
    """
    if kms_key is not None and algorithm == "AES256":
        raise click.UsageError("--kms-key goes with aws:kms or aws:kms:dsse")
    if bucket_key and algorithm != "aws:kms":
        raise click.UsageError("--bucket-key goes with aws:kms")
    return partial(changes.plan_set_encryption, bucket, algorithm, kms_key=kms_key, bucket_key=bucket_key)
