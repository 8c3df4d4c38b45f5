"""Whether one target's trouble with credentials is everybody's: the base identity itself has ended."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from aws_interactions.aws_errors import AwsInteractionError, CredentialsProblem, WrongAccount, kind_of
from aws_interactions.sts_interactions import get_caller_identity

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

_ANSWER_SERVES_SECONDS = 1.0


class BaseCredentials:
    """Knows whether a base provider's credentials still serve; for all threads of a run.

    AWS is asked only because of an error, by one thread at a time, and an answer serves for ``seconds``.
    """

    def __init__(
        self,
        base_provider: "AwsClientProvider",
        *,
        seconds: float = _ANSWER_SERVES_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_provider = base_provider
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._answered_at: float | None = None
        self._problem: CredentialsProblem | None = None

    def have_ended(self, error: Exception) -> bool:
        """Say whether a target failed with ``error`` because the base credentials have ended."""
        return self.problem_behind(error) is not None

    def problem_behind(self, error: Exception) -> CredentialsProblem | None:
        """Return what is wrong with the base credentials if a target failed because of it, else ``None``.

        For an error about credentials the base is asked who it is (GetCallerIdentity), and where its own
        region may be off, in one that nobody can switch off: an ended session of one target's role, or a
        region that is off, is that target's own. Nobody reached, or any refusal that is not about
        credentials, is no sign of their end.
        """
        if not is_about_credentials(error):
            return None
        came_at = self._clock()
        with self._lock:
            # Who waited for the lock has the answer that came meanwhile, however long it took.
            if self._answered_at is None or came_at - self._answered_at >= self._seconds:
                self._problem = self._ask()
                self._answered_at = self._clock()
            return self._problem

    def _ask(self) -> CredentialsProblem | None:
        from aws_operations.region_status import always_on_region, looks_like_region_off

        base = self._base_provider
        problem = _problem_of(base)
        always_on = always_on_region(base.aws_region)
        if problem is None or base.aws_region == always_on or not looks_like_region_off(problem):
            return problem
        return _problem_of(base.for_region(always_on))


def _problem_of(aws_provider: "AwsClientProvider") -> CredentialsProblem | None:
    try:
        get_caller_identity(aws_provider)
    except CredentialsProblem as problem:
        return problem
    except Exception as error:
        if isinstance(error, AwsInteractionError) or kind_of(error) is not None:
            return None
        raise
    return None


def is_about_credentials(error: Exception) -> bool:
    """Say whether an error may come from credentials that have ended; a wrong account never does."""
    if isinstance(error, AwsInteractionError):
        return isinstance(error, CredentialsProblem) and not isinstance(error, WrongAccount)
    return kind_of(error) is CredentialsProblem
