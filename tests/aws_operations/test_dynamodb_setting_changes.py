"""Settings of tables: shown, planned, looked at again, taken back."""

from typing import Any

import pytest

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import (
    ExpiresByOtherAttribute,
    IndexDoesNotExist,
    KeyAttribute,
    TableBusy,
    TableDoesNotExist,
    TableIndex,
    TableSpec,
    Throughput,
)
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.changes import Change, Effect, ResultStatus, Reversibility, change_kind
from aws_operations.dynamodb import changes, settings
from tests.support.dynamodb_things import TABLE, applied, described_table, planned
from tests.support.undone_changes import done, undone, why_not

INDEX = TableIndex("by-status", (KeyAttribute("status", "S"),))
SPEC = TableSpec(TABLE, (KeyAttribute("customer", "S"),), (INDEX,))


@pytest.fixture(autouse=True)
def table(aws_provider: AwsClientProvider) -> None:
    dynamodb_interactions.create_table(SPEC, aws_provider)


def capacity(provider: AwsClientProvider) -> list[tuple[Any, ...]]:
    rows = settings.capacities([], provider)
    return [(row.index, row.billing_mode, row.read_units, row.write_units) for row in rows]


def test_WHEN_no_table_is_named_THEN_all_are_shown(aws_provider: AwsClientProvider) -> None:
    assert [(row.table, row.status, row.attribute) for row in settings.times_to_live([], aws_provider)] == [
        (TABLE, "DISABLED", None)
    ]
    assert [(row.is_on, row.days) for row in settings.recoveries([TABLE, TABLE], aws_provider)] == [
        (False, None)
    ]
    assert [row.is_protected for row in settings.protections([], aws_provider)] == [False]
    with pytest.raises(TableDoesNotExist):
        list(settings.protections(["absent"], aws_provider))


def test_WHEN_a_table_goes_while_all_are_shown_THEN_the_others_are() -> None:
    client = FakeClient("dynamodb").answers("list_tables", {"TableNames": ["gone", TABLE]})
    client.raises("describe_table", "ResourceNotFoundException").answers("describe_table", described_table())
    assert [row.table for row in settings.protections([], fake_provider(dynamodb=client))] == [TABLE]


def test_WHEN_items_are_to_expire_THEN_that_wants_consent_AND_is_taken_back(
    aws_provider: AwsClientProvider,
) -> None:
    plan = changes.plan_set_time_to_live([TABLE], "expires_at", aws_provider.read_only())
    change = done(plan, aws_provider)
    assert (change.effect, change.reversibility) == (Effect.DESTROY, Reversibility.COMPENSABLE)
    assert planned(changes.plan_set_time_to_live([TABLE], "expires_at", aws_provider)).is_noop
    with pytest.raises(ExpiresByOtherAttribute, match="by expires_at: turn that off first"):
        list(changes.plan_set_time_to_live([TABLE], "other", aws_provider))
    assert undone(change, aws_provider).effect is Effect.UPDATE
    assert [row.status for row in settings.times_to_live([], aws_provider)] == ["DISABLED"]


def test_WHEN_aws_is_still_about_the_last_change_of_expiry_THEN_planning_another_says_so() -> None:
    found = {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLING", "AttributeName": "a"}}
    provider = fake_provider(dynamodb=FakeClient("dynamodb").answers("describe_time_to_live", found))
    assert planned(changes.plan_set_time_to_live([TABLE], "a", provider)).is_noop
    with pytest.raises(TableBusy, match="ENABLING"):
        list(changes.plan_set_time_to_live([TABLE], None, provider))


def test_WHEN_recovery_is_turned_off_or_shortened_THEN_that_destroys_AND_on_does_not(
    aws_provider: AwsClientProvider,
) -> None:
    change = done(changes.plan_set_recovery([TABLE], aws_provider, is_on=True, days=20), aws_provider)
    assert change.effect is Effect.UPDATE
    assert planned(changes.plan_set_recovery([TABLE], aws_provider, is_on=True)).is_noop
    for shorter in ({"is_on": True, "days": 7}, {"is_on": False}):
        less = planned(changes.plan_set_recovery([TABLE], aws_provider, **shorter))
        assert (less.effect, less.reversibility) == (Effect.DESTROY, Reversibility.COMPENSABLE)
    done(changes.plan_set_recovery([TABLE], aws_provider, is_on=True, days=7), aws_provider)
    assert "changed since" in why_not(change, aws_provider)
    for wrong in ({"is_on": True, "days": 36}, {"is_on": False, "days": 7}):
        with pytest.raises(InvalidInput):
            list(changes.plan_set_recovery([TABLE], aws_provider, **wrong))


def test_WHEN_a_table_is_protected_THEN_it_cannot_be_dropped_UNTIL_it_is_not(
    aws_provider: AwsClientProvider,
) -> None:
    change = done(changes.plan_set_protection([TABLE], aws_provider, is_on=True), aws_provider)
    with pytest.raises(dynamodb_interactions.TableProtected):
        list(changes.plan_drop_table(TABLE, aws_provider))
    assert undone(change, aws_provider).needs_consent
    assert planned(changes.plan_drop_table(TABLE, aws_provider)).before


def test_WHEN_units_are_provisioned_THEN_indexes_get_them_too_AND_keep_their_own_later(
    aws_provider: AwsClientProvider,
) -> None:
    first = done(changes.plan_set_capacity([TABLE], Throughput(5, 6), aws_provider), aws_provider)
    provisioned = "PROVISIONED"
    assert capacity(aws_provider) == [(None, provisioned, 5, 6), ("by-status", provisioned, 5, 6)]
    done(changes.plan_set_capacity([TABLE], Throughput(1, 2), aws_provider, index="by-status"), aws_provider)
    done(changes.plan_set_capacity([TABLE], Throughput(7, 8), aws_provider), aws_provider)
    assert capacity(aws_provider) == [(None, provisioned, 7, 8), ("by-status", provisioned, 1, 2)]
    assert "capacity was changed since" in why_not(first, aws_provider)
    change = done(changes.plan_set_capacity([TABLE], None, aws_provider), aws_provider)
    undone(change, aws_provider)
    assert capacity(aws_provider) == [(None, provisioned, 7, 8), ("by-status", provisioned, 1, 2)]


def test_WHEN_units_are_for_an_index_that_cannot_have_them_THEN_planning_says_so(
    aws_provider: AwsClientProvider,
) -> None:
    for index, units, error in (
        ("absent", Throughput(1, 1), IndexDoesNotExist),
        ("by-status", Throughput(1, 1), InvalidInput),
        ("by-status", None, InvalidInput),
    ):
        with pytest.raises(error):
            list(changes.plan_set_capacity([TABLE], units, aws_provider, index=index))


def test_WHEN_a_table_is_being_changed_THEN_planning_its_capacity_says_so() -> None:
    client = FakeClient("dynamodb").answers("describe_table", described_table(TableStatus="UPDATING"))
    with pytest.raises(TableBusy, match="UPDATING"):
        list(changes.plan_set_capacity([TABLE], None, fake_provider(dynamodb=client)))


def test_WHEN_somebody_else_has_set_it_THEN_the_same_is_unchanged_AND_another_is_refused(
    aws_provider: AwsClientProvider,
) -> None:
    units = [Throughput(1, 1), Throughput(2, 2)]
    plans = [planned(changes.plan_set_capacity([TABLE], each, aws_provider)) for each in units]
    assert applied(plans[:1], aws_provider).status is ResultStatus.APPLIED
    assert applied(plans[:1], aws_provider).status is ResultStatus.UNCHANGED
    assert "its capacity was changed" in str(applied(plans[1:], aws_provider).error)
    dynamodb_interactions.delete_table(TABLE, aws_provider)
    assert "the table has gone" in str(applied(plans[1:], aws_provider).error)
    assert "the table has gone" in why_not(plans[0], aws_provider)


def test_WHEN_the_answer_is_lost_AND_the_change_does_not_show_yet_THEN_it_is_unknown(
    aws_provider: AwsClientProvider,
) -> None:
    change: Change = planned(changes.plan_set_capacity([TABLE], Throughput(5, 5), aws_provider))
    assert change_kind(change.kind).read_back(change, aws_provider) is ResultStatus.UNKNOWN
