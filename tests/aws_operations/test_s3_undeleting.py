"""Objects as they were at a time: planned from their versions, made on a bucket, undone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws_interactions import s3_interactions as s3
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import Change, Effect, ResultStatus, Reversibility
from aws_operations.s3 import changes
from tests.support.undone_changes import undone

BUCKET = "kept"
START = datetime(2026, 1, 1, tzinfo=UTC)
ENABLED = {"Status": "Enabled"}


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def history(key: str, *steps: str) -> dict[str, list[dict[str, Any]]]:
    """Return what S3 lists of a key that was put (``v1@3``) and deleted (``-m1@4``), each on its day."""
    listed: dict[str, list[dict[str, Any]]] = {"Versions": [], "DeleteMarkers": []}
    for place, step in enumerate(reversed(steps)):
        name, _, number = step.removeprefix("-").partition("@")
        entry = {
            "Key": key,
            "VersionId": name,
            "IsLatest": place == 0,
            "LastModified": day(float(number)),
        }
        if step.startswith("-"):
            listed["DeleteMarkers"].append(entry)
        else:
            listed["Versions"].append({**entry, "Size": 1, "ETag": f'"{name}"', "StorageClass": "STANDARD"})
    return listed


def provider_of(*pages: dict[str, Any], versioning: str | None = "Enabled") -> AwsClientProvider:
    client = FakeClient("s3").pages("list_object_versions", pages)
    client.answers("get_bucket_versioning", {"Status": versioning} if versioning else {})
    return fake_provider(s3=client)


def told(planned: Sequence[Change]) -> list[tuple[str, str, str]]:
    """Return key, kind and the version that comes back, of each change."""
    return [
        (
            change.resource.partition("/")[2],
            change.kind,
            (change.after or {}).get("version_id") or (change.after or {})["copy_of_version"],
        )
        for change in planned
    ]


@pytest.mark.parametrize(
    ("steps", "planned"),
    [
        (["v1@1"], []),
        (["v1@1", "-m1@2"], []),
        (["v1@1", "-m1@4"], [("k", "s3.remove-delete-marker", "v1")]),
        (["v1@3", "-m1@3.5"], [("k", "s3.remove-delete-marker", "v1")]),
        (["v1@4", "-m1@5"], []),
        (["v1@1", "v2@4", "-m1@5"], [("k", "s3.restore-version", "v1")]),
        (["v1@1", "-m1@4", "-m2@5"], [("k", "s3.restore-version", "v1")]),
        (["v1@1", "-m1@2", "v2@4", "-m2@5"], []),
        (["v1@1", "-m1@4", "v2@5"], []),
        (["v1@1", "v2@4"], []),
    ],
)
def test_WHEN_going_back_to_day_three_THEN_what_was_deleted_since_is_planned_back(
    steps: list[str], planned: list[tuple[str, str, str]]
) -> None:
    found = list(changes.plan_undelete(BUCKET, day(3), provider_of(history("k", *steps))))
    assert told(found) == planned
    assert {change.effect for change in found} <= {Effect.CREATE}
    assert {change.reversibility for change in found} <= {Reversibility.COMPENSABLE}


@pytest.mark.parametrize("steps", [["v1@1", "v2@4"], ["v1@1", "-m1@4", "v2@5"]])
def test_WHEN_what_was_written_over_is_wanted_too_THEN_it_is_planned_on_top(steps: list[str]) -> None:
    aws_provider = provider_of(history("k", *steps))
    [change] = changes.plan_undelete(BUCKET, day(3), aws_provider, with_overwritten=True)
    assert told([change]) == [("k", "s3.restore-version", "v1")]
    assert change.effect is Effect.OVERWRITE
    assert change.before == {"etag": "v2", "size": 1, "version_id": "v2"}


def test_WHEN_a_version_that_is_kept_nowhere_is_written_over_THEN_that_is_final() -> None:
    aws_provider = provider_of(history("k", "v1@1", "null@4"), versioning="Suspended")
    [change] = changes.plan_undelete(BUCKET, day(3), aws_provider, with_overwritten=True)
    assert change.reversibility is Reversibility.IRREVERSIBLE


def test_WHEN_the_versions_of_a_key_go_over_pages_THEN_they_are_seen_as_one() -> None:
    first, second = history("b", "v1@1", "v2@4", "-m1@5"), history("c", "v9@1", "-m9@4")
    pages: tuple[dict[str, Any], ...] = (
        {**history("a", "v1@1", "-m1@4")},
        {"DeleteMarkers": first["DeleteMarkers"], "Versions": first["Versions"][:1]},
        {},
        {"Versions": [*first["Versions"][1:], *second["Versions"]], "DeleteMarkers": second["DeleteMarkers"]},
    )
    assert told(list(changes.plan_undelete(BUCKET, day(3), provider_of(*pages)))) == [
        ("a", "s3.remove-delete-marker", "v1"),
        ("b", "s3.restore-version", "v1"),
        ("c", "s3.remove-delete-marker", "v9"),
    ]


def test_WHEN_only_some_keys_are_wanted_THEN_no_others_come_back() -> None:
    a, b = history("logs/a", "v1@1", "-m1@4"), history("logs/b", "v1@1", "-m1@4")
    page = {name: [*a[name], *b[name]] for name in a}

    def keys(**wanted: Any) -> list[str]:
        return [
            key
            for key, _, _ in told(list(changes.plan_undelete(BUCKET, day(3), provider_of(page), **wanted)))
        ]

    assert keys(patterns=["*a"]) == ["logs/a"]
    assert keys(excluded=["*a"]) == ["logs/b"]
    assert keys(prefix="logs/") == ["logs/a", "logs/b"]
    assert keys(prefix="other/", patterns=["logs/*"]) == []


def test_WHEN_a_bucket_never_kept_versions_THEN_it_is_an_error_that_says_so() -> None:
    with pytest.raises(s3.BucketNeverKeptVersions, match="is gone"):
        list(changes.plan_undelete(BUCKET, day(3), provider_of({}, versioning=None)))


def grown_old(aws_provider: AwsClientProvider, key: str) -> AwsClientProvider:
    """Return a provider that lists a key's versions as if each had come a day after the one before."""
    page: Any = aws_provider.get_s3().list_object_versions(Bucket=BUCKET)
    entries = {
        entry["VersionId"]: entry for name in ("Versions", "DeleteMarkers") for entry in page.get(name, [])
    }
    newest_first = next(iter(s3.list_versions_by_key(BUCKET, aws_provider, prefix=key)))
    for age, version in enumerate(newest_first):
        entries[version.version_id]["LastModified"] = day(len(newest_first) - age)
    listed = {
        name: [entry for entry in page.get(name, []) if entry["Key"] == key]
        for name in ("Versions", "DeleteMarkers")
    }
    return provider_of(listed)


@pytest.fixture
def bucket(aws_provider: AwsClientProvider) -> Any:
    s3.create_bucket(BUCKET, aws_provider)
    client: Any = aws_provider.get_s3()
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=ENABLED)
    return client


def content(client: Any, key: str) -> bytes | None:
    try:
        return bytes(client.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    except client.exceptions.NoSuchKey:
        return None


def made(change: Change, aws_provider: AwsClientProvider) -> Change:
    [result] = apply_changes([Change.from_json(change.to_json())], lambda _: aws_provider)
    assert result.status is ResultStatus.APPLIED, result.error
    return change


@pytest.mark.parametrize(
    ("bodies", "days", "body"),
    [((b"one",), 1, b"one"), ((b"one", b"two"), 1, b"one"), ((b"one", b"two"), 2, b"two")],
)
def test_WHEN_an_object_was_deleted_THEN_it_comes_back_as_it_was_AND_undone_it_is_gone_again(
    aws_provider: AwsClientProvider, bucket: Any, bodies: tuple[bytes, ...], days: int, body: bytes
) -> None:
    for each in bodies:
        bucket.put_object(Bucket=BUCKET, Key="k", Body=each)
    bucket.delete_object(Bucket=BUCKET, Key="k")

    assert list(changes.plan_undelete(BUCKET, day(0), aws_provider.read_only())) == []
    [change] = changes.plan_undelete(BUCKET, day(days), grown_old(aws_provider, "k"))
    made(change, aws_provider)
    assert content(bucket, "k") == body

    undone(change, aws_provider)
    assert content(bucket, "k") is None


def test_WHEN_an_object_is_there_again_by_then_THEN_it_stays(
    aws_provider: AwsClientProvider, bucket: Any
) -> None:
    for body in (b"one", b"two"):
        bucket.put_object(Bucket=BUCKET, Key="k", Body=body)
    bucket.delete_object(Bucket=BUCKET, Key="k")
    [change] = changes.plan_undelete(BUCKET, day(1), grown_old(aws_provider, "k"))
    bucket.put_object(Bucket=BUCKET, Key="k", Body=b"theirs")

    [result] = apply_changes([change], lambda _: aws_provider)
    assert result.status is ResultStatus.FAILED
    assert content(bucket, "k") == b"theirs"


def test_WHEN_an_old_version_goes_where_nothing_is_THEN_S3_is_told_to_write_over_nothing() -> None:
    head = {"ETag": '"e"', "ContentLength": 1, "LastModified": START}
    client = FakeClient("s3").answers("head_object", head).answers("copy_object", {})
    s3.restore_object_version(BUCKET, "k", "v1", fake_provider(s3=client), only_if_absent=True)
    [sent] = client.calls_of("copy_object")
    assert (sent["IfNoneMatch"], "IfMatch" in sent) == ("*", False)


def test_WHEN_the_answer_to_a_copy_is_lost_THEN_reading_back_tells_whether_it_was_made(
    aws_provider: AwsClientProvider, bucket: Any
) -> None:
    for body in (b"one", b"two"):
        bucket.put_object(Bucket=BUCKET, Key="k", Body=body)
    bucket.delete_object(Bucket=BUCKET, Key="k")
    [change] = changes.plan_undelete(BUCKET, day(1), grown_old(aws_provider, "k"))
    read_back = changes.RESTORE_VERSION.read_back
    assert read_back(change, aws_provider) is ResultStatus.FAILED
    made(change, aws_provider)
    assert read_back(change, aws_provider) is ResultStatus.APPLIED


def deleted(aws_provider: AwsClientProvider, client: Any, keys: Sequence[str]) -> list[Change]:
    """Put and delete objects; return the changes that bring them back."""
    for key in keys:
        client.put_object(Bucket=BUCKET, Key=key, Body=b"1")
        client.delete_object(Bucket=BUCKET, Key=key)
    pairs = s3.list_versions_by_key(BUCKET, aws_provider)
    histories = [
        history(pair[0].key, f"{pair[1].version_id}@1", f"-{pair[0].version_id}@4") for pair in pairs
    ]
    page = {
        name: [entry for each in histories for entry in each[name]] for name in ("Versions", "DeleteMarkers")
    }
    return list(changes.plan_undelete(BUCKET, day(3), provider_of(page)))


def test_WHEN_many_objects_come_back_at_once_THEN_what_has_drifted_stays(
    aws_provider: AwsClientProvider, bucket: Any
) -> None:
    keys = ["a/1", "a/2", "a/b/3", "a/ünï"]
    planned = deleted(aws_provider, bucket, keys)
    bucket.put_object(Bucket=BUCKET, Key="a/2", Body=b"theirs")

    results = {
        result.change.resource.partition("/")[2]: result.status
        for result in apply_changes(planned, lambda _: aws_provider)
    }

    assert results == {
        "a/1": ResultStatus.APPLIED,
        "a/2": ResultStatus.FAILED,
        "a/b/3": ResultStatus.APPLIED,
        "a/ünï": ResultStatus.APPLIED,
    }
    assert [content(bucket, key) for key in keys] == [b"1", b"theirs", b"1", b"1"]


def test_WHEN_S3_keeps_a_marker_THEN_the_key_is_named_AND_the_others_are_back() -> None:
    first, second = history("a", "v1@1", "-m1@4"), history("b", "v1@1", "-m1@4")
    page = {name: [*first[name], *second[name]] for name in first}
    client = (
        FakeClient("s3")
        .answers("list_object_versions", page)
        .answers(
            "delete_objects",
            {
                "Deleted": [{"Key": "a", "VersionId": "m1"}],
                "Errors": [{"Key": "b", "VersionId": "m1", "Code": "AccessDenied", "Message": "no"}],
            },
        )
    )
    planned = list(changes.plan_undelete(BUCKET, day(3), provider_of(page)))
    results = list(apply_changes(planned, lambda _: fake_provider(s3=client)))
    assert [result.status for result in results] == [ResultStatus.APPLIED, ResultStatus.FAILED]
    assert "/b" in str(results[1].error)
    [sent] = client.calls_of("delete_objects")
    assert [entry["VersionId"] for entry in sent["Delete"]["Objects"]] == ["m1", "m1"]
