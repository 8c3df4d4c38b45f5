"""Has changes agreed on before they are made: the less can be taken back, the more is to be typed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_operations.changes import Change, Reversibility
from aws_operations.guards import ConsentNeeded
from aws_operations.plan_spool import PlanSpool
from aws_operations.resource_names import own_name, service_in
from aws_operations.targets import Target
from commands.change_rows import plan_lines, question
from commands.console import Console
from commands.options import Settings
from commands.wording import counted

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

    ReaderFor = Callable[[Target], AwsClientProvider]

_LONGEST_TO_TYPE = 80


def has_consent(
    spool: PlanSpool, settings: Settings, console: Console, reader_for: "ReaderFor | None" = None
) -> bool:
    """Ask where there is a terminal; elsewhere only what takes something away needs ``--yes``.

    What can be taken back, or made good for, is a yes or no. For what is final its name is to be typed where
    it is one thing, the account's alias (ListAccountAliases; its id where there is none, or nobody may read
    it) where it is several, and how many changes in how many accounts where it is several accounts.
    ``reader_for`` gives the read-only provider that is asked for the alias; without it the id is typed.
    """
    if settings.yes:
        return True
    if not console.is_interactive:
        if spool.needing_consent:
            raise ConsentNeeded(spool.needing_consent)
        return True
    for line in plan_lines(spool):
        console.show(line.text, is_grave=line.is_grave)
    final = _Final.of(spool)
    if final is None:
        return console.confirm(question(spool))
    word, what = final.word(spool, reader_for)
    all_of_it = "It" if spool.pending == 1 else "They"
    lost = "Some of it" if final.has_others else all_of_it
    advice = "" if final.first.keeps_before else " (with --keep-before it could)"
    shown = f"'{word}'" if " " in word else word
    return console.typed(
        f"{question(spool)} {lost} cannot be undone{advice}. Type {shown}{what} to go on", word
    )


@dataclass(slots=True)
class _Final:
    """The changes of a plan that cannot be taken back: the first, and how far the others are from it.

    ``has_others``: the plan has changes, too, that can be taken back, or made good for.
    """

    first: Change
    is_one_thing: bool = True
    is_one_account: bool = True
    has_others: bool = False

    @classmethod
    def of(cls, spool: PlanSpool) -> "_Final | None":
        """Return what there is of them; ``None`` if there are none."""
        found, has_others = None, False
        for change in spool:
            if change.is_noop:
                continue
            if change.reversibility is not Reversibility.IRREVERSIBLE:
                has_others = True
            else:
                found = found or cls(change)
                found.is_one_thing = found.is_one_thing and change.resource == found.first.resource
                found.is_one_account = found.is_one_account and _account(change) == _account(found.first)
            if has_others and found is not None and not found.is_one_account:
                break
        if found is not None:
            found.has_others = has_others
        return found

    def word(self, spool: PlanSpool, reader_for: "ReaderFor | None") -> tuple[str, str]:
        """Return what is to be typed, and what that is where it is not plain to see."""
        account = _account(self.first)
        if not self.is_one_account or account is None:
            accounts = {part.target.aws_account for part in spool.summary() if part.effect is not None}
            counts = f"{counted(spool.pending, 'change')} in {counted(len(accounts), 'account')}"
            return counts, ""
        if self.is_one_thing:
            name, what = own_name(self.first.resource), ""
            if service_in(self.first.resource) == "dynamodb" and " " in name:
                # An item is called by its key, and nobody types JSON.
                name, what = name.partition(" ")[0], " (the name of its table)"
            if _can_be_typed(name):
                return name, what
        alias = _alias(self.first.target, reader_for)
        if alias is not None:
            return alias, f" (the alias of account {account})"
        return account, " (the account id)"


def _account(change: Change) -> str | None:
    return change.target.aws_account


def _alias(target: Target, reader_for: "ReaderFor | None") -> str | None:
    if reader_for is None:
        return None
    # Loaded here: most questions do without.
    from aws_interactions.iam_interactions import get_account_alias
    from aws_operations.tag_questions import UNREADABLE

    try:
        return get_account_alias(reader_for(target))
    except UNREADABLE:
        return None


def _can_be_typed(name: str) -> bool:
    """Say whether a name is short enough and of characters that every keyboard and terminal has."""
    return len(name) <= _LONGEST_TO_TYPE and name.isascii() and name.isprintable() and name == name.strip()
