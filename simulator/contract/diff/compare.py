"""Compares two editions: transactions, nodes, fields and code tables, with what was renamed or moved recognised."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from simulator.contract.diff.changes import BREAKING, LEVELS, RISKY, SAFE, Change, Part, Verdict
from simulator.contract.diff.codes import code_changes
from simulator.contract.diff.fields import parts_of, requirement_words, verdict
from simulator.contract.diff.nodes import Nodes
from simulator.contract.edition_rows import ENVELOPE, FILE, Edition, FieldRow
from simulator.contract.layout import layout_of
from simulator.contract.vocabulary import DIRECTIONS
from simulator.core.texts import plain, text

_NOTHING = plain("—")


@dataclass(frozen=True, slots=True)
class EditionDifference:
    """Difference of two editions: the header, then transaction by transaction, codes last."""

    old: Edition
    new: Edition
    changes: tuple[Change, ...]

    def count(self, level: str) -> int:
        return sum(change.level == level for change in self.changes)

    def reaches(self, level: str) -> bool:
        """True where a change is as bad as the level, or worse."""
        return any(LEVELS.index(change.level) >= LEVELS.index(level) for change in self.changes)

    def of(self, transactions: Collection[str]) -> "EditionDifference":
        """The part about these transactions, with the code tables that their fields use."""
        rows = [row for edition in (self.old, self.new) for row in edition.fields if row.infno in transactions]
        tables = {row.code_table for row in rows}
        kept = [change for change in self.changes if change.infno in transactions]
        kept += [change for change in self.changes if not change.infno and (change.node or change.name) in tables]
        return EditionDifference(self.old, self.new, tuple(kept))


def compare(old: Edition, new: Edition) -> EditionDifference:
    """Compares two editions as an upgrade from the old to the new."""
    found = [change for direction in DIRECTIONS for change in _rows(old, new, ENVELOPE, direction)]
    for infno in dict.fromkeys([*old.transactions, *new.transactions]):
        found += _transaction(old, new, infno)
    return EditionDifference(old, new, (*found, *code_changes(old, new)))


def _transaction(old: Edition, new: Edition, infno: str) -> Iterator[Change]:
    before, after = old.transactions.get(infno), new.transactions.get(infno)
    if before is not None and after is not None and before.state == after.state:
        for direction in DIRECTIONS:
            yield from _rows(old, new, infno, direction)
        return
    known = after or before
    assert known is not None
    if before is None or after is None:
        there = text(f"contract.diff_state_{known.state}")
        refused = verdict(BREAKING if known.state == "tables" else SAFE, f"transaction_{known.state}")
        unused = verdict(SAFE, "transaction_unused")
        if before is None:
            part, kind = Part("present", _NOTHING, there, unused, refused), "added"
        else:
            part, kind = Part("present", there, _NOTHING, refused, unused), "removed"
    else:
        states = [text(f"contract.diff_state_{state}") for state in (before.state, after.state)]
        unknown = verdict(RISKY, "state_unknown")
        part, kind = Part("state", states[0], states[1], unknown, unknown), "changed"
    yield Change("transaction", kind, infno, "", "", "", known.name_zh, (part,))


def _rows(old: Edition, new: Edition, infno: str, direction: str) -> Iterator[Change]:
    nodes = Nodes(layout_of(old, infno, direction), layout_of(new, infno, direction))
    yield from nodes.changes()
    before = {row.key: row for row in old.rows_of(infno, direction)}
    after = {row.key: row for row in new.rows_of(infno, direction)}
    gone = [row for key, row in before.items() if key not in after]
    come = [row for key, row in after.items() if key not in before]
    twins = _twins(gone, come)
    taken = {row.key for row in twins.values()}
    for key in dict.fromkeys([*before, *after]):
        earlier, later = before.get(key), after.get(key)
        if earlier is not None and later is not None:
            parts = parts_of(old, earlier, new, later)
            if parts:
                yield _change("changed", parts, earlier, later)
        elif earlier is not None:
            twin = twins.get(key)
            if twin is not None:
                kind = "renamed" if twin.node == earlier.node else "moved"
                yield _change(kind, [_paired(earlier, twin), *parts_of(old, earlier, new, twin)], earlier, twin)
            elif nodes.holds(earlier):
                yield _change("removed", [_removed(earlier)], earlier, None)
        elif later is not None and key not in taken and nodes.holds(later):
            yield _change("added", [_added(later)], None, later)


def _twins(gone: list[FieldRow], come: list[FieldRow]) -> dict[tuple[str, str, str, str], FieldRow]:
    """Fields that went and came under another name in the same node, or under the same name in another node."""
    found: dict[tuple[str, str, str, str], FieldRow] = {}
    left = list(come)
    for row in gone:
        for other in left:
            renamed = other.node == row.node and other.name_zh == row.name_zh
            moved = other.field == row.field and other.name_zh == row.name_zh
            if (renamed or moved) and other.type == row.type and FILE not in (row.node, other.node):
                found[row.key] = other
                left.remove(other)
                break
    return found


def _change(kind: str, parts: list[Part], old: FieldRow | None, new: FieldRow | None) -> Change:
    row = new or old
    assert row is not None
    return Change("field", kind, row.infno, row.direction, row.node, row.field, row.name_zh, tuple(parts), old, new)


def _missed(row: FieldRow, side: str) -> Verdict:
    """Effect of a message that lacks a field which its reader knows."""
    if row.required == "N":
        return verdict(SAFE, f"{side}_does_not_need_it")
    if row.condition == "stated":
        return verdict(RISKY, f"{side}_may_need_it")
    return verdict(BREAKING, f"{side}_misses_it", when=requirement_words(row))


def _removed(row: FieldRow) -> Part:
    if row.node == FILE:
        return Part("present", requirement_words(row), _NOTHING, *[verdict(RISKY, "file_column")] * 2)
    sender = verdict(RISKY, "unknown_to_new")
    return Part("present", requirement_words(row), _NOTHING, sender, _missed(row, "old"))


def _added(row: FieldRow) -> Part:
    if row.node == FILE:
        return Part("present", _NOTHING, requirement_words(row), *[verdict(RISKY, "file_column")] * 2)
    receiver = verdict(RISKY, "unknown_to_old")
    return Part("present", _NOTHING, requirement_words(row), _missed(row, "new"), receiver)


def _paired(old: FieldRow, new: FieldRow) -> Part:
    """A renamed or moved field: the one side sends what the other does not know, and lacks what it wants."""
    is_renamed = new.node == old.node
    before, after = (row.field if is_renamed else f"{row.node}.{row.field}" for row in (old, new))
    sides = []
    for row, side in ((new, "new"), (old, "old")):
        missed = _missed(row, side)
        sides.append(missed if missed.level == BREAKING else verdict(RISKY, f"unknown_to_{side}"))
    return Part("name" if is_renamed else "node", plain(before), plain(after), sides[0], sides[1])
