"""One operation over many targets on a cluster; the same interface as on this machine alone."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from aws_interactions.aws_errors import AnswerLost, AwsInteractionError
from aws_interactions.provider_specification import CantTravel
from aws_operations.cluster.cluster_errors import (
    ClusterLost,
    ClusterUnusable,
    KindStaysHere,
    WorkerFailed,
)
from aws_operations.cluster.connection import ClusterConnection
from aws_operations.cluster.named_operations import NamedOperation
from aws_operations.fleet import Operation, ProviderFor, run_work
from aws_operations.outcomes import Explain, OnRow, Outcome, RunWatcher
from aws_operations.run_control import NotTried, RunControl
from aws_operations.targets import Target

if TYPE_CHECKING:
    from aws_operations.changes import Change, ChangeResult
    from aws_operations.cluster.tasks import ApplyAnswer, Errand, ReadAnswer

logger = logging.getLogger(__name__)

_TASKS_A_THREAD = 4
_MOST_TASKS = 256
_CHANGES_A_TASK = 10


class Cluster:
    """The workers of a Dask scheduler, for a run. Use as a context manager.

    ``scheduler`` is ``tcp://127.0.0.1:PORT``, or ``tls://HOST:PORT`` with Dask's own security
    configuration. ``in_sandbox``: all providers are the sandbox's, and workers look theirs up.
    Entering raises ``ClusterUnusable`` if there is no scheduler, no worker within ``timeout`` seconds, or
    other software on one of them.

    Of the rate and the share of a provider's call budget, each worker process gets its part, by the
    number of workers there are when a task is sent.
    """

    def __init__(self, scheduler: str, *, in_sandbox: bool = False, timeout: float = 10.0) -> None:
        self._connection = ClusterConnection(scheduler, timeout=timeout)
        self._in_sandbox = in_sandbox

    def __enter__(self) -> Self:
        self._connection.__enter__()
        try:
            self._check_workers(None)
        except BaseException:
            self._connection.__exit__()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.__exit__(kind, error, trace)

    @property
    def most_tasks(self) -> int:
        """How many tasks are sent at a time: enough that no worker waits for the next one."""
        return max(1, min(_MOST_TASKS, _TASKS_A_THREAD * self._connection.threads))

    def run_in_each(
        self,
        operation: Operation,
        targets: Sequence[Target],
        provider_for: ProviderFor,
        on_row: OnRow,
        *,
        workers: int | None = None,
        in_order: bool = False,
        control: RunControl | None = None,
        explain: Explain | None = None,
        watcher: RunWatcher | None = None,
    ) -> Iterator[Outcome]:
        """Run a read in each target on the workers; for the rest see ``fleet.run_in_each``.

        ``provider_for`` is asked here and only tells whom the worker is to act as. ``workers`` is how many
        targets are under way at a time, ``most_tasks`` unless given. A target's rows come together, once
        its read is over. However many workers die, each target has one outcome.

        Raises ``CantTravel`` before anything runs for an operation without an importable name or with
        arguments that are not plain, and for access keys or a role with MFA behind the first target;
        ``ClusterUnusable`` where a worker lacks its module.
        """
        named = NamedOperation.of(operation)
        if targets:
            self._check_identity(targets[0], provider_for)
        self._check_workers((named.module, named.name))
        control = control or RunControl()
        durations: dict[int, float] = {}
        run = _Reads(self._connection, self._errand, named, provider_for, control, durations)
        outcomes = run_work(
            run.work,
            targets,
            on_row,
            workers=workers or self.most_tasks,
            in_order=in_order,
            control=control,
            explain=explain,
            watcher=watcher,
        )
        for outcome in outcomes:
            duration = durations.pop(id(outcome.target), outcome.duration)
            yield replace(outcome, duration=duration)

    def apply_changes(
        self,
        changes: Iterable["Change"],
        provider_for: ProviderFor,
        *,
        starting: Callable[[Sequence["Change"]], None] | None = None,
        control: RunControl | None = None,
    ) -> Iterator["ChangeResult"]:
        """Carry out the changes of one target on the workers; for the rest see ``changes.apply_changes``.

        Changes go out a few at a time, in order; several threads may each do so for another target. Each is
        read back before it is applied, so that one that a dead worker had carried out is not made twice.
        ``starting`` is called here, before they are sent. What a lost cluster had in hand is *unknown*, and
        what it had not is *skipped*. Raises ``KindStaysHere`` before a change of a kind that may not travel.
        """
        control = control or RunControl()
        for batch in _batches(changes):
            control.check()
            yield from _counted(self._results_of(batch, provider_for, starting, control), control)

    def _results_of(
        self,
        batch: Sequence["Change"],
        provider_for: ProviderFor,
        starting: Callable[[Sequence["Change"]], None] | None,
        control: RunControl,
    ) -> Iterable["ChangeResult"]:
        from aws_operations.changes import ChangeResult, ResultStatus
        from aws_operations.cluster.tasks import ApplyTask, apply_batch

        refuse_kinds_that_stay([batch[0].kind])
        if batch[0].is_noop:
            return [ChangeResult(change, ResultStatus.UNCHANGED) for change in batch]
        if control.has_failed_enough or self._connection.lost:
            reason = NotTried(f"not tried: {self._connection.lost}") if self._connection.lost else NotTried()
            return [ChangeResult(change, ResultStatus.SKIPPED, reason) for change in batch]
        try:
            errand = self._errand(batch[0].target, provider_for)
        except AwsInteractionError as error:
            return [ChangeResult(change, ResultStatus.FAILED, error) for change in batch]
        # Who to act as may have taken its time.
        control.check()
        if starting is not None:
            starting(batch)
        task = ApplyTask(errand, tuple(change.to_json() for change in batch))
        try:
            answer = self._connection.write(apply_batch, task, control)
        except (ClusterLost, WorkerFailed) as error:
            return [_unknown(change, error) for change in batch]
        return _results_in(answer, batch)

    def _errand(self, target: Target, provider_for: ProviderFor) -> "Errand":
        from aws_operations.cluster.tasks import SOFTWARE, Errand

        provider = provider_for(target)
        whole = provider.specification(is_sandbox=self._in_sandbox)
        specification = whole.divided_among(max(1, self._connection.workers))
        account = None
        if not specification.roles:
            account = target.aws_account or provider.get_aws_env().aws_account
        return Errand(self._connection.run_id, SOFTWARE, specification.to_json(), account)

    def _check_identity(self, target: Target, provider_for: ProviderFor) -> None:
        """Refuse at once what is the same for all targets; what is wrong with one is for its outcome."""
        try:
            provider_for(target).specification(is_sandbox=self._in_sandbox)
        except CantTravel:
            raise
        except Exception:  # noqa: BLE001 - it comes again, as the outcome of the target
            logger.debug("%s: nothing is known of it yet", target)

    def _check_workers(self, operation: tuple[str, str] | None) -> None:
        """Refuse workers with other software, or without the operation, before anything is sent."""
        from aws_operations.cluster.tasks import SOFTWARE, describe_worker

        for address, answer in self._connection.ask_all(describe_worker, operation).items():
            if isinstance(answer, Exception):
                raise ClusterUnusable(
                    f"worker {address} cannot do this: {type(answer).__name__}: {answer}; every worker needs "
                    "this package, and the module of the operation"
                )
            if answer != SOFTWARE:
                raise ClusterUnusable(
                    f"worker {address} has {answer}, and this machine {SOFTWARE}: make them the same"
                )


class _Reads:
    """What the threads of a run do: each has the read of one target on the cluster."""

    def __init__(
        self,
        connection: ClusterConnection,
        errand: Callable[[Target, ProviderFor], "Errand"],
        named: NamedOperation,
        provider_for: ProviderFor,
        control: RunControl,
        durations: dict[int, float],
    ) -> None:
        self._connection = connection
        self._errand = errand
        self._named = named
        self._provider_for = provider_for
        self._control = control
        self._durations = durations

    def work(self, target: Target) -> Iterator[object]:
        from aws_operations.cluster.tasks import ReadTask, run_read

        if self._connection.lost:
            raise NotTried(f"not tried: {self._connection.lost}")
        task = ReadTask(self._errand(target, self._provider_for), self._named)
        answer: ReadAnswer = self._connection.read(run_read, task, self._control)
        self._durations[id(target)] = answer.duration
        yield from answer.rows()
        if answer.error is not None:
            raise answer.error.rebuild()


def refuse_kinds_that_stay(kinds: Iterable[str]) -> None:
    """Raise ``KindStaysHere`` if one of these kinds of change may not go to a cluster."""
    from aws_operations.changes import change_kind

    for name in kinds:
        if not change_kind(name).is_idempotent:
            raise KindStaysHere(name)


def _batches(changes: Iterable["Change"]) -> Iterator[list["Change"]]:
    from aws_operations.changes import change_kind

    batch: list[Change] = []
    for change in changes:
        if batch:
            first = batch[0]
            most = max(_CHANGES_A_TASK, change_kind(first.kind).batch_size)
            alike = (first.kind, first.target, first.is_noop) == (change.kind, change.target, change.is_noop)
            if not alike or len(batch) >= most:
                yield batch
                batch = []
        batch.append(change)
    if batch:
        yield batch


def _results_in(answer: "ApplyAnswer", batch: Sequence["Change"]) -> Iterator["ChangeResult"]:
    from aws_operations.changes import ChangeResult, ResultStatus

    by_id = {change.id: change for change in batch}
    for change_id, status, error in answer.results:
        rebuilt = None if error is None else error.rebuild()
        yield ChangeResult(by_id.pop(change_id), ResultStatus(status), rebuilt)
    if answer.crash is not None:
        raise answer.crash.rebuild()
    for change in by_id.values():
        yield _unknown(change, WorkerFailed("the worker's answer says nothing of it"))


def _counted(results: Iterable["ChangeResult"], control: RunControl) -> Iterator["ChangeResult"]:
    from aws_operations.changes import ResultStatus

    for result in results:
        if result.status in {ResultStatus.FAILED, ResultStatus.UNKNOWN}:
            control.add_failure()
        yield result


def _unknown(change: "Change", error: Exception) -> "ChangeResult":
    from aws_operations.changes import ChangeResult, ResultStatus

    lost = AnswerLost(f"{change.resource}: {error}", resource=change.resource)
    lost.__cause__ = error
    return ChangeResult(change, ResultStatus.UNKNOWN, lost)
