"""Reversal at the insured place (2601): answers 0 when the message has no effect afterwards (rules 18)."""

from collections.abc import Iterator

from simulator.core.clock import from_wire
from simulator.core.errors import refuse
from simulator.core.findings import WARNING, Finding
from simulator.core.money import yuan
from simulator.core.texts import text
from simulator.domain.transaction_table import REVERSAL, TRANSACTIONS
from simulator.insured import books
from simulator.insured.place import Answered, Asked, insured
from simulator.store import idempotency_keys, people
from simulator.store.rows import MessageRow, SettlementRow
from simulator.store.tables import settlement


@insured("2601")
def reverse(asked: Asked) -> Answered:
    """Undoes the settlement or cancellation of a msgid; marks an unknown msgid, to refuse its message later."""
    data = asked.body["data"]
    original = idempotency_keys.find(asked.work, data["omsgid"])
    check_original(original, data["psn_no"], data["oinfno"])
    if original is None:
        idempotency_keys.mark_reversed(asked.work, data["omsgid"], infno=data["oinfno"], psn_no=data["psn_no"])
        return Answered({})
    if original.state == idempotency_keys.REVERSED or original.settlement_id is None:
        idempotency_keys.change_state(asked.work, original.msgid, idempotency_keys.REVERSED)
        return Answered({})
    warnings = undo(asked, original)
    idempotency_keys.change_state(asked.work, original.msgid, idempotency_keys.REVERSED)
    return Answered({}, original.settlement_id, warnings)


def check_original(original: MessageRow | None, psn_no: str, oinfno: str) -> None:
    """Raises Refusal where the person or oinfno is not the original's, or its transaction cannot be reversed."""
    if oinfno == REVERSAL:
        raise refuse("reversal_of_reversal", path="data.oinfno")
    if original is None or idempotency_keys.is_reversal_mark(original):
        return
    if original.psn_no and original.psn_no != psn_no:
        raise refuse("reversal_other_person", path="data.psn_no", omsgid=original.msgid)
    if original.infno != oinfno:
        raise refuse("reversal_other_infno", path="data.oinfno", omsgid=original.msgid, infno=original.infno)
    traits = TRANSACTIONS.get(original.infno)
    # Queries and pre-settlements spend nothing; reversing one is answered 0.
    undoable = traits is not None and (traits.reversible or not traits.effect)
    if not undoable and original.state != idempotency_keys.REVERSED:
        raise refuse("reversal_not_possible", path="data.oinfno", infno=original.infno)


def undo(asked: Asked, original: MessageRow) -> tuple[Finding, ...]:
    """Undoes the booking of a message; findings tell of a cancellation undone, and of caps exceeded by that."""
    # Every booking locks the person first, so the row read here cannot change before the commit.
    people.lock(asked.work, original.psn_no)
    row = asked.work.get_required(settlement, id=original.settlement_id, lock=True)
    if row.kind == "settlement":
        if row.state == "live":
            books.undo_booking(asked.work, row, asked.place.coverage)
            asked.work.change(settlement, {"id": row.id}, state="reversed")
        return ()
    return _undo_cancellation(asked, row)


def _undo_cancellation(asked: Asked, row: SettlementRow) -> tuple[Finding, ...]:
    cancelled = asked.work.get_required(settlement, id=row.original_id, lock=True)
    settled_by = idempotency_keys.find(asked.work, cancelled.msgid)
    if row.state == "reversed" or (settled_by is not None and settled_by.state == idempotency_keys.REVERSED):
        return ()
    for other in asked.work.find(settlement, mdtrt_id=row.mdtrt_id, batch_number=row.batch_number):
        if other.kind == "settlement" and other.state == "live":
            raise refuse("reversal_settled_anew", path="data.omsgid", omsgid=row.msgid)
    books.rebook(asked.work, cancelled, asked.place.coverage, entered_as=row.id)
    asked.work.change(settlement, {"id": row.id}, state="reversed")
    asked.work.change(settlement, {"id": cancelled.id}, state="live")
    sentence = text("finding.cancellation_undone", msgid=row.msgid)
    return (Finding("reversal.cancellation_undone", WARNING, sentence), *_exceeded_caps(asked, cancelled))


def _exceeded_caps(asked: Asked, row: SettlementRow) -> Iterator[Finding]:
    """Finds the caps of the pool that a settlement exceeds by counting again; a warning, not a refusal (rules 18)."""
    known = people.load_by_id(asked.work, row.person_id)
    category = next((each.category for each in known.person.insurances if each.insutype == row.insutype), "")
    rules = asked.city().rules_on(from_wire(row.setl_time).date())
    paid = people.accumulated(asked.work, row.person_id, row.insutype, row.year)
    for disease in dict.fromkeys((row.disease, "")):
        cap = rules.pool_cap(insutype=row.insutype, category=category, disease=disease)
        got = paid.get(("HIFP", disease), 0)
        if cap is not None and got > cap:
            sentence = text("finding.cap_overshot", cap=yuan(cap), paid=yuan(got), disease=disease or "-")
            yield Finding("reversal.cap_overshot", WARNING, sentence, "", str(yuan(cap)), str(yuan(got)))
