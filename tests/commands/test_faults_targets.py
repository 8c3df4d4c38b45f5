"""One operation over several targets when some of them fail: the others are answered, and each is named."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.test_faults import elsewhere
from tests.support.aws_answers import s3_error, sts_error
from tests.support.loopback_proxy import Answer, Fault, Hangup, LoopbackProxy, SeenRequest, Silence
from tests.support.program import run_program

ACCOUNTS = "123456789012,111122223333,444455556666"
EVERYWHERE = ["--accounts", ACCOUNTS, "--regions", "us-east-1,eu-west-1", "--role-name", "operator"]
TEMPLATE = "samples-{account}-{region}"
ONE = "samples-111122223333-eu-west-1"


def only(bucket: str, fault: Fault) -> Callable[[SeenRequest], Fault | None]:
    return lambda request: fault if request.path.startswith(f"/{bucket}") else None


@pytest.mark.parametrize(
    ("fault", "part", "exit_code"),
    [
        (s3_error(403, "AccessDenied"), "s3:ListBucket", 5),
        (s3_error(503, "SlowDown"), "SlowDown", 5),
        (Hangup(), "Connection", 7),
        (Silence(5), "timeout", 7),
    ],
    ids=["denied", "throttled", "hangup", "silence"],
)
def test_WHEN_one_of_six_targets_fails_THEN_five_are_answered_AND_the_sixth_is_named(
    fault: Fault, part: str, exit_code: int, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = only(ONE, fault)

    done = run_program(
        [
            "s3",
            "ls",
            TEMPLATE,
            *EVERYWHERE,
            "--output",
            "json",
            "--max-attempts",
            "1",
            "--read-timeout",
            "0.4",
        ],
        proxied_environment,
    )

    assert done.returncode == exit_code, done.stderr
    rows = json.loads(done.stdout)
    assert len({(row["account"], row["region"]) for row in rows}) == 5
    assert ("111122223333", "eu-west-1") not in {(row["account"], row["region"]) for row in rows}
    error, summary = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert "aws://111122223333/eu-west-1" in error
    assert part in error
    assert summary.startswith("6 targets: 5 answered, 1 ")


@pytest.mark.parametrize("output", ["json", "jsonl", "yaml", "csv", "text", "table"])
def test_WHEN_every_target_fails_THEN_there_is_a_line_for_each_AND_an_empty_document(
    output: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: s3_error(403, "AccessDenied") if request.service == "s3" else None

    done = run_program(["s3", "ls", TEMPLATE, *EVERYWHERE, "--output", output], proxied_environment)

    assert done.returncode == 5, done.stderr
    assert done.stdout == ("[]\n" if output in {"json", "yaml"} else "")
    *errors, summary = done.stderr.splitlines()
    assert len(errors) == 6
    assert summary.startswith("6 targets: 6 denied (aws://")


def test_WHEN_one_account_lets_nobody_in_THEN_the_other_accounts_are_answered(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: (
        sts_error(403, "AccessDenied") if request.assumed_account == "111122223333" else None
    )

    done = run_program(["s3", "ls", TEMPLATE, *EVERYWHERE, "--output", "json"], proxied_environment)

    assert done.returncode == 5, done.stderr
    assert {row["account"] for row in json.loads(done.stdout)} == {"123456789012", "444455556666"}
    assert "arn:aws:iam::111122223333:role/operator" in done.stderr
    assert "aws://111122223333/us-east-1" in done.stderr
    assert "aws://111122223333/eu-west-1" in done.stderr


def test_WHEN_sessions_land_in_another_account_THEN_nothing_but_sts_is_sent_there(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = elsewhere

    done = run_program(
        ["s3", "ls", TEMPLATE, *EVERYWHERE, "--output", "json", "--max-attempts", "1"], proxied_environment
    )

    assert done.returncode == 5, done.stderr
    assert {row["account"] for row in json.loads(done.stdout)} == {"444455556666"}
    assert "credentials act in account 444455556666, expected 111122223333" in done.stderr
    s3_paths = {request.path.split("/")[1] for request in proxy.requests if request.service == "s3"}
    assert s3_paths == {"samples-444455556666-us-east-1", "samples-444455556666-eu-west-1"}


@pytest.mark.parametrize("command", [["s3", "ls"], ["s3", "create", "x-{account}-{region}", "--yes"]])
def test_WHEN_one_of_several_accounts_is_not_the_expected_one_THEN_nothing_is_asked_but_sts(
    command: list[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program([*command, *EVERYWHERE, "--expect-account", "123456789012"], proxied_environment)

    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr.count("\n") == 1
    assert "--expect-account is 123456789012" in done.stderr
    assert all(request.service == "sts" for request in proxy.requests)


@pytest.mark.parametrize("targets", [[], ["--regions", "us-east-1,eu-west-1"]])
def test_WHEN_the_own_account_is_not_the_expected_one_THEN_only_its_name_was_asked(
    targets: list[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program(
        ["s3", "create", "x-{region}", "--yes", *targets, "--expect-account", "111122223333"],
        proxied_environment,
    )

    assert (done.returncode, done.stdout) == (6, "")
    assert [request.operation for request in proxy.requests] == ["GetCallerIdentity"]


def test_WHEN_one_target_cannot_be_planned_THEN_the_others_are_changed(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = only("faulty-111122223333", s3_error(403, "AccessDenied"))

    done = run_program(
        ["s3", "create", "faulty-{account}-{region}", *EVERYWHERE, "--yes", "--output", "json"],
        proxied_environment,
    )

    assert done.returncode == 5, done.stderr
    assert [row["status"] for row in json.loads(done.stdout)] == ["applied"] * 4
    assert done.stderr.count("nothing is planned there") == 2
    summary = done.stderr.splitlines()[-1]
    assert "2 targets could not be planned (aws://" in summary
    assert re.search(
        r"; try what failed again with: manage-resources runs resume [0-9a-f-]+ --failed$", summary
    )


def test_WHEN_no_target_can_be_planned_THEN_nothing_is_sent(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: Answer(403) if request.service == "s3" else None

    done = run_program(
        ["s3", "ensure", "never-{account}-{region}", *EVERYWHERE, "--yes", "--output", "json"],
        proxied_environment,
    )

    assert done.returncode == 5, done.stderr
    assert json.loads(done.stdout) == []
    assert done.stderr.count("nothing is planned there") == 6
    assert "0 changes: none applied, 6 targets could not be planned (aws://" in done.stderr
    assert proxy.writes == []


def test_WHEN_several_targets_would_write_one_file_THEN_it_is_refused_AND_a_template_works(
    proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path
) -> None:
    get = ["s3", "get", TEMPLATE, "docs/readme.txt"]

    refused = run_program([*get, str(tmp_path / "one"), *EVERYWHERE], proxied_environment)
    assert refused.returncode == 2
    assert "{account}" in refused.stderr
    assert proxy.requests == []

    done = run_program(
        [*get, str(tmp_path / "{account}-{region}"), *EVERYWHERE, "--output", "json"], proxied_environment
    )
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("[0-9]*-*-[0-9]"))) == 6


@pytest.mark.parametrize("verb", ["create", "ensure"])
@pytest.mark.parametrize(
    ("name", "missing"), [("one-for-all", "{account} or {region}"), ("in-{region}", "{account}")]
)
def test_WHEN_several_targets_would_make_one_bucket_THEN_it_is_refused_unsent(
    proxied_environment: dict[str, str], proxy: LoopbackProxy, verb: str, name: str, missing: str
) -> None:
    done = run_program(["s3", verb, name, *EVERYWHERE, "--yes"], proxied_environment)
    assert done.returncode == 2
    assert f"6 targets would make the same bucket {name}; put {missing} into its name" in done.stderr
    assert proxy.requests == []
