import json
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dask_cluster import DaskCluster, dask_cluster
from tests.support.loopback_proxy import Fault, LoopbackProxy, SeenRequest
from tests.support.program import PROGRAM, ROOT, run_program
from tests.support.sandbox_fixtures import clean_environment

KEYS = {"AWS_ACCESS_KEY_ID": "sandbox-home", "AWS_SECRET_ACCESS_KEY": "sandbox-home-secret"}
TARGETS = ["--accounts", "123456789012,111122223333,444455556666", "--regions", "us-east-1,eu-west-1"]
EVERYWHERE = [*TARGETS, "--role-name", "operator"]


@pytest.fixture(scope="module")
def dask(sandbox_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    environment = {**clean_environment(sandbox_home), **KEYS}
    with dask_cluster(tmp_path_factory.mktemp("dask"), environment, workers=2) as running:
        yield running


@pytest.fixture
def on_cluster(dask: DaskCluster) -> list[str]:
    return ["--engine", "dask", "--scheduler", dask.address]


def test_WHEN_a_read_runs_on_the_cluster_THEN_its_output_is_that_of_this_machine(
    on_cluster: list[str], sandbox_environment: dict[str, str]
) -> None:
    command = ["--sandbox", *EVERYWHERE, "--output", "json", "ec2", "list"]

    there = run_program([*on_cluster, *command], sandbox_environment)
    here = run_program(command, sandbox_environment)

    assert (there.returncode, there.stdout) == (0, here.stdout)
    assert "6 targets: 6 answered" in there.stderr


def test_WHEN_something_is_refused_in_each_target_THEN_the_lines_are_those_of_this_machine(
    on_cluster: list[str], sandbox_environment: dict[str, str]
) -> None:
    command = ["--sandbox", *EVERYWHERE, "s3", "ls", "no-such-bucket-anywhere"]

    there = run_program([*on_cluster, *command], sandbox_environment)
    here = run_program(command, sandbox_environment)

    assert there.returncode == here.returncode == 5
    assert without_ids(there.stderr) == without_ids(here.stderr)


def without_ids(text: str) -> list[str]:
    return sorted(re.split(r" \(AWS:|runs resume", line)[0] for line in text.splitlines())


def test_WHEN_changes_are_made_on_the_cluster_AND_made_again_THEN_the_second_time_has_nothing_to_do(
    on_cluster: list[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    command = [*on_cluster, *EVERYWHERE, "--yes", "--output", "json", "s3", "ensure"]
    name = "from-the-cluster-{account}-{region}"

    first = run_program([*command, name], proxied_environment)
    writes = [request.path for request in proxy.writes]
    second = run_program([*command, name], proxied_environment)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert Counter(row["status"] for row in json.loads(first.stdout)) == {"applied": 6}
    assert Counter(row["status"] for row in json.loads(second.stdout)) == {"unchanged": 6}
    assert len(writes) == len(set(writes)) == 6
    assert len(proxy.writes) == 6


def test_WHEN_changes_may_not_be_made_twice_THEN_exit_2_names_the_kind_and_nothing_is_changed(
    on_cluster: list[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program(
        [*on_cluster, *EVERYWHERE, "--yes", "s3", "rm", "samples-{account}-{region}", "docs/readme.txt"],
        proxied_environment,
    )

    assert done.returncode == 2
    assert "s3.delete-object does not go to a cluster" in done.stderr
    assert proxy.writes == []


@pytest.mark.parametrize(
    "command",
    [
        ["secrets", "get", "orders/database"],
        ["s3", "get", "samples-{account}-{region}", "docs/readme.txt", "{account}-{region}.txt"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_WHEN_files_or_bare_values_are_asked_of_a_cluster_THEN_exit_2_and_nothing_is_sent(
    command: list[str], on_cluster: list[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program([*on_cluster, *EVERYWHERE, *command], proxied_environment)

    assert done.returncode == 2
    assert "stay here" in done.stderr
    assert proxy.requests == []


def test_WHEN_nobody_is_at_the_schedulers_address_THEN_exit_3_says_so(
    sandbox_environment: dict[str, str],
) -> None:
    engine = ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"]

    done = run_program(["--sandbox", *EVERYWHERE, *engine, "ec2", "list"], sandbox_environment)

    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "no scheduler at tcp://127.0.0.1:1" in done.stderr


def test_WHEN_a_read_on_the_cluster_is_interrupted_THEN_it_ends_soon_and_says_what_was_left(
    on_cluster: list[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    is_over = threading.Event()

    def slowly(_: SeenRequest) -> Fault | None:
        is_over.wait(1.0)
        return None

    proxy.disturb = slowly
    process = subprocess.Popen(
        [*PROGRAM, *on_cluster, *EVERYWHERE, "ec2", "list"],
        env=proxied_environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not any(request.service == "ec2" for request in proxy.requests):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, errors = process.communicate(timeout=15)
    is_over.set()

    assert time.monotonic() - started < 5
    assert process.returncode == 130
    assert "not finished" in errors
