from typing import Any

import pytest

from aws_interactions import s3_interactions as s3
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.testing import FakeClient, fake_provider

KEY = "arn:aws:kms:eu-west-1:123456789012:key/k-1"


def answer(**rule: Any) -> dict[str, Any]:
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


@pytest.fixture
def bucket(aws_provider: AwsClientProvider) -> str:
    s3.create_bucket("logs", aws_provider)
    return "logs"


@pytest.mark.parametrize(
    "encryption",
    [
        s3.BucketEncryption(s3.EncryptionAlgorithm.AES256),
        s3.BucketEncryption(s3.EncryptionAlgorithm.KMS),
        s3.BucketEncryption(s3.EncryptionAlgorithm.KMS, KEY, bucket_key=True),
        s3.BucketEncryption(s3.EncryptionAlgorithm.KMS_DSSE, "alias/mine"),
    ],
)
def test_WHEN_encryption_is_set_THEN_it_is_read_so_AND_reset_it_is_the_default_again(
    aws_provider: AwsClientProvider, bucket: str, encryption: s3.BucketEncryption
) -> None:
    default = s3.get_bucket_encryption(bucket, aws_provider)

    s3.set_bucket_encryption(bucket, encryption, aws_provider)
    assert s3.get_bucket_encryption(bucket, aws_provider) == encryption

    s3.reset_bucket_encryption(bucket, aws_provider)
    assert s3.get_bucket_encryption(bucket, aws_provider) == default


def test_WHEN_a_bucket_refuses_ways_of_encrypting_THEN_they_are_read_AND_sent_again() -> None:
    found = answer(
        ApplyServerSideEncryptionByDefault={"SSEAlgorithm": "AES256"},
        BlockedEncryptionTypes={"EncryptionType": ["SSE-C"]},
    )
    client = FakeClient("s3").answers("get_bucket_encryption", found).answers("put_bucket_encryption", {})
    provider = fake_provider(s3=client)

    encryption = s3.get_bucket_encryption("logs", provider)
    assert encryption == s3.BucketEncryption(s3.EncryptionAlgorithm.AES256, blocked_types=("SSE-C",))
    s3.set_bucket_encryption("logs", encryption, provider)

    [sent] = client.calls_of("put_bucket_encryption")
    [rule] = sent["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}


def test_WHEN_a_bucket_has_an_algorithm_of_tomorrow_THEN_it_is_told_as_it_is() -> None:
    client = FakeClient("s3").answers(
        "get_bucket_encryption", answer(ApplyServerSideEncryptionByDefault={"SSEAlgorithm": "aws:new"})
    )
    found = s3.get_bucket_encryption("logs", fake_provider(s3=client))
    assert found is not None
    assert found.algorithm == "aws:new"


@pytest.mark.parametrize(
    "encryption",
    [
        s3.BucketEncryption(s3.EncryptionAlgorithm.AES256, KEY),
        s3.BucketEncryption(s3.EncryptionAlgorithm.KMS_DSSE, bucket_key=True),
    ],
)
def test_WHEN_keys_do_not_go_with_the_algorithm_THEN_nothing_is_sent(encryption: s3.BucketEncryption) -> None:
    client = FakeClient("s3")
    with pytest.raises(InvalidInput):
        s3.set_bucket_encryption("logs", encryption, fake_provider(s3=client))
    assert client.calls == []


def test_WHEN_the_bucket_is_absent_THEN_all_say_so(aws_provider: AwsClientProvider) -> None:
    aes = s3.BucketEncryption(s3.EncryptionAlgorithm.AES256)
    for call in (
        lambda: s3.get_bucket_encryption("no-such-bucket", aws_provider),
        lambda: s3.set_bucket_encryption("no-such-bucket", aes, aws_provider),
        lambda: s3.reset_bucket_encryption("no-such-bucket", aws_provider),
    ):
        with pytest.raises(s3.BucketDoesntExist):
            call()
