"""Choice of the store factory by the address of a store."""

from pathlib import Path

from simulator.store.sqlite import SqliteFactory
from simulator.store.store import StoreFactory


def open_factory(where: str, *, durable: bool = False) -> StoreFactory:
    """The house at a folder, or at a `postgresql://` URL; `durable` concerns folders only."""
    if where.startswith(("postgresql://", "postgres://")):
        from simulator.store.postgres import PostgresFactory

        return PostgresFactory(where)
    return SqliteFactory(Path(where), durable=durable)
