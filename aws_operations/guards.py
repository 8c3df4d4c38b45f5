"""What refuses to go on although AWS would let it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_operations.protection import Guard, Protection, Refusal


class GuardRefused(Exception):
    """A guard stopped the run before anything was changed."""


class UnexpectedAccount(GuardRefused):
    """A target is in another account than the one that was expected."""

    def __init__(self, *, expected_account: str, actual_account: str) -> None:
        super().__init__(
            f"this would act in account {actual_account}, but --expect-account is {expected_account}; "
            "nothing was changed"
        )
        self.expected_account = expected_account
        self.actual_account = actual_account


class EmptySelection(GuardRefused):
    """What was selected comes to no target at all; ``selection`` says what was selected."""

    def __init__(self, selection: str) -> None:
        super().__init__(f"{selection}; an empty selection never means all, so nothing was done")
        self.selection = selection


class EmptyGuard(GuardRefused):
    """A guard was set that names nothing, as an unset shell variable does; ``place`` is where."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place} is empty; a guard that names nothing guards nothing, so nothing was done: "
            "say what it is for, or leave it out"
        )
        self.place = place


class TooManyTargets(GuardRefused):
    """More targets were selected than ``--max-targets`` lets through; ``excess`` says just that."""

    def __init__(self, *, target_count: int, max_targets: int, is_at_least: bool = False) -> None:
        many = f"{'at least ' if is_at_least else ''}{target_count} targets"
        self.excess = f"{many} are more than --max-targets {max_targets}"
        super().__init__(f"{self.excess}; nothing was done in any of them")
        self.target_count = target_count
        self.max_targets = max_targets


class ConsentNeeded(GuardRefused):
    """Changes that overwrite, destroy or are final were planned where nobody can be asked."""

    def __init__(self, count: int) -> None:
        verbs = "change overwrites, destroys or" if count == 1 else "changes overwrite, destroy or"
        super().__init__(
            f"{count} {verbs} cannot be undone, and there is no terminal to ask on; nothing was changed. "
            "Look at them with --dry-run, then give --yes"
        )
        self.count = count


class ChangesRefused(GuardRefused):
    """Guards do not let planned changes be made; nothing was changed.

    ``refusals`` are the first of them, ``counts`` how many changes each guard refuses.
    """

    def __init__(
        self,
        refusals: "Sequence[Refusal]",
        counts: "Mapping[Guard, int]",
        total: int,
        protection: "Protection",
    ) -> None:
        from aws_operations.protection import words_of

        words = {guard: words_of(guard, protection) for guard in counts}
        if total == len(refusals) == 1:
            told = f"refused by {words[refusals[0].guard]}: {refusals[0]}; nothing was changed. "
        else:
            each = " and ".join(
                f"{words[guard]} for {count} of {total} change{'' if total == 1 else 's'}"
                for guard, count in counts.items()
            )
            told = f"refused by {each}; nothing was changed. First: {refusals[0]}. "
        advice = "; ".join(_advice(counts, protection))
        super().__init__(f"{told}{advice[0].upper()}{advice[1:]}; --yes does not go past it")
        self.refusals = tuple(refusals)
        self.counts = dict(counts)
        self.total = total


def _advice(counts: "Mapping[Guard, int]", protection: "Protection") -> Iterator[str]:
    from aws_operations.protection import Guard

    if any(guard is not Guard.ENDPOINTS for guard in counts):
        yield "leave out what is refused, or change the guard where it is set"
    if Guard.ENDPOINTS in counts:
        places = " or ".join(protection.origins.get(Guard.ENDPOINTS, ()))
        yield "remove what sends calls elsewhere than to AWS" + (f": {places}" if places else "")
