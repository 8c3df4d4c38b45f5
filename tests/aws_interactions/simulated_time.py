"""A clock that stands still until everybody sleeps, and an AWS behind it that answers at once."""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse

from aws_interactions.bound_clients import ClientPrototypes
from aws_interactions.client_settings import ClientSettings
from tests.aws_interactions.recording_aws import bind

URL = "http://127.0.0.1:1"


class SimulatedTime:
    """Time for one thread, or for those that ``run_together`` starts; it passes when all of them sleep."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = 1000.0
        self._threads = 1
        self._wake_times: list[float] = []
        self._changed = threading.Condition()

    def clock(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._changed:
            self.slept.append(seconds)
            wake_time = self._now + seconds
            self._wake_times.append(wake_time)
            self._pass_if_all_sleep()
            while self._now < wake_time:
                assert self._changed.wait(timeout=20), "nobody moves the clock"
            self._wake_times.remove(wake_time)

    def run_together(self, *work: Callable[[], object]) -> None:
        """Do each piece of work on a thread of its own; raise the first error."""
        errors: list[BaseException] = []

        def do(piece: Callable[[], object]) -> None:
            try:
                piece()
            except BaseException as error:  # noqa: BLE001 - raised again below
                errors.append(error)
            finally:
                with self._changed:
                    self._threads -= 1
                    self._pass_if_all_sleep()

        threads = [threading.Thread(target=do, args=(piece,), daemon=True) for piece in work]
        self._threads = len(threads)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._threads = 1
        if errors:
            raise errors[0]

    def _pass_if_all_sleep(self) -> None:
        asleep = [wake_time for wake_time in self._wake_times if wake_time > self._now]
        if asleep and len(asleep) == self._threads:
            self._now = min(asleep)
            self._changed.notify_all()


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(code: str, status: int = 400, **headers: str) -> Reply:
    return Reply(status, {"__type": code, "message": code}, headers)


THROTTLED = refusal("ThrottlingException")


@dataclass
class SimulatedAws:
    """Stands in for the HTTP layer of clients; ``answer`` is given the account that signed."""

    answer: Callable[[str], Reply | Exception]
    time: SimulatedTime
    requests: list[tuple[str, float]] = field(default_factory=list)

    def send(self, request: Any) -> AWSResponse:
        authorization = request.headers["Authorization"]
        text = authorization.decode() if isinstance(authorization, bytes) else authorization
        signed = re.search(r"Credential=KEY([^/]+)/", text)
        assert signed is not None
        self.requests.append((signed[1], self.time.clock()))
        reply = self.answer(signed[1])
        if isinstance(reply, Exception):
            raise reply
        body = json.dumps(reply.body) if reply.body else ""
        return AWSResponse(request.url, reply.status, dict(reply.headers), RawBody(body))

    def client(self, prototypes: ClientPrototypes, account: str, **options: Any) -> Any:
        client = bind(prototypes, account, **{"service_name": "dynamodb", **options})
        client._endpoint.http_session = self
        return client

    def times_of(self, account: str) -> list[float]:
        return [time for signed_by, time in self.requests if signed_by == account]


class RawBody(BytesIO):
    def __init__(self, text: str) -> None:
        super().__init__(text.encode())

    def stream(self, **_: object) -> Sequence[bytes]:
        return [self.read()]


def prototypes_with(**settings: Any) -> ClientPrototypes:
    return ClientPrototypes(endpoint_url=URL, client_settings=ClientSettings(**settings))
