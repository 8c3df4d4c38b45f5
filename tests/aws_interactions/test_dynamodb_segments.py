from typing import TYPE_CHECKING, Any

import pytest

from aws_interactions import dynamodb_interactions as dynamodb
from aws_interactions.aws_errors import InvalidInput, Unavailable
from aws_interactions.dynamodb_interactions import KeyAttribute, SegmentPage, TableSpec
from aws_interactions.testing import FakeClient, fake_provider

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

IDS = [f"i-{number:02}" for number in range(30)]


@pytest.fixture
def things(aws_provider: "AwsClientProvider") -> "AwsClientProvider":
    dynamodb.create_table(TableSpec("things", (KeyAttribute("id", "S"),)), aws_provider)
    items = [{"id": each, "n": number} for number, each in enumerate(IDS)]
    dynamodb.batch_write("things", items, [], aws_provider, key_names=("id",))
    return aws_provider


def pages_of(aws_provider: "AwsClientProvider", **options: Any) -> list[SegmentPage]:
    chosen = {"segments": 1, "left": {0: None}, **options}
    return list(dynamodb.scan_segments("things", aws_provider, make=lambda page: page, **chosen))


def ids_of(pages: list[SegmentPage]) -> list[str]:
    return sorted(item["id"]["S"] for page in pages for item in page.items)


@pytest.mark.parametrize("segments", [1, 3, 40])
def test_WHEN_all_segments_are_read_THEN_each_item_comes_once_as_it_was_sent(
    things: "AwsClientProvider", segments: int
) -> None:
    pages = pages_of(things, segments=segments, left=dict.fromkeys(range(segments)), before_page=lambda: 4)
    assert ids_of(pages) == IDS
    assert {"id": {"S": "i-07"}, "n": {"N": "7"}} in [item for page in pages for item in page.items]
    assert sum(page.next_key is None for page in pages) == segments
    assert all(page.capacity_units > 0 for page in pages if page.items)


def test_WHEN_segments_are_gone_on_with_THEN_the_rest_of_them_comes_and_nothing_else(
    things: "AwsClientProvider",
) -> None:
    before: list[SegmentPage] = []
    for page in dynamodb.scan_segments(
        "things", things, segments=2, left={0: None, 1: None}, make=lambda page: page, before_page=lambda: 3
    ):
        before.append(page)
        if len(before) == 4:
            break
    left: dict[int, Any] = {0: None, 1: None}
    for page in before:
        left[page.segment] = page.next_key
        if page.next_key is None:
            del left[page.segment]
    after = pages_of(things, segments=2, left=left)
    assert ids_of([*before, *after]) == IDS


def test_WHEN_a_filter_leaves_a_page_empty_THEN_it_is_read_on_AND_what_was_read_is_told(
    things: "AwsClientProvider",
) -> None:
    pages = pages_of(things, before_page=lambda: 5, filter="n = :n", values={":n": 29})
    assert ids_of(pages) == ["i-29"]
    assert sum(page.scanned for page in pages) == 30


def test_WHEN_the_same_key_comes_again_THEN_it_is_no_endless_table() -> None:
    client = FakeClient("dynamodb").answers("scan", {"Items": [], "LastEvaluatedKey": {"id": {"S": "a"}}})
    with pytest.raises(Unavailable, match="the same page twice"):
        pages_of(fake_provider(dynamodb=client))


def test_WHEN_a_segment_is_none_of_the_tables_THEN_nothing_is_read() -> None:
    with pytest.raises(InvalidInput, match="count from 0"):
        pages_of(fake_provider(dynamodb=FakeClient("dynamodb")), segments=2, left={2: None})
