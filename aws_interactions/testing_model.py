"""What botocore's own models say of a service, for fakes: loaded once a process, from disk alone."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.errorfactory import BaseClientExceptions, ClientExceptionsFactory
from botocore.exceptions import DataNotFoundError, ParamValidationError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.paginate import PaginatorModel
from botocore.validate import ParamValidator
from botocore.waiter import WaiterModel

_METADATA = "ResponseMetadata"


class WrongFakeAnswer(AssertionError):
    """A test's canned answer is none that the service could give."""


@cache
def _loader() -> Any:
    return Loader()


@cache
def service_model(service_name: str) -> ServiceModel:
    """Return botocore's model of a service; raises botocore's ``UnknownServiceError``."""
    return ServiceModel(_loader().load_service_model(service_name, "service-2"), service_name)


@cache
def operation_names(service_name: str) -> Mapping[str, str]:
    """Return the client's method names with the operations behind them."""
    return {xform_name(name): name for name in service_model(service_name).operation_names}


@cache
def client_exceptions(service_name: str) -> BaseClientExceptions:
    """Return what a client of the service has as ``client.exceptions``."""
    exceptions: BaseClientExceptions = ClientExceptionsFactory().create_client_exceptions(
        service_model(service_name)
    )
    return exceptions


@cache
def paginator_model(service_name: str) -> PaginatorModel:
    """Return the service's paginators; a service without any has an empty model."""
    return PaginatorModel(_optional_model(service_name, "paginators-1") or {"pagination": {}})


@cache
def waiter_model(service_name: str) -> WaiterModel:
    """Return the service's waiters; a service without any has an empty model."""
    return WaiterModel(_optional_model(service_name, "waiters-2") or {"version": 2, "waiters": {}})


def _optional_model(service_name: str, kind: str) -> Any:
    try:
        return _loader().load_service_model(service_name, kind)
    except DataNotFoundError:
        service_model(service_name)  # an unknown service is an error still
        return None


def check_parameters(operation: OperationModel, parameters: Mapping[str, Any]) -> None:
    """Raise botocore's ``ParamValidationError`` for parameters that a real client would refuse."""
    shape = operation.input_shape
    if shape is None:
        if parameters:
            raise ParamValidationError(report=f"{operation.name} takes no parameters: {sorted(parameters)}")
        return
    errors = ParamValidator().validate(dict(parameters), shape)
    if errors.has_errors():
        raise ParamValidationError(report=errors.generate_report())


def check_answer(operation: OperationModel, answer: Any) -> None:
    """Raise ``WrongFakeAnswer`` unless every part of the answer is one of the operation's, well typed.

    Members may be missing, as most answers that tests need are not complete.
    """
    if not isinstance(answer, Mapping):
        message = f"{operation.name} answers with a dict, not with {answer!r}"
        raise WrongFakeAnswer(message)
    parts = {name: value for name, value in answer.items() if name != _METADATA}
    if operation.output_shape is None:
        if parts:
            message = f"{operation.name} answers with nothing, not with {sorted(parts)}"
            raise WrongFakeAnswer(message)
        return
    errors = _AnswerValidator().validate(parts, operation.output_shape)
    if errors.has_errors():
        report = (
            errors.generate_report().replace("parameter in input", "member").replace("parameter", "member")
        )
        message = f"no answer of {operation.name}: {report}"
        raise WrongFakeAnswer(message)


class _AnswerValidator(ParamValidator):
    """botocore's validator, for what comes back: nothing is required, unions may hold anything."""

    def _validate_structure(self, params: Any, shape: Any, errors: Any, name: str) -> None:
        if not isinstance(params, Mapping):
            errors.report(name, "invalid type", param=params, valid_types=["dict"])
            return
        validate: Any = getattr(self, "_validate")  # noqa: B009 - the stubs do not know it
        for key, value in params.items():
            if key in shape.members:
                validate(value, shape.members[key], errors, f"{name}.{key}")
            else:
                errors.report(name, "unknown field", unknown_param=key, valid_names=list(shape.members))


def streaming_member(shape: Shape | None) -> str | None:
    """Return the member of a request or answer that is a stream of bytes, such as ``Body``."""
    payload = shape.serialization.get("payload") if shape is not None else None
    if payload is None or shape is None:
        return None
    return payload if shape.members[payload].type_name == "blob" else None  # type: ignore[attr-defined]  # a structure
