"""The design of a wrapper, read from botocore's model of the service."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from botocore import xform_name
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from aws_operations.scaffold.documentation_text import first_sentences, without_page_limits
from aws_operations.scaffold.error_kinds import error_design
from aws_operations.scaffold.failure_rule import failure_fields
from aws_operations.scaffold.paging_rule import loses_members, paths, shape_at
from aws_operations.scaffold.python_names import (
    MODULE_NAMES,
    NamesInUse,
    class_prefix,
    function_name,
    module_part,
)
from aws_operations.scaffold.read_rule import iam_action, looks_like_a_read
from aws_operations.scaffold.request_reading import can_be_subject, optional_subjects, read_parameters
from aws_operations.scaffold.service_design import (
    ErrorDesign,
    ItemsDesign,
    OperationDesign,
    ParameterDesign,
    ServiceDesign,
    UnknownOperation,
    UnknownService,
    UnsupportedOperation,
)
from aws_operations.scaffold.shape_types import ShapeTypes


def read_design(
    service_name: str, operation_names: Sequence[str], loader: Loader | None = None
) -> ServiceDesign:
    """Return the design of a wrapper; see ``service_design.design_service``."""
    loader = loader or Loader(include_default_search_paths=True)
    description = _description(service_name, loader)
    model = ServiceModel(description, service_name)
    pages = _pagination(service_name, loader)
    chosen = [
        _supported(model, name) for name in dict.fromkeys(_api_name(model, name) for name in operation_names)
    ]
    types = ShapeTypes(class_prefix(service_name))
    errors = _Errors(types)
    function_names = NamesInUse(MODULE_NAMES)
    operations = tuple(
        _operation(
            operation,
            pages.get(operation.name),
            types,
            errors,
            function_names,
            is_marked=bool(description["operations"][operation.name].get("readonly")),
        )
        for operation in chosen
    )
    part = module_part(service_name)
    return ServiceDesign(
        service_name=service_name,
        module_name=f"{part}_wrapper",
        title=first_sentences(str(model.metadata.get("serviceFullName", service_name)), 1).rstrip("."),
        getter_name=f"get_{part}",
        operations=operations,
        structures=types.structures(),
        enums=types.enums(),
        errors=errors.designs(operations),
    )


class _Errors:
    """The modelled errors of all operations, each once, and which operation has which."""

    def __init__(self, types: ShapeTypes) -> None:
        self._types = types
        self._designs: dict[str, ErrorDesign] = {}

    def of(self, operation: OperationModel) -> tuple[str, ...]:
        names = []
        for shape in operation.error_shapes:
            if shape.name not in self._designs:
                self._designs[shape.name] = error_design(
                    shape, self._types.claim_class(shape.name), operation.service_model.service_name
                )
            names.append(self._designs[shape.name].class_name)
        return tuple(dict.fromkeys(names))

    def designs(self, operations: Iterable[OperationDesign]) -> tuple[ErrorDesign, ...]:
        subjects: dict[str, set[str]] = {}
        for operation in operations:
            for name in operation.error_names:
                is_alone = operation.subject_inside is None
                subjects.setdefault(name, set()).add(operation.subject or "" if is_alone else "")
        return tuple(_with_subject(design, subjects[design.class_name]) for design in self._designs.values())


def _with_subject(design: ErrorDesign, subjects: set[str]) -> ErrorDesign:
    only = next(iter(subjects)) if len(subjects) == 1 else ""
    return replace(design, subject_name=only if only not in {"", "args", "resource"} else "subject")


def _operation(
    operation: OperationModel,
    pages: Mapping[str, Any] | None,
    types: ShapeTypes,
    errors: _Errors,
    function_names: NamesInUse,
    *,
    is_marked: bool,
) -> OperationDesign:
    parameters = read_parameters(operation, pages, types)
    items = _items(operation, pages, types) if pages else None
    result_class = None if items else _result_class(operation, types)
    element = items.element.annotation if items else result_class
    is_paginated = pages is not None and element is not None
    documentation = first_sentences(operation.documentation)
    return OperationDesign(
        api_name=operation.name,
        method_name=xform_name(operation.name),
        function_name=function_names.claim(function_name(operation.name)),
        parameters=parameters,
        result=f"Iterator[{element}]" if is_paginated else element or "None",
        documentation=without_page_limits(documentation) if is_paginated else documentation,
        is_paginated=is_paginated,
        is_read=looks_like_a_read(operation, is_marked=is_marked),
        iam_action=iam_action(operation),
        items=items,
        result_class=result_class,
        subject=next((each.name for each in parameters if each.is_required and can_be_subject(each)), None),
        optional_subjects=optional_subjects(parameters),
        subject_inside=_subject_inside(parameters),
        streaming_member=_streaming_member(operation),
        is_streaming_request=operation.has_streaming_input,
        error_names=errors.of(operation),
        failures=failure_fields(operation) if result_class else (),
    )


def _subject_inside(parameters: Sequence[ParameterDesign]) -> str | None:
    """Return the name of the parameter for S3's key where both it and its bucket must be given."""
    names = {each.api_name: each.name for each in parameters if each.is_required and can_be_subject(each)}
    return names.get("Key") if next(iter(names), None) == "Bucket" else None


def _streaming_member(operation: OperationModel) -> str | None:
    shape = operation.output_shape
    if shape is None or operation.get_streaming_output() is None:
        return None
    return str(shape.serialization["payload"])


def _result_class(operation: OperationModel, types: ShapeTypes) -> str | None:
    shape = operation.output_shape
    if shape is None or not shape.members:
        return None
    return types.of(shape, is_input=False).class_name


def _items(operation: OperationModel, pages: Mapping[str, Any], types: ShapeTypes) -> ItemsDesign | None:
    """Return the list that a page's items are in, unless there is more in a page."""
    keys = paths(pages.get("result_key"))
    if len(keys) != 1 or loses_members(operation, pages):
        return None
    element = types.of(shape_at(operation.output_shape, keys[0]).member, is_input=False)
    return None if element.annotation == "Any" else ItemsDesign(keys[0], element)


def _description(service_name: str, loader: Loader) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = loader.load_service_model(service_name, "service-2")
    except (UnknownServiceError, DataNotFoundError):
        known = loader.list_available_services("service-2")
        # Without a cause, as whoever typed the name is asked to correct it, and nothing of botocore failed.
        raise UnknownService(service_name, _near(service_name.lower(), known)) from None
    return found


def _pagination(service_name: str, loader: Loader) -> Mapping[str, Any]:
    try:
        found = loader.load_service_model(service_name, "paginators-1")
    except (UnknownServiceError, DataNotFoundError):
        return {}
    pagination: Mapping[str, Any] = found.get("pagination", {})
    return pagination


def _api_name(model: ServiceModel, name: str) -> str:
    if name in model.operation_names:
        return name
    by_method = {xform_name(known): known for known in model.operation_names}
    by_lower = {known.lower(): known for known in model.operation_names}
    known = by_method.get(name.replace("-", "_")) or by_lower.get(name.lower())
    if known is None:
        near = [by_lower[each] for each in _near(name.lower().replace("_", ""), list(by_lower))]
        raise UnknownOperation(model.service_name, name, near)
    return known


def _supported(model: ServiceModel, name: str) -> OperationModel:
    operation = model.operation_model(name)
    if operation.has_event_stream_input or operation.has_event_stream_output:
        raise UnsupportedOperation(
            model.service_name, name, "it sends or answers with an event stream, which a value cannot hold"
        )
    return operation


def _near(name: str, known: Sequence[str]) -> list[str]:
    # "cloudwatch-logs" is nearer to other names than to "logs", which is meant.
    words = [word for word in re.split(r"[\W_]+", name) if word in known]
    return list(dict.fromkeys([*words, *get_close_matches(name, known, n=3)]))
