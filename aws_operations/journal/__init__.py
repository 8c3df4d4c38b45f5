"""The journal: what every run over several targets, and every run that changes things, did and left.

A SQLite file in the user's state folder, readable by its owner alone. It holds no rows of reads and no
secret values. ``Journal`` begins and finds runs, ``RunRecord`` is the one that is under way.
"""

from aws_operations.journal.database import default_journal_path
from aws_operations.journal.journal_errors import (
    JournalProblem,
    JournalUnusable,
    JournalUnwritable,
    NoSuchRun,
    NothingToResume,
    OtherAccount,
    PlanUsed,
    RunIsHeld,
)
from aws_operations.journal.journals import LAST, Journal, RunToBegin
from aws_operations.journal.records import (
    ChangeRecord,
    ChangeState,
    RunCounts,
    RunState,
    RunSummary,
    TargetRecord,
)
from aws_operations.journal.run_record import RunRecord
from aws_operations.journal.unfinished import needs_lost_value, read_back_each

__all__ = [
    "LAST",
    "ChangeRecord",
    "ChangeState",
    "Journal",
    "JournalProblem",
    "JournalUnusable",
    "JournalUnwritable",
    "NoSuchRun",
    "NothingToResume",
    "OtherAccount",
    "PlanUsed",
    "RunCounts",
    "RunIsHeld",
    "RunRecord",
    "RunState",
    "RunSummary",
    "RunToBegin",
    "TargetRecord",
    "default_journal_path",
    "needs_lost_value",
    "read_back_each",
]
