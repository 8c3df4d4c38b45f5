"""Retries for clients that share one prototype: a quota for each account, region and service.

Botocore's standard mode gives each client one retry quota. On a prototype, one account that is
throttled would use up the retries of all the others, so the quota is found through the request
context. Nothing else of botocore's standard mode changes, but for two rules: an operation that is
not repeatable is sent again only where AWS said it was refused, or was never reached; and a write
whose answer was lost, or whose server broke down, ends with that error unless a later try succeeds.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
)
from botocore.retries.base import BaseRetryableChecker
from botocore.retries.quota import RetryQuota
from botocore.retries.standard import (
    ExponentialBackoff,
    RetryContext,
    RetryEventAdapter,
    RetryPolicy,
    RetryQuotaChecker,
    StandardRetryConditions,
    ThrottlingErrorDetector,
)

from aws_interactions.aws_errors import BROKE_DOWN_STATUSES, AnswerLost, kind_of
from aws_interactions.botocore_events import remove_handler_with_id, remove_handlers_owned_by
from aws_interactions.paced_retries import CallPacer, PacedRetryHandler
from aws_interactions.request_context import LOST_ANSWER_KEY, identity_of
from aws_interactions.service_operations import is_read, is_repeatable

if TYPE_CHECKING:
    from aws_interactions.call_budget import CallBudget

_MAX_QUOTAS: Final = 10_000
_NEVER_REACHED: Final = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)


class RetryQuotas:
    """Retry quotas by account, region and service; made at the first retry, the last 10,000 are kept.

    A quota that was dropped starts full again. May be used by all threads.
    """

    def __init__(self, service_name: str, detector: Any, max_quotas: int = _MAX_QUOTAS) -> None:
        self._service_name = service_name
        self._detector = detector
        self._max_quotas = max_quotas
        self._checkers: OrderedDict[tuple[str, str, str], Any] = OrderedDict()
        self._lock = threading.Lock()

    def acquire_retry_quota(self, context: Any) -> bool:
        """Take the cost of one retry from the caller's quota; false if there is not enough left."""
        acquired: bool = self._checker_for(context.request_context).acquire_retry_quota(context)
        return acquired

    def release_retry_quota(self, context: dict[str, Any], http_response: Any, **kwargs: Any) -> None:
        """Give back to the caller's quota after a call; one without a quota never retried."""
        checker = self._checkers.get(self._key(context))
        if checker is not None:
            checker.release_retry_quota(context=context, http_response=http_response, **kwargs)

    def available_capacity(self, context: Mapping[str, Any]) -> int:
        """Return what is left of the caller's quota, in botocore's units (500 when full)."""
        checker = self._checkers.get(self._key(context))
        quota = RetryQuota() if checker is None else checker._quota
        capacity: int = quota.available_capacity
        return capacity

    def _key(self, context: Mapping[str, Any]) -> tuple[str, str, str]:
        identity = identity_of(context)
        if identity is None:
            return ("", "", self._service_name)
        # The label serves while the account is not known: a retry must not cause a look-up.
        return (identity.aws_account or identity.label, identity.aws_region, self._service_name)

    def _checker_for(self, context: Mapping[str, Any]) -> Any:
        key = self._key(context)
        with self._lock:
            checker = self._checkers.get(key)
            if checker is None:
                checker = self._checkers[key] = RetryQuotaChecker(RetryQuota(), self._detector)
                if len(self._checkers) > self._max_quotas:
                    self._checkers.popitem(last=False)
            else:
                self._checkers.move_to_end(key)
            return checker


class RepeatableConditions(BaseRetryableChecker):
    """Botocore's standard conditions, less the retries that could do a thing twice."""

    def __init__(self, service_name: str, max_attempts: int, detector: Any) -> None:
        self._service_name = service_name
        self._detector = detector
        self._standard = StandardRetryConditions(max_attempts=max_attempts)

    def is_retryable(self, context: RetryContext) -> bool:
        """Say whether the request may be sent again."""
        if not self._standard.is_retryable(context):
            return False
        operation_model: Any = context.operation_model
        if operation_model is None or is_repeatable(self._service_name, operation_model.name):
            return True
        if context.caught_exception is not None:
            return isinstance(context.caught_exception, _NEVER_REACHED)
        was_throttled: bool = self._detector.is_throttling_error_from_context(context)
        return was_throttled


class LostAnswerKeeper(PacedRetryHandler):
    """A retry handler that does not let a later refusal hide that an answer was lost.

    No refusal of a later try says what became of the first one: the name may be taken, the thing gone or
    the state wrong because that one was carried out, and a session may have expired in between. Nor does
    it help to know that the wait for a later try was broken off.
    """

    def needs_retry(self, **attempt: Any) -> Any:
        """Return the seconds to wait for the next try, ``None`` for no more; may raise the lost answer."""
        operation = attempt["operation"]
        if is_read(operation.service_model.service_name, operation.name):
            return super().needs_retry(**attempt)
        request_context, lost = attempt["request_dict"]["context"], _lost_answer(attempt)
        if lost is not None:
            request_context.setdefault(LOST_ANSWER_KEY, lost)
        try:
            delay: Any = super().needs_retry(**attempt)
        except Exception as broken_off:
            if LOST_ANSWER_KEY in request_context:
                raise request_context[LOST_ANSWER_KEY] from broken_off
            raise
        if lost is None and delay is None and LOST_ANSWER_KEY in request_context and _is_refused(attempt):
            raise request_context[LOST_ANSWER_KEY]
        return delay


def _lost_answer(attempt: Mapping[str, Any]) -> Exception | None:
    """Return the error of a try that may have been carried out all the same, ``None`` for any other."""
    error: Exception | None = attempt.get("caught_exception")
    if error is not None:
        return error if kind_of(error) is AnswerLost else None
    http_response, parsed = attempt["response"]
    if http_response.status_code in BROKE_DOWN_STATUSES:
        return ClientError(parsed, attempt["operation"].name)
    return None


def _is_refused(attempt: Mapping[str, Any]) -> bool:
    # A redirect is followed by another handler.
    return attempt.get("caught_exception") is not None or attempt["response"][0].status_code >= 400


def install_identity_quotas(
    client: Any, max_attempts: int, call_budget: "CallBudget | None" = None
) -> RetryQuotas:
    """Replace the retry handlers of a prototype in standard mode by ones that know who calls.

    ``max_attempts`` counts the first try too; with a budget, throttled tries do not count.
    """
    service_model = client.meta.service_model
    service_event = service_model.service_id.hyphenize()
    events = client.meta.events
    unique_id = f"retry-config-{service_event}"
    remove_handler_with_id(events, f"needs-retry.{service_event}", unique_id)
    remove_handlers_owned_by(events, f"after-call.{service_event}", RetryQuotaChecker)

    adapter = RetryEventAdapter()
    detector = ThrottlingErrorDetector(adapter)
    quotas = RetryQuotas(service_model.service_name, detector)
    quota_by_identity: Any = quotas
    handler = LostAnswerKeeper(
        retry_policy=RetryPolicy(
            retry_checker=RepeatableConditions(service_model.service_name, max_attempts, detector),
            retry_backoff=ExponentialBackoff(service_name=service_event, throttling_detector=detector),
        ),
        retry_event_adapter=adapter,
        retry_quota=quota_by_identity,
        service_name=service_event,
        call_budget=call_budget,
        throttling_detector=detector,
    )
    if call_budget is not None:
        CallPacer(call_budget, service_model.service_name).install(client)
    # First: S3's redirector answers the same event and must come after, as it does in botocore.
    events.register_first(f"needs-retry.{service_event}", handler.needs_retry, unique_id=unique_id)
    events.register(f"after-call.{service_event}", quotas.release_retry_quota)
    return quotas
