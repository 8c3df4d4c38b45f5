"""Command lines over many targets: one outcome for each, in which order, how many failures, by when."""

import json
import os
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commands.app import Invocation
from commands.registry import NounEntry
from commands.root import Root
from tests.aws_interactions.loopback_servers import serving
from tests.support.aws_answers import s3_error
from tests.support.loopback_proxy import LoopbackProxy, SeenRequest, Silence
from tests.support.organisation_sts import OrganisationSts
from tests.support.program import PROGRAM, ROOT, run_program, without_endpoint_warning

CENSUS = Root((NounEntry("census", "tests.commands.census_noun", "Who is there."),))
ACCOUNTS = [f"{200_000_000_000 + number}" for number in range(500)]
DENIED, WITH_BUG = ACCOUNTS[10:35], ACCOUNTS[-3:]

SANDBOX_ACCOUNTS = ["123456789012", "111122223333", "444455556666"]
PLACES = [(account, region) for account in SANDBOX_ACCOUNTS for region in ("us-east-1", "eu-west-1")]
EVERYWHERE = [
    "--accounts",
    ",".join(SANDBOX_ACCOUNTS),
    "--regions",
    "us-east-1,eu-west-1",
    "--role-name",
    "operator",
]
LS = ["s3", "ls", "samples-{account}-{region}", *EVERYWHERE]


@pytest.fixture
def sts() -> OrganisationSts:
    return OrganisationSts(denied=frozenset(DENIED))


@pytest.fixture
def endpoint_url(sts: OrganisationSts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHUB")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with serving(sts) as url:
        yield url


def census(endpoint_url: str, *arguments: str, accounts: list[str] = ACCOUNTS) -> Result:
    line = ["census", "count", "--accounts", ",".join(accounts), "--role-name", "operator"]
    there = ["--region", "eu-west-1", "--endpoint-url", endpoint_url]
    return CliRunner().invoke(CENSUS, [*line, *there, *arguments], obj=Invocation())


def test_WHEN_some_of_500_targets_fail_THEN_each_is_accounted_for_AND_bugs_are_called_bugs(
    endpoint_url: str,
) -> None:
    done = census(endpoint_url, "--bug-in", " ".join(WITH_BUG), "--output", "jsonl")

    assert done.exit_code == 5, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["account"] for row in rows} == set(ACCOUNTS) - set(DENIED) - set(WITH_BUG)
    *errors, summary = without_endpoint_warning(done.stderr).splitlines()
    # Of the 25 that were denied alike, the first five and the last are told.
    assert len(errors) == 9
    assert [error for error in errors if error.endswith("; and so in 19 more targets")] == errors[-1:]
    assert not any("changed nothing" in error for error in errors)
    assert sum("bug: ZeroDivisionError" in error for error in errors) == 3
    assert summary.startswith("500 targets: 472 answered, 25 denied (aws://200000000")
    assert "3 failed (aws://200000000" in summary
    assert summary.count("aws://") == 23
    assert "and 5 more" in summary


def test_WHEN_the_credentials_of_the_run_have_ended_THEN_it_stops_once_AND_says_how_to_go_on(
    endpoint_url: str, sts: OrganisationSts
) -> None:
    sts.expired = {"AKIAHUB"}

    done = census(endpoint_url, "--output", "jsonl", accounts=ACCOUNTS[:100])

    assert done.exit_code == 3, done.stderr
    (error,) = without_endpoint_warning(done.stderr).splitlines()
    assert error.startswith("error: the credentials that this run began with serve no more: ")
    assert "0 targets done, 100 left; renew them; do the rest with: manage-resources runs resume" in error
    assert len(sts.requests) < 60


def test_WHEN_one_failure_is_enough_THEN_the_rest_is_skipped_AND_counted(endpoint_url: str) -> None:
    done = census(endpoint_url, "--fail-fast", "--workers", "1", "--output", "json")

    assert done.exit_code == 5, done.stderr
    assert len(json.loads(done.stdout)) == 10
    error, summary = without_endpoint_warning(done.stderr).splitlines()
    assert ACCOUNTS[10] in error
    assert summary.startswith(
        f"500 targets: 10 answered, 1 denied (aws://{ACCOUNTS[10]}/eu-west-1), 489 not tried; do the rest"
    )
    assert summary.endswith(" (what failed, too: add --failed)")


@pytest.mark.parametrize("limit", [2, 3])
def test_WHEN_so_many_failures_are_enough_THEN_so_many_are_told(endpoint_url: str, limit: int) -> None:
    done = census(endpoint_url, "--max-failures", str(limit), "--workers", "1", "--output", "json")

    assert done.exit_code == 5
    assert done.stderr.count("error: ") == limit
    assert f" {limit} denied (" in done.stderr


@pytest.mark.parametrize("output", ["json", "yaml", "csv", "text", "table"])
def test_WHEN_targets_answer_in_another_order_THEN_documents_are_in_that_of_the_targets(
    output: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = first_ones_later

    done = run_program([*LS, "--output", output], proxied_environment)

    assert done.returncode == 0, done.stderr
    order = list(dict.fromkeys(re.findall("|".join(SANDBOX_ACCOUNTS), done.stdout)))
    assert order == SANDBOX_ACCOUNTS
    if output in {"csv", "text", "table"}:
        places = [re.findall(r"^(\d{12})\W+(\w+-\w+-\d)", line) for line in done.stdout.splitlines()]
        assert list(dict.fromkeys(place for found in places for place in found)) == PLACES


def first_ones_later(request: SeenRequest) -> None:
    for number, (account, region) in enumerate(PLACES):
        if request.path.startswith(f"/samples-{account}-{region}"):
            time.sleep(0.05 * (len(PLACES) - number))


def test_WHEN_results_are_json_lines_THEN_each_comes_as_soon_as_it_is_known(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    others_are_shown = threading.Event()

    def hold_the_first(request: SeenRequest) -> None:
        if request.path.startswith("/samples-{}-{}".format(*PLACES[0])):
            others_are_shown.wait(60)

    proxy.disturb = hold_the_first
    places: dict[tuple[str, str], None] = {}
    with subprocess.Popen(
        [*PROGRAM, *LS, "--output", "jsonl"],
        env=proxied_environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as program:
        assert program.stdout
        for line in program.stdout:
            row = json.loads(line)
            places[row["account"], row["region"]] = None
            if len(places) == len(PLACES) - 1:
                others_are_shown.set()

    assert sorted(places) == sorted(PLACES)
    assert list(places)[-1] == PLACES[0]


@pytest.mark.parametrize("output", ["json", "jsonl"])
def test_WHEN_one_failure_is_enough_AND_it_comes_while_applying_THEN_the_rest_is_skipped(
    output: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: (
        s3_error(403, "AccessDenied") if "111122223333" in request.path and request.method == "PUT" else None
    )
    name = f"ff-{os.getpid()}-{output}-{{account}}-{{region}}"

    done = run_program(
        ["s3", "create", name, *EVERYWHERE, "--yes", "--fail-fast", "--workers", "1", "--output", output],
        proxied_environment,
    )

    assert done.returncode == 5, done.stderr
    rows = json.loads(done.stdout) if output == "json" else [*map(json.loads, done.stdout.splitlines())]
    statuses = [row["status"] for row in rows]
    assert statuses == ["applied", "applied", "failed", "skipped", "skipped", "skipped"]
    assert len(proxy.writes) == 3
    assert re.search(
        r"6 changes: 2 applied, 1 failed, 3 not tried; do the rest with: "
        r"manage-resources runs resume [0-9a-f-]+ \(what failed, too: add --failed\)",
        done.stderr,
    )


def test_WHEN_one_failure_is_enough_AND_it_comes_while_planning_THEN_nothing_is_changed(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: (
        s3_error(403, "AccessDenied") if "111122223333" in request.path and request.service == "s3" else None
    )

    done = run_program(
        ["s3", "create", "nn-{account}-{region}", *EVERYWHERE, "--yes", "--fail-fast"], proxied_environment
    )

    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.splitlines()[-1] == (
        "warning: enough targets failed while it was planned; nothing was changed"
    )
    assert proxy.writes == []


@pytest.mark.parametrize(
    ("arguments", "seconds", "counts"),
    [
        # Long enough for a busy machine to have the five answers.
        (LS, 4, "--deadline came: 6 targets: 5 answered, 1 not finished"),
        (["s3", "ls", "samples-111122223333-eu-west-1"], 1, "--deadline came before the answer"),
        (
            ["s3", "create", "samples-{account}-{region}", *EVERYWHERE, "--yes"],
            1,
            "--deadline came while it was planned; nothing was changed",
        ),
    ],
    ids=["reads", "a read", "planning"],
)
def test_WHEN_an_endpoint_never_answers_THEN_the_deadline_ends_the_run(
    arguments: list[str], seconds: int, counts: str, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: (
        Silence(60) if request.path.startswith("/samples-111122223333-eu-west-1") else None
    )

    done = run_program([*arguments, "--deadline", f"{seconds}s"], proxied_environment, timeout=30)

    assert done.returncode == 7, done.stderr
    assert counts in done.stderr
    assert proxy.writes == []


def test_WHEN_a_write_is_never_answered_THEN_the_deadline_ends_the_run_AND_it_is_unknown(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: Silence(60) if not request.changes_nothing else None

    done = run_program(
        ["s3", "create", "never-answered-1", "--yes", "--deadline", "2s", "--output", "json"],
        proxied_environment,
        timeout=30,
    )

    assert done.returncode == 7, done.stderr
    assert [row["status"] for row in json.loads(done.stdout)] == ["unknown"]
    assert len(proxy.writes) == 1


def test_WHEN_nobody_answers_at_all_THEN_reads_end_by_their_time_outs(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: Silence(60) if request.service == "s3" else None

    done = run_program([*LS, "--read-timeout", "0.5", "--max-attempts", "2"], proxied_environment, timeout=40)

    assert done.returncode == 7, done.stderr
    assert Counter("error" in line for line in done.stderr.splitlines()) == {True: 6, False: 1}
    assert "6 targets: 6 failed" in done.stderr


def test_WHEN_the_organisation_never_answers_THEN_the_deadline_ends_the_search_for_targets(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: Silence(60) if request.service == "organizations" else None

    done = run_program(
        ["identity", "whoami", "--all-accounts", "--role-name", "operator", "--deadline", "1s"],
        proxied_environment,
        timeout=30,
    )

    assert (done.returncode, done.stdout) == (7, "")
    assert done.stderr == (
        "warning: --deadline came while AWS Organizations, or accounts it has, were asked for the targets\n"
    )


def test_WHEN_the_deadline_ends_the_search_for_targets_of_changes_THEN_it_says_that_nothing_was_changed(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: Silence(60) if request.service == "organizations" else None
    create = ["s3", "create", "never-{account}", "--yes", "--all-accounts", "--role-name", "operator"]

    done = run_program([*create, "--deadline", "1s"], proxied_environment, timeout=30)

    assert (done.returncode, done.stdout) == (7, "")
    assert done.stderr.endswith(" were asked for the targets; nothing was changed\n")
    assert proxy.writes == []
