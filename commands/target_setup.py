"""Makes the fleet of a run, its targets and their providers, from the settings."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import WrongAccount
from aws_operations.guards import TooManyTargets, UnexpectedAccount
from aws_operations.region_status import RegionStatus
from aws_operations.targets import Target, TargetProviders
from commands.console import Console
from commands.option_values import is_region
from commands.options import Settings
from commands.provider_setup import make_client_settings, make_provider, role_settings

if TYPE_CHECKING:
    from aws_interactions.call_budget import CallBudget
    from aws_interactions.client_settings import ClientSettings
    from aws_operations.run_control import RunControl
    from aws_operations.selection import Selection
    from aws_operations.selection_use import SelectionUse
    from aws_operations.target_selection import PlannedTarget


@dataclass(frozen=True, slots=True)
class Fleet:
    """The targets of a run and the provider for each."""

    targets: Sequence[Target]
    providers: TargetProviders
    is_chosen: bool
    """Whether accounts, profiles or regions were given: rows say then which target they are from."""
    regions: RegionStatus
    is_part_of: int = 0
    """Of how many targets these are the ones that a run from before has left."""

    @property
    def is_many(self) -> bool:
        """Whether there are several targets, so that the error of one is not the end of the run."""
        return max(len(self.targets), self.is_part_of) > 1

    def reader_for(self, target: Target) -> AwsClientProvider:
        """Return the provider that can only read in the target."""
        return self.providers.provider_for(target).read_only()

    def explain(self, target: Target, error: Exception) -> Exception:
        """Return ``RegionNotEnabled`` where that is why a target failed, else the error as it is."""
        return self.regions.explain(target, error)


@dataclass(frozen=True, slots=True)
class KnownTargets:
    """What is known from before of where a run is to go on.

    ``total`` is of how many targets these are the ones that are left, ``account_by_profile`` whose each
    profile was that may act.
    """

    targets: Sequence[Target]
    total: int
    account_by_profile: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FleetFromBefore:
    """Where a command goes on from what was kept, and what its identity has to be; see ``known_fleet``."""

    targets: KnownTargets
    check_base: Callable[[AwsClientProvider], None]


@dataclass(frozen=True, slots=True)
class _Bases:
    """The providers that all others derive from: one identity, or one for each profile."""

    settings: Settings
    client_settings: "ClientSettings"
    base: AwsClientProvider
    by_profile: dict[str, AwsClientProvider] = field(default_factory=dict)
    problem_by_profile: dict[str, Exception] = field(default_factory=dict)
    """Why profiles must not act."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, settings: Settings, call_budget: "CallBudget | None" = None) -> "_Bases":
        client_settings = make_client_settings(settings, call_budget)
        return cls(settings, client_settings, make_provider(settings, client_settings=client_settings))

    def providers(self, planned: "Iterable[PlannedTarget]" = ()) -> TargetProviders:
        return TargetProviders(
            self.base,
            role_settings(self.settings),
            for_profile=self.for_profile if self.settings.profiles else None,
            obstacles={each.target: each.obstacle for each in planned if each.obstacle is not None},
        )

    def for_profile(self, name: str) -> AwsClientProvider:
        if name in self.problem_by_profile:
            raise self.problem_by_profile[name]
        with self.lock:
            if name not in self.by_profile:
                self.by_profile[name] = make_provider(
                    self.settings, client_settings=self.client_settings, aws_profile=name
                )
            return self.by_profile[name]

    def region_of_profile(self, name: str) -> str:
        return self.for_profile(name).aws_region


def chosen_fleet(
    settings: Settings,
    console: Console,
    *,
    control: "RunControl | None" = None,
    call_budget: "CallBudget | None" = None,
) -> Fleet:
    """Return the fleet that the settings choose; without any choice, one's own account and region.

    Asks Organizations for units and the whole organisation, accounts for their regions where those are
    patterns, and who profiles are. Nothing else is sent to any target. Raises ``EmptySelection``,
    ``TooManyTargets`` and ``UnexpectedAccount`` (all ``GuardRefused``), and ``RunStopped`` when
    ``control`` is stopped meanwhile. ``call_budget`` paces all calls of the fleet's providers.
    """
    bases = _Bases.of(settings, call_budget)
    if not settings.chooses_targets:
        return _own_account(settings, bases)
    from aws_operations.selection_use import SelectionUse

    selection, use = selection_of(settings), SelectionUse()
    planned = planned_targets(settings, bases, use)
    check_count(settings, planned, is_final=not selection.needs_enabled_regions)
    if selection.needs_enabled_regions and len(planned) > 1:
        console.note(f"asking {len(planned)} {_places(settings)} which regions they have enabled")
    resolved = _resolve(settings, selection, planned, bases, control, use)
    warn_of_doubts(use, selection, console)
    check_count(settings, resolved, is_final=True)
    targets = [each.target for each in resolved]
    _check_expected_account(settings.expect_account, targets)
    return _fleet(settings, targets, bases.providers(resolved), bases)


def known_fleet(
    settings: Settings,
    known: KnownTargets,
    *,
    check_base: Callable[[AwsClientProvider], None],
    control: "RunControl",
    call_budget: "CallBudget | None" = None,
) -> Fleet:
    """Return the fleet of targets that are known from before.

    ``check_base`` may refuse the identity before anybody else is asked. Accounts that did not say before
    which regions these are, and profiles that did not say whose they are, are asked again. Of a profile that
    is another account's by now, or does not tell, the targets fail with ``WrongAccount`` or its error. Raises
    ``UnexpectedAccount``, ``TooManyTargets``, and ``RunStopped`` when ``control`` is stopped meanwhile.
    """
    _check_expected_account(settings.expect_account, known.targets)
    bases = _Bases.of(settings, call_budget)
    check_base(bases.base)
    _hold_profiles(known.account_by_profile, bases, control)
    resolved = _resolved_anew(settings, known, bases, control)
    targets = [target for target in known.targets if not is_vague(target)]
    targets.extend(each.target for each in resolved)
    return replace(_fleet(settings, targets, bases.providers(resolved), bases), is_part_of=known.total)


def is_vague(target: Target) -> bool:
    """Say whether a target stands for what was never found out: regions, or the account of a profile."""
    is_nobodys = target.aws_profile is not None and target.aws_account is None
    return is_nobodys or not is_region(target.aws_region)


def _hold_profiles(account_by_profile: Mapping[str, str], bases: _Bases, control: "RunControl") -> None:
    """Let no profile act that is of another account than it was, or does not say of which."""
    if not account_by_profile:
        return
    from aws_operations.fleet import run_work

    def check(target: Target) -> Iterable[object]:
        actual = bases.for_profile(str(target.aws_profile)).get_aws_env().aws_account
        if actual != target.aws_account:
            raise WrongAccount(expected_account=str(target.aws_account), actual_account=actual)
        return ()

    profiles = [Target("", account, name) for name, account in account_by_profile.items()]
    for outcome in run_work(check, profiles, lambda *_: None, control=control):
        if outcome.error is not None:
            bases.problem_by_profile[str(outcome.target.aws_profile)] = outcome.error
    control.check()


def _resolved_anew(
    settings: Settings, known: KnownTargets, bases: _Bases, control: "RunControl"
) -> "list[PlannedTarget]":
    vague = [target for target in known.targets if is_vague(target)]
    if not vague:
        return []
    from aws_operations.fleet import DEFAULT_WORKERS
    from aws_operations.target_selection import planned_again, resolve_some

    selection = selection_of(settings)
    planned = [planned_again(target, selection, bases.region_of_profile) for target in vague]
    resolved = resolve_some(
        planned,
        selection,
        bases.providers(planned),
        asked_in=_asking_region(bases),
        workers=settings.workers or DEFAULT_WORKERS,
        control=control,
    )
    _check_number(settings, known.total - len(vague) + _count(resolved), is_final=True)
    return resolved


def planned_targets(
    settings: Settings, bases: _Bases | None = None, use: "SelectionUse | None" = None
) -> "list[PlannedTarget]":
    """Return what the settings choose without asking any target: see ``target_selection.plan_targets``."""
    from aws_operations.target_selection import plan_targets

    bases = bases or _Bases.of(settings)
    return plan_targets(
        selection_of(settings), bases.base, region_of_profile=bases.region_of_profile, use=use
    )


def warn_of_doubts(use: "SelectionUse", selection: "Selection", console: Console) -> None:
    """Warn, a line each, of what was selected or excluded and came to nothing, or seems misspelt."""
    from aws_operations.selection_use import doubts

    for line in doubts(selection, use):
        console.warn(line)


def selection_of(settings: Settings) -> "Selection":
    """Return what the settings say of where to act."""
    from aws_operations.selection import NOT_SAID, Selection

    # Settings have refused already what was given but empty: none there was not said.
    return Selection(
        accounts=settings.accounts or NOT_SAID,
        ous=settings.ous or NOT_SAID,
        all_accounts=settings.all_accounts,
        profiles=settings.profiles or NOT_SAID,
        regions=settings.regions or NOT_SAID,
        exclude_accounts=settings.exclude_accounts,
        exclude_ous=settings.exclude_ous,
        # The sandbox, or an identity that was typed, takes the place of a fleet's profiles.
        exclude_profiles=settings.exclude_profiles if settings.profiles else NOT_SAID,
        exclude_regions=settings.exclude_regions,
    )


def check_count(settings: Settings, planned: "Sequence[PlannedTarget]", *, is_final: bool) -> None:
    """Raise ``TooManyTargets`` for more targets than ``--max-targets``; skipped ones do not count."""
    _check_number(settings, _count(planned), is_final=is_final)


def _count(planned: "Sequence[PlannedTarget]") -> int:
    return sum(not each.is_skipped for each in planned)


def _check_number(settings: Settings, count: int, *, is_final: bool) -> None:
    if settings.max_targets is not None and count > settings.max_targets:
        raise TooManyTargets(target_count=count, max_targets=settings.max_targets, is_at_least=not is_final)


def _resolve(
    settings: Settings,
    selection: "Selection",
    planned: "list[PlannedTarget]",
    bases: _Bases,
    control: "RunControl | None",
    use: "SelectionUse",
) -> "list[PlannedTarget]":
    if settings.enters_accounts and not selection.needs_enabled_regions:
        return planned
    from aws_operations.fleet import DEFAULT_WORKERS
    from aws_operations.target_selection import resolve_targets

    return resolve_targets(
        planned,
        selection,
        bases.providers(planned),
        asked_in=_asking_region(bases),
        workers=settings.workers or DEFAULT_WORKERS,
        control=control,
        use=use,
    )


def _asking_region(bases: _Bases) -> Callable[[Target], str]:
    def asked_in(target: Target) -> str:
        profile = target.aws_profile
        return bases.base.aws_region if profile is None else bases.region_of_profile(profile)

    return asked_in


def _own_account(settings: Settings, bases: _Bases) -> Fleet:
    providers = bases.providers()
    target = Target(bases.base.aws_region)
    if settings.expect_account:
        target = providers.with_known_account(target)
    _check_expected_account(settings.expect_account, [target])
    return _fleet(settings, [target], providers, bases)


def _fleet(settings: Settings, targets: Sequence[Target], providers: TargetProviders, bases: _Bases) -> Fleet:
    asked_in = None if settings.profiles else bases.base.aws_region
    return Fleet(targets, providers, settings.chooses_targets, RegionStatus(providers, asked_in))


def _check_expected_account(expected_account: str | None, targets: Iterable[Target]) -> None:
    for target in targets:
        if expected_account is not None and target.aws_account != expected_account:
            raise UnexpectedAccount(
                expected_account=expected_account, actual_account=target.aws_account or "unknown"
            )


def _places(settings: Settings) -> str:
    return "profiles" if settings.profiles else "accounts"
