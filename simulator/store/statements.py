"""Statements built with Core once, run as their compiled text on the driver, in every dialect with named parameters."""

import re
from collections import namedtuple
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.expression import ColumnElement


def _postgresql() -> Dialect:
    # Slow to import, and most platforms never need it.
    from sqlalchemy.dialects import postgresql

    return cast(Any, postgresql.dialect)(paramstyle="pyformat")  # type: ignore[no-any-return]


DIALECTS: Mapping[str, Callable[[], Dialect]] = {
    "sqlite": lambda: cast(Any, sqlite.dialect)(paramstyle="named"),
    "postgresql": _postgresql,
}

Row = Any
"""A named tuple of the selected columns, in their order."""


class Statement:
    """One Core statement; compiled once for a dialect and kept, with the literals that it was built with."""

    def __init__(self, element: Any) -> None:
        self.element = element
        self.writes = not element.is_select
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}
        columns = _columns(element)
        row: Any = namedtuple("Row", columns) if columns else None
        self.make: Callable[[Any], Row] | None = row._make if row else None

    def compiled(self, dialect: str) -> tuple[str, dict[str, Any]]:
        """SQL of the dialect with parameters by name, and the parameters that are literals."""
        found = self._compiled.get(dialect)
        if found is None:
            compiled = self.element.compile(dialect=DIALECTS[dialect]())
            literals = {name: value for name, value in (compiled.params or {}).items() if value is not None}
            found = self._compiled[dialect] = (str(compiled), literals)
        return found

    @cached_property
    def by_position(self) -> tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
        """For SQLite, its SQL with parameters by position, and what takes them from a row in that order.

        The driver looks every named parameter up by its text, which is a third of putting in many rows.
        """
        written, _ = self.compiled("sqlite")
        names = _NAMED.findall(written)
        return _NAMED.sub("?", written), itemgetter(*names)


_NAMED = re.compile(r":(\w+)")


def _columns(element: Any) -> list[str]:
    returned = getattr(element, "selected_columns", None)
    if returned is None:
        returned = getattr(element, "_all_selected_columns", None) or ()
    return [column.key for column in returned]


def gives_ids(table: Table) -> bool:
    """Whether the database gives each new row of the table its id."""
    return "id" in table.columns and table.columns["id"].autoincrement is True


@cache
def insert_into(table: Table) -> Statement:
    """Inserts every column but an automatic id, which comes back."""
    generated = [table.columns["id"]] if gives_ids(table) else []
    names = [column.name for column in table.columns if column not in generated]
    element = insert(table).values({name: bindparam(name) for name in names})
    return Statement(element.returning(*generated) if generated else element)


@cache
def insert_many(table: Table) -> Statement:
    """As insert_into, without an id coming back."""
    names = [column.name for column in table.columns if not (column.name == "id" and gives_ids(table))]
    return Statement(insert(table).values({name: bindparam(name) for name in names}))


@cache
def insert_copy(table: Table) -> Statement:
    """Inserts every column, ids too, of a row that was kept elsewhere."""
    return Statement(insert(table).values({column.name: bindparam(column.name) for column in table.columns}))


@cache
def select_by(table: Table, *by: str, order: str = "", lock: bool = False) -> Statement:
    """All columns where each column of `by` equals the parameter of its name; `lock` holds the rows on PostgreSQL."""
    element = select(table).where(*(table.c[name] == bindparam(name) for name in by))
    if order:
        element = element.order_by(table.c[order])
    return Statement(element.with_for_update() if lock else element)


@cache
def count_of(table: Table) -> Statement:
    """How many rows there are, as `rows`."""
    return Statement(select(func.count().label("rows")).select_from(table))


@cache
def update_by(table: Table, by: tuple[str, ...], *values: str) -> Statement:
    """Sets `values` where each column of `by` equals its parameter, which is named `by_<column>`."""
    conditions: list[ColumnElement[bool]] = [table.c[name] == bindparam(f"by_{name}") for name in by]
    return Statement(update(table).where(*conditions).values({name: bindparam(name) for name in values}))


@cache
def delete_by(table: Table, *by: str) -> Statement:
    return Statement(delete(table).where(*(table.c[name] == bindparam(name) for name in by)))
