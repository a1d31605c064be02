"""Steps of an upgrade: functions that change which tables there are and what their rows are, without SQL.

A step may remove a table, add one, or wrap the rows of one in a generator:

    def kinds_are_named(tables: Tables) -> None:
        earlier = tables.pop("batch")
        tables["subject"] = lambda: ({**row, "kind": "batch"} for row in earlier())

Each call reads the rows again, and never holds all of them in memory.
"""

from collections.abc import Callable, Iterator
from typing import Any

Rows = Callable[[], Iterator[dict[str, Any]]]
"""Function that reads the rows of a table, each a dict of its columns."""
Tables = dict[str, Rows]
"""Rows of each table by its name."""
Step = Callable[[Tables], None]
