"""The call budget: how fast one run may ask AWS, for each account, region and service.

Each (account, region, service) has a bucket of its own, so that one throttled account slows no other.
A bucket is unlimited until it is throttled (or has a limit from the start), and adapts from there:
throttling halves the rate at which it began, answers let it rise again, slowly near the rate at which
throttling began and faster beyond (the curve of CUBIC, RFC 9438), doubling at most with each answer.

Calls are served in the order in which they came: each takes a ticket, and the rate says how many tickets
are due by now. Whoever waits looks at the rate again each second, because it changes. Nothing here
knows botocore: ``paced_retries`` installs a budget on clients.
"""

import heapq
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NoReturn

from aws_interactions.api_rates import rate_limit
from aws_interactions.aws_errors import InvalidInput

_MAX_BUCKETS: Final = 10_000
_IDLE_SECONDS: Final = 120.0
_LONGEST_SLEEP: Final = 1.0
_SHORTEST_SLEEP: Final = 0.001
_ROUNDING: Final = 1e-6

_SLOWEST: Final = 0.1  # a request each ten seconds finds out whether throttling is over
_BURST_SECONDS: Final = 1.0
_MEASURED_SECONDS: Final = 1.0
_SLOWED_TO: Final = 0.5
_GROWTH: Final = 0.1  # requests a second, by seconds cubed
_MOST_GROWTH_BY_AN_ANSWER: Final = 2.0


class Bucket:
    """The pace of one (account, region, service); may be used by all threads, which never wait in it.

    ``limit`` is in requests a second, ``None`` for none; ``share`` is what this run may have of the
    rate that AWS turns out to serve. A bucket allows a second's worth of requests at once.
    """

    __slots__ = (
        "_began_at_rate",
        "_due",
        "_due_at",
        "_given_back",
        "_limit",
        "_lock",
        "_rate",
        "_recent",
        "_recent_at",
        "_served_rate",
        "_share",
        "_slowed_at",
        "_tickets",
        "used_at",
    )

    def __init__(self, *, limit: float | None, share: float, now: float) -> None:
        self.used_at = now
        self._lock = threading.Lock()
        self._limit = limit
        self._share = share
        self._rate = limit
        self._tickets = 0
        self._given_back: list[int] = []
        self._due = 0.0 if limit is None else _burst(limit)
        self._due_at = now
        self._recent = 0.0
        self._recent_at = now
        self._served_rate: float | None = None
        self._began_at_rate = 0.0
        self._slowed_at = -math.inf

    @property
    def rate(self) -> float | None:
        """Requests a second that are allowed by now; ``None`` for as many as come."""
        return self._rate

    @property
    def was_slowed(self) -> bool:
        """Whether any request was throttled: until then, answers change nothing."""
        return self._served_rate is not None

    def ask(self, ticket: int, now: float) -> tuple[int, float]:
        """Return the ticket and for how many seconds its holder has to wait yet; 0 lets the request go.

        The first time with ticket 0, which stands for none.
        """
        with self._lock:
            self.used_at = now
            if self._rate is not None:
                self._bring_up_to(now, self._rate)
                if not ticket:
                    self._tickets += 1
                    ticket = self._tickets
                missing = ticket - self._due
                if self._given_back:
                    missing -= sum(other < ticket for other in self._given_back)
                if missing > _ROUNDING:
                    return ticket, missing / self._rate + max(0.0, self._due_at - now)
            self._recent = self._recent_by(now) + 1
            self._recent_at = now
            return ticket, 0.0

    def give_back(self, ticket: int) -> None:
        """Take back the ticket of a request that will not be sent; all behind it come one sooner."""
        if ticket:
            with self._lock:
                heapq.heappush(self._given_back, ticket)

    def slow_down(self, *, sent_at: float, now: float, hold_seconds: float = 0.0) -> None:
        """Take note that a request was throttled; nobody's turn comes within ``hold_seconds``.

        Of the requests that were under way together, the first one to be throttled speaks for all.
        """
        with self._lock:
            if sent_at > self._slowed_at:
                measured = self._recent_by(now) / _MEASURED_SECONDS
                began = measured if self._rate is None else min(measured, self._rate)
                self._began_at_rate = max(began, _SLOWEST)
                self._slowed_at = now
                self._set_served_rate(self._began_at_rate * _SLOWED_TO, now)
            if hold_seconds > 0 and self._rate is not None:
                self._bring_up_to(now, self._rate)
                self._due_at = max(self._due_at, now + hold_seconds)
            # What was saved up while it was quiet is not for now.
            self._due = min(self._due, float(self._tickets - len(self._given_back)))

    def speed_up(self, *, sent_at: float, now: float) -> None:
        """Take note that a request was answered; one sent before the last slowing says nothing."""
        with self._lock:
            if self._served_rate is None or sent_at <= self._slowed_at:
                return
            began = self._began_at_rate
            plateau_after = math.cbrt(began * (1 - _SLOWED_TO) / _GROWTH)
            curve = began + _GROWTH * (now - self._slowed_at - plateau_after) ** 3
            served = self._served_rate
            self._set_served_rate(max(served, min(curve, served * _MOST_GROWTH_BY_AN_ANSWER)), now)

    def _set_served_rate(self, served_rate: float, now: float) -> None:
        slowest = _SLOWEST if self._limit is None else min(_SLOWEST, self._limit)
        self._served_rate = max(served_rate, slowest / self._share)
        if self._rate is None:
            self._due, self._due_at = float(self._tickets), now
        else:
            self._bring_up_to(now, self._rate)
        ours = self._served_rate * self._share
        self._rate = ours if self._limit is None else min(ours, self._limit)

    def _bring_up_to(self, now: float, rate: float) -> None:
        seconds = now - self._due_at
        if seconds > 0:
            in_line = self._tickets - len(self._given_back)
            self._due = min(self._due + seconds * rate, in_line + _burst(rate))
            self._due_at = now
            while self._given_back and self._given_back[0] <= self._due:
                heapq.heappop(self._given_back)
                self._due += 1

    def _recent_by(self, now: float) -> float:
        return self._recent * math.exp(min(0.0, self._recent_at - now) / _MEASURED_SECONDS)


def _burst(rate: float) -> float:
    return max(1.0, rate * _BURST_SECONDS)


class Pace:
    """How one call, with all its attempts, goes through its bucket; for the thread that makes the call."""

    __slots__ = ("bucket", "has_turn", "sent_at", "throttled_attempts", "throttled_since")

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.has_turn = False
        self.sent_at = 0.0
        self.throttled_attempts = 0
        self.throttled_since: float | None = None


class CallBudget:
    """How fast a run asks AWS: one adaptive bucket for each account, region and service.

    Give one budget, by ``ClientSettings(call_budget=...)``, to all providers of a run. All of it may be
    used by all threads; no lock is held while one sleeps.

    ``rate_per_second`` caps each bucket. ``share``, over 0 and at most 1, leaves the rest to others: a
    bucket gets that share of the rate that AWS publishes for the service (see ``api_rates``) and, after
    throttling, of the rate at which that began. With neither, a bucket is unlimited until throttled,
    but for Organizations and STS, whose rates are careful from the start.

    Where ``processes`` work on one run, each has a budget of its own with a part of what the run may have.

    A throttled call is tried again until it has spent ``patience`` seconds since it was first throttled.
    ``sleep`` does all the waiting, in pieces of a second at most; what it raises ends the call and comes
    through unchanged. Raises ``InvalidInput`` for rates that are none.
    """

    def __init__(
        self,
        *,
        rate_per_second: float | None = None,
        share: float | None = None,
        processes: int = 1,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        patience: float = 90.0,
        max_buckets: int = _MAX_BUCKETS,
    ) -> None:
        if rate_per_second is not None and not 0 < rate_per_second < math.inf:
            raise InvalidInput(f"a rate of {rate_per_second:g} requests a second: it must be over 0")
        if share is not None and not 0 < share <= 1:
            raise InvalidInput(f"a share of {share:.0%} of AWS's rate: it must be over 0 and at most 100%")
        if processes < 1:
            raise InvalidInput(f"{processes} processes: at least one makes the calls")
        self.rate_per_second = rate_per_second
        self.share = share
        self.processes = processes
        self.patience = patience
        self._sleep = sleep
        self._clock = clock
        self._max_buckets = max_buckets
        self._buckets: OrderedDict[tuple[str, str, str], Bucket] = OrderedDict()
        self._limits: dict[str, float | None] = {}
        self._lock = threading.Lock()
        self._requests = 0
        self._throttled = 0

    @property
    def requests(self) -> int:
        """How many requests were let go so far, each attempt counted."""
        return self._requests

    @property
    def throttled(self) -> int:
        """How many answers so far said that the request came too fast."""
        return self._throttled

    def __reduce__(self) -> NoReturn:
        raise TypeError("a call budget counts what one process does: send its rate and share")

    def rate_of(self, account: str, aws_region: str, service_name: str) -> float | None:
        """Return the requests a second that are allowed by now; ``None`` for as many as come."""
        bucket = self._buckets.get((account, aws_region, service_name))
        return self._limit_of(service_name) if bucket is None else bucket.rate

    def pace_for(self, account: str, aws_region: str, service_name: str) -> Pace:
        """Return what paces one call; ``account`` is its id, or what stands for it while that is unknown.

        The last 10,000 buckets used are kept; one that nobody used for two minutes starts anew.
        """
        key, now = (account, aws_region, service_name), self._clock()
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None or now - bucket.used_at > _IDLE_SECONDS:
                bucket = Bucket(limit=self._limit_of(service_name), share=self.share or 1.0, now=now)
                self._buckets[key] = bucket
            self._buckets.move_to_end(key)
            if len(self._buckets) > self._max_buckets:
                self._buckets.popitem(last=False)
        return Pace(bucket)

    def wait_for_turn(self, pace: Pace, *, after_seconds: float = 0.0, is_throttled: bool = False) -> bool:
        """Wait until an attempt may be sent; false when a throttled call's patience ran out before.

        ``after_seconds`` is slept first. Raises what ``sleep`` raises.
        """
        give_up_at = math.inf
        if is_throttled and pace.throttled_since is not None:
            give_up_at = pace.throttled_since + self.patience
        if after_seconds > 0:
            self._sleep(after_seconds)
        ticket = 0
        try:
            while True:
                now = self._clock()
                ticket, seconds = pace.bucket.ask(ticket, now)
                if seconds <= 0:
                    break
                if now >= give_up_at:
                    pace.bucket.give_back(ticket)
                    return False
                seconds = min(seconds, _LONGEST_SLEEP, give_up_at - now)
                self._sleep(max(seconds, _SHORTEST_SLEEP))
        except BaseException:
            pace.bucket.give_back(ticket)
            raise
        pace.has_turn = True
        return True

    def sending(self, pace: Pace) -> None:
        """Take note that the attempt whose turn it is goes out now."""
        pace.has_turn = False
        pace.sent_at = self._clock()
        with self._lock:
            self._requests += 1

    def answered(self, pace: Pace) -> None:
        """Take note that the attempt was answered, whatever was said but that it came too fast."""
        if pace.bucket.was_slowed:
            pace.bucket.speed_up(sent_at=pace.sent_at, now=self._clock())

    def was_throttled(self, pace: Pace, *, hold_seconds: float = 0.0) -> None:
        """Take note that AWS refused the attempt for its rate, and wants none for ``hold_seconds``."""
        now = self._clock()
        with self._lock:
            self._throttled += 1
        pace.throttled_attempts += 1
        if pace.throttled_since is None:
            pace.throttled_since = now
        pace.bucket.slow_down(sent_at=pace.sent_at, now=now, hold_seconds=hold_seconds)

    def _limit_of(self, service_name: str) -> float | None:
        if service_name not in self._limits:
            limit = rate_limit(service_name, rate_per_second=self.rate_per_second, share=self.share)
            self._limits[service_name] = None if limit is None else limit / self.processes
        return self._limits[service_name]
