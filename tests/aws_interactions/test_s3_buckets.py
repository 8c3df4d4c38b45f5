from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from aws_interactions import s3_interactions as s3
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import (
    AccessDenied,
    AlreadyExists,
    AnswerLost,
    AwsInteractionError,
    Conflict,
    CredentialsProblem,
    InvalidInput,
    NotFound,
    Throttled,
    Unavailable,
)
from aws_interactions.s3_interactions import BucketStatus, BucketVersioning
from aws_interactions.testing import FakeClient, fake_provider
from tests.support.many_objects import put_in_moto

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider


def provider_with(client: FakeClient) -> "AwsClientProvider":
    return fake_provider(s3=client)


def test_WHEN_asking_for_status_AND_bucket_is_absent_then_made_THEN_both_are_told(
    aws_provider: "AwsClientProvider",
) -> None:
    assert s3.get_bucket_status("logs", aws_provider) is BucketStatus.DOES_NOT_EXIST
    s3.create_bucket("logs", aws_provider)
    assert s3.get_bucket_status("logs", aws_provider) is BucketStatus.EXISTS_HAVE_ACCESS


def test_WHEN_asking_for_status_AND_bucket_is_another_accounts_THEN_no_access(
    aws_provider: "AwsClientProvider",
) -> None:
    other = aws_provider.for_role("arn:aws:iam::111122223333:role/operator")
    s3.create_bucket("theirs", other)
    assert s3.get_bucket_status("theirs", aws_provider) is BucketStatus.EXISTS_NO_ACCESS
    with pytest.raises(s3.CouldntEnsureBucketExists, match="no access"):
        s3.ensure_bucket_exists("theirs", aws_provider)
    with pytest.raises(s3.BucketAccessDenied) as caught:
        list(s3.list_bucket_objects("theirs", aws_provider))
    assert caught.value.bucket_name == "theirs"


def test_WHEN_status_is_shown_THEN_the_words_are_fixed() -> None:
    assert [status.value for status in BucketStatus] == [
        "does not exist",
        "exists have access",
        "exists no access",
    ]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("301", s3.BucketInAnotherRegion),
        ("400", InvalidInput),
        ("503", Unavailable),
        ("SlowDown", Throttled),
        ("ExpiredToken", CredentialsProblem),
        ("Teapot", ClientError),
    ],
)
def test_WHEN_asking_for_status_AND_answer_is_anything_else_THEN_it_is_raised(
    code: str, kind: type[Exception]
) -> None:
    provider = mock.Mock()
    provider.get_s3.return_value = FakeClient("s3").raises("head_bucket", code=code)
    with pytest.raises(kind) as caught:
        s3.get_bucket_status("logs", provider)
    if isinstance(caught.value, AwsInteractionError):
        assert caught.value.aws_code == code
        assert caught.value.operation_name == "HeadBucket"
    provider.get_aws_env.assert_not_called()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EndpointConnectionError(endpoint_url="http://x"), Unavailable),
        (ReadTimeoutError(endpoint_url="http://x"), AnswerLost),
    ],
)
def test_WHEN_there_is_no_answer_THEN_its_kind_is_raised(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        s3.get_bucket_status("logs", provider_with(FakeClient("s3").raises("head_bucket", error=error)))
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("region", "sent"),
    [
        ("us-east-1", {"Bucket": "logs"}),
        (
            "eu-west-1",
            {"Bucket": "logs", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
        ),
    ],
)
def test_WHEN_creating_THEN_the_constraint_is_the_environments_region(region: str, sent: Any) -> None:
    client = FakeClient("s3").answers("create_bucket", {})
    s3.create_bucket("logs", fake_provider(s3=client, environment=AwsEnvironment("123456789012", region)))
    assert client.calls_of("create_bucket") == [sent]


def test_WHEN_creating_AND_caller_owns_it_THEN_that_is_fine(aws_provider: "AwsClientProvider") -> None:
    s3.create_bucket("logs", aws_provider)
    s3.create_bucket("logs", aws_provider)
    s3.ensure_bucket_exists("logs", aws_provider)
    assert [bucket.name for bucket in s3.list_buckets(aws_provider)] == ["logs"]


def test_WHEN_creating_AND_name_is_taken_THEN_it_is_not_available() -> None:
    provider = provider_with(FakeClient("s3").raises("create_bucket", code="BucketAlreadyExists"))
    with pytest.raises(s3.BucketNameNotAvailable) as caught:
        s3.create_bucket("logs", provider)
    assert caught.value.bucket_name == "logs"
    assert isinstance(caught.value, AlreadyExists)
    assert isinstance(caught.value.__cause__, ClientError)


@pytest.mark.parametrize(
    "code", ["BucketAlreadyExists", "AccessDenied", "InvalidBucketName", "TooManyBuckets"]
)
def test_WHEN_ensuring_AND_creation_is_refused_THEN_the_reason_is_kept(code: str) -> None:
    client = FakeClient("s3").raises("head_bucket", code="404").raises("create_bucket", code=code)
    with pytest.raises(s3.CouldntEnsureBucketExists) as caught:
        s3.ensure_bucket_exists("logs", provider_with(client))
    assert caught.value.bucket_name == "logs"
    assert caught.value.reason
    assert caught.value.aws_code == code


def test_WHEN_ensuring_AND_throttled_to_the_end_THEN_it_says_so() -> None:
    client = FakeClient("s3").raises("head_bucket", code="404").raises("create_bucket", code="SlowDown")
    with pytest.raises(Throttled):
        s3.ensure_bucket_exists("logs", provider_with(client))


def test_WHEN_ensuring_AND_bucket_is_absent_THEN_it_is_made(aws_provider: "AwsClientProvider") -> None:
    s3.ensure_bucket_exists("logs", aws_provider)
    assert s3.get_bucket_status("logs", aws_provider) is BucketStatus.EXISTS_HAVE_ACCESS


def test_WHEN_listing_buckets_AND_a_region_is_named_THEN_only_its_buckets_come(
    aws_provider: "AwsClientProvider",
) -> None:
    s3.create_bucket("here", aws_provider)
    s3.create_bucket("there", aws_provider.for_region("us-east-1"))
    assert {bucket.name for bucket in s3.list_buckets(aws_provider)} == {"here", "there"}
    found = s3.list_buckets(aws_provider, aws_region="us-east-1")
    assert [(bucket.name, bucket.region) for bucket in found] == [("there", "us-east-1")]


def test_WHEN_listing_buckets_AND_regions_are_told_THEN_they_are_kept_AND_trusted() -> None:
    buckets = [{"Name": "a", "BucketRegion": "eu-west-1"}, {"Name": "b", "BucketRegion": "us-east-1"}]
    client = FakeClient("s3").pages("list_buckets", [{"Buckets": buckets[:1]}, {"Buckets": buckets[1:]}])
    provider = provider_with(client)
    assert [bucket.region for bucket in s3.list_buckets(provider)] == ["eu-west-1", "us-east-1"]
    # An endpoint that does not know the filter answers with everything.
    assert [bucket.name for bucket in s3.list_buckets(provider, aws_region="us-east-1")] == ["b"]


def test_WHEN_destroying_THEN_versions_markers_and_uploads_go_too(aws_provider: "AwsClientProvider") -> None:
    client = aws_provider.get_s3()
    s3.create_bucket("logs", aws_provider)
    s3.set_bucket_versioning("logs", BucketVersioning.ENABLED, aws_provider)
    for key in ("a", "a", "dir/b c", "ünï", "x&<y>"):
        client.put_object(Bucket="logs", Key=key, Body=b"1")
    client.delete_object(Bucket="logs", Key="a")
    client.create_multipart_upload(Bucket="logs", Key="unfinished")
    s3.destroy_bucket("logs", aws_provider)
    assert s3.get_bucket_status("logs", aws_provider) is BucketStatus.DOES_NOT_EXIST


def test_WHEN_destroying_AND_there_is_more_than_a_page_THEN_all_goes(
    aws_provider: "AwsClientProvider",
) -> None:
    s3.create_bucket("logs", aws_provider)
    put_in_moto("logs", [f"{number:04}" for number in range(1100)])
    s3.destroy_bucket("logs", aws_provider)
    assert s3.get_bucket_status("logs", aws_provider) is BucketStatus.DOES_NOT_EXIST


def test_WHEN_destroying_AND_the_same_pages_come_again_and_again_THEN_it_ends_with_the_conflict() -> None:
    pages = [{"Versions": [{"Key": key, "VersionId": "v"}]} for key in ("a", "b")]
    client = FakeClient("s3").pages("list_object_versions", pages).answers("delete_objects", {})
    with pytest.raises(s3.BucketNotEmpty):
        s3.destroy_bucket("logs", provider_with(client))
    assert client.calls_of("delete_bucket") == []


def test_WHEN_destroying_AND_bucket_is_absent_THEN_that_is_fine(aws_provider: "AwsClientProvider") -> None:
    s3.destroy_bucket("logs", aws_provider)


def test_WHEN_destroying_AND_a_200_answer_holds_errors_THEN_the_bucket_stays() -> None:
    version = {"Key": "held", "VersionId": "v1"}
    client = (
        FakeClient("s3")
        .pages("list_object_versions", [{"Versions": [version, {"Key": "free", "VersionId": "v2"}]}])
        .answers(
            "delete_objects",
            {
                "Deleted": [{"Key": "free", "VersionId": "v2"}],
                "Errors": [{**version, "Code": "AccessDenied", "Message": "held by a lock"}],
            },
        )
    )
    with pytest.raises(s3.S3ObjectsNotDeleted, match="held") as caught:
        s3.destroy_bucket("logs", provider_with(client))
    assert caught.value.failures == (s3.ObjectFailure("held", "v1", "AccessDenied", "held by a lock"),)
    assert [deleted.key for deleted in caught.value.deleted] == ["free"]
    assert client.calls_of("delete_bucket") == []


def test_WHEN_destroying_AND_someone_writes_meanwhile_THEN_the_conflict_is_told() -> None:
    client = FakeClient("s3").pages("list_object_versions", [{}]).pages("list_multipart_uploads", [{}])
    client.raises("delete_bucket", code="BucketNotEmpty", status=409)
    with pytest.raises(s3.BucketNotEmpty) as caught:
        s3.destroy_bucket("logs", provider_with(client))
    assert isinstance(caught.value, Conflict)


def test_WHEN_destroying_AND_an_upload_ended_meanwhile_THEN_that_is_fine() -> None:
    client = FakeClient("s3").pages("list_object_versions", [{}]).answers("delete_bucket", {})
    client.pages("list_multipart_uploads", [{"Uploads": [{"Key": "a", "UploadId": "1"}]}])
    client.raises("abort_multipart_upload", code="NoSuchUpload")
    s3.destroy_bucket("logs", provider_with(client))
    assert len(client.calls_of("delete_bucket")) == 1


def test_WHEN_a_key_fits_no_xml_THEN_it_is_deleted_alone() -> None:
    client = (
        FakeClient("s3").answers("delete_object", {}).answers("delete_objects", {"Deleted": [{"Key": "a"}]})
    )
    deleted = s3.delete_objects("logs", ["a", "b\x01"], provider_with(client))
    assert [item.key for item in deleted] == ["a", "b\x01"]
    assert client.calls_of("delete_object") == [{"Bucket": "logs", "Key": "b\x01"}]


def test_WHEN_tags_are_set_THEN_they_replace_all_AND_none_clears(aws_provider: "AwsClientProvider") -> None:
    s3.create_bucket("logs", aws_provider)
    assert s3.get_bucket_tags("logs", aws_provider) == {}
    s3.set_bucket_tags("logs", {"owner": "ops", "stage": "dev"}, aws_provider)
    s3.set_bucket_tags("logs", {"owner": "web"}, aws_provider)
    assert s3.get_bucket_tags("logs", aws_provider) == {"owner": "web"}
    s3.set_bucket_tags("logs", {}, aws_provider)
    assert s3.get_bucket_tags("logs", aws_provider) == {}


def test_WHEN_a_tag_has_no_value_THEN_it_is_empty(aws_provider: "AwsClientProvider") -> None:
    s3.create_bucket("logs", aws_provider)
    s3.set_bucket_tags("logs", {"team": ""}, aws_provider)
    assert s3.get_bucket_tags("logs", aws_provider) == {"team": ""}


@pytest.mark.parametrize(
    "tags",
    [
        {f"k{number}": "v" for number in range(51)},
        {"": "v"},
        {"k" * 129: "v"},
        {"k": "v" * 257},
        {"aws:owner": "v"},
        {"AWS:owner": "v"},
    ],
)
def test_WHEN_tags_pass_a_limit_THEN_nothing_is_sent(tags: dict[str, str]) -> None:
    client = FakeClient("s3")
    with pytest.raises(InvalidInput):
        s3.set_bucket_tags("logs", tags, provider_with(client))
    assert client.calls == []


def test_WHEN_versioning_is_set_THEN_it_is_read_back(aws_provider: "AwsClientProvider") -> None:
    s3.create_bucket("logs", aws_provider)
    seen = [s3.get_bucket_versioning("logs", aws_provider)]
    for wanted in (BucketVersioning.ENABLED, BucketVersioning.SUSPENDED):
        s3.set_bucket_versioning("logs", wanted, aws_provider)
        seen.append(s3.get_bucket_versioning("logs", aws_provider))
    assert seen == [BucketVersioning.UNVERSIONED, BucketVersioning.ENABLED, BucketVersioning.SUSPENDED]
    with pytest.raises(InvalidInput):
        s3.set_bucket_versioning("logs", BucketVersioning.UNVERSIONED, aws_provider)


@pytest.mark.parametrize(
    "call",
    [
        lambda provider: list(s3.list_bucket_objects("nowhere", provider)),
        lambda provider: list(s3.list_object_versions("nowhere", provider)),
        lambda provider: s3.get_bucket_tags("nowhere", provider),
        lambda provider: s3.set_bucket_tags("nowhere", {"a": "b"}, provider),
        lambda provider: s3.get_bucket_versioning("nowhere", provider),
        lambda provider: s3.set_bucket_versioning("nowhere", BucketVersioning.ENABLED, provider),
        lambda provider: s3.delete_object("nowhere", "a", provider),
        lambda provider: s3.delete_objects("nowhere", ["a"], provider),
        lambda provider: s3.get_object_tags("nowhere", "a", provider),
    ],
)
def test_WHEN_bucket_is_absent_THEN_every_call_says_so(
    aws_provider: "AwsClientProvider", call: Callable[["AwsClientProvider"], object]
) -> None:
    with pytest.raises(s3.BucketDoesntExist) as caught:
        call(aws_provider)
    assert caught.value.bucket_name == "nowhere"
    assert isinstance(caught.value, NotFound)
    assert caught.value.aws_code == "NoSuchBucket"


def test_WHEN_access_is_denied_THEN_action_and_arn_are_named() -> None:
    provider = provider_with(FakeClient("s3").raises("get_bucket_tagging", code="AccessDenied", status=403))
    with pytest.raises(s3.BucketAccessDenied) as caught:
        s3.get_bucket_tags("logs", provider)
    assert isinstance(caught.value, AccessDenied)
    assert caught.value.iam_actions == ("s3:GetBucketTagging",)
    assert caught.value.resource == "arn:aws:s3:::logs"
    assert "s3:GetBucketTagging" in str(caught.value)
