"""Handlers of declared transactions."""

from collections.abc import Callable, Mapping
from functools import partial

from simulator.domain.transaction_table import traits_of
from simulator.transactions.declarative.keeping import keep_records, withdraw_records
from simulator.transactions.declarative.queries import show_rows
from simulator.transactions.declarative.sources import SOURCES
from simulator.transactions.declarative.specification import Declared, Query, Upload, Withdrawal
from simulator.transactions.registry import Handler, transaction

_RECORD, _TABLE = "record", "table"


def serve(declared: Mapping[str, Declared]) -> None:
    """Registers a handler for each entry; raises ValueError for an entry that the table of transactions contradicts."""
    for infno, entry in declared.items():
        traits = traits_of(infno)
        wanted = (depth_of(entry), not isinstance(entry, Query))
        if (traits.depth, traits.effect) != wanted:
            raise ValueError(f"{infno}: depth and effect are {wanted} as declared, {traits.depth, traits.effect}")
        transaction(infno)(handler_of(entry))


def depth_of(entry: Declared) -> str:
    """Returns the depth of an entry: `table` for a query of a table, `record` for anything else."""
    return _TABLE if isinstance(entry, Query) and entry.upload is None else _RECORD


def handler_of(entry: Declared) -> Handler:
    """Makes the handler of an entry; raises ValueError for a query of an unknown source."""
    if isinstance(entry, Upload):
        return _named(entry, partial(keep_records, entry))
    if isinstance(entry, Withdrawal):
        return _named(entry, partial(withdraw_records, entry))
    if entry.upload is None and entry.source not in SOURCES:
        raise ValueError(f"{entry.infno} shows {entry.source}: neither a kind of record nor one of {sorted(SOURCES)}")
    return _named(entry, partial(show_rows, entry))


def _named(entry: Declared, handler: Handler) -> Handler:
    # Error messages of the registry name handlers, and a partial has no name.
    named: Callable[..., object] = handler
    named.__name__ = f"{type(entry).__name__.lower()}_{entry.infno}"
    return handler
