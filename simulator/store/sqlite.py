"""Embedded: one SQLite file in WAL mode per sandbox, written by one process."""

import os
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.store.store import NAME, Conflict, Fill, Gone, create_statements
from simulator.store.unit_of_work import Cursor, UnitOfWork


class SqliteStore:
    """One SQLite file in WAL mode, one connection behind one lock.

    synchronous=NORMAL: a killed process loses nothing that was committed; only a power cut may lose the last commits
    (performance: FULL costs a third of the rate, so it is a setting).
    """

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self.name = path.stem
        self.path = path
        self._file = path.stat().st_ino
        self._lock = threading.RLock()
        self._closed = False
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise SetupError(text("store.not_a_store", path=str(path), problem=error)) from None
        self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        self._connection.execute("PRAGMA wal_autocheckpoint=1000")
        self._connection.execute("PRAGMA cache_size=-16384")
        self._cursor = self._connection.cursor()
        self._work = UnitOfWork(cast(Cursor, self._cursor), "sqlite", self._afresh)

    @property
    def current(self) -> bool:
        try:
            return not self._closed and self.path.stat().st_ino == self._file
        except FileNotFoundError:
            return False

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        with self._lock:
            if self._closed:
                raise Gone(self.name)
            self._begin()
            self._work.begun()
            try:
                yield self._work
                self._cursor.execute("COMMIT")
            except BaseException:
                # A full disk ends the transaction by itself.
                if self._connection.in_transaction:
                    self._cursor.execute("ROLLBACK")
                raise

    def _begin(self) -> None:
        try:
            # IMMEDIATE takes the write lock first: two processes settling for one person never read one balance.
            self._cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise Conflict(str(error)) from None

    def _afresh(self) -> None:
        if self._connection.in_transaction:
            self._cursor.execute("ROLLBACK")
        self._begin()

    def copy_to(self, path: Path) -> None:
        with self._lock:
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)
            target = sqlite3.connect(part)
            try:
                self._connection.backup(target)
            finally:
                target.close()
            part.replace(path)

    def copy_from(self, path: Path) -> None:
        with self._lock:
            source = sqlite3.connect(path)
            try:
                source.backup(self._connection)
            finally:
                source.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._connection.close()


class SqliteFactory:
    """A folder: `<sandbox>.sqlite`, and `<sandbox>/<snapshot>.snapshot` beside it."""

    embedded = True

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
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
            # Made beside and moved into place, so a crash never leaves a file without its tables and first rows.
            part = path.with_suffix(f".{uuid.uuid4().hex}.part")
            connection = sqlite3.connect(part)
            if not self._durable:
                connection.execute("PRAGMA synchronous=OFF")
            connection.executescript("BEGIN;\n" + ";\n".join(create_statements("sqlite")) + ";\nCOMMIT")
            if fill is not None:
                fill(UnitOfWork(cast(Cursor, connection.cursor()), "sqlite"))
                connection.commit()
            connection.close()
            try:
                os.link(part, path)
            finally:
                part.unlink()
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
                found = self._open[name] = SqliteStore(path, durable=self._durable)
            return found

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
        path.parent.mkdir(exist_ok=True)
        self.open(name).copy_to(path)

    def restore(self, name: str, snapshot: str) -> None:
        path = self._snapshot(name, snapshot)
        if not path.exists():
            raise KeyError(snapshot)
        self.open(name).copy_from(path)

    def close(self) -> None:
        with self._lock:
            for opened in self._open.values():
                opened.close()
            self._open.clear()

    def _path(self, name: str) -> Path:
        return self.folder / f"{_checked(name)}.sqlite"

    def _snapshot(self, name: str, snapshot: str) -> Path:
        return self.folder / _checked(name) / f"{_checked(snapshot)}.snapshot"


def _checked(name: str) -> str:
    if not NAME.match(name):
        raise KeyError(name)
    return name
