"""Pages of an answer by page_num and page_size, with the counts that some systems answer beside the rows."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from simulator.core.errors import refuse
from simulator.core.texts import text
from simulator.insured.place import Body
from simulator.transactions.registry import Call

PAGE_FIELDS = ("page_num", "page_size")
LARGEST_PAGE = 1000
"""Rows of a page at most (ours; the documents print no limit)."""
_HIGHEST_NUMBER = 9999
"""Highest page number: the documents print four digits."""

T = TypeVar("T")


def page_of(call: Call, asked: Body, node: str, rows: Sequence[T]) -> tuple[Sequence[T], dict[str, int]]:
    """Returns the rows of a page, none after the last, and the counts; raises Refusal for a number that is no page."""
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


def _whole(call: Call, asked: Body, node: str, name: str, highest: int) -> int:
    value: object = asked.get(name)
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and value == int(value):
        number = int(value)
        if 1 <= number <= highest:
            return number
    rows = call.config.contract.edition.rows_of(call.infno, "in")
    name_zh = next((row.name_zh for row in rows if row.field == name), name)
    nearest = _nearest(value, highest)
    values = {"name_zh": name_zh, "name": name, "got": value, "highest": highest}
    taken = text("finding.page_taken", **values, taken=nearest)
    call.refuse_in_strict(refuse("page_out_of_range", path=f"/input/{node}/{name}", **values), taken=taken)
    return nearest


def _nearest(value: object, highest: int) -> int:
    """Number in range nearest to the one asked for; 1 for a value that is no number."""
    if not isinstance(value, (int, Decimal)) or isinstance(value, bool):
        return 1
    return int(min(max(value, 1), highest))
