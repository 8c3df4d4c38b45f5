"""What a new sandbox holds, made by ordinary requests through the journal.

In each account the role ``operator``, and in each account and region a bucket
``samples-{account}-{region}`` with three objects. In the home account also a versioned bucket with
two versions of an object and a delete marker, and an organisation with the members in it.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import quote, urlencode

from aws_operations.sandbox.constants import (
    HOME_ACCESS_KEY_ID,
    HOME_ACCOUNT,
    MEMBER_ACCOUNTS,
    REGIONS,
    ROLE_NAME,
)

VERSIONED_BUCKET = f"samples-versioned-{HOME_ACCOUNT}"

_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{HOME_ACCOUNT}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
_README = (
    b"This bucket is part of the sandbox. Change it, empty it, delete it: sandbox reset brings it back.\n"
)
_REPORT = b"day,requests,errors\n2026-01-01,1200,3\n2026-01-02,1180,0\n"


class Writer(Protocol):
    """Whatever takes one request, given as a WSGI environment and a body."""

    def write(self, environ: Mapping[str, str], body: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
        """Carry it out and return status line, headers and body."""
        ...


class SampleRefused(Exception):
    """A request for a sample did not succeed."""


def make_samples(writer: Writer, port: int) -> None:
    """Make all samples; raises ``SampleRefused``, with the answer, at the first that fails."""
    home = _Caller(writer, port, HOME_ACCESS_KEY_ID)
    _make_organization(home)
    for account in (HOME_ACCOUNT, *MEMBER_ACCOUNTS):
        caller = home if account == HOME_ACCOUNT else home.in_account(account)
        caller.query("iam", "2010-05-08", "CreateRole", RoleName=ROLE_NAME, AssumeRolePolicyDocument=_TRUST)
        for region in REGIONS:
            _make_bucket(caller, f"samples-{account}-{region}", region)
    _make_versioned_bucket(home)


def _make_organization(home: "_Caller") -> None:
    home.organizations("CreateOrganization", {"FeatureSet": "ALL"})
    for account in MEMBER_ACCOUNTS:
        home.organizations(
            "CreateAccount",
            {"AccountName": f"member-{account}", "Email": f"{account}@example.com"},
            chosen_account_id=account,
        )


def _make_bucket(caller: "_Caller", bucket_name: str, region: str) -> None:
    place = f"<LocationConstraint>{region}</LocationConstraint>"
    configuration = f"<CreateBucketConfiguration>{place}</CreateBucketConfiguration>"
    caller.s3("PUT", f"/{bucket_name}", region, b"" if region == "us-east-1" else configuration.encode())
    caller.s3("PUT", f"/{bucket_name}/docs/readme.txt", region, _README, content_type="text/plain")
    caller.s3("PUT", f"/{bucket_name}/reports/2026-01.csv", region, _REPORT, content_type="text/csv")
    caller.s3(
        "PUT",
        f"/{bucket_name}/docs/tagged.txt",
        region,
        b"An object with user metadata and tags.\n",
        content_type="text/plain",
        HTTP_X_AMZ_META_OWNER="sandbox",
        HTTP_X_AMZ_META_PURPOSE="sample",
        HTTP_X_AMZ_TAGGING=urlencode({"team": "operations", "stage": "sandbox"}),
    )


def _make_versioned_bucket(home: "_Caller") -> None:
    region = REGIONS[0]
    home.s3("PUT", f"/{VERSIONED_BUCKET}", region)
    enabled = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    home.s3("PUT", f"/{VERSIONED_BUCKET}?versioning", region, enabled)
    for text in (b"first version\n", b"second version\n"):
        home.s3("PUT", f"/{VERSIONED_BUCKET}/notes.txt", region, text, content_type="text/plain")
    home.s3("PUT", f"/{VERSIONED_BUCKET}/deleted.txt", region, b"gone, but not lost\n")
    home.s3("DELETE", f"/{VERSIONED_BUCKET}/deleted.txt", region)


class _Caller:
    """Requests signed, after a fashion, by one access key; moto reads the scope and checks no signature."""

    def __init__(self, writer: Writer, port: int, access_key_id: str) -> None:
        self._writer = writer
        self._port = port
        self._access_key_id = access_key_id

    def in_account(self, account: str) -> "_Caller":
        role_arn = f"arn:aws:iam::{account}:role/{ROLE_NAME}"
        answer = self.query("sts", "2011-06-15", "AssumeRole", RoleArn=role_arn, RoleSessionName="samples")
        issued = re.search(rb"<AccessKeyId>(\w+)</AccessKeyId>", answer)
        if issued is None:
            raise SampleRefused(answer.decode("utf-8", "replace"))
        return _Caller(self._writer, self._port, issued.group(1).decode())

    def query(self, service: str, version: str, action: str, **parameters: str) -> bytes:
        body = urlencode({"Action": action, "Version": version, **parameters}).encode()
        form = "application/x-www-form-urlencoded; charset=utf-8"
        return self._send("POST", "/", service, REGIONS[0], body, CONTENT_TYPE=form)

    def organizations(
        self, action: str, parameters: Mapping[str, str], *, chosen_account_id: str | None = None
    ) -> bytes:
        headers = {"HTTP_X_AMZ_TARGET": f"AWSOrganizationsV20161128.{action}"}
        if chosen_account_id is not None:
            headers["HTTP_X_SANDBOX_ACCOUNT_ID"] = chosen_account_id
        body = json.dumps(parameters).encode()
        return self._send(
            "POST",
            "/",
            "organizations",
            REGIONS[0],
            body,
            CONTENT_TYPE="application/x-amz-json-1.1",
            **headers,
        )

    def s3(
        self, method: str, path: str, region: str, body: bytes = b"", content_type: str = "", **headers: str
    ) -> bytes:
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
