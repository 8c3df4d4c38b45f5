"""The credentials that a run began with end in the middle: it stops once, and goes on from there later."""

import json
import os

from tests.support.aws_answers import s3_error, sts_error
from tests.support.loopback_proxy import Fault, LoopbackProxy, SeenRequest
from tests.support.program import run_program

ACCOUNTS = "123456789012,111122223333,444455556666"
EVERYWHERE = ["--accounts", ACCOUNTS, "--regions", "us-east-1,eu-west-1", "--role-name", "operator"]
ONE_BY_ONE = [*EVERYWHERE, "--workers", "1", "--output", "jsonl"]


def end_credentials_after(proxy: LoopbackProxy, count: int, method: str) -> None:
    """Let so many calls of S3 with a method through, then accept nobody's credentials."""

    def disturb(request: SeenRequest) -> Fault | None:
        seen = len([each for each in proxy.requests if each.service == "s3" and each.method == method])
        if request.service == "sts" and seen >= count:
            return sts_error(403, "ExpiredToken", "The security token included in the request is expired")
        expired = s3_error(400, "ExpiredToken", "The provided token has expired.")
        return expired if request.service == "s3" and seen > count else None

    proxy.disturb = disturb


def test_WHEN_they_end_between_reads_THEN_what_is_left_is_said_once_AND_done_by_a_resume(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    end_credentials_after(proxy, 2, "GET")

    done = run_program(["s3", "ls", "samples-{account}-{region}", *ONE_BY_ONE], proxied_environment)

    assert done.returncode == 3, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: the credentials that this run began with serve no more: ")
    assert "; 2 targets done, 4 left; renew them; do the rest with: manage-resources runs resume" in line
    assert len({(row["account"], row["region"]) for row in map(json.loads, done.stdout.splitlines())}) == 2

    proxy.disturb = lambda _: None
    rest = run_program(["runs", "resume", "last", "--output", "jsonl"], proxied_environment)

    assert rest.returncode == 0, rest.stderr
    assert len({(row["account"], row["region"]) for row in map(json.loads, rest.stdout.splitlines())}) == 4


def test_WHEN_they_end_between_writes_THEN_the_refused_one_is_left_AND_done_by_a_resume(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    end_credentials_after(proxy, 2, "PUT")
    name = f"ended-{os.getpid()}-{{account}}-{{region}}"

    done = run_program(["s3", "create", name, *ONE_BY_ONE, "--yes"], proxied_environment)

    assert done.returncode == 3, done.stderr
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["applied"] * 2
    (line,) = done.stderr.splitlines()
    assert "; 6 changes: 2 applied, 4 left; renew them; do the rest with: manage-resources runs" in line

    proxy.disturb = lambda _: None
    rest = run_program(["runs", "resume", "last", "--yes", "--output", "jsonl"], proxied_environment)

    assert rest.returncode == 0, rest.stderr
    assert [json.loads(line)["status"] for line in rest.stdout.splitlines()] == ["applied"] * 4


def test_WHEN_they_end_while_it_is_planned_THEN_nothing_is_changed(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    end_credentials_after(proxy, 2, "HEAD")

    done = run_program(
        ["s3", "create", "never-{account}-{region}", *ONE_BY_ONE, "--yes"], proxied_environment
    )

    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert line.endswith("; nothing was changed; renew them")
    assert proxy.writes == []
