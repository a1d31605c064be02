"""One unit of work: everything inside it is kept together, or nothing is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any, Protocol, TypeVar

from sqlalchemy import Table

from simulator.store.statements import (
    Statement,
    count_of,
    delete_by,
    gives_ids,
    insert_copy,
    insert_into,
    insert_many,
    last_id,
    select_by,
    update_by,
)
from simulator.store.typed_tables import RowT, TableOf

T = TypeVar("T")

_COPIED_AT_ONCE = 1000


class Cursor(Protocol):
    """What the two drivers have in common."""

    rowcount: int

    @property
    def lastrowid(self) -> int | None: ...

    def execute(self, sql: Any, parameters: Any = ..., /) -> Any: ...
    def executemany(self, sql: Any, parameters: Any, /) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Any: ...


class UnitOfWork:
    """Runs statements inside one transaction; rows come back as named tuples."""

    __slots__ = ("_afresh", "_cursor", "_dialect", "_read", "_written")

    def __init__(self, cursor: Cursor, dialect: str, afresh: Callable[[], None] | None = None) -> None:
        """`afresh` ends a transaction that has written nothing worth keeping, and begins it again."""
        self._cursor = cursor
        self._dialect = dialect
        self._afresh = afresh
        self._written = False
        self._read: dict[object, Any] = {}

    @property
    def written(self) -> bool:
        """Whether anything was written since it began."""
        return self._written

    def begun(self) -> None:
        """A new transaction: nothing of it is read or written yet."""
        self._written = False
        self._read.clear()

    def once(self, key: object, read: Callable[[], T]) -> T:
        """What `read` gives, kept until something is written; on SQLite, where nobody else writes meanwhile."""
        if self._dialect == "postgresql":
            return read()
        if key not in self._read:
            self._read[key] = read()
        found: T = self._read[key]
        return found

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undoes only what is inside the block when it raises; the rest of the unit of work goes on."""
        if self._afresh is not None and not self._written:
            # Nothing came before that must stay: beginning again costs less than a savepoint under every message.
            try:
                yield
            except BaseException:
                self._afresh()
                self.begun()
                raise
            return
        self._cursor.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._cursor.execute("ROLLBACK TO SAVEPOINT attempt")
            self._read.clear()
            raise
        finally:
            self._cursor.execute("RELEASE SAVEPOINT attempt")

    def lock(self, table: TableOf[Any], **by: Any) -> None:
        """Nobody else changes these rows until this unit of work ends; SQLite has one writer at a time anyway."""
        if self._dialect == "postgresql":
            self.get(table, lock=True, **by)

    def advisory_lock(self, name: str) -> None:
        """Lets no other unit of work hold the same name until this one ends; SQLite has one writer at a time anyway."""
        if self._dialect == "postgresql":
            self._cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", {"name": name})

    def empty(self, tables: Iterable[Table]) -> None:
        """Drops every row of the tables, and begins their ids anew."""
        self._writes()
        if self._dialect == "postgresql":
            self._cursor.execute(f"TRUNCATE {', '.join(table.name for table in tables)} RESTART IDENTITY")
            return
        for table in tables:
            self.run(delete_by(table))

    def number_from(self, tables: Iterable[Table], first: int) -> None:
        """The next row of each table gets the id `first`, and later ones follow."""
        self._writes()
        for table in tables:
            by = {"name": table.name, "last": first - 1}
            if self._dialect == "postgresql":
                sequence = "pg_get_serial_sequence(%(name)s, 'id')"
                self._cursor.execute(f"SELECT setval({sequence}, %(last)s + 1, false)", by)
            else:
                self._cursor.execute("DELETE FROM sqlite_sequence WHERE name = :name", by)
                self._cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)", by)

    def _writes(self) -> None:
        self._written = True
        self._read.clear()

    def _execute(self, statement: Statement[Any], parameters: dict[str, Any]) -> None:
        if statement.writes:
            self._writes()
        sql, literals = statement.compiled(self._dialect)
        self._cursor.execute(sql, {**literals, **parameters} if literals else parameters)

    def one(self, statement: Statement[RowT], **parameters: Any) -> RowT | None:
        """The first row, or None."""
        self._execute(statement, parameters)
        found = self._cursor.fetchone()
        make = statement.make
        return None if found is None or make is None else make(found)

    def all(self, statement: Statement[RowT], **parameters: Any) -> list[RowT]:
        self._execute(statement, parameters)
        make = statement.make
        assert make is not None
        return [make(found) for found in self._cursor.fetchall()]

    def run(self, statement: Statement[Any], **parameters: Any) -> int:
        """How many rows it touched."""
        self._execute(statement, parameters)
        return self._cursor.rowcount

    def add(self, table: Table, **values: Any) -> int:
        """Inserts a row and gives its id (0 for a table whose key is not generated)."""
        self._writes()
        if not gives_ids(table):
            self._cursor.execute(insert_many(table).compiled(self._dialect)[0], values)
            return 0
        if self._dialect == "sqlite":
            # The driver knows the id; RETURNING would build a table for it.
            self._cursor.execute(insert_many(table).compiled(self._dialect)[0], values)
            return int(self._cursor.lastrowid or 0)
        self._cursor.execute(insert_into(table).compiled(self._dialect)[0], values)
        return int(self._cursor.fetchone()[0])

    def add_many(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        self._execute_many(insert_many(table), rows)

    def copy_rows(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> int:
        """Inserts rows with the ids that they have; their number."""
        written, left = 0, iter(rows)
        while some := list(islice(left, _COPIED_AT_ONCE)):
            self._execute_many(insert_copy(table), some)
            written += len(some)
        return written

    def _execute_many(self, statement: Statement[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        self._writes()
        if self._dialect == "sqlite":
            written, in_order = statement.by_position
            self._cursor.executemany(written, map(in_order, rows))
        else:
            self._cursor.executemany(statement.compiled(self._dialect)[0], list(rows))

    def find(self, table: TableOf[RowT], *, order: str = "", lock: bool = False, **by: Any) -> list[RowT]:
        """All rows whose columns equal the values named."""
        return self.all(select_by(table, *by, order=order, lock=lock), **by)

    def get(self, table: TableOf[RowT], *, lock: bool = False, **by: Any) -> RowT | None:
        return self.one(select_by(table, *by, lock=lock), **by)

    def get_required(self, table: TableOf[RowT], *, lock: bool = False, **by: Any) -> RowT:
        """The row that must be there; raises LookupError, which would be a defect of ours."""
        found = self.get(table, lock=lock, **by)
        if found is None:
            raise LookupError(f"{table.name} {by}")
        return found

    def last_id(self, table: Table) -> int:
        """The highest id of a row that is there, or 0."""
        found = self.one(last_id(table))
        return found.id if found else 0

    def count(self, table: Table) -> int:
        found = self.one(count_of(table))
        return int(found.rows) if found else 0

    def change(self, table: Table, by: Mapping[str, Any], **values: Any) -> int:
        """Sets the values on every row whose columns equal `by`; how many it touched."""
        statement = update_by(table, tuple(by), *values)
        return self.run(statement, **{f"by_{name}": value for name, value in by.items()}, **values)

    def remove(self, table: Table, **by: Any) -> int:
        return self.run(delete_by(table, *by), **by)
