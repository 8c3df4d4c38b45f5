"""A call budget on botocore's clients: a turn for each attempt, and patience with throttled ones.

``request-created`` fires for each attempt before it is signed, and never for presigned URLs; the retry
handler sees each answer. Between the two, all that is known of a call stands in its request context.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.retries.standard import RetryContext, RetryEventAdapter, RetryHandler, RetryPolicy

from aws_interactions.request_context import PACE_KEY, ClientIdentity, identity_of

if TYPE_CHECKING:
    from aws_interactions.call_budget import CallBudget, Pace

_LONGEST_HOLD: Final = 30.0
# Botocore calls these throttling too, but no pace helps: too many of something, or a conflict.
_NOT_FOR_RATE: Final = frozenset(
    {"LimitExceededException", "PriorRequestNotComplete", "TransactionInProgressException"}
)


class CallPacer:
    """Makes the attempts of all calls of one prototype wait for their turn."""

    def __init__(self, call_budget: "CallBudget", service_name: str) -> None:
        self._call_budget = call_budget
        self._service_name = service_name

    def install(self, client: Any) -> None:
        """Pace a prototype, and with it all clients that are bound to it."""
        service_event = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_first(f"request-created.{service_event}", self.pace_attempt)

    def pace_attempt(self, request: Any, **_: object) -> None:
        """Wait until the attempt may be sent; raises what the budget's sleep raises."""
        context = request.context
        pace: Pace | None = context.get(PACE_KEY)
        if pace is None:
            pace = context[PACE_KEY] = self._pace_of(context)
        if not pace.has_turn:
            if pace.bucket.rate is not None:
                _make_credentials_ready(context)
            self._call_budget.wait_for_turn(pace)
        self._call_budget.sending(pace)

    def _pace_of(self, context: Mapping[str, Any]) -> "Pace":
        caller = identity_of(context)
        account, aws_region = ("", "") if caller is None else (_account_of(caller), caller.aws_region)
        return self._call_budget.pace_for(account, aws_region, self._service_name)


def _account_of(caller: ClientIdentity) -> str:
    # Clients for getting credentials know only a label, which of a role is its ARN.
    if caller.aws_account is None and caller.label.startswith("arn:") and caller.label.count(":") >= 5:
        return caller.label.split(":")[4]
    return caller.aws_account or caller.label


def _make_credentials_ready(context: Mapping[str, Any]) -> None:
    # Else many threads would have their turns, wait for one role to be assumed, and go all at once. Near
    # their end credentials are renewed by one thread, while the others go on with them.
    credentials = context.get("signing", {}).get("request_credentials")
    if credentials is not None and not getattr(credentials, "is_found", False):
        credentials.get_frozen_credentials()


class PacedRetryHandler(RetryHandler):
    """Botocore's retry handler which, given a budget, lets throttled attempts wait for its pace.

    They then neither count as attempts nor use up the retry quota; they end when the budget's patience
    does. All waiting for retries is done here, by the budget's sleep. Without a budget nothing changes.
    """

    def __init__(
        self,
        *,
        retry_policy: RetryPolicy,
        retry_event_adapter: RetryEventAdapter,
        retry_quota: Any,
        service_name: str,
        throttling_detector: Any,
        call_budget: "CallBudget | None",
    ) -> None:
        super().__init__(
            retry_policy=retry_policy,
            retry_event_adapter=retry_event_adapter,
            retry_quota=retry_quota,
            service_name=service_name,
        )
        self._adapter = retry_event_adapter
        self._throttling_detector = throttling_detector
        self._call_budget = call_budget

    def needs_retry(self, **attempt: Any) -> Any:
        """Return the seconds to wait for the next try, ``None`` for no more."""
        pace: Pace | None = attempt["request_dict"]["context"].get(PACE_KEY)
        if self._call_budget is None or pace is None:
            return super().needs_retry(**attempt)
        if not _is_success(attempt["response"]):
            context = self._adapter.create_retry_context(**attempt)
            if self._is_about_rate(context):
                return self._retry_at_pace(context, pace, self._call_budget)
        if attempt["response"] is not None and attempt["response"][0].status_code < 500:
            self._call_budget.answered(pace)
        attempt["attempts"] -= pace.throttled_attempts
        delay: Any = super().needs_retry(**attempt)
        if delay is None or delay is False:
            return delay
        self._call_budget.wait_for_turn(pace, after_seconds=delay)
        return 0

    def _is_about_rate(self, context: RetryContext) -> bool:
        code: str | None = context.get_error_code()  # type: ignore[assignment]
        if code in _NOT_FOR_RATE:
            return False
        is_throttled: bool = self._throttling_detector.is_throttling_error_from_context(context)
        return is_throttled

    def _retry_at_pace(self, context: RetryContext, pace: "Pace", call_budget: "CallBudget") -> int | None:
        call_budget.was_throttled(pace, hold_seconds=_hold_seconds(context.http_response))
        if call_budget.wait_for_turn(pace, is_throttled=True):
            return 0
        context.add_retry_metadata(MaxAttemptsReached=True)
        self._adapter.adapt_retry_response_from_context(context)
        return None


def _is_success(response: Any) -> bool:
    # S3 gives some errors with status 200.
    return response is not None and response[0].status_code < 300 and "Error" not in response[1]


def _hold_seconds(http_response: Any) -> float:
    """Return how long the answer asks to wait, in seconds and within reason; 0 if it asks for nothing."""
    headers = http_response.headers
    given, unit = headers.get("x-amz-retry-after"), 0.001
    if given is None:
        # The other form, a date, is by a clock that need not agree with ours.
        given, unit = headers.get("retry-after"), 1.0
    try:
        seconds = float(given or 0) * unit
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_HOLD) if math.isfinite(seconds) else 0.0
