"""Tells one target's trouble with credentials from the end of the run's own, which stops the run."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from aws_interactions.aws_errors import CredentialsProblem
from aws_operations.ended_credentials import BaseCredentials
from aws_operations.run_control import CREDENTIALS_ENDED, RunControl, RunStopped
from aws_operations.targets import Target
from commands.error_lines import one_line, redacted
from commands.target_setup import Fleet

if TYPE_CHECKING:
    from aws_operations.changes import Change, ChangeResult


class BaseWatch:
    """Looks at each target's error; for all threads of a run over several targets.

    Of several profiles each has credentials of its own: the end of one is its targets' error.
    """

    def __init__(self, fleet: Fleet, control: RunControl, *, profile: str | None, has_profiles: bool) -> None:
        self._fleet = fleet
        self._control = control
        self._profile = profile
        has_one_base = fleet.is_many and not has_profiles
        self._base = BaseCredentials(fleet.providers.base) if has_one_base else None
        self._problem: CredentialsProblem | None = None

    def explain(self, target: Target, error: Exception) -> Exception:
        """Return what a target's error is to be called; raises ``RunStopped`` if it is everybody's."""
        if self._is_everybodys(error):
            raise RunStopped(CREDENTIALS_ENDED)
        return self._fleet.explain(target, error)

    def results(
        self, results: "Iterable[ChangeResult]", forget: "Callable[[Sequence[Change]], None]"
    ) -> "Iterator[ChangeResult]":
        """Hand on results, without those of changes that AWS refused because of everybody's credentials.

        ``forget`` is given these: they are as if never begun.
        """
        for result in results:
            if result.error is not None and self._is_everybodys(result.error):
                forget([result.change])
            else:
                yield result

    def problem(self, done: str, how_to_go_on: str) -> str | None:
        """Return the line that says whose credentials ended, what is done, and how to go on, if they did."""
        if self._problem is None:
            return None
        whose = f"of profile {self._profile}" if self._profile else "that this run began with"
        why = redacted(one_line(str(self._problem))).removesuffix(".")
        return f"the credentials {whose} serve no more: {why}; {done}; renew them{how_to_go_on}"

    def _is_everybodys(self, error: Exception) -> bool:
        problem = None if self._base is None else self._base.problem_behind(error)
        if problem is None:
            return False
        self._problem = self._problem or problem
        self._control.stop(CREDENTIALS_ENDED)
        return True
