"""Sessions that AWS ends before their time: replaced once, with nothing lost and nothing done twice."""

import inspect
import io
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.endpoint import Endpoint
from botocore.exceptions import ClientError

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.client_settings import ClientSettings
from aws_interactions.credential_errors import ExpiredCredentials
from aws_interactions.expired_sessions import lend
from aws_interactions.lazy_credentials import LazyCredentials
from tests.aws_interactions.loopback_servers import Answer, FakeSts, Request, serving

ROLE = "arn:aws:iam::111122223333:role/operator"
NEXT_ROLE = "arn:aws:iam::444455556666:role/operator"
BASE_KEYS = AccessKeys("AKIABASE", "SENTINEL-BASE-SECRET")
FIRST_SESSION, SECOND_SESSION = "ASIA000000000000", "ASIA000000000001"
EXPIRED = "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"


@dataclass
class ExpiringAws:
    """An STS and an S3 in one; after ``last_call`` of them are done, S3 takes that session for expired."""

    sts: FakeSts
    last_call: int = 0
    done: list[tuple[str, str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Answer:
        if "Action=" in request.body:
            return self.sts.answer(request)
        match = re.search(r"Credential=([^/]+)/", request.headers["authorization"])
        key_id = match[1] if match else ""
        with self.lock:
            if key_id in self.ended:
                self.refused.append(key_id)
                return Answer(EXPIRED, status=400)
            self.done.append((key_id, request.path, request.body))
            if len(self.done) == self.last_call:
                self.ended.add(key_id)
        return Answer("")


@pytest.fixture
def aws(fake_sts: FakeSts) -> ExpiringAws:
    return ExpiringAws(fake_sts)


@pytest.fixture
def make_provider(aws: ExpiringAws) -> Iterator[Callable[..., AwsClientProvider]]:
    with serving(aws) as endpoint_url:

        def make(*roles: str, access_keys: AccessKeys | None = BASE_KEYS) -> AwsClientProvider:
            return AwsClientProvider(
                aws_region="eu-west-1",
                access_keys=access_keys,
                endpoint_url=endpoint_url,
                assume_role_arn=roles,
                client_settings=ClientSettings(max_attempts=1),
            )

        yield make


MakeProvider = Callable[..., AwsClientProvider]


def put(aws_provider: AwsClientProvider, key: str) -> None:
    aws_provider.get_s3().put_object(Bucket="bucket", Key=key, Body=io.BytesIO(key.encode()))


def test_WHEN_32_threads_write_AND_the_session_ends_after_call_500_THEN_one_refresh_and_each_write_once(
    make_provider: MakeProvider, aws: ExpiringAws
) -> None:
    aws.last_call = 500
    aws_provider = make_provider(ROLE)
    start = threading.Barrier(32)

    def write(thread_number: int) -> None:
        start.wait()
        for number in range(20):
            put(aws_provider, f"{thread_number}-{number}")

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(write, range(32)))

    assert len(aws.sts.calls_of("AssumeRole")) == 2
    assert Counter(path for _, path, _ in aws.done) == Counter(
        f"/bucket/{thread}-{number}" for thread in range(32) for number in range(20)
    )
    assert [key_id for key_id, _, _ in aws.done] == [FIRST_SESSION] * 500 + [SECOND_SESSION] * 140
    assert 1 <= len(aws.refused) <= 32


def test_WHEN_a_session_is_refused_in_mid_write_THEN_the_whole_body_is_sent_again(
    make_provider: MakeProvider, aws: ExpiringAws
) -> None:
    aws.last_call = 1
    aws_provider = make_provider(ROLE)
    put(aws_provider, "first")
    put(aws_provider, "second")

    (_, path, body) = aws.done[-1]
    assert path == "/bucket/second"
    assert "second" in body


def test_WHEN_the_session_nears_its_end_AND_is_refused_too_THEN_it_is_replaced_once(
    make_provider: MakeProvider, aws: ExpiringAws
) -> None:
    aws.last_call = 1
    aws.sts.lifetimes = [600]
    aws.sts.seconds_an_answer = 0.05
    aws_provider = make_provider(ROLE)
    put(aws_provider, "first")

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda number: put(aws_provider, str(number)), range(64)))

    assert len(aws.sts.calls_of("AssumeRole")) == 2
    assert len(aws.done) == 65


def test_WHEN_a_chains_first_session_is_refused_THEN_it_is_replaced_and_the_next_role_assumed(
    make_provider: MakeProvider, aws: ExpiringAws
) -> None:
    base = make_provider(ROLE)
    base.get_aws_env()
    aws.sts.expired.add(FIRST_SESSION)

    assert base.for_role(NEXT_ROLE).get_aws_env().aws_account == "444455556666"
    assumed = [(asked["RoleArn"], asked["signed_by"]) for asked in aws.sts.calls_of("AssumeRole")]
    assert assumed == [
        (ROLE, "AKIABASE"),
        (NEXT_ROLE, FIRST_SESSION),
        (ROLE, "AKIABASE"),
        (NEXT_ROLE, SECOND_SESSION),
    ]


def test_WHEN_the_new_session_is_refused_too_THEN_the_refusal_stands(
    make_provider: MakeProvider, aws: ExpiringAws
) -> None:
    aws.ended |= {FIRST_SESSION, SECOND_SESSION}
    with pytest.raises(ClientError, match="ExpiredToken"):
        put(make_provider(ROLE), "key")

    assert aws.refused == [FIRST_SESSION, SECOND_SESSION]
    assert aws.done == []


def test_WHEN_a_session_is_refused_AND_sts_refuses_its_source_THEN_the_error_is_that_of_the_source(
    make_provider: MakeProvider, aws: ExpiringAws
) -> None:
    aws.last_call = 1
    aws_provider = make_provider(ROLE)
    put(aws_provider, "first")
    aws.sts.expired.add("AKIABASE")

    with pytest.raises(ExpiredCredentials) as caught:
        put(aws_provider, "second")
    assert caught.value.operation_name == "AssumeRole"
    assert [path for _, path, _ in aws.done] == ["/bucket/first"]


def test_WHEN_static_keys_are_refused_THEN_nobody_tries_for_others_again_and_again(
    make_provider: MakeProvider, aws: ExpiringAws
) -> None:
    aws.ended.add("AKIABASE")
    aws_provider = make_provider()
    for _ in range(3):
        with pytest.raises(ClientError, match="ExpiredToken"):
            put(aws_provider, "key")

    assert aws.refused == ["AKIABASE"] * 3


@pytest.fixture
def write_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a function that writes a key into the file of credentials."""
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))

    def write(key_id: str) -> None:
        file.write_text(f"[default]\naws_access_key_id = {key_id}\naws_secret_access_key = secret\n")

    return write


def test_WHEN_keys_of_a_file_are_refused_AND_the_file_has_new_ones_by_then_THEN_the_run_goes_on(
    make_provider: MakeProvider, aws: ExpiringAws, write_key: Callable[[str], None]
) -> None:
    write_key("AKIAOLD")
    aws.last_call = 1
    aws_provider = make_provider(access_keys=None)
    aws_provider.get_aws_env()
    put(aws_provider, "first")
    write_key("AKIANEW")
    put(aws_provider, "second")

    assert [key_id for key_id, _, _ in aws.done] == ["AKIAOLD", "AKIANEW"]


def test_WHEN_keys_of_a_file_are_refused_AND_the_file_has_another_accounts_THEN_nothing_is_done_there(
    make_provider: MakeProvider, aws: ExpiringAws, write_key: Callable[[str], None]
) -> None:
    write_key("AKIAOLD")
    aws.last_call = 1
    aws.sts.accounts["AKIANEW"] = "444455556666"
    aws_provider = make_provider(access_keys=None)
    aws_provider.get_aws_env()
    put(aws_provider, "first")
    write_key("AKIANEW")
    for _ in range(2):
        with pytest.raises(ExpiredCredentials, match="are of account 444455556666, not 123456789012"):
            put(aws_provider, "second")

    assert [path for _, path, _ in aws.done] == ["/bucket/first"]


def test_WHEN_keys_of_a_file_are_refused_AND_nobody_knows_whose_they_were_THEN_new_ones_are_not_taken(
    make_provider: MakeProvider, aws: ExpiringAws, write_key: Callable[[str], None]
) -> None:
    write_key("AKIAOLD")
    aws.last_call = 1
    aws_provider = make_provider(access_keys=None)
    put(aws_provider, "first")
    write_key("AKIANEW")
    with pytest.raises(ClientError, match="ExpiredToken"):
        put(aws_provider, "second")

    assert [key_id for key_id, _, _ in aws.done] == ["AKIAOLD"]


def test_WHEN_the_session_nears_its_end_AND_sts_refuses_THEN_32_threads_have_one_answer(
    make_provider: MakeProvider, aws: ExpiringAws
) -> None:
    aws.sts.lifetimes = [60]
    aws_provider = make_provider(ROLE)
    aws_provider.get_aws_env()
    aws.sts.expired.add("AKIABASE")

    def call(number: int) -> None:
        with pytest.raises(ExpiredCredentials):
            put(aws_provider, str(number))

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(call, range(32)))
    # One, and another if this machine is so busy that the threads took more than a second.
    assert len(aws.sts.calls_of("AssumeRole")) in {2, 3}


def test_WHEN_botocore_moves_a_seam_of_renewal_THEN_this_fails() -> None:
    source = inspect.getsource(Endpoint._needs_retry)
    assert "request_dict=request_dict" in source
    assert "response=response" in source
    assert "request.reset_stream()" in inspect.getsource(Endpoint._send_request)
    assert {"_refresh_using", "_refresh_lock", "_frozen_credentials"} <= set(
        re.findall(r"self\.(\w+)", inspect.getsource(RefreshableCredentials))
    )
    assert "self._refresh_using()" in inspect.getsource(RefreshableCredentials._protected_refresh)


def test_WHEN_credentials_are_lent_AND_they_were_used_before_THEN_the_loan_says_that_they_are_there() -> None:
    # The call budget asks, and makes those ready that are not there yet before a call gets its turn.
    credentials = LazyCredentials(lambda: Credentials("AKIABASE", "SENTINEL-BASE-SECRET"), label="base")
    loan = lend(credentials)
    assert not loan.is_found

    credentials.get_frozen_credentials()

    assert loan.is_found
