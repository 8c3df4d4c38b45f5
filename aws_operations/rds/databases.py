"""RDS for operators: the list of databases; single ones and snapshots are in ``details``.

Writes are planned and applied in ``changes``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aws_interactions import rds_interactions
from aws_interactions.aws_errors import InvalidInput

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_interactions.rds_interactions import Database


@dataclass(frozen=True, slots=True)
class DatabaseRow:
    """One instance or cluster; ``cluster`` is there for members, ``instance_class`` not for all clusters."""

    database: str
    kind: str
    engine: str
    engine_version: str
    status: str
    cluster: str | None
    instance_class: str | None
    multi_az: bool


@dataclass(frozen=True, slots=True)
class DatabaseFilter:
    """Which databases to list; what is ``None`` or empty does not restrict.

    ``engine`` is a whole name or what is before its hyphen (``aurora``, ``oracle``). ``tags`` must all
    be there, with these values.
    """

    kind: str | None = None
    engine: str | None = None
    status: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def takes(self, database: "Database") -> bool:
        """Say whether the list should have the database; ``kind`` is not looked at."""
        engine, _, _ = database.engine.partition("-")
        return (
            self.engine in {None, database.engine, engine}
            and self.status in {None, database.status_text}
            and all(database.tags.get(name) == value for name, value in self.tags.items())
        )


def databases(wanted: DatabaseFilter, aws_provider: "AwsClientProvider") -> Iterator[DatabaseRow]:
    """Yield instances, then clusters (DescribeDBInstances, DescribeDBClusters), any number.

    A status that AWS does not have raises ``InvalidInput``, unless a database is in it all the same.
    """
    kind = None if wanted.kind is None else rds_interactions.DatabaseKind(wanted.kind)
    is_nothing_found = True
    for database in rds_interactions.list_databases(aws_provider, kind=kind):
        if wanted.takes(database):
            is_nothing_found = False
            yield _row_of(database)
    if is_nothing_found and wanted.status is not None:
        _check_status(wanted.status)


def _row_of(database: "Database") -> DatabaseRow:
    return DatabaseRow(
        database.identifier,
        database.kind.value,
        database.engine,
        database.engine_version,
        database.status_text,
        database.cluster_id,
        database.instance_class,
        database.multi_az,
    )


def _check_status(status: str) -> None:
    known = [each.value for each in rds_interactions.DatabaseStatus if each.value != "unknown"]
    if status in known:
        return
    # Here, not above: it is needed only where somebody mistyped a word.
    from difflib import get_close_matches

    close = get_close_matches(status, known, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise InvalidInput(f"no database is in the status {status!r}, and AWS has none of that name{hint}")
