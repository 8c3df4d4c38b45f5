"""Has changes agreed on before they are made."""

from aws_operations.guards import ConsentNeeded
from aws_operations.plan_spool import PlanSpool
from commands.change_rows import plan_lines, question
from commands.console import Console
from commands.options import Settings


def has_consent(spool: PlanSpool, settings: Settings, console: Console) -> bool:
    """Ask where there is a terminal; elsewhere only what takes something away needs ``--yes``."""
    if settings.yes:
        return True
    if not console.is_interactive:
        if spool.needing_consent:
            raise ConsentNeeded(spool.needing_consent)
        return True
    for line in plan_lines(spool):
        console.show(line.text, is_grave=line.is_grave)
    return console.confirm(question(spool))
