"""Pages of an answer by page_num and page_size, and the counts that some systems answer beside the rows."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from simulator.core.errors import refuse
from simulator.core.texts import text
from simulator.transactions.registry import Call

PAGE_FIELDS = ("page_num", "page_size")
LARGEST_PAGE = 1000
"""Rows of one page (ours; the documents print no limit)."""
_HIGHEST_NUMBER = 9999
"""Four digits, as printed."""

T = TypeVar("T")


def page_of(call: Call, asked: Mapping[str, Any], node: str, rows: Sequence[T]) -> tuple[Sequence[T], dict[str, Any]]:
    """The rows of the page asked for, none after the last one, and the counts; raises Refusal for no such page."""
    number = _whole(call, asked, node, "page_num", _HIGHEST_NUMBER)
    size = _whole(call, asked, node, "page_size", LARGEST_PAGE)
    first = (number - 1) * size
    page = rows[first : first + size]
    pages = -(-len(rows) // size)
    counts = {
        "recordCounts": len(rows),
        "pages": pages,
        "pageSize": size,
        "pageNum": number,
        "size": len(page),
        "startRow": first + 1 if page else 0,
        "firstPage": number == 1,
        "lastPage": number >= pages,
    }
    return page, counts


def _whole(call: Call, asked: Mapping[str, Any], node: str, name: str, highest: int) -> int:
    value: Any = asked.get(name)
    whole = isinstance(value, (int, Decimal)) and not isinstance(value, bool) and value == int(value)
    if not whole or not 1 <= value <= highest:
        rows = call.config.contract.edition.rows_of(call.infno, "in")
        name_zh = next((row.name_zh for row in rows if row.field == name), name)
        path, nearest = f"/input/{node}/{name}", _nearest(value, highest)
        values = {"name_zh": name_zh, "name": name, "got": value, "highest": highest}
        taken = text("finding.page_taken", **values, taken=nearest)
        call.refuse_in_strict(refuse("page_out_of_range", path=path, **values), taken=taken)
        return nearest
    return int(value)


def _nearest(value: Any, highest: int) -> int:
    """The number in range that is nearest to what was asked; 1 for what is no number."""
    if not isinstance(value, (int, Decimal)) or isinstance(value, bool):
        return 1
    return int(min(max(value, 1), highest))
