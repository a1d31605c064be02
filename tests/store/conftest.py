"""The same store tests on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from simulator.store import tables
from simulator.store.factory import open_factory
from simulator.store.store import StoreFactory

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BOTH)
def dialect(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def where(dialect: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """A folder, or the URL of a database, of this module's own."""
    url: str = request.getfixturevalue("postgres_database") if dialect == "postgresql" else ""
    return url or str(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def shared_house(where: str) -> Iterator[StoreFactory]:
    with closing(open_factory(where)) as factory:
        yield factory


@pytest.fixture
def factory(shared_house: StoreFactory) -> Iterator[StoreFactory]:
    """A house without sandboxes but the one that tests share."""
    yield shared_house
    for name in shared_house.names():
        if name != SHARED:
            shared_house.delete(name)


SHARED = "shared"


@pytest.fixture
def a_store(shared_house: StoreFactory) -> Any:
    """A store without rows; on PostgreSQL making one takes half a second, so it is emptied and not made anew."""
    store = shared_house.open(SHARED) if SHARED in shared_house.names() else shared_house.create(SHARED)
    with store.begin() as work:
        for table in tables.metadata.sorted_tables:
            work.remove(table)
    return store
