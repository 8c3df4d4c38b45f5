"""What holds for any pages and any error code, not only for those that somebody thought of."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import given, settings, strategies as st

from core.aws_client_provider import AwsClientProvider
from core.aws_errors import AwsInteractionError, translate_aws_errors
from example_service.s3_wrapper import list_bucket_objects

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def aws_provider() -> AwsClientProvider:
    """Give a provider whose one client is stubbed; its paginator is botocore's own."""
    return AwsClientProvider(aws_region="eu-west-1")


def answer(keys: list[str], next_token: str | None) -> dict[str, Any]:
    contents = [{"Key": key, "Size": len(key), "LastModified": MOMENT} for key in keys]
    more = (
        {"IsTruncated": True, "NextContinuationToken": next_token} if next_token else {"IsTruncated": False}
    )
    # As S3 does, an empty page has no list at all.
    return {**more, **({"Contents": contents} if contents else {})}


@settings(deadline=None)  # a busy machine is no failure
@given(pages=st.lists(st.lists(st.text(min_size=1, max_size=20), max_size=4), min_size=1, max_size=6))
def test_WHEN_objects_are_listed_AND_dealt_into_any_pages_THEN_each_comes_once_in_order(
    aws_provider: AwsClientProvider, pages: list[list[str]]
) -> None:
    with Stubber(aws_provider.get_s3()) as stubber:
        for number, keys in enumerate(pages, 1):
            token = f"page {number}" if number < len(pages) else None
            asked = {"Bucket": "logs", "Prefix": ""}
            asked |= {"ContinuationToken": f"page {number - 1}"} if number > 1 else {}
            stubber.add_response("list_objects_v2", answer(keys, token), asked)

        listed = [item.key for item in list_bucket_objects("logs", aws_provider)]

        stubber.assert_no_pending_responses()
    assert listed == [key for keys in pages for key in keys]


@given(code=st.text(max_size=30), message=st.text(max_size=30))
def test_WHEN_aws_refuses_AND_whatever_the_code_THEN_the_original_is_raised_or_is_the_cause(
    code: str, message: str
) -> None:
    original = ClientError({"Error": {"Code": code, "Message": message}}, "HeadBucket")

    with pytest.raises((AwsInteractionError, ClientError)) as caught, translate_aws_errors("s3", "logs"):
        raise original

    assert original in {caught.value, caught.value.__cause__}
