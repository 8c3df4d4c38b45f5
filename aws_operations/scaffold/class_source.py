"""The source of the classes of a wrapper: exceptions, enums and dataclasses."""

import re

from aws_operations.scaffold.documentation_text import docstring, summary_or
from aws_operations.scaffold.service_design import EnumDesign, ErrorDesign, FieldDesign, StructureDesign
from aws_operations.scaffold.source_text import LINE_LENGTH, documented, indented, listing, quoted

# What the linter takes for a password: names of members of an enum are AWS's words.
_LOOKS_SECRET = re.compile(r"(^|_)(pas+wo?r?d|pass(phrase)?|pwd|token|secrete?)($|_)", re.IGNORECASE)
_LONGEST_SUMMARY = LINE_LENGTH - 4 - 6


def error_source(design: ErrorDesign, service_name: str) -> str:
    """Return the class of a modelled error, which keeps what the call was about."""
    name = design.subject_name
    summary, rest = summary_or(design.documentation, f"AWS answered {design.code}.", longest=_LONGEST_SUMMARY)
    message = quoted(f"{service_name}: {design.code} for ")
    return (
        f"class {design.class_name}({design.kind}):\n"
        f"{docstring(summary, [rest], indent=4)}\n\n"
        f"    def __init__(self, {name}: str) -> None:\n"
        f"        super().__init__({_with_value(message, name)}, resource={name})\n"
        f"        self.{name} = {name}\n"
    )


def enum_source(design: EnumDesign) -> str:
    """Return the ``StrEnum``; a value that AWS adds later stays a plain ``str``."""
    summary, rest = summary_or(
        design.documentation, f"Values of {design.shape_name} that AWS has named.", longest=_LONGEST_SUMMARY
    )
    members = [f"{name} = {quoted(value)}{_enum_noqa(name, value)}" for name, value in design.members]
    return f"class {design.class_name}(StrEnum):\n{docstring(summary, [rest], indent=4)}\n\n" + indented(
        "\n".join(members)
    )


def structure_source(design: StructureDesign) -> str:
    """Return the frozen dataclass; what is sensitive does not show in its ``repr``."""
    summary, rest = summary_or(
        design.documentation, f"What AWS calls {design.shape_name}.", longest=_LONGEST_SUMMARY
    )
    about = documented([(each.name, each.documentation) for each in design.fields], indent=4)
    text = docstring(summary, [rest, _required(design), about], indent=4)
    fields = "\n".join(_field(each) for each in design.fields)
    body = f"\n\n{indented(fields)}" if fields else ""
    return f"@dataclass(frozen=True, slots=True)\nclass {design.class_name}:\n{text}{body}"


def _required(design: StructureDesign) -> str:
    if not design.requires_in_requests:
        return ""
    return (
        "Answers may lack any field; in a request AWS does not go without "
        f"{listing(design.requires_in_requests)}."
    )


def _field(design: FieldDesign) -> str:
    options = []
    if design.default == "{}":
        options.append("default_factory=dict")
    elif design.default is not None and design.is_sensitive:
        options.append(f"default={design.default}")
    if design.is_sensitive:
        options.append("repr=False")
    if options:
        return f"{design.name}: {design.annotation} = field({', '.join(options)})"
    default = "" if design.default is None else f" = {design.default}"
    return f"{design.name}: {design.annotation}{default}"


def _with_value(literal: str, name: str) -> str:
    return f'f{literal[:-1].replace("{", "{{").replace("}", "}}")}{{{name}}}"'


def _enum_noqa(name: str, value: str) -> str:
    return "  # noqa: S105 - a word of AWS, no secret" if value and _LOOKS_SECRET.search(name) else ""
