"""What AWS, the network and the user can do wrong to one call: one error line, the right exit code."""

import socket
from collections.abc import Iterator

import pytest

from tests.support.aws_answers import REQUEST_ID, caller_identity, s3_error, sts_error
from tests.support.loopback_proxy import Answer, CutBody, Fault, Hangup, LoopbackProxy, SeenRequest, Silence
from tests.support.program import run_program

SAMPLE = "samples-123456789012-us-east-1"
LS = ["s3", "ls", SAMPLE]
CREATE = ["s3", "create", "not-to-be-made", "--yes"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "parts"),
    [
        (["--region", "eu-west-1"], 3, ["credentials", "environment"]),
        (["--profile", "ghost", "--region", "eu-west-1"], 3, ["'ghost'", "configured: none"]),
        ([], 3, ["no region", "AWS_REGION", "AWS_DEFAULT_REGION", "profile"]),
        (["--region", "eu-west-1", "--aws-compute"], 3, ["instance"]),
    ],
)
def test_WHEN_there_is_no_identity_THEN_one_line_says_what_was_tried(
    arguments: list[str], exit_code: int, parts: list[str], environment: dict[str, str]
) -> None:
    done = run_program([*LS, *arguments], environment)

    assert (done.returncode, done.stdout) == (exit_code, "")
    assert done.stderr.count("\n") == 1, done.stderr
    for part in parts:
        assert part in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [*LS, "--assume-role-arn", "arn:aws:iam::123:role/x"],
        [*LS, "--assume-role-arn", "operator"],
        [*LS, "--region", "eu_west_1"],
        [*LS, "--regions", "eu-west-1,mars"],
        [*LS, "--accounts", "12345", "--role-name", "operator"],
        [*LS, "--expect-account", "twelve"],
        [*LS, "--output", "xml"],
        [*LS, "--endpoint-url", "ftp://127.0.0.1"],
        [*LS, "--duration", "10", "--assume-role-arn", "arn:aws:iam::111122223333:role/operator"],
        ["s3", "presign", SAMPLE, "key", "--expires-in", "0"],
        ["s3", "presign", SAMPLE, "key", "--expires-in", "soon"],
        ["s3", "presign", SAMPLE, "key", "--expires-in", "3601"],
        ["s3", "presign", SAMPLE, "key", "--expires-in", "604801", "--long-expiry"],
        ["s3", "presign", SAMPLE, "key", "--method", "post", "--min-size", "5", "--max-size", "4"],
        ["s3", "ls", "x/y"],
        ["s3", "create", "logs-{acount}", "--yes"],
        ["s3", "versioning", "set", SAMPLE, "on"],
        ["s3", "tags", "set", SAMPLE, "no-equals-sign", "--yes"],
    ],
    ids=lambda arguments: " ".join(arguments[-3:]),
)
def test_WHEN_a_value_is_malformed_THEN_it_is_a_usage_error_AND_nothing_is_sent(
    arguments: list[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program(arguments, proxied_environment)

    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Traceback" not in done.stderr
    assert proxy.requests == []


@pytest.mark.parametrize(
    ("arguments", "fault", "exit_code", "parts"),
    [
        (LS, s3_error(403, "AccessDenied"), 4, ["s3:ListBucket", "AWS: AccessDenied", "allow"]),
        (LS, s3_error(404, "NoSuchBucket"), 4, [SAMPLE, "AWS: NoSuchBucket", "check the name"]),
        (LS, s3_error(503, "SlowDown"), 4, ["AWS: SlowDown", "wait a little"]),
        (LS, s3_error(500, "InternalError"), 4, ["AWS: InternalError", "run it again"]),
        (LS, s3_error(400, "ExpiredToken"), 3, ["AWS: ExpiredToken", "check"]),
        (LS, s3_error(403, "SignatureDoesNotMatch", "no\nsent"), 3, ["AWS: SignatureDoesNotMatch"]),
        (LS, s3_error(418, "Teapot", "short\nand \u202estout"), 4, ["AWS: Teapot", "look the code up"]),
        (["s3", "tags", "get", SAMPLE], s3_error(403, "AccessDenied"), 4, ["s3:GetBucketTagging"]),
        (
            ["s3", "get", SAMPLE, "docs/readme.txt"],
            s3_error(404, "NoSuchKey"),
            4,
            ["docs/readme.txt"],
        ),
        (["identity", "whoami"], sts_error(403, "AccessDenied"), 4, ["GetCallerIdentity"]),
    ],
    ids=lambda value: value.body[:40].decode() if isinstance(value, Answer) else "",
)
def test_WHEN_aws_refuses_a_read_THEN_one_line_has_subject_place_code_request_and_next_step(
    arguments: list[str],
    fault: Answer,
    exit_code: int,
    parts: list[str],
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    proxy.disturb = lambda _: fault

    done = run_program([*arguments, "--max-attempts", "2"], proxied_environment)

    assert done.returncode == exit_code, done.stderr
    assert done.stdout == ""
    assert_one_error_line(done.stderr, *parts, "us-east-1", f"request {REQUEST_ID}", "; ")


def assert_one_error_line(stderr: str, *parts: str) -> None:
    assert stderr.count("\n") == 1, stderr
    assert stderr.startswith("error: ")
    assert stderr[:-1].isprintable()
    for part in parts:
        assert part in stderr


@pytest.mark.parametrize(
    ("arguments", "fault", "exit_code", "part"),
    [
        (LS, Hangup(), 7, "Connection was closed"),
        (LS, Silence(2), 7, "Read timeout"),
        (["s3", "status", SAMPLE], Silence(2), 7, "Read timeout"),
        # botocore takes an answer that it cannot read for a server's breakdown, or gives up on it.
        (LS, CutBody(20), 4, "Internal Server Error"),
        (LS, Answer(200, b"welcome to the hotel network"), 4, "Internal Server Error"),
        (["identity", "whoami"], Answer(200, b"<p>welcome to the hotel network"), 4, "another server"),
        (["identity", "whoami"], Silence(2), 4, "Read timeout"),
    ],
    ids=["hangup", "silence", "silence-head", "cut", "not-xml", "sts-not-xml", "sts-silence"],
)
def test_WHEN_the_answer_to_a_read_is_lost_or_foreign_THEN_one_line_says_so(
    arguments: list[str],
    fault: Fault,
    exit_code: int,
    part: str,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    proxy.disturb = lambda _: fault

    done = run_program([*arguments, "--max-attempts", "2", "--read-timeout", "0.4"], proxied_environment)

    assert done.returncode == exit_code, done.stderr
    assert_one_error_line(done.stderr, part, "us-east-1", "run it again")
    assert "unknown" not in done.stderr
    assert "hotel" not in done.stderr


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Give a port that nobody listens on and nobody else can take."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@pytest.mark.parametrize("arguments", [LS, CREATE, ["identity", "whoami"]], ids=" ".join)
def test_WHEN_nobody_listens_THEN_one_line_says_where_AND_nothing_is_unknown(
    arguments: list[str], proxied_environment: dict[str, str], closed_port: int
) -> None:
    endpoint = f"http://127.0.0.1:{closed_port}"

    done = run_program([*arguments, "--endpoint-url", endpoint, "--max-attempts", "1"], proxied_environment)

    assert done.returncode == 4, done.stderr
    assert_one_error_line(done.stderr, endpoint, "check the network", "--endpoint-url")
    assert ("this call changed nothing" in done.stderr) is (arguments is CREATE)


def test_WHEN_throttling_ends_in_time_THEN_the_read_succeeds(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda _: s3_error(503, "SlowDown") if len(proxy.requests) == 1 else None

    done = run_program(LS, proxied_environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert len(proxy.requests) == 2


def test_WHEN_a_roles_session_lands_in_another_account_THEN_it_is_refused_AND_only_sts_was_asked(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = elsewhere

    done = run_program(
        [*LS, "--assume-role-arn", "arn:aws:iam::111122223333:role/operator"], proxied_environment
    )

    assert done.returncode == 3, done.stderr
    assert_one_error_line(done.stderr, "444455556666", "111122223333", "nothing else was sent")
    assert {request.operation for request in proxy.requests} == {"AssumeRole", "GetCallerIdentity"}


def elsewhere(request: SeenRequest) -> Fault | None:
    is_session = request.access_key_id != "sandbox-home"
    return (
        caller_identity("444455556666") if request.operation == "GetCallerIdentity" and is_session else None
    )


def test_WHEN_a_role_may_not_be_assumed_THEN_the_line_names_role_and_action(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda _: sts_error(403, "AccessDenied", "User x is not authorized")
    role = "arn:aws:iam::111122223333:role/operator"

    done = run_program([*LS, "--assume-role-arn", role], proxied_environment)

    assert done.returncode == 4, done.stderr
    assert_one_error_line(done.stderr, role, "sts:AssumeRole", f"request {REQUEST_ID}")
    assert [request.operation for request in proxy.requests] == ["AssumeRole"]


@pytest.mark.parametrize("method", ["put", "post"])
def test_WHEN_a_dry_run_presigns_a_write_THEN_it_is_declined(
    method: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program(["s3", "presign", SAMPLE, "k", "--method", method, "--dry-run"], proxied_environment)

    assert (done.returncode, done.stdout) == (6, ""), done.stderr
    assert_one_error_line(done.stderr, "read")
    assert proxy.requests == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_DEFAULTS_MODE", "fastest"),
        ("AWS_REQUEST_CHECKSUM_CALCULATION", "always"),
        ("AWS_RESPONSE_CHECKSUM_VALIDATION", "always"),
        ("AWS_RETRY_MODE", "eager"),
    ],
)
def test_WHEN_a_setting_of_aws_is_wrong_THEN_it_is_no_bug_of_this_program(
    variable: str, value: str, proxied_environment: dict[str, str]
) -> None:
    done = run_program(["s3", "ls"], {**proxied_environment, variable: value})

    assert done.returncode in {0, 3}, done.stderr
    assert "bug" not in done.stderr
