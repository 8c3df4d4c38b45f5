"""RDS for operators: one database, endpoints, tags, snapshots, waiting."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_interactions import rds_interactions
from aws_interactions.aws_errors import AwsInteractionError, Conflict, NotFound, WaitTimedOut
from aws_operations.targets import fill_template

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_interactions.rds_interactions import Database, DatabaseKind, DatabaseWatch, Snapshot


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

    ``timeout`` and ``interval`` in seconds; the time-out is one for all of them. One that is not there
    at first ends it at once, unless that is waited for. The others are waited for also when one failed;
    what became of those that did not come is raised in the end: ``WaitTimedOut`` if any was late.
    """
    start = clock()
    names = dict.fromkeys(fill_template(identifier, aws_provider) for identifier in identifiers)
    pending = [rds_interactions.DatabaseWatch(name, state, aws_provider, kind=kind) for name in names]
    errors: list[AwsInteractionError] = []
    is_first_round = True
    while True:
        left = timeout - (clock() - start)
        for watch in tuple(pending):
            seen = _look(watch, interval=interval, waited=0 if left > 0 else timeout)
            if isinstance(seen, WaitTimedOut) and left > 0:
                continue
            pending.remove(watch)
            if isinstance(seen, AwsInteractionError):
                errors.append(seen)
            else:
                yield WaitRow(
                    watch.identifier, seen.status_text if seen else state, round(clock() - start, 1)
                )
        is_mistyped = is_first_round and any(isinstance(error, NotFound) for error in errors)
        if not pending or is_mistyped:
            break
        is_first_round = False
        sleep(min(interval, left))
    if errors:
        raise _as_one(errors)


def _look(
    watch: "DatabaseWatch", *, interval: float, waited: float
) -> "Database | AwsInteractionError | None":
    """Look once; return what has come, or why it has not: late, after ``waited`` seconds, gone or failed."""
    try:
        # The time is over at the second reading, whenever that is.
        return watch.wait(timeout=waited, interval=interval, clock=partial(next, iter((0.0, waited))))
    except (WaitTimedOut, NotFound, Conflict) as error:
        return error


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
