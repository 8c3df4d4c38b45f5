"""Attacks on the binding to a tenant: whatever is tried, another's items are neither seen nor changed."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from aws_interactions import dynamodb_interactions as dynamodb, single_table
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.single_table import (
    Beginning,
    FieldRefused,
    InvalidModel,
    KeyPartRefused,
    TenantNotBound,
    WrongTenant,
)
from aws_interactions.testing import fake_provider
from tests.support.single_table_things import ORDERS, Order

OURS, THEIRS = ORDERS.bound_to("acme"), ORDERS.bound_to("acme2")
KEY = {"customer": "c", "number": 1}
MINE = Order("acme", "c", 1, total=Decimal(1))
SECRET = Order("acme2", "c", 1, total=Decimal(99))


@pytest.fixture
def shared(app: AwsClientProvider) -> AwsClientProvider:
    """Give a provider whose table has an order of each of two tenants, under the same fields."""
    single_table.put(OURS, MINE, app)
    single_table.put(THEIRS, SECRET, app)
    single_table.put(THEIRS, replace(SECRET, number=2), app)
    return app


def theirs(aws_provider: AwsClientProvider) -> list[dict[str, Any]]:
    return [item for item in dynamodb.scan("app", aws_provider) if "acme2" in item["pk"]]


def calls(model: Any, aws_provider: Any) -> list[Callable[[], Any]]:
    """Give every call there is, with fields that name another tenant."""
    key = {**KEY, "tenant_id": "acme2"}
    partition = {"customer": "c", "tenant_id": "acme2"}
    by_state = {"state": "open", "tenant_id": "acme2"}
    return [
        lambda: single_table.get(model, key, aws_provider),
        lambda: single_table.put(model, SECRET, aws_provider),
        lambda: single_table.put(model, SECRET, aws_provider, overwrite=True),
        lambda: single_table.update(model, key, {"state": "paid"}, aws_provider),
        lambda: single_table.delete(model, key, aws_provider),
        lambda: list(single_table.query(model, partition, aws_provider)),
        lambda: list(single_table.query(model, by_state, aws_provider, index="by_state")),
        lambda: list(
            single_table.query(model, {"customer": "c"}, aws_provider, begins_with={"tenant_id": "acme2"})
        ),
        lambda: single_table.query_page(model, partition, aws_provider, size=1),
        lambda: list(single_table.batch_get(model, [KEY, key], aws_provider)),
        lambda: single_table.batch_put(model, [MINE, SECRET], aws_provider),
        lambda: single_table.to_put(model, SECRET),
        lambda: single_table.to_update(model, key, {"state": "paid"}),
        lambda: single_table.to_delete(model, key),
        lambda: single_table.to_check(model, key),
        lambda: model.item_of(SECRET),
        lambda: model.size_of(SECRET),
    ]


def test_WHEN_another_tenant_is_named_THEN_every_call_refuses_AND_sends_nothing() -> None:
    for call in calls(OURS, fake_provider()):
        with pytest.raises(WrongTenant) as caught:
            call()
        assert "acme2" not in str(caught.value)


def test_WHEN_the_model_is_not_bound_THEN_every_call_refuses_AND_sends_nothing() -> None:
    aws_provider = fake_provider()
    unbound: list[Callable[[], Any]] = [
        *calls(ORDERS, aws_provider),
        lambda: list(single_table.scan(ORDERS, aws_provider)),
        lambda: single_table.get(ORDERS, KEY, aws_provider),
        lambda: ORDERS.record_of(OURS.item_of(MINE)),
    ]
    for call in unbound:
        with pytest.raises(TenantNotBound):
            call()


def test_WHEN_the_same_fields_are_another_tenants_too_THEN_only_the_own_record_is_met(
    shared: AwsClientProvider,
) -> None:
    before = theirs(shared)
    assert single_table.get(OURS, KEY, shared) == MINE
    assert single_table.get(OURS, {**KEY, "number": 2}, shared) is None
    assert list(single_table.query(OURS, {"customer": "c"}, shared)) == [MINE]
    assert list(single_table.query(OURS, {"state": "open"}, shared, index="by_state")) == [MINE]
    assert list(single_table.query(OURS, {"customer": "c"}, shared, between=({}, {}))) == [MINE]
    assert list(single_table.scan(OURS, shared)) == [MINE]
    assert list(single_table.scan(OURS, shared, segments=3)) == [MINE]
    found = dict_of(single_table.batch_get(OURS, [KEY, {**KEY, "number": 2}], shared))
    assert found == {1: MINE, 2: None}
    assert single_table.update(OURS, KEY, {"state": "paid"}, shared).state == "paid"
    single_table.put(OURS, MINE, shared, overwrite=True)
    single_table.batch_put(OURS, [MINE, replace(MINE, number=2)], shared)
    single_table.transact([single_table.to_delete(OURS, {**KEY, "number": 2})], shared)
    assert single_table.delete(OURS, KEY, shared) == MINE
    assert theirs(shared) == before


def dict_of(found: Any) -> dict[int, Any]:
    return {one.key["number"]: one.record for one in found}


@pytest.mark.parametrize("customer", ["c#ORDER", "#", "../acme2", "x#TENANT#acme2#CUSTOMER#c", ""])
def test_WHEN_a_field_is_made_to_look_like_a_key_THEN_it_stays_in_the_own_tenant(
    shared: AwsClientProvider, customer: str
) -> None:
    before = theirs(shared)
    for call in (
        lambda: single_table.put(OURS, replace(MINE, customer=customer), shared),
        lambda: list(single_table.query(OURS, {"customer": customer}, shared)),
        lambda: single_table.delete(OURS, {"customer": customer, "number": 1}, shared),
    ):
        try:
            call()
        except KeyPartRefused:
            continue
        assert "#" not in customer
    assert theirs(shared) == before


@pytest.mark.parametrize("tenant", ["", "#", "acme#CUSTOMER", "acme#", "\U0010ffff"])
def test_WHEN_a_tenants_name_could_reach_into_another_THEN_no_model_is_bound_to_it(tenant: str) -> None:
    with pytest.raises(KeyPartRefused):
        ORDERS.bound_to(tenant)


@pytest.mark.parametrize("tenant", [None, 1, b"acme", Beginning("acme"), ["acme"]], ids=repr)
def test_WHEN_a_tenant_is_no_text_THEN_no_model_is_bound_to_it(tenant: Any) -> None:
    with pytest.raises(InvalidInput):
        ORDERS.bound_to(tenant)


def test_WHEN_a_model_is_bound_THEN_it_cannot_be_bound_to_another_nor_changed() -> None:
    with pytest.raises(InvalidModel):
        OURS.bound_to("acme2")
    with pytest.raises(AttributeError):
        OURS._bound_tenant = "acme2"  # type: ignore[misc]  # what is tried
    for parts in (OURS.codecs, OURS.indexes, OURS.index_keys):
        with pytest.raises(TypeError):
            parts["by_state"] = None  # type: ignore[index]  # what is tried
    # A copy is bound to nobody.
    assert replace(OURS).bound_tenant is None
    assert ORDERS.bound_tenant is None
    assert len({ORDERS, OURS, THEIRS, ORDERS.bound_to("acme")}) == 3


@given(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))
def test_WHEN_tenants_and_fields_are_anything_THEN_keys_never_meet(
    tenant: str, other: str, customer: str
) -> None:
    try:
        one, another = ORDERS.bound_to(tenant), ORDERS.bound_to(other)
        key = one.key_of({"customer": customer, "number": 1})
    except InvalidInput:
        return
    assert key["pk"].startswith(one.tenant_prefix())
    assert key["pk"].startswith(another.tenant_prefix()) == (tenant == other)


@pytest.mark.parametrize("changes", [{"tenant_id": "acme2"}, {"customer": "d"}, {"pk": "TENANT#acme2#"}])
def test_WHEN_an_update_would_move_a_record_to_another_THEN_it_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FieldRefused):
        single_table.update(OURS, KEY, changes, fake_provider())


def test_WHEN_an_update_moves_an_index_key_THEN_within_the_tenant(shared: AwsClientProvider) -> None:
    single_table.update(OURS, KEY, {"state": "paid"}, shared)
    [item] = [item for item in dynamodb.scan("app", shared) if "acme2" not in item["pk"]]
    assert item["state_pk"] == "TENANT#acme#STATE#paid"
    with pytest.raises(KeyPartRefused):
        single_table.update(OURS, KEY, {"state": "x#TENANT#acme2"}, shared)


def test_WHEN_a_page_token_is_another_tenants_or_forged_THEN_nothing_comes(shared: AwsClientProvider) -> None:
    page = single_table.query_page(THEIRS, {"customer": "c"}, shared, size=1)
    assert page.next_token is not None
    key = json.loads(base64.urlsafe_b64decode(page.next_token))
    mine = OURS.item_of(MINE)
    half = {**key, "pk": mine["pk"]}
    index_key = {name: mine[name] for name in ("pk", "sk", "state_pk", "state_sk")}
    forged = {**index_key, "state_pk": "TENANT#acme2#STATE#open"}
    with pytest.raises(WrongTenant):
        single_table.query_page(OURS, {"customer": "c"}, shared, size=1, token=page.next_token)
    with pytest.raises(InvalidInput):
        single_table.query_page(
            OURS, {"state": "open"}, shared, index="by_state", size=1, token=coded(forged)
        )
    stolen = {**index_key, "pk": key["pk"]}
    with pytest.raises(WrongTenant):
        single_table.query_page(
            OURS, {"state": "open"}, shared, index="by_state", size=1, token=coded(stolen)
        )
    # The place in the order is the reader's to choose, the partition is not.
    found = single_table.query_page(OURS, {"customer": "c"}, shared, size=9, token=coded(half))
    assert found.records == ()


def coded(key: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def test_WHEN_a_transaction_mixes_tenants_THEN_nothing_of_it_is_sent(shared: AwsClientProvider) -> None:
    before = list(dynamodb.scan("app", shared))
    with pytest.raises(WrongTenant):
        single_table.transact(
            [single_table.to_delete(OURS, KEY), single_table.to_delete(THEIRS, KEY)], shared
        )
    assert list(dynamodb.scan("app", shared)) == before


def test_WHEN_an_item_under_the_own_key_says_it_is_anothers_THEN_it_is_neither_read_nor_written(
    shared: AwsClientProvider,
) -> None:
    stray = {**OURS.item_of(MINE), "tenant_id": "acme2"}
    dynamodb.put_item("app", stray, shared)
    for call in (
        lambda: single_table.get(OURS, KEY, shared),
        lambda: single_table.update(OURS, KEY, {"total": Decimal(0)}, shared),
        lambda: single_table.put(OURS, MINE, shared, overwrite=True),
        lambda: single_table.delete(OURS, KEY, shared),
        lambda: list(single_table.batch_get(OURS, [KEY], shared)),
    ):
        with pytest.raises(WrongTenant):
            call()
    assert list(single_table.query(OURS, {"customer": "c"}, shared)) == []
    assert list(single_table.scan(OURS, shared)) == []
    assert list(single_table.scan(THEIRS, shared, limit=9)) == [SECRET, replace(SECRET, number=2)]


def test_WHEN_a_field_only_says_that_it_is_equal_THEN_the_bound_tenant_is_written() -> None:
    class Liar(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        def __ne__(self, other: object) -> bool:
            return False

        __hash__ = str.__hash__

    item = OURS.item_of(replace(MINE, tenant_id=Liar("acme2")))
    assert (item["pk"], item["tenant_id"]) == ("TENANT#acme#CUSTOMER#c", "acme")
