"""A small deterministic proxy on loopback: records each request, and answers some of them wrongly."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from aws_interactions.service_operations import is_read
from aws_operations.sandbox.requests_seen import assumed_account, credential_scope, operation_name


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request; its operation where the protocol names one, and the account of the role it assumes."""

    method: str
    path: str
    service: str
    operation: str | None
    access_key_id: str
    assumed_account: str | None = None

    @property
    def changes_nothing(self) -> bool:
        """Whether it is a read, or gets credentials for one."""
        if self.operation is None:
            return self.method in {"GET", "HEAD"}
        return self.operation == "AssumeRole" or is_read(self.service, self.operation)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the proxy's own, in place of the real one."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Hangup:
    """The connection closes without an answer; ``after_work`` lets the request through first."""

    def __init__(self, *, after_work: bool = False) -> None:
        self.after_work = after_work


@dataclass(frozen=True, slots=True)
class CutBody:
    """The real answer, closed after some bytes of its body and some seconds of silence."""

    after_bytes: int
    silent_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer for some seconds, then none at all."""

    seconds: float


Fault = Answer | Hangup | CutBody | Silence
Disturbance = Callable[[SeenRequest], Fault | None]


def no_disturbance(_: SeenRequest) -> Fault | None:
    return None


class LoopbackProxy:
    """Where a proxy listens, what it saw, and what it does to requests (replace ``disturb``)."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.requests: list[SeenRequest] = []
        self.disturb: Disturbance = no_disturbance
        self.endpoint_url = ""

    @property
    def writes(self) -> list[SeenRequest]:
        """The requests that could change something."""
        return [request for request in self.requests if not request.changes_nothing]


@contextmanager
def loopback_proxy(upstream: str) -> Iterator[LoopbackProxy]:
    """Run a proxy in front of an endpoint for the length of the block."""
    proxy = LoopbackProxy(upstream)

    class Handler(_Handler):
        owner = proxy

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.endpoint_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: LoopbackProxy

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            return
        seen = self._seen(body)
        self.owner.requests.append(seen)
        fault = self.owner.disturb(seen)
        match fault:
            case Answer():
                self._answer(fault.status, list(fault.headers.items()), fault.body)
            case Silence():
                time.sleep(fault.seconds)
                self.close_connection = True
            case Hangup(after_work=False):
                self.close_connection = True
            case Hangup():
                self._forward(body)
                self.close_connection = True
            case CutBody():
                status, headers, answer = self._forward(body)
                self._answer(status, headers, answer, sent_bytes=fault.after_bytes)
                self.wfile.flush()
                time.sleep(fault.silent_seconds)
                self.close_connection = True
            case None:
                self._answer(*self._forward(body))

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - the names that http.server calls

    def _body(self) -> bytes | None:
        """Return the body, ``None`` if whoever sends it was killed on the way: then there was no request."""
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        return body if len(body) == length else None

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _seen(self, body: bytes) -> SeenRequest:
        path, _, query = self.path.partition("?")
        environ = {
            "HTTP_X_AMZ_TARGET": self.headers.get("X-Amz-Target", ""),
            "HTTP_AUTHORIZATION": self.headers.get("Authorization", ""),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "QUERY_STRING": query,
        }
        key_id, _, service = credential_scope(environ)
        return SeenRequest(
            self.command,
            path,
            service,
            operation_name(environ, body),
            key_id,
            assumed_account(environ, body) if service == "sts" else None,
        )

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = self.owner.upstream
        connection = http.client.HTTPConnection(str(upstream.hostname), upstream.port, timeout=30)
        dropped = {"host", "transfer-encoding", "expect", "connection", "content-length"}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        headers["Content-Length"] = str(len(body))
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), content

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, sent_bytes: int | None = None
    ) -> None:
        self.send_response_only(status)
        has_length = False
        for name, value in headers:
            if name.lower() in {"transfer-encoding", "connection"}:
                continue
            has_length = has_length or name.lower() == "content-length"
            self.send_header(name, value)
        if not has_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if sent_bytes is None else body[:sent_bytes])

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""
