"""The source of a wrapper's public functions."""

import keyword
import re

from aws_operations.scaffold.conversion_source import Conversions
from aws_operations.scaffold.documentation_text import docstring
from aws_operations.scaffold.service_design import (
    ItemsDesign,
    OperationDesign,
    ParameterDesign,
    ServiceDesign,
    TypeDesign,
    TypeKind,
)
from aws_operations.scaffold.source_text import documented, indented, listing, quoted

MOST_ARGUMENTS = 16
# The provider among them; what else a call cannot do without is passed by name.
MOST_POSITIONAL_ARGUMENTS = 6
_LONGEST_LOG_TEXT = 90
_STARTS_WORK = re.compile(
    r"(Allocate|Import|Invoke|Publish|Purchase|Request|Run|Send|Start|Submit"
    r"|PutEvents|PutLogEvents|PutMetricData|PutRecords?)(?![a-z])"
)
_TWICE = "AWS has no token for this call: a retry after a lost answer, botocore's too, may do the work twice."
_ANY_SUBJECT = '"*"'


def function_source(design: OperationDesign, service: ServiceDesign, conversions: Conversions) -> str:
    """Return the function of one operation."""
    statements = [*_log_lines(design), f"client: Any = aws_provider.{service.getter_name}()"]
    if sent := _sent(design):
        members = [(each.api_name, each.type, each.name, not each.is_required) for each in sent]
        statements.append(f"request = {conversions.written_members(members)}")
    statements.append(_translation(design, service))
    inside = _pages(design, conversions) if design.is_paginated else _call(design)
    statements.append(indented(inside))
    if design.result_class is not None and not design.is_paginated:
        statements.append(f"return {conversions.read(_result_type(design), 'answer')}")
    return f"{_signature(design)}\n{_docstring(design)}\n" + indented("\n".join(statements))


def _signature(design: OperationDesign) -> str:
    positional = _positional(design)
    by_name = [each for each in design.parameters if each not in positional]
    arguments = [
        *(_argument(each) for each in positional),
        "aws_provider: AwsClientProvider",
        *(["*"] if by_name else []),
        *(_argument(each) for each in by_name),
    ]
    count = len(design.parameters) + 1
    noqa = "  # noqa: PLR0913 - AWS takes as many\n    " if count > MOST_ARGUMENTS else ""
    return f"def {design.function_name}({noqa}{', '.join(arguments)}) -> {design.result}:"


def _positional(design: OperationDesign) -> list[ParameterDesign]:
    """Return what is passed by place: what must be given, but for scalars that could be mixed up."""
    required = [each for each in design.parameters if each.is_required]
    others = [each.annotation for each in required if each.name != design.subject and _is_scalar(each)]
    safe = [
        each
        for each in required
        if each.name == design.subject or not _is_scalar(each) or others.count(each.annotation) == 1
    ]
    return safe[: MOST_POSITIONAL_ARGUMENTS - 1]


def _is_scalar(parameter: ParameterDesign) -> bool:
    return parameter.type.kind in {TypeKind.PLAIN, TypeKind.ENUM}


def _argument(parameter: ParameterDesign) -> str:
    default = "" if parameter.is_required else f" = {parameter.default}"
    return f"{parameter.name}: {parameter.annotation}{default}"


def _sent(design: OperationDesign) -> list[ParameterDesign]:
    return [each for each in design.parameters if not each.is_page_size]


def _docstring(design: OperationDesign) -> str:
    name = design.api_name
    if design.items:
        summary = f"Yield what {name} finds, page by page."
    elif design.is_paginated:
        summary = f"Yield the pages of {name}."
    elif design.result_class:
        summary = f"Call {name} and return what AWS answers."
    else:
        summary = f"Call {name}."
    notes = [
        *(["What is sent is held in memory whole."] if design.is_streaming_request else []),
        *(["The content is read whole into memory."] if design.streaming_member else []),
    ]
    if _may_happen_twice(design):
        notes.append(_TWICE)
    if design.failures:
        notes.append(f"A part may fail without an exception: look at {listing(design.failures)}.")
    about = documented([(each.name, each.documentation) for each in design.parameters], indent=4)
    return docstring(summary, [design.documentation, *notes, about, _raises(design)], indent=4)


def _may_happen_twice(design: OperationDesign) -> bool:
    has_token = any(each.is_idempotency_token for each in design.parameters)
    return not (design.is_read or has_token) and _STARTS_WORK.match(design.api_name) is not None


def _raises(design: OperationDesign) -> str:
    return f"Raises {listing(design.error_names)}." if design.error_names else ""


def _log_lines(design: OperationDesign) -> list[str]:
    if design.optional_subjects:
        found = f"about = {' or '.join([*design.optional_subjects, _ANY_SUBJECT])}"
        return [found, f'logger.debug("{design.function_name[:_LONGEST_LOG_TEXT]} about=%s", about)']
    if design.subject_inside is not None:
        found = f'about = f"{{{design.subject}}}/{{{design.subject_inside}}}"'
        return [found, f'logger.debug("{design.function_name} about=%s", about)']
    if design.subject is None:
        return [f'logger.debug("{design.function_name}")']
    said = f"{design.function_name} {design.subject}=%s"
    # Names that leave no room for both on a line: the one of the function is enough.
    text = said if len(said) <= _LONGEST_LOG_TEXT else f"{design.function_name[:_LONGEST_LOG_TEXT]} %s"
    return [f'logger.debug("{text}", {design.subject})']


def _translation(design: OperationDesign, service: ServiceDesign) -> str:
    has_about = design.optional_subjects or design.subject_inside
    subject = "about" if has_about else design.subject or _ANY_SUBJECT
    by_code = f", _errors_about({subject})" if service.errors else ""
    return f"with translate_aws_errors({quoted(service.service_name)}, {subject}{by_code}):"


def _call(design: OperationDesign) -> str:
    method = f"client.{design.method_name}"
    if keyword.iskeyword(design.method_name):
        method = f"getattr(client, {quoted(design.method_name)})"
    call = f"{method}({'**request' if _sent(design) else ''})"
    if design.result_class is None:
        return call
    if design.streaming_member is None:
        return f"answer = {call}"
    key = quoted(design.streaming_member)
    return f"answer = {call}\nanswer = {{**answer, {key}: answer[{key}].read()}}"


def _pages(design: OperationDesign, conversions: Conversions) -> str:
    given = ["**request"] if _sent(design) else []
    sizes = [each.name for each in design.parameters if each.is_page_size]
    given += [f'PaginationConfig={{"PageSize": {name}}}' for name in sizes]
    loop = f"for page in client.get_paginator({quoted(design.method_name)}).paginate({', '.join(given)}):"
    if not design.items:
        return f"{loop}\n    yield {conversions.read(_result_type(design), 'page')}"
    return f"{loop}\n{indented(_yielding(design.items, conversions))}"


def _yielding(items: ItemsDesign, conversions: Conversions) -> str:
    *ways, last = items.key.split(".")
    found = "page" + "".join(f".get({quoted(way)}, {{}})" for way in ways) + f".get({quoted(last)}, ())"
    each = conversions.read(items.element, "each")
    return f"yield from {found}" if each == "each" else f"for each in {found}:\n    yield {each}"


def _result_type(design: OperationDesign) -> TypeDesign:
    name = design.result_class or ""
    return TypeDesign(TypeKind.STRUCTURE, name, name)
