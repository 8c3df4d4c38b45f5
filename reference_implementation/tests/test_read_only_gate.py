from collections.abc import Callable
from typing import Any

import pytest

from core.aws_client_provider import AwsClientProvider
from core.aws_errors import ReadOnlyViolation
from example_service.s3_wrapper import get_object_text, list_bucket_objects, put_object_text

OBJECT = {"Bucket": "reports", "Key": "today"}
WRITES: dict[str, Callable[[Any], object]] = {
    "call": lambda s3: s3.delete_object(**OBJECT),
    "operation that nobody listed": lambda s3: s3.get_object_torrent(**OBJECT),
    "presigned URL": lambda s3: s3.generate_presigned_url("put_object", Params=OBJECT),
    "presigned post": lambda s3: s3.generate_presigned_post("reports", "today"),
    "presigned read, sent as DELETE": lambda s3: s3.generate_presigned_url(
        "get_object", Params=OBJECT, HttpMethod="DELETE"
    ),
}


@pytest.fixture
def filled(aws_provider: AwsClientProvider) -> AwsClientProvider:
    aws_provider.get_s3().create_bucket(
        Bucket="reports", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    put_object_text("reports", "today", "all well", aws_provider)
    return aws_provider


def test_WHEN_read_only_THEN_reads_work(filled: AwsClientProvider) -> None:
    reader = filled.read_only()

    assert reader.is_read_only
    assert get_object_text("reports", "today", reader) == "all well"
    assert [each.key for each in list_bucket_objects("reports", reader)] == ["today"]
    assert reader.get_s3().generate_presigned_url("get_object", Params=OBJECT)


@pytest.mark.parametrize("name", WRITES)
def test_WHEN_read_only_AND_it_is_no_listed_read_THEN_it_is_refused_and_nothing_changes(
    filled: AwsClientProvider, name: str
) -> None:
    with pytest.raises(ReadOnlyViolation, match="read-only"):
        WRITES[name](filled.read_only().get_s3())

    assert get_object_text("reports", "today", filled) == "all well"


def test_WHEN_a_read_only_provider_was_derived_THEN_the_first_one_still_writes(
    filled: AwsClientProvider,
) -> None:
    filled.read_only().get_s3()

    put_object_text("reports", "today", "changed", filled)

    assert get_object_text("reports", "today", filled) == "changed"
