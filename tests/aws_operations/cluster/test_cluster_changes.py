"""Changes on a cluster: each has one result, and none is sent twice."""

import threading
from collections import Counter
from collections.abc import Sequence

import pytest

from aws_operations.changes import Change, ChangeResult, ResultStatus
from aws_operations.cluster import Cluster, KindStaysHere
from aws_operations.run_control import RunControl, RunStopped
from aws_operations.s3.changes import plan_create_bucket, plan_rm, plan_set_tags
from aws_operations.targets import Target, TargetProviders, select_targets
from tests.support.cluster_operations import wait_until
from tests.support.dask_cluster import ACCOUNTS, HOME, DaskCluster, slowly
from tests.support.loopback_proxy import Fault, LoopbackProxy, SeenRequest


class Writer:
    """Applies changes of several targets on the cluster, one thread a target as the program does."""

    def __init__(self, cluster: Cluster, providers: TargetProviders) -> None:
        self._cluster = cluster
        self._providers = providers
        self.results: list[ChangeResult] = []
        self.started: list[str] = []
        self.threads: list[threading.Thread] = []

    def start(self, changes_by_target: dict[Target, list[Change]]) -> None:
        for changes in changes_by_target.values():
            thread = threading.Thread(target=self.apply, args=(changes,))
            self.threads.append(thread)
            thread.start()

    def apply(self, changes: Sequence[Change], control: RunControl | None = None) -> None:
        for result in self._cluster.apply_changes(
            changes, self._providers.provider_for, starting=self._starting, control=control
        ):
            self.results.append(result)

    def _starting(self, changes: Sequence[Change]) -> None:
        self.started += [change.id for change in changes]

    def wait(self) -> None:
        for thread in self.threads:
            thread.join(timeout=60)
            assert not thread.is_alive()


@pytest.fixture
def writer(cluster: Cluster, providers: TargetProviders) -> Writer:
    return Writer(cluster, providers)


def buckets_to_make(name: str, count: int, providers: TargetProviders) -> dict[Target, list[Change]]:
    planned = {}
    for target in select_targets(ACCOUNTS, ["us-east-1", "eu-west-1"], "us-east-1"):
        provider = providers.provider_for(target).read_only()
        planned[target] = [
            change
            for number in range(count)
            for change in plan_create_bucket(f"{name}-{{account}}-{{region}}-{number}", provider)
        ]
    return planned


def test_WHEN_a_worker_is_killed_while_it_writes_THEN_each_change_has_one_result_and_was_sent_once(
    dask: DaskCluster, writer: Writer, providers: TargetProviders, proxy: LoopbackProxy
) -> None:
    planned = buckets_to_make("killed", 12, providers)
    every = [change for changes in planned.values() for change in changes]
    victim = dask.start_worker(threads=4)
    dask.wait_for_workers(3)
    proxy.requests.clear()
    proxy.disturb = slowly

    writer.start(planned)
    wait_until(lambda: len(proxy.writes) >= len(every) // 4)
    victim.kill()
    writer.wait()

    assert Counter(result.change.id for result in writer.results) == Counter(change.id for change in every)
    assert {result.status for result in writer.results} == {ResultStatus.APPLIED}
    assert sorted(writer.started) == sorted(change.id for change in every)
    made = Counter(request.path for request in proxy.requests if request.method == "PUT")
    assert set(made.values()) == {1}
    assert len(made) == len(every)


def test_WHEN_a_change_was_carried_out_by_a_worker_that_died_THEN_it_is_applied_without_a_write(
    writer: Writer, providers: TargetProviders, proxy: LoopbackProxy
) -> None:
    (changes, *_) = buckets_to_make("twice", 2, providers).values()
    writer.apply(changes)
    proxy.requests.clear()

    writer.apply(changes)

    assert [result.status for result in writer.results] == [ResultStatus.APPLIED] * 4
    assert proxy.writes == []


def test_WHEN_a_change_is_refused_THEN_the_others_of_its_target_go_on(
    writer: Writer, providers: TargetProviders
) -> None:
    target = Target("us-east-1", HOME)
    provider = providers.provider_for(target)
    sample = "samples-123456789012-us-east-1"
    (tags,) = plan_set_tags(sample, None, {"team": "cluster"}, provider)
    (other,) = plan_set_tags(sample, None, {"team": "other"}, provider)

    writer.apply([tags, other])

    assert [result.status for result in writer.results] == [ResultStatus.APPLIED, ResultStatus.FAILED]
    assert "changed since it was planned" in str(writer.results[1].error)


def test_WHEN_a_kind_may_not_be_made_twice_THEN_it_is_refused_before_anything_is_sent(
    writer: Writer, providers: TargetProviders, proxy: LoopbackProxy
) -> None:
    provider = providers.provider_for(Target("us-east-1", HOME))
    changes = list(plan_rm("samples-123456789012-us-east-1", ["docs/readme.txt"], provider))
    proxy.requests.clear()

    with pytest.raises(KindStaysHere, match=r"s3\.delete-object"):
        writer.apply(changes)

    assert (proxy.requests, writer.started) == ([], [])


def test_WHEN_nothing_is_to_change_THEN_no_task_is_sent(
    writer: Writer, providers: TargetProviders, proxy: LoopbackProxy
) -> None:
    provider = providers.provider_for(Target("eu-west-1", HOME))
    (change,) = plan_set_tags("samples-123456789012-eu-west-1", None, {}, provider)
    assert change.is_noop or change.before
    proxy.requests.clear()

    writer.apply([change] if change.is_noop else [])

    assert proxy.requests == []


def test_WHEN_the_run_is_stopped_while_a_worker_writes_THEN_what_it_has_in_hand_is_waited_for(
    writer: Writer, providers: TargetProviders, proxy: LoopbackProxy
) -> None:
    (changes, *_) = buckets_to_make("stopped", 20, providers).values()
    proxy.requests.clear()
    is_stopped = threading.Event()

    def hold(request: SeenRequest) -> Fault | None:
        assert request.changes_nothing or is_stopped.wait(60)
        return None

    proxy.disturb = hold
    control = RunControl()
    thread = threading.Thread(target=writer_until_stopped, args=(writer, changes, control))
    thread.start()
    wait_until(lambda: len(proxy.writes) > 0)
    control.stop("Ctrl-C")
    is_stopped.set()
    thread.join(timeout=60)

    assert not thread.is_alive()
    assert len(writer.results) == len(writer.started) == len(proxy.writes) == 10


def writer_until_stopped(writer: Writer, changes: Sequence[Change], control: RunControl) -> None:
    with pytest.raises(RunStopped):
        writer.apply(changes, control)
