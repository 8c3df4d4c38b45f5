"""What of a call's parameters, and of its answer, may stand in a recording; and back from there.

A recording goes into tickets and test suites, so it holds what was done to which resource, and neither
secrets nor payloads. Secrets are what botocore's models call sensitive, members with the names that
``secret_redaction`` knows, and registered secrets wherever they turn up; these are replaced always, in
answers too. Payloads (bodies of S3, its user metadata, values of DynamoDB's items) say nothing of what a
policy or an account of the run needs, and may be anybody's personal data: they come in only with the
answers, which are full of them anyway. Bodies never do; their size does.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from aws_interactions.secret_redaction import CONFIDENTIAL_FIELDS, REDACTED, redact, registered_secrets

_Encode = Callable[[Any], Any]

# Digests of keys, codes that serve once, and the scripts of instances, which the model calls sensitive where
# they are given, and not where they are shown.
_SECRETS_BY_NAME: Final = CONFIDENTIAL_FIELDS | {
    "authenticationcode1",
    "authenticationcode2",
    "copysourcessecustomerkeymd5",
    "mfa",
    "ssecustomerkeymd5",
    "userdata",
}
# The model calls them sensitive, but they are names, and a policy needs them.
_NO_SECRETS: Final = frozenset({"SSEKMSKeyId", "NonEmptyKmsKeyArnString"})
_PAYLOADS: Final = {
    "dynamodb": frozenset({"AttributeValue", "PartiQLStatement"}),
    "s3": frozenset({"Metadata"}),
}
# Each confidential field, header or scheme has one of these in its name.
_TELLTALES: Final = (
    "assertion",
    "authorization",
    "bearer",
    "credential",
    "customer",
    "password",
    "plaintext",
    "privatekey",
    "secret",
    "signature",
    "token",
)


_LONGEST_REMEMBERED: Final = 500


class CallEncoder:
    """Makes JSON of what one operation takes, or answers; stateless once made, so one serves all threads.

    ``shape`` is botocore's, ``None`` for an operation without; ``with_payloads`` keeps user metadata and
    the values of items.
    """

    def __init__(self, service_name: str, shape: Any, *, with_payloads: bool) -> None:
        shapes = _Shapes(service_name, with_payloads=with_payloads)
        stream = None if shape is None else _payload_blob(shape)
        self.takes_stream = stream is not None
        self._encode = None if shape is None else shapes.encoder_of(shape, streaming=stream)
        self._dumps = json.JSONEncoder(
            separators=(",", ":"), default=_with_bytes if with_payloads else _without_bytes
        ).encode

    def to_json(self, value: Mapping[str, Any]) -> str:
        """Return one line of JSON in ASCII, without secrets."""
        if not value:
            return "{}"
        text: str = self._dumps(value if self._encode is None else self._encode(value))
        if may_hold_secrets(text):
            text = self._dumps(redact_strings(json.loads(text)))
        return text


def may_hold_secrets(text: str) -> bool:
    """Say whether a text has to be looked at closely; mostly false, and quick."""
    if registered_secrets().may_be_in(text):
        return True
    return _has_telltale(text) if len(text) > _LONGEST_REMEMBERED else _remembered_telltale(text)


def _has_telltale(text: str) -> bool:
    lowered = text.lower()
    return any(telltale in lowered for telltale in _TELLTALES)


# A fleet makes the same call, with the same parameters, in each target.
_remembered_telltale = lru_cache(maxsize=256)(_has_telltale)


def redact_strings(value: Any) -> Any:
    """Return what JSON holds with secrets taken out of its strings, names of members left as they are."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {_without_registered(name): redact_strings(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [redact_strings(member) for member in value]
    return value


def decoded(shape: Any, value: Any) -> Any:
    """Return what botocore would have made of an answer of that shape, from what stands in a recording.

    Times are aware datetimes, blobs are bytes; a redacted blob is the text of the redaction.
    """
    if isinstance(value, str):
        return value.encode() if shape is not None and shape.type_name == "blob" else value
    if isinstance(value, Mapping):
        if "$datetime" in value:
            return datetime.fromisoformat(value["$datetime"])
        if "$base64" in value:
            return base64.b64decode(value["$base64"])
        return {name: decoded(_member(shape, name), member) for name, member in value.items()}
    if isinstance(value, list):
        member = shape.member if shape is not None and shape.type_name == "list" else None
        return [decoded(member, item) for item in value]
    return value


def _member(shape: Any, name: str) -> Any:
    if shape is None:
        return None
    if shape.type_name == "structure":
        return shape.members.get(name)
    return shape.value if shape.type_name == "map" else None


def _without_registered(name: str) -> str:
    return registered_secrets().redact(name)


class _Shapes:
    """Encoders by shape: only where something has to be replaced is anything walked through."""

    def __init__(self, service_name: str, *, with_payloads: bool) -> None:
        self._payloads = frozenset() if with_payloads else _PAYLOADS.get(service_name, frozenset())
        self._encoders: dict[str, _Encode | None] = {}
        self._has_some: dict[str, bool] = {}

    def encoder_of(self, shape: Any, *, streaming: str | None = None) -> _Encode | None:
        """Return the encoder of a shape, ``None`` if nothing in it is to be replaced."""
        if streaming is None and not self._is_to_be_replaced(shape, set()):
            return None
        if self._is_replaced(shape):
            return _replaced
        if shape.type_name == "structure":
            return self._of_structure(shape, streaming)
        if shape.type_name == "map":
            return _of_map(self._lazily(shape.value))
        return _of_list(self._lazily(shape.member))

    def _of_structure(self, shape: Any, streaming: str | None) -> _Encode:
        encoders: dict[str, _Encode] = {}
        for name, member in shape.members.items():
            if _is_confidential(name):
                encoders[name] = _replaced_within
            elif name == streaming:
                encoders[name] = _size_of
            elif self._is_to_be_replaced(member, set()):
                encoders[name] = self._lazily(member)

        def encode(value: Any) -> Any:
            if not isinstance(value, Mapping):
                return value
            return {
                name: encoders[name](member) if name in encoders else member for name, member in value.items()
            }

        return encode

    def _lazily(self, shape: Any) -> _Encode:
        # A shape may hold itself.
        def encode(value: Any) -> Any:
            if shape.name not in self._encoders:
                self._encoders[shape.name] = self.encoder_of(shape)
            encoder = self._encoders[shape.name]
            return value if encoder is None else encoder(value)

        return encode

    def _is_replaced(self, shape: Any) -> bool:
        is_sensitive = bool(shape.metadata.get("sensitive")) and shape.name not in _NO_SECRETS
        return is_sensitive or shape.name in self._payloads

    def _is_to_be_replaced(self, shape: Any, seen: set[str]) -> bool:
        if self._is_replaced(shape):
            return True
        if shape.name in seen or shape.type_name not in {"structure", "list", "map"}:
            return False
        seen.add(shape.name)
        if shape.type_name == "structure":
            return any(
                _is_confidential(name) or self._is_to_be_replaced(member, seen)
                for name, member in shape.members.items()
            )
        inner = shape.value if shape.type_name == "map" else shape.member
        return self._is_to_be_replaced(inner, seen)


def _is_confidential(name: str) -> bool:
    return name.lower() in _SECRETS_BY_NAME


def _payload_blob(shape: Any) -> str | None:
    payload = shape.serialization.get("payload")
    return payload if payload is not None and shape.members[payload].type_name == "blob" else None


def _replaced(_: Any) -> str:
    return REDACTED


def _replaced_within(value: Any) -> Any:
    # Structures stay such, for whoever reads the answer of a replayed call.
    if isinstance(value, Mapping):
        return {name: _replaced_within(member) for name, member in value.items()}
    return REDACTED


def _of_map(encode_value: _Encode) -> _Encode:
    def encode(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {name: encode_value(member) for name, member in value.items()}

    return encode


def _of_list(encode_member: _Encode) -> _Encode:
    def encode(value: Any) -> Any:
        return [encode_member(member) for member in value] if isinstance(value, list | tuple) else value

    return encode


def _size_of(value: Any) -> dict[str, int | None]:
    return {"$bytes": _length(value)}


def _length(value: Any) -> int | None:
    if isinstance(value, str):
        return len(value.encode())
    try:
        return len(value)
    except TypeError:
        pass
    try:
        position = value.tell()
        size: int = value.seek(0, 2) - position
        value.seek(position)
    except (AttributeError, OSError, TypeError, ValueError):
        return None  # a stream that tells nothing of its end
    return size


def _without_bytes(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, bytes | bytearray) or hasattr(value, "read"):
        return _size_of(value)
    return float(value) if isinstance(value, Decimal) else str(value)


def _with_bytes(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return {"$base64": base64.b64encode(value).decode()}
    return _without_bytes(value)
