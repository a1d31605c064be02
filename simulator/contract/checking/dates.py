"""Begin and end of the same thing: the end is not before the begin."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from simulator.contract.breaches import ContractBreach
from simulator.contract.layout import Layout, Node
from simulator.core.texts import text

_ENDS = (("begn", "end"), ("Begn", "End"), ("stt", "end"), ("adm", "dscg"))


@cache
def _end_of(field: str) -> tuple[str, ...]:
    return tuple(field.replace(begin, end, 1) for begin, end in _ENDS if begin in field)


def pairs_of(node: Node) -> tuple[tuple[str, str], ...]:
    """Fields of a node that begin and end the same thing, both dates or both times."""
    found: list[tuple[str, str]] = []
    for row in node.rows.values():
        if row.type not in ("D", "DT"):
            continue
        for other in _end_of(row.field):
            end = node.rows.get(other)
            if end is not None and end is not row and end.type == row.type:
                found.append((row.field, other))
    return tuple(found)


def date_faults(
    layout: Layout, pairs: Mapping[tuple[str, ...], tuple[tuple[str, str], ...]], body: Any
) -> list[ContractBreach]:
    """Every pair that is in the wrong order; `pairs` holds those of each node by its path."""
    return _node(layout, pairs, layout.root, body, layout.place)


def _node(layout: Layout, pairs: Any, node: Node, value: Any, path: str) -> list[ContractBreach]:
    if isinstance(value, list):
        items = enumerate(value)
        return [fault for index, item in items for fault in _node(layout, pairs, node, item, f"{path}/{index}")]
    if not isinstance(value, dict):
        return []
    found: list[ContractBreach] = []
    for begin, end in pairs.get(node.path, ()):
        first, last = value.get(begin), value.get(end)
        if isinstance(first, str) and isinstance(last, str) and first and last and last < first:
            found.append(_fault(layout, node, begin, end, first=first, last=last, path=path))
    for name, child in node.children.items():
        if name in value:
            found += _node(layout, pairs, child, value[name], f"{path}/{name}")
    return found


def _fault(layout: Layout, node: Node, begin: str, end: str, *, first: str, last: str, path: str) -> ContractBreach:
    row = node.rows[end]
    allowed = text("contract.not_before", field=begin, value=first)
    sentence = text("contract.fault_dates_order", field=end, name=row.name_zh, got=last, allowed=allowed)
    return ContractBreach("dates_order", f"{path}/{end}", end, row.name_zh, last, allowed, sentence, row.place)
