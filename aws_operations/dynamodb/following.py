"""Work that AWS does by itself once it is begun, followed to its end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions.aws_errors import AnswerLost, AwsInteractionError, Conflict, WaitTimedOut
from aws_operations.changes import CarriedOutInPart, Change, JsonObject, as_kind


@dataclass(frozen=True, slots=True)
class Following:
    """How long something is followed, and how often it is looked at, in seconds."""

    timeout: float = 1800
    interval: float = 15

    def to_json(self) -> JsonObject:
        """Return it as a plan holds it."""
        return {"timeout": self.timeout, "interval": self.interval}


def following_of(change: Change) -> Following | None:
    """Return how what a change begins is to be followed, ``None`` if it is not."""
    found = (change.precondition or {}).get("follow")
    return None if found is None else Following(**found)


def precondition_with(following: Following | None, **more: Any) -> JsonObject:
    """Return the precondition of a change that begins something, with how it is to be followed."""
    return {**more, **({} if following is None else {"follow": following.to_json()})}


def follow(change: Change, wait: Callable[[Following], object]) -> None:
    """Wait for the end of what a change has begun, if it is to be followed.

    Where AWS says that it went wrong, that is ``CarriedOutInPart``: what was done until then is there. Where
    its end is not seen, in the time that is given or for an answer that did not come, that is ``AnswerLost``:
    AWS goes on with it.
    """
    following = following_of(change)
    if following is None:
        return
    try:
        wait(following)
    except Conflict as error:
        message = f"{error}; what AWS did until then is there"
        raise as_kind(CarriedOutInPart, message, change, error) from error
    except WaitTimedOut as error:
        raise as_kind(AnswerLost, f"{error}; AWS goes on with it", change, error) from error
    except (AwsInteractionError, ClientError, BotoCoreError) as error:
        message = f"{change.resource}: AWS has begun it, but its end could not be seen: {error}"
        raise as_kind(AnswerLost, message, change, error) from error
