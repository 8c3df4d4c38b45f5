"""Presigned URLs, taken by a server that checks signature and expiry."""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable

import pytest

from aws_interactions.access_keys import AccessKeys
from tests.conformance.stage import Account, fresh, variables_of
from tests.support.program import run_program


def fetch(url: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, data=body, method=method, headers=headers)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


@pytest.fixture
def bucket(home_account: Account) -> str:
    name = fresh("bucket")
    home_account.root.get_s3().create_bucket(Bucket=name)
    home_account.root.get_s3().put_object(Bucket=name, Key="key", Body=b"content")
    home_account.root.get_s3().put_object(Bucket=name, Key="other", Body=b"secret")
    return name


@pytest.fixture
def signing_environment(
    operator: tuple[str, AccessKeys], ministack_environment: dict[str, str]
) -> dict[str, str]:
    return {**ministack_environment, **variables_of(operator[1])}


def presigned(environment: dict[str, str], *arguments: str) -> str:
    done = run_program(["s3", "presign", *arguments], environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_WHEN_a_url_is_used_as_it_was_made_THEN_it_works(
    bucket: str, signing_environment: dict[str, str]
) -> None:
    assert fetch(presigned(signing_environment, bucket, "key")) == (200, b"content")


@pytest.mark.parametrize(
    "tamper",
    [
        lambda url: url.replace("/key?", "/other?"),
        lambda url: url.replace("X-Amz-Expires=900", "X-Amz-Expires=3600"),
        lambda url: url[:-4] + ("0000" if not url.endswith("0000") else "1111"),
    ],
    ids=["another key", "a longer life", "another signature"],
)
def test_WHEN_a_url_is_tampered_with_THEN_it_is_refused(
    tamper: Callable[[str], str], bucket: str, signing_environment: dict[str, str]
) -> None:
    url = presigned(signing_environment, bucket, "key")
    tampered = tamper(url)
    assert tampered != url
    status, body = fetch(tampered)
    assert status == 403
    assert b"SignatureDoesNotMatch" in body


def test_WHEN_a_url_is_made_for_reading_AND_it_is_used_to_write_THEN_it_is_refused(
    bucket: str, signing_environment: dict[str, str]
) -> None:
    url = presigned(signing_environment, bucket, "key")
    assert fetch(url, method="PUT", body=b"changed")[0] == 403
    assert fetch(url) == (200, b"content")


def test_WHEN_a_url_has_expired_THEN_it_is_refused(bucket: str, signing_environment: dict[str, str]) -> None:
    url = presigned(signing_environment, bucket, "key", "--expires-in", "1")
    deadline = time.monotonic() + 5
    status, body = fetch(url)
    while status == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
        status, body = fetch(url)
    assert status == 403
    assert b"expired" in body


def test_WHEN_a_url_is_of_a_user_who_may_not_THEN_it_is_refused(
    bucket: str, home_account: Account, ministack_environment: dict[str, str]
) -> None:
    environment = {**ministack_environment, **variables_of(home_account.make_user()[1])}
    status, body = fetch(presigned(environment, bucket, "key"))
    assert status == 403
    assert b"AccessDenied" in body


def test_WHEN_an_upload_url_fixes_the_content_type_THEN_only_that_one_is_taken(
    bucket: str, home_account: Account, signing_environment: dict[str, str]
) -> None:
    url = presigned(signing_environment, bucket, "new", "--method", "put", "--content-type", "text/plain")
    refused, _ = fetch(url, method="PUT", body=b"content", **{"Content-Type": "text/html"})
    assert refused == 403
    taken, _ = fetch(url, method="PUT", body=b"content", **{"Content-Type": "text/plain"})
    assert taken == 200
    held = home_account.root.get_s3().get_object(Bucket=bucket, Key="new")
    assert (held["Body"].read(), held["ContentType"]) == (b"content", "text/plain")


def post_form(form: dict[str, str], content: bytes) -> tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form.items()
    ]
    file_head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'.encode()
    body = b"".join([*parts, file_head, content, f"\r\n--{boundary}--\r\n".encode()])
    return body, f"multipart/form-data; boundary={boundary}"


@pytest.mark.parametrize(
    ("content", "statuses"),
    [(b"content", {200, 201, 204}), (b"much too long", {400, 403})],
    ids=["within the size", "over the size"],
)
def test_WHEN_a_form_is_posted_THEN_its_conditions_hold(
    content: bytes,
    statuses: set[int],
    bucket: str,
    signing_environment: dict[str, str],
) -> None:
    made = json.loads(
        presigned(signing_environment, bucket, "posted", "--method", "post", "--max-size", "10")
    )
    body, content_type = post_form(made["fields"], content)
    status, answer = fetch(made["url"], method="POST", body=body, **{"Content-Type": content_type})
    assert status in statuses, answer
