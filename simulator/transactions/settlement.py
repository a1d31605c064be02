"""Pre-settlement, settlement, cancellation and query of a settlement (2206, 2207, 2208, 5203)."""

from collections.abc import Callable, Sequence
from functools import partial

from simulator.benefit import ChargeScope
from simulator.contract.amounts import fen_of
from simulator.core.errors import Refusal, refuse
from simulator.core.json_codec import read_own, write_json
from simulator.core.money import to_fen, yuan
from simulator.insured import answers, books
from simulator.insured.place import Answered, Body, Charged, Output, row_number
from simulator.store import people, subjects
from simulator.store.rows import SettlementRow, SubjectRow, VisitRow
from simulator.store.tables import settlement, subject
from simulator.transactions.dictionary import institution_fields
from simulator.transactions.registry import Ask, Call, Kept, transaction
from simulator.transactions.settled_subjects import reopen_subject
from simulator.transactions.visits import SETTLED, check_credential, described, live_batches, open_visit

SCOPES = {
    "fulamt_ownpay_amt": "own_purchase",
    "overlmt_selfpay": "above_ceiling",
    "preselfpay_amt": "prior_selfpay",
    "inscp_scp_amt": "in_scope",
}
"""Column of the batch that each scope amount of 2207 must equal."""

PREVIEWED = ("med_type", "psn_setlway", "insutype", "acct_used_flag", "mdtrt_cert_type")
"""Inputs of 2207 that must equal those of the pre-settlement; the total must equal that of the batch each time."""


@transaction("2206", "2206A")
def preview_settlement(body: Body, call: Call) -> Ask:
    """Asks for the award of a batch (2206), and keeps the inputs that 2207 must repeat."""
    visit, found = _batch_to_settle(body, call)
    return ask_for_award(call, body["data"], visit, found, partial(keep_preview, found.id, body["data"], PREVIEWED))


@transaction("2207", "2207A")
def settle(body: Body, call: Call) -> Ask:
    """Settles a batch (2207); its inputs must equal those of the pre-settlement, if there was one."""
    visit, found = _batch_to_settle(body, call)
    refuse_changed_inputs(body["data"], found, PREVIEWED)
    return ask_for_award(call, body["data"], visit, found, partial(_close_batch, found.id))


@transaction("2208")
def cancel_settlement(body: Body, call: Call) -> Ask:
    """Cancels a settlement and opens its batch, to be settled anew or withdrawn (2208)."""
    data = body["data"]
    open_visit(call, data["mdtrt_id"], data["psn_no"], path="data")
    return ask_to_cancel(call, body)


def ask_to_cancel(call: Call, body: Body) -> Ask:
    """Makes the message that cancels a settlement; its subject is open again when it is answered."""
    data = body["data"]
    number = row_number("", data["setl_id"])
    if number is None or call.work.get(settlement, id=number) is None:
        raise refuse("settlement_unknown", path="data.setl_id", setl_id=data["setl_id"])
    return Ask(call.infno, body, then=_reopen, psn_no=data["psn_no"], mdtrt_id=data["mdtrt_id"])


@transaction("5203")
def query_settlement(body: Body, call: Call) -> Kept:
    """Answers a settlement as booked (5203); refd_setl_flag 1 marks a cancelled one, a reversed one is unknown."""
    data = body["data"]
    return Kept(_output_of(call, settlement_asked_for(call, data), data["setl_id"]))


def settlement_asked_for(call: Call, data: Body) -> SettlementRow:
    """Returns the settlement of a setl_id; raises Refusal where it is unknown or of another person or visit."""
    number = row_number("", data["setl_id"])
    row = call.work.get(settlement, id=number) if number is not None else None
    if row is None or row.state == "reversed" or row.kind != "settlement":
        raise refuse("settlement_unknown", path="data.setl_id", setl_id=data["setl_id"])
    if row.psn_no != data["psn_no"]:
        raise refuse("settlement_of_another", path="data.psn_no", setl_id=data["setl_id"])
    if row.mdtrt_id != (data.get("mdtrt_id") or row.mdtrt_id):
        raise refuse("settlement_of_another_visit", path="data.mdtrt_id", setl_id=data["setl_id"])
    return row


def ask_for_award(
    call: Call, data: Body, visit: VisitRow, found: SubjectRow, then: Callable[[Call, Answered], Kept]
) -> Ask:
    """Makes the message of the settlement family (rules 15); feedetail is written out only for an agency."""
    info = described(visit)
    asked = {
        "data": {**data, **{wire: yuan(getattr(found, ours)) for wire, ours in SCOPES.items()}},
        # The disease is that of the batch: a visit may have batches of several.
        "mdtrtinfo": {**info["mdtrtinfo"], "dise_codg": found.disease},
        "diseinfo": info["diseinfo"],
        "medinsinfo": {**institution_fields(call.config, call.institution), "admdvs": call.institution.area},
    }
    amounts = (ChargeScope(*each) for each in subjects.amounts_of(call.work, found.id))
    return Ask(
        call.infno,
        asked,
        then=then,
        psn_no=visit.psn_no,
        mdtrt_id=data["mdtrt_id"],
        more=_institution_refusals(call, visit, found),
        charged=Charged(tuple(amounts), found.last_fee_at),
        written_out=lambda: {**asked, "feedetail": subjects.lines_of(call.work, found.id)},
    )


def _institution_refusals(call: Call, visit: VisitRow, found: SubjectRow) -> tuple[Refusal, ...]:
    """Returns the reason against an institution that is not open for the disease of a person from elsewhere."""
    special = call.config.contract.edition.meaning("med_type", visit.med_type) == "special_disease"
    if not special or call.config.coverage.same_place(call.treated_area, call.insured_area):
        return ()
    city = call.config.policies.city(call.insured_area)
    if any(call.institution.opened_for(code) for code in (found.disease, city.mapped(found.disease))):
        return ()
    code = call.institution.code
    return (refuse("institution_disease_closed", path="fixmedins_code", code=code, disease=found.disease),)


def _batch_to_settle(body: Body, call: Call) -> tuple[VisitRow, SubjectRow]:
    data = body["data"]
    visit = open_visit(call, data["mdtrt_id"], data["psn_no"], path="data")
    check_credential(call, data)
    found = next((each for each in live_batches(call, visit.id) if each.number == data["chrg_bchno"]), None)
    if found is None:
        raise refuse("batch_unknown", path="data.chrg_bchno", batch=data["chrg_bchno"])
    if found.state == SETTLED:
        booked = call.work.get_required(settlement, id=found.settlement_id)
        lost = {"setl_time": booked.setl_time, "msgid": booked.msgid}
        raise refuse("batch_settled", path="data.chrg_bchno", batch=found.number, **lost)
    if data["med_type"] != visit.med_type:
        raise refuse("med_type_differs", path="data.med_type", got=data["med_type"], wanted=visit.med_type)
    if data["insutype"] != visit.insutype:
        raise refuse("insutype_differs", path="data.insutype", got=data["insutype"], wanted=visit.insutype)
    refuse_other_total(data, found)
    return visit, found


def refuse_other_total(data: Body, found: SubjectRow) -> None:
    """Raises Refusal where the total of a message is not the sum of the charges to be settled."""
    if to_fen(data["medfee_sumamt"]) != found.total:
        wanted = yuan(found.total)
        raise refuse("total_differs", path="data.medfee_sumamt", got=data["medfee_sumamt"], wanted=wanted)


def refuse_changed_inputs(data: Body, found: SubjectRow, repeated: Sequence[str]) -> None:
    """Raises Refusal for a scope amount other than the classification's, and for an input unlike the preview's.

    `repeated` names the inputs that a settlement repeats as its pre-settlement had them.
    """
    previewed = read_own(found.preview) if found.preview else {}
    for wire, ours in SCOPES.items():
        sent = data.get(wire)
        if sent not in (None, "") and to_fen(sent) not in (getattr(found, ours), previewed.get(f"answered_{wire}")):
            wanted = yuan(getattr(found, ours))
            raise refuse("scope_differs", path=f"data.{wire}", field=wire, got=sent, wanted=wanted)
    for name in repeated:
        sent = str(data.get(name, ""))
        if name in previewed and previewed[name] != sent:
            raise refuse("preview_differs", path=f"data.{name}", field=name, got=sent, wanted=previewed[name])


def keep_preview(subject_id: int, data: Body, repeated: Sequence[str], call: Call, answered: Answered) -> Kept:
    """Keeps the inputs of a pre-settlement that its settlement repeats, and the scope amounts of the answer."""
    kept: dict[str, str | int] = {name: str(data.get(name, "")) for name in repeated}
    info = answered.output["setlinfo"]
    # A hospital that repeats what the insured place answered is not to blame for it.
    kept |= {f"answered_{wire}": fen for wire in SCOPES if (fen := fen_of(info.get(wire))) is not None}
    call.work.change(subject, {"id": subject_id}, preview=write_json(kept).decode())
    return Kept(answered.output)


def _close_batch(batch_id: int, call: Call, answered: Answered) -> Kept:
    call.work.change(subject, {"id": batch_id}, state=SETTLED, settlement_id=answered.settlement_id)
    return Kept(answered.output, answered.settlement_id)


def _reopen(call: Call, answered: Answered) -> Kept:
    undone = call.work.get_required(settlement, id=answered.settlement_id)
    reopen_subject(call, undone.mdtrt_id, undone.original_id)
    return Kept(answered.output, answered.settlement_id)


def _output_of(call: Call, row: SettlementRow, setl_id: str) -> Output:
    edition = call.config.contract.edition
    known = people.load_by_id(call.work, row.person_id)
    insurance = next((each for each in known.person.insurances if each.insutype == row.insutype), None)
    values = {name: getattr(row, name) for name in books.AMOUNTS}
    amounts = answers.amount_fields(values, row.ratio, row.balance_after)
    # 5203 has other names for two amounts, and no hosp_part_amt.
    amounts |= {"psn_pay": amounts.pop("psn_part_amt"), "cash_payamt": amounts.pop("psn_cash_pay")}
    amounts.pop("hosp_part_amt")
    institution = call.config.institutions.get(row.institution)
    day = row.setl_time[:10]
    info = {
        "setl_id": setl_id,
        "mdtrt_id": row.mdtrt_id,
        **answers.person_fields(edition, known.person, insurance, row.setl_time),
        "insu_optins": row.insured_area,
        "pay_loc": edition.code("pay_loc", _pay_location(call, row)),
        "fixmedins_code": row.institution,
        "fixmedins_name": institution.name if institution else row.institution,
        "hosp_lv": edition.code("hosp_lv", institution.level) if institution else "",
        "fixmedins_poolarea": row.area,
        "begndate": day,
        "enddate": day,
        "setl_time": row.setl_time,
        "med_type": row.med_type,
        **answers.clearing_fields(edition, row.insured_area),
        **amounts,
        "medins_setl_id": row.msgid,
        "refd_setl_flag": "1" if row.state == "cancelled" else "0",
        "year": str(row.year),
        "dise_codg": row.disease,
        "opter_id": call.head.operator[:20],
        "opter_name": call.head.operator_name,
    }
    return {"setlinfo": info, "setldetail": answers.setldetail(edition, row.insutype, books.details_of(row))}


def _pay_location(call: Call, row: SettlementRow) -> str:
    if call.config.coverage.same_place(row.area, row.insured_area):
        return "institution"
    return "same_province" if row.area[:2] == row.insured_area[:2] else "cross_province"
