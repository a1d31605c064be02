"""Pre-settlement, settlement and cancellation of a stay, in one interval or several (2303, 2304, 2305)."""

from collections.abc import Callable
from functools import partial

from simulator.core.errors import refuse
from simulator.core.money import yuan
from simulator.insured.place import Answered, Body, row_number
from simulator.store import subjects
from simulator.store.rows import SubjectRow, VisitRow
from simulator.store.tables import subject
from simulator.transactions.registry import Ask, Call, Kept, transaction
from simulator.transactions.settled_subjects import close_if_final
from simulator.transactions.settlement import (
    PREVIEWED,
    ask_for_award,
    ask_to_cancel,
    keep_preview,
    refuse_changed_inputs,
    refuse_other_total,
)
from simulator.transactions.stays import own_stay
from simulator.transactions.visits import CLOSED, DISCHARGED, OPEN, SETTLED, check_credential, live_batches

REPEATED = (*(name for name in PREVIEWED if name != "med_type"), "mid_setl_flag")
"""Inputs of 2304 that equal those of the pre-settlement; a stay has its med_type from the admission."""
MOST_CHARGES = 1000
"""Charges of one interval, as many as a message to an agency carries (docs/decisions/009)."""


@transaction("2303", "2303A")
def preview_stay(body: Body, call: Call) -> Ask:
    """Asks for the award of the open interval of a stay (2303), and keeps the inputs that 2304 repeats."""
    data = body["data"]
    stay, found = _interval_to_settle(data, call, lambda _: data.get("dscgTime") or "")
    then = partial(keep_preview, found.id, data, REPEATED)
    return ask_for_award(call, _as_batch(data, stay, found), stay, found, then)


@transaction("2304", "2304A")
def settle_stay(body: Body, call: Call) -> Ask:
    """Settles the open interval of a stay (2304): mid-stay, or after the discharge all that is left."""
    stay, found = _interval_to_settle(body["data"], call, partial(_previewed_end, call))
    refuse_changed_inputs(body["data"], found, REPEATED)
    return ask_for_award(call, _as_batch(body["data"], stay, found), stay, found, partial(_close_interval, found.id))


@transaction("2305")
def cancel_stay_settlement(body: Body, call: Call) -> Ask:
    """Cancels the latest settlement of a stay, whose interval is open again (2305)."""
    data = body["data"]
    states = (OPEN, DISCHARGED, CLOSED)
    stay = own_stay(call, data["mdtrt_id"], data["psn_no"], path="data", states=states)
    settled = [row for row in live_batches(call, stay.id) if row.state == SETTLED]
    number = row_number("", data["setl_id"])
    # The deductible of a stay is taken by its first interval, so that a later one rests upon it.
    if number in [row.settlement_id for row in settled[:-1]]:
        raise refuse("stay_cancel_latest_first", path="data.setl_id", setl_id=data["setl_id"])
    return ask_to_cancel(call, body)


def _interval_to_settle(data: Body, call: Call, end_of: Callable[[VisitRow], str]) -> tuple[VisitRow, SubjectRow]:
    """Forms the open interval that a message is about: mid-stay up to `end_of` the stay, later of all charges."""
    is_final = call.config.contract.edition.meaning("mid_setl_flag", data["mid_setl_flag"]) != "yes"
    states = (DISCHARGED,) if is_final else (OPEN,)
    stay = own_stay(call, data["mdtrt_id"], data["psn_no"], path="data", states=states)
    check_credential(call, data)
    if data["insutype"] != stay.insutype:
        raise refuse("insutype_differs", path="data.insutype", got=data["insutype"], wanted=stay.insutype)
    ends = subjects.LAST_DAY if is_final else end_of(stay)
    found = subjects.form_interval(call.work, stay.id, begins=stay.begin[:10], ends=ends)
    count = len(subjects.amounts_of(call.work, found.id))
    if not count:
        raise refuse("stay_nothing_to_settle", path="data.mdtrt_id", mdtrt_id=data["mdtrt_id"])
    if count > MOST_CHARGES:
        raise refuse("interval_too_long", path="data.mdtrt_id", size=count, limit=MOST_CHARGES)
    if found.total < 0:
        raise refuse("interval_negative", path="data.mdtrt_id", total=yuan(found.total))
    refuse_other_total(data, found)
    return stay, found


def _previewed_end(call: Call, stay: VisitRow) -> str:
    """Last day of the interval that 2303 named by dscgTime mid-stay *(ours)*, a field that 2304 does not have."""
    standing = subjects.open_interval(call.work, stay.id)
    return standing.ends if standing is not None and standing.ends != subjects.LAST_DAY else ""


def _as_batch(data: Body, stay: VisitRow, found: SubjectRow) -> Body:
    """The data of a settlement as the insured place is told them: with the interval's number and the med_type."""
    return {**data, "chrg_bchno": found.number, "med_type": stay.med_type}


def _close_interval(interval_id: int, call: Call, answered: Answered) -> Kept:
    call.work.change(subject, {"id": interval_id}, state=SETTLED, settlement_id=answered.settlement_id)
    close_if_final(call, call.work.get_required(subject, id=interval_id))
    return Kept(answered.output, answered.settlement_id)
