"""The factory: the only place where sessions and clients are made."""

import os
import re
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, Self

import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    ContainerProvider,
    CredentialProvider,
    CredentialResolver,
    Credentials,
    DeferredRefreshableCredentials,
    EnvProvider,
    InstanceMetadataProvider,
    ReadOnlyCredentials,
    create_credential_resolver,
)
from botocore.exceptions import NoCredentialsError
from botocore.utils import InstanceMetadataFetcher

from core.aws_environment import AwsEnvironment
from core.aws_errors import (
    CredentialsProblem,
    InvalidInput,
    translate_aws_errors,
    translate_configuration_errors,
)
from core.read_only_gate import install_read_only_gate

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

ROLE_SESSION_NAME = "aws-client-provider"

# The default retry mode of botocore is an old one, and its time-out of a minute to connect a long one.
_CLIENT_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10, max_pool_connections=50
)

_ANY = re.compile(r".+")
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}")
_REGION = re.compile(r"[a-z]+(-[a-z]+)+-\d{1,2}")
_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/\S+")
_ENDPOINT_URL = re.compile(r"https?://([\w.-]+|\[[\da-fA-F:.]+\])(:\d{1,5})?(/\S*)?")


class AwsClientProvider:
    """Makes clients for one identity in one region; everything that calls AWS is handed one.

    Without arguments, credentials come from botocore's standard chain. ``aws_profile`` names a profile,
    ``aws_compute`` takes the role of the instance, container or function that this runs on, and
    ``assume_role_arn`` is a role to assume with either of them. ``is_read_only``: clients refuse what is
    not a read. ``endpoint_url`` is for every service, STS included; tests need it.

    The constructor calls nothing. Credentials are found at the first request, and those of a role refresh
    themselves. One provider serves many threads. Raises ``InvalidInput`` for arguments that are malformed
    or contradict each other. ``CredentialsProblem`` for what is missing or wrong in the configuration, and
    ``AccessDenied`` for a role, come from whatever first needs it: a getter, or a call on its client.
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
        if external_id is not None and assume_role_arn is None:
            raise InvalidInput("an external id is given, but there is no role to assume")
        for name, value, form in (
            ("profile", aws_profile, _ANY),
            ("region", aws_region, _REGION),
            ("role", assume_role_arn, _ROLE_ARN),
            ("external id", external_id, _EXTERNAL_ID),
            ("endpoint URL", endpoint_url, _ENDPOINT_URL),
        ):
            # Empty is an unset variable in a script: without it, calls would go to another account.
            if value is not None and not form.fullmatch(value):
                raise InvalidInput(f"the {name} that was given is empty or malformed")
        self._aws_profile = aws_profile
        # Read once, so that all clients stay in one region whatever becomes of the environment.
        self._aws_region = (
            aws_region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None
        )
        self._is_read_only = is_read_only
        self._endpoint_url = endpoint_url
        self._account: str | None = None
        self._clients: dict[str, Any] = {}
        # botocore's sessions are not safe to use from several threads; the clients they make are.
        self._lock = threading.RLock()
        self._label = f"profile {aws_profile}" if aws_profile else "the standard chain"
        self._session = self._base_session(aws_compute=aws_compute)
        if assume_role_arn is not None:
            self._session = self._session_of_role(assume_role_arn, external_id)

    @property
    def aws_region(self) -> str:
        """The region that clients act in: the argument's, the environment's, or the profile's."""
        if self._aws_region is None:
            with self._lock, translate_configuration_errors("region", self._label):
                self._aws_region = self._session.get_scoped_config().get("region") or None
        if self._aws_region is None:
            raise CredentialsProblem(
                "no region: none given, in AWS_REGION, AWS_DEFAULT_REGION or the profile"
            )
        return self._aws_region

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
        with translate_configuration_errors(service_name, self._label):
            client = self._session.create_client(
                service_name, region_name=self.aws_region, config=_CLIENT_CONFIG
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
                partial(base.create_client, region_name=self.aws_region, config=_CLIENT_CONFIG),
                source,
                role_arn,
                extra_args={
                    "RoleSessionName": ROLE_SESSION_NAME,
                    **({} if external_id is None else {"ExternalId": external_id}),
                },
            )
            return fetcher.fetch_credentials()

        return self._session_with(
            lambda: DeferredRefreshableCredentials(refresh_using=fetch, method="assumed-role"), role_arn
        )

    def _base_session(self, *, aws_compute: bool) -> botocore.session.Session:
        def find() -> Credentials | None:
            if aws_compute:
                resolver = _compute_resolver()
            else:
                resolver = create_credential_resolver(session, region_name=self.aws_region)
            found: Credentials | None = resolver.load_credentials()
            return found

        session = self._session_with(find, self._label)
        return session

    def _session_with(self, find: Callable[[], Credentials | None], subject: str) -> botocore.session.Session:
        session = _SessionAt(self._endpoint_url, profile=self._aws_profile)
        resolver = CredentialResolver([_FoundHere(find, subject)])
        session.register_component("credential_provider", resolver)
        return session


class _SessionAt(botocore.session.Session):
    """A session whose clients all go to the endpoint if one is given, also those that find credentials."""

    def __init__(self, endpoint_url: str | None, *, profile: str | None) -> None:
        super().__init__(profile=profile)
        self._endpoint_url = endpoint_url

    def create_client(self, *args: Any, **kwargs: Any) -> Any:
        """Make a client as botocore does."""
        if self._endpoint_url is not None:
            kwargs["endpoint_url"] = self._endpoint_url
        return super().create_client(*args, **kwargs)


class _FoundHere(CredentialProvider):
    """What stands in for the standard chain in a session: one way to credentials, and no other after it."""

    METHOD = "custom-found-here"

    def __init__(self, find: Callable[[], Credentials | None], subject: str) -> None:
        super().__init__()
        self._find = find
        self._subject = subject

    def load(self) -> Credentials | None:
        """Return the credentials if there are any; a role is assumed when they are first used."""
        found = self._find()
        return None if found is None else _CredentialsOf(found, self._subject)


class _CredentialsOf(Credentials):
    """Credentials whose failures are this package's errors.

    They are fetched in the middle of the call that they sign. A role that may not be assumed would leave
    that call as a ``ClientError``, and a wrapper would take it for the answer about its bucket.
    """

    def __init__(self, found: Credentials, subject: str) -> None:
        # The base class wants the keys, which nobody has yet.
        self.method = found.method
        self._found = found
        self._subject = subject

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return keys and token that belong together, fetched or refreshed if it is time to."""
        with translate_configuration_errors("credentials", self._subject):
            return self._found.get_frozen_credentials()

    def get_deferred_property(self, property_name: str) -> Callable[[], Any]:
        """Return a function for what botocore wants to know of the keys later, such as their account."""
        return lambda: getattr(self.get_frozen_credentials(), property_name, None)


def _compute_resolver() -> CredentialResolver:
    providers: list[CredentialProvider] = [
        ContainerProvider(),
        InstanceMetadataProvider(iam_role_fetcher=InstanceMetadataFetcher()),
    ]
    # A function's role arrives in its environment; elsewhere keys there belong to somebody else.
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        providers.insert(0, EnvProvider())
    return CredentialResolver(providers)
