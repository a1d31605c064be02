"""How many threads may wait: for one agency, and for all of them together."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from simulator.core.errors import refuse


class Bulkhead:
    """Counts who waits for what; an agency is named by its URL, since one may answer for many areas."""

    def __init__(self, *, each: int = 24, total: int = 48) -> None:
        self.each = each
        self.total = total
        self._used: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def taken(self, line: str, area: str) -> Iterator[None]:
        """Holds a slot inside the block; raises Refusal when the agency, or all together, have none left."""
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
