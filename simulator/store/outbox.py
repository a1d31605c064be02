"""Rows of the outbox: sending -> done | refused | unknown; unknown -> reversed | done | given up; held by a fault."""

import json
from typing import NamedTuple, TypedDict

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.sql.expression import ColumnElement

from simulator.store.rows import OutboxRow
from simulator.store.statements import Statement
from simulator.store.tables import outbox
from simulator.store.unit_of_work import UnitOfWork

SENDING, DONE, REFUSED, UNKNOWN, REVERSED, GIVEN_UP, HELD = (
    "sending",
    "done",
    "refused",
    "unknown",
    "reversed",
    "given_up",
    "held",
)


class Subject(TypedDict):
    """What the outcome of a message of the platform's own is booked on."""

    registration: int | None


class OpenMessage(NamedTuple):
    """A message whose outcome is open, and the hospital's msgid that it stands for."""

    state: str
    origin_msgid: str
    msgid: str


class WaitingMessage(NamedTuple):
    """A message of unknown outcome, and when it may be tried again."""

    id: int
    area: str
    psn_no: str
    next_try: float
    claimed_until: float


class AbandonedMessage(NamedTuple):
    """A message whose sender died before its outcome was known."""

    msgid: str
    origin_msgid: str
    infno: str


class HeldMessage(NamedTuple):
    """A message of a hospital that a fault holds back."""

    id: int
    body: bytes


_OPEN = or_(outbox.c.state == SENDING, outbox.c.state == UNKNOWN)
_OPEN_MESSAGE = outbox.c.state, outbox.c.origin_msgid, outbox.c.msgid
_OPEN_OF_VISIT = Statement(select(*_OPEN_MESSAGE).where(outbox.c.mdtrt_id == bindparam("mdtrt_id"), _OPEN), OpenMessage)
_SENT_LAST = Statement(
    select(*_OPEN_MESSAGE)
    .where(outbox.c.origin_msgid == bindparam("origin_msgid"), outbox.c.state != HELD)
    .order_by(outbox.c.id.desc())
    .limit(1),
    OpenMessage,
)
_OPEN_OF_PERSON = Statement(select(*_OPEN_MESSAGE).where(outbox.c.psn_no == bindparam("psn_no"), _OPEN), OpenMessage)
_UNDECIDED = Statement(select(outbox).where(_OPEN).order_by(outbox.c.id), OutboxRow)
_UNFINISHED = Statement(
    select(outbox).where(or_(_OPEN, outbox.c.state == GIVEN_UP, outbox.c.state == HELD)).order_by(outbox.c.id),
    OutboxRow,
)
_WAITING = Statement(
    select(outbox.c.id, outbox.c.area, outbox.c.psn_no, outbox.c.next_try, outbox.c.claimed_until)
    .where(outbox.c.state == UNKNOWN)
    .order_by(outbox.c.id)
    .limit(bindparam("count")),
    WaitingMessage,
)
_CLAIM = Statement(
    update(outbox)
    .where(outbox.c.id == bindparam("row"), outbox.c.state == UNKNOWN, outbox.c.claimed_until <= bindparam("now"))
    .values(claimed_until=bindparam("until"), owner=bindparam("by"))
    .returning(*outbox.c),
    OutboxRow,
)
_RELEASE_CLAIMS = Statement(
    update(outbox)
    .where(outbox.c.state == UNKNOWN, outbox.c.claimed_until > 0, outbox.c.owner != bindparam("mine"))
    .values(claimed_until=bindparam("zero"))
)
_EXPIRED = outbox.c.claimed_until < bindparam("now")


def _abandon(which: ColumnElement[bool]) -> Statement[AbandonedMessage]:
    return Statement(
        update(outbox)
        .where(outbox.c.state == SENDING, which)
        .values(state=bindparam("unknown"), claimed_until=bindparam("zero"), last_error=bindparam("error"))
        .returning(outbox.c.msgid, outbox.c.origin_msgid, outbox.c.infno),
        AbandonedMessage,
    )


_ABANDON_EXPIRED = _abandon(_EXPIRED)
_ABANDON_OTHERS = _abandon(_EXPIRED | (outbox.c.owner != bindparam("mine")))
_HELD = Statement(
    select(outbox.c.id, outbox.c.body).where(outbox.c.state == HELD, outbox.c.origin_msgid == bindparam("msgid")),
    HeldMessage,
)


def add_row(
    work: UnitOfWork,
    *,
    msgid: str,
    state: str,
    body: bytes,
    area: str = "",
    infno: str = "",
    origin_msgid: str = "",
    psn_no: str = "",
    mdtrt_id: str = "",
    subject: str = "",
    late: int = 0,
    next_try: float = 0.0,
    claimed_until: float = 0.0,
    owner: str = "",
    exchange: str = "",
) -> None:
    """Keeps a message that is sent, repeated or held back; times are real, and 0 is at once."""
    work.add(
        outbox,
        msgid=msgid,
        area=area,
        infno=infno,
        state=state,
        body=body,
        origin_msgid=origin_msgid,
        psn_no=psn_no,
        mdtrt_id=mdtrt_id,
        subject=subject,
        late=late,
        attempts=0,
        next_try=next_try,
        claimed_until=claimed_until,
        owner=owner,
        last_error="",
        exchange=exchange,
    )


def find_sent(work: UnitOfWork, msgid: str, *, lock: bool = False) -> OutboxRow | None:
    """The message of the msgid that the agency sees."""
    return work.get(outbox, lock=lock, msgid=msgid)


def seen_as(work: UnitOfWork, origin_msgid: str) -> str:
    """The msgid under which an agency saw a hospital's message last; blank where none did."""
    row = work.one(_SENT_LAST, origin_msgid=origin_msgid) if origin_msgid else None
    return row.msgid if row is not None else ""


def open_of_visit(work: UnitOfWork, mdtrt_id: str) -> list[OpenMessage]:
    """Messages of a visit that are in flight, or of unknown outcome."""
    return work.all(_OPEN_OF_VISIT, mdtrt_id=mdtrt_id)


def open_of_person(work: UnitOfWork, psn_no: str) -> list[OpenMessage]:
    """Messages of a person that are in flight, or of unknown outcome."""
    return work.all(_OPEN_OF_PERSON, psn_no=psn_no)


def undecided(work: UnitOfWork) -> list[OutboxRow]:
    """Messages in flight or of unknown outcome, in the order in which they were put in."""
    return work.all(_UNDECIDED)


def unfinished(work: UnitOfWork) -> list[OutboxRow]:
    """Messages that are undecided, given up, or held back by a fault."""
    return work.all(_UNFINISHED)


def waiting(work: UnitOfWork, count: int) -> list[WaitingMessage]:
    """The first messages of unknown outcome, claimed ones included."""
    return work.all(_WAITING, count=count)


def claim(work: UnitOfWork, number: int, *, now: float, until: float, owner: str) -> OutboxRow | None:
    """Leases a message of unknown outcome; None where another process has it or its outcome is known."""
    return work.one(_CLAIM, row=number, now=now, until=until, by=owner)


def release_claims(work: UnitOfWork, *, mine: str) -> None:
    """Ends the leases of every other owner."""
    work.run(_RELEASE_CLAIMS, mine=mine, zero=0.0)


def abandon_expired(work: UnitOfWork, *, now: float, error: str) -> list[AbandonedMessage]:
    """Makes the outcome of messages in flight unknown whose lease is over."""
    return work.all(_ABANDON_EXPIRED, now=now, unknown=UNKNOWN, zero=0.0, error=error)


def abandon_others(work: UnitOfWork, *, now: float, error: str, mine: str) -> list[AbandonedMessage]:
    """Makes the outcome of messages in flight unknown that another owner sent, or whose lease is over."""
    return work.all(_ABANDON_OTHERS, now=now, unknown=UNKNOWN, zero=0.0, error=error, mine=mine)


def take_held(work: UnitOfWork, origin_msgid: str) -> list[bytes]:
    """Removes the messages that a fault holds back under a hospital's msgid, and gives their bytes."""
    rows = work.all(_HELD, msgid=origin_msgid)
    for row in rows:
        work.remove(outbox, id=row.id)
    return [bytes(row.body) for row in rows]


def close(work: UnitOfWork, row: OutboxRow, state: str, error: str | None = None) -> None:
    """Sets the state that ends a message; its last error stays unless another is named."""
    values = {} if error is None else {"last_error": error}
    work.change(outbox, {"id": row.id}, state=state, claimed_until=0.0, **values)


def close_sent(work: UnitOfWork, msgid: str, state: str, error: str) -> None:
    """Sets the state that a message in flight ended in."""
    work.change(outbox, {"msgid": msgid}, state=state, claimed_until=0.0, last_error=error)


def try_later(work: UnitOfWork, row: OutboxRow, *, at: float, error: str) -> None:
    """Counts an attempt, and releases the message until a real time."""
    work.change(outbox, {"id": row.id}, attempts=row.attempts + 1, next_try=at, claimed_until=0.0, last_error=error)


def rewrite(work: UnitOfWork, row: OutboxRow, body: bytes) -> None:
    """Changes the bytes that are sent from now on."""
    work.change(outbox, {"id": row.id}, body=body)


def end_delay(work: UnitOfWork, row: OutboxRow) -> None:
    """Forgets that the original of a message was to arrive late."""
    work.change(outbox, {"id": row.id}, late=0)


def subject_of(registration_id: int | None) -> str:
    """The subject of a message whose answer a registration learns its number from."""
    return json.dumps(Subject(registration=registration_id))


def registration_in(row: OutboxRow) -> int | None:
    """The registration that learns the agency's number from the answer."""
    subject: Subject = json.loads(row.subject) if row.subject else Subject(registration=None)
    return subject["registration"]


def number_is_awaited(work: UnitOfWork, registration_id: int, infno: str) -> bool:
    """Whether a message that brings the agency's number of a registration is undecided."""
    rows = work.find(outbox, infno=infno, subject=subject_of(registration_id))
    return any(row.state in (SENDING, UNKNOWN) for row in rows)
