"""Expiry of items, recovery to a point in time and protection against deletion: planners and kinds."""

from collections.abc import Iterator, Sequence

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import ExpiresByOtherAttribute, TableBusy, TimeToLive
from aws_interactions.dynamodb_interactions.table_settings import RECOVERY_DAYS
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import Change, Effect, JsonObject, Reversibility
from aws_operations.dynamodb.change_parts import table_of
from aws_operations.dynamodb.table_settings import TableSetting
from aws_operations.targets import fill_template

_EITHER_WAY = frozenset({Reversibility.REVERSIBLE, Reversibility.COMPENSABLE})


def plan_set_time_to_live(
    table_names: Sequence[str], attribute: str | None, aws_provider: AwsClientProvider
) -> Iterator[Change]:
    """Plan that items expire by an attribute, or with ``None`` no longer.

    Expired items are deleted, within days and for good. ``ExpiresByOtherAttribute`` where they expire by
    another one, ``TableBusy`` where AWS is still about the last change.
    """
    if attribute == "":
        raise InvalidInput("the attribute by which items expire has no name")
    for table in _filled(table_names, aws_provider):
        found = dynamodb_interactions.get_time_to_live(table, aws_provider)
        before = _expiry_document(found)
        after = _expiry(attribute)
        if before != after and found.status.is_changing:
            raise TableBusy(table, f"is still {found.status} the expiry of its items: that takes an hour")
        if attribute is not None and found.attribute not in {None, attribute}:
            raise ExpiresByOtherAttribute(table, str(found.attribute))
        yield _EXPIRY.change(table, before, after, aws_provider)


def plan_set_recovery(
    table_names: Sequence[str], aws_provider: AwsClientProvider, *, is_on: bool, days: int | None = None
) -> Iterator[Change]:
    """Plan whether what tables were is kept, so that they can be restored, and for how many days.

    Without ``days`` they stay as they are, or are 35 where it was off.
    """
    if days is not None and (not is_on or not 1 <= days <= RECOVERY_DAYS):
        raise InvalidInput(f"what a table was can be kept for 1 to {RECOVERY_DAYS} days")
    for table in _filled(table_names, aws_provider):
        before = _read_recovery(table, aws_provider)
        kept_for = days or before["days"] or RECOVERY_DAYS
        yield _RECOVERY.change(table, before, {"days": kept_for if is_on else None}, aws_provider)


def plan_set_protection(
    table_names: Sequence[str], aws_provider: AwsClientProvider, *, is_on: bool
) -> Iterator[Change]:
    """Plan whether tables are protected against deletion."""
    for table in _filled(table_names, aws_provider):
        before = _read_protection(table, aws_provider)
        yield _PROTECTION.change(table, before, {"is_protected": is_on}, aws_provider)


def _filled(table_names: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[str]:
    yield from dict.fromkeys(fill_template(name, aws_provider) for name in table_names)


def _expiry(attribute: str | None) -> JsonObject:
    return {"expires_by": attribute}


def _expiry_document(found: TimeToLive) -> JsonObject:
    return _expiry(found.attribute if found.status.is_on else None)


def _read_expiry(table: str, aws_provider: AwsClientProvider) -> JsonObject:
    return _expiry_document(dynamodb_interactions.get_time_to_live(table, aws_provider))


def _write_expiry(change: Change, aws_provider: AwsClientProvider) -> None:
    before, after = (change.before or {})["expires_by"], (change.after or {})["expires_by"]
    dynamodb_interactions.set_time_to_live(
        table_of(change), after or before, aws_provider, is_on=after is not None
    )


def _judge_expiry(_before: JsonObject, after: JsonObject) -> tuple[Effect, Reversibility]:
    if after["expires_by"] is None:
        return Effect.UPDATE, Reversibility.REVERSIBLE
    # What AWS deletes before it is turned off again stays deleted.
    return Effect.DESTROY, Reversibility.COMPENSABLE


def _read_recovery(table: str, aws_provider: AwsClientProvider) -> JsonObject:
    return {"days": dynamodb_interactions.get_point_in_time_recovery(table, aws_provider).days}


def _write_recovery(change: Change, aws_provider: AwsClientProvider) -> None:
    days = (change.after or {})["days"]
    dynamodb_interactions.set_point_in_time_recovery(table_of(change), days, aws_provider)


def _judge_recovery(before: JsonObject, after: JsonObject) -> tuple[Effect, Reversibility]:
    if (after["days"] or 0) >= (before["days"] or 0):
        return Effect.UPDATE, Reversibility.REVERSIBLE
    # The days come back when it is set again; what was kept of them does not.
    return Effect.DESTROY, Reversibility.COMPENSABLE


def _read_protection(table: str, aws_provider: AwsClientProvider) -> JsonObject:
    return {"is_protected": dynamodb_interactions.describe_table(table, aws_provider).is_protected}


def _write_protection(change: Change, aws_provider: AwsClientProvider) -> None:
    is_on = (change.after or {})["is_protected"]
    dynamodb_interactions.set_deletion_protection(table_of(change), aws_provider, is_on=is_on)


def _judge_protection(_before: JsonObject, after: JsonObject) -> tuple[Effect, Reversibility]:
    # Without it, a table can be dropped: that wants as much consent as what takes something away.
    return (Effect.UPDATE if after["is_protected"] else Effect.OVERWRITE), Reversibility.REVERSIBLE


_EXPIRY = TableSetting(
    "dynamodb.set-ttl",
    "the expiry of its items was",
    _read_expiry,
    _write_expiry,
    _judge_expiry,
    iam_actions_of("dynamodb", "DescribeTimeToLive", "UpdateTimeToLive"),
    _EITHER_WAY,
)
_RECOVERY = TableSetting(
    "dynamodb.set-pitr",
    "how far back it can be restored was",
    _read_recovery,
    _write_recovery,
    _judge_recovery,
    iam_actions_of("dynamodb", "DescribeContinuousBackups", "UpdateContinuousBackups"),
    _EITHER_WAY,
)
_PROTECTION = TableSetting(
    "dynamodb.set-protection",
    "its protection was",
    _read_protection,
    _write_protection,
    _judge_protection,
    iam_actions_of("dynamodb", "DescribeTable", "UpdateTable"),
)
_EXPIRY.register()
_RECOVERY.register()
_PROTECTION.register()
