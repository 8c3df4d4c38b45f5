"""What is in buckets, at any size: listings that are filtered as they come, and sums by prefix and class."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import translate
from itertools import takewhile

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.s3_interactions import S3Level, S3Object, S3ObjectVersion
from aws_operations.targets import fill_template

_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Which keys are wanted; all of it has to hold, and what is empty or ``None`` always does.

    ``patterns`` are shell patterns of whole keys, of which one is enough; ``*`` goes past slashes.
    ``excluded`` are such patterns of keys that are not wanted. Sizes in bytes, both ends included;
    ``older_than`` and ``newer_than`` are aware times of which neither is included. What has no size, time or
    storage class (a level, a delete marker) is not wanted where one is asked for.
    """

    patterns: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    min_size: int | None = None
    max_size: int | None = None
    older_than: datetime | None = None
    newer_than: datetime | None = None
    storage_classes: tuple[str, ...] = ()

    def is_wanted_key(self) -> Callable[[str], bool]:
        """Return what says of a key whether the patterns want it."""
        matches = _any_of(self.patterns) if self.patterns else None
        is_excluded = _any_of(self.excluded) if self.excluded else None
        return lambda key: (matches is None or matches(key)) and (is_excluded is None or not is_excluded(key))

    def narrowed(self, prefix: str) -> str | None:
        """Return the longest prefix of all wanted keys under ``prefix``, ``None`` if there can be none."""
        if not self.patterns:
            return prefix
        literal = _common_start([_WILD.split(pattern, maxsplit=1)[0] for pattern in self.patterns])
        if literal.startswith(prefix):
            return literal
        return prefix if prefix.startswith(literal) else None


@dataclass(frozen=True, slots=True)
class LevelRow:
    """An object, or with a key that ends in a slash and nothing else, a level with objects in it."""

    key: str
    size: int | None
    last_modified: datetime | None
    etag: str | None
    storage_class: str | None


def _common_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return first[: sum(1 for _ in same)]


class StorageState(StrEnum):
    """In which state a bucket holds what it holds."""

    CURRENT = "current"
    OLD_VERSION = "old version"
    DELETE_MARKER = "delete marker"
    UNFINISHED_UPLOAD = "unfinished upload"


@dataclass(frozen=True, slots=True)
class StorageRow:
    """How much a bucket holds under a prefix, in one state and storage class; ``bytes`` in all."""

    bucket: str
    prefix: str
    state: StorageState
    storage_class: str | None
    count: int
    bytes: int


EVERY_KEY = KeyFilter()

Listed = S3Object | S3ObjectVersion | LevelRow


def objects(
    bucket_name: str, aws_provider: AwsClientProvider, *, prefix: str = "", wanted: KeyFilter = EVERY_KEY
) -> Iterator[S3Object]:
    """Yield the current objects under a prefix that are wanted, by key (ListObjectsV2), any number."""
    bucket = fill_template(bucket_name, aws_provider)
    start = wanted.narrowed(prefix)
    if start is None:
        return iter(())
    found = s3_interactions.list_bucket_objects(bucket, aws_provider, prefix=start)
    return filter(_is_wanted(wanted), found)


def versions(
    bucket_name: str, aws_provider: AwsClientProvider, *, prefix: str = "", wanted: KeyFilter = EVERY_KEY
) -> Iterator[S3ObjectVersion]:
    """Yield the wanted versions and delete markers under a prefix (ListObjectVersions), any number."""
    bucket = fill_template(bucket_name, aws_provider)
    start = wanted.narrowed(prefix)
    if start is None:
        return iter(())
    found = s3_interactions.list_object_versions(bucket, aws_provider, prefix=start)
    return filter(_is_wanted(wanted), found)


def level(
    bucket_name: str, aws_provider: AwsClientProvider, *, prefix: str = "", wanted: KeyFilter = EVERY_KEY
) -> Iterator[LevelRow]:
    """Yield what is wanted of what is directly under a prefix, by key; deeper keys are one row a level."""
    bucket = fill_template(bucket_name, aws_provider)
    found = s3_interactions.list_bucket_level(bucket, aws_provider, prefix=prefix)
    return filter(_is_wanted(wanted), map(_level_row, found))


def _level_row(found: S3Object | S3Level) -> LevelRow:
    if isinstance(found, S3Level):
        return LevelRow(found.prefix, None, None, None, None)
    return LevelRow(found.key, found.size, found.last_modified, found.etag, found.storage_class)


def _is_wanted(wanted: KeyFilter) -> Callable[[Listed], bool]:
    """Return what says of a listed thing whether it is wanted; only what is asked for is looked at."""
    checks = [*_key_checks(wanted), *_size_checks(wanted), *_time_checks(wanted)]
    if wanted.storage_classes:
        checks.append(lambda listed: listed.storage_class in wanted.storage_classes)
    return lambda listed: all(check(listed) for check in checks)


def _key_checks(wanted: KeyFilter) -> Iterator[Callable[[Listed], bool]]:
    if wanted.patterns or wanted.excluded:
        is_wanted_key = wanted.is_wanted_key()
        yield lambda listed: is_wanted_key(listed.key)


def _any_of(patterns: Sequence[str]) -> Callable[[str], bool]:
    compiled = re.compile("|".join(translate(pattern) for pattern in patterns))
    return lambda key: compiled.match(key) is not None


def _size_checks(wanted: KeyFilter) -> Iterator[Callable[[Listed], bool]]:
    smallest, largest = wanted.min_size, wanted.max_size
    if smallest is not None:
        yield lambda listed: listed.size is not None and listed.size >= smallest
    if largest is not None:
        yield lambda listed: listed.size is not None and listed.size <= largest


def _time_checks(wanted: KeyFilter) -> Iterator[Callable[[Listed], bool]]:
    before, after = wanted.older_than, wanted.newer_than
    if before is not None:
        yield lambda listed: listed.last_modified is not None and listed.last_modified < before
    if after is not None:
        yield lambda listed: listed.last_modified is not None and listed.last_modified > after


def storage_used(
    bucket_names: Sequence[str],
    aws_provider: AwsClientProvider,
    *,
    prefix: str = "",
    depth: int = 0,
    only_current: bool = False,
) -> Iterator[StorageRow]:
    """Yield how much buckets hold, by prefix, state and storage class.

    Prefixes are taken ``depth`` slashes deep, counted from ``prefix``. Counts versions, delete markers and
    unfinished uploads too (ListObjectVersions, ListMultipartUploads, and ListParts for each of these), or
    with ``only_current`` nothing but current objects (ListObjectsV2). Holds one sum for each row in memory.
    """
    for name in bucket_names:
        bucket = fill_template(name, aws_provider)
        sums: dict[tuple[str, str, str], list[int]] = {}
        for key, state, storage_class, size in _held(bucket, prefix, aws_provider, only_current):
            group = sums.setdefault((_ancestor(key, prefix, depth), state, storage_class), [0, 0])
            group[0] += 1
            group[1] += size
        for (group_prefix, state, storage_class), (count, total) in sorted(sums.items()):
            yield StorageRow(bucket, group_prefix, StorageState(state), storage_class or None, count, total)


def _ancestor(key: str, prefix: str, depth: int) -> str:
    end = len(prefix)
    for _ in range(depth):
        slash = key.find("/", end)
        if slash < 0:
            break
        end = slash + 1
    return key[:end]


def _held(
    bucket: str, prefix: str, aws_provider: AwsClientProvider, only_current: bool
) -> Iterator[tuple[str, str, str, int]]:
    """Yield key, state, storage class and size of all that a bucket holds under a prefix."""
    if only_current:
        for found in s3_interactions.list_bucket_objects(bucket, aws_provider, prefix=prefix):
            yield found.key, StorageState.CURRENT, found.storage_class, found.size
        return
    for version in s3_interactions.list_object_versions(bucket, aws_provider, prefix=prefix):
        yield version.key, _state_of(version), version.storage_class or "", version.size or 0
    for upload in s3_interactions.list_unfinished_uploads(bucket, aws_provider, prefix=prefix):
        try:
            size = s3_interactions.size_of_unfinished_upload(bucket, upload, aws_provider)
        except s3_interactions.S3ObjectDoesntExist:
            continue
        yield upload.key, StorageState.UNFINISHED_UPLOAD, upload.storage_class, size


def _state_of(version: S3ObjectVersion) -> str:
    if version.is_delete_marker:
        return StorageState.DELETE_MARKER
    return StorageState.CURRENT if version.is_latest else StorageState.OLD_VERSION
