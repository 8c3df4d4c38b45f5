"""What RDS refuses, as exceptions that keep their subject, and the translation to them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import (
    AlreadyExists,
    AwsInteractionError,
    Conflict,
    InvalidInput,
    NotFound,
    error_code,
    translate_aws_errors,
)

# AWS's documentation, its answers and those who imitate it do not agree on the ending of some codes.
ABSENT_DATABASE_CODES = frozenset(
    {"DBInstanceNotFound", "DBInstanceNotFoundFault", "DBClusterNotFound", "DBClusterNotFoundFault"}
)
ABSENT_SNAPSHOT_CODES = frozenset(
    {
        "DBSnapshotNotFound",
        "DBSnapshotNotFoundFault",
        "DBClusterSnapshotNotFound",
        "DBClusterSnapshotNotFoundFault",
    }
)
TAKEN_SNAPSHOT_CODES = frozenset(
    {
        "DBSnapshotAlreadyExists",
        "DBSnapshotAlreadyExistsFault",
        "DBClusterSnapshotAlreadyExists",
        "DBClusterSnapshotAlreadyExistsFault",
    }
)
WRONG_DATABASE_STATE_CODES = frozenset(
    {
        "InvalidDBInstanceState",
        "InvalidDBInstanceStateFault",
        "InvalidDBClusterState",
        "InvalidDBClusterStateFault",
    }
)
WRONG_SNAPSHOT_STATE_CODES = frozenset(
    {
        "InvalidDBSnapshotState",
        "InvalidDBSnapshotStateFault",
        "InvalidDBClusterSnapshotState",
        "InvalidDBClusterSnapshotStateFault",
    }
)
_QUOTA_CODES = frozenset({"SnapshotQuotaExceeded", "SnapshotQuotaExceededFault"})


class DatabaseDoesntExist(NotFound):
    """There is no instance or cluster of that identifier in the account and region."""

    def __init__(self, identifier: str) -> None:
        super().__init__(f"there is no database {identifier}", resource=identifier)
        self.identifier = identifier


class DatabaseAmbiguous(InvalidInput):
    """The identifier names both an instance and a cluster."""

    def __init__(self, identifier: str) -> None:
        super().__init__(
            f"{identifier} is both an instance and a cluster: say which with its kind, or give its ARN",
            resource=identifier,
        )
        self.identifier = identifier


class DatabaseInWrongState(Conflict):
    """The database's state does not allow the call; ``status_text`` is the state, ``reason`` says more."""

    def __init__(self, identifier: str, status_text: str | None, reason: str) -> None:
        state = f"; {identifier} is {status_text}" if status_text else ""
        super().__init__(f"{reason.removesuffix('.')}{state}", resource=identifier)
        self.identifier = identifier
        self.status_text = status_text
        self.reason = reason


class ClusterMemberNotAlone(DatabaseInWrongState):
    """What was asked for is done to a whole cluster, ``cluster_id``, not to one of its instances."""

    def __init__(self, identifier: str, cluster_id: str, reason: str) -> None:
        super().__init__(identifier, f"a member of cluster {cluster_id}", reason)
        self.cluster_id = cluster_id


class ClusterRebootsByInstance(InvalidInput):
    """A cluster of this engine is not rebooted as a whole; ``members`` are its instances."""

    def __init__(self, identifier: str, engine: str, members: tuple[str, ...]) -> None:
        names = " ".join(members) or "none"
        super().__init__(
            f"{identifier} is a cluster of {engine}, whose instances are rebooted one by one: {names}",
            resource=identifier,
        )
        self.identifier = identifier
        self.members = members


class SnapshotDoesntExist(NotFound):
    """There is no snapshot of that identifier in the account and region."""

    def __init__(self, identifier: str) -> None:
        super().__init__(f"there is no snapshot {identifier}", resource=identifier)
        self.identifier = identifier


class SnapshotAmbiguous(InvalidInput):
    """The identifier names a snapshot of an instance and one of a cluster."""

    def __init__(self, identifier: str) -> None:
        super().__init__(
            f"{identifier} is both a snapshot of an instance and one of a cluster: say which with its kind",
            resource=identifier,
        )
        self.identifier = identifier


class SnapshotAlreadyExists(AlreadyExists):
    """There is a snapshot of that identifier already."""

    def __init__(self, identifier: str) -> None:
        super().__init__(f"there is a snapshot {identifier} already", resource=identifier)
        self.identifier = identifier


class SnapshotInWrongState(Conflict):
    """What the snapshot is, or its state, does not allow the call; ``reason`` goes on after its name."""

    def __init__(self, identifier: str, reason: str) -> None:
        super().__init__(f"snapshot {identifier} {reason}", resource=identifier)
        self.identifier = identifier
        self.reason = reason


class TooManySnapshots(Conflict):
    """The account has as many manual snapshots in the region as its quota allows."""

    def __init__(self, identifier: str) -> None:
        super().__init__(
            f"snapshot {identifier} would be more than the quota of manual snapshots allows; "
            "delete one, or have the quota raised",
            resource=identifier,
        )
        self.identifier = identifier


StatusNow = Callable[[], str | None]


@contextmanager
def database_errors(identifier: str, status_now: StatusNow | None = None) -> Iterator[None]:
    """Translate what AWS says about a database; ``status_now`` finds the state that it refused for."""
    absent = _absent_database(identifier)
    with translate_aws_errors("rds", identifier, by_code=absent), _wrong_state(identifier, status_now):
        yield


@contextmanager
def snapshot_errors(
    identifier: str, *, database: str | None = None, status_now: StatusNow | None = None
) -> Iterator[None]:
    """Translate what AWS says about a snapshot, and about the ``database`` that one is taken of."""
    about = database or identifier
    by_code: dict[str, Callable[[], AwsInteractionError]] = {
        **_absent_database(about),
        **dict.fromkeys(ABSENT_SNAPSHOT_CODES, lambda: SnapshotDoesntExist(identifier)),
        **dict.fromkeys(TAKEN_SNAPSHOT_CODES, lambda: SnapshotAlreadyExists(identifier)),
        **dict.fromkeys(_QUOTA_CODES, lambda: TooManySnapshots(identifier)),
    }
    with translate_aws_errors("rds", identifier, by_code=by_code), _wrong_state(about, status_now):
        try:
            yield
        except ClientError as error:
            if error_code(error) not in WRONG_SNAPSHOT_STATE_CODES:
                raise
            raise SnapshotInWrongState(identifier, f"does not allow it: {_message_of(error)}") from error


@contextmanager
def _wrong_state(identifier: str, status_now: StatusNow | None) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error_code(error) not in WRONG_DATABASE_STATE_CODES:
            raise
        status_text = None if status_now is None else status_now()
        raise DatabaseInWrongState(identifier, status_text, _message_of(error)) from error


def _absent_database(identifier: str) -> dict[str, Callable[[], AwsInteractionError]]:
    return dict.fromkeys(ABSENT_DATABASE_CODES, lambda: DatabaseDoesntExist(identifier))


def _message_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Message") or error_code(error)
