"""Limit on threads that wait for agencies: for each one, and for all of them together."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from simulator.core.errors import refuse


class Bulkhead:
    """Counts the threads that wait for each agency.

    Agencies are told apart by URL, not by area: one system may answer for many areas.
    """

    def __init__(self, *, each: int = 24, total: int = 48) -> None:
        self.each = each
        self.total = total
        self._used: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def taken(self, line: str, area: str) -> Iterator[None]:
        """Holds a permit inside the block; raises Refusal when the agency's share or the total is exhausted."""
        with self._lock:
            if self._used[line] >= self.each or self._used.total() >= self.total:
                raise refuse("agency_busy", area=area, limit=self.each)
            self._used[line] += 1
        try:
            yield
        finally:
            with self._lock:
                self._used[line] -= 1
                if not self._used[line]:
                    del self._used[line]
