from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.single_table import (
    Beginning,
    FieldRefused,
    IndexKey,
    InvalidModel,
    KeyPartRefused,
    Model,
    SecondaryIndex,
    SingleTable,
)
from tests.support.single_table_things import (
    APP,
    CLAIMS,
    NOW,
    REWARDS,
    USERS,
    Claim,
    Everything,
    Level,
    Reward,
    User,
)

KEYED = SingleTable("app", sort_key=None)


def test_WHEN_keys_are_made_THEN_each_field_stands_in_its_place() -> None:
    assert USERS.key_of({"user_id": "ada"}) == {"pk": "USER#ada", "sk": "PROFILE"}
    key = REWARDS.key_of({"user_id": "ada", "kind": "{user_id}", "place": 7})
    assert key == {"pk": "USER#ada", "sk": "REWARD#{user_id}#0007"}
    assert USERS.index_key_of("by_email", {"email": None}) is None
    assert USERS.index_key_of("by_email", {"email": "a@b"}) == {"email_pk": "EMAIL#a@b"}


@pytest.mark.parametrize("part", ["", "a#b", "#", "a\U0010ffff"])
def test_WHEN_a_value_could_be_taken_for_another_key_THEN_it_is_refused(part: str) -> None:
    with pytest.raises(KeyPartRefused) as caught:
        CLAIMS.item_of(Claim(part, "ada"))
    assert caught.value.field_name == "email"
    with pytest.raises(KeyPartRefused, match="None"):
        CLAIMS.key_of({"email": None})


@pytest.mark.parametrize("place", [-1, 10_000])
def test_WHEN_a_number_does_not_fit_its_width_THEN_it_is_refused(place: int) -> None:
    with pytest.raises(KeyPartRefused, match="place"):
        REWARDS.key_of({"user_id": "ada", "kind": "a", "place": place})


def test_WHEN_a_field_of_the_key_is_missing_THEN_it_is_named() -> None:
    with pytest.raises(FieldRefused, match="user_id"):
        USERS.key_of({"email": "a@b"})
    with pytest.raises(KeyPartRefused, match="whole"):
        USERS.key_of({"user_id": Beginning("a")})


@given(st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), min_size=2, max_size=2))
def test_WHEN_two_records_differ_in_their_key_THEN_their_keys_do(pairs: list[tuple[str, str]]) -> None:
    model = Model(of=Claim, table=KEYED, entity_type="claim", partition="{email}#{user_id}")
    keys = []
    for email, user_id in pairs:
        try:
            keys.append(model.key_of({"email": email, "user_id": user_id})["pk"])
        except InvalidInput:
            return
    assert (keys[0] == keys[1]) == (pairs[0] == pairs[1])


@pytest.mark.parametrize(
    "template",
    [
        "",
        "{nothing}",
        "{}",
        "{email",
        "email}",
        "{email}{user_id}",
        "{email}-{user_id}",
        "{email}-#{user_id}",
        "{email}#-{user_id}",
        "USER{email}",
        "{email}s",
        "{email!r}",
        "{email:>9}",
        "{email.real}",
    ],
)
def test_WHEN_the_parts_of_a_template_could_not_be_told_apart_THEN_the_model_is_refused(
    template: str,
) -> None:
    with pytest.raises(InvalidModel):
        Model(of=Claim, table=KEYED, entity_type="claim", partition=template)


@pytest.mark.parametrize(
    "name", ["flag", "raw", "inexact", "exact", "address", "tags", "counts"]
)  # What has several spellings, or none, is no part of a key.
def test_WHEN_a_field_is_nothing_for_a_key_THEN_the_model_is_refused(name: str) -> None:
    with pytest.raises(InvalidModel, match=name):
        Model(of=Everything, table=KEYED, entity_type="everything", partition=f"{{{name}}}")


@pytest.mark.parametrize(
    "settings",
    [
        {"sort": None},
        {"entity_type": ""},
        {"version": "name"},
        {"version": "nothing"},
        {"tenant": "version"},
        {"tenant": "email"},
        {"indexes": {"nowhere": IndexKey("{email}")}},
        {"indexes": {"by_email": IndexKey("{email}", "{name}")}},
        {"indexes": {"by_state": IndexKey("{email}")}},
        {"indexes": {"by_points": IndexKey("OTHER#{user_id}", "{name}")}},
        {"table": SingleTable("app", partition_key="name")},
        {"table": SingleTable("app", type_attribute="status")},
        {"table": SingleTable("app", indexes=(SecondaryIndex("by_email", "email"),))},
    ],
    ids=str,
)
def test_WHEN_a_model_does_not_fit_its_table_or_dataclass_THEN_it_is_refused(
    settings: dict[str, Any],
) -> None:
    good: dict[str, Any] = {
        "of": User,
        "table": APP,
        "entity_type": "user",
        "partition": "{user_id}",
        "sort": "PROFILE",
    }
    Model(**good)
    with pytest.raises(InvalidModel):
        Model(**{**good, **settings})


def test_WHEN_a_record_is_of_another_class_THEN_the_model_refuses_it() -> None:
    other: Any = Reward("ada", "a", 1)
    with pytest.raises(FieldRefused):
        USERS.item_of(other)


def test_WHEN_a_key_begins_with_fields_THEN_the_next_delimiter_belongs_to_it() -> None:
    template, codecs = REWARDS.keys.templates[1], REWARDS.codecs
    assert template.leading({}, codecs).text == "REWARD#"
    assert template.leading({"kind": "a"}, codecs).text == "REWARD#a#"
    assert template.leading({"kind": Beginning("a")}, codecs).text == "REWARD#a"
    whole = template.leading({"kind": "a", "place": 1}, codecs)
    assert (whole.text, whole.is_whole, whole.last) == ("REWARD#a#0001", True, "REWARD#a#0001")
    for fields in ({"place": 1}, {"kind": Beginning("a"), "place": 1}, {"nothing": 1}):
        with pytest.raises(FieldRefused):
            template.leading(fields, codecs)
    for part in (Beginning("a#b"), Beginning("")):
        with pytest.raises(KeyPartRefused):
            template.leading({"kind": part}, codecs)


def test_WHEN_a_table_is_made_from_its_description_THEN_local_indexes_are_told_by_their_partition() -> None:
    spec = APP.spec(tags={"owner": "ana"}, is_protected=True)
    assert [key.name for key in spec.keys] == ["pk", "sk"]
    assert {index.name: index.is_local for index in spec.indexes} == {
        "by_email": False, "by_state": False, "by_points": True,
    }  # fmt: skip
    assert (spec.tags, spec.is_protected) == ({"owner": "ana"}, True)


def test_WHEN_times_and_enums_stand_in_a_key_THEN_as_they_do_in_the_item() -> None:
    model = Model(of=Everything, table=KEYED, entity_type="everything", partition="{level}#{moment}#{maybe}")
    key = model.key_of({"level": Level.HIGH, "moment": NOW, "maybe": UUID(int=1)})
    assert key == {"pk": f"2#2026-07-01T12:30:00.000000Z#{UUID(int=1)}"}
    with pytest.raises(KeyPartRefused, match="maybe"):
        model.key_of({"level": Level.HIGH, "moment": NOW, "maybe": None})
