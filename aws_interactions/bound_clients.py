"""Clients for thousands of targets from a few prototypes.

A prototype is one botocore client for a (service, region, read-only or not); it is dear to make and
its own credentials raise when used. A bound client is a shallow copy of it with a request signer of
its own: it costs microseconds, and everything that is reached through it (paginators, waiters,
presigned URLs, transfer threads, retries, children of resources) signs as its target. Credentials
belong to the client handed out, never to a thread.

The seams in botocore that this rides on are private; each has a test that fails when one moves.
"""

import copy
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import ProfileNotFound
from botocore.hooks import BaseEventHooks
from botocore.signers import RequestSigner

from aws_interactions.botocore_events import known_unique_ids
from aws_interactions.client_loading import LeanSession as Session
from aws_interactions.client_settings import ClientSettings, EndpointOverride
from aws_interactions.compiled_parsers import install_compiled_parsers
from aws_interactions.configured_endpoints import place_of_override, translate_endpoint_errors
from aws_interactions.expired_sessions import install_session_renewal, lend
from aws_interactions.read_only_gate import install_read_only_gate
from aws_interactions.remembered_user_agents import install_remembered_user_agent
from aws_interactions.request_context import CLIENT_KEY, IDENTITY_KEY, ClientIdentity
from aws_interactions.retry_quota import install_identity_quotas
from aws_interactions.s3_region_redirect import install_shared_redirector
from aws_interactions.shared_tls import install_shared_tls
from aws_interactions.transfer_events import install_transfer_events, keep_transfers_classic

__all__ = ["ClientIdentity", "ClientPrototypes", "IdentitySource"]

IdentitySource = ClientIdentity | Callable[[], ClientIdentity]
"""An identity, or a function that is asked for each request and says at once what is known by then."""

_PROTOTYPE_USED: Final = "a prototype client was used directly: its calls would have nobody's credentials"


class PrototypeCredentials(Credentials):
    """The credentials of prototypes: whoever signs with them gets an error instead of a signature."""

    def __init__(self) -> None:
        super().__init__("prototype", "prototype", method="prototype")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Raise ``RuntimeError``, always."""
        raise RuntimeError(_PROTOTYPE_USED)


class PrototypeSession(Session):
    """A botocore session that reads configuration (endpoints, CA bundle, FIPS) but no credentials."""

    def __init__(self, aws_profile: str | None, *, model_cache_dir: Path | None = None) -> None:
        super().__init__(profile=aws_profile, model_cache_dir=model_cache_dir)
        self.set_config_variable("sts_regional_endpoints", "regional")
        install_compiled_parsers(self)

    def get_credentials(self) -> Credentials:
        """Return credentials that raise when they are used."""
        return PrototypeCredentials()

    def get_auth_token(self, **_: Any) -> None:  # type: ignore[override]  # a shared token would sign for all
        """Return no token: one of the caller's would sign for every target."""

    def get_scoped_config(self) -> dict[str, Any]:
        """Return the profile's settings; none for a missing profile, which the provider reports."""
        try:
            return super().get_scoped_config()
        except ProfileNotFound:
            return {}


class BoundRequestSigner(RequestSigner):
    """Signs as one target, and tells the request context for whom."""

    def __init__(self, prototype: Any, client: Any, credentials: Any, identity: IdentitySource) -> None:
        shared = prototype._request_signer
        super().__init__(
            prototype.meta.service_model.service_id,
            shared.region_name,
            shared.signing_name,
            shared.signature_version,
            credentials,
            prototype.meta.events,
        )
        self._client = weakref.ref(client)
        self._target_credentials = credentials
        self._identity = identity

    def announce(self, context: dict[str, Any]) -> None:
        """Write into a request context for whom the request is."""
        context[IDENTITY_KEY] = self.current_identity()
        context[CLIENT_KEY] = self._client

    def current_identity(self) -> ClientIdentity:
        """Return for whom requests are, as far as it is known by now."""
        identity = self._identity
        return identity() if callable(identity) else identity

    def lend_credentials(self, context: dict[str, Any]) -> None:
        """Make the prototype's signer, which botocore calls for every request, sign as this target."""
        context.setdefault("signing", {})["request_credentials"] = lend(self._target_credentials)


class GuardedEvents(BaseEventHooks):
    """The events of bound clients: shared by all targets, so that nobody may add a handler.

    What the prototype already has under the same unique id is there, so asking for it is fine.
    """

    def __init__(self, events: Any) -> None:
        self._events = events
        self._known_ids = known_unique_ids(events)

    def emit(self, event_name: str, **kwargs: Any) -> Any:
        """Call the prototype's handlers."""
        return self._events.emit(event_name, **kwargs)

    def emit_until_response(self, event_name: str, **kwargs: Any) -> Any:
        """Call the prototype's handlers until one answers."""
        return self._events.emit_until_response(event_name, **kwargs)

    def register(self, event_name: str, handler: Any, unique_id: Any = None, *_: Any, **__: Any) -> None:
        """Raise ``RuntimeError``, unless the prototype has the handler."""
        if unique_id not in self._known_ids:
            self._refuse(event_name, handler)

    register_first = register
    register_last = register

    def unregister(self, event_name: str, handler: Any = None, *_: Any, **__: Any) -> None:
        """Raise ``RuntimeError``, always."""
        self._refuse(event_name, handler)

    def _refuse(self, event_name: str, handler: Any) -> NoReturn:
        name = getattr(handler, "__qualname__", handler)
        raise RuntimeError(
            f"handler {name} on {event_name}: no handler may be added to or taken from a bound client, "
            "because its events are shared by the clients of all accounts"
        )


def _announce_call(request_signer: Any, context: dict[str, Any], **_: object) -> None:
    if not isinstance(request_signer, BoundRequestSigner):
        raise RuntimeError(_PROTOTYPE_USED)  # noqa: TRY004 - not about a type, but about whose client it is
    request_signer.announce(context)
    request_signer.lend_credentials(context)


def _announce_signature(request: Any, request_signer: Any, **_: object) -> None:
    # Presigning fires no before-call and signs with the bound client's own signer; an unsigned
    # operation of the prototype would otherwise pass without touching its raising credentials.
    if isinstance(request_signer, BoundRequestSigner):
        request_signer.announce(request.context)
    elif CLIENT_KEY not in request.context:
        raise RuntimeError(_PROTOTYPE_USED)


def _presign_regionally(context: dict[str, Any], **_: object) -> None:
    # S3's global endpoint redirects to other regions, and a version 4 signature is for one host only.
    if context.get("is_presign_request"):
        context["use_global_endpoint"] = False


def _install_identity(client: Any) -> None:
    service_event = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_first(f"before-call.{service_event}", _announce_call)
    client.meta.events.register_first(f"before-sign.{service_event}", _announce_signature)


class _Prototype:
    """One prototype client, and the class of its resource if it belongs to one."""

    def __init__(
        self,
        client: Any,
        *,
        client_settings: ClientSettings,
        read_only: bool,
        resource_class: Callable[..., Any] | None,
    ) -> None:
        self._client = client
        self._resource_class = resource_class
        _install_identity(client)
        install_identity_quotas(client, client_settings.max_attempts, client_settings.call_budget)
        install_session_renewal(client)
        install_shared_tls(client)
        install_remembered_user_agent(client)
        if client.meta.service_model.service_name == "s3":
            # Here, not above: it is nothing to the other services.
            from aws_interactions.s3_answers_read_once import install_reading_once

            install_shared_redirector(client)
            install_reading_once(client)
            install_transfer_events(client)
            client.meta.events.register("before-parameter-build.s3", _presign_regionally)
        if read_only:
            install_read_only_gate(client)
        if client_settings.recorder is not None:
            client_settings.recorder.install(client)
        self._meta = copy.copy(client.meta)
        self._meta.events = GuardedEvents(client.meta.events)

    def bind(self, credentials: Any, identity: IdentitySource) -> Any:
        client = object.__new__(type(self._client))
        client.__dict__.update(self._client.__dict__)
        client.meta = self._meta
        # Some of botocore's handlers hold the prototype weakly: it lives as long as its bound clients.
        client._prototype = self._client
        client._request_signer = BoundRequestSigner(self._client, client, credentials, identity)
        return client

    def bind_resource(self, credentials: Any, identity: IdentitySource) -> Any:
        if self._resource_class is None:
            raise RuntimeError("this prototype has no resource")
        return self._resource_class(client=self.bind(credentials, identity))


class ClientPrototypes:
    """Makes bound clients; belongs to a root provider and is shared by all that derive from it.

    ``endpoint_url`` is for every service; ``None`` leaves it to botocore's own configuration.
    ``aws_profile`` is where configuration, never credentials, is read from; ``None`` leaves that to
    ``AWS_PROFILE``. All methods may be called from all threads: a prototype is made once, under a lock,
    at the first use of a (service, region, read-only or not).
    """

    def __init__(
        self,
        *,
        endpoint_url: str | None,
        client_settings: ClientSettings,
        aws_profile: str | None = None,
    ) -> None:
        self._endpoint_url = endpoint_url
        self._client_settings = client_settings
        self._aws_profile = aws_profile
        self._lock = threading.RLock()
        self._prototypes: dict[tuple[str, str, bool, bool], _Prototype] = {}
        self._plain_prototypes: dict[tuple[str, str], _Prototype] = {}
        self._lazy_session: PrototypeSession | None = None
        self._lazy_boto3_session: Any = None

    def __reduce__(self) -> NoReturn:
        raise TypeError("client prototypes cannot be pickled")

    def bind_client(
        self,
        service_name: str,
        aws_region: str,
        *,
        credentials: Any,
        identity: IdentitySource,
        read_only: bool,
    ) -> Any:
        """Return a client that signs with ``credentials`` and acts in ``aws_region``.

        Any service that botocore knows. No call is made; credentials are first asked for when a
        request is signed.
        """
        prototype = self._prototype(service_name, aws_region, read_only=read_only, is_resource=False)
        return prototype.bind(credentials, identity)

    def bind_resource(
        self,
        service_name: str,
        aws_region: str,
        *,
        credentials: Any,
        identity: IdentitySource,
        read_only: bool,
    ) -> Any:
        """Return a boto3 service resource whose every child and collection acts as ``bind_client``'s does.

        Transfers run in Python: boto3's other engine knows neither ``endpoint_url`` nor read-only.
        """
        prototype = self._prototype(service_name, aws_region, read_only=read_only, is_resource=True)
        return prototype.bind_resource(credentials, identity)

    def plain_client(
        self, service_name: str, aws_region: str, credentials: Any, *, label: str = "credentials"
    ) -> Any:
        """Return a client with these credentials, for getting and checking credentials.

        It has prototypes of its own: with the clients that targets get it shares neither connections nor
        retry quota, and it knows no read-only. ``label`` tells its retry quota, and its bucket in the call
        budget, from those of others; a role's label is its ARN.
        """
        key = (service_name, aws_region)
        prototype = self._plain_prototypes.get(key)
        if prototype is None:
            with self._lock:
                prototype = self._plain_prototypes.get(key)
                if prototype is None:
                    prototype = self._make_prototype(*key, read_only=False, is_resource=False)
                    self._plain_prototypes[key] = prototype
        return prototype.bind(credentials, ClientIdentity(None, aws_region, label))

    def _prototype(
        self, service_name: str, aws_region: str, *, read_only: bool, is_resource: bool
    ) -> _Prototype:
        key = (service_name, aws_region, read_only, is_resource)
        prototype = self._prototypes.get(key)
        if prototype is None:
            with self._lock:
                prototype = self._prototypes.get(key)
                if prototype is None:
                    prototype = self._make_prototype(
                        service_name, aws_region, read_only=read_only, is_resource=is_resource
                    )
                    self._prototypes[key] = prototype
        return prototype

    def _make_prototype(
        self, service_name: str, aws_region: str, *, read_only: bool, is_resource: bool
    ) -> _Prototype:
        resource_class = None
        with translate_endpoint_errors():
            if is_resource:
                resource = self._boto3_session().resource(
                    service_name,
                    region_name=aws_region,
                    endpoint_url=self._endpoint_url,
                    config=self._config(service_name),
                )
                client, resource_class = resource.meta.client, type(resource)
            else:
                client = self._create_client(self._session(), service_name, aws_region)
        self._tell_of_override(client)
        return _Prototype(
            client,
            client_settings=self._client_settings,
            read_only=read_only,
            resource_class=resource_class,
        )

    def _tell_of_override(self, client: Any) -> None:
        tell = self._client_settings.on_endpoint_override
        if tell is None:
            return
        service, url = client.meta.service_model, client.meta.endpoint_url
        if self._endpoint_url is not None:
            tell(EndpointOverride(service.service_name, url, place=None, is_for_all=True))
            return
        found = place_of_override(self._session(), service.service_id)
        if found is not None:
            tell(EndpointOverride(service.service_name, url, *found))

    def _create_client(self, session: PrototypeSession, service_name: str, aws_region: str) -> Any:
        create: Any = session.create_client
        return create(
            service_name,
            region_name=aws_region,
            endpoint_url=self._endpoint_url,
            config=self._config(service_name),
        )

    def _config(self, service_name: str) -> Config:
        settings = self._client_settings
        s3_only: dict[str, Any] = {}
        if service_name == "s3":
            # Botocore presigns with version 2 unless told; Express sessions are cached for the
            # prototype, so they would serve one target with the session of another.
            s3_only = {"signature_version": "s3v4", "s3": {"disable_s3_express_session_auth": True}}
        return Config(
            retries={"mode": "standard", "total_max_attempts": settings.max_attempts},
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
            max_pool_connections=settings.max_pool_connections,
            # Both of these would put one target's account or answer into another's endpoint.
            account_id_endpoint_mode="disabled",
            endpoint_discovery_enabled=False,
            **s3_only,
        )

    def _session(self) -> PrototypeSession:
        if self._lazy_session is None:
            self._lazy_session = self._make_session()
        return self._lazy_session

    def _make_session(self) -> PrototypeSession:
        return PrototypeSession(self._aws_profile, model_cache_dir=self._client_settings.model_cache_dir)

    def _boto3_session(self) -> Any:
        # A session of its own: boto3 adds transfer methods to the client classes of the session it gets.
        if self._lazy_boto3_session is None:
            import boto3.session

            session = self._make_session()
            self._lazy_boto3_session = boto3.session.Session(botocore_session=session)
            keep_transfers_classic(session)
        return self._lazy_boto3_session
