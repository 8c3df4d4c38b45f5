"""Writes that go wrong on the way: read back, reported, and never called what they are not."""

import json
import os
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aws_interactions import s3_interactions
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from tests.commands.test_faults import assert_one_error_line
from tests.support.aws_answers import s3_error
from tests.support.loopback_proxy import CutBody, Fault, Hangup, LoopbackProxy, SeenRequest, Silence
from tests.support.program import PROGRAM, ROOT, run_on_terminal, run_program, without_endpoint_warning


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_text("content", encoding="utf-8")
    return path


@pytest.fixture
def bucket(sandbox_endpoint: str, file: Path) -> str:
    """Give a bucket with the objects a, b and c in it."""
    keys = AccessKeys("sandbox-home", "sandbox-home-secret")
    aws_provider = AwsClientProvider(aws_region="us-east-1", access_keys=keys, endpoint_url=sandbox_endpoint)
    name = new_name()
    s3_interactions.create_bucket(name, aws_provider)
    for key in "abc":
        s3_interactions.put_file_to_bucket(file, name, key, aws_provider)
    return name


def new_name() -> str:
    return f"faults-{uuid.uuid4().hex[:12]}"


def on_write(fault: Fault) -> Callable[[SeenRequest], Fault | None]:
    return lambda request: None if request.changes_nothing else fault


def after_write(proxy: LoopbackProxy, at_write: Fault, later: Fault) -> Callable[[SeenRequest], Fault | None]:
    """Disturb the first write, and whatever comes after it."""

    def disturb(request: SeenRequest) -> Fault | None:
        if not request.changes_nothing and len(proxy.writes) == 1:
            return at_write
        return later if proxy.writes else None

    return disturb


def results(done: subprocess.CompletedProcess[str]) -> list[Any]:
    return [(row["status"], row["change"]) for row in json.loads(done.stdout)]


WRITES = {
    "s3.create-bucket": ["s3", "create", "{new}"],
    "s3.put-object": ["s3", "put", "{file}", "{bucket}", "new-key"],
    "s3.delete-object": ["s3", "rm", "{bucket}", "a"],
    "s3.set-tags": ["s3", "tags", "set", "{bucket}", "team=ops"],
    "s3.set-versioning": ["s3", "versioning", "set", "{bucket}", "enabled"],
    "s3.set-encryption": ["s3", "encryption", "set", "{bucket}", "aws:kms"],
}


def command_line(kind: str, bucket: str, file: Path) -> list[str]:
    words = [word.format(new=new_name(), bucket=bucket, file=file) for word in WRITES[kind]]
    return [*words, "--yes", "--output", "json", "--max-attempts", "1"]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        *[(kind, Hangup(after_work=True)) for kind in WRITES],
        ("s3.delete-object", CutBody(20)),
    ],
)
def test_WHEN_a_write_is_done_AND_its_answer_is_lost_THEN_reading_back_finds_it_applied(
    kind: str,
    fault: Fault,
    bucket: str,
    file: Path,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    proxy.disturb = on_write(fault)

    done = run_program(command_line(kind, bucket, file), proxied_environment)

    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert results(done) == [("applied", kind)]
    assert len(proxy.writes) == 1


@pytest.mark.parametrize("kind", ["s3.create-bucket", "s3.put-object", "s3.delete-object"])
def test_WHEN_an_answer_AND_the_reading_back_are_lost_THEN_the_outcome_is_unknown(
    kind: str, bucket: str, file: Path, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = after_write(proxy, Hangup(after_work=True), Hangup())

    done = run_program(command_line(kind, bucket, file), proxied_environment)

    assert done.returncode == 7, done.stderr
    assert results(done) == [("unknown", kind)]
    assert_one_error_line(done.stderr, "the outcome is unknown", "look at the resource")


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        *[(kind, Hangup()) for kind in WRITES],
        ("s3.create-bucket", s3_error(500, "InternalError")),
        ("s3.set-tags", s3_error(502, "Unheard")),
    ],
)
def test_WHEN_a_write_is_not_done_AND_the_connection_is_lost_THEN_it_failed(
    kind: str,
    fault: Fault,
    bucket: str,
    file: Path,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    proxy.disturb = on_write(fault)

    done = run_program(command_line(kind, bucket, file), proxied_environment)

    assert done.returncode == 4, done.stderr
    assert results(done) == [("failed", kind)]
    assert_one_error_line(done.stderr, "it was not carried out", "changed nothing")
    assert "unknown" not in done.stderr


def test_WHEN_a_write_is_done_AND_the_retry_would_meet_it_THEN_it_is_applied_all_the_same(
    bucket: str, file: Path, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: (
        Hangup(after_work=True) if not request.changes_nothing and len(proxy.writes) == 1 else None
    )

    done = run_program(["s3", "put", str(file), bucket, "once", "--output", "json"], proxied_environment)

    assert done.returncode == 0, done.stderr
    assert results(done) == [("applied", "s3.put-object")]


def test_WHEN_a_destruction_is_refused_half_way_THEN_it_is_called_partial(
    bucket: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: s3_error(403, "AccessDenied") if request.method == "DELETE" else None

    done = run_program(
        ["s3", "destroy", bucket, "--yes", "--output", "json", "--max-attempts", "1"], proxied_environment
    )

    assert done.returncode == 5, done.stderr
    assert results(done) == [("failed", "s3.destroy-bucket")]
    assert_one_error_line(
        done.stderr, "has changed (3 object versions, now empty)", "part of it was carried out"
    )


def test_WHEN_a_destruction_breaks_off_half_way_THEN_it_is_unknown(
    bucket: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: Hangup() if request.method == "DELETE" else None

    done = run_program(
        ["s3", "destroy", bucket, "--yes", "--output", "json", "--max-attempts", "1"], proxied_environment
    )

    assert done.returncode == 7, done.stderr
    assert results(done) == [("unknown", "s3.destroy-bucket")]


def made(proxy: LoopbackProxy, request: SeenRequest) -> bool:
    """Say whether a write to the same path was seen before, or is this request."""
    return request.path in {write.path for write in proxy.writes}


def test_WHEN_a_write_times_out_AND_another_succeeds_THEN_unknown_wins(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    name = new_name()
    proxy.disturb = lambda request: (
        Silence(2) if request.path == f"/{name}-eu-west-1" and made(proxy, request) else None
    )

    done = run_program(
        [
            "s3",
            "create",
            f"{name}-{{region}}",
            "--regions",
            "us-east-1,eu-west-1",
            "--yes",
            "--output",
            "json",
            "--read-timeout",
            "0.5",
            "--max-attempts",
            "1",
        ],
        proxied_environment,
    )

    assert done.returncode == 7, done.stderr
    assert [status for status, _ in results(done)] == ["applied", "unknown"]
    assert "2 changes: 1 applied, 1 unknown" in done.stderr


def create_two(name: str) -> list[str]:
    return ["s3", "create", name + "-{region}", "--regions", "us-east-1,eu-west-1"]


def test_WHEN_the_output_takes_no_more_AND_changes_were_made_THEN_stderr_says_what_was_made(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *create_two(new_name()), "--yes"],
            env=proxied_environment,
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 3, done.stderr
    assert len(proxy.writes) == 2
    warning, error = without_endpoint_warning(done.stderr).splitlines()
    assert warning == "warning: not all of the results could be written: 2 applied"
    assert "No space left on device" in error


def test_WHEN_nobody_reads_the_results_AND_all_were_made_THEN_the_end_is_quiet(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(
            [*PROGRAM, *create_two(new_name()), "--yes", "--output", "text"],
            env=proxied_environment,
            cwd=ROOT,
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (done.returncode, without_endpoint_warning(done.stderr)) == (141, "")
    assert len(proxy.writes) == 2


def seen(proxy: LoopbackProxy, method: str) -> list[SeenRequest]:
    return [request for request in proxy.requests if request.method == method]


def test_WHEN_the_second_look_before_a_write_is_lost_THEN_it_failed_untouched(
    bucket: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: (
        Hangup() if request.method == "HEAD" and len(seen(proxy, "HEAD")) == 2 else None
    )

    done = run_program(
        ["s3", "rm", bucket, "a", "--yes", "--output", "json", "--max-attempts", "1"], proxied_environment
    )

    assert done.returncode == 4, done.stderr
    assert results(done) == [("failed", "s3.delete-object")]
    assert_one_error_line(done.stderr, "was not touched", "changed nothing")
    assert proxy.writes == []


def test_WHEN_ctrl_c_answers_the_question_THEN_nothing_is_sent(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    session = run_on_terminal(create_two(new_name()), proxied_environment, typed="", interrupt_at="[y/N] ")

    assert session.exit_code == 130
    assert "interrupted; nothing was changed" in session.screen.splitlines()[-1]
    assert proxy.writes == []


@pytest.mark.parametrize(
    ("typed", "exit_code", "writes"),
    [
        ("{bucket}/a\n", 0, 1),
        (" {bucket}/a \n", 0, 1),
        ("y\n", 6, 0),
        ("\n", 6, 0),
        ("\x04", 6, 0),
        ("{bucket}/A\n", 6, 0),
        ("{bucket}\n", 6, 0),
    ],
)
def test_WHEN_the_name_is_asked_for_on_a_terminal_THEN_nothing_else_deletes(
    typed: str,
    exit_code: int,
    writes: int,
    bucket: str,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    typed = typed.format(bucket=bucket)

    session = run_on_terminal(["s3", "rm", bucket, "a"], proxied_environment, typed=typed)

    assert session.exit_code == exit_code, session.screen
    assert len(proxy.writes) == writes
    assert f"arn:aws:s3:::{bucket}/a" in session.screen


def test_WHEN_a_key_holds_control_characters_THEN_no_terminal_obeys_them(
    bucket: str, proxied_environment: dict[str, str]
) -> None:
    key = "red\x1b[31m\u202ecod.exe"
    put = run_on_terminal(["s3", "put", "LICENSE", bucket, key], proxied_environment, typed="y\n")
    shown = run_on_terminal(["s3", "ls", bucket], proxied_environment, typed="")
    removed = run_on_terminal(["s3", "rm", bucket, key], proxied_environment, typed="sandbox-home\n")

    for session in (put, shown, removed):
        assert session.exit_code == 0, session.screen
        assert "red\\x1b[31m\\u202ecod.exe" in session.screen
        assert "\x1b[31m" not in session.screen
        assert "\u202e" not in session.screen
