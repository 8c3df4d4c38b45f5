"""The value of a secret, in a type that shows it to nobody who does not ask for it."""

import base64
import json
import re
from typing import Any, NoReturn, SupportsIndex

from aws_interactions.secret_redaction import register_secret
from aws_interactions.secrets_interactions.errors import (
    SecretFieldDoesntExist,
    SecretNotJson,
    SecretTooLarge,
    SecretValueEmpty,
)

MAX_VALUE_BYTES = 65_536
_BLANKS = re.compile(r"[ \t\n\r]*")


class SecretValue:
    """Text or bytes that only ``reveal``, ``json``, ``field`` and their like give out.

    Its ``repr`` and its text in a format say that there is a value, and not how long it is. It does not
    pickle; a copy is the same object. Two compare in constant time. From 8 characters on, the value is
    taken out of all logs and error lines of this process. ``secret_name`` is whose value it is, for messages.
    """

    __slots__ = ("_data", "secret_name")

    def __init__(self, data: str | bytes, *, secret_name: str = "") -> None:
        self._data = data
        self.secret_name = secret_name
        _register(data)

    @property
    def is_binary(self) -> bool:
        """Whether it is bytes, ``SecretBinary`` in AWS's words."""
        return isinstance(self._data, bytes)

    def reveal(self) -> str | bytes:
        """Return the value itself, exactly as it is kept."""
        return self._data

    def reveal_bytes(self) -> bytes:
        """Return the value as bytes; text is UTF-8."""
        return self._data if isinstance(self._data, bytes) else self._data.encode("utf-8", "surrogatepass")

    def json(self) -> Any:
        """Return what the value says as JSON; raises ``SecretNotJson``, without a word of the value."""
        is_json, found = _from_json(self._data)
        # Not raised where json's own error is at hand: that one carries the whole text.
        if not is_json:
            raise SecretNotJson(self.secret_name)
        return found

    def field(self, name: str) -> Any:
        """Return one field of a JSON object; what is text is taken out of all logs too.

        Raises ``SecretNotJson`` for anything but a JSON object, ``SecretFieldDoesntExist``.
        """
        found = self.json()
        if not isinstance(found, dict):
            raise SecretNotJson(self.secret_name, "a JSON object")
        if name not in found:
            raise SecretFieldDoesntExist(self.secret_name, name)
        if isinstance(found[name], str):
            _register(found[name])
        return found[name]

    def field_text(self, name: str) -> str:
        """Return one field as text: what is not text itself just as it stands in the value.

        So ``1.10`` and ``1e999`` stay what they are. Raises what ``field`` raises.
        """
        found = self.field(name)
        return found if isinstance(found, str) else _as_it_stands(_text_of(self._data), name)

    def check_size(self, *, secret_name: str | None = None) -> None:
        """Raise ``SecretValueEmpty`` or ``SecretTooLarge`` for what AWS would refuse: 1 to 65,536 bytes.

        ``secret_name`` is what it is to be the value of, for messages, where that is another.
        """
        size = len(self.reveal_bytes())
        if size == 0:
            raise SecretValueEmpty(secret_name or self.secret_name)
        if size > MAX_VALUE_BYTES:
            raise SecretTooLarge(secret_name or self.secret_name, MAX_VALUE_BYTES)

    def __repr__(self) -> str:
        return "SecretValue([redacted])"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        from hmac import compare_digest

        if not isinstance(other, SecretValue):
            return NotImplemented
        is_same = compare_digest(self.reveal_bytes(), other.reveal_bytes())
        return is_same and self.is_binary == other.is_binary

    __hash__ = None  # type: ignore[assignment] # the hash of a guessable value gives it away

    def __copy__(self) -> "SecretValue":
        return self

    def __deepcopy__(self, _memo: object) -> "SecretValue":
        return self

    def __reduce_ex__(self, _protocol: SupportsIndex) -> NoReturn:
        message = "the value of a secret does not pickle: read it again where it is needed"
        raise TypeError(message)

    __reduce__ = __reduce_ex__  # type: ignore[assignment] # both refuse

    def __getstate__(self) -> NoReturn:
        # What object has from Python 3.11 on gives the slots away.
        self.__reduce_ex__(0)


def _register(data: str | bytes) -> None:
    if isinstance(data, bytes):
        register_secret(base64.b64encode(data).decode())
        return
    # As it is, as it stands in JSON, and as an error line has it, all blanks one.
    for form in (data, json.dumps(data)[1:-1], json.dumps(data, ensure_ascii=False)[1:-1]):
        register_secret(form)
        register_secret(" ".join(form.split()))


def _from_json(data: str | bytes) -> tuple[bool, Any]:
    try:
        return True, json.loads(data)
    except (ValueError, RecursionError):
        return False, None


def _text_of(data: str | bytes) -> str:
    return data.decode(json.detect_encoding(data), "surrogatepass") if isinstance(data, bytes) else data


def _as_it_stands(text: str, wanted: str) -> str:
    """Return the JSON of one member of an object, uninterpreted; of several of that name the last one."""
    decoder = json.JSONDecoder()
    found = ""
    at = _after_blanks(text, text.index("{") + 1)
    while text[at] == '"':
        name, at = decoder.raw_decode(text, at)
        start = _after_blanks(text, text.index(":", at) + 1)
        _, end = decoder.raw_decode(text, start)
        if name == wanted:
            found = text[start:end]
        at = _after_blanks(text, end)
        if text[at] == ",":
            at = _after_blanks(text, at + 1)
    return found


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return at if blanks is None else blanks.end()
