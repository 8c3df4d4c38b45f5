import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import FlexibleChecksumError, ReadTimeoutError, ResponseStreamingError

from aws_interactions import s3_interactions as s3
from aws_interactions.aws_errors import AnswerLost, LocalFileProblem, Unavailable
from aws_interactions.testing import FakeClient, fake_provider

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider


class BrokenBody:
    """Gives some bytes, then fails."""

    def __init__(self, error: BaseException) -> None:
        self._error = error
        self._chunks = [b"some bytes"]
        self.is_closed = False

    def read(self, _amount: int) -> bytes:
        if self._chunks:
            return self._chunks.pop()
        raise self._error

    def close(self) -> None:
        self.is_closed = True


def provider_of(body: Any, **answer: Any) -> "AwsClientProvider":
    return fake_provider(s3=FakeClient("s3").answers("get_object", {"Body": body, **answer}))


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Give up root's power over permissions, if it is there, for the length of a test."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@contextmanager
def small_files_only() -> Iterator[None]:
    """For the length of one call only: the report of the tests may itself go to a file longer than that."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.name != "home")


def test_WHEN_getting_THEN_the_file_is_whole_AND_nothing_else_is_left(
    aws_provider: "AwsClientProvider", tmp_path: Path
) -> None:
    body = os.urandom(3_000_000)
    s3.create_bucket("logs", aws_provider)
    aws_provider.get_s3().put_object(Bucket="logs", Key="a/b", Body=body)
    file = s3.get_object("logs", "a/b", tmp_path / "b", aws_provider)
    assert (tmp_path / "b").read_bytes() == body
    assert (file.path, file.size, file.version_id) == (tmp_path / "b", len(body), None)
    assert names_in(tmp_path) == ["b"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o666 & ~umask


def test_WHEN_getting_a_version_THEN_its_bytes_come(
    aws_provider: "AwsClientProvider", tmp_path: Path
) -> None:
    s3.create_bucket("logs", aws_provider)
    s3.set_bucket_versioning("logs", s3.BucketVersioning.ENABLED, aws_provider)
    client = aws_provider.get_s3()
    old = client.put_object(Bucket="logs", Key="a", Body=b"old")["VersionId"]
    client.put_object(Bucket="logs", Key="a", Body=b"new")
    file = s3.get_object("logs", "a", tmp_path / "a", aws_provider, version_id=old)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert file.version_id == old


def test_WHEN_object_or_bucket_is_absent_THEN_it_says_which_AND_leaves_nothing(
    aws_provider: "AwsClientProvider", tmp_path: Path
) -> None:
    s3.create_bucket("logs", aws_provider)
    with pytest.raises(s3.S3ObjectDoesntExist) as caught:
        s3.get_object("logs", "a", tmp_path / "a", aws_provider)
    assert (caught.value.bucket_name, caught.value.key) == ("logs", "a")
    with pytest.raises(s3.BucketDoesntExist):
        s3.get_object("nowhere", "a", tmp_path / "a", aws_provider)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDenied", s3.BucketAccessDenied),
        ("InvalidObjectState", s3.S3ObjectArchived),
        ("NoSuchVersion", s3.S3ObjectDoesntExist),
        ("MethodNotAllowed", s3.S3ObjectDoesntExist),
    ],
)
def test_WHEN_s3_refuses_THEN_the_old_file_is_whole(code: str, kind: type[Exception], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    provider = fake_provider(s3=FakeClient("s3").raises("get_object", code=code))
    with pytest.raises(kind):
        s3.get_object("logs", "a", tmp_path / "a", provider, overwrite=True)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names_in(tmp_path) == ["a"]


def test_WHEN_file_exists_THEN_s3_is_not_asked_AND_the_file_stays(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    client = FakeClient("s3")
    with pytest.raises(s3.CantWriteFileAlreadyExists) as caught:
        s3.get_object("logs", "a", tmp_path / "a", fake_provider(s3=client))
    assert caught.value.file_path == tmp_path / "a"
    assert isinstance(caught.value, LocalFileProblem)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert client.calls == []


def test_WHEN_overwriting_THEN_the_new_file_keeps_the_permissions(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o640)
    s3.get_object("logs", "a", tmp_path / "a", provider_of(b"new"), overwrite=True)
    assert (tmp_path / "a").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_WHEN_a_file_appears_meanwhile_THEN_it_is_not_replaced(tmp_path: Path) -> None:
    class Rival(BrokenBody):
        def read(self, _amount: int) -> bytes:
            (tmp_path / "a").write_bytes(b"rival")
            return b""

    with pytest.raises(s3.CantWriteFileAlreadyExists):
        s3.get_object("logs", "a", tmp_path / "a", provider_of(Rival(OSError())))
    assert (tmp_path / "a").read_bytes() == b"rival"
    assert names_in(tmp_path) == ["a"]


def test_WHEN_downloading_THEN_the_temporary_file_is_private(tmp_path: Path) -> None:
    seen = []

    class Watching(BrokenBody):
        def read(self, _amount: int) -> bytes:
            seen.extend(stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob(".*.part"))
            return b""

    s3.get_object("logs", "a", tmp_path / "a", provider_of(Watching(OSError())))
    assert seen == [0o600]


@pytest.mark.parametrize("overwrite", [False, True])
def test_WHEN_destination_is_no_regular_file_THEN_it_stays(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "dir").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "dangling").symlink_to("nowhere")
    client = FakeClient("s3")
    for name in ("dir", "fifo", "link", "dangling", "/dev/full", "/dev/null"):
        before = os.lstat(tmp_path / name)
        with pytest.raises(s3.CantWriteFileNotRegular):
            s3.get_object("logs", "a", tmp_path / name, fake_provider(s3=client), overwrite=overwrite)
        assert os.lstat(tmp_path / name).st_ino == before.st_ino
    assert (tmp_path / "target").read_bytes() == b"old"
    assert client.calls == []


def test_WHEN_directory_is_absent_THEN_s3_is_not_asked(tmp_path: Path) -> None:
    client = FakeClient("s3")
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "no" / "a", tmp_path / "file" / "a"):
        with pytest.raises(s3.CantWriteFileDirDoesntExist):
            s3.get_object("logs", "a", path, fake_provider(s3=client))
    assert client.calls == []


@pytest.mark.usefixtures("unprivileged")
def test_WHEN_directory_is_closed_THEN_permission_is_lacking() -> None:
    client = FakeClient("s3")
    with pytest.raises(s3.CantWriteFileLackPermission):
        s3.get_object("logs", "a", Path("/usr/a"), fake_provider(s3=client))
    assert client.calls == []


@pytest.mark.parametrize("name", ["x" * 300, "nul\0"])
def test_WHEN_no_file_can_have_the_name_THEN_it_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(s3.CantWriteFile):
        s3.get_object("logs", "a", tmp_path / name, fake_provider())
    assert names_in(tmp_path) == []


def test_WHEN_space_runs_out_THEN_the_old_file_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    provider = provider_of(b"x" * 10_000)
    with pytest.raises(s3.CantWriteFileDiskFull), small_files_only():
        s3.get_object("logs", "a", tmp_path / "a", provider, overwrite=True)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names_in(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ReadTimeoutError(endpoint_url="http://x"), AnswerLost),
        (ResponseStreamingError(error="reset"), AnswerLost),
        (FlexibleChecksumError(error_msg="differs"), s3.S3ObjectDamaged),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (SystemExit(143), SystemExit),
    ],
)
def test_WHEN_the_body_breaks_off_THEN_the_old_file_is_whole_AND_the_temporary_gone(
    tmp_path: Path, error: BaseException, kind: type[BaseException]
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    body = BrokenBody(error)
    with pytest.raises(kind):
        s3.get_object("logs", "a", tmp_path / "a", provider_of(body), overwrite=True)
    assert body.is_closed
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names_in(tmp_path) == ["a"]


@pytest.mark.parametrize("promised", [3, 1000])
def test_WHEN_length_is_not_as_promised_THEN_no_file_is_made(tmp_path: Path, promised: int) -> None:
    with pytest.raises(s3.S3ObjectDamaged, match=f"4 bytes of {promised}") as caught:
        s3.get_object("logs", "a", tmp_path / "a", provider_of(b"1234", ContentLength=promised))
    assert isinstance(caught.value, Unavailable)
    assert names_in(tmp_path) == []


def test_WHEN_checksum_is_wrong_THEN_no_file_is_made(
    aws_provider: "AwsClientProvider", tmp_path: Path
) -> None:
    s3.create_bucket("logs", aws_provider)
    client = aws_provider.get_s3()
    client.put_object(Bucket="logs", Key="a", Body=b"bytes", ChecksumAlgorithm="SHA256")
    s3.get_object("logs", "a", tmp_path / "good", aws_provider)

    def damaged(**parameters: Any) -> Any:
        answer = client.get_object(**parameters)
        answer["Body"]._raw_stream = type(
            "Raw", (), {"read": _OtherBytes().read, "close": lambda _self: None}
        )()
        return {name: part for name, part in answer.items() if name != "ResponseMetadata"}

    provider = fake_provider(s3=FakeClient("s3").answers("get_object", damaged))
    with pytest.raises(s3.S3ObjectDamaged, match="checksum"):
        s3.get_object("logs", "a", tmp_path / "bad", provider)
    assert names_in(tmp_path) == ["good"]


class _OtherBytes:
    def __init__(self) -> None:
        self._chunks = [b"", b"bytez"]

    def read(self, *_args: Any) -> bytes:
        return self._chunks.pop()


KILLED = """
import sys
from pathlib import Path
from aws_interactions import s3_interactions
from aws_interactions.testing import FakeClient, fake_provider

class Endless:
    def read(self, amount):
        print("reading", flush=True)
        return b"x" * amount
    def close(self):
        pass

provider = fake_provider(s3=FakeClient("s3").answers("get_object", {"Body": Endless()}))
s3_interactions.get_object("logs", "a", Path(sys.argv[1]), provider, overwrite=True)
"""


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT])
def test_WHEN_the_process_is_killed_in_mid_download_THEN_the_old_file_is_whole(
    tmp_path: Path, signal_number: int
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path / "a"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline() == b"reading\n"
        process.send_signal(signal_number)
    assert process.returncode == -signal_number
    assert (tmp_path / "a").read_bytes() == b"old"
    if signal_number == signal.SIGINT:
        assert names_in(tmp_path) == ["a"]
