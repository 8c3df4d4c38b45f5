"""``sandbox``: the local stand-in for AWS, and how to point other programs at it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from commands.app import Shape, noun, settings_of
from commands.exit_codes import Declined
from commands.lazy import lazy

if TYPE_CHECKING:
    from aws_operations.sandbox import control
    from commands.console import Console
else:
    control = lazy("aws_operations.sandbox.control")

sandbox = noun("sandbox", help="A local stand-in for AWS to try everything on.", takes_identity=False)


@dataclass(frozen=True, slots=True)
class SandboxRow:
    """The sandbox as ``sandbox status`` shows it."""

    running: bool
    endpoint_url: str | None
    pid: int | None
    started_at: str | None
    accounts: str
    regions: str
    role_name: str
    journal_entries: int
    journal_bytes: int
    state_dir: str


@sandbox.verb("up", shape=Shape.SESSION, example="manage-resources sandbox up")
def up() -> Callable[["Console"], None]:
    """Start the sandbox, or leave it running; its state outlives restarts and crashes.

    Three accounts, each with a role to assume, and two regions, with sample buckets.
    """
    return _start


@sandbox.verb("down", shape=Shape.SESSION, example="manage-resources sandbox down")
def down() -> Callable[["Console"], None]:
    """Stop the sandbox and keep its state."""
    return _stop


@sandbox.verb("status", shape=Shape.ROWS, example="manage-resources sandbox status")
def status() -> Callable[[], Iterator[SandboxRow]]:
    """Show whether the sandbox runs, where, and what it holds."""
    return _rows


@sandbox.verb("env", shape=Shape.BYTES, example="manage-resources sandbox env")
@click.option(
    "--shell", type=click.Choice(["sh", "fish"]), default="sh", help="Whose syntax; sh fits bash and zsh."
)
@click.option(
    "--unset", "is_undoing", is_flag=True, help="Unset the variables instead; also when it is down."
)
def env(shell: str, is_undoing: bool) -> Callable[[], Iterator[str]]:
    """Print variables that point the aws command and any SDK at the sandbox.

    Use them with: eval "$(manage-resources sandbox env)"
    It fails when the sandbox is down, so put && before the commands that follow.

    Back to AWS: eval "$(manage-resources sandbox env --unset)"
    """
    return partial(_unset_lines if is_undoing else _variables, shell)


@sandbox.verb("reset", shape=Shape.SESSION, example="manage-resources sandbox reset --yes")
@click.pass_context
def reset(context: click.Context) -> Callable[["Console"], None]:
    """Throw away all that the sandbox holds and start it with fresh samples.

    Asks first; without a terminal it needs --yes.
    """
    return partial(_reset, is_confirmed=settings_of(context).yes)


def _start(console: "Console") -> None:
    started = control.up()
    verb = "is up" if started.was_started else "is already up"
    console.note(f"The sandbox {verb} at {started.status.endpoint_url}")
    _say_what_to_try(console, started.status)


def _stop(console: "Console") -> None:
    console.note(
        "The sandbox is down; its state is kept" if control.down() else "The sandbox was not running"
    )


def _rows() -> Iterator[SandboxRow]:
    found = control.status()
    yield SandboxRow(
        running=found.running,
        endpoint_url=found.endpoint_url,
        pid=found.pid,
        started_at=found.started_at,
        accounts=" ".join(found.accounts),
        regions=" ".join(found.regions),
        role_name=found.role_name,
        journal_entries=found.journal_entries,
        journal_bytes=found.journal_bytes,
        state_dir=found.state_dir,
    )


def _variables(shell: str) -> Iterator[str]:
    try:
        environment = control.environment()
    except Exception:
        # Whoever evaluates nothing succeeds, and sends the next command to AWS.
        yield "false\n"
        raise
    yield environment.as_fish() if shell == "fish" else environment.as_sh()


def _unset_lines(shell: str) -> Iterator[str]:
    environment = control.environment_undone()
    yield environment.as_fish() if shell == "fish" else environment.as_sh()


def _reset(console: "Console", *, is_confirmed: bool) -> None:
    if not is_confirmed:
        if not console.is_interactive:
            raise Declined(
                "sandbox reset throws everything in the sandbox away: it needs --yes without a terminal"
            )
        if not console.confirm(f"Throw away all that the sandbox in {control.status().state_dir} holds?"):
            raise Declined("sandbox reset: not confirmed, nothing was thrown away")
    fresh = control.reset()
    console.note(f"The sandbox is as new at {fresh.endpoint_url}")


def _say_what_to_try(console: "Console", found: "control.SandboxStatus") -> None:
    bucket = f"samples-{found.accounts[0]}-{found.regions[0]}"
    console.note("Try next:")
    console.note("  manage-resources --sandbox identity whoami")
    console.note(f"  manage-resources --sandbox s3 ls {bucket}")
    console.note(
        f"  manage-resources --sandbox --accounts {','.join(found.accounts)} --role-name {found.role_name} "
        f"--regions {','.join(found.regions)} identity whoami"
    )
    console.note('  eval "$(manage-resources sandbox env)" && aws s3 ls')
