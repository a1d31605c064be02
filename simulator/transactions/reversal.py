"""Reversal of a message whose answer the sender did not get (2601)."""

from functools import partial

from simulator.core.errors import refuse
from simulator.core.findings import WARNING, Finding
from simulator.core.texts import join, text
from simulator.domain.transaction_table import Family, traits_of
from simulator.insured.place import Answered, Body, wire_number
from simulator.insured.reversal import check_original
from simulator.store import idempotency_keys, people
from simulator.store.rows import MessageRow, SettlementRow
from simulator.store.tables import settlement
from simulator.transactions.registry import Ask, Call, Kept, transaction
from simulator.transactions.settled_subjects import is_settled_anew, open_subject_of, rebind_subject, reopen_subject


@transaction("2601")
def reverse(body: Body, call: Call) -> Ask | Kept:
    """Undoes a message through the insured place (2601); answers 0 for a message without effect here (rules 18)."""
    data = body["data"]
    if data["omsgid"] == call.msgid:
        call.refuse_in_strict(
            refuse("reversal_of_itself", path="/input/data/omsgid", omsgid=call.msgid),
            taken=text("refusal.reversal_of_itself", omsgid=call.msgid),
        )
        check_original(None, data["psn_no"], data["oinfno"])
        _note_unseen(call, data)
        return Kept({})
    call.work.advisory_lock(idempotency_keys.lock_name(data["omsgid"]))
    original = idempotency_keys.find(call.work, data["omsgid"])
    check_original(original, data["psn_no"], data["oinfno"])
    if original is None or idempotency_keys.is_reversal_mark(original):
        _note_unseen(call, data)
    if original is None:
        idempotency_keys.mark_reversed(call.work, data["omsgid"], infno=data["oinfno"], psn_no=data["psn_no"])
        return Kept({})
    if original.state in (idempotency_keys.UNKNOWN, idempotency_keys.RUNNING):
        # Unknown: the platform is reversing it already. Running: the mark has it reversed when its answer comes.
        idempotency_keys.change_state(call.work, original.msgid, idempotency_keys.REVERSED)
        return Kept({})
    if original.state == idempotency_keys.REVERSED or original.settlement_id is None:
        return Kept({})
    _refuse_withdrawn_batch(call, original)
    visit = call.work.get_required(settlement, id=original.settlement_id).mdtrt_id
    then = partial(_follow_reversal, original.settlement_id)
    return Ask(call.infno, body, then=then, psn_no=data["psn_no"], mdtrt_id=visit)


def _note_unseen(call: Call, data: Body) -> None:
    """Warns that a message with effect never took it under this msgid, and names what may stand under another."""
    traits = traits_of(data["oinfno"])
    if not traits.effect:
        return
    sentence = text("finding.reversal_unseen", omsgid=data["omsgid"], infno=traits.infno)
    standing = _settled_today(call, data["psn_no"]) if traits.family == Family.SETTLEMENT else None
    if standing is not None:
        setl_id = wire_number("", standing.insured_area, standing.id)
        values = {"psn_no": standing.psn_no, "setl_id": setl_id, "msgid": standing.msgid}
        sentence = join([sentence, text("finding.reversal_unseen_standing", **values)], zh="；", en="; ")
    call.findings.append(Finding("reversal.unseen", WARNING, sentence, "/input/data/omsgid", "", data["omsgid"]))


def _settled_today(call: Call, psn_no: str) -> SettlementRow | None:
    """The latest settlement of this person and institution that was made today and is live."""
    known = people.load(call.work, psn_no)
    if known is None:
        return None
    today = call.now.date().isoformat()
    live = call.work.find(settlement, person_id=known.id, kind="settlement", state="live", order="id")
    here = (row for row in live if row.institution == call.institution.code and row.setl_time.startswith(today))
    return next(iter(sorted(here, key=lambda row: -row.id)), None)


def _refuse_withdrawn_batch(call: Call, original: MessageRow) -> None:
    """Raises Refusal for a cancellation whose batch was withdrawn, as its settlement cannot be live again *(ours)*."""
    row = call.work.get_required(settlement, id=original.settlement_id)
    if row.kind != "cancellation" or is_settled_anew(call, row):
        return
    undone = call.work.get_required(settlement, id=row.original_id)
    if undone.state == "cancelled" and open_subject_of(call, row) is None:
        raise refuse("reversal_batch_withdrawn", path="data.omsgid", omsgid=original.msgid, batch=row.batch_number)


def _follow_reversal(settlement_id: int, call: Call, answered: Answered) -> Kept:
    """Opens the batch of a reversed settlement, or binds that of a reversed cancellation to its settlement again."""
    row = call.work.get_required(settlement, id=settlement_id)
    if row.kind == "settlement":
        if row.state == "reversed":
            reopen_subject(call, row.mdtrt_id, row.id)
    elif row.state == "reversed":
        rebind_subject(call, call.work.get_required(settlement, id=row.original_id))
    call.findings += answered.warnings
    return Kept({})
