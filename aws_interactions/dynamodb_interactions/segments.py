"""Segments of a table read side by side from where they were left, page by page as DynamoDB has them."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import PaginationError

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions.errors import table_errors
from aws_interactions.dynamodb_interactions.expressions import AttributePath, Condition, Expressions
from aws_interactions.dynamodb_interactions.pages import index_errors, reading_parameters
from aws_interactions.dynamodb_interactions.scans import MAX_SEGMENTS, MAX_THREADS, side_by_side
from aws_interactions.dynamodb_interactions.values import Numbers

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

WireItem = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """A page of a segment; items and keys are as the low-level client has them, ``{"id": {"S": "a"}}``.

    ``next_key`` is where the segment goes on, ``None`` for its last page. ``scanned`` counts what was read,
    before the filter, and ``capacity_units`` what that cost.
    """

    segment: int
    items: list[WireItem]
    next_key: WireItem | None
    scanned: int
    capacity_units: float


Made = TypeVar("Made")


def _as_much_as_fits() -> None:
    return None


def scan_segments(
    table_name: str,
    aws_provider: "AwsClientProvider",
    *,
    segments: int,
    left: Mapping[int, WireItem | None],
    make: Callable[[SegmentPage], Made],
    before_page: Callable[[], int | None] = _as_much_as_fits,
    index: str | None = None,
    attributes: Iterable[AttributePath] | None = None,
    filter: Condition | None = None,  # noqa: A002 - DynamoDB's word
    names: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    consistent: bool = False,
) -> Iterator[Made]:
    """Yield what is made of each page of the segments ``left``, from their keys on; ``None`` is the start.

    The table is divided into ``segments``, and up to eight of them are read at a time (Scan). The pages of
    one segment come in order. ``before_page`` is called before each call, on the thread that makes it: it may
    wait, and returns how many items the page may read, ``None`` for as many as fit. ``make`` is called there
    too; what it returns waits to be fetched, so it had better be small. Errors are as in ``query``.
    """
    logger.debug(
        "scan_segments table=%s index=%s segments=%d left=%d", table_name, index, segments, len(left)
    )
    if not 1 <= segments <= MAX_SEGMENTS or any(not 0 <= number < segments for number in left):
        message = f"segments of a table count from 0, and there are 1 to {MAX_SEGMENTS} of them"
        raise InvalidInput(message)
    expressions = Expressions(names, values)
    common = reading_parameters(
        expressions, index, attributes, filter, None, Numbers.DECIMAL, consistent=consistent
    )
    parameters = {"TableName": table_name, "ReturnConsumedCapacity": "TOTAL", **common}
    client: Any = aws_provider.get_dynamodb()

    def pages(number: int) -> Generator[Made, None, None]:
        part = {"Segment": number, "TotalSegments": segments} if segments > 1 else {}
        key = left[number]
        while True:
            # No paginator: how much a page may read changes from one to the next.
            page = _page(client, number, {**parameters, **part}, key, before_page())
            yield make(page)
            if page.next_key is None:
                return
            if page.next_key == key:
                raise PaginationError(message="The same next token was received twice: scan")
            key = page.next_key

    with table_errors(table_name, index_errors(table_name, index)):
        yield from side_by_side(pages, left, workers=min(len(left), MAX_THREADS))


def _page(
    client: Any, segment: int, parameters: Mapping[str, Any], key: WireItem | None, limit: int | None
) -> SegmentPage:
    start = {} if key is None else {"ExclusiveStartKey": key}
    most = {} if limit is None else {"Limit": limit}
    found = client.scan(**parameters, **start, **most)
    return SegmentPage(
        segment=segment,
        items=found.get("Items", []),
        next_key=found.get("LastEvaluatedKey") or None,
        scanned=found.get("ScannedCount", 0),
        capacity_units=found.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0),
    )
