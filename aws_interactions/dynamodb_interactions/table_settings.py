"""What is set on a table beside its keys: expiry of items, recovery to a point in time, protection."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import Conflict, InvalidInput, Throttled
from aws_interactions.calls import only_given
from aws_interactions.dynamodb_interactions.errors import (
    ErrorMaker,
    TableBusy,
    TableDoesNotExist,
    table_errors,
    table_resource,
)

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

RECOVERY_DAYS: Final = 35
"""How long AWS keeps what a table was, unless it is told otherwise; also the most that it takes."""


class TableChangedTooOften(Throttled):
    """AWS does not take this change of the table now; ``reason`` is what it says.

    Too many tables are being changed at once, or this one was changed as often as it may be for a while.
    """

    def __init__(self, table_name: str, reason: str) -> None:
        super().__init__(
            f"table {table_name} cannot be changed now: {reason}", resource=table_resource(table_name)
        )
        self.table_name = table_name
        self.reason = reason


class ExpiresByOtherAttribute(Conflict):
    """Items of the table expire by another attribute, which AWS changes only by way of none."""

    def __init__(self, table_name: str, attribute: str) -> None:
        super().__init__(
            f"items of table {table_name} expire by {attribute}: turn that off first, and an hour later on",
            resource=table_resource(table_name),
        )
        self.table_name = table_name
        self.attribute = attribute


class TimeToLiveStatus(StrEnum):
    """Whether items expire; a change of it takes up to an hour."""

    ENABLING = "ENABLING"
    ENABLED = "ENABLED"
    DISABLING = "DISABLING"
    DISABLED = "DISABLED"

    @property
    def is_on(self) -> bool:
        """Whether items expire, or will when the change is through."""
        return self in {TimeToLiveStatus.ENABLING, TimeToLiveStatus.ENABLED}

    @property
    def is_changing(self) -> bool:
        """Whether AWS takes no other change for now."""
        return self in {TimeToLiveStatus.ENABLING, TimeToLiveStatus.DISABLING}


@dataclass(frozen=True, slots=True)
class TimeToLive:
    """Whether items of a table expire, and by which attribute: a number, seconds since 1970."""

    status: TimeToLiveStatus
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class PointInTimeRecovery:
    """Whether a table can be restored as it was at any second, of how many days, from when to when."""

    is_on: bool
    days: int | None = None
    earliest: datetime | None = None
    latest: datetime | None = None


def get_time_to_live(table_name: str, aws_provider: "AwsClientProvider") -> TimeToLive:
    """Return whether items of a table expire (DescribeTimeToLive); raises ``TableDoesNotExist``."""
    logger.debug("get_time_to_live table=%s", table_name)
    client: Any = aws_provider.get_dynamodb()
    with setting_errors(table_name):
        answer = client.describe_time_to_live(TableName=table_name)
    found: Mapping[str, Any] = answer.get("TimeToLiveDescription", {})
    status = TimeToLiveStatus(found.get("TimeToLiveStatus", "DISABLED"))
    return TimeToLive(status, found.get("AttributeName") if status != TimeToLiveStatus.DISABLED else None)


def set_time_to_live(
    table_name: str, attribute: str, aws_provider: "AwsClientProvider", *, is_on: bool
) -> None:
    """Have items expire by an attribute, or no longer (UpdateTimeToLive).

    AWS takes up to an hour, and refuses another such change of the table meanwhile (``InvalidInput``).
    Expired items are deleted within days. To turn it off, AWS wants the attribute too.
    """
    if not attribute:
        message = "the attribute by which items expire has no name"
        raise InvalidInput(message)
    logger.debug("set_time_to_live table=%s attribute=%s on=%s", table_name, attribute, is_on)
    client: Any = aws_provider.get_dynamodb()
    with setting_errors(table_name):
        client.update_time_to_live(
            TableName=table_name, TimeToLiveSpecification={"Enabled": is_on, "AttributeName": attribute}
        )
    logger.info(
        "items of table %s %s by %s", table_name, "expire" if is_on else "expire no longer", attribute
    )


def get_point_in_time_recovery(table_name: str, aws_provider: "AwsClientProvider") -> PointInTimeRecovery:
    """Return how far back a table can be restored (DescribeContinuousBackups)."""
    logger.debug("get_point_in_time_recovery table=%s", table_name)
    client: Any = aws_provider.get_dynamodb()
    with setting_errors(table_name):
        answer = client.describe_continuous_backups(TableName=table_name)
    found: Mapping[str, Any] = answer.get("ContinuousBackupsDescription", {}).get(
        "PointInTimeRecoveryDescription", {}
    )
    if found.get("PointInTimeRecoveryStatus") != "ENABLED":
        return PointInTimeRecovery(is_on=False)
    return PointInTimeRecovery(
        is_on=True,
        days=found.get("RecoveryPeriodInDays", RECOVERY_DAYS),
        earliest=found.get("EarliestRestorableDateTime"),
        latest=found.get("LatestRestorableDateTime"),
    )


def set_point_in_time_recovery(table_name: str, days: int | None, aws_provider: "AwsClientProvider") -> None:
    """Keep what a table was for 1 to 35 days, or with ``None`` no longer (UpdateContinuousBackups).

    What was kept is gone when it is turned off, and what is older than fewer days with these.
    """
    if days is not None and not 1 <= days <= RECOVERY_DAYS:
        message = f"a table can be kept for 1 to {RECOVERY_DAYS} days, not for {days}"
        raise InvalidInput(message)
    logger.debug("set_point_in_time_recovery table=%s days=%s", table_name, days)
    client: Any = aws_provider.get_dynamodb()
    wanted = only_given(PointInTimeRecoveryEnabled=days is not None, RecoveryPeriodInDays=days)
    with setting_errors(table_name):
        client.update_continuous_backups(TableName=table_name, PointInTimeRecoverySpecification=wanted)
    logger.info("table %s is kept for %s days", table_name, days or "no")


def set_deletion_protection(table_name: str, aws_provider: "AwsClientProvider", *, is_on: bool) -> None:
    """Protect a table against deletion, or no longer (UpdateTable); ``TableBusy`` while it is changed."""
    logger.debug("set_deletion_protection table=%s on=%s", table_name, is_on)
    client: Any = aws_provider.get_dynamodb()
    with setting_errors(table_name):
        client.update_table(TableName=table_name, DeletionProtectionEnabled=is_on)
    logger.info("table %s is %s against deletion", table_name, "protected" if is_on else "not protected")


@contextmanager
def setting_errors(table_name: str, more: Mapping[str, ErrorMaker] | None = None) -> Iterator[None]:
    """Raise what AWS says of settings and changes of a table as this package's errors.

    ``more`` has makers by code that go before these.
    """
    by_code: dict[str, ErrorMaker] = {
        "TableNotFoundException": lambda _: TableDoesNotExist(table_name),
        # The sandbox's word for it.
        "ResourceNotFound": lambda _: TableDoesNotExist(table_name),
        "ResourceInUseException": lambda _: TableBusy(table_name),
        "ContinuousBackupsUnavailableException": lambda _: TableBusy(
            table_name, "has its continuous backups just being set up"
        ),
        "LimitExceededException": lambda error: TableChangedTooOften(table_name, words_of(error)),
        **(more or {}),
    }
    with table_errors(table_name, by_code):
        yield


def words_of(error: ClientError) -> str:
    """Return what AWS says of an error, its code where it says nothing."""
    found = error.response.get("Error", {})
    return str(found.get("Message") or found.get("Code") or "no reason given")
