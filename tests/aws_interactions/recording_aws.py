"""A loopback endpoint that answers as told and records who signed what."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.credentials import Credentials

from aws_interactions.bound_clients import ClientIdentity, ClientPrototypes
from aws_interactions.client_settings import ClientSettings

LIST_PAGE = (
    "<ListBucketResult><IsTruncated>{more}</IsTruncated>{token}"
    "<Contents><Key>k</Key><Size>1</Size></Contents></ListBucketResult>"
)


@dataclass(frozen=True, slots=True)
class Recorded:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]

    @property
    def access_key_id(self) -> str | None:
        """The access key id of the signature, in the header or in a presigned URL."""
        signed = re.search(r"Credential=([^/]+)/", self.headers.get("authorization", ""))
        if signed:
            return signed[1]
        presigned = self.query.get("X-Amz-Credential")
        return presigned[0].split("/")[0] if presigned else None


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False


@dataclass(frozen=True, slots=True)
class RecordingAws:
    endpoint_url: str
    requests: list[Recorded]

    def prototypes(self, **settings: Any) -> ClientPrototypes:
        return ClientPrototypes(endpoint_url=self.endpoint_url, client_settings=ClientSettings(**settings))


def credentials_of(account: str) -> Credentials:
    return Credentials(f"KEY{account}", "testing")


def identity_in(account: str | None, aws_region: str = "eu-west-1", label: str = "label") -> ClientIdentity:
    return ClientIdentity(aws_account=account, aws_region=aws_region, label=label)


def bind(
    prototypes: ClientPrototypes,
    account: str,
    *,
    service_name: str = "s3",
    aws_region: str = "eu-west-1",
    read_only: bool = False,
) -> Any:
    return prototypes.bind_client(
        service_name,
        aws_region,
        credentials=credentials_of(account),
        identity=identity_in(account, aws_region),
        read_only=read_only,
    )


class RecordingHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answer: Callable[[Recorded], Answer]
    requests: list[Recorded]

    def serve(self) -> None:
        self.read_body()
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        recorded = Recorded(self.command, url.path, parse_qs(url.query, keep_blank_values=True), headers)
        self.requests.append(recorded)
        reply = type(self).answer(recorded)
        if reply.hang_up:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        body = reply.body.encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def read_body(self) -> None:
        if self.headers.get("transfer-encoding") != "chunked":
            self.rfile.read(int(self.headers.get("content-length") or 0))
            return
        while size := int(self.rfile.readline().split(b";")[0], 16):
            self.rfile.read(size + 2)
        while self.rfile.readline().strip():
            pass

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class RecordingServer(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


@contextmanager
def recording_aws(answer: Callable[[Recorded], Answer] = lambda _: Answer()) -> Iterator[RecordingAws]:
    """Serve on the loopback interface; ``answer`` is called for each request, from many threads."""
    requests: list[Recorded] = []
    methods = {f"do_{method}": RecordingHandler.serve for method in ("GET", "PUT", "POST", "HEAD", "DELETE")}
    handler = type(
        "Handler", (RecordingHandler,), {"answer": staticmethod(answer), "requests": requests, **methods}
    )
    server = RecordingServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield RecordingAws(f"http://127.0.0.1:{server.server_port}", requests)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
