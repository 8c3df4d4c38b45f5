"""The call budget on real bound clients: who waits, what is tried again, and what is never asked for."""

import threading
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import ReadOnlyViolation, Throttled, translate_aws_errors
from aws_interactions.call_budget import CallBudget
from aws_interactions.client_settings import ClientSettings
from tests.aws_interactions.loopback_servers import FakeSts
from tests.aws_interactions.recording_aws import identity_in
from tests.aws_interactions.simulated_time import (
    THROTTLED,
    URL,
    Reply,
    SimulatedAws,
    SimulatedTime,
    prototypes_with,
    refusal,
)

ROLE_ARN = "arn:aws:iam::111122223333:role/operator"
UPDATE = {"TableName": "table", "Key": {"id": {"S": "1"}}}


class Stopped(Exception):
    pass


class Simulation:
    """A budget, an AWS and a clock; ``replies`` are given in turn, the last one for ever."""

    def __init__(self, *replies: Reply | Exception, max_attempts: int = 3, **options: float) -> None:
        self.time = SimulatedTime()
        self.budget = CallBudget(sleep=self.time.sleep, clock=self.time.clock, **options)
        self.prototypes = prototypes_with(call_budget=self.budget, max_attempts=max_attempts)
        self.aws = SimulatedAws(self._next_reply, self.time)
        self._replies = list(replies) or [Reply()]

    def client(self, account: str = "1", **options: Any) -> Any:
        return self.aws.client(self.prototypes, account, **options)

    def _next_reply(self, _: str) -> Reply | Exception:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


class ThrottledAtFirst:
    """An AWS that throttles each account for the first seconds after its first request."""

    def __init__(self, time: SimulatedTime, seconds: float) -> None:
        self.time, self.seconds = time, seconds
        self.first_at: dict[str, float] = {}

    def answer(self, account: str) -> Reply:
        first_at = self.first_at.setdefault(account, self.time.clock())
        return Reply() if self.time.clock() >= first_at + self.seconds else THROTTLED


def test_WHEN_500_accounts_are_throttled_for_30_s_THEN_all_finish_with_at_most_7_requests_a_call() -> None:
    run = Simulation()
    run.aws.answer = ThrottledAtFirst(run.time, 30).answer
    accounts = [f"{number:012d}" for number in range(500)]
    finished: list[str] = []
    left = iter(accounts)
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                account = next(left, None)
            if account is None:
                return
            run.client(account).list_tables()
            finished.append(account)

    run.time.run_together(*[work] * 16)

    assert sorted(finished) == accounts
    assert len(run.aws.requests) == run.budget.requests <= 7 * 500
    assert max(len(run.aws.times_of(account)) for account in accounts) <= 7
    # 16 at a time, each for 30 s and at most one probe more.
    assert run.time.clock() - 1000 <= (500 / 16 + 1) * 41


def test_WHEN_32_threads_call_in_one_account_that_is_throttled_for_30_s_THEN_all_finish_soon_after() -> None:
    run = Simulation()
    run.aws.answer = ThrottledAtFirst(run.time, 30).answer
    client = run.client()

    run.time.run_together(*[client.list_tables] * 32)

    assert run.time.clock() - 1000 <= 60
    assert len(run.aws.requests) <= 4 * 32


def test_WHEN_one_account_is_throttled_THEN_calls_in_another_take_no_time() -> None:
    run = Simulation()
    throttled = ThrottledAtFirst(run.time, 30)
    run.aws.answer = lambda account: throttled.answer(account) if account == "1" else Reply()
    done_at: dict[str, float] = {}

    def call(account: str) -> None:
        run.client(account).list_tables()
        done_at[account] = run.time.clock() - 1000

    run.time.run_together(lambda: call("1"), *[lambda number=number: call(str(number)) for number in (2, 3)])

    assert done_at["1"] >= 30
    assert (done_at["2"], done_at["3"]) == (0, 0)


def test_WHEN_it_never_stops_THEN_a_call_ends_as_throttled_after_its_patience_and_at_most_12_requests() -> (
    None
):
    run = Simulation(THROTTLED)
    with pytest.raises(Throttled) as caught, translate_aws_errors("dynamodb", "tables"):
        run.client().list_tables()

    assert caught.value.aws_code == "ThrottlingException"
    assert "reached max retries" in str(caught.value.__cause__)
    assert run.time.clock() - 1000 == pytest.approx(90, abs=1)
    assert len(run.aws.requests) == run.budget.throttled <= 12


def test_WHEN_a_rate_is_given_THEN_the_requests_of_all_providers_of_a_run_keep_it_together() -> None:
    run = Simulation(rate_per_second=5)
    other_root = prototypes_with(call_budget=run.budget)
    clients = [run.client(), run.aws.client(other_root, "1"), run.client(read_only=True)]

    run.time.run_together(*[client.list_tables for client in clients * 20])

    sent_at = sorted(run.aws.times_of("1"))
    assert len(sent_at) == 60
    for second in range(12):
        assert sum(time < 1001 + second for time in sent_at) <= 5 + 5 * (second + 1)


def test_WHEN_attempts_are_throttled_THEN_they_count_neither_as_attempts_nor_against_the_quota() -> None:
    unavailable = refusal("ServiceUnavailable", 503)
    run = Simulation(*[THROTTLED] * 7, unavailable, *[THROTTLED] * 2, unavailable, Reply(), max_attempts=3)
    answer = run.client().list_tables()

    assert answer["ResponseMetadata"]["RetryAttempts"] == 11
    assert "retry_quota_capacity" not in answer


def test_WHEN_attempts_are_throttled_AND_others_fail_THEN_those_end_with_max_attempts() -> None:
    run = Simulation(*[THROTTLED] * 4, refusal("ServiceUnavailable", 503), max_attempts=3)
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        run.client().list_tables()

    assert len(run.aws.requests) == 4 + 3


def test_WHEN_throttling_goes_on_for_calls_without_end_THEN_other_errors_still_have_all_their_retries() -> (
    None
):
    # 500 units: a hundred throttled retries would have used them up.
    run = Simulation(*[THROTTLED] * 110, refusal("ServiceUnavailable", 503), max_attempts=4, patience=5000)
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        run.client().list_tables()

    assert len(run.aws.requests) == 110 + 4


def test_WHEN_an_unrepeatable_write_is_throttled_THEN_it_is_sent_again() -> None:
    run = Simulation(*[THROTTLED] * 5, Reply())
    run.client().update_item(**UPDATE)

    assert len(run.aws.requests) == 6


def test_WHEN_an_unrepeatable_writes_answer_is_lost_after_throttling_THEN_it_is_not_sent_again() -> None:
    run = Simulation(THROTTLED, THROTTLED, ConnectionClosedError(endpoint_url=URL), Reply())
    with pytest.raises(ConnectionClosedError):
        run.client().update_item(**UPDATE)

    assert len(run.aws.requests) == 3


@pytest.mark.parametrize("code", ["LimitExceededException", "TransactionInProgressException"])
def test_WHEN_a_refusal_is_about_a_number_or_a_conflict_THEN_no_pace_is_tried(code: str) -> None:
    run = Simulation(refusal(code), max_attempts=3)
    with pytest.raises(ClientError, match=code):
        run.client().list_tables()

    assert len(run.aws.requests) == 3
    assert run.budget.throttled == 0


@pytest.mark.parametrize(
    ("headers", "at_least", "at_most"),
    [
        ({"x-amz-retry-after": "9000"}, 9, 12),
        ({"Retry-After": "9"}, 9, 12),
        ({"Retry-After": "86400"}, 30, 33),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0, 3),
        ({"Retry-After": "-5"}, 0, 3),
        ({"Retry-After": "nan"}, 0, 3),
        ({"x-amz-retry-after": "soon"}, 0, 3),
    ],
)
def test_WHEN_AWS_says_how_long_to_wait_THEN_that_is_kept_within_reason(
    headers: dict[str, str], at_least: float, at_most: float
) -> None:
    run = Simulation(refusal("ThrottlingException", **headers), Reply())
    run.client().list_tables()

    assert at_least <= run.time.clock() - 1000 <= at_most


def test_WHEN_a_429_says_nothing_else_THEN_it_is_throttling() -> None:
    run = Simulation(Reply(429), Reply())
    run.client().list_tables()

    assert run.budget.throttled == 1


def test_WHEN_signing_presigned_urls_and_posts_THEN_no_token_is_taken() -> None:
    run = Simulation(rate_per_second=1)
    client = run.client(service_name="s3")
    for _ in range(5):
        client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "key"})
        client.generate_presigned_post("bucket", "key")

    assert (run.budget.requests, run.time.slept) == (0, [])
    client.head_bucket(Bucket="bucket")
    assert (run.budget.requests, run.time.slept) == (1, [])


def test_WHEN_the_gate_refuses_THEN_no_token_is_taken() -> None:
    run = Simulation(rate_per_second=1)
    client = run.client(read_only=True)
    for _ in range(5):
        with pytest.raises(ReadOnlyViolation):
            client.update_item(**UPDATE)
    client.list_tables()

    assert (run.budget.requests, run.time.slept) == (1, [])


def test_WHEN_credentials_cannot_be_had_THEN_no_token_is_taken() -> None:
    class NoKeys(Credentials):
        def get_frozen_credentials(self) -> Any:
            raise Stopped

    run = Simulation(rate_per_second=1)
    identity = identity_in("1")
    refused = run.prototypes.bind_client(
        "dynamodb", "eu-west-1", credentials=NoKeys("key", "secret"), identity=identity, read_only=False
    )
    for _ in range(5):
        with pytest.raises(Stopped):
            refused.list_tables()
    run.client().list_tables()

    assert (run.budget.requests, run.time.slept) == (1, [])


class StoppedRun(Simulation):
    """A run that is stopped while it sleeps."""

    def __init__(self, *replies: Reply | Exception) -> None:
        super().__init__(*replies)
        self.stop = Stopped("deadline")
        self.is_stopped = True
        self.budget = CallBudget(sleep=self.sleep, clock=self.time.clock)
        self.prototypes = prototypes_with(call_budget=self.budget)

    def sleep(self, seconds: float) -> None:
        if self.is_stopped:
            raise self.stop
        self.time.sleep(seconds)


@pytest.mark.parametrize(
    ("operation", "arguments", "first"),
    [
        ("list_tables", {}, THROTTLED),
        ("list_tables", {}, refusal("ServiceUnavailable", 503)),
        ("update_item", UPDATE, THROTTLED),
        ("update_item", UPDATE, EndpointConnectionError(endpoint_url=URL)),
    ],
)
def test_WHEN_the_run_is_stopped_during_a_wait_THEN_that_comes_through_unchanged_and_nothing_is_locked(
    operation: str, arguments: dict[str, Any], first: Reply | Exception
) -> None:
    run = StoppedRun(first, Reply())
    client = run.client()
    with pytest.raises(Stopped) as caught:
        getattr(client, operation)(**arguments)
    assert caught.value is run.stop

    run.is_stopped = False
    client.list_tables()
    assert len(run.aws.requests) == 2


def test_WHEN_a_write_lost_its_answer_AND_the_run_is_stopped_before_the_next_try_THEN_it_stays_lost() -> None:
    run = StoppedRun(ConnectionClosedError(endpoint_url=URL))
    with pytest.raises(ConnectionClosedError) as caught:
        run.client().put_item(TableName="table", Item={"id": {"S": "1"}})

    assert caught.value.__cause__ is run.stop


def test_WHEN_other_retries_wait_THEN_they_sleep_by_the_budget_too() -> None:
    run = Simulation(refusal("ServiceUnavailable", 503), Reply())
    run.client().list_tables()

    assert len(run.time.slept) == 1


def test_WHEN_there_is_no_budget_THEN_throttled_attempts_count_as_before() -> None:
    time = SimulatedTime()
    aws = SimulatedAws(lambda _: THROTTLED, time)
    client = aws.client(prototypes_with(max_attempts=1), "1")
    with pytest.raises(ClientError, match="ThrottlingException"):
        client.list_tables()

    assert len(aws.requests) == 1


@pytest.fixture
def throttling_sts(fake_sts: FakeSts) -> FakeSts:
    """Give an STS that throttles until it is told to stop."""
    fake_sts.refusal = ("Throttling", "Rate exceeded")
    return fake_sts


def test_WHEN_sts_throttles_role_sessions_THEN_they_are_had_at_its_pace_in_buckets_of_their_accounts(
    throttling_sts: FakeSts, sts_endpoint: str
) -> None:
    time = SimulatedTime()

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        throttling_sts.refusal = None

    budget = CallBudget(sleep=sleep, clock=time.clock)
    provider = AwsClientProvider(
        aws_region="eu-west-1",
        assume_role_arn=ROLE_ARN,
        access_keys=AccessKeys("AKIATESTING", "testing"),
        endpoint_url=sts_endpoint,
        client_settings=ClientSettings(call_budget=budget),
    )
    assert provider.get_aws_env().aws_account == "111122223333"
    provider.get_sts().get_caller_identity()

    assert len(throttling_sts.requests) == budget.requests == 4
    assert budget.throttled == 1
    assert (budget.rate_of("access keys", "eu-west-1", "sts") or 0) < 3
    assert budget.rate_of("111122223333", "eu-west-1", "sts") == 200


@pytest.mark.parametrize(
    ("service_name", "operation"),
    [
        ("s3", "list_buckets"),
        ("sts", "get_caller_identity"),
        ("ec2", "describe_regions"),
        ("dynamodb", "list_tables"),
        ("organizations", "list_roots"),
    ],
)
def test_WHEN_botocore_moves_the_seam_before_signing_THEN_this_fails(
    service_name: str, operation: str
) -> None:
    events: list[str] = []

    class Watched(Credentials):
        def get_frozen_credentials(self) -> Any:
            events.append("credentials")
            return super().get_frozen_credentials()

    def sleep(_: float) -> None:
        events.append("sleep")
        raise Stopped

    budget = CallBudget(rate_per_second=1, sleep=sleep, clock=lambda: 0.0)
    assert budget.wait_for_turn(budget.pace_for("1", "eu-west-1", service_name))
    client = prototypes_with(call_budget=budget).bind_client(
        service_name,
        "eu-west-1",
        credentials=Watched("KEY1", "testing"),
        identity=identity_in("1"),
        read_only=False,
    )
    with pytest.raises(Stopped):
        getattr(client, operation)()

    # Asked for before the wait, and not again: what waits is not signed yet.
    assert events == ["credentials", "sleep"]
