import subprocess
import sys

import click
import pytest
from botocore import exceptions as botocore_errors
from botocore.exceptions import ClientError

from aws_interactions import aws_errors
from aws_operations.guards import ConsentNeeded
from commands.exit_codes import (
    CantWriteOutput,
    ConfigurationProblem,
    Declined,
    ExitCode,
    Terminated,
    exit_code_for,
)


def refused(code: str = "Teapot") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "HeadBucket")  # type: ignore[typeddict-item]


def caused(error: Exception) -> Exception:
    error.__cause__ = refused()
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError("x"), 1),
        (AssertionError(), 1),
        (click.UsageError("x"), 2),
        (aws_errors.InvalidInput("x"), 2),
        (botocore_errors.ParamValidationError(report="x"), 2),
        (ConfigurationProblem("x"), 3),
        (CantWriteOutput("x"), 3),
        (click.FileError("x"), 3),
        (PermissionError("x"), 3),
        (aws_errors.CredentialsProblem("x"), 3),
        (aws_errors.WrongAccount(expected_account="1", actual_account="2"), 3),
        (botocore_errors.NoCredentialsError(), 3),
        (caused(aws_errors.InvalidInput("x")), 4),
        (aws_errors.NotFound("x"), 4),
        (aws_errors.AlreadyExists("x"), 4),
        (aws_errors.AccessDenied("x"), 4),
        (aws_errors.Conflict("x"), 4),
        (aws_errors.Throttled("x"), 4),
        (aws_errors.Unavailable("x"), 4),
        (botocore_errors.EndpointConnectionError(endpoint_url="x"), 4),
        (refused(), 4),
        (Declined("x"), 6),
        (ConsentNeeded(2), 6),
        (click.Abort(), 6),
        (aws_errors.ReadOnlyViolation("x"), 6),
        (aws_errors.AnswerLost("x"), 7),
        (botocore_errors.ReadTimeoutError(endpoint_url="x"), 7),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 141),
        (Terminated(), 143),
    ],
)
def test_WHEN_error_ends_the_program_THEN_its_kind_decides_the_exit_code(
    error: BaseException, code: int
) -> None:
    assert exit_code_for(error) == code


def test_WHEN_abort_came_from_an_interrupt_THEN_it_is_one() -> None:
    abort = click.Abort()
    abort.__cause__ = KeyboardInterrupt()

    assert exit_code_for(abort) is ExitCode.INTERRUPTED


def test_WHEN_exit_code_is_chosen_THEN_nothing_of_aws_is_imported_for_it() -> None:
    script = (
        "import sys; from commands.exit_codes import exit_code_for; "
        "assert exit_code_for(ValueError()) == 1; "
        "assert not [m for m in sys.modules if m.startswith(('boto', 'aws_'))]"
    )

    subprocess.run([sys.executable, "-c", script], check=True)
