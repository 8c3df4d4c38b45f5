import json
import re
import signal
import subprocess
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.aws_answers import s3_error
from tests.support.cluster_operations import wait_until
from tests.support.dask_cluster import DaskCluster, dask_cluster
from tests.support.loopback_proxy import Answer, Fault, LoopbackProxy, SeenRequest
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
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert line.endswith("; make it from here, with --engine local or, in a resumed run, --on local")
    assert proxy.writes == []


def test_WHEN_targets_are_checked_THEN_the_workers_enter_them(
    on_cluster: list[str], sandbox_environment: dict[str, str]
) -> None:
    columns = ["fleet", "check", "--query", "[].[result, arn]", "--output", "json"]
    there = run_program([*on_cluster, "--sandbox", *EVERYWHERE, *columns], sandbox_environment)
    here = run_program(["--sandbox", *EVERYWHERE, *columns], sandbox_environment)
    unreachable = ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"]
    nowhere = run_program([*unreachable, "--sandbox", *EVERYWHERE, *columns], sandbox_environment)

    assert (there.returncode, json.loads(there.stdout)) == (0, json.loads(here.stdout))
    assert nowhere.returncode == 3


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


def test_WHEN_a_role_asks_for_mfa_THEN_exit_2_and_nothing_is_sent(
    on_cluster: list[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    role = ["--assume-role-arn", "arn:aws:iam::111122223333:role/operator"]
    mfa = ["--mfa-serial", "arn:aws:iam::123456789012:mfa/jane"]

    done = run_program([*on_cluster, *role, *mfa, "ec2", "list"], proxied_environment)

    assert done.returncode == 2
    assert "MFA" in done.stderr
    assert done.stderr.endswith("; work on this machine alone\n")
    assert proxy.requests == []


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Make a certificate for all members of a cluster and give Dask's configuration that names it."""
    directory = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cluster")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / "key.pem").write_bytes(secret)
    (directory / "certificate.pem").write_bytes(certificate.public_bytes(encoding))
    prefix = "DASK_DISTRIBUTED__COMM__"
    paths = {f"{prefix}TLS__CA_FILE": str(directory / "certificate.pem")}
    for member in ("SCHEDULER", "WORKER", "CLIENT"):
        paths[f"{prefix}TLS__{member}__CERT"] = str(directory / "certificate.pem")
        paths[f"{prefix}TLS__{member}__KEY"] = str(directory / "key.pem")
    return {**paths, f"{prefix}DEFAULT_SCHEME": "tls", f"{prefix}REQUIRE_ENCRYPTION": "true"}


def test_WHEN_the_cluster_speaks_tls_THEN_dasks_own_configuration_opens_it_and_nothing_else_does(
    certificates: dict[str, str], sandbox_home: Path, tmp_path: Path, sandbox_environment: dict[str, str]
) -> None:
    command = ["--sandbox", *EVERYWHERE, "ec2", "list"]
    with dask_cluster(
        tmp_path, {**clean_environment(sandbox_home), **KEYS, **certificates}, workers=0
    ) as dask:
        dask.start_worker()
        address = dask.wait_for_address()
        with_key = run_program(
            ["--engine", "dask", "--scheduler", address, *command], {**sandbox_environment, **certificates}
        )
        without = run_program(["--engine", "dask", "--scheduler", address, *command], sandbox_environment)

    assert address.startswith("tls://127.0.0.1:")
    assert with_key.returncode == 0, with_key.stderr
    assert "6 targets: 6 answered" in with_key.stderr
    assert without.returncode == 3
    assert len(without.stderr.splitlines()) == 1


def test_WHEN_the_scheduler_dies_in_mid_run_THEN_each_target_is_accounted_for_in_our_own_words(
    sandbox_home: Path, tmp_path: Path, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    with dask_cluster(tmp_path, {**clean_environment(sandbox_home), **KEYS}, workers=1) as dask:

        def end(request: SeenRequest) -> Fault | None:
            if request.service == "ec2":
                dask.stop()
            return None

        proxy.disturb = end
        done = run_program(
            ["--engine", "dask", "--scheduler", dask.address, *EVERYWHERE, "ec2", "list"], proxied_environment
        )

    assert done.returncode == 5, done.stderr
    *lines, summary = done.stderr.splitlines()
    assert "6 targets:" in summary
    assert all("went away" in line for line in lines), lines


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

    def hold(request: SeenRequest) -> Fault | None:
        if request.service == "ec2":
            is_over.wait(60)
        return None

    proxy.disturb = hold
    process = subprocess.Popen(
        [*PROGRAM, *on_cluster, *EVERYWHERE, "ec2", "list"],
        env=proxied_environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: any(request.service == "ec2" for request in proxy.requests))
    process.send_signal(signal.SIGINT)
    # What is in flight on this machine would be waited for 8 s.
    _, errors = process.communicate(timeout=7)
    is_over.set()

    assert process.returncode == 130
    assert "not finished" in errors


BUCKETS = ["--yes", "--output", "json", "s3", "ensure"]


def states_of_changes(environment: dict[str, str]) -> Counter[str]:
    shown = run_program(["runs", "show", "last", "--changes", "--output", "json"], environment)
    return Counter(row["state"] for row in json.loads(shown.stdout))


@pytest.fixture
def abandoned(
    sandbox_home: Path, tmp_path: Path, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> dict[str, str]:
    """Begin changes on a cluster whose scheduler dies under them; nobody is at its address afterwards."""
    directory = tmp_path / "lost"
    directory.mkdir()
    with dask_cluster(directory, {**clean_environment(sandbox_home), **KEYS}, workers=1) as dask:

        def end(request: SeenRequest) -> Fault | None:
            if request.method == "PUT" and len(proxy.writes) == 2:
                dask.stop()
            return None

        proxy.disturb = end
        engine = ["--engine", "dask", "--scheduler", dask.address]
        name = f"lost-{uuid.uuid4().hex[:8]}-{{account}}-{{region}}"
        begun = run_program([*engine, *EVERYWHERE, *BUCKETS, name], proxied_environment)
    assert begun.returncode == 7, begun.stderr
    proxy.disturb = lambda _: None
    return proxied_environment


def test_WHEN_a_run_is_resumed_AND_its_cluster_is_gone_THEN_it_says_how_to_go_on_without_it(
    abandoned: dict[str, str], proxy: LoopbackProxy
) -> None:
    before = states_of_changes(abandoned)
    proxy.requests.clear()

    done = run_program(["runs", "resume", "last"], abandoned)

    assert done.returncode == 3
    assert "no scheduler at tcp://127.0.0.1:" in done.stderr
    assert re.search(r"manage-resources runs resume [0-9a-f-]+ --on local", done.stderr)
    assert len(done.stderr.splitlines()) == 1
    assert states_of_changes(abandoned) == before
    assert proxy.writes == []


@pytest.mark.parametrize("place", ["local", "another cluster"])
def test_WHEN_a_run_is_resumed_elsewhere_THEN_each_change_is_made_once_AND_the_run_is_complete(
    place: str, abandoned: dict[str, str], dask: DaskCluster, proxy: LoopbackProxy
) -> None:
    on = "local" if place == "local" else dask.address

    done = run_program(["runs", "resume", "last", "--on", on], abandoned)

    assert done.returncode == 0, done.stderr
    assert states_of_changes(abandoned) == {"applied": 6}
    made = Counter(request.path for request in proxy.writes)
    assert len(made) == 6
    assert "is complete: 6 of 6 targets done, 6 changes made" in done.stderr


def test_WHEN_reads_were_left_on_a_cluster_THEN_resume_goes_on_there_in_these_targets_alone(
    on_cluster: list[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: Answer(403) if request.assumed_account == "444455556666" else None
    first = run_program([*on_cluster, *EVERYWHERE, "--output", "json", "ec2", "list"], proxied_environment)
    proxy.disturb = lambda _: None
    proxy.requests.clear()

    done = run_program(["runs", "resume", "last", "--failed", "--output", "json"], proxied_environment)

    assert (first.returncode, done.returncode) == (5, 0), first.stderr + done.stderr
    assert {row["account"] for row in json.loads(done.stdout)} == {"444455556666"}
    assert "is complete: 6 of 6 targets done" in done.stderr


def test_WHEN_changes_that_may_not_be_made_twice_are_to_go_on_a_cluster_THEN_resume_refuses_them(
    dask: DaskCluster, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    denied = s3_error(403, "AccessDenied")
    proxy.disturb = lambda request: denied if (request.service, request.method) == ("s3", "POST") else None
    remove = ["--yes", "s3", "rm", "samples-123456789012-us-east-1", "docs/readme.txt"]
    begun = run_program(remove, proxied_environment)
    proxy.disturb = lambda _: None
    proxy.requests.clear()

    done = run_program(["runs", "resume", "last", "--failed", "--on", dask.address], proxied_environment)

    assert begun.returncode == 4, begun.stderr
    assert done.returncode == 2
    assert "s3.delete-object does not go to a cluster" in done.stderr
    assert proxy.writes == []


@pytest.mark.parametrize("place", ["", "here", "tcp://10.0.0.5:8786", "dask"])
def test_WHEN_the_place_to_go_on_is_none_THEN_it_is_a_usage_error(
    place: str, sandbox_environment: dict[str, str]
) -> None:
    done = run_program(["runs", "resume", "last", "--on", place], sandbox_environment)

    assert done.returncode == 2
    assert "'--on'" in done.stderr
