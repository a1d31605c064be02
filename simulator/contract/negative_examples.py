"""Messages that miss the contract by one thing, made from the rows: each breaks the rule of its kind and no other."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from simulator.contract.contract import Contract
from simulator.contract.edition_rows import AREAS, Edition, FieldRow
from simulator.contract.example import example
from simulator.contract.layout import LOCAL, Layout, Node, Variant
from simulator.contract.vocabulary import EQUALS, UNLESS

Path = tuple[str | int, ...]
KINDS = (
    "missing",
    "empty",
    "too_long",
    "wrong_type",
    "wrong_code",
    "wrong_date",
    "decimals",
    "too_wide",
    "not_digits",
    "wrong_form",
    "node_missing",
    "node_kind",
    "unknown_field",
)
_UNKNOWN_CODE = "×"
_IMPOSSIBLE_DAYS = {
    "D": "2025-02-29",
    "DT": "2025-02-29 09:30:00",
    "time14": "20250229093000",
    "time17": "2" + "0" * 16,
}


@dataclass(frozen=True, slots=True)
class NegativeExample:
    """Bad message: its kind, the place of the fault, and the rule and place that a check must name."""

    kind: str
    rule: str
    path: str
    place: str
    body: Any


def negative_examples(
    contract: Contract, infno: str, direction: str, variant: Variant = LOCAL, *, body: Any = None
) -> Iterator[NegativeExample]:
    """Every near-miss of a transaction and direction, in the order of the table.

    Made from the example, or from a valid `body` of one's own, such as a recorded one.
    """
    layout = contract.layout(infno, direction)
    if not layout.has_fields:
        return
    body = example(contract, infno, direction, variant) if body is None else body
    start: Path = (0,) if layout.root.is_list else ()
    maker = _Maker(layout, variant, body)
    yield from maker.of_root()
    yield from maker.of_node(layout.root, start)


@dataclass(frozen=True, slots=True)
class _Maker:
    layout: Layout
    variant: Variant
    body: Any

    @property
    def edition(self) -> Edition:
        return self.layout.edition

    def miss(self, kind: str, rule: str, path: Path, body: Any, *, place: str = "") -> NegativeExample:
        pointer = self.layout.place + "".join(f"/{part}" for part in path)
        dotted = ".".join(str(part) for part in path if isinstance(part, str))
        return NegativeExample(
            kind, rule, pointer, place or f"{self.layout.infno} {self.layout.direction} {dotted}", body
        )

    def put(self, path: Path, value: Any) -> Any:
        return changed_at(self.body, path, value)

    def of_root(self) -> Iterator[NegativeExample]:
        wrong: Any = {} if self.layout.root.is_list else []
        yield self.miss("node_kind", "node_kind", (), wrong)
        if self.layout.sole_list() is self.layout.root:
            yield self.miss("node_missing", "node_missing", (), [])

    def of_node(self, node: Node, path: Path) -> Iterator[NegativeExample]:
        for name in node.known():
            child, row = node.children.get(name), node.rows.get(name)
            where = (*path, name)
            if child is not None:
                if name in _at(self.body, path):
                    yield from self.of_child(node, child, where)
            elif row is not None:
                for kind, rule, value in _values(self.edition, row):
                    yield self.miss(kind, rule, where, self.put(where, value))
                yield from self.of_missing(row, path)
        unknown = f"{next(iter(node.known()))}_x"
        yield self.miss("unknown_field", "unknown_field", (*path, unknown), self.put((*path, unknown), "1"))

    def of_child(self, node: Node, child: Node, path: Path) -> Iterator[NegativeExample]:
        inside: Path = (*path, 0) if child.is_list else path
        value = _at(self.body, path)
        wrong = {} if child.is_list else [value]
        yield self.miss("node_kind", "node_kind", path, self.put(path, wrong))
        if child.is_required(self.variant, node):
            gone = "list_missing" if child.is_list and self.layout.direction == "out" else "node_missing"
            yield self.miss("node_missing", gone, path, without(self.body, path))
        if self.layout.sole_list() is child and child.is_required(self.variant, node):
            yield self.miss("node_missing", "node_missing", path, self.put(path, []))
        if value or not child.is_list:
            yield from self.of_node(child, inside)

    def of_missing(self, row: FieldRow, path: Path) -> Iterator[NegativeExample]:
        """Messages that lack a required field or leave it empty; a field that a code requires comes with that code."""
        equal, other = EQUALS.match(row.condition), UNLESS.match(row.condition)
        holder = _at(self.body, path)
        maker = self
        if equal is not None and not self.variant.requires(row):
            maker = replace(self, body=self.put((*path, equal[1]), equal[2]))
        elif not self.variant.requires(row) and (other is None or holder.get(other[1], "") != ""):
            return
        where = (*path, row.field)
        lacking = without(maker.body, where) if row.field in holder else maker.body
        yield self.miss("missing", "required", where, lacking)
        if row.type not in ("list", "object", ""):
            yield self.miss("empty", "empty", where, maker.put(where, ""))


def _values(edition: Edition, row: FieldRow) -> Iterator[tuple[str, str, Any]]:
    """Kind, rule and value of every way in which one field can be wrong."""
    codes = edition.checked_codes(row)
    if row.code_table == "infcode":
        yield "wrong_code", "code", "7"
        return
    if row.type in ("list", "object", "bytes"):
        yield "wrong_type", "type", 5
    elif row.type in ("N", "Int") and row.form != "digits15":
        yield from _wrong_numbers(row)
    elif row.type:
        yield "wrong_type", "type", True if row.form == "digits15" else 5
    if codes is not None:
        yield "wrong_code", "code", _UNKNOWN_CODE
    elif row.code_table == AREAS:
        yield "wrong_code", "code", "23090"
    elif row.form == "digits15":
        yield "not_digits", "digits", "12A"
    elif row.form in _IMPOSSIBLE_DAYS or row.type in ("D", "DT"):
        yield "wrong_date", "date", _IMPOSSIBLE_DAYS[row.form or row.type]
    elif row.form in ("msgid", "refmsgid"):
        yield "wrong_form", "msgid", "1"
    elif row.type == "C" and row.max_len:
        yield "too_long", "too_long", "长" * (int(row.max_len) + 1)


def _wrong_numbers(row: FieldRow) -> Iterator[tuple[str, str, Any]]:
    yield "wrong_type", "type", "1"
    whole, scale = row.digits if row.type == "N" else (row.digits[0], 0)
    if scale is not None:
        yield "decimals", "decimals", Decimal(1).scaleb(-scale - 1)
    if whole is not None:
        yield "too_wide", "range", 10**whole


def widest(edition: Edition, row: FieldRow) -> Any:
    """Longest value of a text field, in characters of three bytes each; None where no length is printed."""
    free = row.type == "C" and row.max_len and not row.form and row.code_table != AREAS
    return "长" * int(row.max_len) if free and edition.checked_codes(row) is None else None


def _at(body: Any, path: Path) -> Any:
    for part in path:
        body = body[part]
    return body


def changed_at(body: Any, path: Path, value: Any) -> Any:
    """Copy of the message with a changed value; parts off the path are shared with the original."""
    if not path:
        return value
    copy = body.copy()
    inner = body[path[0]] if len(path) > 1 else None
    copy[path[0]] = changed_at(inner, path[1:], value)
    return copy


def without(body: Any, path: Path) -> Any:
    copy = body.copy()
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = without(body[path[0]], path[1:])
    return copy
