"""The targets of a selection and the provider for each, ready for ``run_fleet``: what scripts start with."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_operations.fleet import DEFAULT_WORKERS
from aws_operations.selection_use import SelectionUse, doubts
from aws_operations.target_selection import Selection, plan_targets, resolve_targets
from aws_operations.targets import RoleSettings, Target, TargetProviders

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SelectedFleet:
    """Where a script acts. ``provider_for`` a target that may not be touched raises why."""

    targets: Sequence[Target]
    providers: TargetProviders

    def provider_for(self, target: Target) -> AwsClientProvider:
        """Return the provider that acts in the target; makes no call."""
        return self.providers.provider_for(target)

    def reader_for(self, target: Target) -> AwsClientProvider:
        """Return a provider that refuses, before sending, all but reads; makes no call."""
        return self.providers.provider_for(target).read_only()


def select_fleet(
    selection: Selection,
    aws_provider: AwsClientProvider,
    *,
    role_name: str | None = None,
    role: RoleSettings | None = None,
    for_profile: Callable[[str], AwsClientProvider] = AwsClientProvider,
    workers: int = DEFAULT_WORKERS,
) -> SelectedFleet:
    """Return the fleet that a selection comes to.

    Accounts are entered from ``aws_provider``'s identity through a role of the same name in each, given as
    ``role_name`` or, with external ID, session name and duration, as ``role``. ``for_profile`` makes the
    provider of each selected profile. Asks Organizations, and accounts for their regions, only where the
    selection needs it. Raises ``EmptySelection``, ``InvalidInput`` for accounts without a role and for a
    role without accounts, and what Organizations raises; an account that does not answer is an outcome of
    the run. What was selected or excluded beside other things and came to nothing is logged as a warning,
    and so is a region that botocore does not know.
    """
    role = _role_for(selection, role_name, role)
    by_profile: dict[str, AwsClientProvider] = {}
    lock = threading.Lock()

    def provider_of_profile(name: str) -> AwsClientProvider:
        with lock:
            if name not in by_profile:
                by_profile[name] = for_profile(name)
            return by_profile[name]

    def asked_in(target: Target) -> str:
        profile = target.aws_profile
        return aws_provider.aws_region if profile is None else provider_of_profile(profile).aws_region

    use = SelectionUse()
    planned = plan_targets(
        selection,
        aws_provider,
        region_of_profile=lambda name: provider_of_profile(name).aws_region,
        use=use,
    )
    asking = TargetProviders(aws_provider, role, for_profile=provider_of_profile)
    resolved = resolve_targets(planned, selection, asking, asked_in=asked_in, workers=workers, use=use)
    for line in doubts(selection, use):
        logger.warning("%s", line)
    obstacles = {each.target: each.obstacle for each in resolved if each.obstacle is not None}
    providers = TargetProviders(aws_provider, role, for_profile=provider_of_profile, obstacles=obstacles)
    return SelectedFleet([each.target for each in resolved], providers)


def _role_for(selection: Selection, role_name: str | None, role: RoleSettings | None) -> RoleSettings | None:
    if role_name is not None and role is not None:
        raise InvalidInput("the role is given twice, as role and as role_name")
    if role_name is not None:
        role = RoleSettings(role_name)
    if role is not None and not role.role_name.strip("/ "):
        raise InvalidInput("the name of the role is empty")
    if selection.enters_accounts and role is None:
        raise InvalidInput("accounts are entered through a role: name it")
    if role is not None and not selection.enters_accounts:
        raise InvalidInput(f"no account is selected in which the role {role.role_name} could be assumed")
    return role
