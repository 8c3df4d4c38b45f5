"""How every client is made and behaves on the wire: attempts, time-outs, pool."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from aws_interactions.call_budget import CallBudget


class Recorder(Protocol):
    """What takes note of calls, or answers them."""

    def install(self, client: Any) -> None:
        """Begin with a prototype, and with all clients that are bound to it."""


@dataclass(frozen=True, slots=True)
class EndpointOverride:
    """Where calls of a service go, and what says so: a variable, a profile, or an argument (``None``).

    ``is_for_all``: it is no word about this service alone.
    """

    service_name: str
    url: str
    place: str | None
    is_for_all: bool


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Attempts, time-outs and pool size of every client that a provider makes.

    ``max_attempts`` counts the first try too and goes with botocore's ``standard`` retry mode; the
    time-outs are in seconds; ``max_pool_connections`` is for each prototype client. There is no
    switch that turns TLS verification off.

    ``model_cache_dir`` is a folder of its own for service models, which makes the first client of a
    process cheaper; ``None`` keeps nothing on disk.

    ``call_budget`` paces all requests, those for credentials included; share one among the providers of a
    run. With it, throttled attempts do not count: they are made again until its patience is over.
    ``None`` sends as fast as it is asked to, and throttled attempts count like others.

    ``recorder`` takes note of every call, those for credentials included (a ``CallRecorder``); share one
    among the providers of a run. ``None`` records nothing.

    ``on_endpoint_override`` is told of each client prototype, on any thread, whose calls something sends to
    another endpoint than the service's own.
    """

    max_attempts: int = 5
    connect_timeout: float = 10
    read_timeout: float = 60
    max_pool_connections: int = 50
    model_cache_dir: Path | None = None
    call_budget: "CallBudget | None" = None
    recorder: Recorder | None = None
    on_endpoint_override: Callable[[EndpointOverride], None] | None = None
