"""Choice of SQLite or PostgreSQL by the address of the stores."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from simulator.store import folder_lock
from simulator.store.sqlite import SqliteFactory
from simulator.store.store import StoreFactory


def open_factory(address: str, *, durable: bool = True) -> StoreFactory:
    """Opens the stores in a folder, or in the database of a `postgresql://` URL.

    `durable` syncs each commit of SQLite to disk; PostgreSQL has a setting of its own. Raises SetupError where neither
    can be opened.
    """
    if _is_database(address):
        from simulator.store.postgres import PostgresFactory

        return PostgresFactory(address)
    return SqliteFactory(Path(address), durable=durable)


def only_server_of(address: str) -> AbstractContextManager[None]:
    """Reserves the stores of a folder for the server of this process; a database takes any number of servers.

    Entering it raises SetupError where another server has the folder.
    """
    return nullcontext() if _is_database(address) else folder_lock.held(Path(address))


def _is_database(address: str) -> bool:
    return address.startswith(("postgresql://", "postgres://"))
