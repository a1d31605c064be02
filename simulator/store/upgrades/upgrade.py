"""Upgrade of a store: its rows pass the steps of each version and are written into tables of today."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count

from sqlalchemy import Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.store.statements import gives_ids
from simulator.store.tables import SCHEMA_VERSION, ledger, metadata, sandbox, settlement
from simulator.store.typed_tables import RowT, TableOf
from simulator.store.unit_of_work import UnitOfWork
from simulator.store.upgrades import to_4
from simulator.store.upgrades.step import EarlierRow, Rows, Step, Tables

# Versions 2 and 3 changed indexes and the generation of ids, which the tables of today have; version 5 added the table
# of judged answers, and a column of findings that is blank in earlier ones.
STEPS: Mapping[int, Sequence[Step]] = {2: (), 3: (), 4: to_4.STEPS, 5: ()}
"""Steps from the version before, by the version that they lead to."""


@dataclass(frozen=True, slots=True)
class EarlierStore:
    """Version and tables of a store that an earlier version of the program wrote."""

    version: int
    tables: Tables
    last_ids: Mapping[str, int]
    """Last id that the database generated for a table, where it keeps that; higher than any row after deletions."""


class UpgradeError(Exception):
    """Raised where the rows of an earlier store do not fit the tables of today, or their sums change."""


def needs_upgrade(name: str, version: int | None) -> bool:
    """Tells whether a store must be upgraded before use; raises SetupError for one of a newer program."""
    if version is not None and version > SCHEMA_VERSION:
        raise SetupError(text("store.newer_version", name=name, found=version, wanted=SCHEMA_VERSION))
    return version is not None and version < SCHEMA_VERSION


def upgrade_failed(name: str, version: int, problem: object) -> SetupError:
    """Makes the error for an upgrade that failed and left the store as it was."""
    return SetupError(text("store.upgrade_failed", name=name, found=version, wanted=SCHEMA_VERSION, problem=problem))


def copy_name(version: int, taken: list[str]) -> str:
    """Returns the first free name for the snapshot of a store before its upgrade."""
    names = (f"version-{version}" + (f"-{number}" if number > 1 else "") for number in count(1))
    return next(name for name in names if name not in taken)


def upgrade_into(work: UnitOfWork, earlier: EarlierStore) -> None:
    """Writes every row of an earlier store into the empty tables of today.

    Raises UpgradeError where a row or table is lost, or the sums of settlements and ledger change.
    """
    tables = dict(earlier.tables)
    for version in range(earlier.version + 1, SCHEMA_VERSION + 1):
        for step in STEPS[version]:
            step(tables)
    for table in metadata.sorted_tables:
        rows = tables.pop(table.name, None)
        written = work.copy_rows(table, _completed(table, rows)) if rows else 0
        if work.count(table) != written:
            raise UpgradeError(f"{table.name}: {work.count(table)} != {written}")
        if gives_ids(table):
            _continue_ids(work, table, earlier.last_ids.get(table.name, 0))
    if tables:
        raise UpgradeError(f"{', '.join(sorted(tables))}: no such table today")
    work.change(sandbox, {"id": 1}, schema_version=SCHEMA_VERSION)
    before = _sums(earlier.tables["settlement"], earlier.tables["ledger"])
    found = _sums(partial(_rows, work, settlement), partial(_rows, work, ledger))
    if found != before:
        raise UpgradeError(f"settlement, ledger: {found} != {before}")


def _sums(settlements: Rows, entries: Rows) -> tuple[int, int, int]:
    """Returns what no step may change: total settled in fen, number of booked settlements, sum of all entries in fen.

    An audit would also refuse stores that were out of balance before.
    """
    booked = {row["settlement_id"] for row in entries()}
    return sum(row["total"] for row in settlements()), len(booked), sum(row["amount"] for row in entries())


def _rows(work: UnitOfWork, table: TableOf[RowT]) -> Iterator[EarlierRow]:
    return (row._asdict() for row in work.find(table))


def _completed(table: Table, rows: Rows) -> Iterator[EarlierRow]:
    """Adds defaults for the columns that are missing; raises UpgradeError where one has no default or is unknown."""
    names = {column.name for column in table.columns}
    usual = {column.name: None for column in table.columns if column.nullable}
    usual |= {c.name: c.default.arg for c in table.columns if isinstance(c.default, ScalarElementColumnDefault)}
    for row in rows():
        whole = {**usual, **row}
        if whole.keys() != names:
            raise UpgradeError(f"{table.name}: {', '.join(sorted(whole.keys() ^ names))}")
        yield whole


def _continue_ids(work: UnitOfWork, table: Table, last: int) -> None:
    """Sets the next id of a table to follow `last`, and every id in it."""
    work.start_ids_at((table,), max(last, work.last_id(table)) + 1)
