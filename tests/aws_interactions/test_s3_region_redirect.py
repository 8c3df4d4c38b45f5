import inspect
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session
from botocore.utils import S3RegionRedirectorv2

from aws_interactions.aws_errors import ReadOnlyViolation
from aws_interactions.botocore_events import handlers_owned_by
from aws_interactions.s3_region_redirect import BucketRegions, SharedS3RegionRedirector
from tests.aws_interactions.recording_aws import Answer, Recorded, bind, recording_aws

EVENTS = ("needs-retry.s3", "before-parameter-build.s3", "before-endpoint-resolution.s3")
WRONG_REGION = "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>"


def signed_region(request: Recorded) -> str:
    return request.headers["authorization"].split("Credential=")[1].split("/")[2]


def bucket_in_frankfurt(request: Recorded) -> Answer:
    """Answer as S3 does where the error does not tell the region, so that the bucket must be asked."""
    region = {"x-amz-bucket-region": "eu-central-1"}
    if signed_region(request) == "eu-central-1":
        return Answer(headers=region)
    if request.method == "HEAD":
        return Answer(status=200, headers=region)
    return Answer(status=301, body=WRONG_REGION)


@pytest.mark.parametrize("read_only", [False, True])
def test_WHEN_a_bucket_is_elsewhere_AND_the_error_does_not_say_where_THEN_the_target_itself_asks(
    read_only: bool,
) -> None:
    with recording_aws(bucket_in_frankfurt) as aws:
        prototypes = aws.prototypes()
        bind(prototypes, "1", read_only=read_only)
        client = bind(prototypes, "2", read_only=read_only)
        client.get_bucket_versioning(Bucket="bucket")
        client.get_bucket_versioning(Bucket="bucket")

    sent = [(request.method, signed_region(request)) for request in aws.requests]
    assert sent == [
        ("GET", "eu-west-1"),
        ("HEAD", "eu-west-1"),
        ("GET", "eu-central-1"),
        ("GET", "eu-central-1"),
    ]
    assert {request.access_key_id for request in aws.requests} == {"KEY2"}


def test_WHEN_the_error_names_the_region_THEN_the_request_goes_there_without_asking() -> None:
    def answer(request: Recorded) -> Answer:
        if signed_region(request) == "eu-central-1":
            return Answer()
        return Answer(status=301, body=WRONG_REGION, headers={"x-amz-bucket-region": "eu-central-1"})

    with recording_aws(answer) as aws:
        prototypes = aws.prototypes()
        bind(prototypes, "1").get_bucket_versioning(Bucket="bucket")
        bind(prototypes, "2").get_bucket_versioning(Bucket="bucket")

    sent = [(request.access_key_id, signed_region(request)) for request in aws.requests]
    assert sent == [("KEY1", "eu-west-1"), ("KEY1", "eu-central-1"), ("KEY2", "eu-central-1")]


def test_WHEN_no_region_can_be_found_THEN_the_error_stays_S3s() -> None:
    with recording_aws(lambda _: Answer(status=301, body=WRONG_REGION)) as aws:
        client = bind(aws.prototypes(), "1")
        with pytest.raises(ClientError, match="PermanentRedirect"):
            client.get_bucket_versioning(Bucket="bucket")

    assert {request.access_key_id for request in aws.requests} == {"KEY1"}


def test_WHEN_a_write_would_be_redirected_AND_the_client_is_read_only_THEN_nothing_is_sent() -> None:
    with recording_aws(bucket_in_frankfurt) as aws:
        client = bind(aws.prototypes(), "1", read_only=True)
        with pytest.raises(ReadOnlyViolation):
            client.delete_bucket(Bucket="bucket")

    assert aws.requests == []


def test_WHEN_a_request_of_no_bound_client_fails_THEN_it_is_not_redirected() -> None:
    redirector = SharedS3RegionRedirector(plain_s3())

    assert redirector.redirect_from_error({"context": {}}, (None, {}), None) is None


def test_WHEN_more_buckets_are_redirected_than_are_kept_THEN_the_oldest_is_forgotten() -> None:
    regions = BucketRegions(max_buckets=2)
    for name in ("a", "b", "c"):
        regions[name] = "eu-central-1"

    assert [name for name in ("a", "b", "c") if name in regions] == ["b", "c"]
    assert regions.get("a") is None
    assert bool(BucketRegions())


def test_WHEN_botocore_moves_a_seam_of_the_redirector_THEN_this_fails() -> None:
    for event_name in EVENTS:
        assert len(handlers_owned_by(plain_s3().meta.events, event_name, S3RegionRedirectorv2)) == 1
    constructor = inspect.signature(S3RegionRedirectorv2)
    assert list(constructor.parameters) == ["endpoint_bridge", "client", "cache"]
    assert "self._client.head_bucket" in inspect.getsource(S3RegionRedirectorv2.get_bucket_region)


def plain_s3() -> Any:
    return Session().create_client(
        "s3", "eu-west-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
