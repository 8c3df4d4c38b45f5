"""Example values for a service's parameters: as Python source, as typed on a command line, as sent to AWS."""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from math import ceil
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from aws_operations.scaffold.python_names import snake_case
from aws_operations.scaffold.service_design import (
    FieldDesign,
    OperationDesign,
    ParameterDesign,
    ServiceDesign,
    StructureDesign,
    TypeDesign,
    TypeKind,
)
from aws_operations.scaffold.source_text import quoted

_MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
# Further down, lists that may be empty are: shapes may hold themselves.
_DEEPEST = 6
_ARN = "arn:aws:{service}:us-east-1:123456789012:example/{name}"
# botocore takes these apart to find the endpoint, and wants them as they really are.
_ARNS_OF_ENDPOINTS = {
    "cloudfront-keyvaluestore": "arn:aws:cloudfront::123456789012:key-value-store/{name}",
    "kinesis": "arn:aws:kinesis:us-east-1:123456789012:{kind}/{name}",
}
_KINESIS_KINDS = frozenset({"channel", "queue"})
# What botocore reckons by itself; for other checksums it asks for a library that few have installed.
_USUAL_CHECKSUMS = frozenset({"CRC32", "SHA1", "SHA256"})


@dataclass(frozen=True, slots=True)
class Example:
    """A value three times.

    ``source`` is Python with ``wrapper.`` before its classes, ``plain`` is as JSON has it, and ``sent`` is
    the source of what botocore is to be given for it.
    """

    source: str
    plain: Any
    sent: str

    @property
    def typed(self) -> str:
        """The value as a word of a command line."""
        return self.plain if isinstance(self.plain, str) else json.dumps(self.plain)


class Examples:
    """Makes examples of a service's parameters, long and large enough for botocore's checks."""

    def __init__(self, design: ServiceDesign, loader: Loader | None = None) -> None:
        loader = loader or Loader(include_default_search_paths=True)
        self._model = ServiceModel(
            loader.load_service_model(design.service_name, "service-2"), design.service_name
        )
        self._design = design

    def required(self, operation: OperationDesign) -> list[tuple[ParameterDesign, Example]]:
        """Return the parameters that a call cannot do without, and in them what must be there."""
        parameters = [each for each in operation.parameters if each.is_required]
        return self._of(operation, parameters, is_whole=False)

    def every(self, operation: OperationDesign) -> list[tuple[ParameterDesign, Example]]:
        """Return all parameters; each class is given all of its fields where it comes up first."""
        return self._of(operation, operation.parameters, is_whole=True)

    def _of(
        self, operation: OperationDesign, parameters: Iterable[ParameterDesign], *, is_whole: bool
    ) -> list[tuple[ParameterDesign, Example]]:
        making = _Making(self._design, is_whole=is_whole)
        return [
            (each, making.of(each.type, self._member(operation, each), each.api_name)) for each in parameters
        ]

    def request(self, operation: OperationDesign, given: Sequence[tuple[ParameterDesign, Example]]) -> str:
        """Return the source of what botocore is to be given in a call with these examples."""
        sent = {parameter.api_name: example.sent for parameter, example in given}
        for each in operation.parameters:
            if each.default != "None":
                sent.setdefault(each.api_name, each.default)
            if each.is_page_size and each.api_name in sent:
                # Botocore's paginators make texts of sizes where AWS has them so.
                is_text = self._member(operation, each).type_name == "string"
                sent[each.api_name] = quoted(sent[each.api_name]) if is_text else sent[each.api_name]
        return f"{{{', '.join(f'{quoted(name)}: {source}' for name, source in sent.items())}}}"

    def _member(self, operation: OperationDesign, parameter: ParameterDesign) -> Any:
        shape: Any = self._model.operation_model(operation.api_name).input_shape
        return shape.members[parameter.api_name]


class _Making:
    """Makes the examples of one call; no two texts, numbers or times of it are the same."""

    def __init__(self, design: ServiceDesign, *, is_whole: bool) -> None:
        self._service_name = design.service_name
        self._structures: Mapping[str, StructureDesign] = {
            each.class_name: each for each in design.structures
        }
        self._enums = {each.class_name: each for each in design.enums}
        self._is_whole = is_whole
        self._seen: Counter[str] = Counter()
        self._numbers = count(1)

    def of(self, kind: TypeDesign, shape: Any, name: str, depth: int = 0) -> Example:
        """Return an example of a type; ``name`` is AWS's for the member that it is for."""
        match kind.kind:
            case TypeKind.STRUCTURE:
                return self._structure(kind.class_name or "", shape, depth)
            case TypeKind.ENUM:
                members = _usable(self._enums[kind.class_name or ""].members, name)
                member, value = members[next(self._numbers) % len(members)]
                return Example(f"wrapper.{kind.class_name}.{member}", value, quoted(value))
            case TypeKind.LIST if kind.element is not None:
                return self._list(kind.element, shape, name, depth)
            case TypeKind.MAP if kind.element is not None:
                return self._map(kind.element, shape, name, depth)
        return self._plain(kind.annotation, shape, name, is_nested=depth > 0)

    def _structure(self, class_name: str, shape: Any, depth: int) -> Example:
        given = self._given(self._structures[class_name], shape)
        examples = [
            (each, self.of(each.type, shape.members[each.api_name], each.api_name, depth + 1))
            for each in given
        ]
        arguments = ", ".join(f"{each.name}={example.source}" for each, example in examples)
        sent = ", ".join(f"{quoted(each.api_name)}: {example.sent}" for each, example in examples)
        return Example(
            f"wrapper.{class_name}({arguments})",
            {each.name.rstrip("_"): example.plain for each, example in examples},
            f"{{{sent}}}",
        )

    def _given(self, design: StructureDesign, shape: Any) -> list[FieldDesign]:
        times = self._seen[design.class_name]
        self._seen[design.class_name] += 1
        if getattr(shape, "is_tagged_union", False) and design.fields:
            return [design.fields[times % len(design.fields)]]
        if self._is_whole and not times:
            return list(design.fields)
        return [each for each in design.fields if each.api_name in shape.required_members]

    def _list(self, element: TypeDesign, shape: Any, name: str, depth: int) -> Example:
        each = [self.of(element, shape.member, name, depth + 1) for _ in range(_length(shape, depth))]
        return Example(
            f"({''.join(f'{example.source}, ' for example in each)})",
            [example.plain for example in each],
            f"[{', '.join(example.sent for example in each)}]",
        )

    def _map(self, element: TypeDesign, shape: Any, name: str, depth: int) -> Example:
        if not _length(shape, depth):
            return Example("{}", {}, "{}")
        enum = getattr(shape.key, "enum", ())
        key = enum[next(self._numbers) % len(enum)] if enum else self._text(shape.key, f"{name}Key")
        each = self.of(element, shape.value, name, depth + 1)
        return Example(
            f"{{{quoted(key)}: {each.source}}}", {key: each.plain}, f"{{{quoted(key)}: {each.sent}}}"
        )

    def _plain(self, annotation: str, shape: Any, name: str, *, is_nested: bool) -> Example:
        match annotation:
            case "str":
                text = self._text(shape, name)
                return Example(quoted(text), text, quoted(text))
            case "bytes":
                text = self._text(shape, name)
                plain = base64.b64encode(text.encode()).decode() if is_nested else text
                return Example(f"b{quoted(text)}", plain, f"b{quoted(text)}")
            case "datetime":
                return _moment(next(self._numbers))
            case "Any":
                return self._anything(shape)
        value = self._number(shape, annotation)
        return Example(repr(value), value, repr(value))

    def _number(self, shape: Any, annotation: str) -> bool | float:
        number = next(self._numbers)
        if annotation == "bool":
            return number % 2 == 1
        least = ceil(float(shape.metadata.get("min", 0)))
        most = int(float(shape.metadata.get("max", least + number + 1)))
        value = least + number % (most - least + 1)
        # Nought is what a program might take for nothing.
        value = value or min(1, most)
        return value if annotation == "int" else float(value)

    def _anything(self, shape: Any) -> Example:
        if shape.type_name == "list":
            return Example("[]", [], "[]")
        number = next(self._numbers)
        return Example(f'{{"example": {number}}}', {"example": number}, f'{{"example": {number}}}')

    def _text(self, shape: Any, name: str) -> str:
        text = f"{snake_case(name).replace('_', '-')}-{next(self._numbers)}"
        if name.lower().endswith("arn"):
            form = _ARNS_OF_ENDPOINTS.get(self._service_name, _ARN)
            kind = name.lower().removesuffix("arn")
            kind = kind if kind in _KINESIS_KINDS else "stream"
            text = form.format(service=self._service_name, kind=kind, name=text)
        return text.ljust(int(shape.metadata.get("min", 0)), "x")


def _usable(members: Sequence[tuple[str, str]], name: str) -> Sequence[tuple[str, str]]:
    """Return the members of an enum that botocore makes a request with."""
    usual = [each for each in members if each[1] in _USUAL_CHECKSUMS]
    return usual if usual and name == "ChecksumAlgorithm" else members


def _length(shape: Any, depth: int) -> int:
    least = int(shape.metadata.get("min", 0))
    return max(1, least) if depth < _DEEPEST else least


def _moment(number: int) -> Example:
    moment = _MOMENT + timedelta(minutes=number)
    numbers = f"{moment.year}, {moment.month}, {moment.day}, {moment.hour}, {moment.minute}"
    source = f"datetime({numbers}, tzinfo=UTC)"
    return Example(source, moment.isoformat(), source)
