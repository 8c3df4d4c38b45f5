"""``undo``: what takes a run back, as a run of its own."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from commands.app import Invocation, Shape, lone_verb, settings_of
from commands.lazy import lazy

if TYPE_CHECKING:
    from commands import undoing
    from commands.console import Console
else:
    undoing = lazy("commands.undoing")


@lone_verb("undo", shape=Shape.SESSION, example="manage-resources undo last --dry-run", goes_on="the run")
@click.argument("run", metavar="RUN")
@click.pass_context
def undo(context: click.Context, run: str) -> Callable[["Console"], int]:
    """Take back what a run changed, in the accounts and as the identity of that run.

    What is as the run left it is put back as it was before; what has changed since is left alone. Shows what
    it will do and asks; --yes does not ask, --dry-run only shows, --plan-out saves it for 'apply'. It is a
    run of its own, that can be resumed, and undone.

    Each change that cannot be taken back is listed with the reason. The exit code is then 5, and 6 if none
    can be.

    RUN is an id of 'runs list', the beginning of one, or 'last' for the last run that was to change
    something, which may itself be an undo, or have found nothing to do.
    """
    if not run:
        raise click.UsageError("RUN is empty: give the id of a run, the beginning of one, or last.", context)
    invocation = context.ensure_object(Invocation)
    return partial(undoing.undo, run, given=settings_of(context), invocation=invocation)
