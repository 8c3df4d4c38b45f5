from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from core.aws_client_provider import AwsClientProvider
from core.aws_errors import AccessDenied, AwsInteractionError, CredentialsProblem, NotFound, Throttled
from example_service.s3_wrapper import (
    Bucket,
    BucketAccessDenied,
    BucketDoesntExist,
    BucketStatus,
    S3Object,
    S3ObjectDoesntExist,
    get_bucket_status,
    get_object_text,
    list_bucket_objects,
    list_buckets,
    put_object_text,
)
from tests.fakes import PagingClient, client_error, provider_of

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def make_bucket(bucket_name: str, aws_provider: AwsClientProvider) -> None:
    aws_provider.get_s3().create_bucket(
        Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )


# With a mock of the provider: what the wrapper makes of each answer.


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("404", BucketStatus.DOES_NOT_EXIST),
        ("NoSuchBucket", BucketStatus.DOES_NOT_EXIST),
        ("403", BucketStatus.EXISTS_NO_ACCESS),
    ],
)
def test_WHEN_asking_for_status_AND_s3_refuses_THEN_the_code_becomes_a_status(
    code: str, status: BucketStatus
) -> None:
    s3_client = mock.Mock()
    s3_client.head_bucket.side_effect = client_error(code)

    assert get_bucket_status("reports", provider_of(s3_client)) is status


def test_WHEN_asking_for_status_AND_the_code_is_no_status_THEN_it_is_raised() -> None:
    s3_client = mock.Mock()

    s3_client.head_bucket.side_effect = client_error("SlowDown")
    with pytest.raises(Throttled):
        get_bucket_status("reports", provider_of(s3_client))

    s3_client.head_bucket.side_effect = client_error("NobodyForesawThis")
    with pytest.raises(ClientError):
        get_bucket_status("reports", provider_of(s3_client))


@pytest.mark.parametrize("code", ["400", "403"])
def test_WHEN_asking_for_status_AND_it_is_the_keys_that_are_refused_THEN_nothing_is_said_of_the_bucket(
    code: str,
) -> None:
    s3_client = mock.Mock()
    s3_client.head_bucket.side_effect = client_error(code)
    aws_provider = provider_of(s3_client)
    aws_provider.get_aws_env.side_effect = CredentialsProblem("sts on the caller: ExpiredToken")

    with pytest.raises(CredentialsProblem, match="ExpiredToken"):
        get_bucket_status("reports", aws_provider)


def test_WHEN_asking_for_status_several_times_THEN_each_answer_counts_for_itself() -> None:
    s3_client = mock.Mock()
    s3_client.head_bucket.side_effect = [client_error("404"), client_error("403"), {}]
    aws_provider = provider_of(s3_client)

    statuses = [get_bucket_status("reports", aws_provider) for _ in range(3)]

    assert statuses == [
        BucketStatus.DOES_NOT_EXIST,
        BucketStatus.EXISTS_NO_ACCESS,
        BucketStatus.EXISTS_HAVE_ACCESS,
    ]


# With pages: all of them, as values, and no sooner than they are asked for.


def test_WHEN_listing_AND_there_are_several_pages_THEN_the_objects_of_all_come_in_order() -> None:
    s3_client = PagingClient(
        [
            {"Contents": [{"Key": "a", "Size": 1, "LastModified": NOON}]},
            {},
            {"Contents": [{"Key": "b", "Size": 2, "LastModified": NOON}]},
        ]
    )

    listed = list(list_bucket_objects("reports", provider_of(s3_client), prefix="20"))

    assert listed == [S3Object("a", 1, NOON), S3Object("b", 2, NOON)]
    assert s3_client.asked == [("list_objects_v2", {"Bucket": "reports", "Prefix": "20"})]


def test_WHEN_listing_AND_a_later_page_fails_THEN_what_came_before_is_not_the_whole_list() -> None:
    s3_client = PagingClient(
        [{"Contents": [{"Key": "a", "Size": 1, "LastModified": NOON}]}],
        failure=client_error("AccessDenied", "ListObjectsV2"),
    )
    objects = list_bucket_objects("reports", provider_of(s3_client))

    assert next(objects).key == "a"
    with pytest.raises(BucketAccessDenied):
        next(objects)


# With botocore's Stubber: its model checks both parameters and answers.


def test_WHEN_listing_buckets_THEN_s3_is_asked_for_pages() -> None:
    aws_provider = AwsClientProvider(aws_region="eu-west-1")
    first = {"Buckets": [{"Name": "reports", "CreationDate": NOON}], "ContinuationToken": "more"}
    second = {"Buckets": [{"Name": "site"}]}

    with Stubber(aws_provider.get_s3()) as stubber:
        stubber.add_response("list_buckets", first, {"MaxBuckets": 1000})
        stubber.add_response("list_buckets", second, {"MaxBuckets": 1000, "ContinuationToken": "more"})
        listed = list(list_buckets(aws_provider))

    assert listed == [Bucket("reports", NOON), Bucket("site", None)]


# With every way in and every refusal: the subject and AWS's own answer are kept.

CALLS: dict[str, Callable[[Any], object]] = {
    "list": lambda provider: list(list_bucket_objects("reports", provider)),
    "get": lambda provider: get_object_text("reports", "today", provider),
    "put": lambda provider: put_object_text("reports", "today", "text", provider),
}
REFUSALS: dict[str, tuple[type[AwsInteractionError], type[AwsInteractionError]]] = {
    "NoSuchBucket": (BucketDoesntExist, NotFound),
    "AccessDenied": (BucketAccessDenied, AccessDenied),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("code", REFUSALS)
def test_WHEN_s3_refuses_a_bucket_THEN_the_exception_keeps_the_bucket_and_the_answer(
    call: str, code: str
) -> None:
    answer = client_error(code)
    s3_client = mock.Mock()
    s3_client.get_object.side_effect = s3_client.put_object.side_effect = answer
    s3_client.get_paginator.return_value.paginate.side_effect = answer
    exception, kind = REFUSALS[code]

    with pytest.raises(kind) as caught:
        CALLS[call](provider_of(s3_client))

    assert isinstance(caught.value, exception)
    assert vars(caught.value)["bucket_name"] == "reports"
    assert caught.value.resource == "arn:aws:s3:::reports"
    assert caught.value.__cause__ is answer


# With moto: an S3 in this process.


def test_WHEN_a_text_is_put_THEN_it_is_there_to_list_and_to_get(aws_provider: AwsClientProvider) -> None:
    make_bucket("reports", aws_provider)

    put_object_text("reports", "today", "all well · 8°", aws_provider)

    assert get_object_text("reports", "today", aws_provider) == "all well · 8°"
    assert [(each.key, each.size) for each in list_bucket_objects("reports", aws_provider)] == [("today", 15)]
    assert [bucket.name for bucket in list_buckets(aws_provider)] == ["reports"]


def test_WHEN_an_object_or_its_bucket_is_absent_THEN_the_two_are_told_apart(
    aws_provider: AwsClientProvider,
) -> None:
    make_bucket("reports", aws_provider)

    with pytest.raises(S3ObjectDoesntExist) as caught:
        get_object_text("reports", "today", aws_provider)
    assert (caught.value.bucket_name, caught.value.key) == ("reports", "today")
    with pytest.raises(BucketDoesntExist):
        get_object_text("gone", "today", aws_provider)


def test_WHEN_a_bucket_is_another_accounts_THEN_it_exists_and_is_closed(
    aws_provider: AwsClientProvider,
) -> None:
    other = AwsClientProvider(
        aws_region="eu-west-1", assume_role_arn="arn:aws:iam::111122223333:role/operator"
    )
    make_bucket("theirs", other)

    assert get_bucket_status("theirs", other) is BucketStatus.EXISTS_HAVE_ACCESS
    assert get_bucket_status("theirs", aws_provider) is BucketStatus.EXISTS_NO_ACCESS
    assert get_bucket_status("nobodys", aws_provider) is BucketStatus.DOES_NOT_EXIST
