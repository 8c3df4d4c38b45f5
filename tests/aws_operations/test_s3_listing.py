"""Listings that are filtered as they come, and sums of what buckets hold."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.s3 import listing
from aws_operations.s3.listing import KeyFilter, StorageState

BUCKET = "samples"
THEN = datetime(2026, 1, 31, tzinfo=UTC)


def item(key: str, size: int = 1, *, days: int = 0, storage_class: str = "STANDARD") -> dict[str, Any]:
    return {
        "Key": key,
        "Size": size,
        "LastModified": THEN + timedelta(days=days),
        "ETag": '"e"',
        "StorageClass": storage_class,
    }


ITEMS = [
    item("a/1.txt", 10, days=-2),
    item("a/2.log", 200, storage_class="GLACIER"),
    item("a/b/3.txt", 3000, days=2),
    item("top.txt", 40),
]


def keys_of(wanted: KeyFilter, prefix: str = "") -> list[str]:
    client = FakeClient("s3").answers("list_objects_v2", {"Contents": ITEMS})
    return [
        row.key for row in listing.objects(BUCKET, fake_provider(s3=client), prefix=prefix, wanted=wanted)
    ]


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (KeyFilter(), ["a/1.txt", "a/2.log", "a/b/3.txt", "top.txt"]),
        (KeyFilter(patterns=("a/*.txt",)), ["a/1.txt", "a/b/3.txt"]),
        (KeyFilter(patterns=("top*", "*.log")), ["a/2.log", "top.txt"]),
        (KeyFilter(patterns=("A/*",)), []),
        (KeyFilter(excluded=("a/b/*", "*.log")), ["a/1.txt", "top.txt"]),
        (KeyFilter(min_size=40, max_size=200), ["a/2.log", "top.txt"]),
        (KeyFilter(older_than=THEN), ["a/1.txt"]),
        (KeyFilter(newer_than=THEN), ["a/b/3.txt"]),
        (KeyFilter(storage_classes=("GLACIER", "GLACIER_IR")), ["a/2.log"]),
        (KeyFilter(patterns=("*.txt",), excluded=("top*",), min_size=11), ["a/b/3.txt"]),
    ],
)
def test_WHEN_keys_are_filtered_THEN_all_that_is_said_holds(wanted: KeyFilter, keys: list[str]) -> None:
    assert keys_of(wanted) == keys


@pytest.mark.parametrize(
    ("patterns", "prefix", "narrowed"),
    [
        ((), "a/", "a/"),
        (("logs/2026-*",), "", "logs/2026-"),
        (("logs/2026-*", "logs/2025-*.gz"), "", "logs/202"),
        (("logs/[ab]?",), "logs/", "logs/"),
        (("*.gz",), "logs/", "logs/"),
        (("logs/2026-*",), "logs/2026-01", "logs/2026-01"),
        (("logs/*",), "reports/", None),
    ],
)
def test_WHEN_patterns_begin_literally_THEN_S3_is_asked_for_no_other_keys(
    patterns: tuple[str, ...], prefix: str, narrowed: str | None
) -> None:
    client = FakeClient("s3").answers("list_objects_v2", {}).answers("list_object_versions", {})
    aws_provider, wanted = fake_provider(s3=client), KeyFilter(patterns=patterns)
    assert wanted.narrowed(prefix) == narrowed

    assert list(listing.objects(BUCKET, aws_provider, prefix=prefix, wanted=wanted)) == []
    assert list(listing.versions(BUCKET, aws_provider, prefix=prefix, wanted=wanted)) == []
    assert {call.parameters["Prefix"] for call in client.calls} == ({narrowed} - {None})


def test_WHEN_a_level_is_filtered_THEN_levels_have_a_name_and_nothing_else() -> None:
    answer = {"Contents": [item("top.txt", 40)], "CommonPrefixes": [{"Prefix": "a/"}, {"Prefix": "z/"}]}
    aws_provider = fake_provider(s3=FakeClient("s3").answers("list_objects_v2", answer))

    def keys(wanted: KeyFilter) -> list[str]:
        return [row.key for row in listing.level(BUCKET, aws_provider, wanted=wanted)]

    assert keys(KeyFilter()) == ["a/", "top.txt", "z/"]
    assert keys(KeyFilter(excluded=("a*",))) == ["top.txt", "z/"]
    assert keys(KeyFilter(min_size=0)) == ["top.txt"]
    assert keys(KeyFilter(older_than=THEN + timedelta(1))) == ["top.txt"]
    assert keys(KeyFilter(storage_classes=("STANDARD",))) == ["top.txt"]


@pytest.fixture
def busy_bucket(aws_provider: AwsClientProvider) -> str:
    s3_interactions.create_bucket(BUCKET, aws_provider)
    client: Any = aws_provider.get_s3()
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for key, body, storage_class in (
        ("logs/a/1", b"12", "STANDARD"),
        ("logs/a/1", b"1234", "STANDARD"),
        ("logs/b/1", b"12345", "STANDARD_IA"),
        ("logs/top", b"1", "STANDARD"),
        ("other", b"123456789", "STANDARD"),
    ):
        client.put_object(Bucket=BUCKET, Key=key, Body=body, StorageClass=storage_class)
    client.delete_object(Bucket=BUCKET, Key="logs/b/1")
    upload_id = client.create_multipart_upload(Bucket=BUCKET, Key="logs/b/2")["UploadId"]
    client.upload_part(Bucket=BUCKET, Key="logs/b/2", UploadId=upload_id, PartNumber=1, Body=b"123")
    return BUCKET


def test_WHEN_a_bucket_is_summed_up_THEN_states_and_classes_stand_apart(
    aws_provider: AwsClientProvider, busy_bucket: str
) -> None:
    rows = listing.storage_used([busy_bucket], aws_provider.read_only(), prefix="logs/", depth=1)
    assert [(row.prefix, row.state, row.storage_class, row.count, row.bytes) for row in rows] == [
        ("logs/", StorageState.CURRENT, "STANDARD", 1, 1),
        ("logs/a/", StorageState.CURRENT, "STANDARD", 1, 4),
        ("logs/a/", StorageState.OLD_VERSION, "STANDARD", 1, 2),
        ("logs/b/", StorageState.DELETE_MARKER, None, 1, 0),
        ("logs/b/", StorageState.OLD_VERSION, "STANDARD_IA", 1, 5),
        ("logs/b/", StorageState.UNFINISHED_UPLOAD, "STANDARD", 1, 3),
    ]


def test_WHEN_only_current_objects_count_THEN_nothing_else_is_asked_for() -> None:
    client = FakeClient("s3").answers("list_objects_v2", {"Contents": ITEMS})
    rows = list(listing.storage_used([BUCKET], fake_provider(s3=client), only_current=True))
    assert [(row.prefix, row.storage_class, row.count, row.bytes) for row in rows] == [
        ("", "GLACIER", 1, 200),
        ("", "STANDARD", 3, 3050),
    ]
    assert {call.operation for call in client.calls} == {"list_objects_v2"}


def test_WHEN_an_upload_ends_while_it_is_summed_up_THEN_it_does_not_count() -> None:
    client = (
        FakeClient("s3")
        .answers("list_object_versions", {})
        .answers("list_multipart_uploads", {"Uploads": [{"Key": "k", "UploadId": "u"}]})
        .raises("list_parts", code="NoSuchUpload")
    )
    assert list(listing.storage_used([BUCKET], fake_provider(s3=client))) == []


@dataclass(frozen=True, slots=True)
class Endless:
    """An S3 client that lists as many pages as it is told to."""

    pages: int

    def get_paginator(self, _operation: str) -> "Endless":
        return self

    def paginate(self, **_parameters: Any) -> Iterator[dict[str, Any]]:
        for number in range(self.pages):
            yield {"Contents": [item(f"{number:05}/{place:04}") for place in range(100)]}


def test_WHEN_ten_times_the_keys_are_listed_THEN_memory_stays_the_same() -> None:
    def peak(pages: int) -> int:
        aws_provider = fake_provider(s3=Endless(pages))
        tracemalloc.start()
        try:
            assert sum(1 for _ in listing.objects(BUCKET, aws_provider)) == pages * 100
            assert sum(1 for _ in listing.storage_used([BUCKET], aws_provider, only_current=True)) == 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1)
    assert peak(30) < 1.5 * peak(3)
