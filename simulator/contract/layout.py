"""The rows of one transaction and direction as a tree of nodes, the way they nest in a message."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from simulator.contract.edition_rows import FILE, INPUT, OUTPUT, ROOT, Edition, FieldRow
from simulator.contract.vocabulary import EQUALS


@dataclass(frozen=True, slots=True)
class Variant:
    """Variant of a contract as the header decides it: two different places, an insured person (remote implies one)."""

    remote: bool = False
    insured: bool = False

    def requires(self, row: FieldRow) -> bool:
        """True where this variant alone makes the field required."""
        if row.required != "C":
            return row.required == "Y"
        return (row.condition == "remote" and self.remote) or (row.condition == "insured" and self.insured)


LOCAL, INSURED, REMOTE = Variant(), Variant(insured=True), Variant(remote=True, insured=True)


@dataclass(slots=True)
class Node:
    """Object or list of a message; its rows and inner nodes in the order of the table."""

    name: str
    path: tuple[str, ...]
    is_list: bool
    order: float
    rule: FieldRow | None = None
    rows: dict[str, FieldRow] = field(default_factory=dict)
    children: dict[str, "Node"] = field(default_factory=dict)
    orders: dict[str, float] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.rule.name_zh if self.rule else ""

    def known(self) -> list[str]:
        """Every name that may stand in this node."""
        return [*self.rows, *self.children]

    def requires_something(self, variant: Variant) -> bool:
        if any(variant.requires(row) for row in self.rows.values()):
            return True
        return any(child.is_required(variant, self) for child in self.children.values())

    def is_required(self, variant: Variant, parent: "Node") -> bool:
        """A node must be there when a row says so, or else when one of its fields must."""
        ruling = self.rule or parent.rows.get(self.name)
        if ruling is not None and ruling.required:
            return ruling.required == "Y"
        return self.requires_something(variant)

    def walk(self) -> Iterator["Node"]:
        yield self
        for child in self.children.values():
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Layout:
    """The tree under `input`, `output` or the envelope; `place` is the JSON pointer of its root."""

    infno: str
    direction: str
    place: str
    root: Node
    edition: Edition

    @property
    def has_fields(self) -> bool:
        return any(node.rows for node in self.root.walk())

    def sole_list(self) -> Node | None:
        """The only node of an input when it is a list: a message without a row of it says nothing."""
        if self.direction != "in" or self.root.rows or len(self.root.children) != 1:
            return self.root if self.direction == "in" and self.root.is_list else None
        only = next(iter(self.root.children.values()))
        return only if only.is_list else None


def layout_of(edition: Edition, infno: str, direction: str) -> Layout:
    """The tree of a transaction and direction; columns of exchanged files are no part of it."""
    rows = [row for row in edition.rows_of(infno, direction) if row.node != FILE]
    top = {"in": INPUT, "out": OUTPUT}[direction]
    own = [row for row in rows if row.node in (top, ROOT)]
    root = Node("", (), bool(own) and own[0].node_kind == "list", -1.0)
    for order, row in enumerate(rows):
        node = root if row.node in (top, ROOT) else _reach(edition, root, row, order)
        node.rows[row.field] = row
        node.orders[row.field] = float(order)
    place = "" if own and own[0].node == ROOT else f"/{'input' if direction == 'in' else 'output'}"
    return Layout(infno, direction, place, root, edition)


def _reach(edition: Edition, root: Node, row: FieldRow, order: int) -> Node:
    node = root
    parts = row.node.split(".")
    for depth, name in enumerate(parts, 1):
        if name not in node.children:
            dotted = ".".join(parts[:depth])
            rule = edition.nodes.get((row.infno, row.direction, dotted))
            is_list = row.node_kind == "list" if depth == len(parts) else bool(rule and rule.node_kind == "list")
            node.children[name] = Node(name, (*node.path, name), is_list, order - 0.5, rule)
        node = node.children[name]
    return node


def deciding_fields(node: Node) -> dict[str, str]:
    """Fields of a node whose code makes another one required, with that code."""
    found: dict[str, str] = {}
    for row in node.rows.values():
        equal = EQUALS.match(row.condition)
        if equal:
            found[equal[1]] = equal[2]
    return found
