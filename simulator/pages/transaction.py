"""Page of a transaction: nodes with their fields, allowed values, and near-misses."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from simulator.contract import Contract, ContractBreach, FieldRow
from simulator.contract.breaches import condition_words
from simulator.contract.edition_rows import AREAS, ENVELOPE, FILE
from simulator.contract.layout import LOCAL, REMOTE, Node, Variant
from simulator.contract.negative_examples import NegativeExample, negative_examples
from simulator.core.texts import Text, plain, text

DIRECTIONS = ("in", "out")
ALWAYS, SOMETIMES, NEVER = "always", "sometimes", "never"
MOST_CODES = 30
"""Codes that unfold beside a field; a longer table has its own page."""


@dataclass(frozen=True, slots=True)
class FieldLine:
    """Field as a page shows it: row, allowed values in words, condition, codes where they are printed."""

    row: FieldRow
    kind: Text
    length: str
    need: str
    """always, sometimes or never."""
    when: Text
    codes: Mapping[str, str] | None
    table_title: str


@dataclass(frozen=True, slots=True)
class Block:
    """Node with its own fields; nodes inside it are blocks of their own."""

    path: str
    title: str
    is_list: bool
    need: str
    when: Text
    doubt: str
    depth: int
    lines: tuple[FieldLine, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """The request or the answer of a transaction."""

    direction: str
    blocks: tuple[Block, ...]
    count: int
    varies: bool
    """True where a remote message must have other fields than a local one."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A near-miss and the breach it is refused for; `number` counts from 0 in the order of the table."""

    number: int
    kind: str
    path: str
    fault: ContractBreach


def side_of(contract: Contract, infno: str, direction: str) -> Side:
    """Rows of the edition for a direction of a transaction."""
    layout = contract.layout(infno, direction)
    blocks = list(_blocks(contract, layout.root, parent=None, depth=0))
    columns = [row for row in contract.edition.rows_of(infno, direction) if row.node == FILE]
    if columns:
        lines = tuple(_field_line(contract, row) for row in columns)
        blocks.append(Block(FILE, "", True, ALWAYS, plain(""), "", 0, lines))
    count = sum(len(block.lines) for block in blocks)
    return Side(direction, tuple(blocks), count, len(contract.variants(infno, direction)) > 1)


def variant_of(contract: Contract, infno: str, direction: str, *, remote: bool) -> Variant:
    """The variant that was asked for, where the transaction has it."""
    return REMOTE if remote and infno != ENVELOPE and len(contract.variants(infno, direction)) > 1 else LOCAL


def misses_of(contract: Contract, infno: str, direction: str, variant: Variant, kind: str = "") -> list[Miss]:
    """The near-misses of a direction, each with the first breach that the contract names."""
    found = []
    for number, miss in enumerate(negative_examples(contract, infno, direction, variant)):
        if kind in ("", miss.kind):
            fault = contract.judge(infno, direction, variant, miss.body)[0]
            found.append(Miss(number, miss.kind, miss.path, fault))
    return found


def miss_at(contract: Contract, infno: str, direction: str, variant: Variant, number: int) -> NegativeExample | None:
    """The near-miss of that number, or None."""
    for index, miss in enumerate(negative_examples(contract, infno, direction, variant)):
        if index == number:
            return miss
    return None


@lru_cache(maxsize=512)
def miss_counts(contract: Contract, infno: str, direction: str, variant: Variant) -> Mapping[str, int]:
    """Numbers of near-misses by kind, in the order of the table."""
    return Counter(miss.kind for miss in negative_examples(contract, infno, direction, variant))


def _blocks(contract: Contract, node: Node, parent: Node | None, depth: int) -> Iterator[Block]:
    # A field of type list or object that is a node of its own is told by its block.
    rows = [row for name, row in node.rows.items() if name not in node.children]
    if rows or parent is not None:
        need, when = (ALWAYS, plain("")) if parent is None else _need_of_node(node, parent)
        ruling = _ruling(node, parent)
        doubt = ruling.doubt if ruling else ""
        lines = tuple(_field_line(contract, row) for row in rows)
        yield Block(".".join(node.path), node.title, node.is_list, need, when, doubt, depth, lines)
    for child in node.children.values():
        yield from _blocks(contract, child, node, depth + (parent is not None))


def _ruling(node: Node, parent: Node | None) -> FieldRow | None:
    return node.rule or (parent.rows.get(node.name) if parent is not None else None)


def _need_of_node(node: Node, parent: Node) -> tuple[str, Text]:
    if node.is_required(LOCAL, parent):
        return ALWAYS, plain("")
    if node.is_required(REMOTE, parent):
        return SOMETIMES, condition_words("remote")
    return NEVER, plain("")


def _field_line(contract: Contract, row: FieldRow) -> FieldLine:
    edition = contract.edition
    table = edition.tables.get(row.code_table)
    need = {"Y": ALWAYS, "C": SOMETIMES}.get(row.required, NEVER)
    when = condition_words(row.condition) if row.required == "C" else plain("")
    codes = edition.checked_codes(row)
    return FieldLine(row, _kind(row), _length(row), need, when, codes, table.title_zh if table else "")


def _kind(row: FieldRow) -> Text:
    if row.code_table == AREAS:
        return text("pages.type_area")
    if row.form and row.form != "scale_unknown":
        return text(f"pages.form_{row.form}")
    return text(f"pages.type_{row.type or 'unknown'}")


def _length(row: FieldRow) -> str:
    """The printed length, where the kind does not say it already."""
    told = row.code_table == AREAS or row.form not in ("", "scale_unknown")
    return "" if told or row.type not in ("C", "N", "Int", "bytes", "") else row.max_len
