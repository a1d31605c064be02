"""2601: the sender did not get an answer and wants the message to have no effect."""

from functools import partial

from simulator.core.errors import refuse
from simulator.insured.place import Answered
from simulator.insured.reversal import check_original
from simulator.store import idempotency_keys
from simulator.store.rows import MessageRow
from simulator.store.tables import settlement
from simulator.transactions.batches import bind_batch, free_batch, is_settled_anew, open_batch_of
from simulator.transactions.registry import Ask, Body, Call, Kept, transaction


@transaction("2601")
def reverse(body: Body, call: Call) -> Ask | Kept:
    """Undoes a known message through the insured place; answers 0 for what has no effect here (rules 18)."""
    data = body["data"]
    if data["omsgid"] == call.msgid:
        raise refuse("reversal_of_itself", path="data.omsgid", omsgid=call.msgid)
    call.work.advisory_lock(idempotency_keys.lock_name(data["omsgid"]))
    original = idempotency_keys.find(call.work, data["omsgid"])
    check_original(original, data["psn_no"], data["oinfno"])
    if original is None:
        idempotency_keys.mark_reversed(call.work, data["omsgid"], infno=data["oinfno"], psn_no=data["psn_no"])
        return Kept({})
    if original.state in (idempotency_keys.UNKNOWN, idempotency_keys.RUNNING):
        # Unknown: the platform is reversing it already. Running: its answer will find the mark, and be reversed then.
        idempotency_keys.change_state(call.work, original.msgid, idempotency_keys.REVERSED)
        return Kept({})
    if original.state == idempotency_keys.REVERSED or original.settlement_id is None:
        return Kept({})
    _refuse_withdrawn_batch(call, original)
    visit = call.work.get_required(settlement, id=original.settlement_id).mdtrt_id
    then = partial(_undone, original.settlement_id)
    return Ask(call.infno, body, then=then, psn_no=data["psn_no"], mdtrt_id=visit)


def _refuse_withdrawn_batch(call: Call, original: MessageRow) -> None:
    """A cancelled settlement can only be live again over the charges that it settled *(ours)*."""
    row = call.work.get_required(settlement, id=original.settlement_id)
    if row.kind != "cancellation" or is_settled_anew(call, row):
        return
    if call.work.get_required(settlement, id=row.original_id).state == "cancelled" and open_batch_of(call, row) is None:
        raise refuse("reversal_batch_withdrawn", path="data.omsgid", omsgid=original.msgid, batch=row.batch_number)


def _undone(settlement_id: int, call: Call, answered: Answered) -> Kept:
    """The platform's own state follows: the batch is open again, or settled again after an undone cancellation."""
    row = call.work.get_required(settlement, id=settlement_id)
    if row.kind == "settlement":
        if row.state == "reversed":
            free_batch(call, row.mdtrt_id, row.id)
    elif row.state == "reversed":
        bind_batch(call, call.work.get_required(settlement, id=row.original_id))
    call.findings += answered.warnings
    return Kept({})
