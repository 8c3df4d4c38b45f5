"""A client that answers what a test tells it to, and knows what the real one knows."""

import copy
import io
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any, Self

from botocore import xform_name
from botocore.exceptions import ClientError, OperationNotPageableError
from botocore.handlers import handle_copy_source_param, validate_bucket_name
from botocore.model import OperationModel, ServiceModel
from botocore.paginate import Paginator
from botocore.response import StreamingBody
from botocore.waiter import NormalizedOperationMethod, Waiter

from aws_interactions.aws_environment import partition_of_region
from aws_interactions.testing_model import (
    WrongFakeAnswer,
    check_answer,
    check_parameters,
    client_exceptions,
    operation_names,
    paginator_model,
    service_model,
    streaming_member,
    waiter_model,
)
from aws_interactions.testing_pages import PagedAnswer
from aws_interactions.testing_presign import fake_post, fake_url

Answer = Mapping[str, Any]
AnswerMaker = Callable[..., Answer]
_Step = Callable[[Mapping[str, Any]], Answer]


class UnansweredCall(AssertionError):
    """The code under test made a call that the test gave no answer for."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was made: the client method and its parameters, streams read to bytes."""

    operation: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FakeClientMeta:
    """What code reads of ``client.meta``."""

    region_name: str
    service_model: ServiceModel
    partition: str
    endpoint_url: str
    method_to_api_mapping: Mapping[str, str]


class FakeClient:
    """A fake of one service's client, without network, credentials or sleep.

    Operations, parameters and answers are checked against botocore's model of the service: an
    unknown operation is an ``AttributeError``, a wrong parameter botocore's
    ``ParamValidationError``, an answer that the service could not give ``WrongFakeAnswer``, a call
    without an answer ``UnansweredCall``. Paginators and waiters are botocore's own, over the answers.

    Answers are told by ``answers``, ``raises`` and ``pages``, which chain. Each call of an operation
    takes the next of its answers, and the last one stays::

        client = FakeClient("s3").raises("head_bucket", code="404").answers("head_bucket", {})

    ``calls`` has what was called, in order. May be used by several threads.
    """

    def __init__(self, service_name: str, *, aws_region: str = "eu-west-1") -> None:
        self._service_name = service_name
        self._operations = operation_names(service_name)
        self._steps: dict[str, list[_Step]] = {}
        self._lock = threading.Lock()
        self.calls: list[Call] = []
        self.exceptions = client_exceptions(service_name)
        self.meta = FakeClientMeta(
            region_name=aws_region,
            service_model=service_model(service_name),
            partition=partition_of_region(aws_region),
            endpoint_url=f"https://{service_name}.{aws_region}.amazonaws.com",
            method_to_api_mapping=self._operations,
        )

    def answers(self, operation: str, answer: Answer | AnswerMaker | Sequence[Answer | AnswerMaker]) -> Self:
        """Let the operation answer with a dict, or with what a function makes of the parameters.

        A list gives several answers, one a call. Where the service streams bytes (``Body``),
        ``bytes`` will do. Raises ``WrongFakeAnswer`` for an answer that the service could not give.
        """
        model = self._model_of(operation)
        for one in [answer] if callable(answer) or isinstance(answer, Mapping) else answer:
            if callable(one):
                self._add(operation, partial(_call_maker, one))
            else:
                check_answer(model, one)
                self._add(operation, partial(_repeat, one))
        return self

    def raises(
        self,
        operation: str,
        code: str | None = None,
        *,
        message: str | None = None,
        status: int | None = None,
        error: BaseException | None = None,
        retry_attempts: int = 0,
        details: Answer | None = None,
    ) -> Self:
        """Let the operation raise AWS's error of that code, or ``error`` (a time-out, an interrupt).

        The error is of the class that ``client.exceptions`` has for the code, if any. ``status`` is
        the HTTP status, else taken from the code or the model; ``retry_attempts`` are those before.
        ``details`` are what the error has besides, such as the CancellationReasons of a transaction.
        """
        if (code is None) == (error is None):
            message = "raises() takes either an AWS error code or an error"
            raise ValueError(message)
        model = self._model_of(operation)
        if error is None:
            error = self._client_error(model, str(code), message, status, retry_attempts)
            error.response.update(details or {})  # type: ignore[typeddict-item]
        self._add(operation, partial(_raise, error))
        return self

    def pages(self, operation: str, pages: Sequence[Answer]) -> Self:
        """Let the operation answer page by page, with tokens as botocore's paginator for it has them.

        The tokens are put in by the fake; a listing may be repeated.
        """
        model = self._model_of(operation)
        for page in pages:
            check_answer(model, page)
        self._add(operation, PagedAnswer(model, self._pagination_of(operation), pages))
        return self

    def calls_of(self, operation: str) -> list[Mapping[str, Any]]:
        """Return the parameters of each call of one operation, in order."""
        return [call.parameters for call in self.calls if call.operation == operation]

    def can_paginate(self, operation_name: str) -> bool:
        """Say whether there is a paginator for the client method."""
        try:
            self._pagination_of(operation_name)
        except OperationNotPageableError:
            return False
        return True

    def get_paginator(self, operation_name: str) -> "Paginator[Any]":
        """Return botocore's own paginator over the fake's answers."""
        model = self._model_of(operation_name)
        return Paginator(getattr(self, operation_name), self._pagination_of(operation_name), model)

    @property
    def waiter_names(self) -> list[str]:
        """The names that ``get_waiter`` takes."""
        return [xform_name(name) for name in waiter_model(self._service_name).waiter_names]

    def get_waiter(self, waiter_name: str) -> Waiter:
        """Return botocore's own waiter over the fake's answers; it does not sleep."""
        model = waiter_model(self._service_name)
        by_method = dict(zip(self.waiter_names, model.waiter_names, strict=True))
        if waiter_name not in by_method:
            message = f"Waiter does not exist: {waiter_name}"
            raise ValueError(message)
        config: Any = model.get_waiter(by_method[waiter_name])
        methods = {name: method for method, name in self._operations.items()}
        method = getattr(self, methods[config.operation])
        return _SleeplessWaiter(by_method[waiter_name], config, NormalizedOperationMethod(method))

    def generate_presigned_url(
        self,
        ClientMethod: str,  # noqa: N803 - botocore's name
        Params: Mapping[str, Any] | None = None,  # noqa: N803 - botocore's name
        ExpiresIn: int = 3600,  # noqa: N803 - botocore's name
        HttpMethod: str | None = None,  # noqa: N803 - botocore's name
    ) -> str:
        """Return a URL that looks presigned and is the same each time."""
        parameters = dict(Params or {})
        model = self._model_of(ClientMethod)
        self._check(model, parameters)
        call = {"ClientMethod": ClientMethod, "Params": parameters, "ExpiresIn": ExpiresIn}
        self._record("generate_presigned_url", {**call, "HttpMethod": HttpMethod})
        return fake_url(self._service_name, self.meta.region_name, model, parameters, ExpiresIn)

    def generate_presigned_post(
        self,
        Bucket: str,  # noqa: N803 - botocore's name
        Key: str,  # noqa: N803 - botocore's name
        Fields: Mapping[str, str] | None = None,  # noqa: N803 - botocore's name
        Conditions: Sequence[Any] | None = None,  # noqa: N803 - botocore's name
        ExpiresIn: int = 3600,  # noqa: N803 - botocore's name
    ) -> dict[str, Any]:
        """Return a form that looks presigned and is the same each time."""
        if self._service_name != "s3":
            raise AttributeError(self._unknown("generate_presigned_post"))
        call = {"Bucket": Bucket, "Key": Key, "Fields": Fields, "Conditions": Conditions}
        self._record("generate_presigned_post", {**call, "ExpiresIn": ExpiresIn})
        return fake_post(self.meta.region_name, Bucket, Key, Fields or {})

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        if name.startswith("_") or name not in self._operations:
            raise AttributeError(self._unknown(name))
        return partial(self._call, name)

    def __repr__(self) -> str:
        return f"FakeClient({self._service_name!r})"

    def _call(self, operation: str, /, **parameters: Any) -> dict[str, Any]:
        model = self._model_of(operation)
        self._check(model, parameters)
        stream = streaming_member(model.input_shape)
        if stream is not None and hasattr(parameters.get(stream), "read"):
            # Sending is reading: a body that fails to be read fails the call.
            parameters[stream] = parameters[stream].read()
        number = self._record(operation, parameters)
        answer = dict(self._next_step(operation, parameters)(parameters))
        check_answer(model, answer)
        return _completed(answer, model, number)

    def _check(self, model: OperationModel, parameters: dict[str, Any]) -> None:
        for member in model.idempotent_members:
            parameters.setdefault(member, "00000000-0000-4000-8000-000000000000")
        checked = dict(parameters)
        if "CopySource" in checked:
            # botocore takes the source of a copy in a form of its own, too.
            handle_copy_source_param(checked)
        check_parameters(model, checked)
        if self._service_name == "s3":
            validate_bucket_name(checked)

    def _record(self, operation: str, parameters: Mapping[str, Any]) -> int:
        with self._lock:
            self.calls.append(Call(operation, dict(parameters)))
            return len(self.calls)

    def _add(self, operation: str, step: _Step) -> None:
        self._steps.setdefault(operation, []).append(step)

    def _next_step(self, operation: str, parameters: Mapping[str, Any]) -> _Step:
        with self._lock:
            steps = self._steps.get(operation)
            if not steps:
                shown = ", ".join(f"{name}={value!r}"[:100] for name, value in parameters.items())
                message = f'{self!r} has no answer for {operation}({shown}): .answers("{operation}", ...)'
                raise UnansweredCall(message)
            return steps.pop(0) if len(steps) > 1 else steps[0]

    def _model_of(self, operation: str) -> OperationModel:
        if operation not in self._operations:
            raise AttributeError(self._unknown(operation))
        return self.meta.service_model.operation_model(self._operations[operation])

    def _pagination_of(self, operation: str) -> dict[str, Any]:
        self._model_of(operation)
        try:
            model: dict[str, Any] = paginator_model(self._service_name).get_paginator(
                self._operations[operation]
            )
        except ValueError as error:
            raise OperationNotPageableError(operation_name=operation) from error
        return model

    def _client_error(
        self, model: OperationModel, code: str, message: str | None, status: int | None, retry_attempts: int
    ) -> ClientError:
        error_class: Any = self.exceptions.from_code(code)
        shapes: Any = model.error_shapes
        modeled = {shape.error_code: shape.metadata.get("error", {}) for shape in shapes}
        known = int(code) if code.isdecimal() else modeled.get(code, {}).get("httpStatusCode", 400)
        response: Any = {
            "Error": {"Code": code, "Message": message or f"fake {code}"},
            "ResponseMetadata": _metadata(0, known if status is None else status, retry_attempts),
        }
        error: ClientError = error_class(response, model.name)
        return error

    def _unknown(self, name: str) -> str:
        close = get_close_matches(name, self._operations, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"{self!r} has no attribute {name!r}{hint}"


class _SleeplessWaiter(Waiter):
    def wait(self, **parameters: Any) -> None:
        config = {**parameters.pop("WaiterConfig", {}), "Delay": 0}
        super().wait(**parameters, WaiterConfig=config)


def _repeat(answer: Answer, _parameters: Mapping[str, Any]) -> Answer:
    # Code under test may change what it got; a stream, though, is handed on as it is.
    return {name: part if hasattr(part, "read") else copy.deepcopy(part) for name, part in answer.items()}


def _call_maker(make: AnswerMaker, parameters: Mapping[str, Any]) -> Answer:
    answer: Any = make(**parameters)
    if not isinstance(answer, Mapping):
        message = f"the answer's function returned {answer!r}, not a dict"
        raise WrongFakeAnswer(message)
    return dict(answer)


def _raise(error: BaseException, _parameters: Mapping[str, Any]) -> Answer:
    raise error


def _completed(answer: dict[str, Any], model: OperationModel, number: int) -> dict[str, Any]:
    stream = streaming_member(model.output_shape)
    if stream is not None and isinstance(answer.get(stream), bytes):
        data = answer[stream]
        answer[stream] = StreamingBody(io.BytesIO(data), len(data))
        if model.output_shape is not None and "ContentLength" in model.output_shape.members:
            answer.setdefault("ContentLength", len(data))
    answer["ResponseMetadata"] = {**_metadata(number, 200, 0), **answer.get("ResponseMetadata", {})}
    return answer


def _metadata(number: int, status: int, retry_attempts: int) -> dict[str, Any]:
    return {
        "RequestId": f"fake-request-{number}",
        "HTTPStatusCode": status,
        "HTTPHeaders": {},
        "RetryAttempts": retry_attempts,
    }
