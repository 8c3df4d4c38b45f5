"""Why a plan is not applied, although its file is whole; nothing was changed by then."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from aws_operations.guards import GuardRefused

LONGEST_VALIDITY: Final = timedelta(days=7)
"""How long a plan that a command saves may hold; as long it is remembered which run applied it."""


class PlanExpired(GuardRefused):
    """The plan is too old to be applied."""

    def __init__(self, path: Path, expires: datetime) -> None:
        super().__init__(
            f"the plan {path} expired at {moment_text(expires)}; nothing was changed: make the plan again"
        )
        self.expires = expires


class PlanFromTheFuture(GuardRefused):
    """The plan was made later than it is now, so that nobody knows how old it is: a clock is wrong."""

    def __init__(self, path: Path, made: datetime, now: datetime) -> None:
        super().__init__(
            f"the plan {path} was made at {moment_text(made)}, and it is {moment_text(now)} here; nothing "
            "was changed: set the clock that is wrong, and if that was the other one make the plan again"
        )
        self.made = made


class PlanOfSomebodyElse(GuardRefused):
    """The plan was made in another account or as another identity than those that would apply it."""

    def __init__(self, path: Path, *, made_as: str, actual: str) -> None:
        super().__init__(
            f"the plan {path} was made as {made_as}, and this is {actual}; nothing was changed: apply it as "
            "the one who made it, or make a plan of your own"
        )
        self.made_as = made_as
        self.actual = actual


class PlanInUse(GuardRefused):
    """Another process applies the plan at this moment."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"another process applies the plan {path} at this moment; this one changed nothing: see 'runs "
            "list' for what becomes of it"
        )


class PlanDrifted(GuardRefused):
    """What the plan is about is not as it was when the plan was made, or could not be looked at."""

    def __init__(self, path: Path, *, drifted: int, unseen: int, total: int) -> None:
        parts = [
            f"{drifted} not as planned any more" if drifted else "",
            f"{unseen} could not be looked at" if unseen else "",
        ]
        what = ", ".join(part for part in parts if part)
        changes = "1 change" if total == 1 else f"{total} changes"
        super().__init__(f"the plan {path} has {changes}: {what}; nothing was changed: make the plan again")
        self.drifted = drifted
        self.unseen = unseen


def moment_text(moment: datetime) -> str:
    """Return a moment as people have it: ISO 8601, UTC, whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
