"""Reads on a cluster: each target has one outcome, whatever dies."""

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import ReadOnlyViolation, WrongAccount
from aws_interactions.provider_specification import CantTravel
from aws_operations.cluster import Cluster, ClusterUnusable, WorkerFailed
from aws_operations.fleet import Outcome, OutcomeStatus, run_in_each
from aws_operations.run_control import NotTried, RunControl
from aws_operations.targets import RoleSettings, Target, TargetProviders, select_targets
from tests.support import cluster_operations as operations
from tests.support.cluster_operations import Whereabouts, wait_until
from tests.support.dask_cluster import ACCOUNTS, HOME, KEYS, MEMBERS, DaskCluster, dask_cluster, slowly
from tests.support.loopback_proxy import LoopbackProxy
from tests.support.sandbox_fixtures import clean_environment

REGIONS = ["us-east-1", "eu-west-1", "us-west-2", "ap-south-1", "eu-north-1", "sa-east-1"]

Rows = list[tuple[Target, object]]


class Reader:
    """Reads on the cluster and keeps what comes."""

    def __init__(self, cluster: Cluster, providers: TargetProviders) -> None:
        self._cluster = cluster
        self._providers = providers
        self.rows: Rows = []

    def run(
        self,
        operation: object,
        targets: Sequence[Target],
        *,
        in_order: bool = False,
        control: RunControl | None = None,
    ) -> Iterator[Outcome]:
        return self._cluster.run_in_each(
            operation,  # type: ignore[arg-type] # wrong ones are for the cluster to refuse
            targets,
            lambda target: self._providers.provider_for(target).read_only(),
            lambda target, row: self.rows.append((target, row)),
            in_order=in_order,
            control=control,
        )


@pytest.fixture
def reader(cluster: Cluster, providers: TargetProviders) -> Reader:
    return Reader(cluster, providers)


def test_WHEN_a_read_runs_on_workers_THEN_each_acts_in_its_target_and_several_take_part(
    reader: Reader,
) -> None:
    targets = select_targets(ACCOUNTS, REGIONS, "us-east-1")

    outcomes = list(reader.run(operations.whereabouts, targets, in_order=True))

    assert [outcome.target for outcome in outcomes] == targets
    assert {outcome.status for outcome in outcomes} == {OutcomeStatus.ROWS}
    found = [row for _, row in reader.rows if isinstance(row, Whereabouts)]
    assert [(row.account, row.region) for row in found] == [(t.aws_account, t.aws_region) for t in targets]
    assert len(pids_in(reader.rows)) == 2
    assert os.getpid() not in pids_in(reader.rows)


def test_WHEN_workers_assume_roles_THEN_each_process_does_so_once_an_account(
    reader: Reader, proxy: LoopbackProxy
) -> None:
    list(reader.run(operations.whereabouts, select_targets(ACCOUNTS, REGIONS, "us-east-1")))

    assumed = Counter(request.assumed_account for request in proxy.requests if request.assumed_account)
    assert set(assumed) == set(ACCOUNTS)
    assert max(assumed.values()) <= 2


def test_WHEN_an_operation_ends_in_any_way_THEN_its_outcome_is_that_of_one_machine(
    reader: Reader, providers: TargetProviders
) -> None:
    targets = [Target("us-east-1", HOME)]
    for operation in (
        operations.nothing,
        operations.denied,
        partial(operations.rows_then_bug, 3),
        operations.write_as_reader,
    ):
        here: Rows = []
        expected = next(
            run_in_each(
                operation,
                targets,
                lambda target: providers.provider_for(target).read_only(),
                lambda target, row, here=here: here.append((target, row)),  # type: ignore[misc]
            )
        )
        reader.rows.clear()

        (there,) = reader.run(operation, targets)

        assert reader.rows == here
        assert (there.status, there.row_count) == (expected.status, expected.row_count)
        assert type(there.error) is type(expected.error)
        assert str(there.error) == str(expected.error)


def test_WHEN_a_read_would_write_THEN_the_worker_refuses_it_and_nothing_is_sent(
    reader: Reader, proxy: LoopbackProxy
) -> None:
    (outcome,) = reader.run(operations.write_as_reader, [Target("us-east-1", HOME)])

    assert isinstance(outcome.error, ReadOnlyViolation)
    assert proxy.writes == []


def test_WHEN_rows_hold_local_times_AND_the_worker_is_in_another_zone_THEN_the_moments_stay(
    reader: Reader, providers: TargetProviders
) -> None:
    provider = providers.provider_for(Target("us-east-1", HOME))
    expected = [row.at for row in operations.bucket_births(provider)]

    list(reader.run(operations.bucket_births, [Target("us-east-1", HOME)]))

    assert [row.at for _, row in reader.rows if isinstance(row, operations.Moment)] == expected


def test_WHEN_the_rows_of_a_target_are_too_many_for_an_answer_THEN_it_fails_and_others_do_not(
    reader: Reader,
) -> None:
    targets = [Target("us-east-1", HOME), Target("eu-west-1", HOME)]

    too_much, *_ = reader.run(partial(operations.much, 70_000_000), targets[:1])
    (enough,) = reader.run(partial(operations.much, 1_000_000), targets[1:])

    assert "read it without a cluster" in str(too_much.error)
    assert enough.row_count == 1_000


def test_WHEN_base_credentials_are_other_ones_on_the_workers_THEN_nothing_is_read_with_them(
    cluster: Cluster, proxy: LoopbackProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    base = AwsClientProvider(aws_region="us-east-1", endpoint_url=proxy.endpoint_url)

    (outcome,) = cluster.run_in_each(
        operations.bucket_births, [Target("us-east-1", MEMBERS[0])], lambda _: base, lambda *_: None
    )

    assert isinstance(outcome.error, WrongAccount)
    assert {request.service for request in proxy.requests} == {"sts"}


def test_WHEN_variables_send_the_calls_of_this_machine_elsewhere_THEN_workers_do_not_work_at_aws(
    cluster: Cluster,
    sandbox_home: Path,
    tmp_path: Path,
    proxy: LoopbackProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = {**KEYS, "AWS_ENDPOINT_URL": proxy.endpoint_url}
    for name, value in elsewhere.items():
        monkeypatch.setenv(name, value)
    providers = TargetProviders(AwsClientProvider(aws_region="us-east-1"), RoleSettings("operator"))
    target = Target("us-east-1", MEMBERS[0])

    (refused,) = Reader(cluster, providers).run(operations.whereabouts, [target])
    with (
        dask_cluster(tmp_path, {**clean_environment(sandbox_home), **elsewhere}, workers=1) as dask,
        Cluster(dask.address) as alike,
    ):
        (done,) = Reader(alike, providers).run(operations.whereabouts, [target])

    assert isinstance(refused.error, ClusterUnusable)
    assert "AWS_ENDPOINT_URL" in str(refused.error)
    assert done.status is OutcomeStatus.ROWS


def test_WHEN_the_sandbox_is_meant_THEN_workers_find_it_by_themselves(
    dask: DaskCluster, sandbox_endpoint: str
) -> None:
    base = AwsClientProvider(
        aws_region="us-east-1",
        access_keys=AccessKeys("sandbox-home", "not-the-secret"),
        endpoint_url=sandbox_endpoint,
    )
    providers = TargetProviders(base, RoleSettings("operator"))
    with Cluster(dask.address, in_sandbox=True) as cluster:
        reader = Reader(cluster, providers)

        outcomes = list(reader.run(operations.whereabouts, [Target("us-east-1", MEMBERS[0])]))

    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.ROWS]


def test_WHEN_a_provider_has_access_keys_THEN_it_is_refused_before_any_task_is_sent(
    cluster: Cluster, proxy: LoopbackProxy
) -> None:
    base = AwsClientProvider(
        aws_region="us-east-1", access_keys=AccessKeys("a", "very-secret"), endpoint_url=proxy.endpoint_url
    )
    targets = [Target("us-east-1", HOME), Target("eu-west-1", HOME)]

    with pytest.raises(CantTravel, match="stay on this machine"):
        list(cluster.run_in_each(operations.whereabouts, targets, lambda _: base, lambda *_: None))

    assert proxy.requests == []


def test_WHEN_an_operation_cannot_travel_THEN_nothing_runs(reader: Reader, proxy: LoopbackProxy) -> None:
    with pytest.raises(CantTravel):
        list(reader.run(lambda _: (), [Target("us-east-1", HOME)]))

    assert proxy.requests == []


def test_WHEN_enough_targets_failed_THEN_the_others_are_not_tried(reader: Reader) -> None:
    targets = select_targets(ACCOUNTS, REGIONS, "us-east-1")

    outcomes = list(reader.run(operations.denied, targets, control=RunControl(max_failures=1)))

    assert len(outcomes) == len(targets)
    skipped = [outcome for outcome in outcomes if isinstance(outcome.error, NotTried)]
    assert 0 < len(skipped) < len(targets)


def test_WHEN_a_run_is_stopped_THEN_tasks_that_no_worker_began_are_taken_back(
    dask: DaskCluster, cluster: Cluster, reader: Reader, tmp_path: Path
) -> None:
    control = RunControl()
    targets = select_targets([HOME], REGIONS, "us-east-1") * 3
    operation = partial(operations.begin_then_wait, str(tmp_path))
    with dask.tasks() as tasks:

        def stop() -> None:
            wait_until(lambda: tasks() == {"begun": 4, "not begun": cluster.most_tasks - 4})
            control.stop("Ctrl-C")

        stopping = threading.Thread(target=stop)
        stopping.start()

        assert list(reader.run(operation, targets, control=control)) == []

        stopping.join()
        wait_until(lambda: tasks() == {"begun": 4})
        (tmp_path / "may-end").touch()
        wait_until(lambda: not tasks())
    assert len(list(tmp_path.glob("begun-*"))) == 4


def test_WHEN_a_worker_is_killed_in_mid_run_THEN_each_target_has_one_outcome_with_its_rows_once(
    dask: DaskCluster, reader: Reader, proxy: LoopbackProxy, tmp_path: Path
) -> None:
    proxy.disturb = slowly
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    victim = dask.start_worker(threads=4)
    dask.wait_for_workers(3)
    targets = select_targets(ACCOUNTS, REGIONS, "x") * 4
    outcomes: list[Outcome] = []
    killed_at: list[int] = []

    for outcome in reader.run(partial(operations.whereabouts_together, str(meeting), 3), targets):
        outcomes.append(outcome)
        if victim.process.pid in pids_in(reader.rows) and not killed_at:
            victim.kill()
            killed_at.append(len(outcomes))

    assert Counter(outcome.target for outcome in outcomes) == Counter(targets)
    assert {outcome.status for outcome in outcomes} == {OutcomeStatus.ROWS}
    assert Counter(target for target, _ in reader.rows) == Counter(targets)
    assert killed_at[0] < len(targets)


def pids_in(rows: Rows) -> set[int]:
    return {row.pid for _, row in rows if isinstance(row, Whereabouts)}


def test_WHEN_all_workers_die_of_a_task_THEN_its_target_fails_and_others_have_their_outcomes(
    sandbox_home: Path, tmp_path: Path, providers: TargetProviders
) -> None:
    environment = {
        **clean_environment(sandbox_home),
        **KEYS,
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    }
    with dask_cluster(tmp_path, environment, workers=2) as dask, Cluster(dask.address) as cluster:
        reader = Reader(cluster, providers)

        (killed,) = reader.run(operations.end_of_the_worker, [Target("us-east-1", HOME)])
        (fine,) = reader.run(operations.whereabouts, [Target("us-east-1", HOME)])

    assert isinstance(killed.error, WorkerFailed)
    assert fine.status is OutcomeStatus.ROWS


def test_WHEN_the_scheduler_dies_THEN_each_target_has_an_outcome_and_the_end_comes_soon(
    sandbox_home: Path, tmp_path: Path, providers: TargetProviders
) -> None:
    targets = select_targets([HOME], REGIONS, "us-east-1") * 4
    environment = {**clean_environment(sandbox_home), **KEYS}
    with dask_cluster(tmp_path, environment, workers=1) as dask, Cluster(dask.address) as cluster:
        reader = Reader(cluster, providers)
        outcomes: list[Outcome] = []
        for outcome in reader.run(partial(operations.sleep_then_say, 0.2), targets):
            outcomes.append(outcome)
            if len(outcomes) == 1:
                dask.stop()
                stopped_at = time.monotonic()

    # Calls to a scheduler that is there are waited for much longer.
    assert time.monotonic() - stopped_at < 20
    assert len(outcomes) == len(targets)
    assert {outcome.status for outcome in outcomes} >= {OutcomeStatus.ERROR, OutcomeStatus.SKIPPED}


def test_WHEN_nobody_listens_at_the_address_THEN_it_is_said_soon() -> None:
    with pytest.raises(ClusterUnusable, match="no scheduler at"), Cluster("tcp://127.0.0.1:1", timeout=0.5):
        pass


def test_WHEN_there_is_no_worker_or_only_one_without_the_package_THEN_it_is_said(
    tmp_path: Path, sandbox_home: Path
) -> None:
    (tmp_path / "aws_operations.py").write_text("", encoding="utf-8")
    environment = {**clean_environment(sandbox_home), "PYTHONSAFEPATH": "1"}
    with dask_cluster(tmp_path, environment, workers=0) as dask:
        with pytest.raises(ClusterUnusable, match="no workers"), Cluster(dask.address, timeout=1.5):
            pass
        dask.start_worker(PYTHONPATH=str(tmp_path))
        dask.wait_for_workers(1)
        with pytest.raises(ClusterUnusable, match="every worker needs this package"), Cluster(dask.address):
            pass
