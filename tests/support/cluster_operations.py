"""Operations that tests send to workers, which import them by name."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied


@dataclass(frozen=True, slots=True)
class Whereabouts:
    account: str
    region: str
    pid: int


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime


class NoNumber(ValueError):
    def __init__(self, *, text: str) -> None:
        super().__init__(f"{text!r} is no number")
        self.text = text


def whereabouts(aws_provider: AwsClientProvider) -> Iterator[Whereabouts]:
    identity = aws_provider.get_sts().get_caller_identity()
    yield Whereabouts(identity["Account"], aws_provider.aws_region, os.getpid())


def rows_then_bug(count: int, aws_provider: AwsClientProvider) -> Iterator[int]:
    yield from range(count)
    raise NoNumber(text=aws_provider.aws_region)


def nothing(aws_provider: AwsClientProvider) -> tuple[()]:
    assert aws_provider.is_read_only
    return ()


def denied(aws_provider: AwsClientProvider) -> Iterator[object]:
    raise AccessDenied("no permission for s3:ListBucket", resource="*", iam_actions=("s3:ListBucket",))
    yield aws_provider


def write_as_reader(aws_provider: AwsClientProvider) -> Iterator[object]:
    s3_interactions.create_bucket("not-to-be-made", aws_provider)
    yield None


def sleep_then_say(seconds: float, aws_provider: AwsClientProvider) -> Iterator[str]:
    time.sleep(seconds)
    yield aws_provider.aws_region


def begin_then_wait(directory: str, aws_provider: AwsClientProvider) -> Iterator[str]:
    """Make a file, and end once there is one of the name ``may-end``."""
    folder = Path(directory)
    (folder / f"begun-{uuid4().hex}").touch()
    wait_until((folder / "may-end").exists)
    yield aws_provider.aws_region


def whereabouts_together(
    directory: str, processes: int, aws_provider: AwsClientProvider
) -> Iterator[Whereabouts]:
    """Say where it is, once so many processes are at it."""
    folder = Path(directory)
    (folder / f"{os.getpid()}").touch()
    wait_until(lambda: len(list(folder.iterdir())) >= processes)
    yield from whereabouts(aws_provider)


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def much(size: int, aws_provider: AwsClientProvider) -> Iterator[bytes]:
    del aws_provider
    for _ in range(1_000):
        yield os.urandom(size // 1_000)


def bucket_births(aws_provider: AwsClientProvider) -> Iterator[Moment]:
    for bucket in aws_provider.get_s3().list_buckets()["Buckets"]:
        yield Moment(bucket["CreationDate"])


def end_of_the_worker(aws_provider: AwsClientProvider) -> Iterator[object]:
    del aws_provider
    os._exit(9)
    yield None
