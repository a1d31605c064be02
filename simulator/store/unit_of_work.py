"""Unit of work: a database transaction, and the statements that run inside it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Protocol, TypeVar, cast

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
from simulator.store.typed_tables import Columns, RowT, SqlValue, TableOf

T = TypeVar("T")

_COPY_CHUNK_ROWS = 1000


class Cursor(Protocol):
    """Cursor of either driver, sqlite3 or psycopg."""

    rowcount: int

    @property
    def lastrowid(self) -> int | None: ...

    def execute(self, sql: str, parameters: Columns | tuple[SqlValue, ...] = ..., /) -> object: ...
    def executemany(self, sql: str, rows: Iterable[Columns] | Iterable[tuple[SqlValue, ...]], /) -> object: ...
    def fetchone(self) -> tuple[SqlValue, ...] | None: ...
    def fetchall(self) -> list[tuple[SqlValue, ...]]: ...


class UnitOfWork:
    """Runs statements inside one transaction and returns rows as named tuples.

    Keyword arguments are columns with their values. A store opens it (`Store.begin`) and commits.
    """

    __slots__ = ("_cache", "_cursor", "_dialect", "_restart", "_written")

    def __init__(self, cursor: Cursor, dialect: str, restart: Callable[[], None] | None = None) -> None:
        """`restart` rolls the transaction back and begins a new one; without it savepoints are used throughout."""
        self._cursor = cursor
        self._dialect = dialect
        self._restart = restart
        self._written = False
        self._cache: dict[object, object] = {}

    @property
    def written(self) -> bool:
        """True when a statement has written since the transaction began."""
        return self._written

    def reset(self) -> None:
        """Clears cached reads and the mark of writes, for a transaction that begins."""
        self._written = False
        self._cache.clear()

    def cached(self, key: object, read: Callable[[], T]) -> T:
        """Returns the result of `read`, on SQLite cached under `key` until the next write.

        PostgreSQL reads again each time, since other transactions may have committed meanwhile.
        """
        if self._dialect == "postgresql":
            return read()
        if key not in self._cache:
            self._cache[key] = read()
        return cast(T, self._cache[key])

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Rolls the block back when it raises, and leaves what the unit of work did before it."""
        if self._restart is not None and not self._written:
            # Without earlier writes a new transaction undoes the same, and costs less than a savepoint per message.
            try:
                yield
            except BaseException:
                self._restart()
                self.reset()
                raise
            return
        self._cursor.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._cursor.execute("ROLLBACK TO SAVEPOINT attempt")
            self._cache.clear()
            raise
        finally:
            self._cursor.execute("RELEASE SAVEPOINT attempt")

    def lock(self, table: TableOf[RowT], **by: SqlValue) -> None:
        """Locks rows against changes until the transaction ends; SQLite needs none, having one writer at a time."""
        if self._dialect == "postgresql":
            self.get(table, lock=True, **by)

    def advisory_lock(self, name: str) -> None:
        """Locks a name until the transaction ends; SQLite needs none, having one writer at a time."""
        if self._dialect == "postgresql":
            self._cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", {"name": name})

    def empty(self, tables: Iterable[Table]) -> None:
        """Deletes every row of the tables; on PostgreSQL their ids begin at 1 again (see `start_ids_at`)."""
        self._writes()
        if self._dialect == "postgresql":
            self._cursor.execute(f"TRUNCATE {', '.join(table.name for table in tables)} RESTART IDENTITY")
            return
        for table in tables:
            self.run(delete_by(table))

    def start_ids_at(self, tables: Iterable[Table], first: int) -> None:
        """Sets the id that the next row of each table gets; later rows count on from it."""
        self._writes()
        for table in tables:
            by: Columns = {"name": table.name, "last": first - 1}
            if self._dialect == "postgresql":
                sequence = "pg_get_serial_sequence(%(name)s, 'id')"
                self._cursor.execute(f"SELECT setval({sequence}, %(last)s + 1, false)", by)
            else:
                self._cursor.execute("DELETE FROM sqlite_sequence WHERE name = :name", by)
                self._cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)", by)

    def _writes(self) -> None:
        self._written = True
        self._cache.clear()

    def _execute(self, statement: Statement[RowT], parameters: Columns) -> None:
        if statement.writes:
            self._writes()
        self._run_on_cursor(statement, parameters)

    def _run_on_cursor(self, statement: Statement[RowT], parameters: Columns) -> None:
        if self._dialect == "sqlite":
            written, in_order = statement.by_position
            self._cursor.execute(written, in_order(parameters))
            return
        sql, literals = statement.compiled(self._dialect)
        self._cursor.execute(sql, {**literals, **parameters} if literals else parameters)

    def one(self, statement: Statement[RowT], **parameters: SqlValue) -> RowT | None:
        """Returns the first row of a statement, or None."""
        self._execute(statement, parameters)
        found = self._cursor.fetchone()
        make = statement.make
        return None if found is None or make is None else make(found)

    def all(self, statement: Statement[RowT], **parameters: SqlValue) -> list[RowT]:
        """Returns every row of a statement."""
        self._execute(statement, parameters)
        make = statement.make
        assert make is not None
        return [make(found) for found in self._cursor.fetchall()]

    def run(self, statement: Statement[RowT], **parameters: SqlValue) -> int:
        """Runs a statement and returns the number of rows that it changed."""
        self._execute(statement, parameters)
        return self._cursor.rowcount

    def add(self, table: Table, **values: SqlValue) -> int:
        """Inserts a row and returns its id, 0 for a table without generated ids."""
        self._writes()
        if not gives_ids(table):
            self._run_on_cursor(insert_many(table), values)
            return 0
        if self._dialect == "sqlite":
            # The driver knows the id, and for RETURNING SQLite would build a temporary table.
            self._run_on_cursor(insert_many(table), values)
            return int(self._cursor.lastrowid or 0)
        added = self.one(insert_into(table), **values)
        return added.id if added else 0

    def add_many(self, table: Table, rows: Iterable[Columns]) -> None:
        """Inserts rows that the database gives their ids."""
        self._execute_many(insert_many(table), rows)

    def copy_rows(self, table: Table, rows: Iterable[Columns]) -> int:
        """Inserts rows with their own ids and returns their number; never holds all in memory."""
        written, left = 0, iter(rows)
        while some := list(islice(left, _COPY_CHUNK_ROWS)):
            self._execute_many(insert_copy(table), some)
            written += len(some)
        return written

    def _execute_many(self, statement: Statement[RowT], rows: Iterable[Columns]) -> None:
        self._writes()
        if self._dialect == "sqlite":
            written, in_order = statement.by_position
            self._cursor.executemany(written, map(in_order, rows))
        else:
            self._cursor.executemany(statement.compiled(self._dialect)[0], list(rows))

    def find(self, table: TableOf[RowT], *, order: str = "", lock: bool = False, **by: SqlValue) -> list[RowT]:
        """Returns the rows whose columns equal the values, sorted by the column `order`; `lock` as in `lock()`."""
        return self.all(select_by(table, *by, order=order, lock=lock), **by)

    def get(self, table: TableOf[RowT], *, lock: bool = False, **by: SqlValue) -> RowT | None:
        """Returns the row whose columns equal the values, or None."""
        return self.one(select_by(table, *by, lock=lock), **by)

    def get_required(self, table: TableOf[RowT], *, lock: bool = False, **by: SqlValue) -> RowT:
        """Returns the row whose columns equal the values; raises LookupError, a defect of the program, without one."""
        found = self.get(table, lock=lock, **by)
        if found is None:
            raise LookupError(f"{table.name} {by}")
        return found

    def last_id(self, table: Table) -> int:
        """Returns the highest id in a table, 0 for an empty one."""
        found = self.one(last_id(table))
        return found.id if found else 0

    def count(self, table: Table) -> int:
        """Returns the number of rows in a table."""
        found = self.one(count_of(table))
        return int(found.rows) if found else 0

    def change(self, table: Table, by: Columns, **values: SqlValue) -> int:
        """Sets the values on every row whose columns equal `by`, and returns the number of those rows."""
        statement = update_by(table, tuple(by), *values)
        return self.run(statement, **{f"by_{name}": value for name, value in by.items()}, **values)

    def remove(self, table: Table, **by: SqlValue) -> int:
        """Deletes the rows whose columns equal the values, and returns their number."""
        return self.run(delete_by(table, *by), **by)
