import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from commands.options import OutputFormat
from commands.row_formats import (
    as_document,
    csv_line,
    document_text,
    json_text,
    text_line,
    visible,
    yaml_text,
)


class Colour(Enum):
    RED = "bright red"


@dataclass(frozen=True, slots=True)
class Inner:
    number: int


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    inner: Inner
    colour: Colour
    when: datetime
    tags: Mapping[str, tuple[int, ...]]


def test_WHEN_row_is_nested_THEN_document_keeps_its_order_and_values() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1)))

    document = as_document(Outer("n", Inner(1), Colour.RED, when, {"a": (1, 2)}))

    assert list(document.items()) == [
        ("name", "n"),
        ("inner", {"number": 1}),
        ("colour", "bright red"),
        ("when", "2026-01-02T03:04:05+01:00"),
        ("tags", {"a": [1, 2]}),
    ]


@pytest.mark.parametrize(
    ("value", "document"),
    [
        (Decimal(42), 42),
        (Decimal(12345678901234567890123456789012345678), 12345678901234567890123456789012345678),
        (Decimal("1.50"), 1.5),
        (Decimal("0.1"), 0.1),
        (Decimal("1.2345678901234567890123"), "1.2345678901234567890123"),
        (Decimal("1E+999999"), "1E+999999"),
        (Decimal("NaN"), "NaN"),
        (float("inf"), "inf"),
        (b"\x00\xff", "AP8="),
        (date(2026, 1, 2), "2026-01-02"),
        (timedelta(minutes=1), 60.0),
        (PurePosixPath("a/b"), "a/b"),
        ({"b", "a"}, ["a", "b"]),
        ({1: None}, {"1": None}),
        (True, True),
        (None, None),
    ],
)
def test_WHEN_value_is_of_a_known_type_THEN_it_has_one_form(value: Any, document: Any) -> None:
    assert as_document(value) == document
    assert type(as_document(value)) is type(document)


def test_WHEN_value_is_of_no_known_type_THEN_it_is_a_bug() -> None:
    with pytest.raises(TypeError, match="holds a object"):
        as_document({"x": object()})


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_WHEN_document_is_written_as_json_THEN_it_is_read_back_whole(document: Any) -> None:
    for indent in (None, 2):
        raw = json_text(document, indent=indent).encode("utf-8")

        assert json.loads(raw) == document
        assert not {0x1B, 0x7F} & set(raw)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_WHEN_text_is_written_as_csv_THEN_it_is_read_back_but_for_defused_formulas(values: list[str]) -> None:
    line = csv_line(values)

    (read,) = csv.reader(io.StringIO(line, newline=""), strict=True) if line != "\r\n" else [[""]]
    assert [cell.removeprefix("'") for cell in read] == [value.removeprefix("'") for value in values]
    assert line.endswith("\r\n")


@given(st.text(st.characters(exclude_categories=[])))
def test_WHEN_text_is_made_visible_THEN_no_control_is_left_and_it_can_be_encoded(text: str) -> None:
    shown = visible(text)

    shown.encode("utf-8")
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("\r=1", '"\'\r=1"'),
        ("\uff1d1", "'\uff1d1"),
        ("=a,b", '"\'=a,b"'),
        (-5, "-5"),
        (-0.5, "-0.5"),
        ("-5", "-5"),
        ('say "hi"', '"say ""hi"""'),
        ("a\nb", '"a\nb"'),
        (None, ""),
        (True, "true"),
        ({"a": [1]}, '"{""a"":[1]}"'),
    ],
)
def test_WHEN_value_is_a_csv_cell_THEN_it_is_quoted_and_defused(value: Any, cell: str) -> None:
    assert csv_line([value]) == f"{cell}\r\n"


def test_WHEN_csv_goes_to_a_terminal_THEN_controls_are_visible() -> None:
    assert csv_line(["a\x1b[2Jb"], for_terminal=True) == "a\\x1b[2Jb\r\n"


def test_WHEN_values_are_a_text_line_THEN_tabs_and_line_ends_in_them_are_visible() -> None:
    assert text_line(["a\tb", "c\nd", None, True, {"x": 1}, "\x9b\u202e\u200f\ud800"]) == (
        'a\\tb\tc\\nd\t\ttrue\t{"x":1}\t\\x9b\\u202e\\u200f\\ud800\n'
    )


@pytest.mark.parametrize(
    "value", ["2026-01-02", "no", "1", "~", "a: b", "\x1b[2J", "é\n", "\ud800", "é\u202e", "\u200f", "\u2028"]
)
def test_WHEN_text_is_written_as_yaml_THEN_it_stays_text_and_moves_nothing(value: str) -> None:
    written = yaml_text([{"value": value}])

    assert yaml.safe_load(written) == [{"value": value}]
    assert not {"\x1b", "\u202e", "\u200f", "\u2028"} & set(written)


@pytest.mark.parametrize(
    ("document", "output", "written"),
    [
        (3, OutputFormat.TEXT, "3\n"),
        (None, OutputFormat.TEXT, ""),
        (["a", "b"], OutputFormat.TEXT, "a\nb\n"),
        ([["a", 1], ["b"]], OutputFormat.TEXT, "a\t1\nb\t\n"),
        ({"x": 1, "y": None}, OutputFormat.TEXT, "1\t\n"),
        ([], OutputFormat.TEXT, ""),
        (3, OutputFormat.CSV, "value\r\n3\r\n"),
        ([["a", 1]], OutputFormat.CSV, "value_1,value_2\r\na,1\r\n"),
        ([{"x": 1}, {"y": 2}], OutputFormat.CSV, "x,y\r\n1,\r\n,2\r\n"),
        ([], OutputFormat.CSV, ""),
        ("a", OutputFormat.JSON, '"a"\n'),
        (None, OutputFormat.JSON, "null\n"),
        ("a", OutputFormat.YAML, "a\n"),
        ([{"x": 1}], OutputFormat.TABLE, "  x\n---\n  1\n"),
        ([], OutputFormat.TABLE, ""),
        (3, OutputFormat.TABLE, "3\n"),
        (["a", "b"], OutputFormat.TABLE, "a\nb\n"),
        ([["a", 1], ["bcd"]], OutputFormat.TABLE, "a    1\nbcd\n"),
        ([[]], OutputFormat.TABLE, "\n"),
        ([{}], OutputFormat.TABLE, "\n"),
    ],
)
def test_WHEN_query_result_is_any_json_THEN_every_format_shows_it(
    document: Any, output: OutputFormat, written: str
) -> None:
    assert [line.strip() for line in document_text(document, output).splitlines()] == [
        line.strip() for line in written.splitlines()
    ]


def test_WHEN_table_has_wide_and_control_characters_THEN_columns_line_up() -> None:
    table = document_text([{"n": "漢字", "v": "x"}, {"n": "a\x1bb", "v": "y"}], OutputFormat.TABLE)

    header, _, first, second = table.splitlines()
    assert "a\\x1bb" in second
    # Two wide characters take the room of four.
    assert second.index("y") - first.index("x") == 2
    assert header.split() == ["n", "v"]


def test_WHEN_values_look_like_numbers_THEN_the_table_leaves_them_alone() -> None:
    assert "000123456789" in document_text([{"account": "000123456789"}], OutputFormat.TABLE)
    assert "1e5" in document_text([{"key": "1e5"}], OutputFormat.TABLE)


def test_WHEN_a_table_of_changes_is_too_wide_for_a_terminal_THEN_the_middle_of_its_arns_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    start = "arn:aws:ec2:us-east-1:123456789012:instance"
    rows = [{"change": "ec2.stop", "resource": f"{start}/i-0a1b2c3d4e5f6071{end}"} for end in "89"]
    alike = [{"change": "s3.tag", "resource": f"arn:aws:s3:::{end}-{'long' * 20}"} for end in "ab"]

    _, _, *shown = document_text(rows, OutputFormat.TABLE, for_terminal=True, may_shorten=True).splitlines()
    whole = [
        document_text(rows, OutputFormat.TABLE, may_shorten=True),
        document_text(rows, OutputFormat.TABLE, for_terminal=True),
    ]

    assert all(len(line) <= 60 and line.startswith("ec2.stop  arn:aws:ec2") for line in shown)
    assert [line.rstrip().rpartition("/")[2] for line in shown] == [
        "i-0a1b2c3d4e5f60718",
        "i-0a1b2c3d4e5f60719",
    ]
    assert all(rows[0]["resource"] in table for table in whole)
    table = document_text(alike, OutputFormat.TABLE, for_terminal=True, may_shorten=True)
    assert all(row["resource"] in table for row in alike), "two that would look alike stay whole"
