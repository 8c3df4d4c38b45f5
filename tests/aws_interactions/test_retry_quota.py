from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
    SSLError,
)
from botocore.retries.standard import (
    RetryContext,
    RetryEventAdapter,
    RetryQuotaChecker,
    ThrottlingErrorDetector,
)
from botocore.session import Session

from aws_interactions.aws_errors import AwsInteractionError, translate_aws_errors
from aws_interactions.botocore_events import (
    BotocoreSeamMoved,
    handlers_owned_by,
    known_unique_ids,
    remove_handler_with_id,
    remove_handlers_owned_by,
)
from aws_interactions.request_context import IDENTITY_KEY, ClientIdentity
from aws_interactions.retry_quota import RepeatableConditions, RetryQuotas
from aws_operations.changes import is_answer_lost
from tests.aws_interactions.recording_aws import Answer, bind, identity_in, recording_aws

URL = "http://127.0.0.1"
EXHAUSTED = {"retries": {}, IDENTITY_KEY: identity_in("1")}


def a_client(service_name: str = "s3") -> Any:
    return Session().create_client(
        service_name,
        "eu-west-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def detector() -> ThrottlingErrorDetector:
    return ThrottlingErrorDetector(RetryEventAdapter())


def retry_of(identity: ClientIdentity | None) -> RetryContext:
    return RetryContext(attempt_number=1, request_context={IDENTITY_KEY: identity})


def drain(quotas: RetryQuotas, identity: ClientIdentity | None) -> int:
    retries = 0
    while quotas.acquire_retry_quota(retry_of(identity)):
        retries += 1
    return retries


@pytest.mark.parametrize(
    "other",
    [
        identity_in("2"),
        identity_in("1", aws_region="us-east-1"),
        identity_in(None, label="other"),
    ],
)
def test_WHEN_one_identity_uses_up_its_retries_THEN_another_account_or_region_has_all_of_its_own(
    other: ClientIdentity,
) -> None:
    quotas = RetryQuotas("s3", detector())

    assert drain(quotas, identity_in("1")) == 500 // 14
    assert not quotas.acquire_retry_quota(retry_of(identity_in("1")))
    assert quotas.available_capacity({IDENTITY_KEY: other}) == 500
    assert drain(quotas, other) == 500 // 14


def test_WHEN_two_identities_act_in_one_account_THEN_they_share_its_retries() -> None:
    quotas = RetryQuotas("s3", detector())
    drain(quotas, identity_in("1", label="first"))

    assert not quotas.acquire_retry_quota(retry_of(identity_in("1", label="second")))


def test_WHEN_a_retry_succeeds_THEN_its_cost_comes_back() -> None:
    quotas = RetryQuotas("s3", detector())
    retry = retry_of(identity_in("1"))
    quotas.acquire_retry_quota(retry)
    used = quotas.available_capacity(retry.request_context)
    response = type("Response", (), {"status_code": 200})()
    quotas.release_retry_quota(retry.request_context, http_response=response)

    assert used == 486
    assert quotas.available_capacity(retry.request_context) == 500


def test_WHEN_more_identities_retry_than_are_kept_THEN_the_oldest_starts_full_again() -> None:
    quotas = RetryQuotas("s3", detector(), max_quotas=2)
    for account in ("1", "2", "3"):
        drain(quotas, identity_in(account))

    assert quotas.available_capacity({IDENTITY_KEY: identity_in("1")}) == 500
    assert quotas.available_capacity({IDENTITY_KEY: identity_in("3")}) < 14


@pytest.fixture
def conditions() -> RepeatableConditions:
    return RepeatableConditions("s3", 5, detector())


# No row of S3's table is unrepeatable, and an operation without a row never is repeated.
def context_for(operation_name: str, **answer: Any) -> RetryContext:
    model = a_client().meta.service_model.operation_model(operation_name)
    return RetryContext(attempt_number=1, operation_model=model, **answer)


@pytest.mark.parametrize(
    ("error", "is_repeated"),
    [
        (ReadTimeoutError(endpoint_url=URL), False),
        (ConnectionClosedError(endpoint_url=URL), False),
        (ConnectTimeoutError(endpoint_url=URL), True),
        (EndpointConnectionError(endpoint_url=URL), True),
    ],
)
def test_WHEN_an_unrepeatable_operation_gets_no_answer_THEN_it_is_sent_again_only_if_it_never_arrived(
    conditions: RepeatableConditions, error: Exception, is_repeated: bool
) -> None:
    assert conditions.is_retryable(context_for("PutBucketAcl", caught_exception=error)) is is_repeated
    assert conditions.is_retryable(context_for("HeadBucket", caught_exception=error))


@pytest.mark.parametrize(
    ("status", "code", "is_repeated"),
    [(500, "InternalError", False), (503, "SlowDown", True), (400, "Throttling", True), (429, "", True)],
)
def test_WHEN_an_unrepeatable_operation_fails_THEN_it_is_sent_again_only_if_it_was_throttled(
    conditions: RepeatableConditions, status: int, code: str, is_repeated: bool
) -> None:
    response = type("Response", (), {"status_code": status, "headers": {}})()
    answer = {"http_response": response, "parsed_response": {"Error": {"Code": code}}}

    assert conditions.is_retryable(context_for("PutBucketAcl", **answer)) is is_repeated
    assert conditions.is_retryable(context_for("HeadBucket", **answer))


def test_WHEN_attempts_are_used_up_THEN_nothing_is_sent_again(conditions: RepeatableConditions) -> None:
    context = context_for("HeadBucket", caught_exception=ConnectTimeoutError(endpoint_url=URL))
    context.attempt_number = 5

    assert not conditions.is_retryable(context)


@pytest.mark.parametrize(("method", "attempts"), [("head_bucket", 3), ("delete_bucket_policy", 1)])
def test_WHEN_the_answer_is_lost_THEN_the_request_is_sent_as_often_as_the_table_allows(
    method: str, attempts: int
) -> None:
    with recording_aws(lambda _: Answer(hang_up=True)) as aws:
        client = bind(aws.prototypes(max_attempts=3), "1")
        with pytest.raises(ConnectionClosedError):
            getattr(client, method)(Bucket="bucket")

    assert len(aws.requests) == attempts


ACCESS_DENIED = Answer(403, "<Error><Code>AccessDenied</Code></Error>")
EXPIRED = Answer(400, "<Error><Code>ExpiredToken</Code></Error>")
GONE = Answer(404, "<Error><Code>NoSuchBucket</Code></Error>")
THROTTLED = Answer(400, "<Error><Code>Throttling</Code></Error>")


@pytest.mark.parametrize("later", [None, Answer(503), THROTTLED, ACCESS_DENIED, EXPIRED, GONE])
@pytest.mark.parametrize(
    ("first", "error"),
    [
        (Answer(hang_up=True), ConnectionClosedError),
        (Answer(500, "<Error><Code>InternalError</Code></Error>"), ClientError),
        (Answer(502), ClientError),
        (Answer(504), ClientError),
    ],
)
def test_WHEN_the_answer_to_a_write_is_lost_THEN_no_later_refusal_says_that_it_was_not_carried_out(
    first: Answer, error: type[Exception], later: Answer | None
) -> None:
    with recording_aws(lambda _: later if later and len(aws.requests) > 1 else first) as aws:
        client = bind(aws.prototypes(max_attempts=3), "1")
        if later is None:
            client._endpoint.http_session = AnswersNoMoreAfterTheFirst(client._endpoint.http_session)
        with pytest.raises(error) as caught:
            client.delete_bucket(Bucket="bucket")

    assert is_answer_lost(as_kind(caught.value))


def as_kind(error: Exception) -> Exception:
    with pytest.raises(AwsInteractionError) as caught, translate_aws_errors("s3", "bucket"):
        raise error
    return caught.value


@pytest.mark.parametrize(
    "later", [SSLError(endpoint_url=URL, error="certificate"), HTTPClientError(error="no such thing")]
)
def test_WHEN_the_answer_to_a_write_is_lost_AND_no_later_try_gets_through_THEN_it_stays_lost(
    later: Exception,
) -> None:
    with recording_aws(lambda _: Answer(hang_up=True)) as aws:
        client = bind(aws.prototypes(max_attempts=3), "1")
        client._endpoint.http_session = AnswersNoMoreAfterTheFirst(client._endpoint.http_session, later)
        with pytest.raises(ConnectionClosedError):
            client.delete_bucket(Bucket="bucket")


@pytest.mark.parametrize("first", [Answer(503), THROTTLED])
def test_WHEN_a_write_was_not_taken_AND_then_refused_THEN_the_refusal_stands(first: Answer) -> None:
    answers = iter((first, ACCESS_DENIED))
    with recording_aws(lambda _: next(answers)) as aws, pytest.raises(ClientError, match="AccessDenied"):
        bind(aws.prototypes(max_attempts=3), "1").delete_bucket(Bucket="bucket")


@pytest.mark.parametrize(
    ("later", "error"), [(None, EndpointConnectionError), (Answer(503), ClientError), (GONE, ClientError)]
)
def test_WHEN_the_answer_to_a_read_is_lost_THEN_the_last_error_is_told(
    later: Answer | None, error: type[Exception]
) -> None:
    with recording_aws(lambda _: later if later and len(aws.requests) > 1 else Answer(hang_up=True)) as aws:
        client = bind(aws.prototypes(max_attempts=3), "1")
        if later is None:
            client._endpoint.http_session = AnswersNoMoreAfterTheFirst(client._endpoint.http_session)
        with pytest.raises(error):
            client.head_bucket(Bucket="bucket")

    assert aws.requests[0].access_key_id == "KEY1"


class AnswersNoMoreAfterTheFirst:
    """The HTTP layer of a client whose server goes away with the first request."""

    def __init__(self, session: Any, error: Exception | None = None) -> None:
        self._session = session
        self._error = error or EndpointConnectionError(endpoint_url=URL)
        self._is_down = False

    def send(self, request: Any) -> Any:
        if self._is_down:
            raise self._error
        self._is_down = True
        return self._session.send(request)


def test_WHEN_a_write_succeeds_after_a_lost_answer_THEN_it_has_succeeded() -> None:
    answers = iter((Answer(hang_up=True), Answer(status=204)))
    with recording_aws(lambda _: next(answers)) as aws:
        answer = bind(aws.prototypes(), "1").delete_bucket(Bucket="bucket")

    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_WHEN_one_account_is_out_of_retries_THEN_its_calls_fail_at_once_and_anothers_are_retried() -> None:
    # 500 units, 14 a retry: 35 retries, then none.
    answers: Iterator[int] = iter([500] * 200)
    with recording_aws(lambda _: Answer(status=next(answers))) as aws:
        prototypes = aws.prototypes(max_attempts=2)
        failing, other = bind(prototypes, "1"), bind(prototypes, "2")
        for _ in range(36):
            with pytest.raises(ClientError):
                failing.head_bucket(Bucket="bucket")
        used = len(aws.requests)
        with pytest.raises(ClientError):
            failing.head_bucket(Bucket="bucket")
        without_retry = len(aws.requests) - used
        with pytest.raises(ClientError):
            other.head_bucket(Bucket="bucket")

    assert without_retry == 1
    assert len(aws.requests) - used - without_retry == 2


@pytest.mark.parametrize("service_name", ["s3", "sts", "ec2", "dynamodb", "iam"])
def test_WHEN_botocore_moves_a_seam_of_the_retry_handler_THEN_this_fails(service_name: str) -> None:
    client = bind_standard(service_name)
    service_event = client.meta.service_model.service_id.hyphenize()

    assert f"retry-config-{service_event}" in known_unique_ids(client.meta.events)
    assert len(handlers_owned_by(client.meta.events, f"after-call.{service_event}", RetryQuotaChecker)) == 1


def test_WHEN_a_handler_to_replace_is_not_there_THEN_it_is_an_error_and_not_left_shared() -> None:
    events = a_client().meta.events

    with pytest.raises(BotocoreSeamMoved):
        remove_handlers_owned_by(events, "after-call.s3", RetryQuotas)
    with pytest.raises(BotocoreSeamMoved):
        remove_handler_with_id(events, "needs-retry.s3", "no-such-id")


def bind_standard(service_name: str) -> Any:
    session = Session()
    session.set_config_variable("retry_mode", "standard")
    return session.create_client(
        service_name, "eu-west-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
