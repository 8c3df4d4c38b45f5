import gc
from collections.abc import Iterator

import pytest

from aws_operations.collector_pace import YOUNG_OBJECTS, unhurried_collector
from aws_operations.fleet import run_fleet
from aws_operations.targets import Target


@pytest.fixture(autouse=True)
def _threshold() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_WHEN_a_fleet_runs_AND_it_ends_THEN_the_collector_is_unhurried_only_meanwhile() -> None:
    def threshold(_provider: object) -> Iterator[int]:
        yield gc.get_threshold()[0]

    targets = [Target("us-east-1", f"{number:012}") for number in range(3)]
    outcomes = list(run_fleet(threshold, targets, lambda _target: None, workers=2))  # type: ignore[arg-type, return-value]
    assert [outcome.rows for outcome in outcomes] == [(YOUNG_OBJECTS,)] * 3
    assert gc.get_threshold() == (700, 10, 10)


def test_WHEN_a_fleet_runs_AND_the_caller_stops_early_THEN_the_collector_is_as_before() -> None:
    targets = [Target("us-east-1", f"{number:012}") for number in range(30)]
    outcomes = run_fleet(lambda _provider: [1], targets, lambda _target: None, workers=2)  # type: ignore[arg-type, return-value]
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert gc.get_threshold() == (700, 10, 10)


def test_WHEN_fleets_overlap_AND_the_first_ends_THEN_the_collector_waits_for_the_last() -> None:
    first, second = unhurried_collector(), unhurried_collector()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold()[0] == YOUNG_OBJECTS
    second.__exit__(None, None, None)
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("own", [(0, 10, 10), (50_000, 20, 100)])
def test_WHEN_the_collector_is_off_AND_or_slower_already_THEN_it_stays_so(own: tuple[int, int, int]) -> None:
    gc.set_threshold(*own)
    with unhurried_collector():
        assert gc.get_threshold() == own
    assert gc.get_threshold() == own
