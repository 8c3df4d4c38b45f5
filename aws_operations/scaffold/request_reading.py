"""The parameters of an operation's function, read from botocore's model."""

import re
from collections.abc import Sequence
from typing import Any

from botocore.model import OperationModel

from aws_operations.scaffold.documentation_text import first_sentences
from aws_operations.scaffold.paging_rule import Paging, default_page_size, limit_key, paths
from aws_operations.scaffold.python_names import NamesInUse, parameter_name
from aws_operations.scaffold.secret_rule import is_secret
from aws_operations.scaffold.service_design import ParameterDesign, TypeDesign, TypeKind
from aws_operations.scaffold.shape_types import ShapeTypes

_ONE_CALL = "With the same one again AWS does not do the work twice; without one, each call gets its own."
_PAGE_SIZE = "How many AWS is asked for at a time; all pages are read, whatever their size."
_NEEDED_PAGE_SIZE = f"{_PAGE_SIZE} AWS sends no second page unless it is asked for a size."

_NAMES_A_THING = re.compile(r"(Name|Arn|ARN|Id|ID|Identifier|Url)$", re.IGNORECASE)
# What many calls mention besides what they are about.
_BESIDE = re.compile(
    r"account|catalog|exclusive|filter|kernel|key|kms|owner|ramdisk|registry|request|role", re.IGNORECASE
)
# What a call carries is not what it is about, and belongs in no log: a letter, a patient's record, a query.
_CONTENT = re.compile(
    r"^(body|content|document|expression|message|message_?body|query|query_?string|sql|statement|text)$",
    re.IGNORECASE,
)
_MOST_SUBJECTS = 3


def read_parameters(
    operation: OperationModel, pages: Paging | None, types: ShapeTypes
) -> tuple[ParameterDesign, ...]:
    """Return the parameters, those that must be given first; what carries the paging on is left out."""
    shape = operation.input_shape
    if shape is None:
        return ()
    tokens = set(operation.idempotent_members)
    size_key = limit_key(operation, pages) if pages else None
    required = set(shape.required_members) - tokens
    # The paginator sends these itself.
    sent = set(paths(pages.get("input_token"))) if pages else set()
    members = [name for name in shape.members if name != size_key and (name in required or name not in sent)]
    names = NamesInUse()
    designs = [
        _parameter(
            api_name,
            shape.members[api_name],
            names.claim(parameter_name(api_name)),
            types,
            is_required=api_name in required,
        )
        for api_name in sorted(members, key=lambda name: name not in required)
    ]
    if pages and size_key:
        size = default_page_size(operation, pages)
        designs.append(_page_size(size_key, names.claim("page_size"), size))
    return tuple(designs)


def can_be_subject(parameter: ParameterDesign) -> bool:
    """Return whether a parameter may be what errors are about: logs and messages name it."""
    is_own = not (parameter.is_sensitive or parameter.is_idempotency_token)
    return is_own and parameter.type.annotation == "str" and not _CONTENT.match(parameter.api_name)


def optional_subjects(parameters: Sequence[ParameterDesign]) -> tuple[str, ...]:
    """Return the parameters that may name what a call is about, where none that must be given does."""
    if any(each.is_required and can_be_subject(each) for each in parameters):
        return ()
    named = [
        each.name
        for each in parameters
        if can_be_subject(each) and _NAMES_A_THING.search(each.api_name) and not _BESIDE.search(each.api_name)
    ]
    return tuple(named[:_MOST_SUBJECTS])


def _parameter(
    api_name: str, member: Any, name: str, types: ShapeTypes, *, is_required: bool
) -> ParameterDesign:
    kind = types.of(member, is_input=True)
    annotation = _annotation(kind)
    is_token = bool(member.metadata.get("idempotencyToken"))
    documentation = first_sentences(member.documentation, 1)
    return ParameterDesign(
        api_name=api_name,
        name=name,
        annotation=annotation if is_required or annotation == "Any" else f"{annotation} | None",
        is_required=is_required,
        documentation=f"{documentation} {_ONE_CALL}".strip() if is_token else documentation,
        type=kind,
        is_sensitive=is_secret(api_name, member),
        is_idempotency_token=is_token,
    )


def _page_size(api_name: str, name: str, default: int | None) -> ParameterDesign:
    return ParameterDesign(
        api_name=api_name,
        name=name,
        annotation="int | None" if default is None else "int",
        is_required=False,
        documentation=_PAGE_SIZE if default is None else _NEEDED_PAGE_SIZE,
        type=TypeDesign(TypeKind.PLAIN, "int"),
        default=str(default),
        is_page_size=True,
    )


def _annotation(kind: TypeDesign) -> str:
    if kind.kind is TypeKind.LIST and kind.element is not None:
        return f"Sequence[{kind.element.annotation}]"
    return kind.annotation
