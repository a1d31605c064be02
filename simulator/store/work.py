"""One unit of work: everything inside it is kept together, or nothing is."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Table

from simulator.store.statements import (
    Row,
    Statement,
    count_of,
    delete_by,
    insert_into,
    insert_many,
    select_by,
    update_by,
)


class Cursor(Protocol):
    """What the two drivers have in common."""

    rowcount: int

    def execute(self, sql: Any, parameters: Any = ..., /) -> Any: ...
    def executemany(self, sql: Any, parameters: Any, /) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Any: ...


class Work:
    """Runs statements inside one transaction; rows come back as named tuples."""

    __slots__ = ("_cursor", "_dialect")

    def __init__(self, cursor: Cursor, dialect: str) -> None:
        self._cursor = cursor
        self._dialect = dialect

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undoes only what is inside the block when it raises; the rest of the unit of work goes on."""
        self._cursor.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._cursor.execute("ROLLBACK TO SAVEPOINT attempt")
            raise
        finally:
            self._cursor.execute("RELEASE SAVEPOINT attempt")

    def hold(self, name: str) -> None:
        """Lets no other unit of work hold the same name until this one ends; SQLite has one writer at a time anyway."""
        if self._dialect == "postgresql":
            self._cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", {"name": name})

    def empty(self, tables: Iterable[Table]) -> None:
        """Drops every row of the tables, and begins their ids anew."""
        if self._dialect == "postgresql":
            self._cursor.execute(f"TRUNCATE {', '.join(table.name for table in tables)} RESTART IDENTITY")
            return
        for table in tables:
            self.run(delete_by(table))

    def number_from(self, tables: Iterable[Table], first: int) -> None:
        """The next row of each table gets the id `first`, and later ones follow."""
        for table in tables:
            by = {"name": table.name, "last": first - 1}
            if self._dialect == "postgresql":
                sequence = "pg_get_serial_sequence(%(name)s, 'id')"
                self._cursor.execute(f"SELECT setval({sequence}, %(last)s + 1, false)", by)
            else:
                self._cursor.execute("DELETE FROM sqlite_sequence WHERE name = :name", by)
                self._cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)", by)

    def _execute(self, statement: Statement, parameters: dict[str, Any]) -> None:
        sql, literals = statement.compiled(self._dialect)
        self._cursor.execute(sql, {**literals, **parameters} if literals else parameters)

    def one(self, statement: Statement, **parameters: Any) -> Row | None:
        """The first row, or None."""
        self._execute(statement, parameters)
        found = self._cursor.fetchone()
        make = statement.make
        return None if found is None or make is None else make(found)

    def all(self, statement: Statement, **parameters: Any) -> list[Row]:
        self._execute(statement, parameters)
        make = statement.make
        assert make is not None
        return [make(found) for found in self._cursor.fetchall()]

    def run(self, statement: Statement, **parameters: Any) -> int:
        """How many rows it touched."""
        self._execute(statement, parameters)
        return self._cursor.rowcount

    def add(self, table: Table, **values: Any) -> int:
        """Inserts a row and gives its id (0 for a table whose key is not generated)."""
        statement = insert_into(table)
        self._cursor.execute(statement.compiled(self._dialect)[0], values)
        if statement.make is None:
            return 0
        return int(self._cursor.fetchone()[0])

    def add_many(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        self._cursor.executemany(insert_many(table).compiled(self._dialect)[0], list(rows))

    def find(self, table: Table, *, order: str = "", lock: bool = False, **by: Any) -> list[Row]:
        """All rows whose columns equal the values named."""
        return self.all(select_by(table, *by, order=order, lock=lock), **by)

    def get(self, table: Table, *, lock: bool = False, **by: Any) -> Row | None:
        return self.one(select_by(table, *by, lock=lock), **by)

    def the(self, table: Table, *, lock: bool = False, **by: Any) -> Row:
        """The row that must be there; raises LookupError, which would be a defect of ours."""
        found = self.one(select_by(table, *by, lock=lock), **by)
        if found is None:
            raise LookupError(f"{table.name} {by}")
        return found

    def count(self, table: Table) -> int:
        found = self.one(count_of(table))
        return int(found.rows) if found else 0

    def change(self, table: Table, by: Mapping[str, Any], **values: Any) -> int:
        """Sets the values on every row whose columns equal `by`; how many it touched."""
        statement = update_by(table, tuple(by), *values)
        return self.run(statement, **{f"by_{name}": value for name, value in by.items()}, **values)

    def remove(self, table: Table, **by: Any) -> int:
        return self.run(delete_by(table, *by), **by)
