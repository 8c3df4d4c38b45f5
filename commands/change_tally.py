"""What came of the changes of a run: counted, shown as it comes, and told honestly when it ends early."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aws_interactions.aws_errors import AnswerLost, WaitTimedOut
from aws_operations.changes import Change, ChangeResult, ResultStatus
from aws_operations.run_control import NotTried, RunControl
from aws_operations.targets import Target
from commands.change_rows import ChangeResultRow
from commands.console import Console
from commands.error_lines import error_line, place
from commands.exit_codes import CantWriteOutput, ExitCode, exit_code_for
from commands.row_writers import RowWriter
from commands.wording import counted, named

NOBODY_READS = "nobody takes the results"


@dataclass(slots=True)
class ChangeTally:
    """Counts results as they come; the first error of a single target decides its exit code.

    Only ``begin`` and ``forget`` are for other threads than the runner's own.
    """

    planning_errors: list[Exception] = field(default_factory=list)
    unplanned: list[Target] = field(default_factory=list)
    """The targets in which nothing could be planned."""
    not_tried: int = 0
    """How many of the skipped changes were not tried because enough had failed: they are left."""
    results: Counter[ResultStatus] = field(default_factory=Counter)
    first_error: Exception | None = None
    _under_way: dict[int, Change] = field(default_factory=dict)

    def begin(self, changes: Sequence[Change]) -> None:
        """Take note that changes are about to be sent."""
        # By identity, as a change of many parts is dear to compare.
        self._under_way.update((id(change), change) for change in changes)

    def add(self, result: ChangeResult) -> None:
        """Count a result."""
        if self._under_way.pop(id(result.change), None) is None:
            alike = [key for key, change in list(self._under_way.items()) if change == result.change]
            for key in alike:
                del self._under_way[key]
        self.results[result.status] += 1
        self.not_tried += isinstance(result.error, NotTried)
        self.first_error = self.first_error or result.error

    def forget(self, changes: Sequence[Change]) -> None:
        """Take note that changes were not carried out and are to be seen as never begun."""
        for change in changes:
            self._under_way.pop(id(change), None)

    def under_way(self) -> list[Change]:
        """Return what was begun and has no result yet."""
        return list(self._under_way.values())

    def left(self, planned: int) -> int:
        """Return how many of so many planned changes have no result."""
        return planned - self.results.total()

    def exit_code(self, *, is_many: bool) -> ExitCode:
        """Return the exit code of the run; signals and deadlines are somebody else's matter."""
        is_lost = any(isinstance(error, AnswerLost | WaitTimedOut) for error in self.planning_errors)
        if self.results[ResultStatus.UNKNOWN] or is_lost:
            return ExitCode.UNKNOWN
        if not self.results[ResultStatus.FAILED] and not self.planning_errors:
            return ExitCode.COMPLETE
        if is_many or self.results[ResultStatus.APPLIED] or self.first_error is None:
            return ExitCode.PARTIAL
        return exit_code_for(self.first_error)

    def counts(self) -> str:
        """Return how many results there are of each kind, and which targets could not be planned."""
        counts = {str(status): count for status, count in self.results.items()}
        if self.not_tried:
            counts[ResultStatus.SKIPPED] -= self.not_tried
            counts["not tried"] = self.not_tried
        parts = [f"{count} {word}" for word, count in counts.items() if count] or ["none applied"]
        return ", ".join([*parts, *self.not_planned()])

    def not_planned(self) -> list[str]:
        """Return what says which targets could not be planned, if there are any."""
        if not self.unplanned:
            return []
        what = f"{counted(len(self.unplanned), 'target')} could not be planned"
        return [f"{what} ({named([place(target) for target in self.unplanned])})"]

    def say_end(
        self,
        planned: int,
        console: Console,
        error: BaseException | None = None,
        *,
        how_to_go_on: str = "",
    ) -> None:
        """Tell what became of so many planned changes, when an error or a stop ended the run.

        ``how_to_go_on`` is the end of the line, on how to do the rest.
        """
        under_way = len(self._under_way)
        not_begun = self.left(planned) - under_way
        if under_way or not_begun:
            parts = [f"{under_way} under way, outcome unknown"] if under_way else []
            parts += [f"{not_begun} not begun"] if not_begun else []
            told = "; ".join([self.counts(), *parts])
            console.warn(f"stopped early: {told}{how_to_go_on}")
        elif error is None or isinstance(error, KeyboardInterrupt | SystemExit):
            console.note(f"{counted(planned, 'change')}: {self.counts()}{how_to_go_on}")
        elif not isinstance(error, BrokenPipeError):
            # Whoever closed the pipe has seen enough; all was made, and failures have their lines.
            console.warn(f"not all of the results could be written: {self.counts()}{how_to_go_on}")


@dataclass(slots=True)
class ResultTaker:
    """Counts and shows each result; an output that takes no more stops the run, and loses no result."""

    tally: ChangeTally
    writer: RowWriter
    watch: Callable[[ChangeResult], None]
    console: Console
    control: RunControl
    is_only: bool
    output_error: Exception | None = None

    def take(self, target: Target, result: ChangeResult) -> None:
        """Count a result and show it."""
        self.tally.add(result)
        self.watch(result)
        if self.output_error is not None:
            return
        try:
            self._show(target, result)
        except (BrokenPipeError, CantWriteOutput) as error:
            # What is under way goes on to its end all the same.
            self.output_error = error
            self.control.stop(NOBODY_READS)

    def end(self) -> None:
        """Take what is still under way for unknown, and raise what was wrong with the output."""
        for change in self.tally.under_way():
            message = f"{change.resource}: the run ended before the answer came"
            error = AnswerLost(message, resource=change.resource)
            self.take(change.target, ChangeResult(change, ResultStatus.UNKNOWN, error))
        if self.output_error is not None:
            raise self.output_error

    def _show(self, target: Target, result: ChangeResult) -> None:
        self.writer.write_from(target, ChangeResultRow.of(result))
        if result.error is not None and result.status is not ResultStatus.SKIPPED:
            self.console.error(error_line(result.error, target, is_only=self.is_only))
