from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.changes import Change


def is_at_rest(_: AwsClientProvider) -> None:
    """Prepare nothing."""


@dataclass(frozen=True, slots=True)
class Story:
    """A change of a kind in an empty AWS: what has to be there, how it is planned, what it changes.

    ``state`` is what undoing has to bring back. ``nothing_tells`` says why no reading back can find out
    whether a change of the kind was made.
    """

    plan: Callable[[AwsClientProvider], Iterable[Change]]
    state: Callable[[AwsClientProvider], object]
    prepare: Callable[[AwsClientProvider], None] = field(default=is_at_rest)
    nothing_tells: str | None = None
