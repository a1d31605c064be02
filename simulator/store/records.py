"""Records of the store: added, found by number, identity or owner, and withdrawn."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from simulator.core.json_codec import read_own, write_json
from simulator.store.record_table import LIVE, record
from simulator.store.rows import RecordRow
from simulator.store.statements import Statement
from simulator.store.unit_of_work import UnitOfWork

LIVE_STATE, WITHDRAWN_STATE = "live", "withdrawn"

_LIVE_BY_IDENTITY = Statement(
    select(record).where(record.c.kind == bindparam("kind"), record.c.identity == bindparam("identity"), LIVE),
    RecordRow,
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Institution that uploaded a record, with the person and visit that it belongs to; blank where to none."""

    institution: str
    psn_no: str = ""
    mdtrt_id: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Message that a record came with; `operator` is code and name."""

    msgid: str
    area: str
    operator: tuple[str, str]
    at: str
    """Wire time by the trade clock."""


def keep(work: UnitOfWork, kind: str, identity: str, owner: Owner, origin: Origin, body: Mapping[str, object]) -> int:
    """Adds a live record and returns its number; the database refuses two live ones of a kind and identity."""
    return work.add(
        record,
        kind=kind,
        identity=identity,
        institution=owner.institution,
        psn_no=owner.psn_no,
        mdtrt_id=owner.mdtrt_id,
        area=origin.area,
        state=LIVE_STATE,
        msgid=origin.msgid,
        operator=origin.operator[0],
        operator_name=origin.operator[1],
        kept_at=origin.at,
        changed_at=origin.at,
        body=write_json(body).decode(),
    )


def lock_kind(work: UnitOfWork, kind: str, owner: str) -> None:
    """Lets no other unit of work keep or withdraw records of the kind and owner until this one ends."""
    work.advisory_lock(f"record {kind} {owner}")


def find_by_identity(work: UnitOfWork, kind: str, identity: str) -> RecordRow | None:
    """Returns the live record of a kind with an identity, or None."""
    return work.one(_LIVE_BY_IDENTITY, kind=kind, identity=identity)


def find_by_number(work: UnitOfWork, kind: str, number: int) -> RecordRow | None:
    """Returns the live record of a kind with a number, or None."""
    return work.get(record, id=number, kind=kind, state=LIVE_STATE)


def find_by_owner(work: UnitOfWork, kind: str, state: str, column: str, owner: str) -> list[RecordRow]:
    """Returns the records of an owner in the order of upload; `column` is institution, psn_no or mdtrt_id."""
    return work.find(record, order="id", lock=False, **{"kind": kind, "state": state, column: owner})


def withdraw(work: UnitOfWork, number: int, at: str) -> None:
    """Withdraws a record at a wire time; its row stays."""
    work.change(record, {"id": number}, state=WITHDRAWN_STATE, changed_at=at)


def body_of(row: RecordRow) -> dict[str, object]:
    """Returns the fields of a record as uploaded."""
    found: dict[str, object] = read_own(row.body)
    return found
