from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from aws_interactions import s3_interactions as s3
from aws_interactions.aws_errors import (
    AccessDenied,
    Conflict,
    InvalidInput,
    NotFound,
    Throttled,
    Unavailable,
)
from aws_interactions.s3_interactions import BucketVersioning
from aws_interactions.testing import FakeClient, fake_provider
from tests.support.many_objects import put_in_moto

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

WHEN = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def bucket(aws_provider: "AwsClientProvider") -> str:
    s3.create_bucket("logs", aws_provider)
    return "logs"


def put(provider: "AwsClientProvider", key: str, body: bytes = b"1", **settings: Any) -> Any:
    return provider.get_s3().put_object(Bucket="logs", Key=key, Body=body, **settings)


def test_WHEN_listing_more_than_a_page_THEN_all_come_in_order(
    aws_provider: "AwsClientProvider", bucket: str
) -> None:
    keys = [f"{number:04}" for number in range(1003)]
    put_in_moto(bucket, keys)
    assert [item.key for item in s3.list_bucket_objects(bucket, aws_provider)] == keys
    assert len(list(s3.list_object_versions(bucket, aws_provider))) == len(keys)
    assert len(s3.delete_objects(bucket, keys[:1000], aws_provider)) == 1000
    assert [item.key for item in s3.list_bucket_objects(bucket, aws_provider)] == keys[1000:]


def test_WHEN_listing_by_prefix_THEN_odd_keys_come_as_they_are(
    aws_provider: "AwsClientProvider", bucket: str
) -> None:
    keys = ["p/ünï", "p/a b", "p/a+b", "p/a%20b", "p/x&<y>", "p//z", "p/\x01c"]
    for key in [*keys, "other"]:
        put(aws_provider, key, b"12")
    found = list(s3.list_bucket_objects(bucket, aws_provider, prefix="p/"))
    assert {item.key for item in found} == set(keys)
    assert {(item.size, item.storage_class, item.etag) for item in found} == {
        (2, "STANDARD", "c20ad4d76fe97759aa27a0c99bff6710")
    }
    # moto fails to list versions of keys that XML can't hold.
    s3.delete_objects(bucket, ["p/\x01c", "other"], aws_provider)
    s3.destroy_bucket(bucket, aws_provider)
    assert s3.get_bucket_status(bucket, aws_provider) is s3.BucketStatus.DOES_NOT_EXIST


def test_WHEN_page_token_repeats_THEN_the_list_ends_in_an_error() -> None:
    item = {"Key": "a", "Size": 1, "LastModified": WHEN, "ETag": '"e"'}
    page = {"IsTruncated": True, "NextContinuationToken": "x", "Contents": [item]}
    provider = fake_provider(s3=FakeClient("s3").answers("list_objects_v2", page))
    with pytest.raises(Unavailable, match="same page twice"):
        list(s3.list_bucket_objects("logs", provider))


def test_WHEN_listing_fails_on_a_later_page_THEN_the_first_objects_have_come() -> None:
    item = {"Key": "a", "Size": 1, "LastModified": WHEN, "ETag": '"e"'}
    client = FakeClient("s3").answers(
        "list_objects_v2", {"IsTruncated": True, "NextContinuationToken": "x", "Contents": [item]}
    )
    found = s3.list_bucket_objects(
        "logs", fake_provider(s3=client.raises("list_objects_v2", code="SlowDown"))
    )
    assert next(found).key == "a"
    with pytest.raises(Throttled):
        next(found)


def test_WHEN_listing_versions_THEN_delete_markers_are_told_apart(
    aws_provider: "AwsClientProvider", bucket: str
) -> None:
    s3.set_bucket_versioning(bucket, BucketVersioning.ENABLED, aws_provider)
    put(aws_provider, "a")
    s3.delete_object(bucket, "a", aws_provider)
    found = list(s3.list_object_versions(bucket, aws_provider))
    assert [(item.key, item.is_delete_marker, item.is_latest) for item in found] == [
        ("a", False, False),
        ("a", True, True),
    ]
    assert found[1].etag is None
    s3.delete_object(bucket, "a", aws_provider, version_id=found[1].version_id)
    assert [item.is_latest for item in s3.list_object_versions(bucket, aws_provider)] == [True]


def test_WHEN_describing_THEN_details_come_AND_absent_is_none(
    aws_provider: "AwsClientProvider", bucket: str
) -> None:
    put(aws_provider, "a", b"12", ContentType="text/plain", Metadata={"owner": "ops"})
    details = s3.describe_object(bucket, "a", aws_provider)
    assert details is not None
    assert (details.size, details.content_type, details.user_metadata) == (2, "text/plain", {"owner": "ops"})
    assert details.etag == "c20ad4d76fe97759aa27a0c99bff6710"
    assert s3.describe_object(bucket, "b", aws_provider) is None
    assert s3.get_object_user_metadata(bucket, "a", aws_provider) == {"owner": "ops"}
    with pytest.raises(s3.S3ObjectDoesntExist) as caught:
        s3.get_object_user_metadata(bucket, "b", aws_provider)
    assert (caught.value.bucket_name, caught.value.key) == (bucket, "b")


@pytest.mark.parametrize(
    ("code", "kind"),
    [("403", s3.BucketAccessDenied), ("400", InvalidInput), ("301", s3.BucketInAnotherRegion)],
)
def test_WHEN_describing_AND_head_is_refused_THEN_its_kind_is_raised(
    code: str, kind: type[Exception]
) -> None:
    provider = fake_provider(s3=FakeClient("s3").raises("head_object", code=code))
    with pytest.raises(kind):
        s3.describe_object("logs", "a", provider)


def test_WHEN_describing_AND_version_is_a_delete_marker_THEN_it_is_absent() -> None:
    provider = fake_provider(s3=FakeClient("s3").raises("head_object", code="405"))
    assert s3.describe_object("logs", "a", provider, version_id="v") is None


def test_WHEN_deleting_THEN_absent_is_fine(aws_provider: "AwsClientProvider", bucket: str) -> None:
    put(aws_provider, "a")
    for _ in range(2):
        s3.delete_object(bucket, "a", aws_provider)
    assert list(s3.list_bucket_objects(bucket, aws_provider)) == []


def test_WHEN_deleting_on_condition_THEN_a_changed_object_stays(
    aws_provider: "AwsClientProvider", bucket: str
) -> None:
    put(aws_provider, "a", b"new")
    with pytest.raises(s3.S3ObjectChanged) as caught:
        s3.delete_object(bucket, "a", aws_provider, if_match="c20ad4d76fe97759aa27a0c99bff6710")
    assert isinstance(caught.value, Conflict)
    details = s3.describe_object(bucket, "a", aws_provider)
    assert details is not None
    s3.delete_object(bucket, "a", aws_provider, if_match=details.etag)
    assert s3.describe_object(bucket, "a", aws_provider) is None


def test_WHEN_batch_is_over_a_thousand_THEN_nothing_is_sent() -> None:
    client = FakeClient("s3")
    with pytest.raises(InvalidInput, match="1001"):
        s3.delete_objects("logs", ["a"] * 1001, fake_provider(s3=client))
    assert s3.delete_objects("logs", [], fake_provider(s3=client)) == []
    assert client.calls == []


def test_WHEN_batch_has_errors_in_a_200_THEN_each_key_and_code_is_named() -> None:
    errors = [
        {"Key": "a", "Code": "AccessDenied", "Message": "no"},
        {"Key": "b", "Code": "InternalError", "Message": "oops"},
        {"Key": "c", "Code": "SlowDown", "Message": "slow"},
        {"Key": "d", "Code": "Teapot"},
        {"Key": "e", "Code": "NoSuchVersion"},
        {"Key": "f", "Code": "NoSuchBucket"},
    ]
    answer = {"Deleted": [{"Key": "z"}], "Errors": errors}
    provider = fake_provider(s3=FakeClient("s3").answers("delete_objects", answer))
    with pytest.raises(s3.S3ObjectsNotDeleted) as caught:
        s3.delete_objects("logs", [*"abcdefz"], provider)
    assert caught.value.bucket_name == "logs"
    assert "a (AccessDenied), b (InternalError)" in str(caught.value)
    assert "and 1 more" in str(caught.value)
    assert [deleted.key for deleted in caught.value.deleted] == ["z"]
    kinds = [failure.as_error("logs") for failure in caught.value.failures]
    expected = (AccessDenied, Unavailable, Throttled, Conflict, s3.S3ObjectDoesntExist, s3.BucketDoesntExist)
    assert [isinstance(error, kind) for error, kind in zip(kinds, expected, strict=True)] == [True] * 6


def test_WHEN_lone_key_of_a_batch_is_refused_THEN_it_is_one_failure() -> None:
    client = FakeClient("s3").raises("delete_object", code="AccessDenied", message="no")
    with pytest.raises(s3.S3ObjectsNotDeleted) as caught:
        s3.delete_objects("logs", ["\x01"], fake_provider(s3=client))
    assert caught.value.failures == (s3.ObjectFailure("\x01", None, "AccessDenied", "no"),)


def test_WHEN_object_tags_are_set_THEN_they_replace_all(
    aws_provider: "AwsClientProvider", bucket: str
) -> None:
    put(aws_provider, "a")
    s3.set_object_tags(bucket, "a", {"x": "1", "y": "2"}, aws_provider)
    s3.set_object_tags(bucket, "a", {"y": "3"}, aws_provider)
    assert s3.get_object_tags(bucket, "a", aws_provider) == {"y": "3"}
    s3.set_object_tags(bucket, "a", {}, aws_provider)
    assert s3.get_object_tags(bucket, "a", aws_provider) == {}
    with pytest.raises(s3.S3ObjectDoesntExist):
        s3.get_object_tags(bucket, "b", aws_provider)


def test_WHEN_object_has_eleven_tags_THEN_nothing_is_sent() -> None:
    client = FakeClient("s3")
    with pytest.raises(InvalidInput, match="11"):
        s3.set_object_tags("logs", "a", {str(n): "" for n in range(11)}, fake_provider(s3=client))
    assert client.calls == []


def test_WHEN_every_exception_is_made_THEN_it_is_of_a_kind_AND_keeps_its_bucket() -> None:
    errors = [
        (s3.BucketDoesntExist("b"), NotFound),
        (s3.BucketAccessDenied("b"), AccessDenied),
        (s3.S3ObjectDoesntExist("b", "k"), NotFound),
        (s3.S3ObjectArchived("b", "k"), Conflict),
        (s3.S3ObjectDamaged("b", "k", "why"), Unavailable),
    ]
    assert all(isinstance(error, kind) and error.bucket_name == "b" for error, kind in errors)
