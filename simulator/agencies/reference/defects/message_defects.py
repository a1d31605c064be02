"""Defects of messages: msgids spent and spent again, batches, repeated and late messages, stale answers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator.agencies.reference.defects.families import cancels, reverses, settles
from simulator.agencies.reference.defects.overlays import (
    Answer,
    Deliver,
    OverlayContext,
    overlays_answer,
    overlays_delivery,
)
from simulator.core.errors import refuse
from simulator.core.json_codec import NotAMessage, read_json, write_json
from simulator.domain.transaction_table import Family, traits_of
from simulator.insured import books
from simulator.insured.place import Answered, Asked, row_number
from simulator.insured.settlement import cancellation_answer
from simulator.store import idempotency_keys
from simulator.store.tables import settlement


@overlays_delivery
def same_msgid_done_again(sound: Deliver, context: OverlayContext, raw: bytes) -> bytes:
    """Forgets that a msgid was spent, and lets its batch be settled again."""
    fields = _fields(raw)
    with context.begin() as work:
        spent = idempotency_keys.find(work, str(fields.get("msgid")))
        if spent is not None and spent.state == idempotency_keys.DONE:
            idempotency_keys.release(work, spent.msgid)
            if spent.settlement_id is not None:
                work.change(settlement, {"id": spent.settlement_id}, batch_number=f"-{spent.settlement_id}")
    return sound(raw)


@overlays_delivery
def other_content_answered(sound: Deliver, context: OverlayContext, raw: bytes) -> bytes:
    """Gives the recorded answer of a spent msgid to whatever content comes under it."""
    with context.begin() as work:
        spent = idempotency_keys.find(work, str(_fields(raw).get("msgid")))
    if spent is not None and spent.state == idempotency_keys.DONE:
        return bytes(spent.answer)
    return sound(raw)


@overlays_delivery
def old_success_after_reversal(sound: Deliver, context: OverlayContext, raw: bytes) -> bytes:
    """Gives the recorded answer also after the message was reversed."""
    with context.begin() as work:
        spent = idempotency_keys.find(work, str(_fields(raw).get("msgid")))
    if spent is not None and spent.state == idempotency_keys.REVERSED and spent.answer:
        return bytes(spent.answer)
    return sound(raw)


@overlays_delivery
def late_original_accepted(sound: Deliver, context: OverlayContext, raw: bytes) -> bytes:
    """Forgets the mark of a reversal that came before its original."""
    with context.begin() as work:
        spent = idempotency_keys.find(work, str(_fields(raw).get("msgid")))
        if spent is not None and spent.state == idempotency_keys.REVERSED and idempotency_keys.is_reversal_mark(spent):
            idempotency_keys.release(work, spent.msgid)
    return sound(raw)


@overlays_delivery
def stale_answer(sound: Deliver, context: OverlayContext, raw: bytes) -> bytes:
    """Answers a pre-settlement with the answer to the one before it."""
    fields = _fields(raw)
    answer = sound(raw)
    if traits_of(str(fields.get("infno"))).family != Family.PRE_SETTLEMENT:
        return answer
    before = context.remembered.get("preview", answer)
    context.remembered["preview"] = answer
    return before


@overlays_delivery
def output_left_out(sound: Deliver, _: OverlayContext, raw: bytes) -> bytes:
    """Answers a settlement without its output."""
    answer = sound(raw)
    if traits_of(str(_fields(raw).get("infno"))).family != Family.SETTLEMENT:
        return answer
    return write_json({**read_json(answer), "output": {}})


@overlays_delivery
def reference_number_left_out(sound: Deliver, _: OverlayContext, raw: bytes) -> bytes:
    return write_json({name: value for name, value in read_json(sound(raw)).items() if name != "inf_refmsgid"})


@overlays_answer
def batch_settled_again(sound: Answer, asked: Asked) -> Answered:
    """Settles a batch as often as it is asked to."""
    if not settles(asked):
        return sound(asked)
    data = asked.body["data"]
    for row in asked.work.find(settlement, mdtrt_id=data["mdtrt_id"], batch_number=data["chrg_bchno"]):
        asked.work.change(settlement, {"id": row.id}, batch_number=f"-{row.id}")
    return sound(asked)


@overlays_answer
def cancelled_again(sound: Answer, asked: Asked) -> Answered:
    """Cancels a settlement once more where it was cancelled already."""
    row = _named(asked) if cancels(asked) else None
    if row is None or row.state != "cancelled":
        return sound(asked)
    undone = books.cancel(
        asked.work,
        row,
        asked.place.coverage,
        msgid=asked.msgid,
        infno=asked.infno,
        setl_time=f"{asked.now:%Y-%m-%d %H:%M:%S}",
    )
    return Answered(cancellation_answer(asked, undone, setl_id=asked.body["data"]["setl_id"]), undone.id)


@overlays_answer
def latest_cancelled_only(sound: Answer, asked: Asked) -> Answered:
    """Refuses to cancel a settlement that is not the person's latest, whatever the city file says."""
    row = _named(asked) if cancels(asked) else None
    if row is not None:
        for other in asked.work.find(settlement, person_id=row.person_id, order="id"):
            if other.kind == "settlement" and other.state == "live" and other.id > row.id:
                raise refuse("cancel_latest_first", path="data.setl_id", setl_id=asked.body["data"]["setl_id"])
    return sound(asked)


@overlays_answer
def cancelled_for_anybody(sound: Answer, asked: Asked) -> Answered:
    """Cancels the settlement of another person or visit when it is named."""
    row = _named(asked) if cancels(asked) else None
    if row is None:
        return sound(asked)
    return sound(_with_data(asked, {"psn_no": row.psn_no, "mdtrt_id": row.mdtrt_id}))


@overlays_answer
def unseen_reversal_refused(sound: Answer, asked: Asked) -> Answered:
    if reverses(asked) and idempotency_keys.find(asked.work, asked.body["data"]["omsgid"]) is None:
        raise refuse("settlement_unknown", path="data.omsgid", setl_id=asked.body["data"]["omsgid"])
    return sound(asked)


@overlays_answer
def second_reversal_refused(sound: Answer, asked: Asked) -> Answered:
    if reverses(asked):
        original = idempotency_keys.find(asked.work, asked.body["data"]["omsgid"])
        if original is not None and original.state == idempotency_keys.REVERSED:
            raise refuse("msgid_reversed", path="data.omsgid", msgid=original.msgid)
    return sound(asked)


@overlays_answer
def reversal_for_anybody(sound: Answer, asked: Asked) -> Answered:
    """Reverses a message for any person and under any transaction."""
    if not reverses(asked):
        return sound(asked)
    original = idempotency_keys.find(asked.work, asked.body["data"]["omsgid"])
    if original is None:
        return sound(asked)
    return sound(_with_data(asked, {"psn_no": original.psn_no, "oinfno": original.infno}))


@overlays_answer
def cancelled_settlement_reversed_again(sound: Answer, asked: Asked) -> Answered:
    """Takes a settlement back by its reversal although a cancellation has taken it back already."""
    if reverses(asked):
        original = idempotency_keys.find(asked.work, asked.body["data"]["omsgid"])
        if original is not None and original.settlement_id is not None:
            row = asked.work.get_required(settlement, id=original.settlement_id)
            if row.kind == "settlement" and row.state == "cancelled":
                books.undo_booking(asked.work, row, asked.place.coverage)
    return sound(asked)


def _fields(raw: bytes) -> Mapping[str, Any]:
    """Fields of a message, none where it is not a message at all."""
    try:
        fields = read_json(raw)
    except NotAMessage:
        return {}
    return fields if isinstance(fields, Mapping) else {}


def _named(asked: Asked) -> Any:
    """Settlement that a cancellation names, None where there is none of that number."""
    number = row_number(asked.place.numbers, asked.body["data"]["setl_id"])
    row = asked.work.get(settlement, id=number) if number is not None else None
    return row if row is not None and row.kind == "settlement" else None


def _with_data(asked: Asked, changed: Mapping[str, Any]) -> Asked:
    return replace(asked, body={**asked.body, "data": {**asked.body["data"], **changed}})
