"""Changes of objects taken back: what is put back, and what is left alone because the world has moved."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aws_interactions import s3_interactions as s3
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied
from aws_interactions.client_settings import ClientSettings
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import (
    Change,
    Effect,
    ResultStatus,
    Reversibility,
    change_kind,
)
from aws_operations.s3 import changes
from tests.support.loopback_proxy import Fault, Hangup, LoopbackProxy, SeenRequest, loopback_proxy
from tests.support.undone_changes import done, inverse, undone, why_not

BUCKET, KEY = "a-bucket", "a b//c+%41ü?versionId=x"
DAY = "2026-01-01T00:00:00Z"
Drift = Callable[[AwsClientProvider], object]


@pytest.fixture
def bucket(aws_provider: AwsClientProvider) -> str:
    s3.create_bucket(BUCKET, aws_provider)
    return BUCKET


@pytest.fixture
def versioned(aws_provider: AwsClientProvider, bucket: str) -> str:
    s3.set_bucket_versioning(bucket, s3.BucketVersioning.ENABLED, aws_provider)
    return bucket


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_bytes(b"mine")
    return path


def put(aws_provider: AwsClientProvider, body: bytes = b"theirs", key: str = KEY) -> None:
    aws_provider.get_s3().put_object(Bucket=BUCKET, Key=key, Body=body)


def delete(aws_provider: AwsClientProvider) -> None:
    s3.delete_object(BUCKET, KEY, aws_provider)


def delete_all(aws_provider: AwsClientProvider) -> None:
    for version in list(s3.list_object_versions(BUCKET, aws_provider)):
        s3.delete_object(BUCKET, version.key, aws_provider, version_id=version.version_id)


def body_of(aws_provider: AwsClientProvider) -> bytes | None:
    if s3.describe_object(BUCKET, KEY, aws_provider) is None:
        return None
    body: bytes = aws_provider.get_s3().get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    return body


def plan_put(file: Path, aws_provider: AwsClientProvider, **settings: Any) -> Iterable[Change]:
    return changes.plan_put(file, BUCKET, KEY, aws_provider, overwrite=True, **settings)


@pytest.mark.usefixtures("bucket")
def test_WHEN_a_new_object_is_put_THEN_undoing_deletes_it_AND_the_file_is_not_needed_for_that(
    aws_provider: AwsClientProvider, file: Path
) -> None:
    change = done(plan_put(file, aws_provider, user_metadata={"Team": "ops"}), aws_provider)
    file.unlink()
    inverse_made = undone(change, aws_provider)
    assert (inverse_made.kind, inverse_made.effect) == ("s3.delete-object", Effect.DESTROY)
    assert inverse_made.reversibility is Reversibility.IRREVERSIBLE
    assert body_of(aws_provider) is None


def test_WHEN_a_put_replaces_a_version_THEN_undoing_puts_the_old_one_on_top_AND_undoing_that_the_new(
    aws_provider: AwsClientProvider, versioned: str, file: Path
) -> None:
    put(aws_provider, b"old")
    change = done(plan_put(file, aws_provider), aws_provider)
    back = undone(change, aws_provider)
    assert (back.kind, body_of(aws_provider)) == ("s3.restore-version", b"old")
    undone(back, aws_provider)
    assert body_of(aws_provider) == b"mine"
    assert "changed since" in why_not(back, aws_provider)
    assert len(list(s3.list_object_versions(versioned, aws_provider))) == 4


def test_WHEN_an_object_is_put_where_one_was_deleted_THEN_undoing_deletes_it_again(
    aws_provider: AwsClientProvider, versioned: str, file: Path
) -> None:
    put(aws_provider, b"old")
    s3.delete_object(versioned, KEY, aws_provider)
    change = done(plan_put(file, aws_provider), aws_provider)
    assert undone(change, aws_provider).kind == "s3.delete-object"
    assert body_of(aws_provider) is None


@pytest.mark.usefixtures("bucket")
def test_WHEN_a_put_replaced_what_no_version_keeps_THEN_it_stays(
    aws_provider: AwsClientProvider, file: Path
) -> None:
    put(aws_provider, b"old")
    change = done(plan_put(file, aws_provider), aws_provider)
    assert "the bucket kept no version of it" in why_not(change, aws_provider)
    assert body_of(aws_provider) == b"mine"


@pytest.mark.parametrize("is_versioned", [False, True])
@pytest.mark.parametrize(
    ("drift", "reason"),
    [
        (put, "changed since"),
        (lambda provider: put(provider, b"mind"), "changed since"),
        (delete, "not there any more"),
        (delete_all, "not there any more"),
        (
            lambda provider: provider.get_s3().put_object(
                Bucket=BUCKET, Key=KEY, Body=b"mine", Metadata={"a": "b"}
            ),
            "changed since",
        ),
    ],
)
def test_WHEN_an_object_is_another_than_was_put_THEN_it_stays(
    aws_provider: AwsClientProvider, bucket: str, file: Path, is_versioned: bool, drift: Drift, reason: str
) -> None:
    if is_versioned:
        s3.set_bucket_versioning(bucket, s3.BucketVersioning.ENABLED, aws_provider)
    change = done(plan_put(file, aws_provider), aws_provider)
    drift(aws_provider)
    assert reason in why_not(change, aws_provider)


@pytest.mark.usefixtures("bucket")
def test_WHEN_an_object_has_another_content_type_by_now_THEN_it_stays(
    aws_provider: AwsClientProvider, file: Path
) -> None:
    change = done(plan_put(file, aws_provider, content_type="text/csv"), aws_provider)
    assert inverse(change, aws_provider).kind == "s3.delete-object"
    aws_provider.get_s3().put_object(Bucket=BUCKET, Key=KEY, Body=b"mine", ContentType="text/plain")
    assert "changed since" in why_not(change, aws_provider)


@pytest.mark.usefixtures("versioned")
def test_WHEN_someone_put_the_same_bytes_on_top_of_a_version_THEN_they_stay(
    aws_provider: AwsClientProvider, file: Path
) -> None:
    put(aws_provider, b"old")
    change = done(plan_put(file, aws_provider), aws_provider)
    put(aws_provider, b"mine")
    assert "changed since" in why_not(change, aws_provider)


@pytest.mark.usefixtures("versioned")
def test_WHEN_the_version_that_was_replaced_is_gone_THEN_nothing_can_be_put_back(
    aws_provider: AwsClientProvider, file: Path
) -> None:
    put(aws_provider, b"old")
    change = done(plan_put(file, aws_provider), aws_provider)
    s3.delete_object(BUCKET, KEY, aws_provider, version_id=(change.before or {})["version_id"])
    assert "changed since" in why_not(change, aws_provider)
    assert body_of(aws_provider) == b"mine"


def faked(
    before: dict[str, Any] | None, now: dict[str, Any], versions: Iterable[str], **source: Any
) -> AwsClientProvider:
    """Return a provider of an S3 with one object, its versions newest first, and the old one's head."""

    def head(**parameters: Any) -> dict[str, Any]:
        details = (before or {}) | source if "VersionId" in parameters else now
        return {"LastModified": DAY, **details}

    listed = [
        {"Key": KEY, "VersionId": version, "IsLatest": place == 0, "ETag": '"e"'}
        for place, version in enumerate(versions)
    ]
    client = FakeClient("s3").answers("head_object", head)
    return fake_provider(s3=client.answers("list_object_versions", {"Versions": listed}))


def put_change(file: Path, before: dict[str, Any] | None) -> Change:
    s3_then = FakeClient("s3").answers("head_bucket", {})
    if before is None:
        s3_then.raises("head_object", code="404")
    else:
        s3_then.answers("head_object", {"LastModified": DAY, **before})
    [change] = plan_put(file, fake_provider(s3=s3_then))
    return change


KMS = {"ContentLength": 4, "ETag": '"of-kms"', "ServerSideEncryption": "aws:kms"}
OLD = {"ContentLength": 3, "ETag": '"old"', "VersionId": "v1"}


def test_WHEN_an_etag_says_nothing_of_the_bytes_THEN_only_the_place_among_versions_tells(file: Path) -> None:
    own_version = {**KMS, "VersionId": "v2"}
    replaced = inverse(put_change(file, OLD), faked(OLD, own_version, ["v2", "v1"]))
    assert replaced.after == {"size": 3, "copy_of_version": "v1"}
    assert inverse(put_change(file, None), faked(None, own_version, ["v2"])).kind == "s3.delete-object"

    null_version = {**KMS, "VersionId": "null"}
    assert "nobody can tell" in why_not(put_change(file, OLD), faked(OLD, null_version, ["null", "v1"]))
    assert "changed since" in why_not(put_change(file, OLD), faked(OLD, own_version, ["v2", "v3", "v1"]))
    assert "changed since" in why_not(put_change(file, None), faked(None, own_version, ["v2", "v0"]))
    assert "changed since" in why_not(put_change(file, OLD), faked(OLD, own_version, ["v3", "v1"]))


@pytest.mark.parametrize(
    ("kept", "reason", "read_back"),
    [
        ("its own", None, ResultStatus.APPLIED),
        ("AAAAAA==", "changed since", ResultStatus.UNKNOWN),
        (None, "nobody can tell", ResultStatus.UNKNOWN),
    ],
)
def test_WHEN_an_etag_says_nothing_of_the_bytes_AND_there_are_no_versions_THEN_the_checksum_tells(
    file: Path, kept: str | None, reason: str | None, read_back: ResultStatus
) -> None:
    change = put_change(file, None)
    crc32 = s3.digest_of_file(file).crc32 if kept == "its own" else kept

    def head(**parameters: Any) -> dict[str, Any]:
        is_told = parameters.get("ChecksumMode") == "ENABLED" and crc32 is not None
        return {"LastModified": DAY, **KMS} | ({"ChecksumCRC32": crc32} if is_told else {})

    provider = fake_provider(s3=FakeClient("s3").answers("head_object", head))
    if reason is None:
        assert inverse(change, provider).kind == "s3.delete-object"
    else:
        assert reason in why_not(change, provider)
    assert change_kind(change.kind).read_back(change, provider) is read_back


def test_WHEN_versioning_is_suspended_THEN_what_is_put_back_replaces_the_null_version(file: Path) -> None:
    now = {"ContentLength": 4, "ETag": f'"{s3.digest_of_file(file).etag}"', "VersionId": "null"}
    back = inverse(put_change(file, OLD), faked(OLD, now, ["null", "v1"]))
    assert (back.kind, back.reversibility) == ("s3.restore-version", Reversibility.IRREVERSIBLE)
    assert "the bucket kept no version of it" in why_not(back, faked(OLD, now, ["null", "v1"]))
    # The null marker of a deletion has given its place to the null version: an old version comes next.
    assert inverse(put_change(file, None), faked(None, now, ["null", "v1"])).kind == "s3.delete-object"


def test_WHEN_a_deletion_left_a_null_marker_THEN_that_is_taken_away() -> None:
    [change] = changes.plan_rm(BUCKET, [KEY], faked(OLD, OLD, ["v1"]))
    listed = {
        "Versions": [{"Key": KEY, "VersionId": "v1", "IsLatest": False, "ETag": '"old"'}],
        "DeleteMarkers": [{"Key": KEY, "VersionId": "null", "IsLatest": True}],
    }
    client = FakeClient("s3").answers("list_object_versions", listed).answers("delete_objects", {})
    back = done([inverse(change, fake_provider(s3=client))], fake_provider(s3=client))
    [sent] = client.calls_of("delete_objects")
    assert sent["Delete"]["Objects"] == [{"Key": KEY, "VersionId": "null"}]
    assert back.after == change.before


def test_WHEN_the_old_version_is_over_5_gib_THEN_it_is_not_copied(file: Path) -> None:
    etag = s3.digest_of_file(file).etag
    now = {"ContentLength": 4, "ETag": f'"{etag}"', "VersionId": "v2"}
    provider = faked(OLD, now, ["v2", "v1"], ContentLength=5 * 1024**3 + 1)
    assert "over 5 GiB" in why_not(put_change(file, OLD), provider)


def test_WHEN_a_file_went_up_in_parts_THEN_its_bytes_tell_as_long_as_they_are_there(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as opened:
        opened.truncate(64 * 1024 * 1024 + 1)
    change = put_change(large, None)
    now = {"ContentLength": 64 * 1024 * 1024 + 1, "ETag": f'"{s3.digest_of_file(large).etag}"'}
    assert now["ETag"].endswith('-5"')
    assert inverse(change, faked(None, now, [])).kind == "s3.delete-object"
    assert change_kind(change.kind).read_back(change, faked(None, now, [])) is ResultStatus.APPLIED
    large.unlink()
    assert "nobody can tell" in why_not(change, faked(None, now, []))
    assert change_kind(change.kind).read_back(change, faked(None, now, [])) is ResultStatus.UNKNOWN


def test_WHEN_an_object_with_versions_is_deleted_THEN_undoing_takes_the_marker_away_AND_back_again(
    aws_provider: AwsClientProvider, versioned: str
) -> None:
    put(aws_provider, b"older")
    put(aws_provider, b"old")
    change = done(changes.plan_rm(versioned, [KEY], aws_provider), aws_provider)
    count = len(list(s3.list_object_versions(versioned, aws_provider)))

    back = undone(change, aws_provider)
    assert (back.kind, body_of(aws_provider)) == ("s3.remove-delete-marker", b"old")
    assert len(list(s3.list_object_versions(versioned, aws_provider))) == count - 1
    assert "is there again" in why_not(change, aws_provider)

    undone(back, aws_provider)
    assert body_of(aws_provider) is None


@pytest.mark.parametrize(
    ("drift", "reason"),
    [
        (put, "an object is there again"),
        (delete, "others came after it"),
        (lambda provider: (put(provider), delete(provider)), "others came after it"),
        (delete_all, "its delete marker is not there any more"),
    ],
)
def test_WHEN_more_has_happened_to_a_deleted_object_THEN_its_markers_stay(
    aws_provider: AwsClientProvider, versioned: str, drift: Drift, reason: str
) -> None:
    put(aws_provider, b"old")
    change = done(changes.plan_rm(versioned, [KEY], aws_provider), aws_provider)
    drift(aws_provider)
    assert reason in why_not(change, aws_provider)


def test_WHEN_what_was_deleted_had_no_version_THEN_it_does_not_come_back(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    put(aws_provider)
    change = done(changes.plan_rm(bucket, [KEY], aws_provider), aws_provider)
    assert "the bucket kept no version of it" in why_not(change, aws_provider)


@pytest.fixture
def proxy(moto_endpoint: str) -> Iterator[LoopbackProxy]:
    with loopback_proxy(moto_endpoint) as running:
        yield running


def losing(proxy: LoopbackProxy, *, after_work: bool) -> AwsClientProvider:
    """Return a provider whose writes all lose their connection, with or without being carried out."""

    def disturb(request: SeenRequest) -> Fault | None:
        return None if request.changes_nothing else Hangup(after_work=after_work)

    proxy.disturb = disturb
    return AwsClientProvider(
        aws_region="eu-west-1",
        access_keys=AccessKeys("testing", "testing"),
        endpoint_url=proxy.endpoint_url,
        client_settings=ClientSettings(max_attempts=2),
    )


@pytest.mark.parametrize(
    ("after_work", "expected", "body"),
    [(True, ResultStatus.APPLIED, b"old"), (False, ResultStatus.FAILED, b"mine")],
)
@pytest.mark.usefixtures("versioned")
def test_WHEN_the_answer_to_a_copy_is_lost_THEN_it_is_not_made_twice_AND_reading_back_tells(
    aws_provider: AwsClientProvider,
    proxy: LoopbackProxy,
    file: Path,
    after_work: bool,
    expected: ResultStatus,
    body: bytes,
) -> None:
    put(aws_provider, b"old")
    change = inverse(done(plan_put(file, aws_provider), aws_provider), aws_provider)
    [result] = apply_changes([change], lambda _: losing(proxy, after_work=after_work))
    assert (result.status, body_of(aws_provider), len(proxy.writes)) == (expected, body, 1)


@pytest.mark.parametrize(
    ("after_work", "expected", "body"),
    [(True, ResultStatus.APPLIED, b"old"), (False, ResultStatus.FAILED, None)],
)
def test_WHEN_the_answer_to_a_marker_taken_away_is_lost_THEN_reading_back_tells(
    aws_provider: AwsClientProvider,
    proxy: LoopbackProxy,
    versioned: str,
    after_work: bool,
    expected: ResultStatus,
    body: bytes | None,
) -> None:
    put(aws_provider, b"old")
    deleted = done(changes.plan_rm(versioned, [KEY], aws_provider), aws_provider)
    change = inverse(deleted, aws_provider)
    [result] = apply_changes([change], lambda _: losing(proxy, after_work=after_work))
    assert (result.status, body_of(aws_provider), len(proxy.writes)) == (expected, body, 2)


def test_WHEN_undoing_is_overtaken_THEN_it_leaves_alone_what_is_there(
    aws_provider: AwsClientProvider, versioned: str, file: Path
) -> None:
    put(aws_provider, b"old")
    restoring = inverse(done(plan_put(file, aws_provider), aws_provider), aws_provider)
    put(aws_provider, b"theirs")
    [result] = apply_changes([restoring], lambda _: aws_provider)
    assert result.status is ResultStatus.FAILED

    unmarking = inverse(done(changes.plan_rm(versioned, [KEY], aws_provider), aws_provider), aws_provider)
    put(aws_provider, b"theirs again")
    [result] = apply_changes([unmarking], lambda _: aws_provider)
    assert result.status is ResultStatus.FAILED
    assert body_of(aws_provider) == b"theirs again"


def test_WHEN_the_look_for_undoing_is_refused_THEN_that_is_told_AND_not_called_impossible(file: Path) -> None:
    client = FakeClient("s3").raises("head_object", code="403")
    with pytest.raises(AccessDenied):
        inverse(put_change(file, None), fake_provider(s3=client))


@pytest.mark.usefixtures("bucket")
def test_WHEN_a_put_kept_by_an_older_version_is_read_back_THEN_the_file_tells(
    aws_provider: AwsClientProvider, file: Path
) -> None:
    [planned] = plan_put(file, aws_provider)
    old = replace(planned, precondition={"modified_ns": file.stat().st_mtime_ns})
    done([old], aws_provider)
    assert change_kind(old.kind).read_back(old, aws_provider) is ResultStatus.APPLIED
    assert inverse(old, aws_provider).kind == "s3.delete-object"
