"""Rules of an edition as a whole, checked once all folders are merged."""

import re
from collections import defaultdict
from functools import lru_cache

from simulator.contract.edition_builder import EditionBuilder, Key, lost_zeros
from simulator.contract.edition_rows import AREAS, ENVELOPE, FieldRow
from simulator.contract.vocabulary import LENGTH, PLAIN_CONDITIONS, is_condition, sibling_of
from simulator.core.schema_errors import hint
from simulator.core.texts import text

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,60}\Z")
_NODE = re.compile(r"\((?:root|input|output|file)\)\Z|[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*){0,5}\Z")


# Few names and conditions stand in many rows.
@lru_cache(maxsize=4096)
def _is_node(name: str) -> bool:
    return bool(_NODE.match(name))


@lru_cache(maxsize=4096)
def _is_field(name: str) -> bool:
    return bool(_NAME.match(name))


def examine(draft: EditionBuilder) -> None:
    """Adds every inconsistency to the faults of the draft, at the row that brought it in."""
    for key, row in draft.fields.items():
        _transaction(draft, key, row)
        if row.field:
            _field(draft, key, row)
        elif row.required == "C" or row.condition:
            draft.fault("fields", key, "required", text("contract.node_condition"))
    _node_kinds(draft)
    _tables(draft)
    _codes(draft)
    _meanings(draft)


def _transaction(draft: EditionBuilder, key: Key, row: FieldRow) -> None:
    if not _is_node(row.node):
        draft.fault("fields", key, "node", text("contract.node_name", got=row.node))
    if row.infno == ENVELOPE:
        return
    known = draft.transactions.get((row.infno,))
    if known is None:
        near = hint(row.infno, [infno for (infno,) in draft.transactions])
        draft.fault("fields", key, "infno", text("contract.no_transaction", infno=row.infno, hint=near))
    elif known.state != "tables":
        draft.fault("fields", key, "infno", text("contract.only_listed", infno=row.infno))


def _field(draft: EditionBuilder, key: Key, row: FieldRow) -> None:
    if not _is_field(row.field):
        draft.fault("fields", key, "field", text("contract.field_name", got=row.field))
    if not row.required:
        draft.fault("fields", key, "required", text("contract.required_blank"))
    if row.max_len and not LENGTH.match(row.max_len):
        draft.fault("fields", key, "max_len", text("contract.length", got=row.max_len))
    elif "," in row.max_len and row.type != "N":
        draft.fault("fields", key, "max_len", text("contract.length_of_text", got=row.max_len, type=row.type))
    if row.code_table and (row.code_table,) not in draft.code_tables:
        near = hint(row.code_table, [table for (table,) in draft.code_tables])
        draft.fault("fields", key, "code_table", text("contract.no_table", table=row.code_table, hint=near))
    if (row.required == "C") != bool(row.condition):
        draft.fault("fields", key, "condition", text("contract.condition_and_c", required=row.required))
    elif row.condition and not is_condition(row.condition):
        words = ", ".join((*PLAIN_CONDITIONS, "<field>=<code>", "unless <field>"))
        near = hint(row.condition, PLAIN_CONDITIONS)
        draft.fault("fields", key, "condition", text("contract.condition", got=row.condition, hint=near, words=words))
    sibling = sibling_of(row.condition) if row.condition else None
    if sibling is not None and (*key[:3], sibling) not in draft.fields:
        near = hint(sibling, [other[3] for other in draft.fields if other[:3] == key[:3]])
        draft.fault("fields", key, "condition", text("contract.no_sibling", field=sibling, hint=near))


def _node_kinds(draft: EditionBuilder) -> None:
    kinds: dict[Key, str] = {}
    for key, row in draft.fields.items():
        place = key[:3]
        ruled = draft.fields.get((*place, ""))
        first = kinds.setdefault(place, ruled.node_kind if ruled else row.node_kind)
        if row.field and ruled is None and row.node_kind != first:
            draft.fault("fields", key, "node_kind", text("contract.node_kinds", node=row.node, first=first))


def _tables(draft: EditionBuilder) -> None:
    filled = {table for table, _ in draft.codes}
    for (table,), known in draft.code_tables.items():
        if known.printed and table not in filled:
            draft.fault("code_tables", (table,), "printed", text("contract.table_empty", table=table))
    with_rows = {key[0] for key in draft.fields}
    for (infno,), transaction in draft.transactions.items():
        if transaction.state == "tables" and infno not in with_rows:
            draft.fault("transactions", (infno,), "state", text("contract.no_rows", infno=infno))


def _codes(draft: EditionBuilder) -> None:
    alike: dict[tuple[str, str], str] = {}
    for table, code in draft.codes:
        if (table,) not in draft.code_tables:
            near = hint(table, [name for (name,) in draft.code_tables])
            draft.fault("codes", (table, code), "table", text("contract.no_table", table=table, hint=near))
        other = alike.setdefault((table, code.lstrip("0")), code)
        if other != code and code.lstrip("0"):
            draft.fault("codes", (table, code), "code", text("contract.zeros_twice", table=table, one=other, two=code))


def _meanings(draft: EditionBuilder) -> None:
    by_table: dict[str, set[str]] = defaultdict(set)
    for table, code in draft.codes:
        by_table[table].add(code)
    for (table, meaning), code in draft.meanings.items():
        known = draft.code_tables.get((table,))
        if known is None:
            near = hint(table, [name for (name,) in draft.code_tables])
            draft.fault("meanings", (table, meaning), "table", text("contract.no_table", table=table, hint=near))
        elif known.printed and table != AREAS and code not in by_table[table]:
            zeros = lost_zeros(code, by_table[table])
            near = text("contract.lost_zeros", got=code, code=zeros) if zeros else hint(code, by_table[table])
            draft.fault("meanings", (table, meaning), "code", text("contract.no_such_code", code=code, hint=near))
