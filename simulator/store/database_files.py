"""Files of SQLite stores: their permissions, and the errors by which disk and file make a store unusable."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simulator.store.store import Unusable

_UNUSABLE = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CANTOPEN")
"""Beginnings of the names of errors of the file, whatever the statement."""


def is_unusable(error: sqlite3.Error) -> bool:
    """True for an error of the file or its disk; an emptied file has lost its tables."""
    name = getattr(error, "sqlite_errorname", "")
    return name.startswith(_UNUSABLE) or str(error).startswith("no such table")


@contextmanager
def told_unusable(name: str) -> Iterator[None]:
    """Raises Unusable for what disk and file refuse while a store is created, copied or restored."""
    try:
        yield
    except OSError as error:
        raise Unusable.because(name, error.strerror or error) from None
    except sqlite3.DatabaseError as error:
        raise Unusable.because(name, error) from None


def create_private(path: Path) -> None:
    """Creates an empty file that its owner alone can read; SQLite gives its WAL the same permissions."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def keep_private(path: Path) -> None:
    """Takes from others the permission to read a store that an earlier program made for all."""
    with suppress(OSError):  # the file of another user, or a folder that cannot be written
        path.chmod(0o600)
