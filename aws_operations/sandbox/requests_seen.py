"""What the sandbox reads off a request: who signed it, what it asks for, whether it can change anything.

Nothing here imports moto. A request is a WSGI environment with its body already read.
"""

import io
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

LARGEST_BODY = 256 * 1024 * 1024
"""Bytes in one request; larger uploads go in parts, as every SDK's transfer manager sends them."""

PRESERVED_NAMES_KEY = "moto.preserved_header_names"

_READ_PREFIXES = ("Describe", "List", "Get", "BatchGet", "Head", "Lookup", "Search", "Query", "Scan")
_READ_LOOKALIKES = frozenset({"GetSessionToken", "GetFederationToken"})
_SESSION_MAKERS = frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
_FORM = "application/x-www-form-urlencoded"
_CREDENTIAL = re.compile(r"Credential=([^/\s,]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_POSTED_CREDENTIAL = re.compile(rb'name="x-amz-credential"\s*\r\n\r\n([^/\r\n]+)/', re.IGNORECASE)
_ROLE_ARN = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/")
_KEPT = frozenset(
    {
        "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI", "RAW_URI", "REMOTE_ADDR",
        "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "CONTENT_TYPE", "wsgi.url_scheme",
    }
)  # fmt: skip
_HOST_NAME = re.compile(r"(?:127\.0\.0\.1|(?:[a-z0-9._-]+\.)?localhost)", re.IGNORECASE)


class BodyTooLarge(Exception):
    """The body is larger than ``LARGEST_BODY``."""


def read_body(environ: Mapping[str, Any]) -> bytes:
    """Return the whole body, chunked transfer undone; raises ``BodyTooLarge`` before holding it all."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body: bytes = stream.read(LARGEST_BODY + 1)
    else:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > LARGEST_BODY:
            raise BodyTooLarge
        body = stream.read(length)
        if len(body) < length:
            raise ConnectionError("the request ended early")
    if len(body) > LARGEST_BODY:
        raise BodyTooLarge
    return body


def kept_environ(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the part of an environment that a replay needs, all of it text.

    The header by which moto lets anybody choose an account is left out: accounts are entered by
    assuming their role.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if isinstance(value, str) and (name in _KEPT or name.startswith("HTTP_"))
    }
    kept.pop("HTTP_X_MOTO_ACCOUNT_ID", None)
    kept.pop("HTTP_TRANSFER_ENCODING", None)
    return kept


def replayable_environ(
    kept: Mapping[str, str], header_names: Mapping[str, str], body: bytes
) -> dict[str, Any]:
    """Return a fresh environment; requests are applied and replayed from the same shape."""
    return {
        **kept,
        "CONTENT_LENGTH": str(len(body)),
        PRESERVED_NAMES_KEY: dict(header_names),
        "wsgi.version": (1, 0),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def is_served_host(host: str, port: int) -> bool:
    """Whether a Host header names this server: by address, as localhost, or as a bucket under localhost.

    Anything else is a web page that had its own name resolve to this machine.
    """
    name, _, named_port = host.partition(":")
    return bool(_HOST_NAME.fullmatch(name)) and named_port == str(port)


def is_foreign_origin(origin: str | None) -> bool:
    """Whether a browser sends the request for a page that is not from this machine."""
    if origin is None:
        return False
    scheme, _, authority = origin.partition("://")
    return scheme not in {"http", "https"} or not _HOST_NAME.fullmatch(authority.partition(":")[0])


def operation_name(environ: Mapping[str, Any], body: bytes) -> str | None:
    """Return the operation that a query or JSON protocol names, or ``None`` for a REST protocol."""
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2]
    form = body if environ.get("CONTENT_TYPE", "").startswith(_FORM) else b""
    for text in (environ.get("QUERY_STRING", ""), form.decode("utf-8", "replace")):
        if "Action=" in text:
            return next(iter(parse_qs(text).get("Action", [])), None)
    return None


def is_known_read(environ: Mapping[str, Any], body: bytes) -> bool:
    """Whether a request is known to change nothing; what is not known is journaled as a write.

    A named operation is judged by its name, a REST request by its method.
    """
    operation = operation_name(environ, body)
    if operation is None:
        return environ["REQUEST_METHOD"] in {"GET", "HEAD", "OPTIONS"}
    return operation.startswith(_READ_PREFIXES) and operation not in _READ_LOOKALIKES


def makes_session(environ: Mapping[str, Any], body: bytes) -> bool:
    """Whether all that a request does is to make temporary credentials."""
    return operation_name(environ, body) in _SESSION_MAKERS


def assumed_account(environ: Mapping[str, Any], body: bytes) -> str | None:
    """Return the account of the role that a request assumes, or ``None`` if it assumes none."""
    text = environ.get("QUERY_STRING", "") + "&" + body.decode("utf-8", "replace")
    role_arn = parse_qs(text).get("RoleArn", [""])[0]
    match = _ROLE_ARN.match(role_arn)
    return match.group(1) if match else None


def credential_scope(environ: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return access key id, region and service of a signed or presigned request; empty where unsigned."""
    signed = environ.get("HTTP_AUTHORIZATION") or ""
    presigned = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    match = _CREDENTIAL.search(signed or f"Credential={presigned}")
    return (match.group(1), match.group(2), match.group(3)) if match else ("", "", "")


def presigned_access_key(environ: Mapping[str, Any], body: bytes) -> str | None:
    """Return the access key id of a presigned URL or a posted form, which moto itself does not look at."""
    if environ.get("HTTP_AUTHORIZATION"):
        return None
    key_id = credential_scope(environ)[0]
    if not key_id and environ.get("CONTENT_TYPE", "").startswith("multipart/form-data"):
        posted = _POSTED_CREDENTIAL.search(body[:65_536])
        key_id = posted.group(1).decode("latin-1") if posted else ""
    return key_id or None
