"""PostgreSQL stores: a schema for each sandbox, shared by any number of platform processes."""

import hashlib
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast

from simulator.core.errors import SetupError
from simulator.core.logs import log
from simulator.core.texts import text
from simulator.store.store import NAME, Conflict, Fill, Gone, Unusable, create_statements
from simulator.store.tables import SCHEMA_VERSION, metadata
from simulator.store.unit_of_work import Cursor, UnitOfWork
from simulator.store.upgrades.step import EarlierRow
from simulator.store.upgrades.upgrade import EarlierStore, copy_name, needs_upgrade, upgrade_failed, upgrade_into

try:
    import psycopg
    from psycopg import sql
    from psycopg.rows import TupleRow, dict_row
    from psycopg_pool import ConnectionPool, PoolTimeout
except ImportError:  # the extra `postgres` (LGPL) is the user's choice
    raise SetupError(text("store.no_driver")) from None

_PREFIX = "nhsa_sim_"
_SNAPSHOT = "__"
_CONFLICTS = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
)


_UNUSABLE = (
    PoolTimeout,
    psycopg.OperationalError,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.InsufficientPrivilege,
)
_MAX_WAIT_S = 10.0
"""Seconds for which a unit of work waits for a connection of the pool."""
_MAX_CONNECTIONS = 24
"""Connections of one process, so that four fit the 100 that PostgreSQL takes by default."""


class _Connection(psycopg.Connection[TupleRow]):
    """Connection of the pool that remembers the schema of its search path, to set it only when it changes."""

    schema = ""


@contextmanager
def _connected(pool: ConnectionPool[_Connection], name: str = "PostgreSQL") -> Iterator[_Connection]:
    """A connection of the pool; raises Conflict where others interfered, Unusable where the database does not serve."""
    try:
        with pool.connection(timeout=_MAX_WAIT_S) as connection:
            yield connection
    except _CONFLICTS as error:
        # Before the errors of the connection: a deadlock is an operational error too.
        if isinstance(error, psycopg.errors.UniqueViolation) and name == "PostgreSQL":
            raise
        raise Conflict(str(error)) from error
    except _UNUSABLE as error:
        raise Unusable.because(name, error) from None


class PostgresStore:
    """Store in a PostgreSQL schema; each unit of work has a connection of the pool, and locks rows."""

    def __init__(self, pool: ConnectionPool[_Connection], name: str) -> None:
        self.name = name
        self.schema = _PREFIX + name
        self._pool = pool
        self._deleted = False
        self.failing = False

    @property
    def current(self) -> bool:
        """True until the schema was found missing; a schema made anew under the same name serves this store as well."""
        return not self._deleted

    @contextmanager
    def begin(self, *, grouped: bool = False) -> Iterator[UnitOfWork]:  # noqa: ARG002 (its server groups commits)
        if self._deleted:
            raise Gone(self.name)
        try:
            with _connected(self._pool, self.name) as connection:
                if connection.schema != self.schema:
                    connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(self.schema)))
                    connection.schema = self.schema
                with connection.transaction(), connection.cursor() as cursor:
                    work = UnitOfWork(cast(Cursor, cursor), "postgresql")
                    yield work
            self.failing = self.failing and not work.written
        except Unusable:
            self.failing = True
            raise
        except psycopg.errors.UndefinedTable:
            # Another process has deleted the schema.
            self.close()
            raise Gone(self.name) from None

    def close(self) -> None:
        self._deleted = True


class PostgresFactory:
    """Stores of one database: schema `nhsa_sim_<sandbox>`, and `nhsa_sim_<sandbox>__<digest>` for each snapshot.

    The comment of a snapshot's schema holds its name, since both names together would not fit one identifier.
    """

    embedded = False

    def __init__(self, url: str) -> None:
        self._open: dict[str, PostgresStore] = {}
        self._lock = threading.Lock()
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            raise SetupError(text("store.no_database", problem=str(error).splitlines()[0])) from None
        self._pool: ConnectionPool[_Connection] = ConnectionPool(
            url,
            connection_class=_Connection,
            kwargs={"autocommit": True},
            min_size=1,
            max_size=_MAX_CONNECTIONS,
            open=True,
        )

    def close(self) -> None:
        self._pool.close()

    def names(self) -> list[str]:
        return sorted(name for name in self._schemas() if _SNAPSHOT not in name)

    def create(self, name: str, fill: Fill | None = None) -> PostgresStore:
        schema = _schema(name)
        with _connected(self._pool) as connection:
            try:
                with connection.transaction():
                    _create_schema(connection, schema)
                    if fill is not None:
                        fill(UnitOfWork(cast(Cursor, connection.cursor()), "postgresql"))
            except (psycopg.errors.DuplicateSchema, psycopg.errors.UniqueViolation):
                raise FileExistsError(name) from None
        return self.open(name)

    def open(self, name: str) -> PostgresStore:
        with self._lock:
            found = self._open.get(name)
            if found is None or not found.current:
                if not NAME.match(name) or name not in self._schemas():
                    raise KeyError(name)
                self._upgrade_if_earlier(name)
                found = self._open[name] = PostgresStore(self._pool, name)
            return found

    def _upgrade_if_earlier(self, name: str) -> None:
        """Renames the schema of an earlier version to a snapshot and fills a new one from it, in one transaction."""
        with _connected(self._pool) as connection:
            if not needs_upgrade(name, _version(connection, _schema(name))):
                return
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"upgrade {name}",))
                version = _version(connection, _schema(name))
                if version is None or not needs_upgrade(name, version):
                    # Another process held the lock and has upgraded the store.
                    return
                kept = copy_name(version, self.snapshots(name))
                try:
                    _replace_schema(connection, name, kept, version)
                except Exception as error:
                    raise upgrade_failed(name, version, error) from error
        log().info("store upgraded", store=name, found=version, version=SCHEMA_VERSION, snapshot=kept)

    def delete(self, name: str) -> None:
        with self._lock:
            opened = self._open.pop(name, None)
        if opened is not None:
            opened.close()
        with _connected(self._pool) as connection:
            for schema in [_schema(name), *(_snapshot(name, each) for each in self.snapshots(name))]:
                connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(schema))

    def snapshots(self, name: str) -> list[str]:
        prefix = _PREFIX + _checked(name) + _SNAPSHOT
        with _connected(self._pool) as connection:
            found = connection.execute(
                "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE starts_with(nspname, %s)",
                (prefix,),
            ).fetchall()
        return sorted(snapshot for (snapshot,) in found if snapshot)

    def snapshot(self, name: str, snapshot: str) -> None:
        target = _snapshot(name, snapshot)
        with _connected(self._pool) as connection, connection.transaction():
            # One moment for all tables, whatever others commit meanwhile.
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(target))
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(target))
            connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(target, sql.Literal(snapshot)))
            for table in metadata.sorted_tables:
                copy = sql.SQL("CREATE TABLE {}.{} AS TABLE {}.{}")
                here = sql.Identifier(table.name)
                connection.execute(copy.format(target, here, _schema(name), here))

    def restore(self, name: str, snapshot: str) -> None:
        if snapshot not in self.snapshots(name):
            raise KeyError(snapshot)
        source, target = _snapshot(name, snapshot), _schema(name)
        with _connected(self._pool) as connection, connection.transaction():
            every = [sql.SQL("{}.{}").format(target, sql.Identifier(table.name)) for table in metadata.sorted_tables]
            connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(every)))
            version = _version(connection, source)
            if version is not None and needs_upgrade(f"{name}/{snapshot}", version):
                try:
                    _fill(connection, target, _earlier(connection, source, version))
                except Exception as error:
                    raise upgrade_failed(f"{name}/{snapshot}", version, error) from error
                return
            for table in metadata.sorted_tables:
                here = sql.Identifier(table.name)
                connection.execute(sql.SQL("INSERT INTO {}.{} TABLE {}.{}").format(target, here, source, here))

    def _schemas(self) -> list[str]:
        with _connected(self._pool) as connection:
            found = connection.execute(
                "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", (_PREFIX,)
            ).fetchall()
        return [name.removeprefix(_PREFIX) for (name,) in found]


def _create_schema(connection: "psycopg.Connection[TupleRow]", schema: sql.Identifier) -> None:
    """Creates a schema with all tables and sets the search path of the transaction to it."""
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
    connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(schema))
    for statement in create_statements("postgresql"):
        connection.execute(statement)


def _version(connection: "psycopg.Connection[TupleRow]", schema: sql.Identifier) -> int | None:
    """Returns the version of the tables in a schema, or None while the row of the sandbox is missing."""
    found = connection.execute(sql.SQL("SELECT schema_version FROM {}.sandbox WHERE id = 1").format(schema)).fetchone()
    return int(found[0]) if found else None


def _replace_schema(connection: "psycopg.Connection[TupleRow]", name: str, kept: str, version: int) -> None:
    """Renames the schema of a store to that of the snapshot `kept` and fills a new one from it."""
    source, target = _snapshot(name, kept), _schema(name)
    # Waits for transactions of processes that still run the earlier program, and blocks new ones until the commit.
    connection.execute(sql.SQL("LOCK TABLE {}.sandbox IN ACCESS EXCLUSIVE MODE").format(target))
    connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(target, source))
    connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(source, sql.Literal(kept)))
    _create_schema(connection, target)
    _fill(connection, target, _earlier(connection, source, version))


def _fill(connection: "psycopg.Connection[TupleRow]", schema: sql.Identifier, earlier: EarlierStore) -> None:
    connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(schema))
    with connection.cursor() as cursor:
        upgrade_into(UnitOfWork(cast(Cursor, cursor), "postgresql"), earlier)


def _earlier(connection: "psycopg.Connection[TupleRow]", schema: sql.Identifier, version: int) -> EarlierStore:
    """Returns the tables of a schema with the last ids of their sequences."""
    named = "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = %s"
    here = schema.as_string(None)

    def rows(table: str) -> Iterator[EarlierRow]:
        # A cursor with a name is kept by the server and fetched in parts: a store need not fit into memory.
        with connection.cursor(name=f"earlier_{uuid.uuid4().hex}", row_factory=dict_row) as cursor:
            yield from cursor.execute(sql.SQL("SELECT * FROM {}.{}").format(schema, sql.Identifier(table)))

    tables = {name: partial(rows, name) for (name,) in connection.execute(named, (here, "r")).fetchall()}
    last_ids = {}
    for (name,) in connection.execute(named, (here, "S")).fetchall():
        last = sql.SQL("SELECT last_value - (NOT is_called)::int FROM {}.{}").format(schema, sql.Identifier(name))
        last_ids[name.removesuffix("_id_seq")] = connection.execute(last).fetchall()[0][0]
    return EarlierStore(version, dict(tables), last_ids)


def _snapshot(name: str, snapshot: str) -> sql.Identifier:
    """Returns the schema of a snapshot: 9 + 40 + 2 + 12 characters at most, the 63 of an identifier."""
    digest = hashlib.sha256(_checked(snapshot).encode()).hexdigest()[:12]
    return sql.Identifier(f"{_PREFIX}{_checked(name)}{_SNAPSHOT}{digest}")


def _schema(name: str) -> sql.Identifier:
    return sql.Identifier(_PREFIX + _checked(name))


def _checked(name: str) -> str:
    if not NAME.match(name):
        raise KeyError(name)
    return name
