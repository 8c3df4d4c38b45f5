"""Where the work of a run is done: on threads of this machine, or by the workers of a cluster."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

import click

from aws_operations import fleet
from commands.options import Settings
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations.changes import Change, ChangeResult
    from aws_operations.cluster import Cluster
    from aws_operations.fleet import Operation, ProviderFor
    from aws_operations.outcomes import Explain, OnRow, Outcome, RunWatcher
    from aws_operations.run_control import RunControl
    from aws_operations.targets import Target

_DASK_LOGGERS = ("distributed", "dask", "tornado", "bokeh", "asyncio")


class Engine(Protocol):
    """Reads in many targets, and applies the changes of one; ``workers`` is ``None`` unless somebody said."""

    def run_in_each(
        self,
        operation: "Operation",
        targets: "Sequence[Target]",
        provider_for: "ProviderFor",
        on_row: "OnRow",
        *,
        workers: int | None = None,
        in_order: bool = False,
        control: "RunControl | None" = None,
        explain: "Explain | None" = None,
        watcher: "RunWatcher | None" = None,
    ) -> "Iterator[Outcome]":
        """See ``fleet.run_in_each``."""
        ...

    def apply_changes(
        self,
        changes: "Iterable[Change]",
        provider_for: "ProviderFor",
        *,
        starting: "Callable[[Sequence[Change]], None] | None" = None,
        control: "RunControl | None" = None,
    ) -> "Iterator[ChangeResult]":
        """See ``changes.apply_changes``."""
        ...

    def how_many(self, workers: int | None) -> int:
        """Return how many targets are under way at a time."""
        ...

    def check_kinds(self, kinds: Iterable[str]) -> None:
        """Refuse kinds of change that are not for this engine, before anything is applied."""
        ...


class LocalEngine:
    """The threads of this machine."""

    def run_in_each(
        self,
        operation: "Operation",
        targets: "Sequence[Target]",
        provider_for: "ProviderFor",
        on_row: "OnRow",
        *,
        workers: int | None = None,
        in_order: bool = False,
        control: "RunControl | None" = None,
        explain: "Explain | None" = None,
        watcher: "RunWatcher | None" = None,
    ) -> "Iterator[Outcome]":
        """See ``fleet.run_in_each``."""
        return fleet.run_in_each(
            operation,
            targets,
            provider_for,
            on_row,
            workers=self.how_many(workers),
            in_order=in_order,
            control=control,
            explain=explain,
            watcher=watcher,
        )

    def apply_changes(
        self,
        changes: "Iterable[Change]",
        provider_for: "ProviderFor",
        *,
        starting: "Callable[[Sequence[Change]], None] | None" = None,
        control: "RunControl | None" = None,
    ) -> "Iterator[ChangeResult]":
        """See ``changes.apply_changes``."""
        from aws_operations.applying import apply_changes

        return apply_changes(changes, provider_for, starting=starting, control=control)

    def how_many(self, workers: int | None) -> int:
        """Return what was said, or else the default of fleets."""
        return workers or fleet.DEFAULT_WORKERS

    def check_kinds(self, kinds: Iterable[str]) -> None:
        """Take all kinds."""


class NarrowedEngine(LocalEngine):
    """The threads of this machine; a role is held by AWS to the changes that it makes.

    ``note`` is told, once for each reason, of roles that cannot be.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._noted: dict[str, object] = {}

    def apply_changes(
        self,
        changes: "Iterable[Change]",
        provider_for: "ProviderFor",
        *,
        starting: "Callable[[Sequence[Change]], None] | None" = None,
        control: "RunControl | None" = None,
    ) -> "Iterator[ChangeResult]":
        """See ``narrowing.apply_narrowed``."""
        from aws_operations.narrowing import apply_narrowed

        return apply_narrowed(changes, provider_for, starting=starting, control=control, note=self._note_once)

    def _note_once(self, text: str) -> None:
        # All targets may come to it at the same time, and this is one step for them.
        mine = object()
        if self._noted.setdefault(text, mine) is mine:
            self._note(text)


class ClusterEngine:
    """The workers of a cluster that is open."""

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster
        self.run_in_each = cluster.run_in_each
        self.apply_changes = cluster.apply_changes

    def how_many(self, workers: int | None) -> int:
        """Return what was said, or else what keeps all workers busy."""
        return workers or self._cluster.most_tasks

    def check_kinds(self, kinds: Iterable[str]) -> None:
        """Raise ``KindStaysHere`` for what may not be made twice."""
        from aws_operations.cluster import refuse_kinds_that_stay

        refuse_kinds_that_stay(kinds)


@contextmanager
def engine_for(
    settings: Settings, shape: Shape, *, held_note: Callable[[str], None] | None = None
) -> Iterator[Engine]:
    """Give the engine that ``--engine`` names, for the length of the block.

    With ``held_note`` it goes on with a plan file: roles are held to what that changes, and it is told of
    those that cannot be.

    Raises ``click.UsageError`` for what writes files or bare values, which go from a worker to nowhere,
    and ``ClusterUnusable`` for a cluster that is not there or not fit.
    """
    if settings.engine != "dask":
        yield LocalEngine() if held_note is None else NarrowedEngine(held_note)
        return
    if shape is Shape.BYTES:
        raise click.UsageError("--engine dask is for rows and changes: files and bare values stay here.")
    from aws_operations.cluster import Cluster

    if held_note is not None:
        from aws_operations.narrowing import NOT_HELD

        held_note(f"{NOT_HELD}: that is for this machine alone, not for the workers of a cluster")
    _let_dask_be_quiet(settings)
    with Cluster(str(settings.scheduler), in_sandbox=settings.sandbox) as cluster:
        yield ClusterEngine(cluster)


def _let_dask_be_quiet(settings: Settings) -> None:
    """Send Dask's records where the program's go, and nothing but the worst unless it is debugged.

    Loading Dask gives its loggers handlers of their own; what it warns of, the run says in its own words.
    """
    import logging

    with suppress(ImportError):
        import_module("distributed")
    level = logging.DEBUG if settings.log_level == "debug" else logging.CRITICAL
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in _DASK_LOGGERS:
            dask_logger = logging.getLogger(name)
            dask_logger.handlers.clear()
            dask_logger.propagate = True
            dask_logger.setLevel(level)
