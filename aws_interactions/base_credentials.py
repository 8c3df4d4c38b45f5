"""Where credentials and region come from before any role is assumed."""

import os
import threading
from typing import Any

from botocore.config import Config
from botocore.credentials import (
    ContainerProvider,
    CredentialResolver,
    Credentials,
    EnvProvider,
    InstanceMetadataProvider,
    create_credential_resolver,
)
from botocore.exceptions import ProfileNotFound
from botocore.utils import IMDSRegionProvider, InstanceMetadataFetcher, resolve_imds_endpoint_mode

from aws_interactions.client_loading import LeanSession as Session
from aws_interactions.client_settings import Recorder
from aws_interactions.credential_cache import cache_key_of
from aws_interactions.credential_errors import (
    MfaCodeNeeded,
    NoCredentials,
    ProfileDoesntExist,
    translate_credential_errors,
)
from aws_interactions.credential_settings import BaseIdentity, MfaPrompter, region_from_environment
from aws_interactions.shared_tls import install_shared_tls

_CHAIN = (
    "environment variables (AWS_ACCESS_KEY_ID)",
    "web identity",
    "profile {profile!r}",
    "container role",
    "instance role",
)
_COMPUTE = ("container role (AWS_CONTAINER_CREDENTIALS_...)", "function role", "instance role")
_IDENTITY_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_SECRET_SETTINGS = ("aws_secret_access_key", "aws_session_token", "aws_security_token")


class CredentialSource:
    """Finds base credentials, profile and region; it owns the one botocore session for that.

    ``role_cache`` keeps the credentials of roles that a *profile* assumes, ``web_identity_cache`` those
    that a web identity token is exchanged for; ``mfa_prompter`` is asked for the MFA codes that such
    profiles want.
    """

    def __init__(
        self,
        identity: BaseIdentity,
        *,
        mfa_prompter: MfaPrompter | None = None,
        role_cache: Any = None,
        web_identity_cache: Any = None,
    ) -> None:
        self.identity = identity
        self._mfa_prompter = mfa_prompter
        self._role_cache = role_cache
        self._web_identity_cache = web_identity_cache
        self._lock = threading.RLock()
        self._session_lock = threading.Lock()
        self._lazy_session: Session | None = None

    def find_credentials(self) -> Credentials:
        """Find the base credentials; a role on top is not this function's matter.

        Raises ``NoCredentials``, ``ProfileDoesntExist``, or ``CredentialsProblem`` for a source that
        is there and fails.
        """
        keys = self.identity.access_keys
        if keys is not None:
            return Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
        with self._lock, translate_credential_errors(self.identity.label):
            self._check_profile()
            self._tell_session_the_region()
            credentials = self._resolver().load_credentials()
        if credentials is None:
            tried = _COMPUTE if self.identity.aws_compute else _CHAIN
            raise NoCredentials(
                "no credentials: tried "
                + ", ".join(place.format(profile=self.profile_name or "default") for place in tried)
            )
        return credentials

    def find_configured_region(self) -> str | None:
        """Return the region of the profile, or, on compute only, of the instance's metadata."""
        with self._lock, translate_credential_errors(self.identity.label):
            self._check_profile()
            configured = self._scoped_config().get("region")
            if configured or not self.identity.aws_compute:
                return configured
            region: str | None = IMDSRegionProvider(self._session).provide()
            return region

    def region_places(self) -> tuple[str, ...]:
        """Return, in order, all places where a region is looked for."""
        profile = f"profile {self.profile_name or 'default'!r}"
        on_compute = ("the instance's metadata",) if self.identity.aws_compute else ()
        return ("the argument", "AWS_REGION", "AWS_DEFAULT_REGION", profile, *on_compute)

    @property
    def profile_name(self) -> str | None:
        """The named profile, argument or AWS_PROFILE; ``None`` if none is, or environment keys mask it."""
        if self.identity.access_keys is not None or self.identity.aws_compute:
            return self.identity.aws_profile
        is_masked = bool(os.environ.get("AWS_ACCESS_KEY_ID"))
        return self.identity.aws_profile or (None if is_masked else self._session.profile)

    def assumes_role(self) -> bool:
        """Say whether these are the credentials of a role that the AWS profile itself assumes.

        Asks the configuration files only. Raises ``ProfileDoesntExist``.
        """
        if self.identity.access_keys is not None or self.identity.aws_compute:
            return False
        with self._lock, translate_credential_errors(self.identity.label):
            self._check_profile()
            is_masked = self.identity.aws_profile is None and bool(os.environ.get("AWS_ACCESS_KEY_ID"))
            return not is_masked and "role_arn" in self._scoped_config()

    def cache_identity(self) -> str:
        """Return a key for the source of the credentials, made from names and key ids, no secrets.

        It is made without any call, so that cached credentials of a role serve even while the source
        is unavailable.
        """
        keys = self.identity.access_keys
        if keys is not None:
            return cache_key_of("keys", keys.access_key_id)
        if self.identity.aws_compute:
            return cache_key_of("compute", _environment(_IDENTITY_VARIABLES))
        with self._lock, translate_credential_errors(self.identity.label):
            self._check_profile()
            config = {
                name: value for name, value in self._scoped_config().items() if name not in _SECRET_SETTINGS
            }
            names = () if self.identity.aws_profile else _IDENTITY_VARIABLES
            files = [self._session.get_config_variable(name) for name in ("config_file", "credentials_file")]
            return cache_key_of("profile", self._session.profile, config, files, _environment(names))

    @property
    def _session(self) -> Session:
        with self._session_lock:
            if self._lazy_session is None:
                self._lazy_session = self._make_session()
            return self._lazy_session

    def _make_session(self) -> Session:
        settings = self.identity.client_settings
        session = _EndpointSession(
            self.identity.endpoint_url, profile=self.identity.aws_profile, recorder=settings.recorder
        )
        session.set_default_client_config(
            Config(
                connect_timeout=settings.connect_timeout,
                read_timeout=settings.read_timeout,
                retries={"mode": "standard", "total_max_attempts": settings.max_attempts},
            )
        )
        session.set_config_variable("sts_regional_endpoints", "regional")
        return session

    def _check_profile(self) -> None:
        name = self._session.profile
        known = self._session.available_profiles
        if name is not None and name != "default" and name not in known:
            raise ProfileDoesntExist(name, known)
        if self.identity.aws_profile == "default" and "default" not in known:
            raise ProfileDoesntExist("default", known)

    def _scoped_config(self) -> dict[str, Any]:
        try:
            return dict(self._session.get_scoped_config())
        except ProfileNotFound:
            # AWS_PROFILE=default without any configuration file names what everyone has anyway.
            return {}

    def _tell_session_the_region(self) -> None:
        # botocore reads AWS_DEFAULT_REGION only; a profile that assumes a role needs a region for STS.
        from_environment = region_from_environment()
        region = self.identity.aws_region or (from_environment and from_environment[0])
        if region:
            self._session.set_config_variable("region", region)

    def _resolver(self) -> CredentialResolver:
        if self.identity.aws_compute:
            return CredentialResolver(providers=self._compute_providers())
        resolver = create_credential_resolver(
            self._session, region_name=self._session.get_config_variable("region")
        )
        profile_roles: Any = resolver.get_provider("assume-role")
        # The prompter is a constructor argument that the session's own resolver does not pass on.
        profile_roles._prompter = self._prompt_for_profile
        if self._role_cache is not None:
            profile_roles.cache = self._role_cache
        if self._web_identity_cache is not None:
            web_identity: Any = resolver.get_provider("assume-role-with-web-identity")
            web_identity.cache = self._web_identity_cache
        return resolver

    def _compute_providers(self) -> list[Any]:
        session = self._session
        fetcher = InstanceMetadataFetcher(
            timeout=session.get_config_variable("metadata_service_timeout"),
            num_attempts=session.get_config_variable("metadata_service_num_attempts"),
            user_agent=session.user_agent(),
            config={
                "ec2_metadata_service_endpoint": session.get_config_variable("ec2_metadata_service_endpoint"),
                "ec2_metadata_service_endpoint_mode": resolve_imds_endpoint_mode(session),
                "ec2_metadata_v1_disabled": session.get_config_variable("ec2_metadata_v1_disabled"),
            },
        )
        # A function's role comes as environment keys; anywhere else such keys are somebody's own.
        is_function = "AWS_LAMBDA_FUNCTION_NAME" in os.environ and "AWS_SESSION_TOKEN" in os.environ
        function_role = [EnvProvider()] if is_function else []
        return [ContainerProvider(), *function_role, InstanceMetadataProvider(iam_role_fetcher=fetcher)]

    def _prompt_for_profile(self, prompt: str) -> str:
        if self._mfa_prompter is None:
            raise MfaCodeNeeded(prompt.removeprefix("Enter MFA code for ").rstrip(": "))
        return self._mfa_prompter(prompt)


def _environment(names: tuple[str, ...]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if os.environ.get(name)}


class _EndpointSession(Session):
    """A session whose own calls, made to find credentials, go to the given endpoint too."""

    def __init__(self, endpoint_url: str | None, *, profile: str | None, recorder: Recorder | None) -> None:
        super().__init__(profile=profile)
        self._endpoint_url = endpoint_url
        self._recorder = recorder

    def create_client(self, *args: Any, **kwargs: Any) -> Any:
        if self._endpoint_url is not None:
            kwargs["endpoint_url"] = self._endpoint_url
        client: Any = super().create_client(*args, **kwargs)
        install_shared_tls(client)
        if self._recorder is not None:
            self._recorder.install(client)
        return client
