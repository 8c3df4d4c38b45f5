"""Compiles an output shape into a function from a whole answer to what botocore's parser returns."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.awsrequest import HeadersDict
from botocore.compat import ETree  # type: ignore[attr-defined]  # its stubs leave it out

from aws_interactions.compiled_parsers import TREE_KEY
from aws_interactions.compiled_parsers.json_shapes import compile_value
from aws_interactions.compiled_parsers.timestamps import timestamp_of_text
from aws_interactions.compiled_parsers.unusual import Unusual, refuse
from aws_interactions.compiled_parsers.xml_shapes import NAMESPACE, compile_element

Response = Mapping[str, Any]
_Headers = Mapping[str, str]
_ParseBody = Callable[[Response, _Headers], dict[str, Any]]

# Botocore's own, so that its debug log holds the same lines.
_logger = logging.getLogger("botocore.parsers")


def compile_response(protocol_name: str, shape: Any) -> Callable[[Response], dict[str, Any] | None]:
    """Return a function that parses an answer, or returns ``None`` for one that is botocore's to parse."""
    try:
        parse_body = _MAKERS.get(protocol_name, refuse)(shape)
    except Unusual:
        return _leave_to_botocore

    def parse(response: Response) -> dict[str, Any] | None:
        headers = response["headers"]
        if response["status_code"] >= 300 or type(headers) is not HeadersDict:
            return None
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            parsed = parse_body(response, lowered)
        except Exception:  # noqa: BLE001 - whatever it was, botocore's parser has the word
            return None
        _logger.debug("Response headers: %r", headers)
        _logger.debug("Response body:\n%r", response["body"])
        _add_metadata(parsed, response, lowered)
        return parsed

    return parse


def _add_metadata(parsed: dict[str, Any], response: Response, lowered: _Headers) -> None:
    metadata = parsed.setdefault("ResponseMetadata", {})
    metadata["HTTPStatusCode"] = response["status_code"]
    metadata["HTTPHeaders"] = lowered
    algorithm = response.get("context", {}).get("checksum", {}).get("response_algorithm")
    if algorithm:
        metadata["ChecksumAlgorithm"] = algorithm


def _leave_to_botocore(_response: Response) -> None:
    return None


def _make_json(shape: Any) -> _ParseBody:
    if shape.event_stream_name:
        raise Unusual
    convert = compile_value(shape) or refuse

    def parse(response: Response, lowered: _Headers) -> dict[str, Any]:
        body = response["body"]
        parsed: dict[str, Any] = convert(json.loads(body.decode("utf-8")) if body else {})
        if "x-amzn-requestid" in lowered:
            parsed["ResponseMetadata"] = {"RequestId": lowered["x-amzn-requestid"]}
        return parsed

    return parse


def _read_xml(body: bytes) -> Any:
    parser = ETree.XMLParser(target=ETree.TreeBuilder(), encoding="utf-8")
    parser.feed(body)
    return parser.close()


def _only_child(node: Any, name: str) -> Any:
    """Return the child of a name, ``None`` if there is none; raise ``Unusual`` if there are several."""
    found = [child for child in node if NAMESPACE.sub("", child.tag) == name]
    if len(found) > 1:
        raise Unusual
    return found[0] if found else None


def _make_query(shape: Any) -> _ParseBody:
    convert = compile_element(shape) or refuse
    wrapper_name = shape.serialization.get("resultWrapper")

    def parse(response: Response, _lowered: _Headers) -> dict[str, Any]:
        root = _read_xml(response["body"])
        start = root if wrapper_name is None else _only_child(root, wrapper_name)
        parsed: dict[str, Any] = convert(start)
        metadata = _only_child(root, "ResponseMetadata")
        if metadata is not None:
            texts = {NAMESPACE.sub("", child.tag): child.text for child in metadata}
            if len(texts) != len(metadata):
                raise Unusual
            parsed["ResponseMetadata"] = texts
        return parsed

    return parse


def _make_ec2(shape: Any) -> _ParseBody:
    convert = compile_element(shape) or refuse

    def parse(response: Response, _lowered: _Headers) -> dict[str, Any]:
        root = _read_xml(response["body"])
        parsed: dict[str, Any] = convert(root)
        request_id = _only_child(root, "requestId")
        if request_id is not None:
            parsed["ResponseMetadata"] = {"RequestId": request_id.text}
        return parsed

    return parse


def _make_rest_xml(shape: Any) -> _ParseBody:
    read_headers = _compile_headers(shape)
    payload_name = shape.serialization.get("payload")
    payload_shape = shape if payload_name is None else shape.members[payload_name]
    if payload_shape.type_name != "structure" or payload_shape.serialization.get("eventstream"):
        raise Unusual
    convert = compile_element(payload_shape) or refuse

    def parse(response: Response, lowered: _Headers) -> dict[str, Any]:
        parsed: dict[str, Any] = {"ResponseMetadata": _rest_metadata(lowered)}
        read_headers(parsed, lowered)
        content = convert(_tree_of(response))
        if payload_name is None:
            parsed.update(content)
        else:
            parsed[payload_name] = content
        return parsed

    return parse


def _tree_of(response: Response) -> Any:
    body = response["body"]
    tree = response.get("context", {}).get(TREE_KEY)
    if tree is not None:
        return tree
    return _read_xml(body) if body else ETree.Element("")


def _rest_metadata(lowered: _Headers) -> dict[str, str]:
    if "x-amzn-requestid" in lowered:
        return {"RequestId": lowered["x-amzn-requestid"]}
    if "x-amz-request-id" in lowered:
        return {"RequestId": lowered["x-amz-request-id"], "HostId": lowered.get("x-amz-id-2", "")}
    return {}


def _compile_headers(shape: Any) -> Callable[[dict[str, Any], _Headers], None]:
    members: list[tuple[str, str, Callable[[str], Any]]] = []
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location == "header":
            header_name = member.serialization.get("name", name).lower()
            members.append((name, header_name, _convert_header(member)))
        elif location in {"headers", "statusCode"}:
            raise Unusual

    def read(parsed: dict[str, Any], lowered: _Headers) -> None:
        for name, header_name, convert in members:
            if header_name in lowered:
                parsed[name] = convert(lowered[header_name])

    return read


def _convert_header(member: Any) -> Callable[[str], Any]:
    if member.serialization.get("jsonvalue"):
        raise Unusual
    try:
        return _HEADER_CONVERSIONS[member.type_name]
    except KeyError:
        raise Unusual from None


_HEADER_CONVERSIONS: Final[dict[str, Callable[[str], Any]]] = {
    "string": str,
    "character": str,
    "integer": int,
    "long": int,
    "boolean": "true".__eq__,
    "timestamp": timestamp_of_text,
}

_MAKERS: Final[dict[str, Callable[[Any], _ParseBody]]] = {
    "json": _make_json,
    "query": _make_query,
    "ec2": _make_ec2,
    "rest-xml": _make_rest_xml,
}
