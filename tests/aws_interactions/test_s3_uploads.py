import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import s3_interactions as s3
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import (
    AlreadyExists,
    AnswerLost,
    Conflict,
    InvalidInput,
    LocalFileProblem,
    NotFound,
)
from aws_interactions.testing import FakeClient, fake_provider
from tests.support.loopback_proxy import Answer, Fault, Hangup, SeenRequest, loopback_proxy

MIB = 1024 * 1024


@pytest.fixture
def bucket(aws_provider: AwsClientProvider) -> str:
    s3.create_bucket("logs", aws_provider)
    return "logs"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_bytes(b'{"a": 1}')
    return path


@pytest.fixture
def big_file(tmp_path: Path) -> Path:
    path = tmp_path / "big.bin"
    with path.open("wb") as opened:
        opened.write(b"start")
        opened.truncate(65 * MIB)
    return path


def test_WHEN_a_path_is_text_THEN_it_is_as_good_as_a_path(
    aws_provider: AwsClientProvider, bucket: str, file: Path, tmp_path: Path
) -> None:
    s3.put_file_to_bucket(str(file), bucket, "k", aws_provider)
    assert s3.fingerprint_of_file(str(file)) == s3.fingerprint_of_file(file)
    target = s3.safe_local_path(str(tmp_path), "got")
    assert s3.get_object(bucket, "k", str(target), aws_provider).path == tmp_path / "got"
    assert target.read_bytes() == file.read_bytes()


def stored(provider: AwsClientProvider, key: str) -> bytes:
    body: bytes = provider.get_s3().get_object(Bucket="logs", Key=key)["Body"].read()
    return body


def test_WHEN_putting_THEN_bytes_type_and_metadata_are_stored(
    aws_provider: AwsClientProvider, bucket: str, file: Path
) -> None:
    uploaded = s3.put_file_to_bucket(file, bucket, "a/b", aws_provider, user_metadata={"owner": "ops"})
    assert stored(aws_provider, "a/b") == b'{"a": 1}'
    details = s3.describe_object(bucket, "a/b", aws_provider)
    assert details is not None
    assert (details.content_type, details.user_metadata) == ("application/json", {"owner": "ops"})
    assert (uploaded.bucket_name, uploaded.key, uploaded.size) == (bucket, "a/b", 8)
    assert uploaded.etag == details.etag


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("a.txt", None, "text/plain"),
        ("a.txt", "text/x-special", "text/x-special"),
        ("a.json.gz", None, "application/gzip"),
        ("a.json.br", None, None),
        ("unknown", None, None),
    ],
)
def test_WHEN_putting_THEN_content_type_is_guessed_unless_given(
    tmp_path: Path, name: str, given: str | None, expected: str | None
) -> None:
    (tmp_path / name).write_bytes(b"1")
    client = FakeClient("s3").answers("put_object", {"ETag": '"e"'})
    s3.put_file_to_bucket(tmp_path / name, "logs", "a", fake_provider(s3=client), content_type=given)
    assert client.calls_of("put_object")[0].get("ContentType") == expected


def test_WHEN_file_is_empty_THEN_an_empty_object_is_stored(
    aws_provider: AwsClientProvider, bucket: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").touch()
    assert s3.put_file_to_bucket(tmp_path / "empty", bucket, "e", aws_provider).size == 0
    assert stored(aws_provider, "e") == b""


def test_WHEN_key_is_taken_THEN_the_object_stays_unless_overwriting(
    aws_provider: AwsClientProvider, bucket: str, file: Path
) -> None:
    s3.put_file_to_bucket(file, bucket, "a", aws_provider)
    file.write_bytes(b"new")
    with pytest.raises(s3.S3ObjectAlreadyExists) as caught:
        s3.put_file_to_bucket(file, bucket, "a", aws_provider)
    assert isinstance(caught.value, AlreadyExists)
    assert (caught.value.bucket_name, caught.value.key) == (bucket, "a")
    assert caught.value.aws_code == "PreconditionFailed"
    assert stored(aws_provider, "a") == b'{"a": 1}'
    s3.put_file_to_bucket(file, bucket, "a", aws_provider, overwrite=True)
    assert stored(aws_provider, "a") == b"new"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        # A throttled try was not carried out, so that what took the key is someone else's.
        (Answer(503, b"<Error><Code>SlowDown</Code></Error>"), s3.S3ObjectAlreadyExists),
        (Hangup(), AnswerLost),
        (Hangup(after_work=True), AnswerLost),
    ],
)
def test_WHEN_key_is_taken_AND_the_call_was_tried_before_THEN_only_a_lost_answer_leaves_it_unknown(
    moto_endpoint: str,
    aws_provider: AwsClientProvider,
    bucket: str,
    file: Path,
    fault: Fault,
    kind: type[Exception],
) -> None:
    with loopback_proxy(moto_endpoint) as proxy:
        proxied = AwsClientProvider(
            aws_region="eu-west-1",
            access_keys=AccessKeys("testing", "testing"),
            endpoint_url=proxy.endpoint_url,
        )

        def disturb(_: SeenRequest) -> Fault | None:
            if len(proxy.requests) > 1:
                return None
            aws_provider.get_s3().put_object(Bucket=bucket, Key="a", Body=b"theirs")
            return fault

        proxy.disturb = disturb
        with pytest.raises(kind) as caught:
            s3.put_file_to_bucket(file, bucket, "a", proxied)
        assert len(proxy.requests) == 2
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("NoSuchBucket", s3.BucketDoesntExist),
        ("AccessDenied", s3.BucketAccessDenied),
        ("ConditionalRequestConflict", Conflict),
    ],
)
def test_WHEN_s3_refuses_THEN_its_kind_is_raised(file: Path, code: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        s3.put_file_to_bucket(
            file, "logs", "a", fake_provider(s3=FakeClient("s3").raises("put_object", code=code))
        )


def test_WHEN_bucket_is_absent_THEN_it_says_so(aws_provider: AwsClientProvider, file: Path) -> None:
    with pytest.raises(s3.BucketDoesntExist):
        s3.put_file_to_bucket(file, "nowhere", "a", aws_provider)


def test_WHEN_local_file_cannot_be_read_THEN_nothing_is_sent(tmp_path: Path) -> None:
    client = FakeClient("s3")
    os.mkfifo(tmp_path / "fifo")
    expected = [
        (tmp_path / "absent", s3.CantReadFileDoesntExist),
        (tmp_path, s3.CantReadFileNotRegular),
        (tmp_path / "fifo", s3.CantReadFileNotRegular),
        (Path("/dev/zero"), s3.CantReadFileNotRegular),
        (tmp_path / "nul\0", s3.CantReadFile),
        (tmp_path / ("x" * 300), s3.CantReadFile),
    ]
    for path, kind in expected:
        with pytest.raises(kind) as caught:
            s3.put_file_to_bucket(path, "logs", "a", fake_provider(s3=client))
        assert isinstance(caught.value, LocalFileProblem)
        assert caught.value.file_path == path
    assert client.calls == []


def test_WHEN_local_file_is_closed_to_us_THEN_permission_is_lacking(file: Path) -> None:
    file.chmod(0)
    if os.geteuid() != 0:
        with pytest.raises(s3.CantReadFileLackPermission):
            s3.put_file_to_bucket(file, "logs", "a", fake_provider())
        return
    file.parent.chmod(0o755)
    os.seteuid(65534)
    try:
        with pytest.raises(s3.CantReadFileLackPermission):
            s3.put_file_to_bucket(file, "logs", "a", fake_provider())
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    "metadata",
    [
        {"bad name": "v"},
        {"": "v"},
        {"n": "line\nbreak"},
        {"n": "ünï"},
        {"n": " v"},
        {"n": "v" * 2048},
    ],
)
def test_WHEN_metadata_cannot_be_kept_THEN_nothing_is_sent(file: Path, metadata: dict[str, str]) -> None:
    client = FakeClient("s3")
    with pytest.raises(InvalidInput):
        s3.put_file_to_bucket(file, "logs", "a", fake_provider(s3=client), user_metadata=metadata)
    assert client.calls == []


@pytest.mark.parametrize("change", [b"shorter"[:3], b"much longer than before", b'{"b": 2}'])
def test_WHEN_file_changes_while_uploading_THEN_nothing_is_stored(
    aws_provider: AwsClientProvider, bucket: str, file: Path, change: bytes
) -> None:
    real = aws_provider.get_s3()

    class Changing:
        meta = real.meta

        def put_object(self, **parameters: Any) -> Any:
            file.write_bytes(change)
            os.utime(file, ns=(1, 1))
            return real.put_object(**parameters)

    provider = fake_provider(s3=Changing())
    with pytest.raises(s3.CantReadFileChanged):
        s3.put_file_to_bucket(file, bucket, "a", provider)
    assert s3.describe_object(bucket, "a", aws_provider) is None


def test_WHEN_fingerprint_is_taken_THEN_a_change_shows(file: Path) -> None:
    before = s3.fingerprint_of_file(file)
    assert before.size == 8
    file.write_bytes(b"longer than before")
    assert s3.fingerprint_of_file(file) != before


def test_WHEN_file_is_big_THEN_it_goes_up_in_parts(
    aws_provider: AwsClientProvider, bucket: str, big_file: Path
) -> None:
    uploaded = s3.put_file_to_bucket(big_file, bucket, "big", aws_provider, user_metadata={"n": "v"})
    assert uploaded.size == 65 * MIB
    assert uploaded.etag.endswith("-5")
    body = stored(aws_provider, "big")
    assert len(body) == 65 * MIB
    assert body.startswith(b"start")
    assert s3.get_object_user_metadata(bucket, "big", aws_provider) == {"n": "v"}
    with pytest.raises(s3.S3ObjectAlreadyExists):
        s3.put_file_to_bucket(big_file, bucket, "big", aws_provider)
    assert aws_provider.get_s3().list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (ReadTimeoutError(endpoint_url="http://x"), AnswerLost),
    ],
)
def test_WHEN_a_part_fails_THEN_the_upload_is_aborted(
    big_file: Path, error: BaseException, kind: type[BaseException]
) -> None:
    client = (
        FakeClient("s3")
        .answers("create_multipart_upload", {"UploadId": "u"})
        .answers("upload_part", {"ETag": '"1"'})
        .raises("upload_part", error=error)
        .answers("abort_multipart_upload", {})
    )
    with pytest.raises(kind):
        s3.put_file_to_bucket(big_file, "logs", "big", fake_provider(s3=client))
    assert client.calls_of("abort_multipart_upload") == [{"Bucket": "logs", "Key": "big", "UploadId": "u"}]


def test_WHEN_abort_fails_too_THEN_the_first_error_is_raised_AND_the_rest_is_logged(
    big_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = FakeClient("s3").answers("create_multipart_upload", {"UploadId": "u"})
    client.raises("upload_part", code="AccessDenied").raises("abort_multipart_upload", code="AccessDenied")
    with pytest.raises(s3.BucketAccessDenied):
        s3.put_file_to_bucket(big_file, "logs", "big", fake_provider(s3=client))
    assert "unfinished upload to big may stay in bucket logs" in caplog.text


def test_WHEN_big_file_changes_between_parts_THEN_the_upload_is_aborted(big_file: Path) -> None:
    def cut(**_: Any) -> dict[str, str]:
        os.truncate(big_file, 20 * MIB)
        return {"ETag": '"1"'}

    client = (
        FakeClient("s3").answers("create_multipart_upload", {"UploadId": "u"}).answers("upload_part", cut)
    )
    client.answers("abort_multipart_upload", {})
    with pytest.raises(s3.CantReadFileChanged):
        s3.put_file_to_bucket(big_file, "logs", "big", fake_provider(s3=client))
    assert len(client.calls_of("abort_multipart_upload")) == 1


def test_WHEN_the_upload_in_parts_has_ended_THEN_that_is_told_AND_nothing_of_parts_that_stay(
    big_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = (
        FakeClient("s3")
        .answers("create_multipart_upload", {"UploadId": "u"})
        .answers("upload_part", {"ETag": '"1"'})
        .raises("complete_multipart_upload", code="NoSuchUpload")
        .raises("abort_multipart_upload", code="NoSuchUpload")
    )
    with pytest.raises(NotFound, match="NoSuchUpload"):
        s3.put_file_to_bucket(big_file, "logs", "big", fake_provider(s3=client))
    assert "unfinished upload" not in caplog.text


@pytest.mark.parametrize("retry_attempts", [0, 1])
def test_WHEN_replacing_on_condition_AND_the_object_is_another_THEN_it_stays(
    big_file: Path, retry_attempts: int
) -> None:
    client = (
        FakeClient("s3")
        .answers("create_multipart_upload", {"UploadId": "u"})
        .answers("upload_part", {"ETag": '"1"'})
        .raises("complete_multipart_upload", code="PreconditionFailed", retry_attempts=retry_attempts)
        .answers("abort_multipart_upload", {})
    )
    with pytest.raises(s3.S3ObjectChanged):
        s3.put_file_to_bucket(big_file, "logs", "big", fake_provider(s3=client), overwrite=True, if_match="e")
    [completed] = client.calls_of("complete_multipart_upload")
    assert (completed["IfMatch"], "IfNoneMatch" in completed) == ("e", False)
    assert len(client.calls_of("abort_multipart_upload")) == 1


def test_WHEN_the_digest_of_a_file_is_asked_THEN_it_is_the_one_that_s3_gives(
    aws_provider: AwsClientProvider, bucket: str, file: Path, big_file: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    for path in (file, big_file, empty):
        s3.put_file_to_bucket(path, bucket, path.name, aws_provider)
        found = s3.describe_object(bucket, path.name, aws_provider, with_checksum=True)
        assert found is not None
        assert s3.digest_of_file(path) == s3.FileDigest(found.etag, found.crc32 or "")
