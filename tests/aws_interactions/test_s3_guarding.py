"""Public access, ownership of objects and lifecycle rules of a bucket."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from aws_interactions import s3_interactions as s3
from aws_interactions.s3_interactions.public_access import ALL_BLOCKED
from aws_interactions.testing import FakeClient, fake_provider

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

BUCKET = "guarded"


@pytest.fixture
def provider(aws_provider: "AwsClientProvider") -> "AwsClientProvider":
    s3.create_bucket(BUCKET, aws_provider)
    return aws_provider


def test_WHEN_public_access_is_blocked_THEN_it_is_read_so_AND_taken_away_it_was_never_set(
    provider: "AwsClientProvider",
) -> None:
    assert s3.get_public_access_block(BUCKET, provider) is None
    some = s3.PublicAccessBlock(block_acls=True, restrict_buckets=True)
    for block in (some, ALL_BLOCKED):
        s3.set_public_access_block(BUCKET, block, provider)
        assert s3.get_public_access_block(BUCKET, provider) == block
    assert (some.is_whole, ALL_BLOCKED.is_whole) == (False, True)
    s3.set_public_access_block(BUCKET, None, provider)
    assert s3.get_public_access_block(BUCKET, provider) is None


def test_WHEN_a_policy_lets_anybody_in_THEN_it_is_public(provider: "AwsClientProvider") -> None:
    assert not s3.is_bucket_policy_public(BUCKET, provider)
    anybody = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    provider.get_s3().put_bucket_policy(Bucket=BUCKET, Policy=policy)
    assert s3.is_bucket_policy_public(BUCKET, provider)


def test_WHEN_ownership_is_set_THEN_it_is_read_so_AND_taken_away_it_was_never_set(
    provider: "AwsClientProvider",
) -> None:
    for ownership in s3.ObjectOwnership:
        s3.set_object_ownership(BUCKET, ownership, provider)
        assert s3.get_object_ownership(BUCKET, provider) is ownership
    s3.set_object_ownership(BUCKET, None, provider)
    assert s3.get_object_ownership(BUCKET, provider) is None


def test_WHEN_ownership_is_a_word_of_tomorrow_THEN_it_is_told_as_it_is() -> None:
    answer = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "Nobody"}]}}
    client = FakeClient("s3").answers("get_bucket_ownership_controls", answer)
    assert s3.get_object_ownership(BUCKET, fake_provider(s3=client)) == "Nobody"


def test_WHEN_rules_are_set_THEN_they_are_read_so_AND_none_are_none(provider: "AwsClientProvider") -> None:
    assert s3.get_bucket_lifecycle(BUCKET, provider) == s3.BucketLifecycle()
    rule = {"ID": "one", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 3}}
    s3.set_bucket_lifecycle(BUCKET, s3.BucketLifecycle((rule,)), provider)
    assert s3.get_bucket_lifecycle(BUCKET, provider).rules == (rule,)
    s3.set_bucket_lifecycle(BUCKET, s3.BucketLifecycle(), provider)
    assert s3.get_bucket_lifecycle(BUCKET, provider).rules == ()


def test_WHEN_a_rule_has_a_date_THEN_it_is_text_AND_what_S3_told_besides_is_sent_again() -> None:
    date = datetime(2027, 1, 1, tzinfo=UTC)
    answer = {
        "Rules": [
            {"Status": "Enabled", "Transitions": [{"Date": date, "StorageClass": "GLACIER"}]},
        ],
        "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
    }
    client = (
        FakeClient("s3")
        .answers("get_bucket_lifecycle_configuration", answer)
        .answers("put_bucket_lifecycle_configuration", {})
    )
    provider = fake_provider(s3=client)
    found = s3.get_bucket_lifecycle(BUCKET, provider)
    assert found.rules[0]["Transitions"] == [{"Date": "2027-01-01T00:00:00+00:00", "StorageClass": "GLACIER"}]
    s3.set_bucket_lifecycle(BUCKET, found, provider)
    [sent] = client.calls_of("put_bucket_lifecycle_configuration")
    assert sent["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"


CALLS: list[Callable[["AwsClientProvider"], Any]] = [
    lambda provider: s3.get_public_access_block("no-such-bucket", provider),
    lambda provider: s3.set_public_access_block("no-such-bucket", ALL_BLOCKED, provider),
    lambda provider: s3.is_bucket_policy_public("no-such-bucket", provider),
    lambda provider: s3.get_object_ownership("no-such-bucket", provider),
    lambda provider: s3.set_object_ownership("no-such-bucket", None, provider),
    lambda provider: s3.get_bucket_lifecycle("no-such-bucket", provider),
    lambda provider: s3.set_bucket_lifecycle("no-such-bucket", s3.BucketLifecycle(), provider),
    lambda provider: list(s3.list_unfinished_uploads("no-such-bucket", provider)),
    lambda provider: list(s3.list_bucket_level("no-such-bucket", provider)),
]


@pytest.mark.parametrize("call", CALLS)
def test_WHEN_there_is_no_bucket_THEN_each_says_so(
    aws_provider: "AwsClientProvider", call: Callable[["AwsClientProvider"], Any]
) -> None:
    with pytest.raises(s3.BucketDoesntExist):
        call(aws_provider)
