"""What stands in for AWS where a test needs answers that moto does not give."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock
from urllib.parse import parse_qs

from botocore.exceptions import ClientError

from core.aws_client_provider import AwsClientProvider


def provider_of(s3_client: Any) -> Any:
    """Return a mock with the provider's own names, and no others, that hands out this client."""
    aws_provider = mock.create_autospec(AwsClientProvider, instance=True)
    aws_provider.get_s3.return_value = s3_client
    return aws_provider


def client_error(code: str, operation_name: str = "HeadBucket") -> ClientError:
    """Return what botocore raises for an answer with this code."""
    return ClientError({"Error": {"Code": code, "Message": "as AWS words it"}}, operation_name)


class PagingClient:
    """A client whose paginators give these pages; ``asked`` keeps what they were asked for."""

    def __init__(self, pages: Sequence[Mapping[str, Any]], *, failure: Exception | None = None) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self._pages = pages
        self._failure = failure

    def get_paginator(self, operation_name: str) -> "PagingClient":
        self._operation_name = operation_name
        return self

    def paginate(self, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        self.asked.append((self._operation_name, parameters))
        yield from self._pages
        if self._failure is not None:
            raise self._failure


@dataclass
class LocalSts:
    """An STS on this machine, which hands out the keys of a container too, and keeps what it was asked.

    ``signed_by`` in a request is the access key that it was signed with.
    """

    endpoint_url: str
    requests: list[dict[str, str]] = field(default_factory=list)

    def asked_for(self, action: str) -> list[dict[str, str]]:
        return [request for request in self.requests if request["Action"] == action]


@contextmanager
def local_sts(*, minutes: int = 60, refuses: bool = False) -> Iterator[LocalSts]:
    """Run an STS whose roles' keys are good for so many minutes, or that lets nobody have any."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            request = {name: values[0] for name, values in parse_qs(text).items()}
            request["signed_by"] = self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
            sts.requests.append(request)
            if refuses:
                self.answer(_REFUSED, 403)
            else:
                self.answer(_ASSUMED if request["Action"] == "AssumeRole" else _CALLER)

        def do_GET(self) -> None:
            self.answer(_CONTAINER)

        def answer(self, body_with_gap: str, status: int = 200) -> None:
            ends = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
            body = body_with_gap.replace("{ends}", ends).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sts = LocalSts(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield sts
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


_ASSUMED = """<AssumeRoleResponse><AssumeRoleResult>
<AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/operator/s</Arn><AssumedRoleId>A:s</AssumedRoleId>
</AssumedRoleUser><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
<SessionToken>token</SessionToken><Expiration>{ends}</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>"""
_CALLER = """<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
_REFUSED = """<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>
<Message>nobody may</Message></Error></ErrorResponse>"""
_CONTAINER = (
    '{"AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "secret", "Token": "token", "Expiration": "{ends}"}'
)
