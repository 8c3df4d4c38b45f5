"""Changes that were begun, and nobody knows how they ended: AWS is asked before anything is decided."""

from collections.abc import Iterable, Iterator

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions.aws_errors import AnswerLost, AwsInteractionError
from aws_operations.changes import Change, ChangeResult, ResultStatus, change_kind
from aws_operations.fleet import ProviderFor

_KIND_WITH_HELD_VALUES = "secrets"
_HELD = "held:"


def read_back_each(changes: Iterable[Change], provider_for: ProviderFor) -> Iterator[ChangeResult]:
    """Ask of each change whether it was carried out; sends nothing but reads.

    ``APPLIED`` or ``UNCHANGED`` is its result. ``FAILED`` means that it was not carried out, so that it may
    be. ``UNKNOWN``, with an ``AnswerLost``, means that nothing tells, and that it must not be repeated.
    """
    for change in changes:
        try:
            status = change_kind(change.kind).read_back(change, provider_for(change.target))
        except (AwsInteractionError, ClientError, BotoCoreError) as error:
            yield _unknown(change, f"it could not be looked at: {error}", error)
            continue
        if status is ResultStatus.UNKNOWN:
            yield _unknown(change, "looking at it does not tell", None)
        else:
            yield ChangeResult(change, status)


def needs_lost_value(change: Change) -> bool:
    """Say whether a change stores a secret value that another process held, and this one does not."""
    is_of_secrets = change.kind.partition(".")[0] == _KIND_WITH_HELD_VALUES
    if not is_of_secrets or not (change.payload_ref or "").startswith(_HELD):
        return False
    from aws_operations.secrets.held_values import is_value_held

    return not is_value_held(change.payload_ref)


def _unknown(change: Change, why: str, cause: Exception | None) -> ChangeResult:
    message = f"{change.resource}: it was begun, and {why}; it was not repeated"
    error = AnswerLost(message, resource=change.resource)
    error.__cause__ = cause
    return ChangeResult(change, ResultStatus.UNKNOWN, error)
