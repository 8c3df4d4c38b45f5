"""Looks whether each target of a fleet can be entered."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.sts_interactions import get_caller_identity
from aws_operations.fleet import Outcome, OutcomeStatus
from aws_operations.run_control import DEADLINE
from aws_operations.targets import Target
from commands.console import Console
from commands.engines import engine_for
from commands.error_lines import one_line, redacted
from commands.exit_codes import ExitCode
from commands.interruption import ending_in_good_order
from commands.options import Settings
from commands.outcome_tally import OutcomeTally
from commands.run_setup import Run, begun_run
from commands.shapes import Shape
from commands.wording import counted

_OK = "ok"
_WORDS_BY_STATUS = {OutcomeStatus.ROWS: _OK, OutcomeStatus.NOTHING: _OK}


@dataclass(frozen=True, slots=True)
class CheckedTargetRow:
    """What came of one target, after account and region; ``duration`` is in seconds.

    ``result`` is ok, denied, error or skipped; ``arn`` is who one is there, ``detail`` why one is not.
    """

    result: str
    arn: str | None
    detail: str | None
    duration: float


def check_each_target(settings: Settings, console: Console) -> ExitCode:
    """Ask in each target who one is (AssumeRole, GetCallerIdentity), write a row for each.

    Return 5 if any was denied or failed, 7 if one did not answer in time, 3 if the credentials to begin
    with ended. On a cluster its workers ask, and assume the roles. Raises what choosing the targets raises.
    """
    with engine_for(settings, Shape.ROWS) as engine:
        the_run = begun_run(settings, console)
        if the_run is None:
            return ExitCode.UNKNOWN
        return _check_each(replace(the_run, engine=engine))


def _check_each(the_run: Run) -> ExitCode:
    console = the_run.console
    total = len(the_run.fleet.targets)
    tally, progress = OutcomeTally(total), the_run.progress("targets", total)
    arns: dict[Target, str] = {}
    try:
        with (
            console.rows(with_target=True) as writer,
            ending_in_good_order(the_run.control),
            the_run.showing(progress),
        ):
            for outcome in the_run.engine.run_in_each(
                _who_one_is,
                the_run.fleet.targets,
                the_run.fleet.reader_for,
                lambda target, arn: arns.update({target: str(arn)}),
                workers=the_run.workers,
                in_order=the_run.in_order,
                control=the_run.control,
                explain=the_run.explain,
                watcher=progress,
            ):
                tally.add(outcome)
                arn = arns.pop(outcome.target, None)
                writer.write(_row(outcome, arn), _with_account(outcome.target, arn))
    except (KeyboardInterrupt, SystemExit):
        console.warn(f"stopped early: {tally.summary()}")
        raise
    _say_end(tally, the_run)
    return tally.exit_code(the_run.control)


def _who_one_is(aws_provider: AwsClientProvider) -> Iterator[str]:
    yield get_caller_identity(aws_provider).arn


def _with_account(target: Target, arn: str | None) -> Target:
    if target.aws_account is not None or arn is None:
        return target
    return replace(target, aws_account=arn.split(":")[4])


def _row(outcome: Outcome, arn: str | None) -> CheckedTargetRow:
    return CheckedTargetRow(
        result=_WORDS_BY_STATUS.get(outcome.status, str(outcome.status)),
        arn=arn,
        detail=None if outcome.error is None else redacted(one_line(str(outcome.error))),
        duration=round(outcome.duration, 3),
    )


def _say_end(tally: OutcomeTally, the_run: Run) -> None:
    done = f"{counted(tally.total - tally.left, 'target')} checked, {tally.left} left"
    problem = None if the_run.watch is None else the_run.watch.problem(done, "")
    if problem is not None:
        the_run.console.error(problem)
    elif tally.left and the_run.control.reason == DEADLINE:
        the_run.console.warn(f"--deadline came: {tally.summary()}")
    else:
        the_run.console.note(tally.summary())
