from datetime import UTC, datetime
from typing import Any

import pytest

from aws_interactions import s3_interactions as s3
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.testing import FakeClient, fake_provider

# What copy sources, lists and queries each write in their own way.
HOSTILE_KEYS = [
    "a b",
    "a//b",
    "/leading",
    "trailing/",
    "ü/日本",
    "a+b&c=d",
    "100%/%41",
    "a?versionId=x",
    "a\tb",
    "~'\"<>",
    "k" * 1024,
]
HEAD = {
    "ETag": '"e1"',
    "ContentLength": 4,
    "LastModified": "2026-01-01T00:00:00Z",
    "VersionId": "v1",
}


@pytest.fixture
def bucket(aws_provider: AwsClientProvider) -> str:
    s3.create_bucket("logs", aws_provider)
    s3.set_bucket_versioning("logs", s3.BucketVersioning.ENABLED, aws_provider)
    return "logs"


def put(aws_provider: AwsClientProvider, key: str, body: bytes, **settings: Any) -> str:
    version_id: str = aws_provider.get_s3().put_object(Bucket="logs", Key=key, Body=body, **settings)[
        "VersionId"
    ]
    return version_id


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_WHEN_an_old_version_is_restored_THEN_it_is_on_top_with_all_that_belongs_to_it(
    aws_provider: AwsClientProvider, bucket: str, key: str
) -> None:
    old = put(aws_provider, key, b"old", Metadata={"m": "1"}, ContentType="text/x", Tagging="team=ops")
    new = put(aws_provider, key, b"new one")
    for neighbour in (key[:1000] + "z", "0"):
        put(aws_provider, neighbour, b"a neighbour")

    s3.restore_object_version(bucket, key, old, aws_provider)

    found = s3.describe_object(bucket, key, aws_provider)
    assert found is not None
    assert (found.size, found.content_type, dict(found.user_metadata)) == (3, "text/x", {"m": "1"})
    assert s3.get_object_tags(bucket, key, aws_provider) == {"team": "ops"}
    newest, previous = s3.newest_versions(bucket, key, aws_provider)
    assert (newest.version_id, previous.version_id) == (found.version_id, new)


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_WHEN_an_object_was_deleted_THEN_the_marker_is_the_newest_AND_its_last_version_comes_next(
    aws_provider: AwsClientProvider, bucket: str, key: str
) -> None:
    assert s3.newest_versions(bucket, key, aws_provider) == ()
    put(aws_provider, key[:1000] + "z", b"a neighbour")
    version_id = put(aws_provider, key, b"old")
    s3.delete_object(bucket, key, aws_provider)

    marker, previous = s3.newest_versions(bucket, key, aws_provider)

    assert (marker.is_delete_marker, marker.is_latest) == (True, True)
    assert (previous.version_id, previous.is_delete_marker) == (version_id, False)


def test_WHEN_markers_and_versions_come_in_two_lists_THEN_the_newest_is_first() -> None:
    version = {"Key": "k", "VersionId": "v1", "IsLatest": False, "ETag": '"e"'}
    marker = {"Key": "k", "VersionId": "m1", "IsLatest": True}
    other = {"Key": "k2", "VersionId": "v9", "IsLatest": True, "ETag": '"e"'}
    client = FakeClient("s3").answers(
        "list_object_versions", {"Versions": [version, other], "DeleteMarkers": [marker]}
    )
    found = s3.newest_versions("logs", "k", fake_provider(s3=client))
    assert [each.version_id for each in found] == ["m1", "v1"]


def test_WHEN_s3_gives_one_version_a_page_THEN_the_next_page_is_asked_for() -> None:
    pages = [
        {"DeleteMarkers": [{"Key": "k", "VersionId": "m1", "IsLatest": True}]},
        {"Versions": [{"Key": "k", "VersionId": "v1", "IsLatest": False, "ETag": '"e"'}]},
        {"Versions": [{"Key": "k", "VersionId": "v0", "IsLatest": False, "ETag": '"e"'}]},
    ]
    client = FakeClient("s3").pages("list_object_versions", pages)
    found = s3.newest_versions("logs", "k", fake_provider(s3=client))
    assert [each.version_id for each in found] == ["m1", "v1"]
    assert len(client.calls_of("list_object_versions")) == 2


def test_WHEN_a_version_is_kept_cold_and_under_a_key_THEN_its_copy_is_too() -> None:
    head = {
        **HEAD,
        "StorageClass": "STANDARD_IA",
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": "arn:aws:kms:eu-west-1:123456789012:key/k-1",
    }
    client = FakeClient("s3").answers("head_object", head).answers("copy_object", {})
    s3.restore_object_version("logs", "k\nl", "v1", fake_provider(s3=client), if_match="e2")
    assert client.calls_of("copy_object") == [
        {
            "Bucket": "logs",
            "Key": "k\nl",
            "CopySource": {"Bucket": "logs", "Key": "k\nl", "VersionId": "v1"},
            "CopySourceIfMatch": "e1",
            "StorageClass": "STANDARD_IA",
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": "arn:aws:kms:eu-west-1:123456789012:key/k-1",
            "IfMatch": "e2",
        }
    ]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InvalidObjectState", s3.S3ObjectArchived),
        ("PreconditionFailed", s3.S3ObjectChanged),
        ("NoSuchVersion", s3.S3ObjectDoesntExist),
        ("AccessDenied", s3.BucketAccessDenied),
    ],
)
def test_WHEN_s3_refuses_the_copy_THEN_its_kind_is_raised(code: str, kind: type[Exception]) -> None:
    client = FakeClient("s3").answers("head_object", HEAD).raises("copy_object", code=code)
    with pytest.raises(kind):
        s3.restore_object_version("logs", "k", "v1", fake_provider(s3=client))


def test_WHEN_a_version_is_absent_or_too_large_THEN_nothing_is_copied() -> None:
    absent = FakeClient("s3").raises("head_object", code="404")
    with pytest.raises(s3.S3ObjectDoesntExist):
        s3.restore_object_version("logs", "k", "v1", fake_provider(s3=absent))
    large = FakeClient("s3").answers("head_object", {**HEAD, "ContentLength": 5 * 1024**3 + 1})
    with pytest.raises(InvalidInput, match="over 5 GiB"):
        s3.restore_object_version("logs", "k", "v1", fake_provider(s3=large))
    assert absent.calls_of("copy_object") == large.calls_of("copy_object") == []


def test_WHEN_an_upload_is_unfinished_THEN_that_is_told(aws_provider: AwsClientProvider, bucket: str) -> None:
    assert not s3.has_unfinished_uploads(bucket, aws_provider)
    aws_provider.get_s3().create_multipart_upload(Bucket=bucket, Key="k")
    assert s3.has_unfinished_uploads(bucket, aws_provider)


def test_WHEN_only_an_empty_bucket_is_to_be_destroyed_THEN_one_with_objects_stays(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    put(aws_provider, "k", b"1")
    with pytest.raises(s3.BucketNotEmpty):
        s3.destroy_bucket(bucket, aws_provider, only_if_empty=True)
    assert s3.describe_object(bucket, "k", aws_provider) is not None


def listed_versions(*keys: str) -> dict[str, Any]:
    """Return a page of a list of versions: one version of each key."""
    when = datetime(2026, 1, 1, tzinfo=UTC)
    rest = {"VersionId": "v", "IsLatest": True, "LastModified": when, "Size": 1, "ETag": '"e"'}
    return {"Versions": [{"Key": key, **rest} for key in keys]}


def test_WHEN_versions_of_many_keys_are_asked_for_THEN_they_are_listed_in_one_go() -> None:
    client = FakeClient("s3").answers("list_object_versions", listed_versions("a/1", "a/2", "a/4", "a/9"))
    found = s3.newest_versions_of_many("logs", ["a/9", "a/1", "a/4", "a/3"], fake_provider(s3=client))
    assert {key: len(versions) for key, versions in found.items()} == {"a/1": 1, "a/3": 0, "a/4": 1, "a/9": 1}
    [_, listing] = client.calls_of("list_object_versions")
    assert (listing["Prefix"], listing["KeyMarker"]) == ("a/", "a/1")
    assert s3.newest_versions_of_many("logs", [], fake_provider(s3=client)) == {}


def test_WHEN_many_other_keys_lie_between_THEN_the_rest_is_asked_for_one_by_one() -> None:
    others = [f"b{number:04}" for number in range(900)]

    def answer(**asked: Any) -> dict[str, Any]:
        # All keys between, or the one that is asked for.
        return listed_versions(*others) if "KeyMarker" in asked else listed_versions(asked["Prefix"])

    client = FakeClient("s3").answers("list_object_versions", answer)
    found = s3.newest_versions_of_many("logs", ["a", "c", "d"], fake_provider(s3=client))
    assert {key: [version.key for version in versions] for key, versions in found.items()} == {
        "a": ["a"],
        "c": ["c"],
        "d": ["d"],
    }


def test_WHEN_more_versions_are_to_be_deleted_than_S3_takes_THEN_nothing_is_sent() -> None:
    client = FakeClient("s3")
    with pytest.raises(InvalidInput, match="1001 versions"):
        s3.delete_object_versions("logs", [("k", "v")] * 1001, fake_provider(s3=client))
    assert client.calls == []
