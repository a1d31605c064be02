"""Interfaces of a store, which holds one sandbox, and of the factory that opens, creates and copies stores."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import Protocol

from sqlalchemy import create_mock_engine

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.store import tables
from simulator.store.statements import DIALECTS
from simulator.store.unit_of_work import UnitOfWork

NAME = re.compile(r"[a-z0-9-]{1,40}\Z")
"""Pattern of the names of sandboxes and snapshots, which become parts of paths and schemas."""


Fill = Callable[[UnitOfWork], None]
"""Function that writes the first rows of a new store, in the transaction that creates it."""


class Conflict(Exception):
    """Raised where another unit of work interfered; this one was rolled back and can be run again."""


class Gone(Exception):
    """Raised for a store that was closed or deleted, by this process or another."""


class Unusable(SetupError):
    """Raised where a store cannot be read or written: disk full, read-only or damaged file, lost connection."""

    @classmethod
    def because(cls, name: str, problem: object) -> "Unusable":
        """Error with the sentence for a driver's problem, whose first line alone is told."""
        lines = str(problem).strip().splitlines() or ["-"]
        return cls(text("store.unusable", name=name, problem=lines[0]))


class Store(Protocol):
    """Store of one sandbox."""

    name: str
    failing: bool
    """True since a unit of work was given up as Unusable, until one that wrote is committed."""

    @property
    def current(self) -> bool:
        """True while this object serves the store of its name; another process may delete that, and make a new one."""
        ...

    def begin(self, *, grouped: bool = False) -> AbstractContextManager[UnitOfWork]:
        """Opens a unit of work, which the end of the block commits and an error rolls back.

        Raises Conflict, Gone or Unusable. With `grouped` it may share its commit with others that wait, and ends when
        all of them are committed: for short units of work that their caller runs again after Conflict, which the end of
        the block may raise too.
        """
        ...

    def close(self) -> None:
        """Ends the use of the store by this process; `begin` raises Gone from then on."""
        ...


class StoreFactory(Protocol):
    """Stores in one folder or database; KeyError stands for a name that is malformed or not there."""

    embedded: bool
    """True where only this process writes to the stores."""

    def names(self) -> list[str]:
        """Returns the names of all stores, sorted."""
        ...

    def create(self, name: str, fill: Fill | None = None) -> Store:
        """Creates a store with its first rows, or nothing; raises FileExistsError for a name that is taken."""
        ...

    def open(self, name: str) -> Store:
        """Opens a store, after an upgrade where it is of an earlier version; raises SetupError where that fails."""
        ...

    def delete(self, name: str) -> None:
        """Deletes a store with its snapshots, if there is such a store."""
        ...

    def snapshots(self, name: str) -> list[str]:
        """Returns the names of the snapshots of a store, sorted."""
        ...

    def snapshot(self, name: str, snapshot: str) -> None:
        """Copies a store to a snapshot, replacing one of the same name."""
        ...

    def restore(self, name: str, snapshot: str) -> None:
        """Replaces the rows of a store by those of a snapshot; raises KeyError where there is none of that name."""
        ...

    def close(self) -> None:
        """Closes every connection."""
        ...


@cache
def create_statements(dialect: str) -> tuple[str, ...]:
    """Returns the DDL of every table and index, in the order to run it."""
    written: list[str] = []
    engine = create_mock_engine(
        f"{dialect}://", lambda element, *_, **__: written.append(str(element.compile(dialect=DIALECTS[dialect]())))
    )
    tables.metadata.create_all(engine, checkfirst=False)
    return tuple(written)
