"""What the program's exit code says, and the one place that chooses it for an error.

No module of the AWS edge is imported here: an error of a kind that lives there can only exist when
that module is loaded, so the kinds are looked up among the loaded modules.
"""

import sys
from enum import IntEnum
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from aws_operations.targets import Target


class ExitCode(IntEnum):
    """The exit codes; with several at once, signals win over UNKNOWN, and UNKNOWN over PARTIAL."""

    COMPLETE = 0
    BUG = 1
    USAGE = 2
    CONFIGURATION = 3
    REFUSED = 4
    PARTIAL = 5
    DECLINED = 6
    UNKNOWN = 7
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


class ConfigurationProblem(Exception):
    """A configuration file, or this installation, cannot be used as it is."""


class CantWriteOutput(Exception):
    """Standard output takes no more: a full disk, a closed descriptor. A closed pipe is not one."""


class Declined(Exception):
    """A guard, or the operator, said no; nothing was sent."""


class FailedInTarget(Exception):
    """Says in which target its ``__cause__``, the error that ends a run with one target, happened.

    It happened while reading: what becomes of changes is reported, never raised. ``is_planning``: what was
    read was to be changed then.
    """

    def __init__(self, target: "Target", *, is_planning: bool = False) -> None:
        super().__init__(str(target))
        self.target = target
        self.is_planning = is_planning


class InterruptedAtQuestion(KeyboardInterrupt):
    """Ctrl-C came instead of an answer, before anything was changed."""

    def __init__(self) -> None:
        super().__init__("interrupted; nothing was changed")


class Terminated(SystemExit):
    """SIGTERM came: unwinds like an exit, so that temporary files go."""

    def __init__(self) -> None:
        super().__init__(ExitCode.TERMINATED)


_OWN_KINDS: tuple[tuple[type[BaseException], ExitCode], ...] = (
    (Terminated, ExitCode.TERMINATED),
    (KeyboardInterrupt, ExitCode.INTERRUPTED),
    (click.UsageError, ExitCode.USAGE),
    (click.FileError, ExitCode.CONFIGURATION),
    (ConfigurationProblem, ExitCode.CONFIGURATION),
    (CantWriteOutput, ExitCode.CONFIGURATION),
    (Declined, ExitCode.DECLINED),
)

_EDGE = "aws_interactions.aws_errors"

_LOADED_KINDS: tuple[tuple[str, str, ExitCode], ...] = (
    (_EDGE, "AnswerLost", ExitCode.UNKNOWN),
    (_EDGE, "WaitTimedOut", ExitCode.UNKNOWN),
    (_EDGE, "ReadOnlyViolation", ExitCode.DECLINED),
    (_EDGE, "CredentialsProblem", ExitCode.CONFIGURATION),
    (_EDGE, "LocalFileProblem", ExitCode.CONFIGURATION),
    ("aws_operations.changes", "CarriedOutInPart", ExitCode.PARTIAL),
    ("aws_operations.scaffold.source_format", "FormatterMissing", ExitCode.CONFIGURATION),
    (_EDGE, "AwsInteractionError", ExitCode.REFUSED),
    ("aws_operations.guards", "GuardRefused", ExitCode.DECLINED),
    ("aws_operations.journal.journal_errors", "JournalProblem", ExitCode.CONFIGURATION),
    ("aws_operations.journal.journal_errors", "NoSuchRun", ExitCode.USAGE),
    ("botocore.exceptions", "ClientError", ExitCode.REFUSED),
    ("aws_operations.sandbox.sandbox_errors", "SandboxError", ExitCode.CONFIGURATION),
    ("aws_operations.cluster.cluster_errors", "ClusterError", ExitCode.CONFIGURATION),
)


def exit_code_for(error: BaseException) -> ExitCode:
    """Return the exit code that an error ends the program with, if it ends it."""
    own = next((code for kind, code in _OWN_KINDS if isinstance(error, kind)), None)
    if own is not None:
        return own
    if isinstance(error, click.Abort):
        return ExitCode.INTERRUPTED if _came_from_interrupt(error) else ExitCode.DECLINED
    if is_edge_kind(error, "InvalidInput") and error.__cause__ is None:
        return ExitCode.USAGE
    return _loaded_exit_code(error) or _system_exit_code(error)


def _loaded_exit_code(error: BaseException) -> ExitCode | None:
    for module_name, kind_name, code in _LOADED_KINDS:
        if is_loaded_kind(error, module_name, kind_name):
            return code
    return _foreign_exit_code(error) if _is_foreign_aws_error(error) else None


def _system_exit_code(error: BaseException) -> ExitCode:
    if isinstance(error, BrokenPipeError):
        return ExitCode.BROKEN_PIPE
    return ExitCode.CONFIGURATION if isinstance(error, OSError) else ExitCode.BUG


def is_edge_kind(error: BaseException, kind_name: str) -> bool:
    """Say whether an error is of a kind of ``aws_interactions.aws_errors``, without importing it."""
    return is_loaded_kind(error, _EDGE, kind_name)


def is_loaded_kind(error: BaseException, module_name: str, kind_name: str) -> bool:
    """Say whether an error is of a kind of a module, without importing it."""
    kind = getattr(sys.modules.get(module_name), kind_name, None)
    return isinstance(kind, type) and isinstance(error, kind)


def _came_from_interrupt(error: BaseException) -> bool:
    return isinstance(error.__cause__ or error.__context__, KeyboardInterrupt)


def _is_foreign_aws_error(error: BaseException) -> bool:
    return is_loaded_kind(error, "botocore.exceptions", "BotoCoreError")


def _foreign_exit_code(error: BaseException) -> ExitCode:
    from aws_interactions import aws_errors

    kind = aws_errors.kind_of(error) if isinstance(error, Exception) else None
    if kind is None:
        return ExitCode.BUG
    if kind is aws_errors.InvalidInput:
        return ExitCode.USAGE
    return exit_code_for(kind(str(error)))
