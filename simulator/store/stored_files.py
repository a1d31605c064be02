"""Total size and expiry of the files of an institution."""

from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select

from simulator.store.file_table import stored_file
from simulator.store.statements import Statement
from simulator.store.unit_of_work import UnitOfWork


class SumOfSizes(NamedTuple):
    """Total size of files in bytes."""

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
    """Returns the total size in bytes of the files of an institution, expired ones included."""
    found = work.one(_SUM, institution=institution)
    return int(found.size) if found else 0


def remove_expired(work: UnitOfWork, institution: str, now: str) -> None:
    """Deletes the files of an institution that expired before `now`, a wire time."""
    work.run(_REMOVE, institution=institution, now=now)
