"""A canned AWS for a fleet, a process of its own: whole answers made beforehand, sent by raw asyncio.

Run as a program it prints its port and serves until its standard input ends. ``GET /-/used`` says which
operations it answered how often since it was asked last, and how much CPU that took.
"""

import asyncio
import http.client
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qs

from fleet_answers import Answer, caller_identity, json_message, prebuilt_answers, role_session

_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_TARGET = re.compile(rb"\r\nx-amz-target: *[^.\r\n]+\.(\w+)\r\n", re.IGNORECASE)
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_ACCOUNT_OF_KEY = re.compile(rb"Credential=ASIA(\d{12})/")
_USED = b"GET /-/used "
_HOME = "123456789012"


@dataclass(frozen=True, slots=True)
class EndpointUse:
    """What an endpoint did since it was asked last: answers by operation, CPU seconds."""

    calls: dict[str, int]
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running endpoint; ``latency`` in seconds is how long it waits before each answer."""

    port: int
    latency: float

    @property
    def url(self) -> str:
        """What clients are given as their endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def take_use(self) -> EndpointUse:
        """Return what it did since this was asked last."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/-/used")
            used = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return EndpointUse(used["calls"], used["cpu_seconds"])


@contextmanager
def fleet_endpoint(latency: float) -> Iterator[Endpoint]:
    """Start an endpoint on a free loopback port, and end it."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(latency)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Endpoint(int(process.stdout.readline()), latency)
    finally:
        process.stdin.close()
        process.wait(timeout=30)


class _Canned:
    """The answers, and how often each was given."""

    def __init__(self) -> None:
        self._answers = prebuilt_answers()
        self._counts: Counter[str] = Counter()
        self._cpu_before = time.process_time()

    def answer(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(_USED):
            return json_message(self._use())
        answer = self._find(head, body)
        self._counts[answer.operation] += 1
        return answer.message

    def _find(self, head: bytes, body: bytes) -> Answer:
        if head.startswith(b"GET "):
            return self._answers["ListObjectsV2"]
        action = (_TARGET.search(head) or _ACTION.search(body))[1].decode()
        if action == "AssumeRole":
            (role_arn,) = parse_qs(body.decode())["RoleArn"]
            return _role_session(role_arn.split(":")[4])
        if action == "GetCallerIdentity":
            key = _ACCOUNT_OF_KEY.search(head)
            return _caller_identity(key[1].decode() if key else _HOME)
        return self._answers[action]

    def _use(self) -> dict[str, object]:
        calls, self._counts = dict(self._counts), Counter()
        before, self._cpu_before = self._cpu_before, time.process_time()
        return {"calls": calls, "cpu_seconds": self._cpu_before - before}


_role_session = cache(role_session)
_caller_identity = cache(caller_identity)


class _Connection(asyncio.Protocol):
    """One client's connection; requests come one at a time, as HTTP clients send them."""

    def __init__(self, canned: _Canned, latency: float) -> None:
        self._canned = canned
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._received[: head_end + 4]
        length = _CONTENT_LENGTH.search(head)
        end = len(head) + (int(length[1]) if length else 0)
        if len(self._received) < end:
            return
        body, self._received = self._received[len(head) : end], self._received[end:]
        message = self._canned.answer(head, body)
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, message)
        else:
            self._transport.write(message)


async def serve(latency: float) -> None:
    """Serve until standard input ends."""
    canned = _Canned()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(canned, latency), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
