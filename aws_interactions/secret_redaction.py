"""Keeps secrets out of logs: botocore's debug log prints keys, tokens and signatures.

Two nets. Secrets that this program holds are registered and replaced wherever they turn up, in
whatever form; what AWS sends back or botocore computes is found by the shape of its surroundings.
"""

import functools
import logging
import re
import threading
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

REDACTED: Final = "[redacted]"
_SHORTEST_SECRET: Final = 8
_MOST_SHORT_LIVED: Final = 2048

# Up to the end of the value, whatever quotes it: <Tag>value</Tag>, "name": "value", 'name': b'value',
# name=value, Name: value.
_CONFIDENTIAL_FIELDS: Final = (
    "SecretAccessKey|SecretString|SecretBinary|SessionToken|aws_secret_access_key|aws_session_token|secret_key"
    "|SecretKey|Token|AuthorizationToken|AccessToken|RefreshToken|IdToken|ClientSecret|WebIdentityToken"
    "|SAMLAssertion|TokenCode|Password|MasterUserPassword|AuthPassword|PrivateKey|Plaintext"
    "|x-amz-security-token|x-amz-s3session-token|x-aws-ec2-metadata-token|x-amz-sso_bearer_token"
    "|x-amz-signature|X-Amz-Credential|x-amz-server-side-encryption-customer-key"
    "|x-amz-copy-source-server-side-encryption-customer-key|SSECustomerKey|CopySourceSSECustomerKey"
)
CONFIDENTIAL_FIELDS: Final = frozenset(_CONFIDENTIAL_FIELDS.lower().split("|"))
"""The names, in lower case, of members, headers and query fields whose values are secrets."""

_SHAPES: Final = (
    # XML elements, as in the answers of STS and IAM.
    (rf"(<(?:{_CONFIDENTIAL_FIELDS})>)[^<]+", r"\1" + REDACTED),
    # JSON, dictionaries as Python prints them (bytes too), and escaped quotes inside strings. JSON that
    # Python prints has its backslashes twice, so a quote after any number of them is not taken for the end.
    (
        (
            rf"((?<![\w-])\\?['\"](?:{_CONFIDENTIAL_FIELDS})\\?['\"]\s*[:,]\s*b?\\?(['\"]))"
            r"(?:(?!\2)[^\\]|\\+[^\\])*"
        ),
        r"\1" + REDACTED,
    ),
    # Query strings, form bodies, canonical requests and header lines.
    (
        rf"((?<![\w-])(?:{_CONFIDENTIAL_FIELDS})(?:=|%3D|:\s*))[^\s&'\"<>,;\[][^\s&'\"<>,;]*",
        r"\1" + REDACTED,
    ),
    # Authorization headers, whatever their scheme.
    (
        r"(\bAuthorization\\?['\"]?\s*[:=]\s*b?\\?(['\"]))(?:(?!\2)[^\\]|\\.)*",
        r"\1" + REDACTED,
    ),
    (r"(\bAuthorization\s*[:=]\s*)(?!b?['\"\[])[^\r\n]+", r"\1" + REDACTED),
    (r"(\bAWS4-HMAC-SHA256 Credential=)[^'\"\r\n]+", r"\1" + REDACTED),
    (r"(\bSignature=)[0-9A-Za-z%+/=-]+", r"\1" + REDACTED),
    # What botocore's signer prints after computing it.
    (r"(\b(?:Calculated)?Signature:\s*)[0-9A-Za-z+/=]+", r"\1" + REDACTED),
    (r"(\bBearer\s+)[\w.~+/=-]{8,}", r"\1" + REDACTED),
)


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    # Compiled at the first record: a program that logs nothing does not pay for it at its start.
    return tuple(
        (re.compile(shape, re.IGNORECASE | re.DOTALL), replacement) for shape, replacement in _SHAPES
    )


class SecretRegistry:
    """The secrets that this program holds; may be used by all threads. Holds no more than it was told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: frozenset[str] = frozenset()
        # Of one secret each, oldest first; a dictionary keeps their order.
        self._short_lived: dict[str, tuple[str, ...]] = {}
        # How many forms begin so: the tokens of sessions have their beginning in common.
        self._beginnings: dict[str, int] = {}
        self._pattern: re.Pattern[str] | None = None

    def register(self, secret: str, *, is_short_lived: bool = False) -> None:
        """Have a secret replaced from now on, as it is and as it stands in URLs and in JSON.

        Values shorter than 8 characters are left alone: they would take ordinary text with them. Of those
        that are short-lived the last 2,048 are known: a run may hold any number, one after the other.
        """
        if len(secret) < _SHORTEST_SECRET:
            return
        # JSON may hold half of a surrogate pair, which is no UTF-8.
        in_urls = (quote(secret, safe=safe, errors="surrogatepass") for safe in ("", "/"))
        # Here, not above: what logs nothing secret, such as --help, needs none of it.
        import json

        in_json = (json.dumps(secret, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False))
        forms = {secret, *in_urls, *in_json, repr(secret)[1:-1]}
        with self._lock:
            if forms <= self._forms or (is_short_lived and secret in self._short_lived):
                return
            self._count_beginnings(forms, 1)
            if is_short_lived:
                self._short_lived[secret] = tuple(sorted(forms, key=len, reverse=True))
                if len(self._short_lived) > _MOST_SHORT_LIVED:
                    oldest = next(iter(self._short_lived))
                    self._count_beginnings(self._short_lived.pop(oldest), -1)
                return
            self._forms |= forms
            self._pattern = None

    def redact(self, text: str) -> str:
        """Return the text with every registered secret replaced."""
        # A pattern takes long to make where there are many secrets: of a run in which each target brings one
        # and has an error, each error would wait for another.
        if self._forms and (self._pattern is not None or self.may_be_in(text)):
            text = self._compiled().sub(REDACTED, text)
        # One after the other: they change so often that a pattern of them would serve one text.
        with self._lock:
            passing = [form for forms in self._short_lived.values() for form in forms if form in text]
        for form in passing:
            text = text.replace(form, REDACTED)
        return text

    def may_be_in(self, text: str) -> bool:
        """Say whether a secret, or a form of one, may be in a text: at times wrongly, but missing none.

        It costs the same however many secrets there are, which ``redact`` does not.
        """
        if not self._beginnings or len(text) < _SHORTEST_SECRET:
            return False
        ends = range(_SHORTEST_SECRET, len(text) + 1)
        return not self._beginnings.keys().isdisjoint([text[end - _SHORTEST_SECRET : end] for end in ends])

    def _count_beginnings(self, forms: Iterable[str], by: int) -> None:
        for form in forms:
            beginning = form[:_SHORTEST_SECRET]
            count = self._beginnings.get(beginning, 0) + by
            if count > 0:
                self._beginnings[beginning] = count
            else:
                self._beginnings.pop(beginning, None)

    def _compiled(self) -> re.Pattern[str]:
        # Compiled when a text comes, not when a secret does: a run over hundreds of accounts holds
        # hundreds of secrets and may never print a word.
        with self._lock:
            if self._pattern is None:
                longest_first = sorted(self._forms, key=len, reverse=True)
                self._pattern = re.compile("|".join(map(re.escape, longest_first)))
            return self._pattern


_REGISTRY: Final = SecretRegistry()


def registered_secrets() -> SecretRegistry:
    """Return the secrets of this process."""
    return _REGISTRY


def register_secret(secret: str, *, is_short_lived: bool = False) -> None:
    """Have a secret of this process (a secret access key, a session token) replaced in every log.

    Of those that are short-lived only the last 2,048 are.
    """
    _REGISTRY.register(secret, is_short_lived=is_short_lived)


def redact(text: str) -> str:
    """Return a text without registered secrets and without what looks like one of AWS's."""
    text = _REGISTRY.redact(text)
    for pattern, replacement in _patterns():
        text = pattern.sub(replacement, text)
    return text


class RedactingFilter(logging.Filter):
    """Replaces secrets in a log record's message and traceback; lets every record through.

    The record becomes its finished text, so that no argument is formatted again after this.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record in place."""
        record.msg = redact(_finished_message(record))
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


def _finished_message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # A message that does not fit its arguments is logging's to complain about, but not with them.
        return str(record.msg)


def install_redaction(handler: logging.Handler) -> None:
    """Put the filter on a handler, so that nothing leaves by it unredacted, whichever logger it came from."""
    if not any(isinstance(present, RedactingFilter) for present in handler.filters):
        handler.addFilter(RedactingFilter())
