"""The transactions of an edition by family, and what a search finds among names, fields and codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simulator.contract import Contract, FieldRow, TransactionRow
from simulator.contract.edition_rows import ENVELOPE
from simulator.core.texts import language
from simulator.transactions import HANDLERS

MOST_HITS = 120
"""Hits of each kind that are shown; the number of all is told."""


@dataclass(frozen=True, slots=True)
class TransactionLine:
    """Transaction as a list shows it."""

    known: TransactionRow
    asked: int
    answered: int
    handled: bool


@dataclass(frozen=True, slots=True)
class TransactionCategory:
    """Transactions of a category, in the order of the tables."""

    name: str
    lines: tuple[TransactionLine, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Code of a code table."""

    table: str
    title: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Hits:
    """Result of a search: the first hits of each kind, and their number."""

    transactions: tuple[TransactionLine, ...]
    fields: tuple[FieldRow, ...]
    codes: tuple[Code, ...]
    counts: Mapping[str, int]


def categories(contract: Contract) -> tuple[list[TransactionCategory], list[TransactionRow]]:
    """Transactions with tables by category, and those that are known by name only."""
    served: dict[str, list[TransactionLine]] = {}
    listed: list[TransactionRow] = []
    for infno, known in contract.edition.transactions.items():
        if contract.serves(infno):
            served.setdefault(known.category, []).append(_line(contract, known))
        else:
            listed.append(known)
    return [TransactionCategory(name, tuple(lines)) for name, lines in served.items()], listed


def search(contract: Contract, words: str) -> Hits:
    """Searches transactions, fields and codes whose number or name holds all the words; fields also by code table."""
    parts = words.casefold().split()
    edition = contract.edition
    transactions = [
        known for known in edition.transactions.values() if _holds(parts, known.infno, known.name_zh, known.name_en)
    ]
    fields = [row for row in edition.fields if _holds(parts, row.field, row.name_zh, row.code_table)]
    codes = [
        Code(table, known.title_zh, code, name)
        for table, known in edition.tables.items()
        for code, name in edition.codes[table].items()
        if _holds(parts, table, known.title_zh, code, name)
    ]
    counts = {"transactions": len(transactions), "fields": len(fields), "codes": len(codes)}
    shown = tuple(_line(contract, known) for known in transactions[:MOST_HITS])
    return Hits(shown, tuple(fields[:MOST_HITS]), tuple(codes[:MOST_HITS]), counts)


def used_by(contract: Contract, table: str) -> list[FieldRow]:
    """The fields that take a code of the table."""
    return [row for row in contract.edition.fields if row.code_table == table]


def title_of(contract: Contract, infno: str) -> str:
    """The name of a transaction in the language spoken; blank for the header, which is none."""
    if infno == ENVELOPE:
        return ""
    known = contract.edition.transactions[infno]
    return known.name_en if language() == "en" and known.name_en else known.name_zh


def _line(contract: Contract, known: TransactionRow) -> TransactionLine:
    asked, answered = (len(contract.edition.rows_of(known.infno, direction)) for direction in ("in", "out"))
    return TransactionLine(known, asked, answered, known.infno in HANDLERS)


def _holds(parts: Iterable[str], *names: str) -> bool:
    line = "\n".join(names).casefold()
    return all(part in line for part in parts)
