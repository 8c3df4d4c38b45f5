"""A session that AWS calls expired is replaced, once for all threads, and the refused request sent again.

Credentials refresh themselves before the end that they were given. AWS may end them sooner, or by another
clock. Such a refusal comes before any work is done, so that sending again repeats nothing; a request
that lost an earlier answer is not sent again (``retry_quota`` ends it).

It rides on botocore's signing context and its ``needs-retry`` event; a test fails when one moves.
"""

from typing import Any, Protocol

from botocore.credentials import ReadOnlyCredentials

from aws_interactions.credential_errors import EXPIRED_CODES


class Renewable(Protocol):
    """Credentials that can be had anew."""

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return keys and token that belong together."""

    def renew(self, refused_key_id: str) -> bool:
        """Get other credentials than the refused ones; false if there are none."""


class LentCredentials:
    """One target's credentials, lent to one request, which remember the key that signed it."""

    __slots__ = ("_credentials", "_is_renewed", "_signed_with")

    def __init__(self, credentials: Renewable) -> None:
        self._credentials = credentials
        self._signed_with: str | None = None
        self._is_renewed = False

    @property
    def is_found(self) -> bool:
        """Whether the credentials are there, so that asking for them asks nobody else."""
        return bool(getattr(self._credentials, "is_found", False))

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return keys and token that belong together, for the next try."""
        frozen = self._credentials.get_frozen_credentials()
        self._signed_with = frozen.access_key
        return frozen

    def renew(self) -> bool:
        """Say whether the next try will be signed with another key than the refused one.

        True once for a request: a second refusal is its end.
        """
        if self._is_renewed or self._signed_with is None:
            return False
        self._is_renewed = True
        return self._credentials.renew(self._signed_with)


def lend(credentials: Any) -> Any:
    """Return what one request may sign with: the credentials, watched over if they can be had anew."""
    return LentCredentials(credentials) if hasattr(credentials, "renew") else credentials


def install_session_renewal(client: Any) -> None:
    """Let the clients that are bound to a prototype replace sessions that AWS calls expired."""
    service_event = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"needs-retry.{service_event}", _retry_with_new_session)


def _retry_with_new_session(response: Any, request_dict: dict[str, Any], **_: object) -> int | None:
    if response is None or response[1].get("Error", {}).get("Code") not in EXPIRED_CODES:
        return None
    lent = request_dict["context"].get("signing", {}).get("request_credentials")
    return 0 if isinstance(lent, LentCredentials) and lent.renew() else None
