"""SQLite stores: a file for each sandbox, written by a single process."""

import os
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import cast

from simulator.core.errors import SetupError
from simulator.core.logs import log
from simulator.core.texts import text
from simulator.store.database_files import create_private, is_unusable, keep_private, told_unusable
from simulator.store.group_commit import MAX_MEMBERS, Group, Turns
from simulator.store.store import NAME, Conflict, Fill, Gone, Unusable, create_statements
from simulator.store.tables import SCHEMA_VERSION
from simulator.store.unit_of_work import Cursor, UnitOfWork
from simulator.store.upgrades.step import EarlierRow
from simulator.store.upgrades.upgrade import EarlierStore, copy_name, needs_upgrade, upgrade_failed, upgrade_into


class SqliteStore:
    """Store in an SQLite file, in WAL mode, with a single connection behind a lock.

    `durable` sets synchronous=FULL, by which a commit is on the disk when it returns; without it, NORMAL, a killed
    process loses no commit, and a power cut may lose the last ones. Units of work begun with `grouped` share a commit
    with those that wait for their turn.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.name = path.stem
        self.path = path
        # Another process may delete the store and make a new one under the same path.
        self._file = path.stat().st_ino
        self._turns = Turns()
        self._lock = self._turns.lock
        self._group: Group | None = None
        self._closed = False
        keep_private(path)
        # No isolation level, as `begin` opens the transactions; any thread, as `_lock` lets one in at a time.
        self.failing = False
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        except sqlite3.OperationalError as error:
            raise SetupError(text("store.not_a_store", path=str(path), problem=error)) from None
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise SetupError(text("store.not_a_store", path=str(path), problem=error)) from None
        self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        self._connection.execute("PRAGMA wal_autocheckpoint=1000")
        # Negative is in KiB.
        self._connection.execute("PRAGMA cache_size=-16384")
        self._cursor = self._connection.cursor()
        self._work = UnitOfWork(cast(Cursor, self._cursor), "sqlite", self._restart)

    def version(self) -> int | None:
        """Returns the version of the tables, or None while the row of the sandbox is missing."""
        try:
            found = self._connection.execute(_VERSION).fetchone()
        except sqlite3.DatabaseError as error:
            self.close()
            raise SetupError(text("store.not_a_store", path=str(self.path), problem=error)) from None
        return found and int(found[0])

    @property
    def current(self) -> bool:
        """True while the file of this path is the one that was opened."""
        try:
            return not self._closed and self.path.stat().st_ino == self._file
        except FileNotFoundError:
            return False

    @contextmanager
    def begin(self, *, grouped: bool = False) -> Iterator[UnitOfWork]:
        self._turns.take(grouped=grouped)
        try:
            if not grouped:
                self._commit_group()
            if self._closed:
                raise Gone(self.name)
            self._begin_member()
            self._work.reset()
            try:
                yield self._work
                waits_in = self._end_member(grouped=grouped)
                self.failing = self.failing and not self._work.written
            except BaseException as error:
                # A damaged file may refuse even to roll back; members of its group look again by themselves.
                with suppress(sqlite3.Error):
                    self._undo_member(error)
                if isinstance(error, sqlite3.Error) and is_unusable(error):
                    self.failing = True
                    raise Unusable.because(self.name, error) from None
                raise
        finally:
            self._lock.release()
        while waits_in is not None and not waits_in.wait():
            with self._lock:
                if self._group is waits_in:
                    self._commit_group()

    def _begin(self) -> None:
        try:
            # IMMEDIATE takes the write lock first: two processes settling for one person never read one balance.
            self._cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.DatabaseError as error:
            if is_unusable(error):
                self.failing = True
                raise Unusable.because(self.name, error) from None
            raise Conflict(str(error)) from None

    def _begin_member(self) -> None:
        if self._group is None:
            # Nothing comes before it in the transaction, which undoes it without a savepoint.
            self._begin()
        else:
            self._cursor.execute("SAVEPOINT member")

    def _end_member(self, *, grouped: bool) -> Group | None:
        """Commits, or leaves that to a unit of work that waits for its turn; returns the group to wait for then."""
        group = self._group
        if group is not None:
            self._cursor.execute("RELEASE SAVEPOINT member")
        if grouped and self._turns.joining and (group is None or group.members < MAX_MEMBERS - 1):
            group = self._group = group or Group()
            group.members += 1
            return group
        self._cursor.execute("COMMIT")
        self._decide_group()
        return None

    def _undo_member(self, error: BaseException) -> None:
        """Undoes the unit of work that raised; those before it in its group stay, and are committed."""
        if not self._connection.in_transaction:
            # A full disk ends the transaction by itself, with all that was in it.
            self._decide_group(error)
        elif self._group is None:
            self._cursor.execute("ROLLBACK")
        else:
            try:
                self._cursor.execute("ROLLBACK TO SAVEPOINT member")
                self._cursor.execute("RELEASE SAVEPOINT member")
            except sqlite3.Error as unknown:
                # The savepoint was released, and the commit after it failed.
                self._cursor.execute("ROLLBACK")
                self._decide_group(unknown)
                return
            self._commit_group()

    def _commit_group(self) -> None:
        """Commits the members of an open group; an error is raised in each of their threads."""
        if self._group is None:
            return
        failure: BaseException | None = None
        try:
            self._cursor.execute("COMMIT")
        except sqlite3.Error as error:
            failure = error
            self.failing = self.failing or is_unusable(error)
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")
        self._decide_group(failure)

    def _decide_group(self, failure: BaseException | None = None) -> None:
        group, self._group = self._group, None
        if group is not None:
            group.decide(failure)

    def _restart(self) -> None:
        if not self._connection.in_transaction:
            self._decide_group(Conflict(self.name))
        elif self._group is not None:
            self._cursor.execute("ROLLBACK TO SAVEPOINT member")
            return
        else:
            self._cursor.execute("ROLLBACK")
        self._begin()

    def copy_to(self, path: Path) -> None:
        """Writes a copy of the store to a file, complete or not at all."""
        with self._lock:
            self._commit_group()
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)
            create_private(part)
            target = sqlite3.connect(part)
            try:
                self._connection.backup(target)
            finally:
                target.close()
            part.replace(path)

    def copy_from(self, path: Path) -> None:
        """Replaces the whole store by the copy in a file."""
        with self._lock:
            self._commit_group()
            source = sqlite3.connect(path)
            try:
                source.backup(self._connection)
            finally:
                source.close()

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._commit_group()
            self._closed = True
            self._connection.close()


_VERSION = "SELECT schema_version FROM sandbox WHERE id = 1"


class SqliteFactory:
    """Stores of one folder: `<sandbox>.sqlite`, and `<sandbox>/<snapshot>.snapshot` for each snapshot."""

    embedded = True

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder
        self._durable = durable
        self._open: dict[str, SqliteStore] = {}
        self._lock = threading.RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetupError(text("store.no_folder", path=str(folder), problem=error.strerror or "")) from None

    def names(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.sqlite"))

    def create(self, name: str, fill: Fill | None = None) -> SqliteStore:
        path = self._path(name)
        with self._lock:
            if path.exists():
                raise FileExistsError(name)
            # Written under another name and then linked, so a crash leaves no store without its tables and first rows.
            part = path.with_suffix(f".{uuid.uuid4().hex}.part")
            with told_unusable(name):
                with _new_file(part, durable=self._durable) as work:
                    if fill is not None:
                        fill(work)
                taken = False
                try:
                    os.link(part, path)
                except FileExistsError:
                    taken = True
                finally:
                    part.unlink()
            if taken:
                raise FileExistsError(name)
        return self.open(name)

    def open(self, name: str) -> SqliteStore:
        with self._lock:
            found = self._open.get(name)
            if found is not None and not found.current:
                self._open.pop(name).close()
                found = None
            if found is None:
                path = self._path(name)
                if not path.exists():
                    raise KeyError(name)
                found = SqliteStore(path, durable=self._durable)
                if needs_upgrade(name, found.version()):
                    self._upgrade(found)
                self._open[name] = found
            return found

    def _upgrade(self, store: SqliteStore) -> None:
        """Copies the store to a snapshot and replaces its content by the upgraded rows of the snapshot, as one step."""
        version = store.version() or 0
        kept = self._snapshot(store.name, copy_name(version, self.snapshots(store.name)))
        try:
            kept.parent.mkdir(exist_ok=True)
            store.copy_to(kept)
            self._load_upgraded(store, kept, version)
        except Exception as error:
            store.close()
            kept.unlink(missing_ok=True)
            raise upgrade_failed(store.name, version, error) from error
        log().info("store upgraded", store=store.name, found=version, version=SCHEMA_VERSION, copy=str(kept))

    def _load_upgraded(self, store: SqliteStore, earlier: Path, version: int) -> None:
        """Upgrades the rows of a file of an earlier version into a new file, and replaces the store by that."""
        part = store.path.with_suffix(f".{uuid.uuid4().hex}.part")
        try:
            with closing(sqlite3.connect(earlier)) as source:
                page_size = source.execute("PRAGMA page_size").fetchone()[0]
                with _new_file(part, durable=self._durable, page_size=page_size) as work:
                    upgrade_into(work, _earlier(source, version))
            store.copy_from(part)
        finally:
            part.unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        with self._lock:
            opened = self._open.pop(name, None)
            if opened is not None:
                opened.close()
            path = self._path(name)
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def snapshots(self, name: str) -> list[str]:
        return sorted(path.stem for path in (self.folder / _checked(name)).glob("*.snapshot"))

    def snapshot(self, name: str, snapshot: str) -> None:
        path = self._snapshot(name, snapshot)
        with told_unusable(name):
            path.parent.mkdir(exist_ok=True)
            self.open(name).copy_to(path)

    def restore(self, name: str, snapshot: str) -> None:
        path = self._snapshot(name, snapshot)
        if not path.exists():
            raise KeyError(snapshot)
        store = self.open(name)
        with told_unusable(name), closing(sqlite3.connect(path)) as source:
            found = source.execute(_VERSION).fetchone()
        if found and needs_upgrade(f"{name}/{snapshot}", found[0]):
            try:
                self._load_upgraded(store, path, found[0])
            except Exception as error:
                raise upgrade_failed(f"{name}/{snapshot}", found[0], error) from error
        else:
            with told_unusable(name):
                store.copy_from(path)

    def close(self) -> None:
        with self._lock:
            for opened in self._open.values():
                opened.close()
            self._open.clear()

    def _path(self, name: str) -> Path:
        return self.folder / f"{_checked(name)}.sqlite"

    def _snapshot(self, name: str, snapshot: str) -> Path:
        return self.folder / _checked(name) / f"{_checked(snapshot)}.snapshot"


@contextmanager
def _new_file(path: Path, *, durable: bool, page_size: int = 4096) -> Iterator[UnitOfWork]:
    """Creates a file with all tables for one unit of work, and deletes it when the block or its own check fails."""
    create_private(path)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute(f"PRAGMA page_size={page_size}")
        if not durable:
            connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        for statement in create_statements("sqlite"):
            connection.execute(statement)
        yield UnitOfWork(cast(Cursor, connection.cursor()), "sqlite")
        connection.execute("COMMIT")
        problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if problem != "ok":
            raise sqlite3.DatabaseError(problem)
    except BaseException:
        connection.close()
        path.unlink(missing_ok=True)
        raise
    connection.close()


def _earlier(source: sqlite3.Connection, version: int) -> EarlierStore:
    """Returns the tables of a file with the last ids that SQLite generated for them."""
    named = "SELECT name FROM sqlite_master WHERE type = 'table'"
    names = [name for (name,) in source.execute(named)]
    last = source.execute("SELECT name, seq FROM sqlite_sequence").fetchall() if "sqlite_sequence" in names else []

    def rows(table: str) -> Iterator[EarlierRow]:
        found = source.execute(f'SELECT * FROM "{table}"')
        columns = [column[0] for column in found.description]
        for row in found:
            yield dict(zip(columns, row, strict=True))

    tables = {name: partial(rows, name) for name in names if not name.startswith("sqlite_")}
    return EarlierStore(version, dict(tables), dict(last))


def _checked(name: str) -> str:
    if not NAME.match(name):
        raise KeyError(name)
    return name
