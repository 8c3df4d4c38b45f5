"""The exit code of changes that the run did not come to the end of: what is unknown is told before why."""

import pytest

from aws_interactions.aws_errors import AnswerLost
from aws_interactions.testing import fake_provider
from aws_operations.changes import ChangeResult, ResultStatus
from aws_operations.region_status import RegionStatus
from aws_operations.run_control import CREDENTIALS_ENDED, DEADLINE, RunControl
from aws_operations.targets import TargetProviders
from commands.change_applying import exit_code_of
from commands.change_tally import ChangeTally
from commands.console import Console
from commands.exit_codes import ExitCode
from commands.journaling import RunJournal
from commands.options import Settings
from commands.run_setup import Run
from commands.target_setup import Fleet
from tests.support.journal_things import ABROAD, HOME, a_change


@pytest.mark.parametrize(
    ("reason", "status", "expected"),
    [
        (CREDENTIALS_ENDED, ResultStatus.APPLIED, ExitCode.CONFIGURATION),
        (CREDENTIALS_ENDED, ResultStatus.UNKNOWN, ExitCode.UNKNOWN),
        (DEADLINE, ResultStatus.APPLIED, ExitCode.UNKNOWN),
    ],
)
def test_WHEN_a_run_was_stopped_AND_changes_are_left_THEN_an_unknown_one_decides(
    reason: str, status: ResultStatus, expected: ExitCode
) -> None:
    providers = TargetProviders(fake_provider())
    fleet = Fleet([HOME, ABROAD], providers, is_chosen=True, regions=RegionStatus(providers))
    the_run = Run(fleet, Settings(), Console(), RunControl())
    tally = ChangeTally()
    tally.add(ChangeResult(a_change(1), status, AnswerLost("lost") if status == "unknown" else None))
    the_run.control.stop(reason)

    assert exit_code_of(2, the_run, tally, RunJournal(the_run, is_writing=True)) is expected
