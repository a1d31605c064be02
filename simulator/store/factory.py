"""Choice of SQLite or PostgreSQL by the address of the stores."""

from pathlib import Path

from simulator.store.sqlite import SqliteFactory
from simulator.store.store import StoreFactory


def open_factory(address: str, *, durable: bool = True) -> StoreFactory:
    """Opens the stores in a folder, or in the database of a `postgresql://` URL.

    `durable` syncs each commit of SQLite to disk; PostgreSQL has a setting of its own. Raises SetupError where neither
    can be opened.
    """
    if address.startswith(("postgresql://", "postgres://")):
        from simulator.store.postgres import PostgresFactory

        return PostgresFactory(address)
    return SqliteFactory(Path(address), durable=durable)
