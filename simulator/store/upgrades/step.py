"""Steps of an upgrade: functions of where the rows of each table come from, free of SQL.

A step may take a table away, put one in, or wrap the rows of one in a generator:

    def kinds_are_named(tables: Tables) -> None:
        earlier = tables.pop("batch")
        tables["subject"] = lambda: ({**row, "kind": "batch"} for row in earlier())

Rows are read anew with every call, and never all held in memory.
"""

from collections.abc import Callable, Iterator
from typing import Any

Rows = Callable[[], Iterator[dict[str, Any]]]
Tables = dict[str, Rows]
Step = Callable[[Tables], None]
