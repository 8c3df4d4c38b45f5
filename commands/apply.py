"""``apply``: makes the changes that a plan file has."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.app import Invocation, Shape, lone_verb, settings_of
from commands.lazy import lazy

if TYPE_CHECKING:
    from commands import plan_applying
    from commands.console import Console
else:
    plan_applying = lazy("commands.plan_applying")


@lone_verb("apply", shape=Shape.SESSION, example="manage-resources apply stop.plan --yes", goes_on="the plan")
@click.argument("file", metavar="FILE", type=click.Path(readable=False, path_type=Path))
@click.pass_context
def apply(context: click.Context, file: Path) -> Callable[["Console"], int]:
    """Make the changes of a plan that --plan-out saved, in its accounts and as the identity that made it.

    Before anything is changed, everything that the plan is about is looked at again. What is not as it was
    when the plan was made, or cannot be looked at, is named; nothing is changed then, and the exit code is 6.
    So it is where the plan is too old, was applied before, or was made as somebody else.

    Shows what it will do and asks; --yes does not ask, --dry-run checks it all and only shows. Without a
    terminal, what destroys, overwrites or cannot be undone needs --yes. A plan is applied once: a run of it
    that ended early is gone on with by 'runs resume', which needs the file no more.

    FILE is a plan; 'plan show' shows what is in it.
    """
    invocation = context.ensure_object(Invocation)
    given = settings_of(context)

    def work(console: "Console") -> int:
        import_module("aws_interactions.lean_imports").install()
        return plan_applying.apply_plan(file, console, given=given, arguments=invocation.arguments)

    return work
