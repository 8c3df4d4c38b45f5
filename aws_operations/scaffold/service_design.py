"""What a wrapper of an AWS service is to hold, worked out from botocore's own model of the service.

``design_service`` makes the plan; ``wrapper_source`` and its neighbours only write down what it says.
Reading a model needs no session, no credentials and no network.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from aws_interactions.aws_errors import InvalidInput

if TYPE_CHECKING:
    from botocore.loaders import Loader


class UnknownService(InvalidInput):
    """botocore has no service of that name; ``suggestions`` are the names nearest to it."""

    def __init__(self, service_name: str, suggestions: Sequence[str] = ()) -> None:
        super().__init__(
            f"botocore knows no service {service_name!r}{_did_you_mean(suggestions)}", resource=service_name
        )
        self.service_name = service_name
        self.suggestions = tuple(suggestions)


class UnknownOperation(InvalidInput):
    """The service has no operation of that name; ``suggestions`` are the names nearest to it."""

    def __init__(self, service_name: str, operation_name: str, suggestions: Sequence[str] = ()) -> None:
        super().__init__(
            f"{service_name} has no operation {operation_name!r}{_did_you_mean(suggestions)}",
            resource=operation_name,
        )
        self.service_name = service_name
        self.unknown_operation = operation_name
        self.suggestions = tuple(suggestions)


class UnsupportedOperation(InvalidInput):
    """No wrapper can be written for the operation; ``reason`` says why."""

    def __init__(self, service_name: str, operation_name: str, reason: str) -> None:
        super().__init__(
            f"no wrapper can be written for {operation_name} of {service_name}: {reason}",
            resource=operation_name,
        )
        self.service_name = service_name
        self.unsupported_operation = operation_name
        self.reason = reason


class TypeKind(Enum):
    """How a value crosses from botocore to a dataclass and back."""

    PLAIN = "plain"
    STRUCTURE = "structure"
    ENUM = "enum"
    LIST = "list"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class TypeDesign:
    """The type of a value: its annotation without ``None``, and what is in it.

    ``class_name`` is that of a structure or an enum, ``element`` the type in a list or of a map's values;
    where ``is_sparse``, ``None`` may stand between them.
    """

    kind: TypeKind
    annotation: str
    class_name: str | None = None
    element: "TypeDesign | None" = None
    is_sparse: bool = False


@dataclass(frozen=True, slots=True)
class ParameterDesign:
    """A parameter of a public function; ``annotation`` has ``| None`` where it may be left out.

    ``default`` is source text of what stands for it then. An idempotency token that is left out is made by
    botocore; a page size goes to the paginator, which sends it as ``api_name``.
    """

    api_name: str
    name: str
    annotation: str
    is_required: bool
    documentation: str
    type: TypeDesign
    is_sensitive: bool = False
    default: str = "None"
    is_idempotency_token: bool = False
    is_page_size: bool = False


@dataclass(frozen=True, slots=True)
class FieldDesign:
    """A field of a dataclass; ``default`` is source text, ``None`` where the field must be given."""

    api_name: str
    name: str
    annotation: str
    documentation: str
    type: TypeDesign
    default: str | None = None
    is_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class StructureDesign:
    """A frozen dataclass: in answers it has a reader, in requests a writer, some have both.

    Those that have both may be left without what AWS ``requires_in_requests``, as answers may lack it.
    """

    class_name: str
    shape_name: str
    fields: tuple[FieldDesign, ...]
    documentation: str
    is_input: bool = False
    is_output: bool = False
    requires_in_requests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnumDesign:
    """A ``StrEnum``; ``members`` are pairs of a Python name and AWS's value."""

    class_name: str
    shape_name: str
    members: tuple[tuple[str, str], ...]
    documentation: str


@dataclass(frozen=True, slots=True)
class ErrorDesign:
    """A modelled error; ``kind`` is a class of ``core.aws_errors``, ``codes`` are all codes that mean it.

    ``subject_name`` is the attribute that keeps what the call was about.
    """

    class_name: str
    code: str
    kind: str
    documentation: str
    codes: tuple[str, ...] = ()
    subject_name: str = "subject"


@dataclass(frozen=True, slots=True)
class ItemsDesign:
    """What a page holds: ``key`` is the way to the list, with dots, ``element`` the type of an item."""

    key: str
    element: TypeDesign


@dataclass(frozen=True, slots=True)
class OperationDesign:
    """One public function.

    ``result`` is the annotation of what it returns: ``None``, a dataclass, or ``Iterator[...]`` where
    ``is_paginated``. ``result_class`` is the dataclass of the whole answer or page where it is read as one.
    ``items`` is where a page has its items; without it, as where a page tells more than one list of them, a
    paginated operation yields its pages. ``subject`` is the name of the parameter that errors are about, if
    any; without one, it is the first of ``optional_subjects`` that a caller gives. What is in it is named
    together with it where there is a ``subject_inside``, such as a key. ``streaming_member`` is the member of
    the answer that is read whole; an ``is_streaming_request`` is sent whole as well. ``error_names`` are the
    classes of its modelled errors. ``failures`` are the fields of the answer that tell what failed although
    AWS answered without an error.
    """

    api_name: str
    method_name: str
    function_name: str
    parameters: tuple[ParameterDesign, ...]
    result: str
    documentation: str
    is_paginated: bool
    is_read: bool
    iam_action: str
    items: ItemsDesign | None = None
    result_class: str | None = None
    subject: str | None = None
    streaming_member: str | None = None
    is_streaming_request: bool = False
    optional_subjects: tuple[str, ...] = ()
    subject_inside: str | None = None
    error_names: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceDesign:
    """A wrapper module: ``module_name`` is ``sqs_wrapper``, ``getter_name`` is ``get_sqs``."""

    service_name: str
    module_name: str
    title: str
    getter_name: str
    operations: tuple[OperationDesign, ...]
    structures: tuple[StructureDesign, ...] = field(default=())
    enums: tuple[EnumDesign, ...] = field(default=())
    errors: tuple[ErrorDesign, ...] = field(default=())


def design_service(
    service_name: str, operation_names: Sequence[str], loader: "Loader | None" = None
) -> ServiceDesign:
    """Return the design of a wrapper with these operations, in this order, each once.

    ``service_name`` is botocore's, such as ``sqs``; operations are named as AWS does (``ListQueues``) or
    as botocore's clients do (``list_queues``). ``loader`` reads the models; without one, botocore's own
    are read. Raises ``UnknownService``, ``UnknownOperation`` or, for event streams, ``UnsupportedOperation``.
    """
    from aws_operations.scaffold.service_reading import read_design

    return read_design(service_name, operation_names, loader)


def _did_you_mean(suggestions: Sequence[str]) -> str:
    return f"; did you mean {' or '.join(suggestions)}?" if suggestions else ""
