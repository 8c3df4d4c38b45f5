"""Small servers on 127.0.0.1 that answer like STS and like the metadata services."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl

METADATA_TOKEN = "metadata-token"
CONTAINER_TOKEN = "container-token"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Answer:
    body: str
    status: int = 200


class Application(Protocol):
    def answer(self, request: Request) -> Answer: ...


class PatientServer(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


@contextmanager
def serving(application: Application) -> Iterator[str]:
    """Serve an application on a free port and give its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else head and body of an answer wait for an acknowledgement

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = application.answer(Request(self.command, self.path, headers, body))
            payload = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_PUT = do_POST = respond  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: Any) -> None:
            return

    server = PatientServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class FakeSts:
    """An STS that says what it was asked, and that can lie, refuse and give short sessions."""

    base_account: str = "123456789012"
    lands_in: str | None = None
    disabled_region: str | None = None
    seconds_an_answer: float = 0
    refusal: tuple[str, str] | None = None
    lifetimes: list[int] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    accounts: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    expired: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Answer:
        asked = dict(parse_qsl(request.body))
        match = re.search(r"Credential=([^/]+)/", request.headers.get("authorization", ""))
        asked["signed_by"] = match[1] if match else ""
        time.sleep(self.seconds_an_answer)
        with self.lock:
            self.requests.append(asked)
            if self.disabled_region and f"/{self.disabled_region}/" in request.headers["authorization"]:
                return _refusal("InvalidClientTokenId", "STS is not activated in this region.")
            if asked["signed_by"] in self.revoked:
                return _refusal("InvalidClientTokenId", "The security token is invalid.")
            if asked["signed_by"] in self.expired:
                return _refusal("ExpiredToken", "The security token included in the request is expired")
            if asked["Action"] in {"AssumeRole", "AssumeRoleWithWebIdentity"}:
                return self._assume_role(asked)
            account = self.accounts.get(asked["signed_by"], self.base_account)
        arn = f"arn:aws:sts::{account}:assumed-role/operator/session"
        return _xml("GetCallerIdentity", f"<Arn>{arn}</Arn><UserId>AROA</UserId><Account>{account}</Account>")

    def calls_of(self, action: str) -> list[dict[str, str]]:
        return [asked for asked in self.requests if asked["Action"] == action]

    def _assume_role(self, asked: dict[str, str]) -> Answer:
        if self.refusal is not None:
            return _refusal(*self.refusal)
        key_id = f"ASIA{len(self.accounts):012}"
        role_account = asked["RoleArn"].split(":")[4]
        self.accounts[key_id] = self.lands_in or role_account
        seconds = self.lifetimes.pop(0) if self.lifetimes else int(asked.get("DurationSeconds", 3600))
        end = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        user = f"arn:aws:sts::{role_account}:assumed-role/operator/session"
        return _xml(
            asked["Action"],
            f"<AssumedRoleUser><Arn>{user}</Arn><AssumedRoleId>AROA:s</AssumedRoleId></AssumedRoleUser>"
            f"<Credentials><AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>SENTINEL-SECRET</SecretAccessKey>"
            f"<SessionToken>SENTINEL-TOKEN</SessionToken><Expiration>{end}</Expiration></Credentials>",
        )


def _refusal(code: str, message: str) -> Answer:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(f"<ErrorResponse>{error}<RequestId>r-1</RequestId></ErrorResponse>", status=403)


def _xml(action: str, result: str) -> Answer:
    return Answer(
        f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>{result}'
        f"</{action}Result><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></{action}Response>"
    )


@dataclass
class FakeMetadata:
    """An instance's metadata service, second version only, and a container's credential endpoint."""

    region: str = "eu-west-1"
    requests: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        if request.path == "/latest/api/token" and request.method == "PUT":
            return Answer(METADATA_TOKEN)
        if request.path == "/container-role":
            is_known = request.headers.get("authorization") == CONTAINER_TOKEN
            return Answer(_role_keys("ASIACONTAINER")) if is_known else Answer("", status=401)
        if request.headers.get("x-aws-ec2-metadata-token") != METADATA_TOKEN:
            return Answer("", status=401)
        answers = {
            "/latest/meta-data/iam/security-credentials/": "instance-role",
            "/latest/meta-data/iam/security-credentials/instance-role": _role_keys("ASIAINSTANCE"),
            "/latest/meta-data/placement/availability-zone/": f"{self.region}a",
        }
        return Answer(answers[request.path]) if request.path in answers else Answer("", status=404)


def _role_keys(access_key_id: str) -> str:
    end = (datetime.now(UTC) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(
        {
            "Code": "Success",
            "AccessKeyId": access_key_id,
            "SecretAccessKey": "SENTINEL-SECRET",
            "Token": "SENTINEL-TOKEN",
            "Expiration": end,
        }
    )
