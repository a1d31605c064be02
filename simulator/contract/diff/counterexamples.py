"""Messages that prove a verdict: valid under the edition of their maker, and what the other edition says of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulator.contract.breaches import ContractBreach
from simulator.contract.contract import Contract
from simulator.contract.diff.changes import Change
from simulator.contract.edition_rows import ENVELOPE, FILE, INPUT, OUTPUT, ROOT, FieldRow
from simulator.contract.example import example
from simulator.contract.layout import INSURED, LOCAL, REMOTE, Node, Variant
from simulator.contract.negative_examples import changed_at, widest, without
from simulator.contract.vocabulary import sibling_of

Path = tuple[str | int, ...]
_VARIANTS = (LOCAL, INSURED, REMOTE)


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Message that shows a difference: maker, transaction, direction, body, and the breaches that the reader sees."""

    infno: str
    direction: str
    variant: Variant
    body: Any
    faults: tuple[ContractBreach, ...]


def counterexamples(change: Change, maker: Contract, judge: Contract) -> Iterator[Counterexample]:
    """Messages that `maker` accepts and that touch the change, with what `judge` says at its place."""
    for infno, direction, places in _spots(change, maker, judge):
        if infno != ENVELOPE and not (maker.serves(infno) and judge.serves(infno)):
            continue
        for variant in _VARIANTS:
            for body in _bodies(change, maker, infno, direction, variant, places):
                if maker.judge(infno, direction, variant, body):
                    continue
                faults = judge.judge(infno, direction, variant, body)
                here = tuple(fault for fault in faults if _touches(fault.path, places))
                yield Counterexample(infno, direction, variant, body, here)


def refusal(change: Change, maker: Contract, judge: Contract) -> Counterexample | None:
    """A message valid under the one and refused under the other even in lenient, or None when none was found."""
    for found in counterexamples(change, maker, judge):
        if any(fault.is_error(strict=False) for fault in found.faults):
            return found
    return None


def _spots(change: Change, maker: Contract, judge: Contract) -> Iterator[tuple[str, str, list[str]]]:
    """Transaction, direction and dotted places that a change is about; a code is about every field of its table."""
    if change.subject in ("code", "table"):
        table = change.node or change.name
        both = {row.key for row in judge.edition.fields if judge.edition.checked_codes(row) is not None}
        for row in maker.edition.fields:
            if row.code_table == table and row.key in both and row.node != FILE:
                yield row.infno, row.direction, [_dotted(row.node, row.field)]
    elif change.subject != "transaction" and change.node != FILE:
        rows = [row for row in (change.old, change.new) if row is not None]
        places = [_dotted(row.node, row.field) for row in rows] or [_dotted(change.node, change.name)]
        yield change.infno, change.direction, places


def _dotted(node: str, field: str) -> str:
    return ".".join(part for part in (node, field) if part and part not in (ROOT, INPUT, OUTPUT))


def _touches(pointer: str, places: list[str]) -> bool:
    parts = [part for part in pointer.split("/")[1:] if not part.isdigit()]
    parts = parts[1:] if parts[:1] in (["input"], ["output"]) else parts
    return ".".join(parts) in places


def _bodies(
    change: Change, maker: Contract, infno: str, direction: str, variant: Variant, places: list[str]
) -> Iterator[Any]:
    layout = maker.layout(infno, direction)
    for full in (True, False):
        body = example(maker, infno, direction, variant, full=full)
        yield body
        for place in places:
            spot = _find(layout.root, body, place.split(".") if place else [], (0,) if layout.root.is_list else ())
            if spot is None:
                continue
            node, path, row = spot
            yield from _touched(change, maker, body, node, path, row)


def _find(node: Node, body: Any, parts: list[str], path: Path) -> tuple[Node, Path, FieldRow | None] | None:
    """The node that holds a place, the path of the place in the example, and its row."""
    for name in parts[:-1]:
        child = node.children.get(name)
        if child is None:
            return None
        node, path = child, (*path, name, 0) if child.is_list else (*path, name)
    if not parts:
        return None
    row = node.rows.get(parts[-1])
    here = body
    for part in path:
        try:
            here = here[part]
        except (KeyError, IndexError):
            return None
    return node, (*path, parts[-1]), row


def _touched(change: Change, maker: Contract, body: Any, node: Node, path: Path, row: FieldRow | None) -> Iterator[Any]:
    """The example with the place left out, and with every telling value put into it."""
    name = path[-1]
    holder = _holder(body, path)
    if name in holder:
        yield without(body, path)
    if row is not None:
        for value in _values(change, maker, row):
            yield changed_at(body, path, value)
    for sides in (change.old, change.new):
        sibling = sibling_of(sides.condition) if sides is not None else None
        if sibling is None or sides is None or sibling not in node.rows:
            continue
        bare = without(body, path) if name in holder else body
        code = sides.condition.partition("=")[2]
        yield changed_at(bare, (*path[:-1], sibling), code) if code else bare


def _holder(body: Any, path: Path) -> Any:
    for part in path[:-1]:
        body = body[part]
    return body


def _values(change: Change, maker: Contract, row: FieldRow) -> Iterator[Any]:
    codes = maker.edition.checked_codes(row)
    if codes is not None:
        yield from ([change.name] if change.subject == "code" and change.name in codes else list(codes))
        return
    if row.form == "digits15":
        yield from (1, "1", "000000000000001")
        return
    if row.type in ("N", "Int"):
        whole, scale = row.digits if row.type == "N" else (row.digits[0], 0)
        if whole is not None:
            yield 10**whole - 1
        yield from ([Decimal(1).scaleb(-scale)] if scale else [0])
        if whole is None:
            yield 10**30
        if scale is None:
            yield Decimal("0.1234567")
        return
    longest = widest(maker.edition, row)
    if longest is not None:
        yield longest
    if row.type == "C":
        yield from ("x", "长" * 5000) if not row.max_len else ("x",)
    if not row.type:
        yield from (1, [1], "x", {"x": 1})
