"""Changes of S3 done and undone where permissions are real, keys hostile and versioning can be suspended."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest

from aws_interactions import s3_interactions as s3
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.applying import apply_changes
from aws_operations.changes import Change, ResultStatus, change_kind
from aws_operations.s3 import changes
from tests.conformance.stage import Account, fresh

HOSTILE_KEYS = ["a b", "a//b", "ü/日本", "a+b&c=d", "100%/%41", "a?versionId=x", "new\nline", "tab\tkey"]
Plan = Callable[[AwsClientProvider], Iterable[Change]]


@pytest.fixture
def root(home_account: Account) -> AwsClientProvider:
    return home_account.root


@pytest.fixture
def bucket(root: AwsClientProvider) -> str:
    name = fresh("bucket")
    s3.create_bucket(name, root)
    s3.set_bucket_versioning(name, s3.BucketVersioning.ENABLED, root)
    return name


def body_of(root: AwsClientProvider, bucket: str, key: str) -> bytes | None:
    if s3.describe_object(bucket, key, root) is None:
        return None
    body: bytes = root.get_s3().get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def made(changes_planned: Iterable[Change], aws_provider: AwsClientProvider) -> Change:
    [change] = changes_planned
    [result] = apply_changes([change], lambda _: aws_provider)
    assert result.status is ResultStatus.APPLIED, result.error
    return change


def inverse(change: Change, aws_provider: AwsClientProvider) -> Change:
    invert = change_kind(change.kind).invert
    assert invert is not None
    [found] = invert(change, aws_provider.read_only())
    return found


def put_over(bucket: str, key: str, root: AwsClientProvider, file: Path) -> Change:
    root.get_s3().put_object(Bucket=bucket, Key=key, Body=b"old", Metadata={"m": "1"}, Tagging="team=ops")
    file.write_bytes(b"new one")
    return made(changes.plan_put(file, bucket, key, root, overwrite=True), root)


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_WHEN_a_key_is_hostile_THEN_its_replacing_and_deleting_are_undone_AND_no_neighbour_is_touched(
    root: AwsClientProvider, bucket: str, tmp_path: Path, key: str
) -> None:
    root.get_s3().put_object(Bucket=bucket, Key=f"{key}z", Body=b"a neighbour")

    made([inverse(put_over(bucket, key, root, tmp_path / "file"), root)], root)
    assert body_of(root, bucket, key) == b"old"
    assert s3.get_object_user_metadata(bucket, key, root) == {"m": "1"}
    assert s3.get_object_tags(bucket, key, root) == {"team": "ops"}

    deleted = made(changes.plan_rm(bucket, [key], root), root)
    assert body_of(root, bucket, key) is None
    made([inverse(deleted, root)], root)
    assert body_of(root, bucket, key) == b"old"
    assert body_of(root, bucket, f"{key}z") == b"a neighbour"


def test_WHEN_versioning_is_suspended_THEN_replacing_and_deleting_are_undone(
    root: AwsClientProvider, bucket: str, tmp_path: Path
) -> None:
    root.get_s3().put_object(Bucket=bucket, Key="k", Body=b"old")
    s3.set_bucket_versioning(bucket, s3.BucketVersioning.SUSPENDED, root)
    deleted = made(changes.plan_rm(bucket, ["k"], root), root)
    made([inverse(deleted, root)], root)
    assert body_of(root, bucket, "k") == b"old"
    file = tmp_path / "file"
    file.write_bytes(b"new")
    replaced = made(changes.plan_put(file, bucket, "k", root, overwrite=True), root)
    made([inverse(replaced, root)], root)
    assert body_of(root, bucket, "k") == b"old"


def plan_of(kind: str, bucket: str, root: AwsClientProvider, file: Path) -> Plan:
    """Return what plans a change of the kind, after preparing what it is about."""
    new, tags = fresh("bucket"), {"a": "b"}
    file.write_bytes(b"mine")
    key = fresh("key")
    plans: dict[str, Plan] = {
        "s3.create-bucket": partial(changes.plan_create_bucket, new),
        "s3.destroy-bucket": partial(changes.plan_destroy_bucket, bucket),
        "s3.put-object": partial(changes.plan_put, file, bucket, "new", overwrite=False),
        "s3.delete-object": partial(changes.plan_rm, bucket, [key]),
        "s3.set-tags": partial(changes.plan_set_tags, bucket, None, tags),
        "s3.set-versioning": partial(changes.plan_set_versioning, bucket, "suspended"),
        "s3.set-encryption": partial(changes.plan_set_encryption, bucket, "aws:kms"),
    }
    replaced = put_over(bucket, key, root, file)
    if kind == "s3.restore-version":
        return lambda _: [inverse(replaced, root)]
    if kind == "s3.remove-delete-marker":
        deleted = made(changes.plan_rm(bucket, [key], root), root)
        return lambda _: [inverse(deleted, root)]
    return plans[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "s3.create-bucket",
        "s3.destroy-bucket",
        "s3.put-object",
        "s3.delete-object",
        "s3.restore-version",
        "s3.remove-delete-marker",
        "s3.set-tags",
        "s3.set-versioning",
        "s3.set-encryption",
    ],
)
def test_WHEN_an_identity_may_do_what_a_change_names_THEN_it_can_be_planned_made_and_read_back(
    home_account: Account, root: AwsClientProvider, bucket: str, tmp_path: Path, kind: str
) -> None:
    plan = plan_of(kind, bucket, root, tmp_path / "file")
    [planned] = plan(root)
    statement = {"Effect": "Allow", "Action": list(planned.iam_actions), "Resource": "*"}
    aws_provider = home_account.provider(home_account.make_user(statement)[1])

    change = made(plan(aws_provider), aws_provider)

    assert change.kind == kind
    assert change_kind(kind).read_back(change, aws_provider) is ResultStatus.APPLIED
