"""Unit tests over a recording: a provider whose clients answer what AWS answered then.

Record once, against AWS or the sandbox, with ``--record FILE --record-answers``; then::

    def test_buckets_are_listed():
        provider = ReplayProvider("tests/buckets.jsonl")
        assert [bucket.name for bucket in list_buckets(provider)] == ["logs"]

Clients, paginators, waiters, resources and errors are botocore's and boto3's own; nothing is sent.
"""

import itertools
import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from botocore.awsrequest import AWSResponse
from botocore.credentials import Credentials

from aws_interactions.aws_client_provider import NO_ROLE, AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import LocalFileProblem
from aws_interactions.bound_clients import ClientPrototypes
from aws_interactions.call_recorder import asked_parameters
from aws_interactions.client_settings import ClientSettings
from aws_interactions.parameter_redaction import CallEncoder
from aws_interactions.recorded_calls import RecordedCall, read_recording
from aws_interactions.request_context import RECORD_KEY, ClientIdentity, identity_of
from aws_interactions.testing_client import Call
from aws_interactions.testing_faults import Fault
from aws_interactions.testing_recorded_answers import (
    RecordedAnswers,
    error_without_answer,
    parsed_answer,
)

_KEYS: Final = Credentials("replayed", "replayed")
_UNKNOWN_ACCOUNT: Final = "123456789012"
_UNKNOWN_REGION: Final = "us-east-1"
_LOST: Final = "ConnectionClosedError"


class AnswersNotRecorded(LocalFileProblem):
    """The recording has calls without what AWS answered, so that it cannot be replayed."""

    def __init__(self, file_path: Path, call: RecordedCall) -> None:
        super().__init__(
            f"{file_path} has no answer to {call.service} {call.operation}: record it again, in a new file, "
            "with --record-answers",
            file_path=file_path,
        )


class ReplayProvider(AwsClientProvider):
    """A provider whose clients answer from a recording, and never call anybody.

    A call is found by service, operation and parameters, redacted as in the recording, in its account and
    region. Equal calls get their answers in the recorded order, and the last one from then on. Tokens that
    make a call idempotent are not compared. A call that was not recorded raises ``UnrecordedCall``, an
    ``AssertionError`` that names the nearest ones. A recorded refusal is raised as botocore's error of its
    class, a lost answer as the error of its connection.

    Bodies of objects are in no recording: ``bodies={"s3://bucket/key": b"..."}`` gives them, and reading
    another raises ``UnrecordedBody``. Secrets read as ``[redacted]``. ``faults`` go wrong besides
    (``throttle``, ``expire_credentials_at``, ``lose_answer``), at calls that are counted from 1 over all
    clients of this provider and of those derived from it. ``calls`` has what was called, in that order,
    ``unused_faults`` the faults whose call never came.
    Waiters do not sleep; presigning works and is not compared; clients of ``read_only()`` refuse writes.

    It begins in the account and region in which the recording did, unless ``environment`` names others;
    ``for_region`` and ``for_role`` lead on. Raises ``AnswersNotRecorded`` and what ``read_recording`` does.
    """

    def __init__(
        self,
        file_path: Path | str,
        *,
        faults: Sequence[Fault] = (),
        bodies: Mapping[str, bytes] | None = None,
        environment: AwsEnvironment | None = None,
    ) -> None:
        # The real constructor is not called: there is no identity behind a recording.
        recorded = list(read_recording(Path(file_path)))
        _check_answers(recorded, Path(file_path))
        self._is_read_only = False
        self._environment = environment or _environment_of(recorded)
        self._replayer = Replayer(RecordedAnswers(recorded), faults, bodies or {})
        self._prototypes = ClientPrototypes(
            endpoint_url=None, client_settings=ClientSettings(recorder=self._replayer)
        )

    @property
    def calls(self) -> list[Call]:
        """What was called so far: the operation and its parameters, as they would stand in a recording."""
        return self._replayer.calls

    @property
    def unused_faults(self) -> tuple[Fault, ...]:
        """The faults that did not go wrong, as there were fewer calls: assert that there are none left."""
        return self._replayer.unused_faults

    @property
    def aws_region(self) -> str:
        """The region of the environment."""
        return self._environment.aws_region

    def get_aws_env(self) -> AwsEnvironment:
        """Return where the recording began, or what was given, as changed by derivations."""
        return self._environment

    def for_region(self, aws_region: str) -> Self:
        """Return a provider that answers with what was recorded in another region."""
        return self._with(environment=AwsEnvironment(self._environment.aws_account, aws_region))

    def for_role(self, assume_role_arn: str, **_settings: Any) -> Self:
        """Return a provider that answers with what was recorded in the role's account."""
        parts = assume_role_arn.split(":")
        if len(parts) != 6:
            message = f"not a role's ARN: {assume_role_arn!r}"
            raise ValueError(message)
        return self._with(environment=AwsEnvironment(parts[4], self._environment.aws_region))

    def narrowed_to(self, session_policy: str) -> Self:  # noqa: ARG002 - there is no session to narrow
        """Return a provider of the same answers; it does not hold them to the policy."""
        return self._with()

    def narrowing_obstacle(self) -> str | None:
        """Say that no role is assumed: there is no identity behind a recording."""
        return NO_ROLE

    def read_only(self) -> Self:
        """Return a provider of the same answers whose clients refuse all but reads."""
        return self._with(is_read_only=True)

    def __repr__(self) -> str:
        return f"ReplayProvider({self._environment})"

    def _bind_client(self, service_name: str) -> Any:
        client = self._prototypes.bind_client(service_name, self.aws_region, **self._binding())
        return _without_sleep(client)

    def _bind_resource(self, service_name: str) -> Any:
        resource = self._prototypes.bind_resource(service_name, self.aws_region, **self._binding())
        _without_sleep(resource.meta.client)
        return resource

    def _binding(self) -> dict[str, Any]:
        identity = ClientIdentity(self._environment.aws_account, self.aws_region, "replayed")
        return {"credentials": _KEYS, "identity": identity, "read_only": self._is_read_only}

    def _with(self, *, environment: AwsEnvironment | None = None, is_read_only: bool = False) -> Self:
        derived = object.__new__(type(self))
        vars(derived).update(vars(self))
        derived._environment = environment or self._environment
        derived._is_read_only = is_read_only or self._is_read_only
        return derived


class Replayer:
    """Answers the calls of clients in place of AWS; enters as a recorder does."""

    def __init__(
        self, answers: RecordedAnswers, faults: Sequence[Fault], bodies: Mapping[str, bytes]
    ) -> None:
        self.calls: list[Call] = []
        self._answers = answers
        self._faults = tuple(faults)
        self._bodies = bodies
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    @property
    def unused_faults(self) -> tuple[Fault, ...]:
        """The faults at calls that have not come."""
        return tuple(fault for fault in self._faults if fault.first_call > len(self.calls))

    def install(self, client: Any) -> None:
        """Answer all calls of a prototype, and of all clients that are bound to it."""
        events, service_event = client.meta.events, client.meta.service_model.service_id.hyphenize()
        # Where the recorder takes its parameters, so that they are the same.
        events.register_last(f"before-parameter-build.{service_event}", _take_parameters)
        # Last: whoever answers this event ends it.
        events.register_last(f"before-call.{service_event}", self._answer)

    def _answer(self, model: Any, context: dict[str, Any], **_: object) -> tuple[AWSResponse, dict[str, Any]]:
        caller = identity_of(context)
        if caller is None:
            message = "only clients of a provider are replayed"
            raise RuntimeError(message)
        service_name = model.service_model.service_name
        parameters = _as_recorded(model, asked_parameters(context[RECORD_KEY], context))
        with self._lock:
            number = next(self._numbers)
            self.calls.append(Call(model.name, parameters))
        fault = next((each for each in self._faults if each.is_at(number)), None)
        if fault is not None and not fault.loses_answer:
            status, error = fault.refusal(service_name)
            return _response(status), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}
        call = self._answers.take(service_name, model.name, parameters, caller)
        if fault is not None:
            raise error_without_answer(_LOST, is_lost=True)
        return _response(call.status or 200), parsed_answer(call, model, self._bodies)


def _take_parameters(params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
    context[RECORD_KEY] = params


def _response(status: int) -> AWSResponse:
    headers: Any = {}
    return AWSResponse("https://replayed.invalid/", status, headers, None)


def _as_recorded(model: Any, parameters: Mapping[str, Any]) -> dict[str, Any]:
    encoder = CallEncoder(model.service_model.service_name, model.input_shape, with_payloads=True)
    recorded: dict[str, Any] = json.loads(encoder.to_json(parameters))
    return recorded


def _check_answers(recorded: Sequence[RecordedCall], file_path: Path) -> None:
    for call in recorded:
        if call.outcome == "ok" and call.answer is None and not call.is_presigned:
            raise AnswersNotRecorded(file_path, call)


def _environment_of(recorded: Sequence[RecordedCall]) -> AwsEnvironment:
    who = (call.answer for call in recorded if call.operation == "GetCallerIdentity" and call.answer)
    told = (str(answer["Account"]) for answer in who if "Account" in answer)
    known = (call.account for call in recorded if call.account is not None)
    account = next(itertools.chain(told, known), _UNKNOWN_ACCOUNT)
    return AwsEnvironment(account, next((call.region for call in recorded), _UNKNOWN_REGION))


def _without_sleep(client: Any) -> Any:
    get_waiter = client.get_waiter

    def get_sleepless_waiter(waiter_name: str) -> Any:
        waiter = get_waiter(waiter_name)
        waiter.config.delay = 0
        return waiter

    client.get_waiter = get_sleepless_waiter
    return client
