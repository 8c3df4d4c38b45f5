"""Which accounts and regions an operation runs in, and the provider for each."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aws_interactions.aws_environment import AwsEnvironment, partition_of_region
from aws_interactions.aws_errors import InvalidInput, WrongAccount

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider


@dataclass(frozen=True, slots=True)
class Target:
    """One account and region; ``aws_account`` is ``None`` until something needed to know it.

    ``aws_profile`` is there where profiles were chosen: it says as whom the target is reached.
    """

    aws_region: str
    aws_account: str | None = None
    aws_profile: str | None = None

    def __str__(self) -> str:
        return f"aws://{self.aws_account or '-'}/{self.aws_region}"


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """The role to assume in each target account; the rest goes with that last hop."""

    role_name: str
    external_id: str | None = None
    role_session_name: str | None = None
    duration_seconds: int | None = None


class TargetProviders:
    """Derives the provider for each target from a base provider: one role session an account.

    Without ``role`` every target is in the base provider's own account. A target with a profile gets the
    provider that ``for_profile`` makes of its name, once, in place of the base. ``obstacles`` are errors
    that are known of targets already: they are raised where the provider is asked for. For all threads.
    """

    def __init__(
        self,
        base: "AwsClientProvider",
        role: RoleSettings | None = None,
        *,
        for_profile: "Callable[[str], AwsClientProvider] | None" = None,
        obstacles: Mapping[Target, Exception] | None = None,
    ) -> None:
        self.base = base
        self._role = role
        self._for_profile = for_profile
        self._obstacles = obstacles or {}
        self._lock = threading.Lock()
        self._by_account: dict[tuple[str, str], AwsClientProvider] = {}
        self._by_profile: dict[str, AwsClientProvider] = {}

    def provider_for(self, target: Target) -> "AwsClientProvider":
        """Return the provider that acts in the target; makes no call. Raises the target's obstacle."""
        obstacle = self._obstacles.get(target)
        if obstacle is not None:
            raise obstacle
        with self._lock:
            return self._root_of(target).for_region(target.aws_region)

    def _root_of(self, target: Target) -> "AwsClientProvider":
        if target.aws_profile is not None and self._for_profile is not None:
            if target.aws_profile not in self._by_profile:
                self._by_profile[target.aws_profile] = self._for_profile(target.aws_profile)
            return self._by_profile[target.aws_profile]
        if self._role is None or target.aws_account is None:
            return self.base
        partition = partition_of_region(target.aws_region)
        key = (partition, target.aws_account)
        if key not in self._by_account:
            self._by_account[key] = self.base.for_region(target.aws_region).for_role(
                f"arn:{partition}:iam::{target.aws_account}:role/{self._role.role_name.lstrip('/')}",
                external_id=self._role.external_id,
                role_session_name=self._role.role_session_name,
                duration_seconds=self._role.duration_seconds,
            )
        return self._by_account[key]

    def with_known_account(self, target: Target) -> Target:
        """Return the target with its account, asking AWS (GetCallerIdentity) who the identity is.

        A role session in another account than the target's raises ``WrongAccount``.
        """
        actual = self.provider_for(target).get_aws_env().aws_account
        if target.aws_account not in {None, actual}:
            raise WrongAccount(expected_account=str(target.aws_account), actual_account=actual)
        return replace(target, aws_account=actual)


def select_targets(accounts: Sequence[str], regions: Sequence[str], default_region: str) -> list[Target]:
    """Return each account in each region once, accounts outermost; none named means one's own.

    A selection that is named but empty is the caller's error to refuse: here no list means "here".
    """
    chosen_regions = list(dict.fromkeys(regions)) or [default_region]
    chosen_accounts: list[str | None] = [*dict.fromkeys(accounts)] or [None]
    return [Target(region, account) for account in chosen_accounts for region in chosen_regions]


def name_in(target: Target, name: str) -> str:
    """Return a name with ``{account}`` and ``{region}`` replaced by the target's, where they are known."""
    return name.replace("{account}", target.aws_account or "").replace("{region}", target.aws_region)


def fill_template(name: str, aws_provider: "AwsClientProvider") -> str:
    """Return a name with ``{account}`` and ``{region}`` replaced by the provider's; makes no call without.

    Any other brace in it is an ``InvalidInput``, so that a typing error does not name a bucket.
    """
    if "{" not in name and "}" not in name:
        return name
    environment: AwsEnvironment = aws_provider.get_aws_env()
    filled = name.replace("{account}", environment.aws_account).replace("{region}", environment.aws_region)
    if "{" in filled or "}" in filled:
        raise InvalidInput(f"{name}: only {{account}} and {{region}} can be filled in")
    return filled


def fill_path_template(destination: str, aws_provider: "AwsClientProvider") -> str:
    """Return a path with ``{account}`` and ``{region}`` filled in; other braces are part of the name."""
    if "{account}" not in destination and "{region}" not in destination:
        return destination
    environment = aws_provider.get_aws_env()
    return destination.replace("{account}", environment.aws_account).replace(
        "{region}", environment.aws_region
    )
