"""Base credentials that end in mid-run, told from the end of one target's role session."""

import hashlib
import json
import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, UnauthorizedSSOTokenError

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import (
    AccessDenied,
    AwsInteractionError,
    CredentialsProblem,
    Throttled,
    WrongAccount,
)
from aws_interactions.client_settings import ClientSettings
from aws_interactions.credential_errors import ExpiredCredentials
from aws_operations.ended_credentials import BaseCredentials, is_about_credentials
from tests.aws_interactions.loopback_servers import Answer, FakeSts, Request, serving

ROLE = "arn:aws:iam::111122223333:role/operator"
ENDED = ExpiredCredentials("role session: expired")
ROOT = Path(__file__).parents[2]


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def sts() -> FakeSts:
    return FakeSts()


def base_provider(endpoint_url: str) -> AwsClientProvider:
    return AwsClientProvider(
        aws_region="eu-west-1",
        access_keys=AccessKeys("AKIABASE", "secret"),
        endpoint_url=endpoint_url,
        client_settings=ClientSettings(max_attempts=1),
    )


def error_of_a_target(base: AwsClientProvider) -> AwsInteractionError:
    with pytest.raises(AwsInteractionError) as caught:
        base.for_role(ROLE).get_aws_env()
    return caught.value


def test_WHEN_a_target_fails_AND_the_base_is_refused_too_THEN_the_base_has_ended(sts: FakeSts) -> None:
    with serving(sts) as endpoint_url:
        base = base_provider(endpoint_url)
        sts.expired.add("AKIABASE")
        problem = BaseCredentials(base).problem_behind(error_of_a_target(base))

    assert isinstance(problem, CredentialsProblem)
    assert problem.aws_code == "ExpiredToken"


def test_WHEN_a_target_fails_AND_the_base_still_serves_THEN_it_is_that_targets_error(sts: FakeSts) -> None:
    with serving(sts) as endpoint_url:
        base = base_provider(endpoint_url)
        sts.refusal = ("ExpiredToken", "of the role's own source")
        error = error_of_a_target(base)

        assert isinstance(error, ExpiredCredentials)
        assert not BaseCredentials(base).have_ended(error)


def test_WHEN_the_bases_own_region_is_off_THEN_the_base_is_asked_in_one_that_nobody_can_switch_off(
    sts: FakeSts,
) -> None:
    sts.disabled_region = "eu-west-1"
    with serving(sts) as endpoint_url:
        base = base_provider(endpoint_url)
        error = error_of_a_target(base)
        assert error.aws_code == "InvalidClientTokenId"
        assert not BaseCredentials(base).have_ended(error)
        sts.revoked.add("AKIABASE")
        assert BaseCredentials(base).have_ended(error)


def test_WHEN_500_targets_of_32_threads_fail_together_THEN_the_base_is_asked_once(sts: FakeSts) -> None:
    sts.expired.add("AKIABASE")
    sts.seconds_an_answer = 0.05
    with serving(sts) as endpoint_url:
        base_credentials = BaseCredentials(base_provider(endpoint_url), seconds=60)
        start = threading.Barrier(32)

        def fail(number: int) -> bool:
            if number < 32:
                start.wait()
            return base_credentials.have_ended(ENDED)

        with ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(fail, range(500)))

    assert answers == [True] * 500
    assert len(sts.calls_of("GetCallerIdentity")) == 1


def test_WHEN_an_answer_is_old_THEN_the_base_is_asked_again(sts: FakeSts) -> None:
    clock = Clock()
    with serving(sts) as endpoint_url:
        base_credentials = BaseCredentials(base_provider(endpoint_url), seconds=5, clock=clock)
        assert not base_credentials.have_ended(ENDED)
        sts.expired.add("AKIABASE")
        assert not base_credentials.have_ended(ENDED)
        clock.now += 5
        assert base_credentials.have_ended(ENDED)
    assert len(sts.calls_of("GetCallerIdentity")) == 2


def test_WHEN_sts_is_not_reached_THEN_that_is_no_sign_of_an_end(sts: FakeSts) -> None:
    with serving(sts) as endpoint_url:
        base = base_provider(endpoint_url)

    assert not BaseCredentials(base).have_ended(ENDED)


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (ENDED, True),
        (CredentialsProblem("bucket: The security token is invalid"), True),
        (UnauthorizedSSOTokenError(), True),
        (ClientError({"Error": {"Code": "ExpiredTokenException"}}, "ListTables"), True),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "ListTables"), False),
        (AccessDenied("no"), False),
        (Throttled("slow"), False),
        (WrongAccount(expected_account="1", actual_account="2"), False),
        (ValueError("a bug"), False),
    ],
)
def test_WHEN_a_target_fails_THEN_only_an_error_about_credentials_asks_for_the_base(
    error: Exception, is_one: bool
) -> None:
    assert is_about_credentials(error) is is_one


@dataclass
class FakeSso:
    """A portal that gives short sessions until its token is ended, and an STS."""

    sts: FakeSts
    is_signed_out: bool = False
    sessions: int = 0
    paths: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        self.paths.append(request.path)
        if request.path == "/sign-out":
            self.is_signed_out = True
            self.sts.expired.add("ASIASSO1")
            return Answer("")
        if not request.path.startswith("/federation/credentials"):
            return self.sts.answer(request)
        if self.is_signed_out:
            return Answer('{"code": "UnauthorizedException", "message": "no session"}', status=401)
        self.sessions += 1
        end = datetime.now(UTC) + timedelta(hours=1)
        keys = {
            "accessKeyId": f"ASIASSO{self.sessions}",
            "secretAccessKey": "SENTINEL-SECRET",
            "sessionToken": "SENTINEL-TOKEN",
            "expiration": int(end.timestamp() * 1000),
        }
        return Answer(json.dumps({"roleCredentials": keys}))


SCRIPT = textwrap.dedent(
    """
    import sys, urllib.request
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_interactions.aws_errors import CredentialsProblem
    from aws_operations.ended_credentials import BaseCredentials

    base = AwsClientProvider(aws_profile="ops", aws_region="eu-west-1", endpoint_url=sys.argv[1])
    base_credentials = BaseCredentials(base)
    print(base.for_role("arn:aws:iam::111122223333:role/operator").get_aws_env().aws_account)
    urllib.request.urlopen(sys.argv[1] + "/sign-out", data=b"")
    try:
        base.for_role("arn:aws:iam::444455556666:role/operator").get_aws_env()
    except CredentialsProblem as error:
        print(base_credentials.problem_behind(error))
    """
)


def test_WHEN_the_sso_session_ends_in_mid_run_THEN_the_base_has_ended_and_the_way_back_is_said(
    tmp_path: Path, sts: FakeSts
) -> None:
    start_url = "https://ops.awsapps.example/start"
    name = hashlib.sha1(start_url.encode(), usedforsecurity=False).hexdigest()
    token_file = tmp_path / f".aws/sso/cache/{name}.json"
    token_file.parent.mkdir(parents=True)
    end = (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%SZ")
    token = {"startUrl": start_url, "region": "eu-west-1", "accessToken": "SENTINEL", "expiresAt": end}
    token_file.write_text(json.dumps(token))
    (tmp_path / ".aws/config").write_text(
        f"[profile ops]\nsso_start_url = {start_url}\nsso_region = eu-west-1\n"
        "sso_account_id = 123456789012\nsso_role_name = Operator\n"
    )
    variables = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    with serving(FakeSso(sts)) as endpoint_url:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, endpoint_url],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )

    first, *rest = done.stdout.splitlines()
    assert first == "111122223333", done.stderr
    assert "aws sso login" in " ".join(rest), done.stderr
    assert "SENTINEL" not in done.stdout + done.stderr
