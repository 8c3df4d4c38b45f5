"""Buckets that were made, and what was set on buckets and objects, taken back."""

from collections.abc import Callable, Iterable

import pytest

from aws_interactions import s3_interactions as s3
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.s3_interactions.public_access import ALL_BLOCKED
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.changes import Change, ResultStatus, change_kind
from aws_operations.s3 import changes
from tests.support.undone_changes import done, inverse, undone, why_not

BUCKET, KEY = "a-bucket", "a b/c+%41"
Plan = Callable[[AwsClientProvider], Iterable[Change]]
Drift = Callable[[AwsClientProvider], object]


@pytest.fixture
def bucket(aws_provider: AwsClientProvider) -> str:
    s3.create_bucket(BUCKET, aws_provider)
    return BUCKET


def put(aws_provider: AwsClientProvider) -> None:
    aws_provider.get_s3().put_object(Bucket=BUCKET, Key=KEY, Body=b"theirs")


@pytest.mark.parametrize(
    ("drift", "reason"),
    [
        (put, "no longer empty: it holds 1 object version"),
        (lambda provider: provider.get_s3().create_multipart_upload(Bucket=BUCKET, Key=KEY), "unfinished"),
        (lambda provider: s3.destroy_bucket(BUCKET, provider), "not there any more"),
    ],
)
def test_WHEN_a_bucket_that_was_made_is_no_longer_new_THEN_it_stays(
    aws_provider: AwsClientProvider, drift: Drift, reason: str
) -> None:
    change = done(changes.plan_create_bucket(BUCKET, aws_provider), aws_provider)
    drift(aws_provider)
    assert reason in why_not(change, aws_provider)


@pytest.mark.parametrize(
    ("client", "reason"),
    [
        (FakeClient("s3").raises("head_bucket", code="403"), "closed to this identity"),
        (FakeClient("s3").answers("head_bucket", {"BucketRegion": "us-east-1"}), "in us-east-1"),
        (
            FakeClient("s3").answers("head_bucket", {}).raises("list_object_versions", code="NoSuchBucket"),
            "there is no bucket",
        ),
    ],
)
def test_WHEN_the_bucket_of_that_name_is_another_THEN_it_stays(client: FakeClient, reason: str) -> None:
    absent = FakeClient("s3").raises("head_bucket", code="404")
    [change] = changes.plan_create_bucket(BUCKET, fake_provider(s3=absent))
    assert reason in why_not(change, fake_provider(s3=client))


def test_WHEN_a_bucket_fills_up_while_its_making_is_undone_THEN_S3_refuses_AND_nothing_is_lost(
    aws_provider: AwsClientProvider,
) -> None:
    change = done(changes.plan_create_bucket(BUCKET, aws_provider), aws_provider)
    destruction = inverse(change, aws_provider)
    put(aws_provider)
    [result] = change_kind(destruction.kind).apply([destruction], aws_provider)
    assert result.status is ResultStatus.FAILED
    assert s3.describe_object(BUCKET, KEY, aws_provider) is not None


SETTINGS: list[tuple[Plan, Drift]] = [
    (
        lambda provider: changes.plan_set_tags(BUCKET, None, {"team": "ops"}, provider),
        lambda provider: s3.set_bucket_tags(BUCKET, {"team": "web"}, provider),
    ),
    (
        lambda provider: changes.plan_set_tags(BUCKET, KEY, {"team": "ops"}, provider),
        put,
    ),
    (
        lambda provider: changes.plan_set_versioning(BUCKET, "enabled", provider),
        lambda provider: s3.set_bucket_versioning(BUCKET, s3.BucketVersioning.SUSPENDED, provider),
    ),
    (
        lambda provider: changes.plan_set_encryption(BUCKET, "aws:kms", provider, bucket_key=True),
        lambda provider: s3.reset_bucket_encryption(BUCKET, provider),
    ),
    (
        lambda provider: changes.plan_set_public_access(BUCKET, ALL_BLOCKED, provider),
        lambda provider: s3.set_public_access_block(BUCKET, None, provider),
    ),
    (
        lambda provider: changes.plan_set_ownership(BUCKET, s3.ObjectOwnership.OWNER_ENFORCED, provider),
        lambda provider: s3.set_object_ownership(BUCKET, s3.ObjectOwnership.WRITER, provider),
    ),
    (
        lambda provider: changes.plan_end_uploads(BUCKET, 7, provider),
        lambda provider: s3.set_bucket_lifecycle(BUCKET, s3.BucketLifecycle(), provider),
    ),
]


@pytest.mark.parametrize(("plan", "drift"), SETTINGS)
@pytest.mark.usefixtures("bucket")
def test_WHEN_a_setting_has_changed_since_THEN_it_stays(
    aws_provider: AwsClientProvider, plan: Plan, drift: Drift
) -> None:
    put(aws_provider)
    change = done(plan(aws_provider), aws_provider)
    drift(aws_provider)
    assert "since" in why_not(change, aws_provider)


@pytest.mark.parametrize("plan", [plan for plan, _ in SETTINGS])
def test_WHEN_what_was_set_is_gone_THEN_that_is_the_reason(
    aws_provider: AwsClientProvider, bucket: str, plan: Plan
) -> None:
    put(aws_provider)
    change = done(plan(aws_provider), aws_provider)
    s3.destroy_bucket(bucket, aws_provider)
    assert "there is no bucket" in why_not(change, aws_provider)


@pytest.mark.parametrize("plan", [plan for plan, _ in SETTINGS])
@pytest.mark.usefixtures("bucket")
def test_WHEN_a_setting_is_undone_AND_that_too_THEN_it_is_as_it_was_set(
    aws_provider: AwsClientProvider, plan: Plan
) -> None:
    put(aws_provider)
    change = done(plan(aws_provider), aws_provider)
    again = undone(undone(change, aws_provider), aws_provider)
    assert again.after == change.after
    [now] = plan(aws_provider)
    assert now.is_noop


def test_WHEN_an_encryption_of_its_own_is_replaced_THEN_it_comes_back(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    own = s3.BucketEncryption(s3.EncryptionAlgorithm.KMS, "alias/own", bucket_key=True)
    s3.set_bucket_encryption(bucket, own, aws_provider)
    undone(done(changes.plan_set_encryption(bucket, "AES256", aws_provider), aws_provider), aws_provider)
    assert s3.get_bucket_encryption(bucket, aws_provider) == own
