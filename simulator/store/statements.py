"""Statements built with SQLAlchemy Core and compiled once, to run as text with named parameters on the driver."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property
from operator import itemgetter
from typing import Generic, NamedTuple, Never, cast, overload

from sqlalchemy import Insert, SelectBase, Table, UpdateBase, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.expression import ColumnElement

from simulator.store.typed_tables import Columns, RowT, SqlValue, TableOf

Element = SelectBase | UpdateBase
"""Core construct that a statement is made of."""


def _postgresql() -> Dialect:
    # Slow to import, and needed for PostgreSQL stores only.
    from sqlalchemy.dialects import postgresql

    return cast(Callable[..., Dialect], postgresql.dialect)(paramstyle="pyformat")


DIALECTS: Mapping[str, Callable[[], Dialect]] = {
    "sqlite": lambda: cast(Callable[..., Dialect], sqlite.dialect)(paramstyle="named"),
    "postgresql": _postgresql,
}


class Identifier(NamedTuple):
    """Row that holds an id."""

    id: int


class RowCount(NamedTuple):
    """Row that holds a number of rows."""

    rows: int


class Statement(Generic[RowT]):
    """Core statement with its compiled text for each dialect.

    `row` is the class of the rows returned, its fields named as the columns; a statement without one returns no rows.
    Raises TypeError where fields and columns differ.
    """

    @overload
    def __init__(self: "Statement[Never]", element: Element) -> None: ...
    @overload
    def __init__(self: "Statement[RowT]", element: Element, row: type[RowT]) -> None: ...
    def __init__(self, element: Element, row: type[RowT] | None = None) -> None:
        columns = _columns(element)
        if columns != (row._fields if row else ()):
            raise TypeError(f"{row and row.__name__}: {columns}")
        self.element = element
        self.writes = not element.is_select
        self._compiled: dict[str, tuple[str, dict[str, SqlValue]]] = {}
        self.make: Callable[[Iterable[SqlValue]], RowT] | None = row._make if row else None

    def compiled(self, dialect: str) -> tuple[str, dict[str, SqlValue]]:
        """Returns the SQL of a dialect with parameters by name, and the values of those that the statement fixes."""
        found = self._compiled.get(dialect)
        if found is None:
            compiled = self.element.compile(dialect=DIALECTS[dialect]())
            # Parameters without a value are those that each run supplies.
            literals = {name: value for name, value in (compiled.params or {}).items() if value is not None}
            found = self._compiled[dialect] = (str(compiled), literals)
        return found

    @cached_property
    def by_position(self) -> tuple[str, Callable[[Columns], tuple[SqlValue, ...]]]:
        """SQL for SQLite with parameters by position, and a function that picks them from a row in that order.

        The driver looks every named parameter up by its text, a third of the time of inserting many rows.
        """
        written, literals = self.compiled("sqlite")
        return _NAMED.sub("?", written), _picker(_NAMED.findall(written), literals)


_NAMED = re.compile(r":(\w+)")


def _picker(names: Sequence[str], literals: Columns) -> Callable[[Columns], tuple[SqlValue, ...]]:
    """Function that picks the values of `names`, those that the statement fixes from `literals`."""
    if literals or len(names) < _FEWEST_OF_ITEMGETTER:
        return lambda row: tuple(row[name] if name in row else literals[name] for name in names)
    return itemgetter(*names)


_FEWEST_OF_ITEMGETTER = 2
"""Number of names from which `itemgetter` returns a tuple; with a single one it returns the bare value."""


def _columns(element: Element) -> tuple[str, ...]:
    returned = getattr(element, "selected_columns", None)
    if returned is None:
        # Core names the columns of RETURNING under a private name only.
        returned = getattr(element, "_all_selected_columns", None) or ()
    return tuple(column.key for column in returned)


@cache
def gives_ids(table: Table) -> bool:
    """Tells whether the database generates the ids of a table."""
    return "id" in table.columns and table.columns["id"].autoincrement is True


@cache
def insert_many(table: Table) -> Statement[Never]:
    """Insert of every column but a generated id."""
    return Statement(_insert(table))


@cache
def insert_into(table: Table) -> Statement[Identifier]:
    """Insert of every column but the generated id, which is returned."""
    return Statement(_insert(table).returning(table.columns["id"]), Identifier)


def _insert(table: Table) -> Insert:
    names = [column.name for column in table.columns if not (column.name == "id" and gives_ids(table))]
    return insert(table).values({name: bindparam(name) for name in names})


@cache
def insert_copy(table: Table) -> Statement[Never]:
    """Insert of every column, a generated id too, for rows copied from another store."""
    return Statement(insert(table).values({column.name: bindparam(column.name) for column in table.columns}))


@cache
def last_id(table: Table) -> Statement[Identifier]:
    """Select of the highest id in a table, 0 for an empty one."""
    return Statement(select(func.coalesce(func.max(table.c.id), 0).label("id")), Identifier)


@cache
def select_by(table: TableOf[RowT], *by: str, order: str = "", lock: bool = False) -> Statement[RowT]:
    """Select of the rows whose columns `by` equal the parameters of their names; `lock` locks them on PostgreSQL."""
    element = select(table).where(*(table.c[name] == bindparam(name) for name in by))
    if order:
        element = element.order_by(table.c[order])
    return Statement(element.with_for_update() if lock else element, table.row)


@cache
def count_of(table: Table) -> Statement[RowCount]:
    """Select of the number of rows in a table."""
    return Statement(select(func.count().label("rows")).select_from(table), RowCount)


@cache
def update_by(table: Table, by: tuple[str, ...], *values: str) -> Statement[Never]:
    """Update of the columns `values` where each column of `by` equals the parameter `by_<column>`."""
    conditions: list[ColumnElement[bool]] = [table.c[name] == bindparam(f"by_{name}") for name in by]
    return Statement(update(table).where(*conditions).values({name: bindparam(name) for name in values}))


@cache
def delete_by(table: Table, *by: str) -> Statement[Never]:
    """Delete of the rows whose columns `by` equal the parameters of their names."""
    return Statement(delete(table).where(*(table.c[name] == bindparam(name) for name in by)))
