"""Makes what the parts of one run share: its targets, what may end it, what paces and watches it."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aws_operations.outcomes import Explain
from aws_operations.run_control import RunControl, RunStopped
from commands.console import Console
from commands.engines import Engine, LocalEngine
from commands.interruption import ending_in_good_order, unless_stopped
from commands.options import OutputFormat, Settings
from commands.progress import Progress
from commands.target_setup import Fleet, FleetFromBefore, chosen_fleet, known_fleet

if TYPE_CHECKING:
    from aws_interactions.call_budget import CallBudget
    from commands.base_watch import BaseWatch
    from commands.journaling import Resumption

# A log that says what goes on says how far it is, too.
_LOUD_LEVELS = ("info", "debug")


@dataclass(frozen=True, slots=True)
class Run:
    """What the parts of one run share."""

    fleet: Fleet
    settings: Settings
    console: Console
    control: RunControl
    budget: "CallBudget | None" = None
    arguments: tuple[str, ...] = ()
    resumption: "Resumption | None" = None
    watch: "BaseWatch | None" = None
    """What notices that the run's own credentials have ended, where there are several targets."""
    engine: Engine = field(default_factory=LocalEngine)

    @property
    def workers(self) -> int:
        """How many targets are worked on at a time."""
        return self.engine.how_many(self.settings.workers)

    @property
    def in_order(self) -> bool:
        """Whether results are shown in the order of the targets; JSON lines come as they come."""
        return self.console.output is not OutputFormat.JSONL

    def progress(self, thing: str, total: int, *, counts_targets: bool = True) -> Progress:
        """Return what counts so many things, to be shown with ``showing``."""
        return Progress(thing, total, control=self.control, budget=self.budget, counts_targets=counts_targets)

    @property
    def explain(self) -> Explain:
        """What calls the error of a target by its name."""
        return self.fleet.explain if self.watch is None else self.watch.explain

    def showing(self, progress: Progress) -> AbstractContextManager[None]:
        """Show the progress while a block runs, on a terminal that no log is shown on."""
        is_quiet = self.settings.log_level not in _LOUD_LEVELS
        return self.console.showing(progress) if is_quiet else nullcontext()


def begun_run(
    settings: Settings,
    console: Console,
    *,
    arguments: tuple[str, ...] = (),
    resumption: "Resumption | None" = None,
    is_writing: bool = False,
    is_long: bool = False,
    known: FleetFromBefore | None = None,
) -> Run | None:
    """Return a run whose targets are looked up; ``None`` if its deadline came meanwhile, which it says.

    With ``known``, the targets are those, and not what the settings choose. What ``is_long`` waits out
    throttling in a single target too.
    """
    max_failures = 1 if settings.fail_fast else settings.max_failures
    control = RunControl(max_failures=max_failures, deadline_seconds=settings.deadline)
    budget = _budget(settings, control, is_long=is_long)
    try:
        with ending_in_good_order(control, at_once=True):
            fleet = unless_stopped(
                control, lambda: _fleet(settings, console, control, budget, resumption or known)
            )
    except RunStopped:
        so_far = "; nothing was changed" if is_writing else ""
        console.warn(f"--deadline came while {_asked_for_targets(settings)} for the targets{so_far}")
        return None
    watch = _base_watch(fleet, settings, control) if fleet.is_many else None
    return Run(fleet, settings, console, control, budget, arguments, resumption, watch)


def _asked_for_targets(settings: Settings) -> str:
    if settings.ous or settings.all_accounts:
        return "AWS Organizations, or accounts it has, were asked"
    return "profiles or accounts were asked"


def _fleet(
    settings: Settings,
    console: Console,
    control: RunControl,
    budget: "CallBudget | None",
    before: "Resumption | FleetFromBefore | None",
) -> Fleet:
    if before is None:
        return chosen_fleet(settings, console, control=control, call_budget=budget)
    if isinstance(before, FleetFromBefore):
        return known_fleet(
            settings, before.targets, check_base=before.check_base, control=control, call_budget=budget
        )
    known = before.known_targets()
    fleet = known_fleet(settings, known, check_base=before.check_account, control=control, call_budget=budget)
    before.note_targets(known.targets, fleet.targets)
    return fleet


def _budget(settings: Settings, control: RunControl, *, is_long: bool) -> "CallBudget | None":
    """Return what paces the calls of the run; none for a short one in a single target that nobody paces."""
    is_paced = settings.chooses_targets or settings.rate is not None or settings.budget_share is not None
    if not is_paced and not is_long:
        return None
    from aws_interactions.call_budget import CallBudget

    # Who wants a single attempt wants no other one for throttling either.
    patience: dict[str, Any] = {"patience": 0.0} if settings.max_attempts == 1 else {}
    return CallBudget(
        rate_per_second=settings.rate, share=settings.budget_share, sleep=control.sleep, **patience
    )


def _base_watch(fleet: Fleet, settings: Settings, control: RunControl) -> "BaseWatch":
    # Loaded here: the error of a single target is told as it is.
    from commands.base_watch import BaseWatch

    return BaseWatch(fleet, control, profile=settings.profile, has_profiles=bool(settings.profiles))
