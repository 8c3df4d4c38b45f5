"""Long pieces of work: what they have of the run that they are part of, and what the run keeps of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aws_operations.run_control import RunControl


class StepStore(Protocol):
    """Keeps how far the steps of jobs are; ``job`` tells a job from others of the same run."""

    def kept(self, job: str) -> Mapping[str, str]:
        """Return what is kept, by the names of the steps."""
        ...

    def keep(self, job: str, steps: Mapping[str, str]) -> bool:
        """Keep how far steps are, all or nothing; says whether a run that goes on will know."""
        ...


class NoSteps:
    """Keeps nothing: a job that ends early begins anew."""

    def kept(self, job: str) -> Mapping[str, str]:  # noqa: ARG002 - as the protocol has it
        """Return nothing."""
        return {}

    def keep(self, job: str, steps: Mapping[str, str]) -> bool:  # noqa: ARG002 - as the protocol has it
        """Keep nothing."""
        return False


def _nobody_counts(_count: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Job:
    """What a job has of its run: what may end it, where its steps are kept, and who counts how far it is.

    ``run_id`` names what it leaves on disk while it is under way, so that the run finds it again. ``expect``
    is told how many things there are, ``done`` how many more are done.
    """

    run_id: str | None = None
    steps: StepStore = field(default_factory=NoSteps)
    control: RunControl = field(default_factory=RunControl)
    expect: Callable[[int], None] = _nobody_counts
    done: Callable[[int], None] = _nobody_counts


ALONE = Job()
"""A job that is part of no run: nothing of it is kept, and nobody counts."""
