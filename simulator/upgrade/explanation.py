"""Explanation of a difference by the changed rows of the two editions, as `contract diff` lists them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from simulator.contract import FieldRow
from simulator.contract.diff import BREAKING, Change, EditionDifference
from simulator.contract.edition_rows import ENVELOPE, OUTPUT, ROOT
from simulator.upgrade.differences import (
    ADDED,
    CHANGED,
    FORM,
    MONEY,
    REMOVED,
    RENAMED,
    STATE,
    WRITTEN,
    ValueDifference,
    without_indexes,
)

_OUT, _IN = "out", "in"
_EXPLAIN: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    ADDED: (("added", "moved", "renamed"), ("present", "required", "node", "name")),
    REMOVED: (("removed", "moved", "renamed"), ("present", "required", "node", "name")),
    RENAMED: (("renamed",), ("name",)),
    CHANGED: ((), ("node_kind",)),
    FORM: ((), ("values",)),
}
"""Kinds of changes, and attributes of a changed row, that a kind of difference follows from: a field that became
optional explains why it is missing, and never why its amount is another.
"""
_STATE_FIELDS = ("_id", "_sn", "_no", "_stas", "_flag")


@dataclass(frozen=True)
class ChangedRows:
    """Changed rows of two editions, found by the place of a difference."""

    difference: EditionDifference

    @cached_property
    def _fields(self) -> Mapping[tuple[str, str, str, str], Change]:
        """By each key of a changed row: transaction, direction, node and field, both old and new."""
        found: dict[tuple[str, str, str, str], Change] = {}
        for change in self.difference.changes:
            for row in (change.old, change.new):
                if row is not None:
                    found.setdefault(row.key, change)
        return found

    @cached_property
    def _nodes(self) -> Mapping[tuple[str, str, str], Change]:
        nodes = [each for each in self.difference.changes if each.subject == "node"]
        return {(each.infno, each.direction, each.node): each for each in nodes}

    @cached_property
    def _transactions(self) -> Mapping[str, Change]:
        return {each.infno: each for each in self.difference.changes if each.subject == "transaction"}

    @cached_property
    def _codes(self) -> Mapping[tuple[str, str], Change]:
        """By table and code; a table that only one edition prints stands under a blank code."""
        codes: dict[tuple[str, str], Change] = {}
        for each in self.difference.changes:
            if each.subject == "table":
                codes[each.name, ""] = each
            elif not each.infno and each.node:
                codes[each.node, each.name] = each
        return codes

    def transaction(self, infno: str) -> Change | None:
        """The change of a whole transaction."""
        return self._transactions.get(infno)

    def renamed(self, infnos: Iterable[str]) -> Mapping[str, str]:
        """Paths of the answers of these transactions that have another name now."""
        wanted = {*infnos, ENVELOPE}
        return {
            _path(each.old): _path(each.new)
            for each in self.difference.changes
            if each.kind == "renamed" and each.old and each.new and each.infno in wanted and each.direction == _OUT
        }

    def of_answer(self, infnos: Sequence[str], each: ValueDifference) -> Change | None:
        """The change that explains a difference in the answers to these transactions, old and new."""
        keys = [_key(infno, each.path) for infno in infnos]
        for key in keys:
            for found in (self._fields.get(key), self._nodes.get(key[:3]), self._nodes.get((*key[:2], _inner(key)))):
                if found is not None and _follows(each, found):
                    return found
        row = self.row(infnos, each.path)
        if each.kind == CHANGED and row is not None and row.code_table:
            return self._of_code(row.code_table, str(each.old), str(each.new))
        return self._between_pair(infnos, keys) if each.kind in (ADDED, REMOVED) else None

    def of_refusal(self, infnos: Sequence[str], findings: Iterable[Mapping[str, Any]]) -> Change | None:
        """Change that explains a refusal by one side only: of a field that a finding names, or of the transaction.

        Without the finding there is no proof that the change was the reason, so a refusal of a system that tells only
        its own words stays unexplained.
        """
        for infno in infnos:
            found = self._transactions.get(infno)
            if found is not None and len(set(infnos)) == 1:
                return found
        for finding in findings:
            if finding["severity"] != "error":
                continue
            path = str(finding["path"]).strip("/").replace("/", ".")
            for infno in infnos:
                key = _key(infno, path, _IN)
                found = self._fields.get(key) or self._nodes.get((*key[:2], _inner(key)))
                if found is not None and found.level == BREAKING:
                    return found
        return None

    def row(self, infnos: Sequence[str], path: str) -> FieldRow | None:
        """The row of the tables for a path of an answer, of the new edition if it has one."""
        editions = (self.difference.new, self.difference.old)
        wanted = [_key(infno, path) for infno in infnos[::-1]]
        for edition, key in zip(editions, wanted, strict=True):
            for row in edition.rows_of(key[0], _OUT):
                if row.key == key:
                    return row
        return None

    def _of_code(self, table: str, old: str, new: str) -> Change | None:
        """The changed code: the old one went, the new one came, or the old one is now the new one."""
        gone, come = self._codes.get((table, old)), self._codes.get((table, new))
        if gone is not None and gone.kind == "renamed":
            return gone if str(gone.parts[0].after).partition(" ")[0] == new else None
        if gone is not None and gone.kind == "removed":
            return gone
        return come if come is not None and come.kind == "added" else None

    def weight(self, infnos: Sequence[str], path: str) -> str:
        """Weight of a difference at a path: money, state, or form."""
        row = self.row(infnos, path)
        last = without_indexes(path).rpartition(".")[2]
        if row is not None and row.type == "N" and row.max_len.endswith(",2"):
            return MONEY
        if last == "infcode" or last.endswith(_STATE_FIELDS) or path.endswith("]"):
            return STATE
        return WRITTEN

    def _between_pair(self, infnos: Sequence[str], keys: Sequence[tuple[str, str, str, str]]) -> Change | None:
        """Change of a whole transaction, for a pair of numbers (2207, 2207A) whose rows differ at the place."""
        if len(set(infnos)) == 1:
            return None
        found = next((self._transactions[each] for each in infnos if each in self._transactions), None)
        rows = [
            next((row for row in edition.rows_of(key[0], _OUT) if row.key == key), None)
            for edition, key in zip((self.difference.old, self.difference.new), keys, strict=True)
        ]
        one, other = (row is not None and row.required for row in rows)
        return found if one != other else None


def _follows(difference: ValueDifference, change: Change) -> bool:
    kinds, attributes = _EXPLAIN[difference.kind]
    return change.kind in kinds or any(part.attribute in attributes for part in change.parts)


def _inner(key: tuple[str, str, str, str]) -> str:
    """The node that a path names where it ends in a node and not in a field."""
    return key[3] if key[2].startswith("(") else f"{key[2]}.{key[3]}"


def _key(infno: str, path: str, direction: str = _OUT) -> tuple[str, str, str, str]:
    """The key of the row of a path in an answer, or in a request for `in`."""
    parts = without_indexes(path).split(".")
    inner = "output" if direction == _OUT else "input"
    if parts[0] != inner or len(parts) == 1:
        return (ENVELOPE, direction, ROOT, parts[-1])
    if len(parts) == 2:
        return (infno, direction, f"({inner})", parts[1])
    return (infno, direction, ".".join(parts[1:-1]), parts[-1])


def _path(row: FieldRow) -> str:
    if row.node == ROOT:
        return row.field
    return f"output.{row.field}" if row.node == OUTPUT else f"output.{row.node}.{row.field}"
