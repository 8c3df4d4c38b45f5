"""Scans: every item of a table or index, in one piece or in segments read side by side."""

import logging
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.calls import pages_of
from aws_interactions.dynamodb_interactions.errors import table_errors
from aws_interactions.dynamodb_interactions.expressions import AttributePath, Condition, Expressions
from aws_interactions.dynamodb_interactions.pages import (
    index_errors,
    item_pages,
    items_up_to,
    reading_parameters,
)
from aws_interactions.dynamodb_interactions.values import Item, Numbers

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

MAX_SEGMENTS = 1_000_000
MAX_THREADS = 8
_PAGES_AHEAD = 2
_LOOK_UP_SECONDS = 0.1

Pages = Generator[list[Item], None, None]
Page = TypeVar("Page")


def scan(
    table_name: str,
    aws_provider: "AwsClientProvider",
    *,
    segments: int = 1,
    segment: int | None = None,
    index: str | None = None,
    limit: int | None = None,
    attributes: Iterable[AttributePath] | None = None,
    filter: Condition | None = None,  # noqa: A002 - DynamoDB's word
    names: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    consistent: bool = False,
    numbers: Numbers | str = Numbers.DECIMAL,
) -> Iterator[Item]:
    """Yield every item of the table or index, in no order to rely on (Scan).

    ``segments`` above 1 divides the table and reads the parts side by side, in up to eight threads;
    ``segment`` (from 0) reads that part alone, for those who divide the work themselves. ``limit`` counts
    items that come out, after the filter. The other options and errors are as in ``query``.
    """
    logger.debug("scan table=%s index=%s segments=%d limit=%s", table_name, index, segments, limit)
    _check_segments(segments, segment)
    expressions = Expressions(names, values)
    parameters = {
        "TableName": table_name,
        **reading_parameters(expressions, index, attributes, filter, limit, numbers, consistent=consistent),
    }
    client: Any = aws_provider.get_dynamodb()

    def pages(number: int) -> Pages:
        part = {"Segment": number, "TotalSegments": segments} if segments > 1 else {}
        return item_pages(client, "scan", {**parameters, **part}, numbers)

    with table_errors(table_name, index_errors(table_name, index)):
        if segments == 1 or segment is not None:
            yield from items_up_to(limit, pages(segment or 0))
        else:
            workers = min(segments, MAX_THREADS)
            yield from items_up_to(limit, side_by_side(pages, range(segments), workers=workers))


def count_items(table_name: str, aws_provider: "AwsClientProvider", *, at_most: int) -> int:
    """Count the items of a table, but no further than ``at_most`` (Scan, which sends no items then).

    AWS reads each item that it counts, at the price of reading it; what DescribeTable tells for nothing may
    be six hours old. Counted consistently. Raises ``TableDoesNotExist``.
    """
    logger.debug("count_items table=%s at_most=%d", table_name, at_most)
    if at_most < 1:
        return 0
    client: Any = aws_provider.get_dynamodb()
    parameters = {"TableName": table_name, "Select": "COUNT", "ConsistentRead": True, "Limit": at_most}
    count = 0
    with table_errors(table_name):
        for page in pages_of(client, "scan", **parameters):
            count += page["Count"]
            if count >= at_most:
                break
    return min(count, at_most)


def _check_segments(segments: int, segment: int | None) -> None:
    if not 1 <= segments <= MAX_SEGMENTS:
        message = f"{segments} segments, where DynamoDB takes 1 to {MAX_SEGMENTS}"
        raise InvalidInput(message)
    if segment is not None and not 0 <= segment < segments:
        message = f"segment {segment} of {segments}: they count from 0"
        raise InvalidInput(message)


def side_by_side(
    pages: Callable[[int], Generator[Page, None, None]], numbers: Iterable[int], *, workers: int
) -> Generator[Page, None, None]:
    """Yield the pages of all these segments as they come; the first error of any ends it."""
    reading = _SegmentReading(pages, numbers)
    for _ in range(workers):
        # A daemon, because whoever stops early does not wait for answers on their way.
        threading.Thread(target=reading.work, daemon=True).start()
    try:
        while workers:
            got = reading.ready.get()
            if isinstance(got, BaseException):
                raise got
            if got is None:
                workers -= 1
            else:
                yield got
    finally:
        reading.stopped.set()


class _SegmentReading(Generic[Page]):
    """Segments that threads take one after another, and the pages that are ready, a few at a time."""

    def __init__(self, pages: Callable[[int], Generator[Page, None, None]], numbers: Iterable[int]) -> None:
        self._pages = pages
        self._numbers = iter(numbers)
        self._lock = threading.Lock()
        self.stopped = threading.Event()
        self.ready: queue.Queue[Page | BaseException | None] = queue.Queue(MAX_THREADS * _PAGES_AHEAD)

    def work(self) -> None:
        """Read segments until there are none, and say so; an error is handed over in place of a page."""
        try:
            while (number := self._next_number()) is not None:
                for page in self._pages(number):
                    if not self._hand_over(page):
                        return
        except BaseException as error:  # noqa: BLE001 - raised again by whoever reads the pages
            self._hand_over(error)
        else:
            self._hand_over(None)

    def _next_number(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)

    def _hand_over(self, page: Page | BaseException | None) -> bool:
        while not self.stopped.is_set():
            try:
                self.ready.put(page, timeout=_LOOK_UP_SECONDS)
            except queue.Full:
                continue
            return True
        return False
