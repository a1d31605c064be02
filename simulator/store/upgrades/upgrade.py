"""Copies every row of an earlier store, as the steps of each version turn it, into the tables of today."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from sqlalchemy import Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.store.statements import gives_ids
from simulator.store.tables import SCHEMA_VERSION, ledger, metadata, sandbox, settlement
from simulator.store.typed_tables import TableOf
from simulator.store.unit_of_work import UnitOfWork
from simulator.store.upgrades import to_4
from simulator.store.upgrades.step import Rows, Step, Tables

# Versions 2 and 3 changed indexes and the way in which ids are given out, which come with today's tables; version 5
# added the table of judged answers, and a column of findings that is blank in earlier ones.
STEPS: Mapping[int, Sequence[Step]] = {2: (), 3: (), 4: to_4.STEPS, 5: ()}
"""The steps that lead to a version from the one before it."""


@dataclass(frozen=True, slots=True)
class EarlierStore:
    """What an earlier version of the program wrote."""

    version: int
    tables: Tables
    last_ids: Mapping[str, int]
    """The last id that a table has given out, where the database remembers it."""


class UpgradeError(Exception):
    """The rows of an earlier store do not fit the tables of today."""


def needs_upgrade(name: str, version: int | None) -> bool:
    """Whether a store must be upgraded before it is read; raises SetupError for one of a newer program."""
    if version is not None and version > SCHEMA_VERSION:
        raise SetupError(text("store.newer_version", name=name, found=version, wanted=SCHEMA_VERSION))
    return version is not None and version < SCHEMA_VERSION


def upgrade_failed(name: str, version: int, problem: object) -> SetupError:
    return SetupError(text("store.upgrade_failed", name=name, found=version, wanted=SCHEMA_VERSION, problem=problem))


def copy_name(version: int, taken: list[str]) -> str:
    """The name of the snapshot that keeps a store as it was before its upgrade."""
    names = (f"version-{version}" + (f"-{number}" if number > 1 else "") for number in count(1))
    return next(name for name in names if name not in taken)


def upgrade_into(work: UnitOfWork, earlier: EarlierStore) -> None:
    """Writes every row of an earlier store into the empty tables of today; raises UpgradeError when one is missing."""
    tables = dict(earlier.tables)
    for version in range(earlier.version + 1, SCHEMA_VERSION + 1):
        for step in STEPS[version]:
            step(tables)
    for table in metadata.sorted_tables:
        rows = tables.pop(table.name, None)
        written = work.copy_rows(table, _complete(table, rows)) if rows else 0
        if work.count(table) != written:
            raise UpgradeError(f"{table.name}: {work.count(table)} != {written}")
        if gives_ids(table):
            _number_on(work, table, earlier.last_ids.get(table.name, 0))
    if tables:
        raise UpgradeError(f"{', '.join(sorted(tables))}: no such table today")
    work.change(sandbox, {"id": 1}, schema_version=SCHEMA_VERSION)
    before = _kept_by(earlier.tables["settlement"], earlier.tables["ledger"])
    found = _kept_by(partial(_rows, work, settlement), partial(_rows, work, ledger))
    if found != before:
        raise UpgradeError(f"settlement, ledger: {found} != {before}")


def _kept_by(settlements: Rows, entries: Rows) -> tuple[int, int, int]:
    """What no step may change: the sum that was settled, how many settlements are booked, and what all entries leave.

    Less than an audit, which would also refuse what was out of balance before.
    """
    booked = {row["settlement_id"] for row in entries()}
    return sum(row["total"] for row in settlements()), len(booked), sum(row["amount"] for row in entries())


def _rows(work: UnitOfWork, table: TableOf[Any]) -> Iterator[dict[str, Any]]:
    return (row._asdict() for row in work.find(table))


def _complete(table: Table, rows: Rows) -> Iterator[dict[str, Any]]:
    """The rows with every column of the table; raises UpgradeError for one too few or too many."""
    names = {column.name for column in table.columns}
    usual = {column.name: None for column in table.columns if column.nullable}
    usual |= {c.name: c.default.arg for c in table.columns if isinstance(c.default, ScalarElementColumnDefault)}
    for row in rows():
        whole = {**usual, **row}
        if whole.keys() != names:
            raise UpgradeError(f"{table.name}: {', '.join(sorted(whole.keys() ^ names))}")
        yield whole


def _number_on(work: UnitOfWork, table: Table, last: int) -> None:
    """Lets the next id of a table follow the last one that it ever gave out."""
    work.number_from((table,), max(last, work.last_id(table)) + 1)
