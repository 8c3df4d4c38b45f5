"""Credentials that are found when first used, once, and whose failures are this package's errors."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from botocore.credentials import Credentials, ReadOnlyCredentials

from aws_interactions.credential_errors import translate_credential_errors
from aws_interactions.secret_redaction import register_secret

if TYPE_CHECKING:
    from mypy_boto3_sts.client import STSClient


class LazyCredentials(Credentials):
    """Credentials of one identity, for any number of clients and threads.

    ``find`` is called at first use, under a lock, and again only if it failed; threads that waited for
    a call that failed get its error and make none of their own. What it returns refreshes itself; so
    ``get_frozen_credentials`` may call AWS, and raises ``CredentialsProblem`` and the other kinds, also
    in the middle of another call's signing. Neither pickles nor copies.
    """

    def __init__(self, find: Callable[[], Credentials], *, label: str, role_arn: str | None = None) -> None:
        # The base constructor wants the keys, which are not known yet.
        self.label = label
        self.method = "assume-role" if role_arn else "base"
        self._find = find
        self._role_arn = role_arn
        self._found: Credentials | None = None
        self._failures = 0
        self._last_failure: Exception | None = None
        self._lock = threading.Lock()
        self._registered_secret: str | None = None

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return keys and token that belong together, fetched or refreshed if it is time to."""
        with self._translated_errors():
            frozen = self._resolved().get_frozen_credentials()
        if frozen.secret_key != self._registered_secret:
            self._registered_secret = frozen.secret_key
            for secret in (frozen.secret_key, frozen.token):
                register_secret(secret or "")
        return frozen

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
        if self._found is None:
            failures_before = self._failures
            with self._lock:
                if self._found is None:
                    self._found = self._find_unless_failed_since(failures_before)
        return self._found

    def _find_unless_failed_since(self, failures_before: int) -> Credentials:
        # Otherwise a crowd of threads would wait out one time-out, or MFA prompt, after the other.
        if self._failures != failures_before and self._last_failure is not None:
            raise self._last_failure
        self._last_failure = None  # its traceback holds on to more than anybody needs
        try:
            return self._find()
        except Exception as error:
            self._last_failure = error
            self._failures += 1
            raise

    def _translated_errors(self) -> AbstractContextManager[None]:
        return translate_credential_errors(self.label, role_arn=self._role_arn)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.label!r})"

    def __reduce__(self) -> NoReturn:
        message = "credentials are secret: they neither pickle nor copy"
        raise TypeError(message)


def caller_account(sts_client: "STSClient", *, label: str) -> str:
    """Return the account that a client's credentials act in (STS GetCallerIdentity)."""
    with translate_credential_errors(label):
        return sts_client.get_caller_identity()["Account"]
