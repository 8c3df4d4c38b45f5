"""What all providers derived from one root share: base credentials, assumed roles, accounts, prototypes."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.credentials import Credentials, RefreshableCredentials

from aws_interactions.assumed_roles import AccountCheckedCache, AssumedRole
from aws_interactions.aws_errors import CredentialsProblem
from aws_interactions.base_credentials import CredentialSource
from aws_interactions.bound_clients import ClientIdentity, ClientPrototypes
from aws_interactions.credential_cache import CredentialCache
from aws_interactions.credential_errors import ExpiredCredentials
from aws_interactions.credential_settings import CredentialSettings, MfaPrompter, region_from_environment
from aws_interactions.lazy_credentials import LazyCredentials, caller_account
from aws_interactions.role_hops import RoleHop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sts.client import STSClient

_PROFILE_EXPIRY_WINDOW = 900  # botocore's own, for the roles of profiles
_ANY_STS_REGION = "us-east-1"  # for a profile without a region, as botocore does


class CredentialStore:
    """Finds each set of credentials once, and looks up each account once, for all threads.

    It belongs to a root provider. ``sts_region`` of its methods says which regional STS a first fetch
    talks to, and its refreshes after it; the credentials are the same ones whatever the region.
    """

    def __init__(self, settings: CredentialSettings) -> None:
        base, disk_dir = settings.base, settings.disk_cache_dir
        self._settings = settings
        self._disk_cache = CredentialCache(disk_dir) if disk_dir is not None else None
        self._prompter = _one_at_a_time(settings.mfa_prompter) if settings.mfa_prompter else None
        self._lock = threading.Lock()
        self._roles: dict[tuple[RoleHop, ...], AssumedRole] = {}
        self._role_regions: dict[tuple[RoleHop, ...], str] = {}
        self._base_account: str | None = None
        self._base_account_region = _ANY_STS_REGION
        self._base_account_lock = threading.Lock()
        self.prototypes = ClientPrototypes(
            endpoint_url=base.endpoint_url, client_settings=base.client_settings, aws_profile=base.aws_profile
        )
        self.source = CredentialSource(
            base,
            mfa_prompter=self._prompter,
            role_cache=self._profile_role_cache(self._disk_cache),
            # Never on disk: a token's file says nothing of whose token is in it today.
            web_identity_cache=self._profile_role_cache(None),
        )
        self._base_credentials = LazyCredentials(
            self._find_base, label=base.label, may_renew=self._may_renew_base
        )

    def credentials(self, hops: tuple[RoleHop, ...], sts_region: str) -> LazyCredentials:
        """Return the credentials at the end of a chain of roles, the same object for the same chain."""
        with self._lock:
            if not hops:
                return self._base_credentials
            return self._role(hops, sts_region).credentials

    def narrowed(self, hops: tuple[RoleHop, ...], sts_region: str) -> LazyCredentials:
        """Return credentials of a chain whose last hop was given a policy for a few calls.

        Whoever asked holds them alone: neither memory nor disk keeps them, so that a run may have thousands
        one after the other. They are fetched at first use, and refresh themselves with the same policy.
        """
        with self._lock:
            previous = self._role(hops[:-1], sts_region) if len(hops) > 1 else None
            # Where the whole role was got there is an STS for it.
            whole = (*hops[:-1], replace(hops[-1], session_policy=None))
            region = self._role_regions.get(whole, sts_region)
        return self._assumed(
            hops[-1], previous, sts_region=lambda: region, disk_cache=None, is_short_lived=True
        ).credentials

    def account(self, hops: tuple[RoleHop, ...], sts_region: str) -> str:
        """Return the account that the credentials act in.

        Of a role it is the role's own, which was compared with STS's answer when the credentials were
        got; for base credentials it is asked of STS (GetCallerIdentity), once: when these are found again,
        those of any other account are refused.
        """
        if hops:
            self.credentials(hops, sts_region).get_frozen_credentials()
            return hops[-1].aws_account
        if self._base_account is None:
            with self._base_account_lock:
                if self._base_account is None:
                    label = self._settings.base.label
                    client = self._sts_client(self._base_credentials, sts_region, label)
                    self._base_account_region = sts_region
                    self._base_account = caller_account(client, label=label)
        return self._base_account

    def client_identity(self, hops: tuple[RoleHop, ...], aws_region: str) -> ClientIdentity:
        """Return what is known, without any call, of whom a client acts as."""
        if hops:
            return ClientIdentity(hops[-1].aws_account, aws_region, hops[-1].role_arn)
        return ClientIdentity(self._base_account, aws_region, self._settings.base.label)

    def _find_base(self) -> Credentials:
        found, expected = self.source.find_credentials(), self._base_account
        if expected is not None:
            label = self._settings.base.label
            client = self._sts_client(found, self._base_account_region, label)
            actual = caller_account(client, label=label)
            if actual != expected:
                # Not a wrong account: the run's own have ended, and it can go on once they are there again.
                raise ExpiredCredentials(
                    f"{label}: AWS calls its credentials expired, and those found now "
                    f"are of account {actual}, not {expected}",
                    resource=label,
                )
        return found

    def _may_renew_base(self, found: Credentials) -> bool:
        # A file may hold somebody else's keys by now, and without the account nobody could tell.
        return self._base_account is not None or isinstance(found, RefreshableCredentials)

    def _role(self, hops: tuple[RoleHop, ...], sts_region: str) -> AssumedRole:
        *earlier, hop = hops
        previous = self._role(tuple(earlier), sts_region) if earlier else None
        known = self._roles.get(hops)
        # Until a fetch has worked, the last region asked for: some have no STS for this account.
        if known is None or not known.credentials.is_found:
            self._role_regions[hops] = sts_region
        if known is not None:
            return known
        role = self._assumed(
            hop, previous, sts_region=lambda: self._role_regions[hops], disk_cache=self._disk_cache
        )
        self._roles[hops] = role
        return role

    def _assumed(
        self,
        hop: RoleHop,
        previous: AssumedRole | None,
        *,
        sts_region: Callable[[], str],
        disk_cache: CredentialCache | None,
        is_short_lived: bool = False,
    ) -> AssumedRole:
        source = previous.credentials if previous else self._base_credentials
        return AssumedRole(
            hop,
            source,
            source_identity_key=previous.identity_key if previous else self.source.cache_identity,
            source_client=lambda: self._sts_client(source, sts_region(), source.label),
            sts_client=lambda credentials: self._sts_client(credentials, sts_region(), hop.role_arn),
            sts_endpoint=lambda: self._sts_endpoint(sts_region()),
            mfa_prompter=self._prompter,
            disk_cache=disk_cache,
            is_short_lived=is_short_lived,
        )

    def _sts_client(self, credentials: Credentials, sts_region: str, label: str) -> "STSClient":
        client: STSClient = self.prototypes.plain_client("sts", sts_region, credentials, label=label)
        return client

    def _sts_endpoint(self, sts_region: str) -> str:
        # Asked of a client, because environment and profile can name an endpoint too. Credentials of
        # one regional STS serve in every region, so the region does not tell them apart.
        client = self._sts_client(Credentials("unused", "unused"), sts_region, "unused")
        return client.meta.endpoint_url.replace(sts_region, "{region}")

    def _profile_role_cache(self, disk: CredentialCache | None) -> Any:
        return AccountCheckedCache(
            expected_account=_account_of_assumed_role,
            sts_client=lambda credentials: self._sts_client(
                credentials, self._profile_sts_region(), self._settings.base.label
            ),
            namespace=self._profile_namespace,
            disk=disk,
            expiry_window=_PROFILE_EXPIRY_WINDOW,
            label=self._settings.base.label,
        )

    def _profile_sts_region(self) -> str:
        from_environment = region_from_environment()
        given = self._settings.base.aws_region or (from_environment and from_environment[0])
        return given or self.source.find_configured_region() or _ANY_STS_REGION

    def _profile_namespace(self) -> str:
        return f"{self._sts_endpoint(self._profile_sts_region())} {self.source.cache_identity()}"


def _one_at_a_time(prompter: MfaPrompter) -> MfaPrompter:
    lock = threading.Lock()

    def prompt(text: str) -> str:
        with lock:
            try:
                return prompter(text)
            except EOFError as error:
                raise CredentialsProblem("no MFA code was typed") from error

    return prompt


def _account_of_assumed_role(answer: "Mapping[str, Any]") -> str:
    # Which of a profile's roles an answer is for, only the answer itself says.
    arn: str = answer.get("AssumedRoleUser", {}).get("Arn", "")
    return arn.split(":")[4] if arn.count(":") >= 5 else ""
