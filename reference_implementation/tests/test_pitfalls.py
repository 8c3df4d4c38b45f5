"""Five pitfalls: no wrapper is in one of them, and each check sees the wrong form."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.aws_client_provider import AwsClientProvider
from tests.fakes import provider_of
from tests.pitfall_checks import (
    calls_on_the_provider,
    client_errors_without_a_code,
    lists_without_paging,
    raw_results,
    wrappers_imported,
)

PROJECT = Path(__file__).parent.parent
WRAPPERS = sorted(path for path in PROJECT.glob("*/*_wrapper.py") if path.parent.name != "tests")

CALLED_ON_PROVIDER_WRONG = """
def get_bucket_status(bucket_name: str, aws_provider: "AwsClientProvider") -> BucketStatus:
    aws_provider.head_bucket(Bucket=bucket_name)
"""
CALLED_ON_PROVIDER_RIGHT = """
def get_bucket_status(bucket_name: str, aws_provider: "AwsClientProvider") -> BucketStatus:
    client = aws_provider.get_s3()
    client.head_bucket(Bucket=bucket_name)
"""
WRAPPER_IN_WRAPPER_WRONG = """
from example_service.s3_wrapper import get_object_text

def send_report(queue_url: str, bucket_name: str, key: str, aws_provider: "AwsClientProvider") -> None:
    text = get_object_text(bucket_name, key, aws_provider)
    aws_provider.get_sqs().send_message(QueueUrl=queue_url, MessageBody=text)
"""
WRAPPER_IN_WRAPPER_RIGHT = """
def send_message(queue_url: str, text: str, aws_provider: "AwsClientProvider") -> None:
    aws_provider.get_sqs().send_message(QueueUrl=queue_url, MessageBody=text)
"""
RAW_RESULT_WRONG = """
def get_object(bucket_name: str, key: str, aws_provider: "AwsClientProvider") -> dict[str, Any]:
    return aws_provider.get_s3().get_object(Bucket=bucket_name, Key=key)
"""
RAW_RESULT_RIGHT = """
def get_object_text(bucket_name: str, key: str, aws_provider: "AwsClientProvider") -> str:
    return aws_provider.get_s3().get_object(Bucket=bucket_name, Key=key)["Body"].read().decode("utf-8")
"""
UNPAGED_WRONG = """
def list_bucket_objects(bucket_name: str, aws_provider: "AwsClientProvider") -> list[S3Object]:
    client = aws_provider.get_s3()
    items = client.list_objects_v2(Bucket=bucket_name)["Contents"]
    return [S3Object(item["Key"], item["Size"], item["LastModified"]) for item in items]
"""
UNPAGED_RIGHT = """
def list_bucket_objects(bucket_name: str, aws_provider: "AwsClientProvider") -> Iterator[S3Object]:
    client = aws_provider.get_s3()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket_name):
        for item in page.get("Contents", []):
            yield S3Object(item["Key"], item["Size"], item["LastModified"])
"""
BLIND_EXCEPT_WRONG = """
def bucket_exists(bucket_name: str, aws_provider: "AwsClientProvider") -> bool:
    try:
        aws_provider.get_s3().head_bucket(Bucket=bucket_name)
    except ClientError:
        return False
    return True
"""
BLIND_EXCEPT_RIGHT = """
def bucket_exists(bucket_name: str, aws_provider: "AwsClientProvider") -> bool:
    try:
        aws_provider.get_s3().head_bucket(Bucket=bucket_name)
    except ClientError as error:
        if error_code(error) == "404":
            return False
        raise
    return True
"""

PITFALLS: dict[Callable[[str], list[Any]], tuple[str, str]] = {
    calls_on_the_provider: (CALLED_ON_PROVIDER_WRONG, CALLED_ON_PROVIDER_RIGHT),
    wrappers_imported: (WRAPPER_IN_WRAPPER_WRONG, WRAPPER_IN_WRAPPER_RIGHT),
    raw_results: (RAW_RESULT_WRONG, RAW_RESULT_RIGHT),
    lists_without_paging: (UNPAGED_WRONG, UNPAGED_RIGHT),
    client_errors_without_a_code: (BLIND_EXCEPT_WRONG, BLIND_EXCEPT_RIGHT),
}


@pytest.mark.parametrize("check", PITFALLS)
def test_WHEN_a_pitfall_is_looked_for_THEN_the_wrong_form_is_found_and_the_right_one_is_not(
    check: Callable[[str], list[Any]],
) -> None:
    wrong, right = PITFALLS[check]

    assert check(wrong) != []
    assert check(right) == []


@pytest.mark.parametrize(
    ("look", "is_one"),
    [
        ('error.response["Error"]["Code"] == "404"', True),
        ('error.response.get("Error", {}).get("Code") == "404"', True),
        ('"404" in str(error)', False),
    ],
)
def test_WHEN_a_client_error_is_caught_THEN_every_look_at_its_code_counts_and_no_other(
    look: str, is_one: bool
) -> None:
    source = BLIND_EXCEPT_RIGHT.replace('error_code(error) == "404"', look)

    assert (client_errors_without_a_code(source) == []) is is_one


@pytest.mark.parametrize("check", PITFALLS)
@pytest.mark.parametrize("wrapper", WRAPPERS, ids=lambda path: path.name)
def test_WHEN_a_wrapper_is_read_THEN_it_is_in_no_pitfall(
    wrapper: Path, check: Callable[[str], list[Any]]
) -> None:
    assert check(wrapper.read_text(encoding="utf-8")) == []


def test_WHEN_an_operation_is_asked_of_the_provider_THEN_neither_it_nor_its_mock_has_it() -> None:
    with pytest.raises(AttributeError, match="head_bucket"):
        provider_of(None).head_bucket(Bucket="reports")
    assert not hasattr(AwsClientProvider, "head_bucket")
