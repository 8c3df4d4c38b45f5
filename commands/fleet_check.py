"""Looks whether each target of a fleet can be entered."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.sts_interactions import get_caller_identity
from aws_operations.fleet import DEFAULT_WORKERS, Outcome, OutcomeStatus, run_in_each
from aws_operations.run_control import RunControl
from aws_operations.targets import Target
from commands.console import Console
from commands.error_lines import one_line, redacted
from commands.exit_codes import ExitCode
from commands.interruption import ending_in_good_order
from commands.options import OutputFormat, Settings
from commands.outcome_tally import OutcomeTally
from commands.target_setup import chosen_fleet

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

    Return 5 if any was denied or failed. Raises what choosing the targets raises.
    """
    control = RunControl(max_failures=settings.max_failures, deadline_seconds=settings.deadline)
    fleet = chosen_fleet(settings, console, control=control)
    arns: dict[Target, str] = {}

    def keep(target: Target, arn: object) -> None:
        arns[target] = str(arn)

    tally = OutcomeTally(len(fleet.targets))
    with console.rows(with_target=True) as writer, ending_in_good_order(control):
        for outcome in run_in_each(
            _who_one_is,
            fleet.targets,
            fleet.reader_for,
            keep,
            workers=settings.workers or DEFAULT_WORKERS,
            in_order=console.output is not OutputFormat.JSONL,
            control=control,
            explain=fleet.explain,
        ):
            tally.add(outcome)
            arn = arns.pop(outcome.target, None)
            writer.write(_row(outcome, arn), _with_account(outcome.target, arn))
    console.note(tally.summary())
    return tally.exit_code(control)


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
