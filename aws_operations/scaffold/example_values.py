"""Example values for a service's parameters, as Python source and as what is typed on a command line."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from aws_operations.scaffold.service_design import (
    OperationDesign,
    ParameterDesign,
    ServiceDesign,
    StructureDesign,
    TypeDesign,
    TypeKind,
)
from aws_operations.scaffold.source_text import quoted

WORD = "example"
MOMENT = "2026-01-31T12:00:00Z"


@dataclass(frozen=True, slots=True)
class Example:
    """A value twice: ``source`` is Python with ``wrapper.`` before its classes, ``plain`` as JSON has it."""

    source: str
    plain: Any

    @property
    def typed(self) -> str:
        """The value as a word of a command line."""
        return self.plain if isinstance(self.plain, str) else json.dumps(self.plain)


class Examples:
    """Makes examples of a service's required parameters, long and large enough for botocore's checks."""

    def __init__(self, design: ServiceDesign, loader: Loader | None = None) -> None:
        loader = loader or Loader(include_default_search_paths=True)
        self._model = ServiceModel(
            loader.load_service_model(design.service_name, "service-2"), design.service_name
        )
        self._structures: Mapping[str, StructureDesign] = {
            each.class_name: each for each in design.structures
        }
        self._enums = {each.class_name: each for each in design.enums}

    def of(self, operation: OperationDesign, parameter: ParameterDesign) -> Example:
        """Return an example of a parameter."""
        shape: Any = self._model.operation_model(operation.api_name).input_shape
        member = shape.members[parameter.api_name]
        return self._of(parameter.type, member, is_base64=False)

    def _of(self, kind: TypeDesign, shape: Any, *, is_base64: bool = True) -> Example:
        match kind.kind:
            case TypeKind.STRUCTURE:
                return self._structure(kind, shape)
            case TypeKind.ENUM:
                name, value = self._enums[kind.class_name or ""].members[0]
                return Example(f"wrapper.{kind.class_name}.{name}", value)
            case TypeKind.LIST if kind.element is not None:
                each = self._of(kind.element, shape.member)
                count = max(1, int(shape.metadata.get("min", 1)))
                return Example(f"({f'{each.source}, ' * count})", [each.plain] * count)
            case TypeKind.MAP if kind.element is not None:
                key = next(iter(getattr(shape.key, "enum", ())), _text(shape.key))
                each = self._of(kind.element, shape.value)
                return Example(f"{{{quoted(key)}: {each.source}}}", {key: each.plain})
        return _plain(kind.annotation, shape, is_base64=is_base64)

    def _structure(self, kind: TypeDesign, shape: Any) -> Example:
        design = self._structures[kind.class_name or ""]
        given = [each for each in design.fields if each.api_name in shape.required_members]
        if not given and getattr(shape, "is_tagged_union", False):
            given = list(design.fields[:1])
        examples = {each.name: self._of(each.type, shape.members[each.api_name]) for each in given}
        inside = ", ".join(f"{name}={each.source}" for name, each in examples.items())
        return Example(
            f"wrapper.{kind.class_name}({inside})", {name: each.plain for name, each in examples.items()}
        )


def _plain(annotation: str, shape: Any, *, is_base64: bool) -> Example:
    least = float(shape.metadata.get("min", 0))
    match annotation:
        case "str":
            return Example(quoted(_text(shape)), _text(shape))
        case "bool":
            return Example("True", True)
        case "int":
            return Example(str(max(1, int(least))), max(1, int(least)))
        case "float":
            return Example(str(max(1.0, least)), max(1.0, least))
        case "datetime":
            return Example("datetime(2026, 1, 31, 12, tzinfo=UTC)", MOMENT)
        case "bytes":
            text = _text(shape)
            typed = base64.b64encode(text.encode()).decode() if is_base64 else text
            return Example(f"b{quoted(text)}", typed)
    return Example("{}", {})


def _text(shape: Any) -> str:
    return WORD.ljust(int(shape.metadata.get("min", 0)), "x")
