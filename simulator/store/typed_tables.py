"""Tables that know the class of their rows, so that what is read from one is typed."""

from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table

metadata = MetaData()

ROW_ID = BigInteger().with_variant(Integer, "sqlite")
"""The type of an id, and of a column that quotes one."""

RowT = TypeVar("RowT", bound=NamedTuple)
RowT_co = TypeVar("RowT_co", bound=NamedTuple, covariant=True)


class TableOf(Table, Generic[RowT_co]):
    """A table whose rows are named tuples of one class."""

    inherit_cache = True
    row: type[RowT_co]


def table_of(row: type[RowT], name: str, *items: Any, **options: Any) -> TableOf[RowT]:
    """The table of the rows; raises TypeError unless both name the same columns in the same order."""
    made: TableOf[RowT] = TableOf(name, metadata, *items, **options)
    made.row = row
    if tuple(made.columns.keys()) != row._fields:
        raise TypeError(f"{row.__name__}{row._fields} != {name}{tuple(made.columns.keys())}")
    return made


def id_column() -> Column[int]:
    """The primary key of a table whose ids the database gives out."""
    return Column("id", ROW_ID, primary_key=True, autoincrement=True)


def fen_column(name: str) -> Column[int]:
    """An amount in fen, 0 where nothing is said."""
    return Column(name, BigInteger, nullable=False, default=0)
