"""What can be wrong with the journal, and with what is asked of it."""

from collections.abc import Sequence
from pathlib import Path

from aws_operations.guards import GuardRefused


class JournalProblem(Exception):
    """The journal cannot be used as it is; ``path`` is its file."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


class JournalUnusable(JournalProblem):
    """The journal cannot be opened or read: no folder for it, no permission, damaged, of a later version."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, f"the journal {path} cannot be used: {reason}")


class JournalUnwritable(JournalProblem):
    """The journal takes no more: a full disk, another process that does not let go of it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, f"the journal {path} takes no more: {reason}")


_WORDS_BY_WANTED = {"last": "there is no run yet", "last-failed": "there is no run that failed"}


class NoSuchRun(LookupError):
    """No run, or more than one, has an id that begins so."""

    def __init__(self, wanted: str, candidates: Sequence[str] = ()) -> None:
        which = f"could be {', '.join(candidates)}" if candidates else "is no run"
        super().__init__(_WORDS_BY_WANTED.get(wanted) or f"{wanted} {which}")
        self.wanted = wanted
        self.candidates = tuple(candidates)

    def __str__(self) -> str:
        return str(self.args[0])


class RunIsHeld(GuardRefused):
    """A run is under way, here or in another process, so that nobody else may touch it."""

    def __init__(self, run_id: str, process_id: int) -> None:
        super().__init__(f"run {run_id} is under way, in process {process_id}; wait for its end, or end it")
        self.run_id = run_id


class PlanUsed(GuardRefused):
    """A plan was applied before, by a run that is in the journal; it is applied once only.

    ``has_left`` says that the run did not come to all of its changes, ``has_failed`` that some failed.
    """

    def __init__(
        self, run_id: str, *, is_under_way: bool = False, has_left: bool = False, has_failed: bool = False
    ) -> None:
        is_or_was, became = ("is being", "becomes") if is_under_way else ("was", "became")
        resume = f"manage-resources runs resume {run_id}"
        how_to_go_on = ""
        if has_left and not is_under_way:
            how_to_go_on = f"; do what is left of it: {resume}"
        elif has_failed and not is_under_way:
            how_to_go_on = f"; try what failed again: {resume} --failed"
        super().__init__(
            f"the plan {is_or_was} applied by run {run_id}; this one changed nothing. "
            f"See what {became} of it: manage-resources runs show {run_id} --changes{how_to_go_on}"
        )
        self.run_id = run_id


class NothingToResume(GuardRefused):
    """A run ended before it was written down what it would do, so that there is nothing to go on with.

    One that changes things ended before these were agreed on, one that reads before its targets were kept.
    """

    def __init__(self, run_id: str, *, is_writing: bool = True) -> None:
        what = "its changes were agreed on; nothing was changed" if is_writing else "it read anything"
        super().__init__(f"run {run_id} ended before {what}: run the command anew")
        self.run_id = run_id


class OtherAccount(GuardRefused):
    """A run was begun with credentials of another account than those that would resume it."""

    def __init__(self, run_id: str, *, began_in: str, actual_account: str) -> None:
        super().__init__(
            f"run {run_id} was begun with credentials of account {began_in}, and these are of "
            f"{actual_account}; nothing was done"
        )
        self.run_id = run_id
        self.began_in = began_in
        self.actual_account = actual_account
