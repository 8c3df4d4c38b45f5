"""One TLS context for all clients: read once, and as strict as botocore's own."""

import datetime as dt
import inspect
import ipaddress
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import certifi
import pytest
from botocore.exceptions import SSLError
from botocore.httpsession import URLLib3Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3.connectionpool import HTTPConnectionPool

from aws_interactions.botocore_events import BotocoreSeamMoved
from aws_interactions.bound_clients import ClientPrototypes
from aws_interactions.client_settings import ClientSettings
from aws_interactions.shared_tls import install_shared_tls, shared_context
from tests.aws_interactions.recording_aws import bind


def certificate(folder: Path, address: str = "127.0.0.1") -> Path:
    """Write a self-signed certificate for an address, and its key, into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{address}-{made.serial_number}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


class Empty(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that turned away."""


@contextmanager
def tls_server(certificate_file: Path) -> Iterator[str]:
    server = QuietServer(("127.0.0.1", 0), Empty)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def client_of(endpoint_url: str | None, aws_region: str = "eu-west-1") -> Any:
    settings = ClientSettings(max_attempts=1)
    return bind(
        ClientPrototypes(endpoint_url=endpoint_url, client_settings=settings), "1", aws_region=aws_region
    )


def pool_of(client: Any, url: str = "https://s3.eu-west-1.amazonaws.com") -> HTTPConnectionPool:
    pool: HTTPConnectionPool = client._endpoint.http_session._manager.connection_from_url(url)
    return pool


def test_WHEN_many_clients_connect_THEN_the_authorities_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = certificate(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    with tls_server(bundle) as endpoint_url:
        client_of(endpoint_url).head_bucket(Bucket="bucket")
        bundle.unlink()
        others = [client_of(endpoint_url, region) for region in ("us-east-1", "us-west-2")]
        for client in others:
            client.head_bucket(Bucket="bucket")
        contexts = {id(pool_of(client, endpoint_url).conn_kw["ssl_context"]) for client in others}

    assert contexts == {id(shared_context(str(bundle)))}


def test_WHEN_connections_are_opened_THEN_none_writes_to_the_context_that_others_connect_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = certificate(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    called: set[str] = set()

    def note(_frame: object, event: str, function: Any) -> None:
        if event == "c_call":
            called.add(function.__name__)

    with tls_server(bundle) as endpoint_url:
        client_of(endpoint_url).head_bucket(Bucket="bucket")
        client = client_of(endpoint_url, "us-east-1")
        sys.setprofile(note)
        try:
            client.head_bucket(Bucket="bucket")
        finally:
            sys.setprofile(None)

    assert "_wrap_socket" in called
    assert "_set_alpn_protocols" not in called


def test_WHEN_the_servers_authority_is_not_in_the_bundle_THEN_it_is_refused(tmp_path: Path) -> None:
    with (
        tls_server(certificate(tmp_path)) as endpoint_url,
        pytest.raises(SSLError, match="CERTIFICATE_VERIFY"),
    ):
        client_of(endpoint_url).head_bucket(Bucket="bucket")


def test_WHEN_one_client_trusts_a_server_THEN_a_client_with_another_bundle_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, other = certificate(tmp_path), certificate(tmp_path)
    with tls_server(trusted) as endpoint_url:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(trusted))
        client_of(endpoint_url).head_bucket(Bucket="bucket")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(other))
        with pytest.raises(SSLError, match="CERTIFICATE_VERIFY"):
            client_of(endpoint_url).head_bucket(Bucket="bucket")


def test_WHEN_a_trusted_certificate_is_for_another_host_THEN_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = certificate(tmp_path, address="192.0.2.1")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    with tls_server(bundle) as endpoint_url, pytest.raises(SSLError, match="doesn't match"):
        client_of(endpoint_url).head_bucket(Bucket="bucket")


def test_WHEN_the_bundle_is_missing_THEN_it_is_an_error_of_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with tls_server(certificate(tmp_path)) as endpoint_url, pytest.raises(SSLError, match="No such file"):
        client_of(endpoint_url).head_bucket(Bucket="bucket")


def test_WHEN_there_is_a_proxy_THEN_botocore_sets_up_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "https://proxy.invalid:3128")
    session = client_of(None)._endpoint.http_session
    url = "https://s3.eu-west-1.amazonaws.com"
    pool = session._get_connection_manager(url, "https://proxy.invalid:3128").connection_from_url(url)

    session._setup_ssl_cert(pool, url, verify=True)

    assert (pool.ca_certs, pool.cert_reqs) == (certifi.where(), "CERT_REQUIRED")
    assert pool.conn_kw["ssl_context"] is not shared_context(certifi.where())


def test_WHEN_the_http_session_is_another_THEN_the_seam_has_moved() -> None:
    client = client_of(None)

    with pytest.raises(BotocoreSeamMoved):
        install_shared_tls(client)


def test_WHEN_botocore_or_urllib3_moves_the_seam_THEN_this_fails() -> None:
    assert list(inspect.signature(URLLib3Session._setup_ssl_cert).parameters) == [
        "self",
        "conn",
        "url",
        "verify",
    ]
    source = inspect.getsource(URLLib3Session.send)
    assert source.index("self._setup_ssl_cert(conn, request.url, self._verify)") < source.index(
        "conn.urlopen("
    )
    assert "**self.conn_kw" in inspect.getsource(HTTPConnectionPool._new_conn)
    pool = pool_of(client_of(None))
    assert pool.proxy is None
    assert pool.conn_kw["ssl_context"].verify_mode == ssl.CERT_REQUIRED
