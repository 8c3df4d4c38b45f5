"""The sandbox as a WSGI application: moto behind a journal, a Host check and a guard on session keys.

Requests to moto run one at a time. A write goes to the journal, durably, and is then applied and
answered; so an answered write survives ``kill -9``, and one that the journal could not take is refused
with 503 and not applied. Clock and identifiers are held to the journaled ones, so a replay gives the same
keys, version ids and dates. A read is journaled too when it is the first to touch an account, service and
region, for moto makes defaults (a VPC, say) on first sight.

The journal is not snapshotted: replay costs about a millisecond for each write, and one that only made
credentials which have expired is passed over. Bodies of deleted objects stay in it until
``sandbox reset`` begins a new one.
"""

import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from aws_operations.sandbox import moto_seams, requests_seen
from aws_operations.sandbox.constants import HEALTH_PATH
from aws_operations.sandbox.journal import Journal, JournalEntry, JournalUnwritable

logger = logging.getLogger(__name__)

Answer = tuple[str, list[tuple[str, str]], bytes]
_SESSION_KEY_PREFIX = "ASIA"
_ISSUED = re.compile(
    rb"<AccessKeyId>(ASIA\w+)</AccessKeyId>.*?<Expiration>([^<]+)</Expiration>|"
    rb"<Expiration>([^<]+)</Expiration>.*?<AccessKeyId>(ASIA\w+)</AccessKeyId>",
    re.DOTALL,
)
_REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    421: "Misdirected Request",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}
_NOT_SIMULATED = frozenset({"SimulatePrincipalPolicy", "SimulateCustomPolicy"})
_BLOCKED_PATHS = ("/moto-api", "/latest/")


class SandboxApplication:
    """Serve moto from a journal; ``health`` is what the health document says of the process."""

    def __init__(self, journal: Journal, health: Mapping[str, object] | None = None) -> None:
        self.lock = threading.Lock()
        self.port = 0
        self.is_ready = False
        self._journal = journal
        self._health = dict(health or {})
        self._moto = moto_seams.moto_application()
        self._steering = moto_seams.Steering()
        self._replayed = 0
        self._touched: set[tuple[str, str, str]] = set()
        self._expiries: dict[str, float] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one HTTP request."""
        status, headers, body = self._answer(environ)
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def replay(self) -> None:
        """Apply the journal, oldest entry first."""
        with self.lock:
            for entry in self._journal.entries():
                if entry.kind != "samples":
                    self._apply(entry)
                self._replayed += 1

    def write(self, environ: Mapping[str, str], body: bytes) -> Answer:
        """Journal and apply one request that comes from the process itself."""
        with self.lock:
            return self._journal_and_apply(environ, {}, body, is_first_touch=True)

    def mark_samples_made(self) -> None:
        """Note in the journal that the samples are whole."""
        with self.lock:
            self._journal.append(JournalEntry(time.time(), 0, {}, kind="samples"))

    def _answer(self, environ: dict[str, Any]) -> Answer:
        refusal = self._refusal(environ)
        if refusal is not None:
            return refusal
        if environ["PATH_INFO"] == HEALTH_PATH:
            return self._health_answer()
        if not self.is_ready:
            return _error(
                503, "ServiceUnavailable", "the sandbox is still replaying its journal", environ, close=True
            )
        try:
            body = requests_seen.read_body(environ)
        except requests_seen.BodyTooLarge:
            return _error(
                400,
                "EntityTooLarge",
                "the sandbox takes 256 MiB a request: upload in parts",
                environ,
                close=True,
            )
        except (OSError, ValueError):
            return _error(400, "IncompleteBody", "the request body ended early", environ, close=True)
        kept = requests_seen.kept_environ(environ)
        names = environ.get(requests_seen.PRESERVED_NAMES_KEY, {})
        with self.lock:
            return self._serve(kept, names, body)

    def _refusal(self, environ: Mapping[str, Any]) -> Answer | None:
        if not requests_seen.is_served_host(environ.get("HTTP_HOST", ""), self.port):
            return _error(
                421, "MisdirectedRequest", "the sandbox serves this machine only", environ, close=True
            )
        if requests_seen.is_foreign_origin(environ.get("HTTP_ORIGIN")):
            return _error(403, "AccessDenied", "the sandbox does not serve web pages", environ, close=True)
        if environ["PATH_INFO"].startswith(_BLOCKED_PATHS):
            return _error(
                403, "AccessDenied", "not served: it would pass the journal by", environ, close=True
            )
        return None

    def _health_answer(self) -> Answer:
        document = {
            **self._health,
            "ready": self.is_ready,
            "replayed": self._replayed,
            "journal_entries": self._journal.entry_count,
            "journal_bytes": self._journal.size,
        }
        status = "200 OK" if self.is_ready else "503 Service Unavailable"
        return status, [("Content-Type", "application/json")], json.dumps(document).encode()

    def _serve(self, kept: dict[str, str], names: Mapping[str, str], body: bytes) -> Answer:
        presigner = requests_seen.presigned_access_key(kept, body)
        access_key, region, service = requests_seen.credential_scope(kept)
        signer = presigner or access_key
        if self._is_dead_session(signer):
            code = "ExpiredTokenException" if "HTTP_X_AMZ_TARGET" in kept else "ExpiredToken"
            return _error(403, code, "the session has expired, or the sandbox was reset", kept)
        if service == "iam" and requests_seen.operation_name(kept, body) in _NOT_SIMULATED:
            message = "the sandbox cannot simulate policies: moto has no such thing"
            return _error(501, "NotImplemented", message, kept)
        account = moto_seams.account_of(signer)
        if presigner or _is_session_key(signer):
            # In a replay after the session's end its key is unknown, and moto would take the home account.
            kept["HTTP_X_MOTO_ACCOUNT_ID"] = account
        touch = (account, service, region)
        is_first_touch = touch not in self._touched
        if is_first_touch or not requests_seen.is_known_read(kept, body):
            return self._journal_and_apply(kept, names, body, is_first_touch=is_first_touch, touch=touch)
        return self._dispatch(requests_seen.replayable_environ(kept, names, body))

    def _is_dead_session(self, access_key: str) -> bool:
        if not _is_session_key(access_key):
            return False
        return self._expiries.get(access_key, 0.0) <= time.time()

    def _journal_and_apply(
        self,
        kept: Mapping[str, str],
        names: Mapping[str, str],
        body: bytes,
        *,
        is_first_touch: bool,
        touch: tuple[str, str, str] | None = None,
    ) -> Answer:
        is_session = requests_seen.makes_session(kept, body)
        account = requests_seen.assumed_account(kept, body) if is_session else None
        entry = JournalEntry(
            time=time.time(),
            seed=secrets.randbits(64),
            environ=dict(kept),
            header_names=dict(names),
            body=body,
            is_session=is_session,
            is_anchor=is_first_touch or (account is not None and not self._has_touched(account)),
        )
        try:
            self._journal.append(entry)
        except JournalUnwritable as error:
            logger.error("write refused: %s", error)  # noqa: TRY400 - a full disk needs no traceback
            reason = f"not done: the sandbox's journal cannot be written: {error}"
            return _error(503, "ServiceUnavailable", reason, kept)
        return self._apply(entry, touch)

    def _has_touched(self, account: str) -> bool:
        return any(touched[0] == account for touched in self._touched)

    def _apply(self, entry: JournalEntry, touch: tuple[str, str, str] | None = None) -> Answer:
        if touch is None:
            access_key, region, service = requests_seen.credential_scope(entry.environ)
            noted_account = entry.environ.get("HTTP_X_MOTO_ACCOUNT_ID")
            touch = (noted_account or moto_seams.account_of(access_key), service, region)
        environ = requests_seen.replayable_environ(entry.environ, entry.header_names, entry.body)
        with (
            self._steering.held(entry.time, entry.seed),
            moto_seams.chosen_account_id(entry.environ.get("HTTP_X_SANDBOX_ACCOUNT_ID")),
        ):
            answer = self._dispatch(environ)
        self._touched.add(touch)
        if entry.is_session:
            self._note_session(entry, answer[2])
        return answer

    def _note_session(self, entry: JournalEntry, body: bytes) -> None:
        account = requests_seen.assumed_account(entry.environ, entry.body)
        if account is not None:
            self._touched.add((account, "", ""))
        for key, expiry, expiry_first, key_after in _ISSUED.findall(body):
            expires_at = datetime.fromisoformat((expiry or expiry_first).decode())
            self._expiries[(key or key_after).decode()] = expires_at.timestamp()

    def _dispatch(self, environ: dict[str, Any]) -> Answer:
        seen: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
            seen[:] = [status, headers]

        try:
            backend = self._moto.get_application(environ)
            self._steering.install()
            chunks = backend(environ, start_response)
            try:
                body = b"".join(chunks)
            finally:
                if hasattr(chunks, "close"):
                    chunks.close()
        except Exception:
            logger.exception("moto failed on %s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            return _error(
                500, "InternalError", "the emulator failed on this request; its log says why", environ
            )
        return seen[0], seen[1], body


def _is_session_key(access_key: str) -> bool:
    return access_key.startswith(_SESSION_KEY_PREFIX)


def _error(
    status: int, code: str, message: str, environ: Mapping[str, Any], *, close: bool = False
) -> Answer:
    """Return an AWS error in the protocol that the request speaks: JSON, query or S3."""
    detail = f"<Code>{code}</Code><Message>{message}</Message>"
    if "HTTP_X_AMZ_TARGET" in environ:
        content_type, document = (
            "application/x-amz-json-1.1",
            json.dumps({"__type": code, "message": message}),
        )
    elif requests_seen.credential_scope(environ)[2] in {"s3", ""}:
        content_type, document = "application/xml", f"<Error>{detail}</Error>"
    else:
        content_type, document = "text/xml", f"<ErrorResponse><Error>{detail}</Error></ErrorResponse>"
    headers = [("Content-Type", content_type), ("Content-Length", str(len(document.encode())))]
    if close:
        headers.append(("Connection", "close"))
    return f"{status} {_REASONS[status]}", headers, document.encode()
