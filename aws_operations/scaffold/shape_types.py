"""Shapes of a service's model as Python types: dataclasses, enums, tuples, mappings and plain values."""

from typing import Any

from botocore.utils import is_json_value_header

from aws_operations.scaffold.documentation_text import first_sentences
from aws_operations.scaffold.python_names import NamesInUse, class_name, enum_member_name, field_name
from aws_operations.scaffold.secret_rule import is_secret
from aws_operations.scaffold.service_design import (
    EnumDesign,
    FieldDesign,
    StructureDesign,
    TypeDesign,
    TypeKind,
)

_PLAIN = {
    "blob": "bytes",
    "boolean": "bool",
    "char": "str",
    "double": "float",
    "float": "float",
    "integer": "int",
    "long": "int",
    "string": "str",
    "timestamp": "datetime",
}
_ANYTHING = TypeDesign(TypeKind.PLAIN, "Any")
_UNION = "Exactly one of the fields is given."


class ShapeTypes:
    """The types of one module: each shape that is asked for becomes one class, however often it is used."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._names = NamesInUse()
        self._structures: dict[str, Any] = {}
        self._enums: dict[str, Any] = {}
        self._class_names: dict[str, str] = {}
        self._inputs: set[str] = set()
        self._outputs: set[str] = set()

    def claim_class(self, shape_name: str) -> str:
        """Return a name for a class that no other class of the module has."""
        return self._names.claim(class_name(shape_name, self._prefix))

    def of(self, shape: Any, *, is_input: bool) -> TypeDesign:
        """Return the type of a shape's values, and remember the classes that it needs."""
        return self._type_of(shape, self._inputs if is_input else self._outputs, ())

    def structures(self) -> tuple[StructureDesign, ...]:
        """Return the dataclasses, those that others hold after those that hold them."""
        return tuple(self._structure(shape) for shape in list(self._structures.values()))

    def enums(self) -> tuple[EnumDesign, ...]:
        """Return the enums in the order of their first use."""
        return tuple(_enum(shape, self._class_names[shape.name]) for shape in self._enums.values())

    def _type_of(self, shape: Any, direction: set[str], around: tuple[str, ...]) -> TypeDesign:
        if shape.type_name == "structure":
            return self._structure_type(shape, direction)
        if shape.type_name == "list":
            return self._container(shape, shape.member, direction, around)
        if shape.type_name == "map":
            return self._container(shape, shape.value, direction, around)
        if is_json_value_header(shape):
            return _ANYTHING
        if shape.type_name == "string" and shape.enum:
            name = self._class_of(shape, self._enums)
            return TypeDesign(TypeKind.ENUM, f"{name} | str", name)
        return TypeDesign(TypeKind.PLAIN, _PLAIN[shape.type_name])

    def _structure_type(self, shape: Any, direction: set[str]) -> TypeDesign:
        if shape.is_document_type:
            return _ANYTHING
        name = self._class_of(shape, self._structures)
        if shape.name not in direction:
            # Before its members: a structure may hold itself.
            direction.add(shape.name)
            for member in shape.members.values():
                self._type_of(member, direction, ())
        return TypeDesign(TypeKind.STRUCTURE, name, name)

    def _container(self, shape: Any, inner: Any, direction: set[str], around: tuple[str, ...]) -> TypeDesign:
        if shape.name in around:
            # A list of itself without a structure between has no type that can be written down.
            return _ANYTHING
        element = self._type_of(inner, direction, (*around, shape.name))
        # botocore gives this trait no place in what it publishes of a shape.
        is_sparse = bool(shape._shape_model.get("sparse"))
        inside = f"{element.annotation} | None" if is_sparse else element.annotation
        if shape.type_name == "list":
            return TypeDesign(TypeKind.LIST, f"tuple[{inside}, ...]", element=element, is_sparse=is_sparse)
        return TypeDesign(TypeKind.MAP, f"Mapping[str, {inside}]", element=element, is_sparse=is_sparse)

    def _class_of(self, shape: Any, kept: dict[str, Any]) -> str:
        if shape.name not in self._class_names:
            self._class_names[shape.name] = self.claim_class(shape.name)
        kept.setdefault(shape.name, shape)
        return self._class_names[shape.name]

    def _structure(self, shape: Any) -> StructureDesign:
        is_input, is_output = shape.name in self._inputs, shape.name in self._outputs
        names = NamesInUse()
        fields = [
            self._field(api_name, member, names, is_given=is_input and not is_output, shape=shape)
            for api_name, member in shape.members.items()
        ]
        documentation = first_sentences(shape.documentation)
        if shape.is_tagged_union:
            documentation = f"{documentation} {_UNION}".strip()
        return StructureDesign(
            class_name=self._class_names[shape.name],
            shape_name=shape.name,
            # Fields without a default come first; the order is AWS's otherwise.
            fields=tuple(sorted(fields, key=lambda field: field.default is not None)),
            documentation=documentation,
            is_input=is_input,
            is_output=is_output,
            requires_in_requests=tuple(
                each.name
                for each in fields
                if is_input and is_output and each.api_name in shape.required_members
            ),
        )

    def _field(
        self, api_name: str, member: Any, names: NamesInUse, *, is_given: bool, shape: Any
    ) -> FieldDesign:
        direction = self._inputs if shape.name in self._inputs else self._outputs
        kind = self._type_of(member, direction, ())
        annotation = kind.annotation
        default: str | None = _default(kind)
        if is_given and api_name in shape.required_members:
            default = None
        elif is_given or shape.name in self._inputs or default == "None":
            annotation = annotation if annotation == "Any" else f"{annotation} | None"
            default = "None"
        return FieldDesign(
            api_name=api_name,
            name=names.claim(field_name(api_name)),
            annotation=annotation,
            documentation=first_sentences(member.documentation, 1),
            type=kind,
            default=default,
            is_sensitive=is_secret(api_name, member),
        )


def _default(kind: TypeDesign) -> str:
    """Return what a field of an answer is where AWS leaves its member out."""
    return {TypeKind.LIST: "()", TypeKind.MAP: "{}"}.get(kind.kind, "None")


def _enum(shape: Any, name: str) -> EnumDesign:
    names = NamesInUse({"MRO"})
    values = dict.fromkeys(str(value) for value in shape.enum)
    return EnumDesign(
        class_name=name,
        shape_name=shape.name,
        members=tuple((names.claim(enum_member_name(value)), value) for value in values),
        documentation=first_sentences(shape.documentation),
    )
