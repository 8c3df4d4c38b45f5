"""What bound clients write into botocore's request context, and the one place that knows the keys.

Botocore hands one dictionary, the request context, to every handler of a call. Whatever rides on
shared clients (gate, quota, redirects, recorders) finds out from it for whom the call is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

IDENTITY_KEY = "manage_resources_identity"
CLIENT_KEY = "manage_resources_client"
READ_KEY = "manage_resources_read"
LOST_ANSWER_KEY = "manage_resources_lost_answer"
PACE_KEY = "manage_resources_pace"
RECORD_KEY = "manage_resources_record"


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """For whom a call is made: the account if it is known by now, the region, and a stable label.

    ``label`` tells identities apart where the account is not known yet; it is never a secret.
    """

    aws_account: str | None
    aws_region: str
    label: str


def identity_of(context: Mapping[str, Any]) -> ClientIdentity | None:
    """Return for whom the call with this request context is made; ``None`` if no bound client made it."""
    identity = context.get(IDENTITY_KEY)
    return identity if isinstance(identity, ClientIdentity) else None


def client_of(context: Mapping[str, Any]) -> Any | None:
    """Return the bound client that makes the call, or ``None`` if no bound client made it."""
    reference = context.get(CLIENT_KEY)
    return reference() if reference is not None else None
