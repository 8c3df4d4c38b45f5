"""Faults on request, for tests over a replayed recording: what AWS does on a bad day, at a call one names."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

_THROTTLED: Final = {"s3": ("SlowDown", 503), "ec2": ("RequestLimitExceeded", 503)}
_THROTTLED_ELSEWHERE: Final = ("ThrottlingException", 400)
_EXPIRED: Final = {"ec2": ("RequestExpired", 400), "dynamodb": ("ExpiredTokenException", 400)}
_EXPIRED_ELSEWHERE: Final = ("ExpiredToken", 400)


class _FaultKind(Enum):
    THROTTLED = auto()
    EXPIRED = auto()
    LOST = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to go wrong at which call; made by ``throttle``, ``expire_credentials_at``, ``lose_answer``."""

    kind: _FaultKind
    first_call: int
    last_call: int | None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for a call that there is not: the first one is call 1."""
        if self.first_call < 1:
            message = f"there is no call {self.first_call}: the first one is call 1"
            raise ValueError(message)

    @property
    def loses_answer(self) -> bool:
        """Whether the call is carried out, and only its answer never comes."""
        return self.kind is _FaultKind.LOST

    def is_at(self, call_number: int) -> bool:
        """Say whether the call with this number, counted from 1, is one of those."""
        return self.first_call <= call_number and (self.last_call is None or call_number <= self.last_call)

    def refusal(self, service_name: str) -> tuple[int, dict[str, Any]]:
        """Return status and error with which the service refuses the call."""
        if self.kind is _FaultKind.THROTTLED:
            code, status = _THROTTLED.get(service_name, _THROTTLED_ELSEWHERE)
            return status, {"Code": code, "Message": "a fault that the test asked for: too many requests"}
        code, status = _EXPIRED.get(service_name, _EXPIRED_ELSEWHERE)
        return status, {"Code": code, "Message": "a fault that the test asked for: the session has ended"}


def throttle(call_number: int, *, times: int = 1) -> Fault:
    """Have AWS refuse this call, and ``times - 1`` after it, for their rate, all retries being used up."""
    return Fault(_FaultKind.THROTTLED, call_number, call_number + times - 1)


def expire_credentials_at(call_number: int) -> Fault:
    """Have AWS refuse this call, and all after it, because the session has ended."""
    return Fault(_FaultKind.EXPIRED, call_number, None)


def lose_answer(call_number: int) -> Fault:
    """Have this call carried out, as recorded, and the connection closed before its answer comes."""
    return Fault(_FaultKind.LOST, call_number, call_number)
