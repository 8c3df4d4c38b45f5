"""RDS for operators: one database, endpoints, tags, snapshots, waiting."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from aws_interactions import rds_interactions
from aws_interactions.aws_errors import AwsInteractionError, Conflict, NotFound, WaitTimedOut
from aws_operations.targets import fill_template

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_interactions.rds_interactions import Database, DatabaseKind, Snapshot


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An address to connect to; ``role`` is instance, writer, reader or custom."""

    database: str
    role: str
    address: str
    port: int | None


@dataclass(frozen=True, slots=True)
class WaitRow:
    """A database that is as was waited for, and after how many ``seconds``."""

    database: str
    status: str
    seconds: float


@dataclass(frozen=True, slots=True)
class TagRow:
    """One tag."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One snapshot; ``percent`` is how much of it is made, ``size_gib`` the storage that it is of."""

    snapshot: str
    kind: str
    database: str
    type: str
    status: str
    percent: int | None
    size_gib: int | None
    created_at: datetime | None


def kind_named(kind: str | None) -> "DatabaseKind | None":
    """Return the kind of that name, ``None`` for none."""
    return None if kind is None else rds_interactions.DatabaseKind(kind)


def database(
    identifier: str, aws_provider: "AwsClientProvider", *, kind: str | None = None
) -> "Iterator[Database]":
    """Yield all that is known of an instance or a cluster (DescribeDBInstances, DescribeDBClusters)."""
    yield _named(identifier, aws_provider, kind)


def endpoints(
    identifier: str | None, aws_provider: "AwsClientProvider", *, kind: str | None = None
) -> Iterator[EndpointRow]:
    """Yield the addresses of one database, or of all; one that is being made has none yet."""
    if identifier is not None:
        yield from _endpoints_of(_named(identifier, aws_provider, kind))
        return
    for found in rds_interactions.list_databases(aws_provider, kind=kind_named(kind)):
        yield from _endpoints_of(found)


def tags(identifier: str, aws_provider: "AwsClientProvider", *, kind: str | None = None) -> Iterator[TagRow]:
    """Yield the tags of an instance or a cluster (ListTagsForResource), by name."""
    found = rds_interactions.get_database_tags(_named(identifier, aws_provider, kind).arn, aws_provider)
    return (TagRow(name, value) for name, value in sorted(found.items()))


def snapshots(
    identifier: str | None,
    aws_provider: "AwsClientProvider",
    *,
    kind: str | None = None,
    snapshot_type: str | None = None,
) -> Iterator[SnapshotRow]:
    """Yield snapshots of instances, then of clusters, of one database or of all.

    A database that is gone may have left some; one that has none and is not there raises
    ``DatabaseDoesntExist``.
    """
    name = None if identifier is None else fill_template(identifier, aws_provider)
    found = rds_interactions.list_snapshots(
        aws_provider, database=name, kind=kind_named(kind), snapshot_type=snapshot_type
    )
    is_nothing_found = True
    for snapshot in found:
        is_nothing_found = False
        yield _row_of(snapshot)
    if name is not None and is_nothing_found:
        rds_interactions.get_database(name, aws_provider, kind=kind_named(kind))


def wait(
    identifiers: Sequence[str],
    state: str,
    aws_provider: "AwsClientProvider",
    *,
    timeout: float,
    interval: float,
    kind: str | None = None,
    sleep: Callable[[float], Any] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[WaitRow]:
    """Wait until all databases are ``available``, ``stopped`` or ``deleted``; yield each when it is.

    ``timeout`` and ``interval`` in seconds; the time-out is one for all of them. One that is not there is
    an error at once, unless that is waited for. All are looked at to the end, also when one of them failed
    or was late; then what became of those is raised: ``WaitTimedOut`` if any was late.
    """
    start = clock()
    names = tuple(dict.fromkeys(fill_template(identifier, aws_provider) for identifier in identifiers))
    awaited = rds_interactions.AwaitedState(state)
    if awaited is not rds_interactions.AwaitedState.DELETED and len(names) > 1:
        for name in names:
            rds_interactions.get_database(name, aws_provider, kind=kind_named(kind))
    errors: list[AwsInteractionError] = []
    for name in names:
        try:
            found = rds_interactions.wait_for_database(
                name,
                awaited,
                aws_provider,
                kind=kind_named(kind),
                timeout=timeout,
                interval=interval,
                sleep=sleep,
                # Each wait reads first when all of them began, so that they end together.
                clock=partial(next, chain((start,), iter(clock, None))),
            )
        except (WaitTimedOut, NotFound, Conflict) as error:
            errors.append(error)
        else:
            yield WaitRow(name, found.status_text if found else state, round(clock() - start, 1))
    if errors:
        raise _as_one(errors)


def _as_one(errors: list[AwsInteractionError]) -> AwsInteractionError:
    if len(errors) == 1:
        return errors[0]
    message = "; ".join(map(str, errors))
    is_any_late = any(isinstance(error, WaitTimedOut) for error in errors)
    return WaitTimedOut(message) if is_any_late else Conflict(message)


def _named(identifier: str, aws_provider: "AwsClientProvider", kind: str | None) -> "Database":
    name = fill_template(identifier, aws_provider)
    return rds_interactions.get_database(name, aws_provider, kind=kind_named(kind))


def _endpoints_of(found: "Database") -> Iterator[EndpointRow]:
    is_cluster = found.kind is rds_interactions.DatabaseKind.CLUSTER
    addresses = [
        ("writer" if is_cluster else "instance", found.endpoint),
        ("reader", found.reader_endpoint),
        *(("custom", address) for address in found.custom_endpoints),
    ]
    for role, address in addresses:
        if address:
            yield EndpointRow(found.identifier, role, address, found.port)


def _row_of(snapshot: "Snapshot") -> SnapshotRow:
    return SnapshotRow(
        snapshot.identifier,
        snapshot.database_kind.value,
        snapshot.database,
        snapshot.snapshot_type,
        snapshot.status,
        snapshot.percent,
        snapshot.size_gib,
        snapshot.created_at,
    )
