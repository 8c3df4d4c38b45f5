"""What may end a run before its targets do: a signal, too many failures, its deadline."""

import time
from collections.abc import Callable

from aws_interactions.aws_errors import AwsInteractionError

_LONGEST_NAP = 0.1
_GRACE_AT_DEADLINE = 1.0
DEADLINE = "its deadline came"
CREDENTIALS_ENDED = "its credentials ended"


class RunStopped(Exception):
    """The run was stopped, so that this target, or this change, was not finished; AWS refused nothing."""


class TargetSkipped(AwsInteractionError):
    """There is nothing to do in a target, or nobody may: its region is off, its account suspended."""


class NotTried(TargetSkipped):
    """A target, or a change, that was not begun because enough of them had failed before."""

    def __init__(self, message: str = "not tried: enough had failed") -> None:
        super().__init__(message)


class RunControl:
    """Tells everything that takes part in a run whether it goes on; for all threads and signal handlers.

    ``max_failures``: so many failed targets or changes, and no more are begun. ``deadline_seconds`` counts
    from now. After a stop, what runs has ``grace_seconds`` to come to its end; after the deadline only one.
    No lock is in it, so that a signal handler may call ``stop`` wherever it interrupts.
    """

    def __init__(
        self,
        *,
        max_failures: int | None = None,
        deadline_seconds: float | None = None,
        grace_seconds: float = 8.0,
        clock: Callable[[], float] = time.monotonic,
        nap: Callable[[float], None] = time.sleep,
    ) -> None:
        self._max_failures = max_failures
        self._clock = clock
        self._nap = nap
        self._deadline = None if deadline_seconds is None else clock() + deadline_seconds
        self._grace = grace_seconds
        self._reason: str | None = None
        self._stopped_at = 0.0
        self._failures: list[None] = []  # append is atomic, and += on a number is not

    def stop(self, reason: str) -> None:
        """End the run; the first reason counts."""
        if self._reason is None:
            self._stopped_at = self._clock()
            self._reason = reason

    @property
    def reason(self) -> str | None:
        """Why the run was stopped, ``None`` while it goes on; the failure limit is not a stop."""
        if self._reason is None and self._deadline is not None and self._clock() >= self._deadline:
            self.stop(DEADLINE)
        return self._reason

    @property
    def grace_seconds(self) -> float:
        """How long what runs may take to come to its end after a stop."""
        return min(self._grace, _GRACE_AT_DEADLINE) if self.reason == DEADLINE else self._grace

    @property
    def has_deadline(self) -> bool:
        """Whether the clock may end the run."""
        return self._deadline is not None

    @property
    def is_stopped(self) -> bool:
        """Whether whatever runs is to end now."""
        return self.reason is not None

    def add_failure(self) -> None:
        """Count a failed target or change."""
        self._failures.append(None)

    @property
    def has_failed_enough(self) -> bool:
        """Whether nothing more is to be begun; what runs goes on to its end."""
        return self._max_failures is not None and len(self._failures) >= self._max_failures

    def check(self, *, seconds_left: float = 0.0) -> None:
        """Raise ``RunStopped`` if the run was stopped, and so many seconds have gone since."""
        reason = self.reason
        if reason is not None and self._clock() - self._stopped_at >= seconds_left:
            raise RunStopped(reason)

    def sleep(self, seconds: float) -> None:
        """Wait, but raise ``RunStopped`` as soon as the run is stopped."""
        end = self._clock() + seconds
        while True:
            self.check()
            left = end - self._clock()
            if left <= 0:
                return
            self._nap(min(left, _LONGEST_NAP))
