"""Finds the recorded answer to a call, and makes of it what botocore would have."""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from io import BytesIO
from string import Formatter
from typing import Any, Final

import botocore.exceptions
from botocore.exceptions import BotoCoreError, ConnectionClosedError
from botocore.response import StreamingBody

from aws_interactions.parameter_redaction import decoded
from aws_interactions.recorded_calls import RecordedCall
from aws_interactions.request_context import ClientIdentity
from aws_interactions.testing_client import UnansweredCall
from aws_interactions.testing_model import service_model, streaming_member

_MOST_SHOWN: Final = 3
_LONGEST_SHOWN: Final = 200


class UnrecordedCall(UnansweredCall):
    """The code under test made a call that is not in the recording."""


class UnrecordedBody(UnansweredCall):
    """The code under test reads a body: those are in no recording, and the test gave none."""


@dataclass(slots=True)
class _Series:
    """The answers to equal calls, in the order in which they were recorded; the last one stays."""

    calls: list[RecordedCall] = field(default_factory=list)
    used: int = 0

    def take(self) -> RecordedCall:
        call = self.calls[min(self.used, len(self.calls) - 1)]
        self.used += 1
        return call


class RecordedAnswers:
    """The calls of a recording, to be answered from; may be used by several threads.

    A call finds its answer by service, operation and redacted parameters, in the account and region that it
    was recorded in; where the account was not known then, in any.
    """

    def __init__(self, calls: Iterable[RecordedCall]) -> None:
        self._lock = threading.Lock()
        self._series: dict[tuple[str, str, str], dict[tuple[str | None, str], _Series]] = {}
        for call in calls:
            if not call.is_presigned:
                asked = _asked(call.service, call.operation, call.parameters)
                places = self._series.setdefault(asked, {})
                places.setdefault((call.account, call.region), _Series()).calls.append(call)

    def take(
        self, service_name: str, operation_name: str, parameters: Mapping[str, Any], caller: ClientIdentity
    ) -> RecordedCall:
        """Return the next answer to a call; raises ``UnrecordedCall``, which names the nearest ones."""
        asked = _asked(service_name, operation_name, parameters)
        with self._lock:
            places = self._series.get(asked, {})
            for account in (caller.aws_account, None):
                series = places.get((account, caller.aws_region))
                if series is not None:
                    return series.take()
        raise UnrecordedCall(self._unrecorded(asked, places, caller))

    def _unrecorded(
        self, asked: tuple[str, str, str], places: Iterable[tuple[str | None, str]], caller: ClientIdentity
    ) -> str:
        what = f"{_shown(asked)} in {_place(caller.aws_account, caller.aws_region)} was not recorded"
        elsewhere = [_place(*place) for place in places]
        if elsewhere:
            return f"{what}; it was in {', '.join(elsewhere[:_MOST_SHOWN])}"
        return f"{what}; {self._nearest(asked)}"

    def _nearest(self, asked: tuple[str, str, str]) -> str:
        alike = [known for known in self._series if known[:2] == asked[:2]]
        if not alike:
            of_service = sorted({operation for service, operation, _ in self._series if service == asked[0]})
            known = ", ".join(of_service) or "none"
            return f"of {asked[0]} these operations were: {known}"

        def distance(known: tuple[str, str, str]) -> float:
            return -SequenceMatcher(None, known[2], asked[2]).ratio()

        nearest = sorted(alike, key=distance)[:_MOST_SHOWN]
        return f"the nearest that was: {'; '.join(map(_shown, nearest))}"


def _asked(service_name: str, operation_name: str, parameters: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what is the same for equal calls; botocore makes up a new token for each of them."""
    tokens = service_model(service_name).operation_model(operation_name).idempotent_members
    compared = {name: value for name, value in parameters.items() if name not in tokens}
    return service_name, operation_name, json.dumps(compared, sort_keys=True)


def _shown(asked: tuple[str, str, str]) -> str:
    service_name, operation_name, parameters = asked
    given = ", ".join(f"{name}={value!r}" for name, value in json.loads(parameters).items())
    return f"{service_name} {operation_name}({given[:_LONGEST_SHOWN]})"


def _place(account: str | None, aws_region: str) -> str:
    return f"aws://{account or 'any account'}/{aws_region}"


def parsed_answer(call: RecordedCall, model: Any, bodies: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what botocore's parser made of the answer; raises the error that there was in its place.

    ``bodies`` has the contents of S3's objects by their URL, ``s3://bucket/key``.
    """
    if call.exception is not None and call.code is None:
        raise error_without_answer(call.exception, is_lost=call.outcome == "lost")
    metadata: dict[str, Any] = {
        "RequestId": call.request_id or "",
        "HTTPStatusCode": call.status,
        "HTTPHeaders": {},
        "RetryAttempts": call.attempts - 1,
    }
    if call.outcome != "ok":
        recorded = dict(call.answer or {})
        recorded.setdefault("Error", {"Code": call.code or "", "Message": "as it was recorded"})
        return {**decoded(None, recorded), "ResponseMetadata": metadata}
    answer: dict[str, Any] = decoded(model.output_shape, call.answer or {})
    streaming = streaming_member(model.output_shape)
    if streaming is not None and streaming in answer:
        answer[streaming] = _body_of(call, answer, bodies)
    return {**answer, "ResponseMetadata": metadata}


def _body_of(call: RecordedCall, answer: dict[str, Any], bodies: Mapping[str, bytes]) -> StreamingBody:
    url = f"s3://{call.parameters.get('Bucket')}/{call.parameters.get('Key')}"
    if url not in bodies:
        nothing: Any = _NoBody(url)
        return StreamingBody(nothing, int(answer.get("ContentLength", 0)))
    data = bodies[url]
    of_range = str(answer.get("ContentRange", ""))
    if of_range.startswith("bytes "):
        first, _, last = of_range.removeprefix("bytes ").partition("/")[0].partition("-")
        data = data[int(first) : int(last) + 1]
    else:
        answer["ContentLength"] = len(data)
    return StreamingBody(BytesIO(data), len(data))


class _NoBody:
    """Stands for a body that nobody has."""

    def __init__(self, url: str) -> None:
        self._url = url

    def read(self, *_: Any, **__: Any) -> bytes:
        message = f"bodies are in no recording: give this one with bodies={{{self._url!r}: b'...'}}"
        raise UnrecordedBody(message)

    readinto = stream = readline = read

    def __iter__(self) -> Iterator[bytes]:
        yield self.read()

    def close(self) -> None:
        """Do nothing."""


def error_without_answer(name: str, *, is_lost: bool) -> Exception:
    """Return botocore's error of that name, as it comes where there is no answer."""
    kind = getattr(botocore.exceptions, name, None)
    if not (isinstance(kind, type) and issubclass(kind, BotoCoreError)):
        kind = ConnectionClosedError if is_lost else botocore.exceptions.EndpointConnectionError
    places = _places(kind.fmt)
    return kind(**dict.fromkeys(places, "as it was recorded"))


def _places(text: str) -> Sequence[str]:
    return [place for _, place, _, _ in Formatter().parse(text) if place]
