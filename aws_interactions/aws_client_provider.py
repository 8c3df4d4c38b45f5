"""The one maker of AWS clients: credentials, region and roles live here, once."""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import InvalidInput, translate_aws_errors
from aws_interactions.client_settings import ClientSettings
from aws_interactions.credential_errors import NoRegion
from aws_interactions.credential_settings import BaseIdentity, CredentialSettings, region_from_environment
from aws_interactions.role_hops import MFA_SERIAL, RoleHop, append_hop, make_hops

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_organizations.client import OrganizationsClient
    from mypy_boto3_rds.client import RDSClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.service_resource import S3ServiceResource
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sts.client import STSClient

    from aws_interactions.credential_store import CredentialStore
    from aws_interactions.lazy_credentials import LazyCredentials
    from aws_interactions.provider_specification import ProviderSpecification

NO_ROLE = "no role is assumed"
_REGION = re.compile(r"[a-z]{2,5}(-[a-z]{2,16}){1,3}-[0-9]{1,2}")

_ENDPOINT = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?(/[^\s?#]*)?")


class AwsClientProvider:
    """Hands out AWS clients that act as one identity in one region.

    The identity starts from ``access_keys``, else the compute role (``aws_compute``: container,
    function or instance), else ``aws_profile``, else the standard credential chain; on top of it comes
    ``assume_role_arn``, one role or a chain. Session name, duration (seconds), external ID, source
    identity, tags and policy (JSON text) belong to the last role; ``mfa_serial`` to the first, its
    code being asked for with ``mfa_prompter``, which is given the text to show.

    ``endpoint_url`` is for every service, STS included. ``credential_cache_dir`` is a folder of its own
    for assumed credentials; ``None`` keeps them in memory. The constructor calls nothing: credentials
    are found at the first request, once for all threads and all providers derived from this one, and
    refresh themselves. The account that a role's credentials act in is checked before their first use.

    Raises ``InvalidInput`` for malformed values. ``NoCredentials``, ``ProfileDoesntExist``, ``NoRegion``,
    ``WrongAccount``, ``ExpiredCredentials`` (all ``CredentialsProblem``), ``AccessDenied`` for a role
    and ``Unavailable`` come from whatever first needs the credentials or the region, calls on clients
    included. A provider neither pickles nor copies.
    """

    def __init__(
        self,
        aws_profile: str | None = None,
        aws_region: str | None = None,
        aws_compute: bool = False,
        assume_role_arn: str | Sequence[str] | None = None,
        *,
        external_id: str | None = None,
        role_session_name: str | None = None,
        duration_seconds: int | None = None,
        source_identity: str | None = None,
        session_tags: Mapping[str, str] | None = None,
        session_policy: str | None = None,
        mfa_serial: str | None = None,
        mfa_prompter: Callable[[str], str] | None = None,
        access_keys: AccessKeys | None = None,
        endpoint_url: str | None = None,
        credential_cache_dir: Path | None = None,
        client_settings: ClientSettings = ClientSettings(),  # noqa: B008 - frozen
    ) -> None:
        _check_source(aws_profile, is_compute=aws_compute)
        self._given_region = _checked_region(aws_region, "the argument") if aws_region is not None else None
        self._hops = make_hops(
            assume_role_arn,
            mfa_serial=mfa_serial,
            external_id=external_id,
            role_session_name=role_session_name,
            duration_seconds=duration_seconds,
            source_identity=source_identity,
            session_tags=session_tags,
            session_policy=session_policy,
        )
        self._mfa_serial = _checked_mfa_serial(mfa_serial)
        _check_endpoint(endpoint_url)
        self._is_read_only = False
        self._narrowed_from: tuple[RoleHop, ...] = ()
        self._own_credentials: LazyCredentials | None = None
        self._shared = _Shared(
            CredentialSettings(
                base=BaseIdentity(
                    aws_profile=aws_profile,
                    aws_compute=aws_compute,
                    access_keys=access_keys,
                    aws_region=aws_region,
                    endpoint_url=endpoint_url,
                    client_settings=client_settings,
                ),
                mfa_prompter=mfa_prompter,
                disk_cache_dir=credential_cache_dir,
            )
        )

    @property
    def aws_region(self) -> str:
        """The region that clients act in.

        The argument's, else AWS_REGION's, else AWS_DEFAULT_REGION's, else the profile's, else, on
        compute only, the instance's. Raises ``NoRegion`` when none of them names one.
        """
        return self._given_region or self._shared.configured_region()

    @property
    def is_read_only(self) -> bool:
        """Whether clients refuse, before sending, all that is not a read."""
        return self._is_read_only

    def get_aws_env(self) -> AwsEnvironment:
        """Return account, region, profile and when the credentials end.

        The account is asked of STS once (GetCallerIdentity), by whoever comes first; that of a role
        is known from the check that its credentials went through.
        """
        region = self.aws_region
        store = self._shared.store()
        credentials = self._own_credentials or store.credentials(self._hops, region)
        if self._own_credentials is None:
            account = store.account(self._hops, region)
        else:
            credentials.get_frozen_credentials()
            account = self._hops[-1].aws_account
        return AwsEnvironment(
            aws_account=account,
            aws_region=region,
            aws_profile=store.source.profile_name,
            credentials_expire_at=credentials.expires_at,
        )

    def get_s3(self) -> "S3Client":
        """Return a client for S3."""
        client: S3Client = self._bind_client("s3")
        return client

    def get_s3_resource(self) -> "S3ServiceResource":
        """Return boto3's S3 resource; all that is reached through it acts as this provider."""
        resource: S3ServiceResource = self._bind_resource("s3")
        return resource

    def get_ec2(self) -> "EC2Client":
        """Return a client for EC2."""
        client: EC2Client = self._bind_client("ec2")
        return client

    def get_dynamodb(self) -> "DynamoDBClient":
        """Return a client for DynamoDB."""
        client: DynamoDBClient = self._bind_client("dynamodb")
        return client

    def get_dynamodb_resource(self) -> "DynamoDBServiceResource":
        """Return boto3's DynamoDB resource; all that is reached through it acts as this provider."""
        resource: DynamoDBServiceResource = self._bind_resource("dynamodb")
        return resource

    def get_rds(self) -> "RDSClient":
        """Return a client for RDS."""
        client: RDSClient = self._bind_client("rds")
        return client

    def get_secretsmanager(self) -> "SecretsManagerClient":
        """Return a client for Secrets Manager."""
        client: SecretsManagerClient = self._bind_client("secretsmanager")
        return client

    def get_iam(self) -> "IAMClient":
        """Return a client for IAM."""
        client: IAMClient = self._bind_client("iam")
        return client

    def get_organizations(self) -> "OrganizationsClient":
        """Return a client for Organizations."""
        client: OrganizationsClient = self._bind_client("organizations")
        return client

    def get_sts(self) -> "STSClient":
        """Return a client for the region's STS."""
        client: STSClient = self._bind_client("sts")
        return client

    def for_region(self, aws_region: str) -> Self:
        """Return a provider of the same identity in another region; nothing is assumed again."""
        return self._derived(given_region=_checked_region(aws_region, "the argument"))

    def for_role(
        self,
        assume_role_arn: str,
        *,
        external_id: str | None = None,
        role_session_name: str | None = None,
        duration_seconds: int | None = None,
        source_identity: str | None = None,
        session_tags: Mapping[str, str] | None = None,
        session_policy: str | None = None,
    ) -> Self:
        """Return a provider that acts as one more role, assumed with this provider's credentials.

        An MFA device given to the constructor serves here if this is the first role. Raises
        ``InvalidInput`` for malformed values and for a chained session of more than one hour.
        """
        if self._narrowed_from:
            raise InvalidInput("a narrowed session assumes no further role", resource=assume_role_arn)
        (hop,) = make_hops(
            assume_role_arn,
            mfa_serial=None if self._hops else self._mfa_serial,
            external_id=external_id,
            role_session_name=role_session_name,
            duration_seconds=duration_seconds,
            source_identity=source_identity,
            session_tags=session_tags,
            session_policy=session_policy,
        )
        return self._derived(hops=append_hop(self._hops, hop))

    def narrowed_to(self, session_policy: str) -> Self:
        """Return a provider of the same identity whose session AWS holds to a policy (JSON text) as well.

        The last role is assumed once more, at the first use, and its account checked as ever; such a session
        is kept by this provider and its clients alone, neither on disk nor for others. Raises
        ``InvalidInput`` for what is no policy or over 2,048 characters, and where ``narrowing_obstacle`` says
        why not; the first use raises ``SessionPolicyTooLarge`` for one that STS cannot pack.
        """
        obstacle = self.narrowing_obstacle()
        if obstacle is not None:
            raise InvalidInput(f"this session cannot be narrowed: {obstacle}")
        whole = self._narrowed_from or self._hops
        hops = (*whole[:-1], replace(whole[-1], session_policy=session_policy))
        derived = self._derived(hops=hops)
        derived._narrowed_from = whole
        derived._own_credentials = self._shared.store().narrowed(hops, self.aws_region)
        return derived

    def narrowing_obstacle(self) -> str | None:
        """Say why ``narrowed_to`` cannot be had for this identity, ``None`` if it can; asks nobody.

        ``NO_ROLE`` where nothing is assumed at all.
        """
        hops = self._narrowed_from or self._hops
        if not hops:
            is_of_profile = self._shared.store().source.assumes_role()
            return "its role is assumed by the AWS profile" if is_of_profile else NO_ROLE
        if hops[-1].mfa_serial is not None:
            return "its role asks for an MFA code, and each code serves once"
        if hops[-1].session_policy is not None:
            return "its role has a session policy already, and AWS takes one"
        return None

    def read_only(self) -> Self:
        """Return a provider of the same identity whose clients refuse, before sending, all but reads."""
        return self._derived(is_read_only=True)

    def specification(self, *, is_sandbox: bool = False) -> "ProviderSpecification":
        """Return what another machine needs to act as this provider does, with credentials of its own.

        It has no secrets in it. ``is_sandbox`` says that this provider is the sandbox's: its keys and its
        endpoint are then those of the sandbox there. Raises ``CantTravel`` for explicit access keys,
        a role with MFA and a recorder, ``NoRegion`` where there is none.
        """
        from aws_interactions.provider_specification import specify

        return specify(
            self._shared.settings.base,
            self._hops,
            self.aws_region,
            is_read_only=self._is_read_only,
            is_sandbox=is_sandbox,
        )

    def __repr__(self) -> str:
        base = self._shared.settings.base
        parts = [f"region={self._given_region or 'from the environment'}", f"base={base.label}"]
        parts += [f"role={hop.role_arn}" for hop in self._hops]
        parts += ["narrowed"] if self._narrowed_from else []
        parts += ["read only"] if self._is_read_only else []
        return f"{type(self).__name__}({', '.join(parts)})"

    def __reduce__(self) -> NoReturn:
        message = "a provider holds secrets: it neither pickles nor copies; send what it was made from"
        raise TypeError(message)

    def _bind_client(self, service_name: str) -> Any:
        # Making a prototype reads the configuration files, which may be broken.
        with translate_aws_errors(service_name, self._shared.settings.base.label):
            prototypes = self._shared.store().prototypes
            return prototypes.bind_client(service_name, self.aws_region, **self._binding())

    def _bind_resource(self, service_name: str) -> Any:
        with translate_aws_errors(service_name, self._shared.settings.base.label):
            prototypes = self._shared.store().prototypes
            return prototypes.bind_resource(service_name, self.aws_region, **self._binding())

    def _binding(self) -> dict[str, Any]:
        region, hops, store = self.aws_region, self._hops, self._shared.store()
        return {
            "credentials": self._own_credentials or store.credentials(hops, region),
            "identity": lambda: store.client_identity(hops, region),
            "read_only": self._is_read_only,
        }

    def _derived(
        self,
        *,
        given_region: str | None = None,
        hops: tuple[RoleHop, ...] | None = None,
        is_read_only: bool | None = None,
    ) -> Self:
        derived = object.__new__(type(self))
        vars(derived).update(vars(self))
        derived._given_region = given_region or self._given_region
        derived._hops = self._hops if hops is None else hops
        derived._is_read_only = self._is_read_only if is_read_only is None else is_read_only
        return derived


class _Shared:
    """What a root provider and all that derive from it have in common, made when first needed."""

    def __init__(self, settings: CredentialSettings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._store: CredentialStore | None = None
        self._region: str | None = None

    def store(self) -> "CredentialStore":
        with self._lock:
            if self._store is None:
                # Here, not above: loading botocore is most of what a short command costs.
                from aws_interactions.credential_store import CredentialStore

                self._store = CredentialStore(self.settings)
            return self._store

    def configured_region(self) -> str:
        if self._region is None:
            from_environment = region_from_environment()
            if from_environment is not None:
                self._region = _checked_region(*from_environment)
            else:
                self._region = self._region_of_source()
        return self._region

    def _region_of_source(self) -> str:
        source = self.store().source
        region = source.find_configured_region()
        if region is None:
            raise NoRegion(source.region_places())
        return _checked_region(region, source.identity.label)


def _check_source(aws_profile: str | None, *, is_compute: bool) -> None:
    if aws_profile is not None and is_compute:
        raise InvalidInput("a profile and the compute role are two sources of credentials: name one")
    if aws_profile == "":
        raise InvalidInput("an empty profile name")


def _checked_mfa_serial(mfa_serial: str | None) -> str | None:
    if mfa_serial is not None and not MFA_SERIAL.fullmatch(mfa_serial):
        raise InvalidInput(f"malformed MFA serial: {mfa_serial[:100]!r}")
    return mfa_serial


def _check_endpoint(endpoint_url: str | None) -> None:
    if endpoint_url is not None and not _ENDPOINT.fullmatch(endpoint_url):
        raise InvalidInput("malformed endpoint URL: it must be http(s)://host[:port][/path], without user")


def _checked_region(aws_region: str, where: str) -> str:
    if not _REGION.fullmatch(aws_region):
        raise InvalidInput(f"malformed region in {where}: {aws_region[:100]!r}")
    return aws_region
