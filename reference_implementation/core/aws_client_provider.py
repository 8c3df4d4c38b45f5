"""The factory: the only place where sessions and clients are made."""

import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, Self

import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    ContainerProvider,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
    EnvProvider,
    InstanceMetadataProvider,
)
from botocore.exceptions import NoCredentialsError
from botocore.utils import InstanceMetadataFetcher

from core.aws_environment import AwsEnvironment
from core.aws_errors import CredentialsProblem, InvalidInput, translate_aws_errors
from core.read_only_gate import install_read_only_gate

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

ROLE_SESSION_NAME = "aws-client-provider"

# The default retry mode of botocore is an old one, and its time-out of a minute to connect a long one.
_CLIENT_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10, max_pool_connections=50
)


class AwsClientProvider:
    """Makes clients for one identity in one region; everything that calls AWS is handed one.

    Without arguments, credentials come from botocore's standard chain. ``aws_profile`` names a profile,
    ``aws_compute`` takes the role of the instance, container or function that this runs on, and
    ``assume_role_arn`` is a role to assume with either of them. ``is_read_only``: clients refuse what is
    not a read. ``endpoint_url`` is for every service, STS included; tests need it.

    The constructor calls nothing. Credentials are found at the first request, and those of a role refresh
    themselves. One provider serves many threads. Raises ``InvalidInput`` for arguments that contradict
    each other; getters raise ``CredentialsProblem`` where profile or region are missing.
    """

    def __init__(
        self,
        aws_profile: str | None = None,
        aws_region: str | None = None,
        aws_compute: bool = False,
        assume_role_arn: str | None = None,
        *,
        external_id: str | None = None,
        is_read_only: bool = False,
        endpoint_url: str | None = None,
    ) -> None:
        if aws_profile is not None and aws_compute:
            raise InvalidInput("a profile and the compute role are two sources of credentials: name one")
        if "" in {aws_profile, aws_region, assume_role_arn}:
            # An unset variable in a script: to fall back on other credentials would act in another account.
            raise InvalidInput("an empty profile, region or role")
        if external_id is not None and assume_role_arn is None:
            raise InvalidInput("an external id is given, but there is no role to assume")
        self._aws_profile = aws_profile
        self._aws_region = aws_region
        self._is_read_only = is_read_only
        self._endpoint_url = endpoint_url
        self._account: str | None = None
        self._clients: dict[str, Any] = {}
        # botocore's sessions are not safe to use from several threads; the clients they make are.
        self._lock = threading.Lock()
        self._session = _base_session(aws_profile, aws_compute=aws_compute)
        if assume_role_arn is not None:
            self._session = self._session_of_role(assume_role_arn, external_id)

    @property
    def aws_region(self) -> str:
        """The region that clients act in: the argument's, the environment's, or the profile's."""
        region = self._aws_region or os.environ.get("AWS_REGION")
        with translate_aws_errors("region", self._aws_profile or "the standard chain"):
            region = region or self._session.get_config_variable("region")
        if not region:
            raise CredentialsProblem(
                "no region: none given, in AWS_REGION, AWS_DEFAULT_REGION or the profile"
            )
        return region

    @property
    def is_read_only(self) -> bool:
        """Whether clients refuse, before sending, all that is not a read."""
        return self._is_read_only

    def get_aws_env(self) -> AwsEnvironment:
        """Return account, region and profile; the account is asked of STS once (GetCallerIdentity)."""
        if self._account is None:
            with translate_aws_errors("sts", "the caller"):
                self._account = self.get_sts().get_caller_identity()["Account"]
        return AwsEnvironment(self._account, self.aws_region, self._aws_profile)

    def get_s3(self) -> "S3Client":
        """Return the client for S3."""
        client: S3Client = self._client("s3")
        return client

    def get_cloudwatch(self) -> Any:
        """Return the client for CloudWatch; untyped, as ``mypy-boto3-cloudwatch`` is not among the needs."""
        return self._client("cloudwatch")

    def get_sts(self) -> "STSClient":
        """Return the client for the region's STS."""
        client: STSClient = self._client("sts")
        return client

    def read_only(self) -> Self:
        """Return a provider of the same identity whose clients refuse all but reads."""
        derived = object.__new__(type(self))
        vars(derived).update(vars(self), _is_read_only=True, _clients={})
        return derived

    def __reduce__(self) -> NoReturn:
        message = "a provider holds secrets: it neither pickles nor copies"
        raise TypeError(message)

    def _client(self, service_name: str) -> Any:
        with self._lock:
            if service_name not in self._clients:
                self._clients[service_name] = self._make_client(service_name)
            return self._clients[service_name]

    def _make_client(self, service_name: str) -> Any:
        with translate_aws_errors(service_name, self._aws_profile or "the standard chain"):
            client = self._session.create_client(
                service_name,
                region_name=self.aws_region,
                endpoint_url=self._endpoint_url,
                config=_CLIENT_CONFIG,
            )
        if self._is_read_only:
            install_read_only_gate(client)
        return client

    def _session_of_role(self, role_arn: str, external_id: str | None) -> botocore.session.Session:
        base = self._session

        def fetch() -> Any:
            source = base.get_credentials()
            if source is None:
                raise NoCredentialsError
            fetcher = AssumeRoleCredentialFetcher(
                partial(
                    base.create_client,
                    region_name=self.aws_region,
                    endpoint_url=self._endpoint_url,
                    config=_CLIENT_CONFIG,
                ),
                source,
                role_arn,
                extra_args={
                    "RoleSessionName": ROLE_SESSION_NAME,
                    **({} if external_id is None else {"ExternalId": external_id}),
                },
            )
            return fetcher.fetch_credentials()

        session = botocore.session.Session(profile=self._aws_profile)
        session.register_component("credential_provider", CredentialResolver([_AssumedRole(fetch)]))
        return session


class _AssumedRole(CredentialProvider):
    """What stands in for the standard chain in the session of a role: credentials that refresh themselves."""

    METHOD = "custom-assumed-role"

    def __init__(self, fetch: Any) -> None:
        super().__init__()
        self._fetch = fetch

    def load(self) -> DeferredRefreshableCredentials:
        """Return the credentials; the role is assumed when they are first used."""
        return DeferredRefreshableCredentials(refresh_using=self._fetch, method=self.METHOD)


def _base_session(aws_profile: str | None, *, aws_compute: bool) -> botocore.session.Session:
    session = botocore.session.Session(profile=aws_profile)
    if aws_compute:
        providers: list[CredentialProvider] = [
            ContainerProvider(),
            InstanceMetadataProvider(iam_role_fetcher=InstanceMetadataFetcher()),
        ]
        # A function's role arrives in its environment; elsewhere keys there belong to somebody else.
        if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
            providers.insert(0, EnvProvider())
        session.register_component("credential_provider", CredentialResolver(providers))
    return session
