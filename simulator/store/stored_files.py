"""Sum and expiry of the files that institutions keep in a sandbox."""

from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select

from simulator.store.file_table import stored_file
from simulator.store.statements import Statement
from simulator.store.unit_of_work import UnitOfWork


class SumOfSizes(NamedTuple):
    """Bytes of several files."""

    size: int


_SUM = Statement(
    select(func.coalesce(func.sum(stored_file.c.size), 0).label("size")).where(
        stored_file.c.institution == bindparam("institution")
    ),
    SumOfSizes,
)
_REMOVE = Statement(
    delete(stored_file).where(
        stored_file.c.institution == bindparam("institution"), stored_file.c.until < bindparam("now")
    )
)


def sum_of_sizes(work: UnitOfWork, institution: str) -> int:
    """Bytes of all files of an institution."""
    found = work.one(_SUM, institution=institution)
    return int(found.size) if found else 0


def remove_expired(work: UnitOfWork, institution: str, now: str) -> None:
    """Removes the files of an institution whose time is over at `now`, a time as the wire writes it."""
    work.run(_REMOVE, institution=institution, now=now)
