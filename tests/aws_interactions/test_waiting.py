import pytest

from aws_interactions.aws_errors import InvalidInput, WaitTimedOut
from aws_interactions.waiting import wait_until


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_WHEN_the_state_comes_THEN_it_is_returned_AND_looked_for_at_intervals() -> None:
    clock, states = Clock(), iter(["stopping", "stopping", "stopped"])
    seen = wait_until(
        lambda: next(states),
        lambda state: state == "stopped",
        resource="db-1",
        wanted="stopped",
        timeout=60,
        interval=5,
        sleep=clock.sleep,
        clock=clock,
    )
    assert seen == "stopped"
    assert clock.slept == [5, 5]


def test_WHEN_it_does_not_come_in_time_THEN_the_error_says_what_was_seen_last() -> None:
    clock = Clock()
    with pytest.raises(WaitTimedOut, match="db-1 was stopping after 12 seconds, not stopped") as caught:
        wait_until(
            lambda: "stopping",
            lambda state: state == "stopped",
            resource="db-1",
            wanted="stopped",
            timeout=12,
            interval=5,
            sleep=clock.sleep,
            clock=clock,
        )
    assert caught.value.resource == "db-1"
    assert clock.slept == [5, 5, 2]


def test_WHEN_no_time_is_given_THEN_it_is_looked_at_once() -> None:
    looks: list[int] = []
    with pytest.raises(WaitTimedOut):
        wait_until(
            lambda: looks.append(1),
            lambda _: False,
            resource="db-1",
            wanted="stopped",
            timeout=0,
            interval=5,
        )
    assert looks == [1]


@pytest.mark.parametrize(("timeout", "interval"), [(-1, 5), (5, 0), (5, -1)])
def test_WHEN_times_make_no_sense_THEN_they_are_refused(timeout: float, interval: float) -> None:
    with pytest.raises(InvalidInput):
        wait_until(lambda: 1, lambda _: True, resource="x", wanted="y", timeout=timeout, interval=interval)
