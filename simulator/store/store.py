"""What every store keeps to: one per sandbox, opened by a StoreHouse that knows where all of them are."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, Protocol, cast

from sqlalchemy import create_mock_engine

from simulator.store import tables
from simulator.store.statements import DIALECTS
from simulator.store.unit_of_work import UnitOfWork

NAME = re.compile(r"[a-z0-9-]{1,40}\Z")
"""Names of sandboxes and snapshots; nothing else ever becomes part of a path or a schema."""


Fill = Callable[[UnitOfWork], None]
"""Puts the first rows into a new store; they are there from the moment that the store is."""


class Conflict(Exception):
    """Another unit of work was in the way; nothing of this one was kept, and it may be taken again as it is."""


class Gone(Exception):
    """The sandbox was deleted, here or by another process."""


class Store(Protocol):
    """The state of one sandbox."""

    name: str

    @property
    def current(self) -> bool:
        """Whether this is still the store of its name; another process may have deleted it and made a new one."""
        ...

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work: committed when the block ends, undone when it raises; raises Conflict or Gone."""
        ...

    def close(self) -> None: ...


class StoreFactory(Protocol):
    """Where the sandboxes are kept."""

    embedded: bool
    """Whether this process alone writes here."""

    def names(self) -> list[str]: ...
    def create(self, name: str, fill: Fill | None = None) -> Store: ...
    def open(self, name: str) -> Store: ...
    def delete(self, name: str) -> None: ...
    def snapshots(self, name: str) -> list[str]: ...
    def snapshot(self, name: str, snapshot: str) -> None: ...
    def restore(self, name: str, snapshot: str) -> None: ...
    def close(self) -> None: ...


@cache
def create_statements(dialect: str) -> tuple[str, ...]:
    """The DDL of every table and index."""
    written: list[str] = []
    engine = create_mock_engine(
        f"{dialect}://", lambda element, *_, **__: written.append(str(element.compile(dialect=DIALECTS[dialect]())))
    )
    tables.metadata.create_all(cast(Any, engine), checkfirst=False)
    return tuple(written)
