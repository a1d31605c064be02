"""Records in the store: kept, found by what identifies them or by whom they belong to, withdrawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    """The institution, person or visit that a record belongs to; a column that says nothing is blank."""

    institution: str
    psn_no: str = ""
    mdtrt_id: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """The message that a record came with."""

    msgid: str
    area: str
    operator: tuple[str, str]
    at: str
    """Beijing wire time of the trade clock."""


def keep(work: UnitOfWork, kind: str, identity: str, owner: Owner, origin: Origin, body: Mapping[str, Any]) -> int:
    """Keeps a record; its number. Nothing live may have the same identity."""
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
    """Lets nobody else keep or withdraw records of the kind and owner until this unit of work ends."""
    work.advisory_lock(f"record {kind} {owner}")


def identified(work: UnitOfWork, kind: str, identity: str) -> RecordRow | None:
    """The live record with that identity."""
    return work.one(_LIVE_BY_IDENTITY, kind=kind, identity=identity)


def numbered(work: UnitOfWork, kind: str, number: int) -> RecordRow | None:
    """The live record with that number."""
    return work.get(record, id=number, kind=kind, state=LIVE_STATE)


def belonging_to(work: UnitOfWork, kind: str, state: str, column: str, owner: str) -> list[RecordRow]:
    """Records of one institution, person or visit, as the column says, in the order in which they came."""
    by: dict[str, Any] = {"kind": kind, "state": state, column: owner}
    return work.find(record, order="id", **by)


def withdraw(work: UnitOfWork, number: int, at: str) -> None:
    work.change(record, {"id": number}, state=WITHDRAWN_STATE, changed_at=at)


def body_of(row: RecordRow) -> dict[str, Any]:
    """The body of a record as it was sent."""
    found: dict[str, Any] = read_own(row.body)
    return found
