"""What a provider was made from, for another machine to make its like; no credentials are in it."""

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.call_budget import CallBudget
from aws_interactions.client_settings import ClientSettings
from aws_interactions.configured_endpoints import fingerprint_of_endpoints
from aws_interactions.credential_settings import BaseIdentity
from aws_interactions.role_hops import RoleHop

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

TRAVELLING_SETTINGS = ("max_attempts", "connect_timeout", "read_timeout", "max_pool_connections")


class CantTravel(InvalidInput):
    """Something cannot be sent to another machine; the message says what, and nothing was sent."""


@dataclass(frozen=True, slots=True)
class ProviderSpecification:
    """Tells another machine how to act as a provider does, with credentials that it finds by itself.

    A profile, the standard chain and the compute role are those of the machine where it is used. External
    IDs, session tags and session policies are part of ``roles`` and do travel. ``is_sandbox``: the
    credentials and the endpoint are those of the sandbox that runs there. Folders on disk do not travel.
    ``endpoints`` tells apart where configuration alone sends calls (``AWS_ENDPOINT_URL``, ``endpoint_url`` of
    a profile), which does not travel either: see ``fingerprint_of_endpoints``.
    ``is_paced``: requests go through a call budget made there, with ``rate_per_second``,
    ``budget_share`` and ``patience``; what this machine's budget has counted stays here.
    """

    aws_region: str
    aws_profile: str | None = None
    aws_compute: bool = False
    roles: tuple[RoleHop, ...] = ()
    endpoint_url: str | None = None
    endpoints: str | None = None
    client_settings: ClientSettings = ClientSettings()  # noqa: RUF009 - frozen
    is_read_only: bool = False
    is_sandbox: bool = False
    is_paced: bool = False
    rate_per_second: float | None = None
    budget_share: float | None = None
    patience: float = 0.0

    def to_json(self) -> str:
        """Return it as one line of JSON with sorted keys."""
        settings = {name: getattr(self.client_settings, name) for name in TRAVELLING_SETTINGS}
        values = {
            "aws_region": self.aws_region,
            "aws_profile": self.aws_profile,
            "aws_compute": self.aws_compute,
            "roles": [asdict(role) for role in self.roles],
            "endpoint_url": self.endpoint_url,
            "endpoints": self.endpoints,
            "client_settings": settings,
            "is_read_only": self.is_read_only,
            "is_sandbox": self.is_sandbox,
            "is_paced": self.is_paced,
            "rate_per_second": self.rate_per_second,
            "budget_share": self.budget_share,
            "patience": self.patience,
        }
        return json.dumps(values, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the specification that ``to_json`` wrote; ``InvalidInput`` for what STS would refuse."""
        values = json.loads(text)
        return cls(
            **{
                **values,
                "roles": tuple(_role_of(role) for role in values["roles"]),
                "client_settings": ClientSettings(**values["client_settings"]),
            }
        )

    @property
    def base(self) -> Self:
        """The part that providers which share credentials, connections and clients have in common."""
        return replace(self, aws_region="", roles=(), is_read_only=False)

    def divided_among(self, processes: int) -> Self:
        """Return the specification for one of several processes, each with its part of rate and share."""
        rate, share = self.rate_per_second, self.budget_share
        return replace(
            self,
            rate_per_second=None if rate is None else rate / processes,
            budget_share=None if share is None else share / processes,
        )

    def settings_there(self) -> ClientSettings:
        """Return the client settings to make the provider with; if it is paced, with a call budget."""
        if not self.is_paced:
            return self.client_settings
        budget = CallBudget(
            rate_per_second=self.rate_per_second, share=self.budget_share, patience=self.patience
        )
        return replace(self.client_settings, call_budget=budget)

    def derive(self, root: "AwsClientProvider") -> "AwsClientProvider":
        """Return the provider that acts as this says, given one that was made from its ``base``."""
        provider = root.for_region(self.aws_region)
        for role in self.roles:
            provider = provider.for_role(
                role.role_arn,
                external_id=role.external_id,
                role_session_name=role.role_session_name,
                duration_seconds=role.duration_seconds,
                source_identity=role.source_identity,
                session_tags=dict(role.session_tags) or None,
                session_policy=role.session_policy,
            )
        return provider.read_only() if self.is_read_only else provider


def specify(
    base: BaseIdentity, roles: tuple[RoleHop, ...], aws_region: str, *, is_read_only: bool, is_sandbox: bool
) -> ProviderSpecification:
    """Return the specification of a provider with these parts; ``CantTravel`` for keys and MFA."""
    if base.access_keys is not None and not is_sandbox:
        raise CantTravel(
            "access keys that were given to the program stay on this machine: name a profile, the compute "
            "role or a role that the other machines can assume"
        )
    if any(role.mfa_serial is not None for role in roles):
        raise CantTravel(
            "a role that asks for an MFA code can't be assumed where nobody can be asked for it; work on "
            "this machine alone"
        )
    if base.client_settings.recorder is not None:
        raise CantTravel(
            "calls that are made on other machines would be missing from the recording; record, or work there"
        )
    budget = base.client_settings.call_budget
    is_told = is_sandbox or base.endpoint_url is not None
    settings: dict[str, Any] = {name: getattr(base.client_settings, name) for name in TRAVELLING_SETTINGS}
    return ProviderSpecification(
        aws_region=aws_region,
        aws_profile=None if is_sandbox else base.aws_profile,
        aws_compute=base.aws_compute and not is_sandbox,
        roles=roles,
        endpoint_url=None if is_sandbox else base.endpoint_url,
        endpoints=None if is_told else fingerprint_of_endpoints(base.aws_profile),
        client_settings=ClientSettings(**settings),
        is_read_only=is_read_only,
        is_sandbox=is_sandbox,
        is_paced=budget is not None,
        rate_per_second=None if budget is None else budget.rate_per_second,
        budget_share=None if budget is None else budget.share,
        patience=0.0 if budget is None else budget.patience,
    )


def _role_of(values: dict[str, Any]) -> RoleHop:
    tags = tuple((key, value) for key, value in values["session_tags"])
    return RoleHop(**{**values, "session_tags": tags})
