"""Edition in words: its transactions, a transaction with its fields, a code table."""

from collections.abc import Iterator, Sequence

from simulator.contract.breaches import condition_words
from simulator.contract.contract import Contract
from simulator.contract.edition_rows import ENVELOPE, FieldRow
from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import hint
from simulator.core.texts import text


def transaction_lines(contract: Contract, *, served_only: bool) -> Iterator[Sequence[str]]:
    """Infno, number of fields, confidence and name of every transaction."""
    yield str(text("contract.list_columns")).split("\t")
    for infno, known in contract.edition.transactions.items():
        served = contract.serves(infno)
        if served or not served_only:
            count = sum(len(contract.edition.rows_of(infno, direction)) for direction in ("in", "out"))
            fields = str(count) if served else str(text("contract.diff_state_listed"))
            yield infno, fields, known.confidence, known.name_zh


def field_lines(contract: Contract, infno: str, direction: str) -> Iterator[Sequence[str]]:
    """Node by node: field, Chinese name, type, length, when it is required, code table, notes and doubts."""
    yield str(text("contract.show_columns")).split("\t")
    node = None
    for row in contract.edition.rows_of(infno, direction):
        if row.node != node:
            node = row.node
            ruled = contract.edition.nodes.get((infno, direction, node))
            kind = text("contract.allowed_list" if row.node_kind == "list" else "contract.allowed_object")
            yield f"[{node}]", ruled.name_zh if ruled else "", str(kind)
        yield f"  {row.field}", row.name_zh, row.type, row.max_len, _required(row), row.code_table, _notes(row)


def _required(row: FieldRow) -> str:
    if row.required == "C":
        return str(condition_words(row.condition))
    return str(text("contract.allowed_required")) if row.required == "Y" else ""


def _notes(row: FieldRow) -> str:
    doubt = str(text("contract.show_doubt", doubt=row.doubt)) if row.doubt else ""
    return "；".join(part for part in (row.note, doubt) if part)


def code_lines(contract: Contract, table: str) -> Iterator[Sequence[str]]:
    """Every code of a table with its name and our own word; raises DataFaults for a table that is not there."""
    edition = contract.edition
    known = edition.tables.get(table)
    if known is None:
        near = hint(table, edition.tables)
        raise DataFaults([DataFault(text("contract.no_code_table", edition=edition.name, table=table, hint=near))])
    yield table, known.title_zh
    if not known.printed:
        yield (str(text("contract.table_not_printed")),)
    for code, name in edition.codes[table].items():
        yield f"  {code}", name, edition.meaning(table, code) or ""
    users = [row.place for row in edition.fields if row.code_table == table]
    shown = ", ".join(users[:12]) + (" …" if len(users) > 12 else "")
    yield (str(text("contract.table_used_by", fields=shown)),)


def refuse_unserved(contract: Contract, infno: str) -> None:
    """Raises DataFaults, with the nearest number, where the edition knows no fields of the transaction."""
    if infno != ENVELOPE and not contract.serves(infno):
        raise DataFaults([DataFault(contract.why_not(infno))])


def columns(rows: Iterator[Sequence[str]]) -> Iterator[str]:
    """Rows as lines in columns, Chinese characters counted as two."""
    kept = list(rows)
    widths: dict[int, int] = {}
    for row in kept:
        for index, cell in enumerate(row[:-1]):
            widths[index] = min(max(widths.get(index, 0), _width(cell)), 40)
    for row in kept:
        last = len(row) - 1
        cells = [cell + " " * max(widths[index] - _width(cell), 0) for index, cell in enumerate(row[:last])]
        yield "  ".join([*cells, row[last]]).rstrip()


def _width(cell: str) -> int:
    return sum(2 if "\u2e80" <= char <= "\uffef" else 1 for char in cell)
