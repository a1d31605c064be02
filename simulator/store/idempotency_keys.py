"""Idempotency keys: msgids spent, on what, and how they ended; on the platform and at an insured place (rules 16)."""

from typing import Any

from simulator.core.errors import refuse
from simulator.store.rows import MessageRow
from simulator.store.tables import message
from simulator.store.unit_of_work import UnitOfWork

RUNNING, UNKNOWN, DONE, REVERSED = "running", "unknown", "done", "reversed"


def lock_name(msgid: str) -> str:
    """What a unit of work holds while it decides on a msgid."""
    return f"msgid {msgid}"


def find(work: UnitOfWork, msgid: str) -> MessageRow | None:
    return work.get(message, msgid=msgid)


def recorded_answer(row: MessageRow | None, digest: str) -> bytes | None:
    """The answer to give again, or None when the message is to be judged.

    Raises Refusal when the msgid was reversed, or was spent on another body.
    """
    if row is None:
        return None
    if row.state == REVERSED:
        raise refuse("msgid_reversed", path="msgid", msgid=row.msgid)
    if row.digest != digest:
        raise refuse("msgid_other_body", path="msgid", msgid=row.msgid, infno=row.infno)
    return bytes(row.answer) if row.state == DONE else None


def reserve(
    work: UnitOfWork, msgid: str, *, infno: str, digest: str, psn_no: str, state: str, settlement_id: int | None = None
) -> None:
    """Records that a message takes effect; its answer is added by `close` before the work is committed."""
    values: dict[str, Any] = {"infno": infno, "digest": digest, "psn_no": psn_no, "state": state}
    if not work.change(message, {"msgid": msgid}, **values, settlement_id=settlement_id):
        work.add(message, msgid=msgid, **values, settlement_id=settlement_id, answer=b"")


def record(
    work: UnitOfWork, msgid: str, *, infno: str, digest: str, psn_no: str, answer: bytes, settlement_id: int | None
) -> None:
    """Records at once a message never spent before, and the answer to it."""
    values: dict[str, Any] = {"infno": infno, "digest": digest, "psn_no": psn_no, "answer": answer}
    work.add(message, msgid=msgid, **values, state=DONE, settlement_id=settlement_id)


def complete(work: UnitOfWork, msgid: str, *, answer: bytes, settlement_id: int | None) -> None:
    work.change(message, {"msgid": msgid}, state=DONE, answer=answer, settlement_id=settlement_id)


def mark_reversed(work: UnitOfWork, msgid: str, *, infno: str, psn_no: str) -> None:
    """A msgid never seen is marked, so that the late original, whoever's, is refused (rules 18)."""
    work.add(
        message, msgid=msgid, infno=infno, digest="", psn_no=psn_no, state=REVERSED, settlement_id=None, answer=b""
    )


def never_seen(row: MessageRow) -> bool:
    """Whether the row is only the mark of a 2601 that came for a message nobody has sent."""
    return not row.digest


def change_state(work: UnitOfWork, msgid: str, state: str) -> None:
    work.change(message, {"msgid": msgid}, state=state)


def release(work: UnitOfWork, msgid: str) -> None:
    """A refused message spends nothing: it is judged anew when it comes again."""
    work.remove(message, msgid=msgid)
