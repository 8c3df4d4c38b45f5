"""One TLS context for all connections of all clients, with its certificate authorities read once.

As botocore leaves it, each new connection reads the bundle of authorities again, which costs 13 ms of CPU;
a fleet opens hundreds of connections. The context is botocore's own, with the same authorities and the
same checks; proxies and client certificates are left to botocore. It may be deleted, with its calls.

It rides on a private method of botocore and an attribute of urllib3's pools; a test fails when one moves.
"""

import threading
from collections.abc import Iterable
from ssl import SSLContext
from typing import Any

from botocore.httpsession import URLLib3Session, create_urllib3_context, get_cert_path
from urllib3.exceptions import SSLError
from urllib3.util.ssl_ import ALPN_PROTOCOLS

from aws_interactions.botocore_events import BotocoreSeamMoved

_contexts: dict[str, SSLContext] = {}
_contexts_lock = threading.Lock()


class SteadyContext(SSLContext):
    """A context that says what it always said of the protocols over TLS.

    urllib3 sets them anew for each connection. OpenSSL frees the old list then, which another thread may be
    copying for a connection of its own: one in 50,000 went out with garbage where 8 threads connected.
    """

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        """Do nothing: they were set before anybody had the context."""


class SharedTlsSession(URLLib3Session):
    """botocore's HTTP session, whose connections share a context with those of all other clients."""

    _cert_file: str | None

    def _setup_ssl_cert(self, conn: Any, url: str, verify: Any) -> None:
        # A proxy reached by TLS is verified with the pool's bundle, and a client certificate would be
        # loaded into the context.
        if not url.lower().startswith("https") or not verify or conn.proxy is not None or self._cert_file:
            super()._setup_ssl_cert(conn, url, verify)  # type: ignore[misc]  # the stubs leave it out
            return
        conn.conn_kw["ssl_context"] = shared_context(str(get_cert_path(verify)))
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None


def shared_context(bundle: str) -> SSLContext:
    """Return the context that trusts the authorities of a bundle, a file of certificates; read once.

    A bundle that cannot be read raises urllib3's ``SSLError``, as it would while connecting.
    """
    with _contexts_lock:
        if bundle not in _contexts:
            context: SSLContext = create_urllib3_context()
            context.set_alpn_protocols(ALPN_PROTOCOLS)
            context.__class__ = SteadyContext
            try:
                context.load_verify_locations(bundle)
            except OSError as error:
                raise SSLError(error) from error
            _contexts[bundle] = context
        return _contexts[bundle]


def install_shared_tls(client: Any) -> None:
    """Let a botocore client's connections share the context; raises ``BotocoreSeamMoved``."""
    session = client._endpoint.http_session
    if type(session) is not URLLib3Session or not hasattr(session, "_setup_ssl_cert"):
        raise BotocoreSeamMoved("botocore's clients have another HTTP session than URLLib3Session")
    session.__class__ = SharedTlsSession
