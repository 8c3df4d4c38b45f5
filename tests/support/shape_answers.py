"""Answers of AWS made at random from botocore's output shapes: XML and JSON, plain and odd."""

import base64
import json
import random
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from botocore.parsers import create_parser

TIMESTAMPS = (
    "2026-01-07T09:30:00.000Z",
    "2026-01-07T09:30:00Z",
    "1999-12-31T23:59:59.5Z",
    "2024-02-29T00:00:00.123456Z",
    "2026-01-07T09:30:00+02:00",
    "2026-01-07T09:30:00",
    "Wed, 07 Jan 2026 09:30:00 GMT",
    "1767778200",
    "1767778200.25",
)
TEXTS = ("", "plain", " around ", "a<b&c>d", "żółć 漢字 🙂", "line\nbreak\ttab", "]]>", "true", "-1", "{x}y")
_STOCK: Any = create_parser("query")


class AnswerMaker:
    """Makes answers for one shape after the other, the same ones for the same seed."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - not for secrets

    def headers(self, shape: Any) -> dict[str, str]:
        """Return headers: the usual ones, request ids now and then, and those that the shape names."""
        headers = {"Content-Type": "text/xml", "Date": "Wed, 07 Jan 2026 09:30:00 GMT"}
        for name in ("x-amzn-RequestId", "x-amz-request-id", "x-amz-id-2"):
            if self._is(0.5):
                headers[name] = "0b5e9f3a-1"
        for name, member in getattr(shape, "members", {}).items():
            location = member.serialization.get("location")
            if location == "header" and self._is(0.6):
                headers[member.serialization.get("name", name)] = self._scalar(member.type_name).strip()
            elif location == "headers":
                headers[f"{member.serialization.get('name', '')}One"] = "1"
        return headers

    def json_body(self, shape: Any) -> bytes:
        """Return a JSON body, with members that no model has, and nulls."""
        return json.dumps(self._json(shape, 0), ensure_ascii=self._is(0.5)).encode()

    def xml_body(self, protocol_name: str, shape: Any) -> bytes:
        """Return an XML body in the protocol's envelope."""
        namespace = ' xmlns="http://example.amazonaws.com/doc/2026-01-07/"' if self._is(0.8) else ""
        if protocol_name == "rest-xml":
            payload = shape.serialization.get("payload")
            content = shape.members[payload] if payload else shape
            if content.type_name != "structure":
                return b"a stream of bytes"
            inner = self._members(content, 0)
        elif "resultWrapper" in shape.serialization:
            wrapper = shape.serialization["resultWrapper"]
            inner = f"<{wrapper}>{self._members(shape, 0)}</{wrapper}>"
        else:
            inner = self._members(shape, 0)
        if protocol_name == "query":
            inner += "<ResponseMetadata><RequestId>1-2</RequestId><Empty/></ResponseMetadata>"
        elif protocol_name == "ec2" and self._is(0.8):
            inner = f"<requestId>1-2</requestId>{inner}"
        declaration = '<?xml version="1.0" encoding="UTF-8"?>\n' if self._is(0.7) else ""
        return f"{declaration}<Root{namespace}>{inner}</Root>".encode()

    def _is(self, probability: float) -> bool:
        return self._random.random() < probability

    def _scalar(self, type_name: str) -> str:
        makers: dict[str, Callable[[], str]] = {
            "boolean": lambda: self._random.choice(("true", "false")),
            "timestamp": lambda: self._random.choice(TIMESTAMPS),
            "blob": lambda: base64.b64encode(self._random.randbytes(self._random.randrange(5))).decode(),
            "integer": lambda: str(self._random.randrange(-5, 10**12)),
            "float": lambda: self._random.choice(("0.5", "-1", "1e3")),
        }
        alias = {"long": "integer", "double": "float"}.get(type_name, type_name)
        return makers.get(alias, lambda: self._random.choice(TEXTS))()

    def _is_there(self, depth: int) -> bool:
        return self._is((0.7, 0.5, 0.3, 0.2, 0.1)[min(depth, 4)])

    def _count(self, depth: int) -> int:
        return self._random.choice((0, 1, 1, 2, 3) if depth < 4 else (0, 1))

    def _json(self, shape: Any, depth: int) -> Any:
        if shape.type_name == "structure":
            members = {
                name: None if self._is(0.05) else self._json(member, depth + 1)
                for name, member in shape.members.items()
                if self._is_there(depth)
            }
            return {**members, "NoSuchMember": {"a": [1]}} if self._is(0.1) else members
        if shape.type_name == "list":
            items = [self._json(shape.member, depth + 1) for _ in range(self._count(depth))]
            return [*items, None] if self._is(0.05) else items
        if shape.type_name == "map":
            keys = {self._random.choice(TEXTS) for _ in range(self._count(depth))}
            return {key: self._json(shape.value, depth + 1) for key in keys}
        return self._json_scalar(shape.type_name)

    def _json_scalar(self, type_name: str) -> Any:
        text = self._scalar(type_name)
        if type_name == "timestamp" and self._is(0.7):
            return self._random.choice((1767778200, 1767778200.123, 0, -1.5, 253402300799))
        if type_name == "boolean":
            return text == "true"
        if type_name in {"integer", "long"}:
            return int(text)
        return float(text) if type_name in {"float", "double"} else text

    def _members(self, shape: Any, depth: int) -> str:
        parts = []
        for name, member in shape.members.items():
            if member.serialization.get("location") or not self._is_there(depth):
                continue
            is_flattened = member.type_name == "list" and member.serialization.get("flattened")
            element_name = _STOCK._member_key_name(member, name)
            if is_flattened:
                items = [self._element(element_name, member.member, depth) for _ in range(self._count(depth))]
                parts += items
            elif not member.serialization.get("xmlAttribute"):
                parts.append(self._element(element_name, member, depth))
        self._random.shuffle(parts)
        if self._is(0.1):
            parts.append("<NoSuchMember><a>1</a></NoSuchMember>")
        if self._is(0.2):
            parts.insert(0, "\n  <!-- between -->\n")
        return "".join(parts)

    def _element(self, name: str, shape: Any, depth: int) -> str:
        if self._is(0.05) and shape.type_name not in {"integer", "long", "float", "double", "timestamp"}:
            return f"<{name}/>"
        return f"<{name}{self._attributes(shape)}>{self._content(shape, depth + 1)}</{name}>"

    def _attributes(self, shape: Any) -> str:
        members = getattr(shape, "members", {}) if shape.type_name == "structure" else {}
        names = [
            member.serialization["name"]
            for member in members.values()
            if member.serialization.get("xmlAttribute")
        ]
        given = "".join(f" {name}={quoteattr('Canonical & User')}" for name in names if self._is(0.8))
        return f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"{given}' if given else ""

    def _content(self, shape: Any, depth: int) -> str:
        if shape.type_name == "structure":
            return self._members(shape, depth)
        if shape.type_name == "list":
            name = shape.member.serialization.get("name", "member")
            return "".join(self._element(name, shape.member, depth) for _ in range(self._count(depth)))
        if shape.type_name == "map":
            return "".join(self._pair(shape, depth) for _ in range(self._count(depth)))
        return self._text(self._scalar(shape.type_name), shape.type_name)

    def _pair(self, shape: Any, depth: int) -> str:
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        key = f"<{key_name}>{self._text(self._scalar('string'), 'string')}</{key_name}>"
        value = self._element(value_name, shape.value, depth)
        return f"<entry>{key}{value}</entry>" if self._is(0.8) else f"<entry>{value}{key}</entry>"

    def _text(self, text: str, type_name: str) -> str:
        if self._is(0.1) and "]]>" not in text:
            return f"<![CDATA[{text}]]>"
        if self._is(0.1) and type_name == "string":
            return f"{escape(text)}<!-- in the middle -->after"
        return escape(text)
