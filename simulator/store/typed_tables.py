"""Tables that know the class of their rows, for typed reads."""

from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table
from sqlalchemy.schema import SchemaItem

metadata = MetaData()

SqlValue = str | int | float | bytes | None
"""Value of a column, or of a parameter that is compared with one."""
Columns = Mapping[str, SqlValue]
"""Values of a row, or parameters of a statement, by name."""

ROW_ID = BigInteger().with_variant(Integer, "sqlite")
"""Column type of ids; SQLite generates ids for INTEGER only."""

RowT = TypeVar("RowT", bound=NamedTuple)
RowT_co = TypeVar("RowT_co", bound=NamedTuple, covariant=True)


class TableOf(Table, Generic[RowT_co]):
    """Table whose rows are read as named tuples of one class."""

    # Core warns of a table class that does not declare this.
    inherit_cache = True
    row: type[RowT_co]


def table_of(row: type[RowT], name: str, *items: SchemaItem, sqlite_autoincrement: bool = False) -> TableOf[RowT]:
    """Makes the table of a row class; raises TypeError unless both have the same columns in the same order.

    With `sqlite_autoincrement` SQLite never gives an id again, not even that of a deleted last row.
    """
    made: TableOf[RowT] = TableOf(name, metadata, *items, sqlite_autoincrement=sqlite_autoincrement)
    made.row = row
    if tuple(made.columns.keys()) != row._fields:
        raise TypeError(f"{row.__name__}{row._fields} != {name}{tuple(made.columns.keys())}")
    return made


def id_column() -> Column[int]:
    """Makes the primary key of a table whose ids the database generates."""
    return Column("id", ROW_ID, primary_key=True, autoincrement=True)


def fen_column(name: str) -> Column[int]:
    """Makes a column for an amount in fen, 0 by default."""
    return Column(name, BigInteger, nullable=False, default=0)
