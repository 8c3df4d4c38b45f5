"""Credentials that are found when first used, once, and whose failures are this package's errors."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from botocore.credentials import Credentials, ReadOnlyCredentials

from aws_interactions.credential_errors import translate_credential_errors
from aws_interactions.secret_redaction import register_secret

if TYPE_CHECKING:
    from mypy_boto3_sts.client import STSClient


logger = logging.getLogger(__name__)

_FAILURE_SERVES_SECONDS = 1.0


class SharedRefresh:
    """What refreshes botocore's credentials; its failure serves all who ask within a second.

    botocore calls it under a lock, which many threads wait for near the end of a session: each of them
    would make a failing call of its own.
    """

    def __init__(self, refresh: Callable[[], Any], label: str) -> None:
        self._refresh = refresh
        self._label = label
        self._failure: Exception | None = None
        self._failed_at = 0.0

    def __call__(self) -> Any:
        """Return the new credentials as botocore's dictionary, or raise what went wrong."""
        if self._failure is not None and time.monotonic() - self._failed_at < _FAILURE_SERVES_SECONDS:
            raise self._failure.with_traceback(None)
        self._failure = None
        try:
            return self._refresh()
        except Exception as error:
            logger.info("cannot refresh the credentials of %s: %s", self._label, error)
            self._failure, self._failed_at = error, time.monotonic()
            raise


class LazyCredentials(Credentials):
    """Credentials of one identity, for any number of clients and threads.

    ``find`` is called at first use, under a lock, and again only if it failed; threads that waited for
    a call that failed get its error and make none of their own. What it returns refreshes itself; so
    ``get_frozen_credentials`` may call AWS, and raises ``CredentialsProblem`` and the other kinds, also
    in the middle of another call's signing. Neither pickles nor copies.

    ``may_renew`` is asked whether those that AWS calls expired may be found again. ``is_short_lived``:
    of such only the newest thousand are remembered for redaction.
    """

    def __init__(
        self,
        find: Callable[[], Credentials],
        *,
        label: str,
        role_arn: str | None = None,
        may_renew: Callable[[Credentials], bool] = lambda _found: True,
        is_short_lived: bool = False,
    ) -> None:
        # The base constructor wants the keys, which are not known yet.
        self.label = label
        self.method = "assume-role" if role_arn else "base"
        self._find = find
        self._role_arn = role_arn
        self._may_renew = may_renew
        self._is_short_lived = is_short_lived
        self._found: Credentials | None = None
        self._failures = 0
        self._last_failure: Exception | None = None
        self._lock = threading.Lock()
        self._registered_secret: str | None = None
        self._hopeless_key_id: str | None = None

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return keys and token that belong together, fetched or refreshed if it is time to."""
        with self._translated_errors():
            frozen = self._resolved().get_frozen_credentials()
        if frozen.secret_key != self._registered_secret:
            self._registered_secret = frozen.secret_key
            for secret in (frozen.secret_key, frozen.token):
                register_secret(secret or "", is_short_lived=self._is_short_lived)
        return frozen

    def renew(self, refused_key_id: str) -> bool:
        """Find the credentials again because AWS called those with this key expired; once for all threads.

        True if there are others now; false for a key that cannot or may not be had anew, such as a static
        one. Raises what ``get_frozen_credentials`` does.
        """
        if refused_key_id == self._hopeless_key_id:
            return False
        with self._lock:
            if self._found is not None and _key_id_of(self._found) == refused_key_id:
                if not self._may_renew(self._found):
                    return False
                logger.info("AWS calls the credentials of %s expired: they are got again", self.label)
                self._found = None
        is_other = self.get_frozen_credentials().access_key != refused_key_id
        if not is_other:
            self._hopeless_key_id = refused_key_id
        return is_other

    @property
    def is_found(self) -> bool:
        """Whether a first use has succeeded; asks nobody."""
        return self._found is not None

    @property
    def expires_at(self) -> datetime | None:
        """When these credentials end, in UTC; ``None`` if they do not, or nobody knows."""
        with self._translated_errors():
            expiry = getattr(self._resolved(), "_expiry_time", None)
        return expiry.astimezone(UTC) if isinstance(expiry, datetime) else None

    @property
    def access_key(self) -> Any:  # type: ignore[override] # an attribute in the base
        """The access key id; like the next three, only safe alone: frozen credentials are a set."""
        return self.get_frozen_credentials().access_key

    @property
    def secret_key(self) -> Any:  # type: ignore[override] # an attribute in the base
        """The secret access key."""
        return self.get_frozen_credentials().secret_key

    @property
    def token(self) -> Any:  # type: ignore[override] # an attribute in the base
        """The session token, if the credentials are temporary."""
        return self.get_frozen_credentials().token

    @property
    def account_id(self) -> Any:
        """The account that the source of the keys named, unchecked; not used for any decision."""
        return self.get_frozen_credentials().account_id

    def _resolved(self) -> Credentials:
        found = self._found
        if found is None:
            failures_before = self._failures
            with self._lock:
                found = self._found
                if found is None:
                    found = self._found = self._find_unless_failed_since(failures_before)
        return found

    def _find_unless_failed_since(self, failures_before: int) -> Credentials:
        # Otherwise a crowd of threads would wait out one time-out, or MFA prompt, after the other.
        if self._failures != failures_before and self._last_failure is not None:
            raise self._last_failure
        self._last_failure = None  # its traceback holds on to more than anybody needs
        try:
            return self._with_shared_refresh(self._find())
        except Exception as error:
            self._last_failure = error
            self._failures += 1
            raise

    def _with_shared_refresh(self, found: Credentials) -> Credentials:
        refresh = vars(found).get("_refresh_using")
        if refresh is not None:
            vars(found)["_refresh_using"] = SharedRefresh(refresh, self.label)
        return found

    def _translated_errors(self) -> AbstractContextManager[None]:
        return translate_credential_errors(self.label, role_arn=self._role_arn)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.label!r})"

    def __reduce__(self) -> NoReturn:
        message = "credentials are secret: they neither pickle nor copy"
        raise TypeError(message)


def _key_id_of(found: Credentials) -> str | None:
    """Return the key id that credentials have now; waits for a refresh that is under way, starts none."""
    with vars(found).get("_refresh_lock") or nullcontext():
        frozen = vars(found).get("_frozen_credentials", found)
        return None if frozen is None else frozen.access_key


def caller_account(sts_client: "STSClient", *, label: str) -> str:
    """Return the account that a client's credentials act in (STS GetCallerIdentity)."""
    with translate_credential_errors(label):
        return sts_client.get_caller_identity()["Account"]
