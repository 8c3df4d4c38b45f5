"""Items as JSON: nothing is lost on the way out and in again, and what is no item is said to be none."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from aws_interactions.aws_errors import InvalidInput
from aws_operations.dynamodb.plain_json import (
    document_of,
    item_of,
    json_line,
    parse_item,
    parse_json,
    same,
)

names = st.sampled_from(["$binary", "$set", "$number", "$map"]) | st.text(max_size=8)
numbers = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.integers(-120, 80),
)
scalars = st.none() | st.booleans() | st.text(max_size=20) | st.binary(max_size=20) | numbers
sets = (
    st.frozensets(st.text(max_size=5), min_size=1, max_size=4)
    | st.frozensets(numbers, min_size=1, max_size=4)
    | st.frozensets(st.binary(max_size=5), min_size=1, max_size=4)
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars | sets,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)
items = st.dictionaries(names, values, max_size=4)


@given(items)
def test_WHEN_an_item_goes_out_as_json_and_in_again_THEN_it_is_the_same_item(item: dict[str, Any]) -> None:
    text = json.dumps(document_of(item), allow_nan=False)
    again = parse_item(text)
    assert again == item
    assert types_in(again) == types_in(item)


@given(items)
def test_WHEN_a_document_was_through_an_ordinary_parser_THEN_it_still_stands_for_the_same_item(
    item: dict[str, Any],
) -> None:
    ordinary = json.loads(json_line(document_of(item)))
    assert item_of(ordinary) == item
    assert same(document_of(item_of(ordinary)), document_of(item))


@given(numbers)
def test_WHEN_a_number_is_written_as_json_s_own_THEN_a_double_holds_it(number: Decimal) -> None:
    document = document_of({"n": number})["n"]
    if isinstance(document, dict):
        assert document == {"$number": document["$number"]}
    else:
        # Whole ones to the digit; the others as the shortest text that is the double.
        double = float(document)
        assert number in (Decimal(double), Decimal(repr(double)))


def types_in(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: types_in(element) for name, element in value.items()}
    return [types_in(element) for element in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize(
    ("value", "document"),
    [
        (Decimal(7), 7),
        (Decimal("7.50"), 7.5),
        (Decimal("0.1"), 0.1),
        (Decimal("-0"), 0),
        (Decimal(2**53), 2**53),
        (Decimal(2**53 + 1), {"$number": "9007199254740993"}),
        (Decimal(12345678901234567890123456789012345678), {"$number": "1" + "2345678901" * 3 + "2345678"}),
        (Decimal("0.123456789012345678900"), {"$number": "0.1234567890123456789"}),
        (Decimal("1E-130"), 1e-130),
        (Decimal("9.9999999999999999999999999999999999999E+125"), {"$number": "9" * 38 + "0" * 88}),
        (b"hello", {"$binary": "aGVsbG8="}),
        (b"", {"$binary": ""}),
        (frozenset({"b", "a"}), {"$set": ["a", "b"]}),
        (frozenset({Decimal(10), Decimal(9)}), {"$set": [9, 10]}),
        (frozenset({b"a"}), {"$set": [{"$binary": "YQ=="}]}),
        ({"$set": 1}, {"$map": {"$set": 1}}),
        ({"$map": {"$map": True}}, {"$map": {"$map": {"$map": {"$map": True}}}}),
        ({"$set": 1, "x": 2}, {"$set": 1, "x": 2}),
        ({"$other": 1}, {"$other": 1}),
        ({}, {}),
        ([True, None, ""], [True, None, ""]),
    ],
)
def test_WHEN_a_value_has_a_notation_THEN_it_is_written_and_read_so(value: Any, document: Any) -> None:
    assert same(document_of({"a": value}), {"a": document})
    assert item_of({"a": document}) == {"a": value}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('{"a": 1, "a": 2}', ['the name "a" comes twice']),
        ('{"m": {"a": 1, "a": 1}}', ['the name "a" comes twice']),
        ('{"a": NaN}', ["NaN is no number"]),
        ('{"a": -Infinity}', ["-Infinity is no number"]),
        ('{"a": 1e999999999999999999999}', ["beyond any that DynamoDB takes"]),
        ('{"a": {"$number": "1e999999999"}}', ["a.$number", "beyond any that DynamoDB takes"]),
        ('{"a": ' + "9" * 5000 + "}", ["beyond any that DynamoDB takes"]),
        ("[" * 100_000, ["nested more deeply"]),
        ('{"a": ' + "[" * 900 + "]" * 900 + "}", ["nested more deeply"]),
        ("{", ["is not JSON", "column 2"]),
        ("", ["it is empty"]),
        ("[1]", ["[1", "is not a JSON object"]),
        ('{"$set": ["a"]}', ["is not a JSON object"]),
        ('{"a": {"$set": []}}', ["a.$set", "not empty"]),
        ('{"a": {"$set": "x"}}', ["a.$set", "takes a list"]),
        ('{"a": {"$set": [1, "x"]}}', ["a.$set", "strings alone"]),
        ('{"a": {"$set": [true]}}', ["a.$set", "strings alone"]),
        ('{"a": {"$set": [[1]]}}', ["a.$set", "strings alone"]),
        ('{"a": {"$set": [1, 1.0]}}', ["a.$set", "has 1 twice"]),
        ('{"a": [{"$binary": "a b"}]}', ["a[0].$binary", "takes base64"]),
        ('{"a": {"$binary": 7}}', ["a.$binary", "takes base64"]),
        ('{"a": {"$number": 7}}', ["a.$number", "takes a number in quotes"]),
        ('{"a": {"$number": "NaN"}}', ["a.$number", "takes a number in quotes"]),
        ('{"a": {"$number": "1_0"}}', ["a.$number", "takes a number in quotes"]),
        ('{"a": {"$map": [1]}}', ["a.$map", "takes an object"]),
        ('{"a": "\\ud800"}', ["a", "lone surrogate"]),
        ('{"\\ud800": "a"}', ["lone surrogate"]),
    ],
)
def test_WHEN_a_text_stands_for_no_item_THEN_the_error_says_what_and_where(
    text: str, parts: list[str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_item(text)
    for part in parts:
        assert part in str(caught.value)
    assert len(str(caught.value)) < 200


def test_WHEN_numbers_are_read_THEN_no_digit_is_lost() -> None:
    [number] = parse_json("[1.2345678901234567890123456789012345678]")
    assert number == Decimal("1.2345678901234567890123456789012345678")


def test_WHEN_documents_are_compared_THEN_true_is_not_one() -> None:
    assert not same({"a": True}, {"a": 1})
    assert not same([False], [0])
    assert same({"a": 1, "b": None}, {"b": None, "a": 1})
    assert not same(None, {})
