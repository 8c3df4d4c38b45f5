"""Requests that make samples: ordinary ones of the AWS protocols, handed straight to the journal."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from aws_operations.sandbox.constants import REGIONS, ROLE_NAME

_API_VERSIONS = {"sts": "2011-06-15", "iam": "2010-05-08", "ec2": "2016-11-15", "rds": "2014-10-31"}
_JSON_TARGETS = {
    "organizations": "AWSOrganizationsV20161128",
    "dynamodb": "DynamoDB_20120810",
    "secretsmanager": "secretsmanager",
}


class Writer(Protocol):
    """Whatever takes one request, given as a WSGI environment and a body."""

    def write(self, environ: Mapping[str, str], body: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
        """Carry it out and return status line, headers and body."""
        ...


class SampleRefused(Exception):
    """A request for a sample did not succeed."""


class SampleCaller:
    """Requests signed, after a fashion, by one access key; moto reads the scope and checks no signature.

    Every method raises ``SampleRefused``, with the answer, when the answer is not a success.
    """

    def __init__(self, writer: Writer, port: int, access_key_id: str) -> None:
        self._writer = writer
        self._port = port
        self._access_key_id = access_key_id

    def in_account(self, account: str) -> "SampleCaller":
        """Return a caller that acts as the role ``operator`` of another account."""
        role_arn = f"arn:aws:iam::{account}:role/{ROLE_NAME}"
        answer = self.query("sts", "AssumeRole", {"RoleArn": role_arn, "RoleSessionName": "samples"})
        return SampleCaller(self._writer, self._port, element("AccessKeyId", answer))

    def query(
        self, service: str, action: str, parameters: Mapping[str, str], region: str = REGIONS[0]
    ) -> bytes:
        """Call an operation of a query protocol, whose lists are numbered keys; returns the XML."""
        body = urlencode({"Action": action, "Version": _API_VERSIONS[service], **parameters}).encode()
        form = "application/x-www-form-urlencoded; charset=utf-8"
        return self._send("POST", "/", service, region, body, CONTENT_TYPE=form)

    def json(
        self,
        service: str,
        action: str,
        parameters: Mapping[str, Any],
        region: str = REGIONS[0],
        **headers: str,
    ) -> dict[str, Any]:
        """Call an operation of a JSON protocol; returns the answer's document."""
        answer = self._send(
            "POST",
            "/",
            service,
            region,
            json.dumps(parameters).encode(),
            CONTENT_TYPE="application/x-amz-json-1.1",
            HTTP_X_AMZ_TARGET=f"{_JSON_TARGETS[service]}.{action}",
            **headers,
        )
        document: dict[str, Any] = json.loads(answer or b"{}")
        return document

    def s3(
        self, method: str, path: str, region: str, body: bytes = b"", content_type: str = "", **headers: str
    ) -> bytes:
        """Send a request to S3; headers are given by their WSGI names."""
        return self._send(method, path, "s3", region, body, CONTENT_TYPE=content_type, **headers)

    def _send(self, method: str, path: str, service: str, region: str, body: bytes, **headers: str) -> bytes:
        bare_path, _, query = path.partition("?")
        scope = f"{self._access_key_id}/{datetime.now(UTC):%Y%m%d}/{region}/{service}/aws4_request"
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": bare_path,
            "QUERY_STRING": query,
            "RAW_URI": quote(path, safe="/?=&"),
            "REQUEST_URI": quote(path, safe="/?=&"),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self._port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "HTTP_HOST": f"127.0.0.1:{self._port}",
            "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
            **headers,
        }
        status, _, answer = self._writer.write(environ, body)
        if not status.startswith("2"):
            raise SampleRefused(f"{method} {path}: {status} {answer[:500].decode('utf-8', 'replace')}")
        return answer


def element(name: str, xml: bytes) -> str:
    """Return the text of an answer's first element of this name; raises ``SampleRefused`` without one."""
    found = re.search(rf"<{name}>([^<]+)</{name}>".encode(), xml)
    if found is None:
        raise SampleRefused(f"no {name} in {xml[:500].decode('utf-8', 'replace')}")
    return found.group(1).decode()


def numbered_tags(prefix: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as a query protocol's numbered keys: ``{prefix}.1.Key``, ``{prefix}.1.Value`` and on."""
    numbered = {}
    for number, (key, value) in enumerate(tags.items(), start=1):
        numbered[f"{prefix}.{number}.Key"] = key
        numbered[f"{prefix}.{number}.Value"] = value
    return numbered
