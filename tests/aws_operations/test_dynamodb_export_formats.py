"""Lines of an export: the very documents that items are elsewhere, and cells that nothing is lost in."""

import csv
import gzip
import io
import json
from decimal import Decimal
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings, strategies as st

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import to_item
from aws_operations.dynamodb.export_formats import (
    Compression,
    ExportFormat,
    compressor,
    document_of_wire,
    lines_in,
)
from aws_operations.dynamodb.plain_json import document_of, json_line, parse_item, parse_value, same

NUMBERS = st.one_of(
    st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1).map(Decimal),
    st.decimals(min_value=-(10**9), max_value=10**9, places=6),
    st.floats(min_value=1e-120, max_value=1e120).map(lambda number: Decimal(repr(number))),
    st.tuples(st.integers(-(10**20), 10**20), st.integers(-120, 80)).map(
        lambda parts: Decimal(parts[0]).scaleb(parts[1])
    ),
)
SCALARS = st.one_of(
    *(st.text(), st.none(), st.booleans(), NUMBERS, st.binary()),
    *(st.sets(each, min_size=1) for each in (st.text(), st.binary(), NUMBERS)),
)
NAMES = st.one_of(st.text(min_size=1), st.sampled_from(["$set", "$map", "$number", "$binary"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_WHEN_an_item_is_written_straight_THEN_it_is_the_document_of_its_values(item: dict[str, Any]) -> None:
    wire = to_item(item)
    assert json_line(document_of_wire(wire)) == json_line(document_of(item))


@pytest.mark.parametrize(
    "text", ["0", "-0", "7.0", "-1.50", "00012", "1E+2", "0.1", "-0.0", "123456789012345678", "1.", ".5"]
)
def test_WHEN_a_number_is_written_in_any_way_THEN_it_is_the_same_number(text: str) -> None:
    assert same(document_of_wire({"n": {"N": text}}), document_of({"n": Decimal(text)}))


def test_WHEN_items_are_written_in_dynamodbs_own_json_THEN_each_is_whole_AND_binary_is_base64() -> None:
    _, lines = lines_in(ExportFormat.DYNAMODB_JSON, None)
    item = {"b": {"B": b"\x00\xff"}, "s": {"BS": [b"b", b"a"]}, "m": {"M": {"l": {"L": [{"B": b"x"}]}}}}
    assert json.loads(lines([item])) == {
        "Item": {"b": {"B": "AP8="}, "s": {"BS": ["YQ==", "Yg=="]}, "m": {"M": {"l": {"L": [{"B": "eA=="}]}}}}
    }


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4))
def test_WHEN_items_are_written_as_csv_THEN_each_cell_tells_what_it_was(item: dict[str, Any]) -> None:
    head, lines = lines_in(ExportFormat.CSV, "abcd")
    text = (head + lines([to_item(item)])).decode()
    names, cells = csv.reader(io.StringIO(text, newline=""))
    read = {}
    for name, cell in zip(names, cells, strict=True):
        assert not cell.startswith(("=", "+", "@", "\t", "\r"))
        if cell:
            try:
                read[name] = parse_value(cell)
            except InvalidInput:
                read[name] = cell
    assert json_line(document_of(read)) == json_line(document_of(item))


def test_WHEN_botocore_does_not_know_the_type_of_an_attribute_THEN_it_is_not_left_out_unsaid() -> None:
    with pytest.raises(InvalidInput, match=r"new.*type is not known"):
        document_of_wire({"id": {"S": "a"}, "new": {}})


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("plain text", "plain text"),
        ("true story", "true story"),
        ("12", '"""12"""'),
        ("null", '"""null"""'),
        ("", '""""""'),
        ("=1+1", '"""=1+1"""'),
        ("-5", '"""-5"""'),
        (" padded", '""" padded"""'),
    ],
)
def test_WHEN_text_would_be_mistaken_in_a_cell_THEN_it_is_in_quotes(text: str, cell: str) -> None:
    _, lines = lines_in(ExportFormat.CSV, ["a", "absent"])
    assert lines([{"a": {"S": text}}]).decode() == f"{cell},\r\n"


@pytest.mark.parametrize("columns", [None, [], ["a.b"], ["a[0]"]])
def test_WHEN_columns_are_none_or_parts_THEN_csv_is_refused(columns: list[str] | None) -> None:
    with pytest.raises(InvalidInput, match="CSV"):
        lines_in(ExportFormat.CSV, columns)


def test_WHEN_blocks_are_compressed_one_by_one_THEN_they_are_one_file() -> None:
    blocks = [b"one\n", b"", b"two\n"]
    for compression, read in (
        (Compression.NONE, bytes),
        (Compression.GZIP, gzip.decompress),
        (Compression.ZSTD, _unpacked),
    ):
        compress = compressor(compression)
        assert read(b"".join(map(compress, blocks))) == b"one\ntwo\n"


def _unpacked(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True).read()


def test_WHEN_a_line_is_plain_THEN_what_reads_items_reads_it() -> None:
    item = {"id": "ü\n", "n": Decimal("12345678901234567890.123456789012345678"), "s": {b"a"}}
    _, lines = lines_in(ExportFormat.JSONL, None)
    assert parse_item(lines([to_item(item)]).decode()) == item
