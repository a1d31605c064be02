"""Outbox: messages to agencies, from sending until their outcome is known.

States: sending -> done | refused | unknown; unknown -> reversed | done | given_up. A fault keeps a message as held.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, NotRequired, TypedDict

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


_MOST_LOST = 8


class LostEffect(TypedDict):
    """Effect that a message without a usable answer would have had on its person."""

    after: int
    """Id of the last settlement of the person before it, 0 for none."""
    past: Mapping[str, Any]
    """Settlement or cancellation as the judge looks back on it."""


class OutboxSubject(TypedDict):
    """Row that the answer to a message of the platform's own is booked on, and what a lost message was about."""

    registration: int | None
    """Id of the disease registration whose agency number the answer brings."""
    lost: NotRequired[LostEffect]


class OpenMessage(NamedTuple):
    """Message whose outcome is open, with the msgid of the hospital's message that caused it."""

    state: str
    origin_msgid: str
    msgid: str


class WaitingMessage(NamedTuple):
    """Message of unknown outcome; `next_try` and `claimed_until` are real times in seconds since 1970."""

    id: int
    area: str
    psn_no: str
    next_try: float
    claimed_until: float


class AbandonedMessage(NamedTuple):
    """Message whose sending process ended before the outcome was known."""

    msgid: str
    origin_msgid: str
    infno: str


class UndoneMessage(NamedTuple):
    """Subject of a message that was reversed, or given up."""

    subject: str


class HeldMessage(NamedTuple):
    """Message of a hospital that an injected fault holds back."""

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
_SUBJECTS_UNDONE = Statement(
    select(outbox.c.subject)
    .where(
        outbox.c.psn_no == bindparam("psn_no"),
        or_(outbox.c.state == REVERSED, outbox.c.state == GIVEN_UP),
        outbox.c.subject != bindparam("blank"),
    )
    .order_by(outbox.c.id.desc())
    .limit(bindparam("count")),
    UndoneMessage,
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
    """Adds a message in the given state.

    `msgid` is what the agency sees, `origin_msgid` the hospital's. `next_try` and `claimed_until` are real times in
    seconds since 1970, 0 for none; `owner` names the process that holds the lease. `late` is 1 where a fault delivers
    the original only after its reversal.
    """
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
    """Returns the message that the agency knows by this msgid, or None."""
    return work.get(outbox, lock=lock, msgid=msgid)


def seen_as(work: UnitOfWork, origin_msgid: str) -> str:
    """The msgid under which an agency saw a hospital's message last; blank where none did."""
    row = work.one(_SENT_LAST, origin_msgid=origin_msgid) if origin_msgid else None
    return row.msgid if row is not None else ""


def open_of_visit(work: UnitOfWork, mdtrt_id: str) -> list[OpenMessage]:
    """Returns the messages of a visit that are being sent or of unknown outcome."""
    return work.all(_OPEN_OF_VISIT, mdtrt_id=mdtrt_id)


def open_of_person(work: UnitOfWork, psn_no: str) -> list[OpenMessage]:
    """Returns the messages of a person that are being sent or of unknown outcome."""
    return work.all(_OPEN_OF_PERSON, psn_no=psn_no)


def undecided(work: UnitOfWork) -> list[OutboxRow]:
    """Returns the messages being sent or of unknown outcome, oldest first."""
    return work.all(_UNDECIDED)


def unfinished(work: UnitOfWork) -> list[OutboxRow]:
    """Returns the messages that are undecided, given up, or held back by a fault, oldest first."""
    return work.all(_UNFINISHED)


def waiting(work: UnitOfWork, count: int) -> list[WaitingMessage]:
    """Returns the oldest `count` messages of unknown outcome, claimed ones included."""
    return work.all(_WAITING, count=count)


def claim(work: UnitOfWork, number: int, *, now: float, until: float, owner: str) -> OutboxRow | None:
    """Leases a message of unknown outcome to `owner` until a real time.

    Returns None where another lease runs or the outcome is known.
    """
    return work.one(_CLAIM, row=number, now=now, until=until, by=owner)


def release_claims(work: UnitOfWork, *, mine: str) -> None:
    """Ends the leases of every owner but `mine`."""
    work.run(_RELEASE_CLAIMS, mine=mine, zero=0.0)


def abandon_expired(work: UnitOfWork, *, now: float, error: str) -> list[AbandonedMessage]:
    """Sets the messages being sent whose lease is over to unknown, and returns them."""
    return work.all(_ABANDON_EXPIRED, now=now, unknown=UNKNOWN, zero=0.0, error=error)


def abandon_others(work: UnitOfWork, *, now: float, error: str, mine: str) -> list[AbandonedMessage]:
    """Sets the messages being sent by another owner, or whose lease is over, to unknown, and returns them."""
    return work.all(_ABANDON_OTHERS, now=now, unknown=UNKNOWN, zero=0.0, error=error, mine=mine)


def take_held(work: UnitOfWork, origin_msgid: str) -> list[bytes]:
    """Deletes the messages held back under a hospital's msgid and returns their bytes."""
    rows = work.all(_HELD, msgid=origin_msgid)
    for row in rows:
        work.remove(outbox, id=row.id)
    return [bytes(row.body) for row in rows]


def close(work: UnitOfWork, row: OutboxRow, state: str, error: str | None = None) -> None:
    """Sets the final state of a message and ends its lease; without `error` the last error stays."""
    values = {} if error is None else {"last_error": error}
    work.change(outbox, {"id": row.id}, state=state, claimed_until=0.0, **values)


def close_sent(work: UnitOfWork, msgid: str, state: str, error: str) -> None:
    """Sets the state of a message by the msgid that the agency knows, and ends its lease."""
    work.change(outbox, {"msgid": msgid}, state=state, claimed_until=0.0, last_error=error)


def try_later(work: UnitOfWork, row: OutboxRow, *, at: float, error: str) -> None:
    """Counts an attempt and ends the lease; the next attempt is due at a real time in seconds since 1970."""
    work.change(outbox, {"id": row.id}, attempts=row.attempts + 1, next_try=at, claimed_until=0.0, last_error=error)


def rewrite(work: UnitOfWork, row: OutboxRow, body: bytes) -> None:
    """Replaces the bytes of a message, for later attempts."""
    work.change(outbox, {"id": row.id}, body=body)


def end_delay(work: UnitOfWork, row: OutboxRow) -> None:
    """Clears the fault that delivers the original after its reversal."""
    work.change(outbox, {"id": row.id}, late=0)


def subject_of(registration_id: int | None) -> str:
    """Returns the subject column of a message whose answer brings a registration its agency number."""
    return json.dumps(OutboxSubject(registration=registration_id))


def registration_in(row: OutboxRow) -> int | None:
    """Returns the id of the registration that the answer brings an agency number, or None."""
    subject: OutboxSubject = json.loads(row.subject) if row.subject else OutboxSubject(registration=None)
    return subject["registration"]


def keep_lost_effect(work: UnitOfWork, msgid: str, effect: LostEffect) -> None:
    """Keeps what a message sent to an agency would have done, as its answer cannot tell."""
    work.change(outbox, {"msgid": msgid}, subject=json.dumps(OutboxSubject(registration=None, lost=effect)))


def lost_effects(work: UnitOfWork, psn_no: str) -> list[LostEffect]:
    """Returns the lost effects of a person that were reversed since, the oldest first, the last eight at most."""
    rows = work.all(_SUBJECTS_UNDONE, psn_no=psn_no, blank="", count=_MOST_LOST)
    subjects: list[OutboxSubject] = [json.loads(row.subject) for row in reversed(rows)]
    return [each["lost"] for each in subjects if "lost" in each]


def number_is_awaited(work: UnitOfWork, registration_id: int, infno: str) -> bool:
    """Tells whether a message that brings a registration its agency number is undecided."""
    rows = work.find(outbox, infno=infno, subject=subject_of(registration_id))
    return any(row.state in (SENDING, UNKNOWN) for row in rows)
