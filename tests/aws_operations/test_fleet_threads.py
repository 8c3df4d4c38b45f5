"""The work of many targets on threads: order, bounded buffering, and everything that may end a run."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import NoReturn

import pytest

from aws_interactions.aws_errors import AccessDenied, Unavailable
from aws_operations.fleet import Outcome, OutcomeStatus, run_fleet, run_work
from aws_operations.run_control import DEADLINE, NotTried, RunControl, RunStopped, TargetSkipped
from aws_operations.targets import Target

MANY = [Target("eu-west-1", f"{number:012}") for number in range(40)]


def number_of(target: Target) -> int:
    return int(target.aws_account or 0)


def nobody_looks(_: Target, __: object) -> None:
    return None


def wait_for(is_so: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_WHEN_there_are_several_workers_THEN_several_targets_are_under_way_together() -> None:
    together = threading.Barrier(8, timeout=60)

    def work(_: Target) -> list[int]:
        return [together.wait()]

    outcomes = list(run_work(work, MANY, nobody_looks, workers=8))

    assert {outcome.status for outcome in outcomes} == {OutcomeStatus.ROWS}
    assert len(outcomes) == 40


def test_WHEN_results_are_asked_for_in_order_THEN_rows_and_outcomes_are_in_that_of_the_targets() -> None:
    def work(target: Target) -> Iterator[tuple[int, int]]:
        # The earlier ones take longer.
        time.sleep((40 - number_of(target)) / 2000)
        yield from ((number_of(target), part) for part in range(3))

    seen: list[object] = []
    outcomes = run_work(work, MANY, lambda _, row: seen.append(row), workers=16, in_order=True)
    for outcome in outcomes:
        seen += [number_of(outcome.target)]

    assert seen == [each for n in range(40) for each in ((n, 0), (n, 1), (n, 2), n)]


def test_WHEN_results_are_wanted_as_they_come_THEN_a_slow_target_holds_up_nobody() -> None:
    others_are_done = threading.Event()

    def work(target: Target) -> list[str]:
        if target is MANY[0]:
            assert others_are_done.wait(60)
        return ["row"]

    done: list[Target] = []
    for outcome in run_work(work, MANY, nobody_looks, workers=4):
        done.append(outcome.target)
        if len(done) == 39:
            others_are_done.set()

    assert done[-1] is MANY[0]


def test_WHEN_rows_come_faster_than_they_are_taken_THEN_few_of_them_wait() -> None:
    made = count()
    most_waiting = 0

    def work(_: Target) -> Iterator[int]:
        for _row in range(10_000):
            yield next(made)

    taken = 0

    def take(_: Target, __: object) -> None:
        nonlocal taken, most_waiting
        taken += 1
        if taken % 1000 == 0:
            time.sleep(0.002)
            most_waiting = max(most_waiting, next(made) - taken)

    outcomes = list(run_work(work, MANY[:10], take, workers=10, in_order=True))

    assert [outcome.row_count for outcome in outcomes] == [10_000] * 10
    assert taken == 100_000
    assert most_waiting < 25_000


@pytest.mark.parametrize("stops_itself", [False, True])
def test_WHEN_the_run_is_stopped_while_results_wait_THEN_none_of_what_was_done_is_lost(
    stops_itself: bool,
) -> None:
    control = RunControl()
    done: list[int] = []
    taken: list[object] = []

    def work(_: Target) -> Iterator[int]:
        for _row in range(1_000):
            made = len(done)
            done.append(made)
            yield made

    def take(_: Target, row: object) -> None:
        if not taken:
            wait_for(lambda: len(done) > 2_000)
            control.stop("interrupted")
            # Long enough for those that wait to see it.
            time.sleep(0.2)
        taken.append(row)

    outcomes = list(
        run_work(work, MANY[:4], take, workers=4, control=control, rows_at_once=1, stops_itself=stops_itself)
    )

    assert len(taken) == len(done) > 2_000
    if stops_itself:
        assert [outcome.row_count for outcome in outcomes] == [1_000] * 4


@pytest.mark.parametrize("in_order", [False, True])
def test_WHEN_rows_cannot_be_taken_THEN_the_run_ends_AND_no_more_is_begun(in_order: bool) -> None:
    begun: list[Target] = []
    is_full = threading.Event()

    def work(target: Target) -> list[str]:
        begun.append(target)
        assert target is MANY[0] or is_full.wait(60)
        return ["row"]

    def full(_: Target, __: object) -> NoReturn:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        list(run_work(work, MANY, full, workers=2, in_order=in_order))
    is_full.set()
    wait_for(lambda: not threads_of_targets())

    assert len(begun) <= 3


def test_WHEN_the_caller_wants_no_more_outcomes_THEN_the_run_ends() -> None:
    begun: list[Target] = []

    def work(target: Target) -> Iterator[int]:
        begun.append(target)
        yield from range(1_000_000)

    outcomes = run_work(work, MANY, nobody_looks, workers=2)
    waiting = threading.Thread(target=lambda: next(outcomes, None), daemon=True)
    waiting.start()
    wait_for(lambda: len(begun) == 2)
    waiting.join(60)
    outcomes.close()  # type: ignore[attr-defined] # it is a generator
    wait_for(lambda: not threads_of_targets())


def threads_of_targets() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("target-")]


def test_WHEN_the_run_is_stopped_THEN_what_is_under_way_ends_AND_the_rest_is_left() -> None:
    control = RunControl()
    may_end = threading.Event()
    begun = []

    def work(target: Target) -> list[str]:
        begun.append(target)
        may_end.wait(60)
        return ["row"]

    def stop() -> None:
        wait_for(lambda: len(begun) == 4)
        control.stop("somebody said so")
        may_end.set()

    threading.Thread(target=stop).start()
    outcomes = list(run_work(work, MANY, nobody_looks, workers=4, control=control))

    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.ROWS] * 4
    assert len(begun) == 4


def test_WHEN_the_run_is_stopped_AND_a_target_has_no_end_THEN_it_is_left_after_a_moment() -> None:
    clock = iter(range(1_000_000)).__next__
    control = RunControl(clock=lambda: float(clock()))

    def work(_: Target) -> Iterator[int]:
        yield 0
        control.stop("somebody said so")
        yield from count()

    assert list(run_work(work, MANY, nobody_looks, workers=4, control=control)) == []


@pytest.mark.parametrize("in_order", [False, True])
def test_WHEN_the_run_is_stopped_AND_a_call_hangs_THEN_only_what_came_before_has_an_outcome(
    in_order: bool,
) -> None:
    control = RunControl(grace_seconds=0.5)
    for_ever = threading.Event()

    def work(target: Target) -> list[int]:
        if target is MANY[1]:
            for_ever.wait(60)
        if target is MANY[3]:
            control.stop("somebody said so")
        return [number_of(target)]

    rows: list[object] = []
    started = time.monotonic()
    outcomes = list(
        run_work(work, MANY, lambda _, row: rows.append(row), workers=2, in_order=in_order, control=control)
    )
    for_ever.set()

    assert time.monotonic() - started < 30
    assert {number_of(outcome.target) for outcome in outcomes} == {0, 2, 3}
    assert sorted(map(str, rows)) == ["0", "2", "3"]


@pytest.mark.parametrize("targets", [MANY, MANY[:1]])
def test_WHEN_the_deadline_comes_AND_a_call_hangs_THEN_the_run_ends(targets: list[Target]) -> None:
    control = RunControl(deadline_seconds=0.1, grace_seconds=0.1)
    for_ever = threading.Event()

    def work(_: Target) -> list[str]:
        for_ever.wait(60)
        return []

    outcomes = list(run_work(work, targets, nobody_looks, workers=4, control=control))
    for_ever.set()

    assert outcomes == []
    assert control.reason == DEADLINE


def test_WHEN_enough_have_failed_THEN_the_rest_is_skipped_AND_each_target_has_an_outcome() -> None:
    control = RunControl(max_failures=3)

    def work(target: Target) -> list[str]:
        raise AccessDenied(f"not in {target}")

    outcomes = list(run_work(work, MANY, nobody_looks, workers=1, control=control))

    assert [outcome.status for outcome in outcomes[:4]] == [OutcomeStatus.DENIED] * 3 + [
        OutcomeStatus.SKIPPED
    ]
    assert len(outcomes) == 40
    assert all(isinstance(outcome.error, NotTried) for outcome in outcomes[3:])
    assert not control.is_stopped


def test_WHEN_a_worker_is_broken_by_more_than_an_error_THEN_the_caller_hears_of_it() -> None:
    def work(target: Target) -> list[str]:
        if target is MANY[5]:
            raise SystemExit(3)
        return []

    with pytest.raises(SystemExit):
        list(run_work(work, MANY, nobody_looks, workers=4))


def test_WHEN_an_error_has_a_better_name_THEN_the_outcome_has_that() -> None:
    def explain(target: Target, error: Exception) -> Exception:
        return TargetSkipped(f"{target.aws_region} is off") if isinstance(error, Unavailable) else error

    def work(target: Target) -> list[str]:
        raise Unavailable("no endpoint") if number_of(target) % 2 else ZeroDivisionError("a bug")

    outcomes = list(run_work(work, MANY, nobody_looks, workers=4, in_order=True, explain=explain))

    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.ERROR, OutcomeStatus.SKIPPED] * 20
    assert str(outcomes[1].error) == "eu-west-1 is off"


@pytest.mark.parametrize("targets", [MANY, MANY[:1]])
def test_WHEN_a_call_ends_because_the_run_was_stopped_THEN_its_target_is_left(targets: list[Target]) -> None:
    def wrapped(_: Target) -> list[str]:
        raise Unavailable("could not wait") from RunStopped("while it waited")

    assert list(run_work(wrapped, targets, nobody_looks, workers=4)) == []


def test_WHEN_work_is_watched_THEN_each_target_begins_and_ends_once() -> None:
    class Watcher:
        def __init__(self) -> None:
            self.begins: list[Target] = []
            self.ends: list[tuple[Target, Outcome | None]] = []

        def begun(self, target: Target) -> None:
            self.begins.append(target)

        def ended(self, target: Target, outcome: Outcome | None) -> None:
            self.ends.append((target, outcome))

    watcher = Watcher()
    outcomes = list(run_work(lambda _: ["row"], MANY, nobody_looks, workers=4, watcher=watcher))

    assert sorted(map(str, watcher.begins)) == sorted(map(str, MANY))
    assert {id(outcome) for _, outcome in watcher.ends} == {id(outcome) for outcome in outcomes}


def test_WHEN_a_script_runs_an_operation_THEN_each_outcome_has_its_own_rows() -> None:
    def operation(aws_provider: object) -> Iterable[str]:
        return [f"{aws_provider} a", f"{aws_provider} b"]

    outcomes = run_fleet(operation, MANY, lambda target: target.aws_account, workers=8)  # type: ignore[arg-type,return-value] # any provider

    assert {outcome.target: outcome.rows for outcome in outcomes} == {
        target: (f"{target.aws_account} a", f"{target.aws_account} b") for target in MANY
    }
