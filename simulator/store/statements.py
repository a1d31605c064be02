"""Statements built with Core once, run as their compiled text on the driver, in every dialect with named parameters."""

import re
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from operator import itemgetter
from typing import Any, Generic, NamedTuple, Never, cast, overload

from sqlalchemy import Insert, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.expression import ColumnElement

from simulator.store.typed_tables import RowT, TableOf


def _postgresql() -> Dialect:
    # Slow to import, and most platforms never need it.
    from sqlalchemy.dialects import postgresql

    return cast(Any, postgresql.dialect)(paramstyle="pyformat")  # type: ignore[no-any-return]


DIALECTS: Mapping[str, Callable[[], Dialect]] = {
    "sqlite": lambda: cast(Any, sqlite.dialect)(paramstyle="named"),
    "postgresql": _postgresql,
}


class Identifier(NamedTuple):
    """The id of a row, alone."""

    id: int


class RowCount(NamedTuple):
    """The number of rows."""

    rows: int


class Statement(Generic[RowT]):
    """One Core statement; compiled once for a dialect and kept, with the literals that it was built with.

    `row` is the class of what comes back, its fields named as the columns; nothing comes back without one.
    """

    @overload
    def __init__(self: "Statement[Never]", element: Any) -> None: ...
    @overload
    def __init__(self: "Statement[RowT]", element: Any, row: type[RowT]) -> None: ...
    def __init__(self, element: Any, row: type[RowT] | None = None) -> None:
        columns = _columns(element)
        if columns != (row._fields if row else ()):
            raise TypeError(f"{row and row.__name__}: {columns}")
        self.element = element
        self.writes = not element.is_select
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}
        self.make: Callable[[Any], RowT] | None = row._make if row else None

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


def _columns(element: Any) -> tuple[str, ...]:
    returned = getattr(element, "selected_columns", None)
    if returned is None:
        returned = getattr(element, "_all_selected_columns", None) or ()
    return tuple(column.key for column in returned)


@cache
def gives_ids(table: Table) -> bool:
    """Whether the database gives each new row of the table its id."""
    return "id" in table.columns and table.columns["id"].autoincrement is True


@cache
def insert_many(table: Table) -> Statement[Never]:
    """Inserts every column but an automatic id."""
    return Statement(_insert(table))


@cache
def insert_into(table: Table) -> Statement[Identifier]:
    """Inserts every column but the automatic id, which comes back."""
    return Statement(_insert(table).returning(table.columns["id"]), Identifier)


def _insert(table: Table) -> Insert:
    names = [column.name for column in table.columns if not (column.name == "id" and gives_ids(table))]
    return insert(table).values({name: bindparam(name) for name in names})


@cache
def insert_copy(table: Table) -> Statement[Never]:
    """Inserts every column, ids too, of a row that was kept elsewhere."""
    return Statement(insert(table).values({column.name: bindparam(column.name) for column in table.columns}))


@cache
def last_id(table: Table) -> Statement[Identifier]:
    """The highest id of a row that is there, or 0."""
    return Statement(select(func.coalesce(func.max(table.c.id), 0).label("id")), Identifier)


@cache
def select_by(table: TableOf[RowT], *by: str, order: str = "", lock: bool = False) -> Statement[RowT]:
    """All columns where each column of `by` equals the parameter of its name; `lock` holds the rows on PostgreSQL."""
    element = select(table).where(*(table.c[name] == bindparam(name) for name in by))
    if order:
        element = element.order_by(table.c[order])
    return Statement(element.with_for_update() if lock else element, table.row)


@cache
def count_of(table: Table) -> Statement[RowCount]:
    """How many rows there are, as `rows`."""
    return Statement(select(func.count().label("rows")).select_from(table), RowCount)


@cache
def update_by(table: Table, by: tuple[str, ...], *values: str) -> Statement[Never]:
    """Sets `values` where each column of `by` equals its parameter, which is named `by_<column>`."""
    conditions: list[ColumnElement[bool]] = [table.c[name] == bindparam(f"by_{name}") for name in by]
    return Statement(update(table).where(*conditions).values({name: bindparam(name) for name in values}))


@cache
def delete_by(table: Table, *by: str) -> Statement[Never]:
    return Statement(delete(table).where(*(table.c[name] == bindparam(name) for name in by)))
