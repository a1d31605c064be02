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

    def __init__(self, *, per_agency: int = 24, total: int = 48) -> None:
        self.per_agency = per_agency
        self.total = total
        self._used: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def acquire(self, channel: str, area: str) -> Iterator[None]:
        """Holds a permit inside the block; raises Refusal when the agency's share or the total is exhausted."""
        with self._lock:
            if self._used[channel] >= self.per_agency or self._used.total() >= self.total:
                raise refuse("agency_busy", area=area, limit=self.per_agency)
            self._used[channel] += 1
        try:
            yield
        finally:
            with self._lock:
                self._used[channel] -= 1
                # Entries of idle agencies are removed, so that the counter does not grow with each URL ever registered.
                if not self._used[channel]:
                    del self._used[channel]
