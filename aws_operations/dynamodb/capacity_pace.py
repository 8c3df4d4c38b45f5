"""Keeps reading within so many capacity units a second, by what the answers say they cost."""

import threading
import time
from collections.abc import Callable

_FIRST_PAGE_ITEMS = 50


class CapacityPace:
    """Spreads calls so that what they cost stays, taken together, at ``units_per_second``; for all threads.

    A page is made so small that it costs about a second's share of one of ``readers``. ``sleep`` may raise to
    end the wait.
    """

    def __init__(
        self,
        units_per_second: float,
        *,
        readers: int,
        sleep: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._units_per_second = units_per_second
        self._units_a_page = units_per_second / readers
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._paid_until = clock()
        self._units = 0.0
        self._items = 0

    def before_page(self) -> int:
        """Wait until a page may be asked for, and return how many items it may read."""
        with self._lock:
            wait = self._paid_until - self._clock()
            # Taken as spent until the answer says what it was: the others wait for it too.
            self._pay(self._units_a_page)
        if wait > 0:
            self._sleep(wait)
        with self._lock:
            if not self._items or not self._units:
                return max(1, min(_FIRST_PAGE_ITEMS, int(self._units_a_page)))
            return max(1, int(self._units_a_page * self._items / self._units))

    def after_page(self, units: float, items: int) -> None:
        """Take note of what a page cost, and how many items it read for it."""
        with self._lock:
            self._units += units
            self._items += items
            self._pay(units - self._units_a_page)

    def _pay(self, units: float) -> None:
        self._paid_until = max(self._paid_until, self._clock()) + units / self._units_per_second
