"""Which targets a selection comes to: accounts of the organisation, profiles, regions.

``plan_targets`` finds the accounts and asks at most Organizations; ``resolve_regions`` asks the accounts for
what only they know. Every account that was selected is answered for: one that may not be touched, or does
not answer, stays in the list with its obstacle.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from aws_interactions.aws_environment import partition_of_region
from aws_interactions.aws_errors import AwsInteractionError
from aws_operations.fleet import DEFAULT_WORKERS, run_work
from aws_operations.guards import EmptySelection
from aws_operations.region_status import regions_of
from aws_operations.run_control import RunControl, TargetSkipped
from aws_operations.selection import ALL_REGIONS, Selection, is_pattern, matches
from aws_operations.selection_use import SelectionUse
from aws_operations.targets import Target, TargetProviders

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_interactions.organizations_interactions import Account
    from aws_operations.organizations import OrganizationTree

__all__ = [
    "AccountNotActive",
    "NoRegionMatches",
    "PlannedTarget",
    "Selection",
    "plan_targets",
    "planned_again",
    "refuse_empty",
    "resolve_some",
    "resolve_targets",
]

_ACTIVE = "ACTIVE"


class AccountNotActive(TargetSkipped):
    """Organizations says that the account is suspended or being closed, so nobody may act in it."""

    def __init__(self, status: str) -> None:
        self.status = status
        self.note = status.replace("_", " ").lower()
        super().__init__(f"the account is {self.note}")


class NoRegionMatches(TargetSkipped):
    """None of the regions that the account has enabled is among those that were asked for."""

    def __init__(self, regions: Sequence[str]) -> None:
        self.note = "no such region enabled"
        super().__init__(f"the account has enabled no region of {','.join(regions)}")


@dataclass(frozen=True, slots=True)
class PlannedTarget:
    """A target, the account's name where Organizations told it, and why it is not to be touched, if so.

    Where only the account knows its regions, the target's region is what was given (``all``, ``eu-*``).
    An obstacle that is no ``TargetSkipped`` is a failure.
    """

    target: Target
    account_name: str | None = None
    obstacle: Exception | None = None

    @property
    def is_skipped(self) -> bool:
        """Whether there is nothing to do there, so that it does not count among the targets of a run."""
        return isinstance(self.obstacle, TargetSkipped)


def plan_targets(
    selection: Selection,
    aws_provider: "AwsClientProvider",
    *,
    region_of_profile: Callable[[str], str] | None = None,
    configured_profiles: Callable[[], Sequence[str]] | None = None,
    use: SelectionUse | None = None,
) -> list[PlannedTarget]:
    """Return the targets that a selection comes to, accounts outermost; asks nobody but Organizations.

    Organizations is asked as ``aws_provider``, once (ListAccounts, or the tree below the units), and only
    for units or the whole organisation. A target without regions gets the provider's region, or that of
    its profile. The accounts of profiles are not known yet. ``use`` notes what came to nothing. Raises
    ``EmptySelection``, for a unit that does not exist too, ``ProfileDoesntExist`` and what Organizations
    raises.
    """
    use = use or SelectionUse()
    if selection.profiles:
        names = _profiles(selection, configured_profiles or _configured_profiles, use)
        places = [_place_of_profile(name, selection, region_of_profile) for name in names]
    elif selection.enters_accounts:
        region = ",".join(selection.regions) or aws_provider.aws_region
        accounts = _accounts(selection, aws_provider, use)
        places = [_place_of_account(account, known, region) for account, known in accounts.items()]
    else:
        places = [PlannedTarget(Target(",".join(selection.regions) or aws_provider.aws_region))]
    planned = [target for place in places for target in _with_given_regions(place, selection, use)]
    refuse_empty(planned, "no target is left of what was selected" if planned else "all regions are excluded")
    return planned


def resolve_targets(
    planned: Sequence[PlannedTarget],
    selection: Selection,
    providers: TargetProviders,
    *,
    asked_in: Callable[[Target], str],
    workers: int = DEFAULT_WORKERS,
    control: RunControl | None = None,
    use: SelectionUse | None = None,
) -> list[PlannedTarget]:
    """Return planned targets with what only the accounts know: their regions, and who profiles are.

    Accounts are asked at the same time, in the region that ``asked_in`` gives for a target (DescribeRegions;
    GetCallerIdentity for profiles and for one's own account). One that does not answer stays as one target,
    with its error as the obstacle and its regions as they were given; but where there is one's own account
    only, its error is raised. ``use`` notes what came to nothing. Raises ``EmptySelection``, and
    ``RunStopped`` when ``control`` is stopped.
    """
    resolved = resolve_some(
        planned, selection, providers, asked_in=asked_in, workers=workers, control=control, use=use
    )
    refuse_empty(resolved, f"no enabled region matches {','.join(selection.regions)}")
    return resolved


def resolve_some(
    planned: Sequence[PlannedTarget],
    selection: Selection,
    providers: TargetProviders,
    *,
    asked_in: Callable[[Target], str],
    workers: int = DEFAULT_WORKERS,
    control: RunControl | None = None,
    use: SelectionUse | None = None,
) -> list[PlannedTarget]:
    """Do the same for some of the targets of a run, all of which may be skipped."""
    control, use = control or RunControl(), use or SelectionUse()
    found: dict[Target, list[Target]] = {}
    errors: dict[Target, Exception] = {}

    def ask(target: Target) -> Iterator[Target]:
        yield from _resolved(target, selection, providers, asked_in, use)

    def keep(target: Target, resolved: object) -> None:
        if isinstance(resolved, Target):
            found.setdefault(target, []).append(resolved)

    unknown = [
        each.target for each in planned if each.obstacle is None and _is_unknown(each.target, selection)
    ]
    asked = list(dict.fromkeys(unknown))
    for outcome in run_work(ask, asked, keep, workers=workers, control=control):
        if outcome.error is not None:
            errors[outcome.target] = outcome.error
    control.check()
    failures = [error for error in errors.values() if not isinstance(error, TargetSkipped)]
    if failures and not selection.enters_accounts and not selection.profiles:
        raise failures[0]
    return [new for each in planned for new in _after_asking(each, found, errors)]


def planned_again(
    target: Target, selection: Selection, region_of_profile: Callable[[str], str]
) -> PlannedTarget:
    """Return a target that could not be resolved before as ``plan_targets`` would plan it now."""
    if target.aws_profile is None:
        return PlannedTarget(target)
    if selection.regions:
        return PlannedTarget(replace(target, aws_account=None))
    return _place_of_profile(target.aws_profile, selection, region_of_profile)


def refuse_empty(planned: Sequence[PlannedTarget], what: str) -> None:
    """Raise ``EmptySelection`` when there is nothing, or nothing that may be touched."""
    if not all(each.is_skipped for each in planned):
        return
    reasons = dict.fromkeys(
        str(each.obstacle) for each in planned if not isinstance(each.obstacle, NoRegionMatches)
    )
    raise EmptySelection(f"{what}: {'; '.join(reasons)}" if reasons else what)


def _accounts(
    selection: Selection, aws_provider: "AwsClientProvider", use: SelectionUse
) -> "dict[str, Account | None]":
    """Return each selected account once, with what Organizations says of it if that was asked."""
    accounts: dict[str, Account | None] = dict.fromkeys(selection.accounts)
    excluded = set(selection.exclude_accounts)
    if selection.ous or selection.all_accounts or selection.exclude_ous:
        # Loaded here: accounts that are named need no Organizations.
        from aws_operations.organizations import OrganizationTree

        tree = OrganizationTree(aws_provider)
        for account in tree.all_accounts() if selection.all_accounts else ():
            accounts[account.id] = account
        for ou in selection.ous:
            below = _accounts_below(ou, tree)
            use.note("ous", ou, is_used=bool(below))
            accounts.update(below)
        for ou in selection.exclude_ous:
            off = _accounts_below(ou, tree)
            use.note("exclude_ous", ou, is_used=not accounts.keys().isdisjoint(off))
            excluded.update(off)
    use.note_matches("exclude_accounts", selection.exclude_accounts, accounts)
    left = {account: known for account, known in accounts.items() if account not in excluded}
    if not left:
        raise EmptySelection(_why_no_account(selection, len(accounts), aws_provider.aws_region))
    return left


def _accounts_below(ou: str, tree: "OrganizationTree") -> "dict[str, Account]":
    from aws_interactions.organizations_interactions import ParentDoesNotExist
    from aws_operations.organizations import OrganizationalUnitDoesNotExist

    try:
        return {account.id: account for account in tree.accounts_below(ou)}
    except (OrganizationalUnitDoesNotExist, ParentDoesNotExist) as error:
        raise EmptySelection(str(error)) from error


def _why_no_account(selection: Selection, selected_count: int, aws_region: str) -> str:
    if selected_count:
        return f"all accounts that were selected are excluded, {selected_count} of {selected_count}"
    if not selection.all_accounts:
        return f"there is no account in or below {', '.join(selection.ous)}"
    partition = partition_of_region(aws_region)
    return f"Organizations named no account, asked in partition {partition}, that of region {aws_region}"


def _place_of_account(account_id: str, known: "Account | None", aws_region: str) -> PlannedTarget:
    is_active = known is None or known.status in {_ACTIVE, ""}
    return PlannedTarget(
        Target(aws_region, account_id),
        known.name if known is not None else None,
        None if is_active or known is None else AccountNotActive(known.status),
    )


def _profiles(
    selection: Selection, configured_profiles: Callable[[], Sequence[str]], use: SelectionUse
) -> list[str]:
    from aws_interactions.credential_errors import ProfileDoesntExist

    configured = configured_profiles()
    names: dict[str, None] = {}
    for wanted in selection.profiles:
        if wanted in configured:
            names[wanted] = None
        elif not is_pattern(wanted):
            raise ProfileDoesntExist(wanted, configured)
        names.update(dict.fromkeys(name for name in configured if fnmatchcase(name, wanted)))
    use.note_matches("profiles", selection.profiles, configured)
    use.note_matches("exclude_profiles", selection.exclude_profiles, names)
    left = [name for name in names if not matches(name, selection.exclude_profiles)]
    if not left:
        wanted = ",".join(selection.profiles)
        raise EmptySelection(
            f"all profiles of {wanted} are excluded" if names else f"no configured profile matches {wanted}"
        )
    return left


def _place_of_profile(
    name: str, selection: Selection, region_of_profile: Callable[[str], str] | None
) -> PlannedTarget:
    if selection.regions or region_of_profile is None:
        return PlannedTarget(Target(",".join(selection.regions), aws_profile=name))
    try:
        return PlannedTarget(Target(region_of_profile(name), aws_profile=name))
    except AwsInteractionError as error:
        return PlannedTarget(Target("-", aws_profile=name), obstacle=error)


def _with_given_regions(
    place: PlannedTarget, selection: Selection, use: SelectionUse
) -> Iterator[PlannedTarget]:
    """Yield a place once for each region that was given by name; a pattern waits for the account."""
    if selection.needs_enabled_regions:
        yield place
        return
    regions = dict.fromkeys(selection.regions or [place.target.aws_region])
    use.note_matches("exclude_regions", selection.exclude_regions, regions)
    for region in regions:
        if not selection.leaves_out(region):
            yield replace(place, target=replace(place.target, aws_region=region))


def _is_unknown(target: Target, selection: Selection) -> bool:
    return target.aws_account is None or selection.needs_enabled_regions


def _resolved(
    target: Target,
    selection: Selection,
    providers: TargetProviders,
    asked_in: Callable[[Target], str],
    use: SelectionUse,
) -> Iterator[Target]:
    there = replace(target, aws_region=asked_in(target))
    if target.aws_account is None:
        account = providers.provider_for(there).get_aws_env().aws_account
        target, there = replace(target, aws_account=account), replace(there, aws_account=account)
    if not selection.needs_enabled_regions:
        yield target
        return
    enabled = [region.region for region in regions_of(providers, there, asked_in=there.aws_region)]
    wanted = _in_given_order(selection.regions, enabled)
    use.note_matches("regions", selection.regions, enabled)
    use.note_matches("exclude_regions", selection.exclude_regions, wanted)
    chosen = [region for region in wanted if not selection.leaves_out(region)]
    if not chosen:
        raise NoRegionMatches(selection.regions)
    for region in chosen:
        yield replace(target, aws_region=region)


def _in_given_order(given: Sequence[str], enabled: Sequence[str]) -> Collection[str]:
    """Return each region once: a name as it is, for AWS to judge, a pattern's in AWS's order."""
    regions: dict[str, None] = {}
    for wanted in given:
        if wanted == ALL_REGIONS:
            regions.update(dict.fromkeys(enabled))
        elif is_pattern(wanted):
            regions.update(dict.fromkeys(region for region in enabled if fnmatchcase(region, wanted)))
        else:
            regions[wanted] = None
    return regions


def _after_asking(
    planned: PlannedTarget, found: dict[Target, list[Target]], errors: dict[Target, Exception]
) -> list[PlannedTarget]:
    error = errors.get(planned.target)
    if error is not None:
        return [replace(planned, obstacle=error)]
    return [replace(planned, target=target) for target in found.get(planned.target, [planned.target])]


def _configured_profiles() -> Sequence[str]:
    from aws_interactions.aws_profiles import configured_profiles

    return configured_profiles()
