"""Changes carried out and taken back, as they are after they were kept in a journal."""

from collections.abc import Iterable

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.applying import apply_changes
from aws_operations.changes import CannotUndo, Change, ResultStatus, change_kind


def done(changes_made: Iterable[Change], aws_provider: AwsClientProvider) -> Change:
    """Carry out one change, and return it as it is after it was kept in a journal."""
    [change] = changes_made
    kept = Change.from_json(change.to_json())
    [result] = apply_changes([kept], lambda _: aws_provider)
    assert result.status is ResultStatus.APPLIED, result.error
    return kept


def inverse(change: Change, aws_provider: AwsClientProvider) -> Change:
    """Return the one change that takes a change back, planned by reading only."""
    invert = change_kind(change.kind).invert
    assert invert is not None
    [found] = invert(change, aws_provider.read_only())
    return found


def undone(change: Change, aws_provider: AwsClientProvider) -> Change:
    """Take a change back, and return what did so."""
    return done([inverse(change, aws_provider)], aws_provider)


def why_not(change: Change, aws_provider: AwsClientProvider) -> str:
    """Return the reason for which a change cannot be taken back."""
    with pytest.raises(CannotUndo) as caught:
        inverse(change, aws_provider)
    assert caught.value.resource == change.resource
    return str(caught.value)
