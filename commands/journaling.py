"""What a run tells the journal, and what it tells its operator of that.

The journal itself, and SQLite with it, is loaded when a run begins that is to be kept: reads in one
target do without.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from pathlib import Path
from types import NoneType, TracebackType, UnionType
from typing import TYPE_CHECKING, Any, Self, get_args, get_origin

from aws_interactions.aws_errors import AwsInteractionError
from commands.error_lines import redacted
from commands.exit_codes import ConfigurationProblem, Declined, ExitCode, exit_code_for, is_loaded_kind
from commands.options import PROGRAM, SETTINGS_OF_THE_MOMENT, Settings

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_operations.changes import Change, ChangeResult
    from aws_operations.fleet import Outcome
    from aws_operations.journal import Journal, JournalProblem, RunRecord, RunState, RunSummary, TargetRecord
    from aws_operations.targets import Target
    from commands.run_setup import Run
    from commands.target_setup import KnownTargets

# Consent is given to a run, not kept with it; guards are those in force when it goes on; the others say how
# the one who resumes wants to see it. Whether it is a dry run is what it was from its beginning on.
_NOT_KEPT = (
    "yes",
    "output",
    "query",
    "log_level",
    "debug",
    "origins",
    *sorted(SETTINGS_OF_THE_MOMENT - {"dry_run", "expect_account"}),
)
_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Resumption:
    """A run that goes on: what it was, its record and settings, and whether what failed is tried again."""

    journal: "Journal"
    run: "RunSummary"
    record: "RunRecord"
    settings: Settings
    with_failed: bool

    def targets(self) -> "list[Target]":
        """Return the targets to work in; of a run that changes things those to plan in again."""
        return [record.target for record in self.journal.targets(self.run) if self._is_wanted(record)]

    def _is_wanted(self, record: "TargetRecord") -> bool:
        if self.run.is_writing:
            return self.with_failed and (record.is_left or record.is_failed)
        return record.is_left or (self.with_failed and record.is_failed)

    def known_targets(self) -> "KnownTargets":
        """Return the targets, and whose each profile was that may act in them or make changes."""
        from commands.target_setup import KnownTargets

        of_profiles = [
            record.target
            for record in self.journal.targets(self.run)
            if record.target.aws_profile and (self.run.is_writing or self._is_wanted(record))
        ]
        return KnownTargets(
            self.targets(),
            self.run.counts.targets,
            {str(each.aws_profile): each.aws_account for each in of_profiles if each.aws_account},
        )

    def note_targets(self, known: "Sequence[Target]", found: "Sequence[Target]") -> None:
        """Write down what targets turned out to be that stood for what was never found out."""
        old, new = set(known), set(found)
        if old != new:
            self.record.replace_targets(
                [target for target in known if target not in new],
                [target for target in found if target not in old],
            )

    def check_account(self, base: "AwsClientProvider") -> None:
        """See ``check_base_account``."""
        check_base_account(self.run, base)


class RunJournal:
    """Keeps one run in the journal from ``begin`` to the end of the ``with`` block.

    Before ``begin``, and in a run that is not to be kept, nothing is written. In a run that changes
    things, a journal that takes no more stops the run: ``problem`` says so. In one that reads it is a
    warning, once. ``plan_id`` is that of the plan file whose changes it makes.
    """

    def __init__(self, the_run: "Run", *, is_writing: bool, plan_id: str | None = None) -> None:
        self._run = the_run
        self._is_writing = is_writing
        self._plan_id = plan_id
        self._record: RunRecord | None = None
        self._target_as_kept: dict[Target, Target] = {}
        self._early: list[Outcome] = []
        self._declined = False
        # What a run that changes things left can be told only once it is known what was to be changed.
        self._is_planned = not is_writing or the_run.resumption is not None
        self.problem: JournalProblem | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._record is None:
            return
        state, reason = self._end_of(error)
        from aws_operations.journal import JournalProblem

        try:
            self._record.end(state, reason)
        except JournalProblem as problem:
            self._say_what_is_missing(self._record, problem)

    @property
    def record(self) -> "RunRecord | None":
        """What the run is kept in, ``None`` where it is not kept."""
        return self._record

    @property
    def has_begun(self) -> bool:
        """Whether it is written down that the run begins."""
        return self._record is not None

    def begin(self) -> None:
        """Write down that the run begins, and in which targets; more than once is once.

        Raises ``JournalProblem`` in a run that changes things.
        """
        if self._record is not None or self.problem is not None:
            return
        from aws_operations.journal import JournalProblem

        try:
            self._record = self._begun()
        except JournalProblem as problem:
            if self._is_writing:
                raise
            self.problem = problem
            self._run.console.warn(f"{problem}; this run goes on, and cannot be resumed")
            return
        self._record.hurry_when(lambda: self._run.control.is_stopped)
        for outcome in self._early:
            self.outcome(outcome)

    def _begun(self) -> "RunRecord":
        resumption = self._run.resumption
        if resumption is not None:
            return resumption.record
        from aws_operations.journal import Journal, RunToBegin

        base = self._run.fleet.providers.base
        # Each profile has an account and a region of its own.
        has_one_base = not self._run.settings.profiles
        account, region = (account_of(base), base.aws_region) if has_one_base else (None, None)
        targets = [self._kept(target, account) for target in self._run.fleet.targets]
        with Journal() as journal:
            record = journal.begin(
                RunToBegin(
                    arguments=self._run.arguments,
                    directory=working_directory(),
                    settings=kept_settings(self._run.settings, region),
                    base_account=account,
                    is_writing=self._is_writing,
                )
            )
        try:
            record.plan_targets(targets)
        except BaseException:
            self._record = record  # to be ended by the block
            raise
        return record

    def _kept(self, target: "Target", account: str | None) -> "Target":
        kept = target if target.aws_account is not None else replace(target, aws_account=account)
        self._target_as_kept[target] = kept
        return kept

    def outcome(self, outcome: "Outcome") -> None:
        """Write down what came of a target."""
        if self._record is None:
            self._early.append(outcome)
            return
        kept = self._target_as_kept.get(outcome.target, outcome.target)
        from aws_operations.journal import JournalProblem

        try:
            self._record.outcome(replace(outcome, target=kept, rows=()))
        except JournalProblem as problem:
            if self._is_writing:
                raise
            if self.problem is None:
                self._run.console.warn(f"{problem}; this run goes on, and cannot be resumed as a whole")
            self.problem = problem

    def plan_changes(self, changes: "Iterable[Change]") -> None:
        """Write down what was agreed to be changed; raises ``JournalProblem``."""
        if self._record is not None:
            self._record.plan_changes(changes, plan_id=self._plan_id)
            self._is_planned = True

    def starting(self, changes: "Sequence[Change]") -> None:
        """Write down what is about to be sent; if it cannot be, the run is stopped and nothing is sent."""
        if self._record is None:
            return
        from aws_operations.journal import JournalProblem

        try:
            self._record.starting(changes)
        except JournalProblem as problem:
            self._stop(problem)
            raise

    def results(self, results: "Iterable[ChangeResult]") -> "Iterator[ChangeResult]":
        """Hand results on, each written down before; one that cannot be stops the run after it."""
        for result in results:
            self.note(result)
            yield result

    def not_begun(self, changes: "Sequence[Change]") -> None:
        """Write down that changes are as if never begun."""
        if self._record is not None and changes:
            self._record.not_begun(changes)

    def note(self, result: "ChangeResult") -> None:
        """Write down a result; if that cannot be, the run is stopped."""
        if self._record is None:
            return
        from aws_operations.journal import JournalProblem

        try:
            self._record.result(result)
        except JournalProblem as problem:
            self._stop(problem)

    def _stop(self, problem: "JournalProblem") -> None:
        self.problem = self.problem or problem
        self._run.control.stop("the journal takes no more")

    def decline(self) -> None:
        """Take note that somebody said no to the changes."""
        self._declined = True

    def how_to_go_on(self, *, left: int = 0, failed: int = 0, unknown: int = 0) -> str:
        """Return the end of a line that says how to go on with the run, empty if nobody need or can."""
        if self._record is None:
            return ""
        return how_to_go_on(self._record.id, left=left, failed=failed, unknown=unknown)

    def _end_of(self, error: BaseException | None) -> "tuple[RunState | None, str | None]":
        from aws_operations.journal import RunState

        if self._run.resumption is None and (self._declined or _is_refusal(error)):
            return RunState.DECLINED, _words_for(error)
        code = None if error is None else exit_code_for(error)
        if code is None:
            return None, self._run.control.reason
        if code in {ExitCode.INTERRUPTED, ExitCode.TERMINATED, ExitCode.BROKEN_PIPE}:
            state = None if self._is_planned else RunState.INTERRUPTED
            return state, code.name.lower().replace("_", " ")
        return None, _words_for(error)

    def _say_what_is_missing(self, record: "RunRecord", problem: "JournalProblem") -> None:
        missing = record.unwritten
        if not self._is_writing:
            if self.problem is None:
                self._run.console.warn(f"{problem}; the end of this run is not in it")
            return
        named = ", ".join(missing[:_MOST_NAMES]) + (" and others" if len(missing) > _MOST_NAMES else "")
        what = f"{len(missing)} results are not in it ({named})" if missing else "the end is not in it"
        self._run.console.error(f"run {record.id}: {problem}; {what}; a resume will look at them again")


def how_to_go_on(run_id: str, *, left: int, failed: int, unknown: int) -> str:
    """Return the end of a line that says how to do what is left of a run, or what failed, or is unknown."""
    resume = f"{PROGRAM} runs resume {run_id}"
    if left or unknown:
        what = "do the rest" if left else "find out what is unknown"
        return f"; {what} with: {resume}" + (" (what failed, too: add --failed)" if failed else "")
    return f"; try what failed again with: {resume} --failed" if failed else ""


def check_base_account(run: "RunSummary", base: "AwsClientProvider") -> None:
    """Raise ``OtherAccount`` if the identity is of another account than the one that began the run."""
    if run.base_account is None:
        return
    from aws_operations.journal import OtherAccount

    actual = base.get_aws_env().aws_account
    if actual != run.base_account:
        raise OtherAccount(run.id, began_in=run.base_account, actual_account=actual)


def account_of(aws_provider: "AwsClientProvider") -> str | None:
    """Return the account of an identity (GetCallerIdentity), ``None`` if nobody says."""
    try:
        return aws_provider.get_aws_env().aws_account
    except AwsInteractionError:
        return None


def working_directory() -> str:
    """Return where the process works, empty where somebody took that directory away."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def kept_settings(settings: Settings, region: str | None) -> dict[str, Any]:
    """Return settings as JSON that can do the run again; ``region`` is where it is if they name none."""
    kept = {each.name: _as_json(getattr(settings, each.name)) for each in fields(settings)}
    for name in _NOT_KEPT:
        del kept[name]
    if settings.region is None and not settings.regions:
        kept["region"] = region
    return kept


def settings_of_kept(
    kept: Mapping[str, Any], given: Settings, *, what_kept_them: str = "began this run"
) -> Settings:
    """Return the settings that were kept, with those of showing as they are given now.

    Raises ``ConfigurationProblem`` for what another version of the program kept, ``UnexpectedAccount`` where
    another account is expected now than was then.
    """
    known = {each.name for each in fields(Settings)}.difference(_NOT_KEPT)
    strange = sorted(kept.keys() - known)
    if strange:
        raise ConfigurationProblem(
            f"another version of {PROGRAM} {what_kept_them}: nothing here is called {', '.join(strange)}"
        )
    type_of = {each.name: each.type for each in fields(Settings)}
    odd = sorted(name for name, value in kept.items() if not _fits(value, type_of[name]))
    if odd:
        raise ConfigurationProblem(
            f"another version of {PROGRAM} {what_kept_them}: {', '.join(odd)} is another thing here"
        )
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()
    }
    if kept.get("config_path") is not None:
        values["config_path"] = Path(kept["config_path"])
    values["expect_account"] = _expected_account(kept.get("expect_account"), given.expect_account)
    return Settings(**values, **{name: getattr(given, name) for name in _NOT_KEPT})


def _expected_account(then: str | None, now: str | None) -> str | None:
    if then is not None and now is not None and then != now:
        from aws_operations.guards import UnexpectedAccount

        raise UnexpectedAccount(expected_account=now, actual_account=then)
    return now or then


def _fits(value: object, wanted: object) -> bool:
    """Say whether a value of JSON is what a setting of a type is kept as."""
    if isinstance(wanted, UnionType):
        return any(_fits(value, each) for each in get_args(wanted))
    if get_origin(wanted) is tuple:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if wanted in {bool, NoneType}:
        return isinstance(value, wanted)
    # Paths are kept as text, and so is what is one of certain words.
    return isinstance(value, int | float if wanted in {int, float} else str)


def _as_json(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return list(value) if isinstance(value, tuple) else value


def _is_refusal(error: BaseException | None) -> bool:
    if error is None:
        return False
    return isinstance(error, Declined) or is_loaded_kind(error, "aws_operations.guards", "GuardRefused")


def _words_for(error: BaseException | None) -> str | None:
    return None if error is None else redacted(" ".join(str(error).split())) or type(error).__name__
