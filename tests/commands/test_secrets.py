"""Sentinel secrets through every way out of the program: found in none but the private credential cache."""

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from commands.app import Invocation
from commands.boundary import run_command_line
from commands.console import Console
from commands.options import Settings
from commands.provider_setup import make_provider
from commands.shapes import Shape
from tests.support.aws_answers import assumed_role, caller_identity, s3_error, sts_error
from tests.support.loopback_proxy import Answer, CutBody, Fault, LoopbackProxy, SeenRequest
from tests.support.program import run_on_terminal, run_program

SAMPLE = "samples-123456789012-us-east-1"
ROLE = "arn:aws:iam::111122223333:role/operator"
SENTINEL = "Sentinel"
# With what needs escaping in URLs and JSON: each form of a secret is one to look for.
SECRET_KEY = "SentinelSecret/Access+Key0123456789ab=="
TOKEN = "SentinelToken//0123+456789=="
ROLE_SECRET = "SentinelRole/Secret+Key0123456789abcd="
ROLE_TOKEN = "SentinelRoleToken//0123456789+abcdef=="
MFA_CODE = "648201"
FORMATS = ["table", "text", "json", "jsonl", "csv", "yaml"]
LOUD = ["-vvv", "--debug"]


@pytest.fixture
def secret_environment(proxied_environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Give an environment with secrets in it; afterwards no file below its home may hold one."""
    environment = {
        **proxied_environment,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": TOKEN,
        "TMPDIR": proxied_environment["HOME"],
    }
    yield environment
    assert_no_file_tells(Path(environment["HOME"]))


def assert_no_file_tells(home: Path) -> None:
    cache = home / "cache" / "manage-resources" / "credentials"
    for path in home.rglob("*"):
        if not path.is_file() or path == home / "credentials-file":
            continue
        if SENTINEL.encode() in path.read_bytes():
            assert path.parent == cache, path
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def assert_told_nothing(shown: str) -> None:
    assert SENTINEL not in shown


def role_answers(request: SeenRequest) -> Fault | None:
    """Give every role a session with sentinels in it."""
    match request.operation:
        case "AssumeRole":
            return assumed_role("111122223333", secret=ROLE_SECRET, token=ROLE_TOKEN)
        case "GetCallerIdentity":
            return caller_identity("111122223333")
    return None


@pytest.mark.parametrize("output", FORMATS)
def test_WHEN_rows_come_in_any_format_THEN_no_secret_is_in_them(
    output: str, secret_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = role_answers

    done = run_program(
        ["identity", "whoami", "--assume-role-arn", ROLE, "--output", output, *LOUD], secret_environment
    )

    assert done.returncode == 0, done.stderr
    assert "111122223333" in done.stdout
    assert "DEBUG botocore" in done.stderr
    assert_told_nothing(done.stdout + done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ["s3", "put", "LICENSE", SAMPLE, "secrets/one", "--overwrite", "--yes"],
        ["s3", "rm", SAMPLE, "secrets/none", "--yes"],
        ["s3", "get", SAMPLE, "docs/readme.txt", "{home}/got"],
        ["s3", "tags", "set", SAMPLE, "a=b", "--dry-run", "--output", "yaml"],
        ["s3", "ls", "--config", "{home}"],
        ["s3", "ls", "--profile", "ghost"],
    ],
    ids=lambda arguments: " ".join(arguments[:3]),
)
def test_WHEN_commands_are_loud_THEN_no_secret_is_heard(
    arguments: list[str], secret_environment: dict[str, str]
) -> None:
    home = secret_environment["HOME"]
    done = run_program([*(word.format(home=home) for word in arguments), *LOUD], secret_environment)

    assert done.stdout + done.stderr
    assert_told_nothing(done.stdout + done.stderr)


ECHO = f"StringToSign {SECRET_KEY}\ntoken {TOKEN}"


@pytest.mark.parametrize(
    ("fault", "exit_code"),
    [
        (s3_error(403, "SignatureDoesNotMatch", ECHO), 3),
        (s3_error(400, "InvalidToken", ECHO), 3),
        (s3_error(400, "Unheard", ECHO), 4),
        (Answer(200, ECHO.encode()), 4),
        (Answer(500, ECHO.encode()), 4),
    ],
    ids=["signature", "token", "unheard", "not-xml", "breakdown"],
)
@pytest.mark.parametrize("loud", [[], LOUD], ids=["quiet", "loud"])
def test_WHEN_an_error_repeats_secrets_THEN_they_are_taken_out(
    fault: Fault, exit_code: int, loud: list[str], secret_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda _: fault

    done = run_program(["s3", "ls", SAMPLE, "--max-attempts", "1", *loud], secret_environment)

    assert done.returncode == exit_code, done.stderr
    assert ("Traceback" in done.stderr) == bool(loud)
    assert_told_nothing(done.stdout + done.stderr)


@pytest.mark.parametrize("output", ["json", "text"])
def test_WHEN_a_refused_change_repeats_secrets_THEN_its_row_does_not(
    output: str, secret_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: None if request.changes_nothing else s3_error(400, "InvalidToken", ECHO)

    done = run_program(["s3", "create", "never-to-be", "--output", output], secret_environment)

    assert done.returncode == 3, done.stderr
    assert "failed" in done.stdout
    assert_told_nothing(done.stdout + done.stderr)


@pytest.mark.parametrize(
    "fault",
    [
        # The answer ends within the token, and within the secret key.
        CutBody(len(assumed_role("1" * 12, secret=ROLE_SECRET, token="").body) - 250),
        sts_error(403, "AccessDenied", f"not with {SECRET_KEY} and {TOKEN}"),
        Answer(
            200, f"<a><SecretAccessKey>{ROLE_SECRET}</SecretAccessKey><SessionToken>{ROLE_TOKEN}".encode()
        ),
        Answer(200, f'{{"SecretAccessKey": "{ROLE_SECRET}", "SessionToken": "{ROLE_TOKEN}"'.encode()),
    ],
    ids=["cut", "denied", "cut-xml", "json"],
)
def test_WHEN_a_roles_credentials_come_damaged_THEN_no_part_of_them_is_shown(
    fault: Fault, secret_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: fault if request.operation == "AssumeRole" else None

    done = run_program(
        ["s3", "ls", SAMPLE, "--assume-role-arn", ROLE, "--max-attempts", "1", *LOUD], secret_environment
    )

    assert done.returncode == 4, done.stderr
    assert "Traceback" in done.stderr
    assert_told_nothing(done.stdout + done.stderr)


def test_WHEN_secrets_stand_in_the_credentials_file_THEN_they_are_shown_nowhere(
    secret_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    file = Path(secret_environment["HOME"]) / "credentials-file"
    file.write_text(
        f"[keys]\naws_access_key_id = sandbox-home\naws_secret_access_key = {SECRET_KEY}\n"
        f"aws_session_token = {TOKEN}\n"
        f"[role]\nrole_arn = {ROLE}\nsource_profile = keys\n"
        f"[broken\naws_secret_access_key = {SECRET_KEY}\n",
        encoding="utf-8",
    )
    environment = {
        name: value
        for name, value in secret_environment.items()
        if name not in {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
    } | {"AWS_SHARED_CREDENTIALS_FILE": str(file)}
    command = ["identity", "whoami", "--profile", "keys", *LOUD]

    broken = run_program(command, environment)
    assert broken.returncode == 3, broken.stderr
    assert_told_nothing(broken.stdout + broken.stderr)

    file.write_text(file.read_text(encoding="utf-8").partition("[broken")[0], encoding="utf-8")
    done = run_program(command, environment)
    assert done.returncode == 0, done.stderr
    assert_told_nothing(done.stdout + done.stderr)

    proxy.disturb = role_answers
    assumed = run_program(["identity", "whoami", "--profile", "role", *LOUD], environment)
    assert assumed.returncode == 0, assumed.stderr
    assert_told_nothing(assumed.stdout + assumed.stderr)


def test_WHEN_an_mfa_code_is_typed_THEN_it_is_neither_shown_nor_kept_AND_asked_for_once(
    secret_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = role_answers
    command = [
        "identity", "whoami", "--assume-role-arn", ROLE,
        "--mfa-serial", "arn:aws:iam::123456789012:mfa/me", *LOUD,
    ]  # fmt: skip

    first = run_on_terminal(command, secret_environment, typed=f"{MFA_CODE}\n", typed_at="mfa/me: ")
    second = run_on_terminal(command, secret_environment)

    for session in (first, second):
        assert session.exit_code == 0, session.screen
        assert_told_nothing(session.screen)
        assert MFA_CODE not in session.screen
    assert [request.operation for request in proxy.requests].count("AssumeRole") == 1
    cached = list(Path(secret_environment["HOME"]).rglob("credentials/*.json"))
    assert len(cached) == 1
    assert ROLE_TOKEN in cached[0].read_text(encoding="utf-8")
    assert MFA_CODE not in cached[0].read_text(encoding="utf-8")


class Bug(Exception):
    """Nobody foresaw it, and it holds what it was given."""


def crash(_shape: Shape, _work: Any, settings: Settings, _console: Console) -> int:
    """End in a bug whose message and cause hold the program's credentials, bare and in a dictionary."""
    client = make_provider(settings).get_s3()
    client.generate_presigned_url("get_object", {"Bucket": SAMPLE, "Key": "k"})
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    raise Bug(f"{secret} and {TOKEN!r}") from KeyError(json.dumps({"SecretAccessKey": ROLE_SECRET}))


@pytest.mark.parametrize("loud", [[], LOUD], ids=["quiet", "loud"])
def test_WHEN_the_program_crashes_THEN_no_secret_is_in_its_last_words(
    loud: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox-home")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)

    code = run_command_line(["s3", "ls", "--region", "eu-west-1", *loud], Invocation(runner=crash))

    captured = capsys.readouterr()
    assert code == 1
    assert "Bug" in captured.err
    assert ("Traceback" in captured.err) == bool(loud)
    assert_told_nothing(captured.out + captured.err)


def url_of(text: str) -> str:
    return text.strip()


def post_url_of(text: str) -> str:
    form = json.loads(text)
    return f"{form['url']}?X-Amz-Signature={form['fields']['x-amz-signature']}"


@pytest.mark.parametrize(("method", "find_url"), [("get", url_of), ("put", url_of), ("post", post_url_of)])
def test_WHEN_a_request_is_presigned_THEN_the_key_is_not_in_it_AND_its_signature_is_not_logged(
    method: str,
    find_url: Callable[[str], str],
    secret_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    done = run_program(
        ["s3", "presign", SAMPLE, "docs/readme.txt", "--method", method, *LOUD], secret_environment
    )

    assert done.returncode == 0, done.stderr
    assert "SentinelSecret" not in done.stdout
    [signature] = parse_qs(urlsplit(find_url(done.stdout)).query)["X-Amz-Signature"]
    assert len(signature) == 64
    assert signature not in done.stderr
    assert_told_nothing(done.stderr)
    assert all(request.service == "sts" for request in proxy.requests)
