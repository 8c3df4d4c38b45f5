import atexit
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.changes import Change, change_kind
from aws_operations.s3 import changes
from tests.kinds.stories.story import Story

BUCKET, KEY, TAGS = "kinds-bucket", "a b/c+d.txt", {"team": "web"}


def make(aws_provider: AwsClientProvider) -> None:
    s3_interactions.create_bucket(BUCKET, aws_provider)
    s3_interactions.set_bucket_tags(BUCKET, TAGS, aws_provider)


def make_versioned(aws_provider: AwsClientProvider) -> None:
    make(aws_provider)
    client: Any = aws_provider.get_s3()
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=BUCKET, Key=KEY, Body=b"as it was", ContentType="text/plain")


@cache
def folder() -> Path:
    """Return a folder of this process alone: a put of a file fails that somebody else has written again."""
    made = TemporaryDirectory(prefix="manage-resources-kinds-")
    atexit.register(made.cleanup)
    return Path(made.name)


def payload() -> Path:
    path = folder() / "payload.txt"
    path.write_text("as it is to be", encoding="utf-8")
    return path


def plan_put(aws_provider: AwsClientProvider) -> Iterable[Change]:
    return changes.plan_put(payload(), BUCKET, KEY, aws_provider, overwrite=True)


def undoing(plan: Callable[[AwsClientProvider], Iterable[Change]]) -> Callable[[AwsClientProvider], Any]:
    """Return what plans the undoing of a change that is made for it."""

    def planned(aws_provider: AwsClientProvider) -> Iterable[Change]:
        [change] = plan(aws_provider)
        kind = change_kind(change.kind)
        list(kind.apply([change], aws_provider))
        assert kind.invert is not None
        return kind.invert(change, aws_provider)

    return planned


plan_rm = partial(changes.plan_rm, BUCKET, [KEY])


def content(aws_provider: AwsClientProvider) -> Any:
    client: Any = aws_provider.get_s3()
    if s3_interactions.describe_object(BUCKET, KEY, aws_provider) is None:
        return None
    found = client.get_object(Bucket=BUCKET, Key=KEY)
    return found["Body"].read(), found["ContentType"]


def buckets(aws_provider: AwsClientProvider) -> list[str]:
    return [bucket.name for bucket in s3_interactions.list_buckets(aws_provider)]


def tags(aws_provider: AwsClientProvider) -> dict[str, str]:
    return s3_interactions.get_bucket_tags(BUCKET, aws_provider)


def encryption(aws_provider: AwsClientProvider) -> object:
    return s3_interactions.get_bucket_encryption(BUCKET, aws_provider)


def versioning(aws_provider: AwsClientProvider) -> object:
    return s3_interactions.get_bucket_versioning(BUCKET, aws_provider)


def public_access(aws_provider: AwsClientProvider) -> object:
    return s3_interactions.get_public_access_block(BUCKET, aws_provider)


def ownership(aws_provider: AwsClientProvider) -> object:
    return s3_interactions.get_object_ownership(BUCKET, aws_provider)


def lifecycle(aws_provider: AwsClientProvider) -> object:
    return s3_interactions.get_bucket_lifecycle(BUCKET, aws_provider)


STORIES = {
    "s3.create-bucket": Story(partial(changes.plan_create_bucket, BUCKET), buckets),
    "s3.destroy-bucket": Story(partial(changes.plan_destroy_bucket, BUCKET), buckets, make),
    "s3.put-object": Story(plan_put, content, make_versioned),
    "s3.delete-object": Story(plan_rm, content, make_versioned),
    "s3.restore-version": Story(undoing(plan_put), content, make_versioned),
    "s3.remove-delete-marker": Story(undoing(plan_rm), content, make_versioned),
    "s3.set-tags": Story(partial(changes.plan_set_tags, BUCKET, None, {"team": "ops"}), tags, make),
    "s3.set-encryption": Story(
        partial(changes.plan_set_encryption, BUCKET, "aws:kms", bucket_key=True), encryption, make
    ),
    "s3.set-public-access": Story(
        partial(changes.plan_block_public_access, BUCKET, {"block_acls": True}), public_access, make
    ),
    "s3.set-ownership": Story(
        partial(changes.plan_set_ownership, BUCKET, s3_interactions.ObjectOwnership.WRITER),
        ownership,
        make,
    ),
    "s3.set-lifecycle": Story(partial(changes.plan_end_uploads, BUCKET, 7), lifecycle, make),
    "s3.set-versioning": Story(
        partial(changes.plan_set_versioning, BUCKET, "suspended"), versioning, make_versioned
    ),
}
