"""Explicit static keys, kept out of logs, copies and pickles."""

from dataclasses import dataclass, field
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class AccessKeys:
    """An access key pair, with a session token if the keys are temporary.

    Its ``repr`` shows none of them, and it neither pickles nor copies: what travels between
    processes is the provider's specification, never its secrets.
    """

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return "AccessKeys(redacted)"

    def __reduce__(self) -> NoReturn:
        message = "access keys are secret: they neither pickle nor copy"
        raise TypeError(message)
