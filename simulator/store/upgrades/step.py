"""Steps of an upgrade: functions that change which tables there are and what their rows are, without SQL.

A step may remove a table, add one, or wrap the rows of one in a generator:

    def kinds_are_named(tables: Tables) -> None:
        earlier = tables.pop("batch")
        tables["subject"] = lambda: ({**row, "kind": "batch"} for row in earlier())

Each call reads the rows again, and never holds all of them in memory.
"""

from collections.abc import Callable, Iterator
from typing import Any

EarlierRow = dict[str, Any]
"""Columns of a row of an earlier version, which no class of today describes."""
Rows = Callable[[], Iterator[EarlierRow]]
"""Function that reads the rows of a table."""
Tables = dict[str, Rows]
"""Rows of each table by its name."""
Step = Callable[[Tables], None]
