"""Idempotency keys: each msgid with its state and answer, of the platform or an insured place (rules 16)."""

from simulator.core.errors import refuse
from simulator.store.rows import MessageRow
from simulator.store.tables import message
from simulator.store.unit_of_work import UnitOfWork

RUNNING, UNKNOWN, DONE, REVERSED = "running", "unknown", "done", "reversed"
"""States of a msgid: at work or at an agency, outcome open, answered, undone by 2601."""


def lock_name(msgid: str) -> str:
    """Returns the name of the advisory lock under which a msgid is decided."""
    return f"msgid {msgid}"


def find(work: UnitOfWork, msgid: str) -> MessageRow | None:
    """Returns the row of a msgid, or None for one that was never spent."""
    return work.get(message, msgid=msgid)


def recorded_answer(row: MessageRow | None, digest: str) -> bytes | None:
    """Returns the recorded answer of the same message, or None where no answer is recorded.

    `digest` is that of the body that came. Raises Refusal when the msgid was reversed, or was spent on another body.
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
    """Spends a msgid before its answer is known; `complete` adds the answer."""
    values: dict[str, str | bytes] = {"infno": infno, "digest": digest, "psn_no": psn_no, "state": state}
    if not work.change(message, {"msgid": msgid}, **values, settlement_id=settlement_id):
        work.add(message, msgid=msgid, **values, settlement_id=settlement_id, answer=b"")


def record(
    work: UnitOfWork, msgid: str, *, infno: str, digest: str, psn_no: str, answer: bytes, settlement_id: int | None
) -> None:
    """Spends a msgid together with its answer; the msgid must not have a row yet."""
    values: dict[str, str | bytes] = {"infno": infno, "digest": digest, "psn_no": psn_no, "answer": answer}
    work.add(message, msgid=msgid, **values, state=DONE, settlement_id=settlement_id)


def complete(work: UnitOfWork, msgid: str, *, answer: bytes, settlement_id: int | None) -> None:
    """Adds the answer of a message to its msgid."""
    work.change(message, {"msgid": msgid}, state=DONE, answer=answer, settlement_id=settlement_id)


def mark_reversed(work: UnitOfWork, msgid: str, *, infno: str, psn_no: str) -> None:
    """Marks a msgid without a row as reversed, so that its message is refused when it comes late (rules 18)."""
    work.add(
        message, msgid=msgid, infno=infno, digest="", psn_no=psn_no, state=REVERSED, settlement_id=None, answer=b""
    )


def is_reversal_mark(row: MessageRow) -> bool:
    """Tells whether the row is the mark that a 2601 left for a message which had not come."""
    # A message that came has the digest of its body.
    return not row.digest


def change_state(work: UnitOfWork, msgid: str, state: str) -> None:
    """Sets the state of a msgid and leaves its answer."""
    work.change(message, {"msgid": msgid}, state=state)


def release(work: UnitOfWork, msgid: str) -> None:
    """Frees the msgid of a refused message, which may come again under it."""
    work.remove(message, msgid=msgid)
