"""The source of what turns botocore's dicts into dataclasses, and dataclasses into requests."""

from collections.abc import Sequence

from aws_operations.scaffold.python_names import NamesInUse, snake_case
from aws_operations.scaffold.service_design import FieldDesign, StructureDesign, TypeDesign, TypeKind
from aws_operations.scaffold.source_text import quoted

# Some shapes are named for the whole way to them; a call of a longer name fits on no line.
_LONGEST_NAME = 60

_KNOWN = """def _known(kind: type[_Enum], value: str) -> _Enum | str:
    # AWS adds values at any time: an unknown one is kept as it came.
    with suppress(ValueError):
        return kind(value)
    return value"""
_PRESENT = """def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value is not None}"""


class Conversions:
    """Readers and writers of a module's structures, and the helpers that they turn out to need."""

    def __init__(self, structures: Sequence[StructureDesign]) -> None:
        self._structures = structures
        names = NamesInUse({"_known", "_present", "_errors_about"})
        self._readers = {
            each.class_name: names.claim(_shortened(f"_read_{snake_case(each.class_name)}"))
            for each in structures
        }
        self._writers = {
            each.class_name: names.claim(_shortened(f"_write_{snake_case(each.class_name)}"))
            for each in structures
        }
        self._needs_known = False
        self._needs_present = False

    def read(self, kind: TypeDesign, value: str, depth: int = 0) -> str:
        """Return an expression for a value that botocore gave, in the type's own form."""
        if kind.kind is TypeKind.STRUCTURE:
            return f"{self._readers[kind.class_name or '']}({value})"
        if kind.kind is TypeKind.ENUM:
            self._needs_known = True
            return f"_known({kind.class_name}, {value})"
        if kind.element is None:
            return value
        each = _loop_name(depth)
        inner = self.read(kind.element, each, depth + 1)
        if inner == each:
            return f"tuple({value})" if kind.kind is TypeKind.LIST else f"dict({value})"
        if kind.is_sparse:
            inner = f"None if {each} is None else {inner}"
        if kind.kind is TypeKind.LIST:
            return f"tuple({inner} for {each} in {value})"
        return f"{{member: {inner} for member, {each} in {value}.items()}}"

    def write(self, kind: TypeDesign, value: str, depth: int = 0) -> str:
        """Return an expression for a value as botocore takes it."""
        if kind.kind is TypeKind.STRUCTURE:
            return f"{self._writers[kind.class_name or '']}({value})"
        if kind.element is None:
            return value
        each = _loop_name(depth)
        inner = self.write(kind.element, each, depth + 1)
        if inner == each:
            return f"list({value})" if kind.kind is TypeKind.LIST else f"dict({value})"
        if kind.is_sparse:
            inner = f"None if {each} is None else {inner}"
        if kind.kind is TypeKind.LIST:
            return f"[{inner} for {each} in {value}]"
        return f"{{member: {inner} for member, {each} in {value}.items()}}"

    def written_members(self, members: Sequence[tuple[str, TypeDesign, str, bool]]) -> str:
        """Return a dict of a request; a member is its name, type, value, and whether it may be None."""
        rows = []
        for api_name, kind, value, is_optional in members:
            written = self.write(kind, value)
            if is_optional and written != value:
                written = f"None if {value} is None else {written}"
            rows.append(f"{quoted(api_name)}: {written}")
        literal = f"{{{', '.join(rows)}}}"
        if not any(is_optional for *_, is_optional in members):
            return literal
        self._needs_present = True
        return f"_present({literal})"

    def sources(self) -> list[str]:
        """Return all readers, writers and helpers; call it after everything else was written."""
        parts = [self._reader(each) for each in self._structures if each.is_output]
        parts += [self._writer(each) for each in self._structures if each.is_input]
        if self._needs_known:
            parts.append(_KNOWN)
        if self._needs_present:
            parts.append(_PRESENT)
        return parts

    def type_variables(self) -> list[str]:
        """Return the type variable of the helper that reads enums, where it is needed."""
        return ['_Enum = TypeVar("_Enum", bound=StrEnum)'] if self._needs_known else []

    def _reader(self, design: StructureDesign) -> str:
        argument = "found" if design.fields else "_found"
        rows = ", ".join(f"{each.name}={self._read_member(each)}" for each in design.fields)
        return (
            f"def {self._readers[design.class_name]}({argument}: Mapping[str, Any]) -> {design.class_name}:\n"
            f"    return {design.class_name}({rows})"
        )

    def _read_member(self, design: FieldDesign) -> str:
        key = quoted(design.api_name)
        if design.type.kind is TypeKind.PLAIN:
            return f"found.get({key})"
        if design.default in {"()", "{}"}:
            return self.read(design.type, f"found.get({key}, {design.default})")
        value = self.read(design.type, f"found[{key}]")
        return f"{value} if {key} in found else None"

    def _writer(self, design: StructureDesign) -> str:
        argument = "value" if design.fields else "_value"
        members = [
            (each.api_name, each.type, f"value.{each.name}", each.default is not None)
            for each in design.fields
        ]
        return (
            f"def {self._writers[design.class_name]}({argument}: {design.class_name}) -> dict[str, Any]:\n"
            f"    return {self.written_members(members)}"
        )


def _shortened(name: str) -> str:
    return name[:_LONGEST_NAME].rstrip("_")


def _loop_name(depth: int) -> str:
    return "each" if depth == 0 else f"each_{depth + 1}"
