from dataclasses import dataclass, field, make_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, Optional
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from aws_interactions.dynamodb_interactions import (
    LossyNumber,
    UnrepresentableValue,
    from_item,
    to_item,
)
from aws_interactions.single_table import InvalidModel, ItemDoesNotFit, Model, SingleTable, WrongEntityType
from aws_interactions.single_table.item_sizes import attributes_size
from tests.support.single_table_things import (
    EVERYTHING,
    NOW,
    USERS,
    Address,
    Everything,
    Level,
    Rank,
    User,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
WHOLES = st.integers(-(10**38) + 1, 10**38 - 1)
# 38 digits, and as far from zero as DynamoDB goes.
DECIMALS = st.builds(lambda digits, exponent: Decimal(f"{digits}E{exponent}"), WHOLES, st.integers(-130, 88))
FLOATS = st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda number: not number or 1e-130 <= abs(number) < 1e126
)
MOMENTS = st.datetimes(timezones=st.just(UTC))
ADDRESSES = st.builds(Address, TEXTS, MOMENTS, st.lists(TEXTS, max_size=2))
RECORDS = st.builds(
    Everything,
    key=st.uuids(),
    text=TEXTS,
    whole=WHOLES,
    exact=DECIMALS,
    inexact=FLOATS,
    moment=MOMENTS,
    raw=st.binary(),
    flag=st.booleans(),
    rank=st.sampled_from(Rank),
    level=st.sampled_from(Level),
    address=ADDRESSES,
    addresses=st.lists(ADDRESSES, max_size=2),
    places=st.lists(WHOLES, max_size=3).map(tuple),
    tags=st.sets(TEXTS, max_size=3),
    moments=st.frozensets(MOMENTS, max_size=3),
    levels=st.sets(st.sampled_from(Level)),
    blobs=st.sets(st.binary(), max_size=3),
    prices=st.sets(DECIMALS, max_size=3),
    counts=st.dictionaries(TEXTS, st.lists(st.none() | WHOLES, max_size=2), max_size=2),
    maybe=st.none() | st.uuids(),
    nested=st.none() | ADDRESSES,
)
RECORD = Everything(
    key=UUID(int=1), text="a", whole=1, exact=Decimal("1.5"), inexact=0.1, moment=NOW, raw=b"\x00",
    flag=True, rank=Rank.GOLD, level=Level.HIGH, address=Address("b", NOW), addresses=[], places=(1,),
    tags={"c"}, moments=frozenset(), levels=set(), blobs=set(), prices=set(), counts={}, maybe=None,
    nested=None,
)  # fmt: skip


def through_dynamodb(model: Model[Any], record: Any) -> Any:
    """Give what comes back of a record after the low-level client had it."""
    return model.record_of(from_item(to_item(model.item_of(record))))


@given(RECORDS)
def test_WHEN_a_record_becomes_an_item_and_comes_back_THEN_it_is_the_same(record: Everything) -> None:
    back = through_dynamodb(EVERYTHING, record)
    assert back == record
    assert {name: type(getattr(back, name)) for name in EVERYTHING.codecs} == {
        name: type(getattr(record, name)) for name in EVERYTHING.codecs
    }
    assert back.moment.utcoffset() == timedelta(0)


@given(st.lists(MOMENTS, min_size=2, max_size=2))
def test_WHEN_times_are_kept_THEN_their_texts_sort_as_they_do(moments: list[datetime]) -> None:
    keys = [EVERYTHING.key_of({"key": RECORD.key, "moment": moment})["sk"] for moment in moments]
    assert (keys[0] < keys[1]) == (moments[0] < moments[1])
    assert (keys[0] == keys[1]) == (moments[0] == moments[1])


def test_WHEN_a_record_becomes_an_item_THEN_it_is_readable_in_it() -> None:
    user = User("ada", "ada@example.org", "Ada", Rank.GOLD, Address("Mall 1", NOW))
    assert USERS.item_of(user) == {
        "pk": "USER#ada",
        "sk": "PROFILE",
        "email_pk": "EMAIL#ada@example.org",
        "entity_type": "user",
        "user_id": "ada",
        "email": "ada@example.org",
        "name": "Ada",
        "status": "gold",
        "address": {"street": "Mall 1", "since": "2026-07-01T12:30:00.000000Z", "lines": []},
        "version": 0,
    }


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("moment", datetime(2026, 1, 1), "moment"),  # noqa: DTZ001 - the naive one is what is tested
        ("moment", datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))), "moment"),
        ("moment", datetime(2026, 10, 25, 1, 30, tzinfo=ZoneInfo("Europe/London"), fold=1), "moment"),
        ("whole", True, "whole"),
        ("whole", 1.0, "whole"),
        ("whole", 10**38 + 1, "whole"),
        ("inexact", 2**53 + 1, "inexact"),
        ("inexact", 10**400, "inexact"),
        ("inexact", float("nan"), "inexact"),
        ("inexact", float("inf"), "inexact"),
        ("inexact", 1e-200, "inexact"),
        ("exact", Decimal("NaN"), "exact"),
        ("exact", Decimal("1." + "1" * 38), "exact"),
        ("exact", 0.1, "exact"),
        ("text", None, "text"),
        ("text", b"a", "text"),
        ("text", "\ud800", "text"),
        ("raw", "a", "raw"),
        ("flag", 1, "flag"),
        ("rank", "gold", "rank"),
        ("level", Rank.GOLD, "level"),
        ("maybe", "not a UUID", "maybe"),
        ("address", {"street": "b"}, "address"),
        ("address", Address("b", "now"), "address.since"),  # type: ignore[arg-type]  # what is refused
        ("addresses", [Address("b", NOW, ["c", 1])], "addresses[0].lines[1]"),  # type: ignore[list-item]  # too
        ("addresses", (Address("b", NOW),), "addresses"),
        ("places", [1], "places"),
        ("tags", ["c"], "tags"),
        ("counts", {"d": [1, "e"]}, "counts.d[1]"),
    ],
)
def test_WHEN_a_value_would_not_come_back_equal_THEN_it_is_refused_by_its_path(
    name: str, value: Any, path: str
) -> None:
    with pytest.raises(UnrepresentableValue) as caught:
        to_item(EVERYTHING.item_of(replace(RECORD, **{name: value})))
    assert caught.value.path == path


def test_WHEN_a_float_is_given_as_a_whole_number_AND_is_exact_THEN_it_is_taken() -> None:
    assert through_dynamodb(EVERYTHING, replace(RECORD, inexact=3)) == replace(RECORD, inexact=3.0)


class OldRank(str, Enum):  # noqa: UP042 - whose text is not its value
    GOLD = "gold"


class House(Address):
    """An address that would come back as less than it was."""


def test_WHEN_a_value_is_of_a_subclass_THEN_what_it_adds_is_left_out_AND_of_a_dataclass_refused() -> None:
    table = SingleTable("app", sort_key=None)
    model = Model(of=Everything, table=table, entity_type="everything", partition="TEXT#{text}")
    item = model.item_of(replace(RECORD, text=OldRank.GOLD))
    assert (item["pk"], type(item["text"])) == ("TEXT#gold", str)
    with pytest.raises(UnrepresentableValue, match="Address"):
        model.item_of(replace(RECORD, address=House("b", NOW)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("whole", Decimal("1.5")),
        ("whole", "1"),
        ("text", Decimal(1)),
        ("inexact", "a"),
        ("moment", "yesterday"),
        ("moment", "2026-01-01T00:00:00"),
        ("moment", Decimal(1)),
        ("rank", "silver"),
        ("level", Decimal(3)),
        ("key", "1"),
        ("key", Decimal(1)),
        ("address", []),
        ("address", {"street": "b"}),
        ("addresses", {}),
        ("tags", ["c"]),
        ("counts", []),
        ("flag", None),
    ],
)
def test_WHEN_an_item_is_not_as_the_model_says_THEN_the_error_names_where(name: str, value: Any) -> None:
    item = from_item(to_item(EVERYTHING.item_of(RECORD)))
    with pytest.raises(ItemDoesNotFit) as caught:
        EVERYTHING.record_of({**item, name: value})
    assert caught.value.path.startswith(name)
    assert str(RECORD.key) in caught.value.__notes__[0]


def test_WHEN_a_number_of_an_item_is_no_exact_float_THEN_it_is_refused() -> None:
    item = from_item(to_item(EVERYTHING.item_of(RECORD)))
    with pytest.raises(LossyNumber):
        EVERYTHING.record_of({**item, "inexact": Decimal("0.1000000000000000000001")})


def test_WHEN_an_older_item_lacks_a_field_THEN_the_default_stands_in_AND_without_one_it_is_an_error() -> None:
    item = USERS.item_of(User("ada", None, "Ada", Rank.GOLD, Address("b", NOW)))
    for name in ("status", "version"):
        del item[name]
    del item["address"]["lines"]
    assert USERS.record_of({**item, "of later": 1}) == User("ada", None, "Ada", address=Address("b", NOW))
    del item["email"]
    with pytest.raises(ItemDoesNotFit, match="email"):
        USERS.record_of(item)


def test_WHEN_an_item_is_of_another_kind_THEN_it_is_no_record() -> None:
    with pytest.raises(WrongEntityType) as caught:
        USERS.record_of({**USERS.item_of(User("ada", None, "Ada")), "entity_type": "claim"})
    assert (caught.value.expected, caught.value.found) == ("user", "claim")


class Mixed(Enum):
    TEXT = "a"
    NUMBER = 1


@dataclass
class Endless:
    key: str
    inner: "Endless | None" = None


@dataclass
class Computed:
    key: str
    more: str = field(init=False, default="")


@pytest.mark.parametrize(
    "annotation",
    [
        Any, object, complex, list, tuple[int, str], int | str, Optional[int | str], set[bool],  # noqa: UP045 - both spellings
        set[list[str]], set[Address], dict[int, str], dict, Mixed, list[Mixed], "NotThere", type(None),
    ],
    ids=str,
)  # fmt: skip
def test_WHEN_an_annotation_cannot_be_kept_THEN_the_model_is_refused(annotation: Any) -> None:
    kind = make_dataclass("Kind", [("key", str), ("field", annotation)])
    with pytest.raises(InvalidModel):
        Model(of=kind, table=SingleTable("app", sort_key=None), entity_type="kind", partition="{key}")


@pytest.mark.parametrize("kind", [Endless, Computed, int])
def test_WHEN_a_class_cannot_be_made_again_from_an_item_THEN_the_model_is_refused(kind: type) -> None:
    with pytest.raises(InvalidModel):
        Model(of=kind, table=SingleTable("app", sort_key=None), entity_type="kind", partition="{key}")


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"a": "b"}, 2),
        ({"naïve": "ü"}, 8),
        ({"a": None, "b": True}, 4),
        ({"a": b"\x00\x01"}, 3),
        ({"a": ["b", "cd"]}, 1 + 3 + 2 + 3),
        ({"a": {"b": "c"}}, 1 + 3 + 1 + 2),
        ({"a": {"b", "cd"}}, 4),
        ({"a": 0}, 2),
        ({"a": 123}, 1 + 3),
        ({"a": -123}, 1 + 4),
        ({"a": {1, 100}}, 1 + 4),
    ],
)
def test_WHEN_an_item_is_measured_THEN_by_the_rules_of_dynamodb(item: dict[str, Any], size: int) -> None:
    assert attributes_size(to_item(item)) == size


def test_WHEN_a_record_is_measured_THEN_its_keys_and_kind_count_too() -> None:
    user = User("ada", None, "Ada")
    assert USERS.size_of(user) == attributes_size(to_item(USERS.item_of(user)))
    assert USERS.size_of(replace(user, name="Ada" + "x" * 1000)) == USERS.size_of(user) + 1000
