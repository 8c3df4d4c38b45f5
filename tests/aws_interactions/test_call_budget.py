import itertools
import pickle
import tracemalloc

import pytest

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.call_budget import CallBudget, Pace
from tests.aws_interactions.simulated_time import SimulatedTime

ACCOUNT, REGION = "111122223333", "eu-west-1"


class Stopped(Exception):
    pass


def budget_in(time: SimulatedTime, **options: float) -> CallBudget:
    return CallBudget(sleep=time.sleep, clock=time.clock, **options)


def send(budget: CallBudget, service_name: str = "rds", account: str = ACCOUNT) -> Pace:
    pace = budget.pace_for(account, REGION, service_name)
    assert budget.wait_for_turn(pace)
    budget.sending(pace)
    return pace


def rate(budget: CallBudget, service_name: str = "rds") -> float | None:
    return budget.rate_of(ACCOUNT, REGION, service_name)


def throttle_at_100_a_second(budget: CallBudget) -> None:
    for pace in [send(budget) for _ in range(100)]:
        budget.was_throttled(pace)


class ServerBucket:
    """How AWS throttles: so many requests at once, and so many a second."""

    def __init__(self, time: SimulatedTime, *, rate_per_second: float, burst: float) -> None:
        self.time, self.rate_per_second, self.burst = time, rate_per_second, burst
        self.tokens, self.looked_at = burst, time.clock()

    def takes(self) -> bool:
        now = self.time.clock()
        self.tokens = min(self.burst, self.tokens + (now - self.looked_at) * self.rate_per_second)
        self.looked_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def test_WHEN_nothing_limits_a_service_AND_it_does_not_throttle_THEN_nobody_waits() -> None:
    time = SimulatedTime()
    budget = budget_in(time)
    for _ in range(1000):
        budget.answered(send(budget))

    assert rate(budget) is None
    assert (time.slept, budget.requests, budget.throttled) == ([], 1000, 0)


@pytest.mark.parametrize("rate_per_second", [0.5, 10, 250])
def test_WHEN_32_threads_ask_AND_there_is_a_cap_THEN_no_stretch_of_time_has_more_than_cap_and_burst(
    rate_per_second: float,
) -> None:
    time = SimulatedTime()
    budget = budget_in(time, rate_per_second=rate_per_second)
    sent_at: list[float] = []

    def work() -> None:
        for _ in range(10):
            pace = send(budget)
            sent_at.append(pace.sent_at)

    time.run_together(*[work] * 32)

    burst = max(1.0, rate_per_second)
    for (first, start), (last, end) in itertools.combinations(enumerate(sorted(sent_at)), 2):
        assert last - first + 1 <= burst + rate_per_second * (end - start) + 1e-3
    # Nor is the cap only kept by being slow.
    assert max(sent_at) - min(sent_at) <= (320 - burst) / rate_per_second + 1.1


def test_WHEN_several_wait_THEN_they_go_in_the_order_in_which_they_came() -> None:
    time = SimulatedTime()
    budget = budget_in(time, rate_per_second=1)
    went: list[int] = []

    def come(number: int) -> None:
        time.sleep(number * 0.01)
        send(budget)
        went.append(number)

    time.run_together(*[lambda number=number: come(number) for number in range(12)])

    assert went == list(range(12))


def test_WHEN_requests_sent_together_are_all_throttled_THEN_the_rate_is_halved_once() -> None:
    time = SimulatedTime()
    budget = budget_in(time)
    throttle_at_100_a_second(budget)

    assert rate(budget) == pytest.approx(50)
    assert budget.throttled == 100


def test_WHEN_throttling_is_over_THEN_the_rate_rises_slowly_near_where_it_began_and_then_beyond() -> None:
    time = SimulatedTime()
    budget = budget_in(time)
    throttle_at_100_a_second(budget)
    rates: list[float] = []
    for _ in range(16):
        for _ in range(20):
            budget.answered(send(budget))
        time.sleep(1)
        rates.append(rate(budget) or 0)

    assert rates == sorted(rates)
    assert rates[3] < 100 < rates[12]
    steps = [later - earlier for earlier, later in itertools.pairwise(rates)]
    near_where_it_began = min(range(len(steps)), key=lambda number: abs(rates[number] - 100))
    assert steps[near_where_it_began] == pytest.approx(min(steps), abs=1)
    assert rates[-1] > 120


def test_WHEN_throttling_lasted_long_THEN_each_answer_doubles_the_rate_at_most() -> None:
    time = SimulatedTime()
    budget = budget_in(time)
    for _ in range(12):
        budget.was_throttled(send(budget))
    assert rate(budget) == pytest.approx(0.1)

    rates = []
    for _ in range(6):
        budget.answered(send(budget))
        rates.append(rate(budget))

    assert rates == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4])


def test_WHEN_an_answer_comes_to_a_request_from_before_the_slowing_THEN_it_speeds_up_nothing() -> None:
    time = SimulatedTime()
    budget = budget_in(time)
    early = send(budget)
    throttle_at_100_a_second(budget)
    time.sleep(30)
    budget.answered(early)

    assert rate(budget) == pytest.approx(50, abs=1)


def test_WHEN_AWS_serves_20_a_second_THEN_a_run_gets_most_of_it_with_few_refusals() -> None:
    time = SimulatedTime()
    budget = budget_in(time)
    server = ServerBucket(time, rate_per_second=20, burst=20)
    served = 0

    def work() -> None:
        nonlocal served
        while time.clock() < 1120:
            pace = send(budget)
            time.sleep(0.05)
            if server.takes():
                served += 1
                budget.answered(pace)
            else:
                budget.was_throttled(pace)

    time.run_together(*[work] * 16)

    assert served >= 0.75 * 20 * 120
    assert budget.throttled <= 0.2 * budget.requests


@pytest.mark.parametrize(
    ("options", "service_name", "expected"),
    [
        ({"share": 0.2}, "ec2", 4),
        ({"share": 0.2}, "rds", 2),
        ({"share": 0.2}, "secretsmanager", 10),
        ({"share": 0.2, "rate_per_second": 3}, "ec2", 3),
        ({"share": 0.2, "rate_per_second": 30}, "ec2", 4),
        ({"rate_per_second": 30}, "ec2", 30),
        ({}, "organizations", 10),
        ({}, "sts", 200),
        ({"share": 0.2}, "sts", 120),
        ({"share": 0.2}, "organizations", 2),
        ({"rate_per_second": 5}, "sts", 5),
        ({}, "s3", None),
        ({"rate_per_second": 30, "processes": 4}, "ec2", 7.5),
        ({"share": 0.2, "processes": 2}, "ec2", 2),
        ({"processes": 4}, "organizations", 2.5),
    ],
)
def test_WHEN_a_run_leaves_room_THEN_each_service_is_asked_no_more_than_that(
    options: dict[str, float], service_name: str, expected: float | None
) -> None:
    budget = budget_in(SimulatedTime(), **options)
    assert rate(budget, service_name) == expected
    send(budget, service_name)
    assert rate(budget, service_name) == expected


def test_WHEN_a_run_has_a_share_AND_is_throttled_THEN_it_takes_that_share_of_what_it_can_have() -> None:
    time = SimulatedTime()
    budget = budget_in(time, share=0.25)
    for pace in [send(budget, "ec2") for _ in range(5)]:
        budget.was_throttled(pace)

    assert rate(budget, "ec2") == pytest.approx(0.25 * 5 * 0.5)
    for _ in range(60):
        budget.answered(send(budget, "ec2"))
    assert rate(budget, "ec2") == 5


def test_WHEN_AWS_names_a_time_to_wait_THEN_nobody_goes_before_AND_those_who_come_later_neither() -> None:
    time = SimulatedTime()
    budget = budget_in(time)
    budget.was_throttled(send(budget), hold_seconds=7)
    asked_at = time.clock()
    send(budget)

    assert time.clock() - asked_at >= 7


def test_WHEN_one_account_is_throttled_THEN_no_other_account_region_or_service_waits() -> None:
    time = SimulatedTime()
    budget = budget_in(time)
    throttle_at_100_a_second(budget)
    send(budget, account="444455556666")
    send(budget, "ec2")
    budget.sending(budget.pace_for(ACCOUNT, "us-east-1", "rds"))

    assert time.slept == []


def test_WHEN_the_sleep_raises_THEN_it_comes_through_unchanged_AND_the_place_in_the_queue_is_free() -> None:
    time = SimulatedTime()
    stop = Stopped("deadline")
    is_stopped = False

    def sleep(seconds: float) -> None:
        if is_stopped:
            raise stop
        time.sleep(seconds)

    budget = CallBudget(rate_per_second=0.1, sleep=sleep, clock=time.clock)
    send(budget)
    is_stopped = True
    for _ in range(5):
        with pytest.raises(Stopped) as caught:
            send(budget)
        assert caught.value is stop
    is_stopped = False
    send(budget)

    assert time.clock() == pytest.approx(1010)
    assert budget.requests == 2


def test_WHEN_patience_runs_out_THEN_the_call_is_not_to_be_made_again_AND_its_place_is_free() -> None:
    time = SimulatedTime()
    budget = budget_in(time, patience=5)
    pace = send(budget)
    budget.was_throttled(pace, hold_seconds=20)

    assert not budget.wait_for_turn(pace, is_throttled=True)
    assert time.clock() == pytest.approx(1005)
    send(budget)
    assert time.clock() == pytest.approx(1022, abs=1)


def test_WHEN_many_lose_patience_together_THEN_those_before_them_in_the_queue_come_no_sooner() -> None:
    time = SimulatedTime()
    budget = budget_in(time, rate_per_second=2, patience=5)
    for _ in range(2):
        send(budget)
    sent_at: list[float] = []

    def wait(*, is_throttled: bool) -> None:
        pace = budget.pace_for(ACCOUNT, REGION, "rds")
        if is_throttled:
            pace.throttled_since = time.clock()
        time.sleep(0.02 if is_throttled else 0.01)
        if budget.wait_for_turn(pace, is_throttled=is_throttled):
            sent_at.append(time.clock() - 1000)

    patient = [lambda: wait(is_throttled=False)] * 20
    impatient = [lambda: wait(is_throttled=True)] * 20
    time.run_together(*patient, *impatient)
    later = send(budget)

    assert sorted(sent_at) == pytest.approx([number / 2 for number in range(1, 21)], abs=0.1)
    assert later.sent_at - 1000 == pytest.approx(10.5, abs=0.1)


def test_WHEN_many_accounts_come_by_THEN_the_last_10_000_buckets_are_kept_in_little_memory() -> None:
    time = SimulatedTime()
    budget = budget_in(time)
    tracemalloc.start()
    try:
        for number in range(20_000):
            send(budget, account=f"{number:012d}")
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert len(budget._buckets) == 10_000
    assert used < 10_000_000


def test_WHEN_a_bucket_was_idle_for_minutes_THEN_it_starts_anew() -> None:
    time = SimulatedTime()
    budget = budget_in(time)
    throttle_at_100_a_second(budget)
    time.sleep(121)
    send(budget)

    assert rate(budget) is None


@pytest.mark.parametrize(
    "options",
    [
        {"rate_per_second": 0},
        {"rate_per_second": -1},
        {"rate_per_second": float("inf")},
        {"rate_per_second": float("nan")},
        {"share": 0},
        {"share": 1.01},
        {"share": float("nan")},
    ],
)
def test_WHEN_a_rate_or_share_is_none_THEN_it_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match="must be over 0"):
        CallBudget(**options)


def test_WHEN_no_process_makes_the_calls_THEN_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one"):
        CallBudget(processes=0)


def test_WHEN_a_budget_is_to_travel_THEN_it_refuses() -> None:
    with pytest.raises(TypeError, match="send its rate and share"):
        pickle.dumps(CallBudget())
