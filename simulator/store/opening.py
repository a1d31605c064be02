"""Which kind of house an address means."""

from pathlib import Path

from simulator.store.sqlite import SqliteHouse
from simulator.store.store import StoreHouse


def open_house(where: str, *, durable: bool = False) -> StoreHouse:
    """The house at a folder, or at a `postgresql://` URL; `durable` concerns folders only."""
    if where.startswith(("postgresql://", "postgres://")):
        from simulator.store.postgres import PostgresHouse

        return PostgresHouse(where)
    return SqliteHouse(Path(where), durable=durable)
