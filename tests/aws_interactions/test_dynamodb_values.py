import copy
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any

import pytest
from boto3.dynamodb.types import Binary
from hypothesis import given, strategies as st

from aws_interactions import dynamodb_interactions as dynamodb
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import TableStatus

LONGEST = Decimal("9.9999999999999999999999999999999999999E+125")
DIGITS_38 = Decimal("-12345678901234567890.123456789012345678")


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


class OldSize(int, Enum):
    LARGE = 4


def stable_name(value: object) -> str:
    """Name a case by what does not change from run to run: no address, no order of a set."""
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__} of {sorted(map(repr, value))}"
    shown = repr(value)
    return type(value).__name__ if " at 0x" in shown else shown


@st.composite
def numbers(draw: st.DrawFn) -> Decimal:
    digits = draw(st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1))
    exponent = draw(st.integers(min_value=-130, max_value=125 - 38))
    return Decimal(digits).scaleb(exponent)


SCALARS = st.one_of(
    st.text(),
    st.none(),
    st.booleans(),
    numbers(),
    st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1),
    st.floats(min_value=1e-120, max_value=1e120).map(lambda number: Decimal(repr(number))),
    st.binary(),
    st.sets(st.text(), min_size=1),
    st.sets(st.binary(), min_size=1),
    st.sets(numbers(), min_size=1),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(st.text(min_size=1), VALUES, max_size=5))
def test_WHEN_an_item_is_converted_and_back_THEN_it_is_the_same(item: dict[str, Any]) -> None:
    before = copy.deepcopy(item)
    sent = dynamodb.to_item(item)
    assert dynamodb.from_item(sent) == item == before
    assert dynamodb.to_item(dynamodb.from_item(sent)) == sent


@given(st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1))
def test_WHEN_an_integer_is_read_natively_THEN_it_is_the_same_integer(number: int) -> None:
    read = dynamodb.from_attribute(dynamodb.to_attribute(number), "native")
    assert (read, type(read)) == (number, int)


@given(st.floats(min_value=1e-100, max_value=1e100))
def test_WHEN_a_float_is_read_natively_THEN_it_is_the_same_number(number: float) -> None:
    read = dynamodb.from_attribute(dynamodb.to_attribute(number), dynamodb.Numbers.NATIVE)
    # A large one comes back as the integer that its repr stands for.
    assert Decimal(repr(read)) == Decimal(repr(number))
    assert float(read) == number


@pytest.mark.parametrize(
    ("value", "attribute"),
    [
        ("", {"S": ""}),
        (Colour.RED, {"S": "red"}),
        (True, {"BOOL": True}),
        (None, {"NULL": True}),
        (1, {"N": "1"}),
        (Size.LARGE, {"N": "3"}),
        (OldSize.LARGE, {"N": "4"}),
        (-0.1, {"N": "-0.1"}),
        (1e22, {"N": "1E+22"}),
        (Decimal("0.00"), {"N": "0"}),
        (Decimal("-0E-400"), {"N": "0"}),
        (Decimal("1E-130"), {"N": "1E-130"}),
        (LONGEST, {"N": "9.9999999999999999999999999999999999999E+125"}),
        (DIGITS_38, {"N": "-12345678901234567890.123456789012345678"}),
        (-(10**60), {"N": "-1E60"}),
        (Decimal("1." + "0" * 50), {"N": "1E0"}),
        (b"", {"B": b""}),
        (bytearray(b"a"), {"B": b"a"}),
        (memoryview(b"a"), {"B": b"a"}),
        (Binary(b"a"), {"B": b"a"}),
        ((1, "a"), {"L": [{"N": "1"}, {"S": "a"}]}),
        ({"a": []}, {"M": {"a": {"L": []}}}),
        ({"b", "a"}, {"SS": ["a", "b"]}),
        ({10, 9, Decimal("0.1"), 0.1}, {"NS": ["0.1", "9", "10"]}),
        (frozenset({b"b", Binary(b"a")}), {"BS": [b"a", b"b"]}),
    ],
    ids=stable_name,
)
def test_WHEN_a_value_is_converted_THEN_it_is_dynamodbs_own(value: Any, attribute: Mapping[str, Any]) -> None:
    assert dynamodb.to_attribute(value) == attribute


@pytest.mark.parametrize(
    "number",
    [
        Decimal("1" * 39),
        10**38 + 1,
        10**6000 + 1,
        Decimal("1E+126"),
        Decimal("9.9E-131"),
        Decimal("NaN"),
        Decimal("sNaN"),
        float("inf"),
        float("nan"),
        1e300,
    ],
    ids=lambda number: type(number).__name__,
)
def test_WHEN_a_number_has_no_exact_form_THEN_it_is_refused_by_its_path(number: Any) -> None:
    with pytest.raises(dynamodb.UnrepresentableNumber, match=r"^lines\[1\]\.price: ") as caught:
        dynamodb.to_item({"lines": [{"price": 1}, {"price": number}]})
    assert caught.value.path == "lines[1].price"
    assert isinstance(caught.value, InvalidInput)


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (set(), "no empty set"),
        ({1, "a"}, "of one of them"),
        ({True}, "of one of them"),
        ({None}, "of one of them"),
        ({("a",)}, "of one of them"),
        (object(), "no type for object"),
        ({1: "a"}, "name is text"),
        ("a\udcff", "surrogate"),
        ({"a\udcff": 1}, "surrogate"),
        ({"a\udcff"}, "surrogate"),
        (deep(33), "deeper than 32"),
    ],
    ids=stable_name,
)
def test_WHEN_dynamodb_has_no_such_value_THEN_it_is_refused_by_its_path(value: Any, reason: str) -> None:
    with pytest.raises(dynamodb.UnrepresentableValue, match=reason) as caught:
        dynamodb.to_item({"order": 1, "notes": value})
    assert caught.value.path.startswith("notes")


def test_WHEN_a_value_is_nested_as_deep_as_dynamodb_goes_THEN_it_is_taken() -> None:
    assert dynamodb.from_attribute(dynamodb.to_attribute(deep(32))) == deep(32)


def test_WHEN_numbers_are_read_natively_AND_a_float_would_lose_digits_THEN_it_is_refused() -> None:
    item = {"total": {"M": {"net": {"N": "0.12345678901234567890"}}}}
    assert dynamodb.from_item(item) == {"total": {"net": Decimal("0.12345678901234567890")}}
    with pytest.raises(dynamodb.LossyNumber, match=r"^total\.net: ") as caught:
        dynamodb.from_item(item, "native")
    assert caught.value.path == "total.net"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("1E+2", 100),
        ("1.50", 1.5),
        ("-0.1", -0.1),
        ("12345678901234567890123456789012345678", None),
    ],
)
def test_WHEN_numbers_are_read_natively_THEN_they_are_exact(text: str, number: float | None) -> None:
    read = dynamodb.from_attribute({"N": text}, "native")
    assert read == (int(text) if number is None else number)
    assert type(read) is type(int(text) if number is None else number)


def test_WHEN_sets_are_read_THEN_they_are_sets() -> None:
    item = {"a": {"NS": ["1", "2.5"]}, "b": {"SS": ["x"]}, "c": {"BS": [b"x"]}}
    assert dynamodb.from_item(item, "native") == {"a": {1, 2.5}, "b": {"x"}, "c": {b"x"}}


def test_WHEN_numbers_are_asked_for_in_an_unknown_way_THEN_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="decimal or native, not 'float'"):
        dynamodb.from_item({}, "float")


@pytest.mark.parametrize("attribute", [{"X": "1"}, {"N": "many"}], ids=repr)
def test_WHEN_an_answer_holds_no_known_value_THEN_it_is_refused(attribute: Mapping[str, Any]) -> None:
    with pytest.raises(dynamodb.UnrepresentableValue):
        dynamodb.from_attribute(attribute)


def test_WHEN_a_status_is_new_to_us_THEN_it_keeps_its_word() -> None:
    assert TableStatus("ACTIVE") is TableStatus.ACTIVE
    unknown = TableStatus("HIBERNATING")
    assert (unknown, unknown.value, f"{unknown}") == ("HIBERNATING", "HIBERNATING", "HIBERNATING")
    assert "HIBERNATING" not in [status.value for status in TableStatus]


@pytest.mark.parametrize("name", dynamodb.__all__)
def test_WHEN_a_public_name_is_asked_for_THEN_it_is_there(name: str) -> None:
    assert getattr(dynamodb, name) is not None


def test_WHEN_a_name_is_not_public_THEN_it_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_function"):
        dynamodb.no_such_function  # type: ignore[attr-defined]  # noqa: B018 - that is the point
    assert dir(dynamodb) == sorted(dynamodb.__all__)


def test_WHEN_the_program_converts_values_THEN_boto3_is_not_loaded() -> None:
    script = (
        "import sys\n"
        "from aws_interactions.dynamodb_interactions import to_item\n"
        "to_item({'a': 1, 'b': b'x', 'c': [None]})\n"
        "assert 'boto3' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
