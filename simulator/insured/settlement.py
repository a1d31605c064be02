"""Pre-settlement, settlement and cancellation at the insured place (2206, 2207, 2208; of a stay 2303, 2304, 2305)."""

import json

from simulator.benefit import Award, explain, trace_of
from simulator.core.clock import wire_time
from simulator.core.errors import refuse, together
from simulator.core.json_codec import read_own
from simulator.core.money import to_fen, yuan
from simulator.domain import care
from simulator.domain.transaction_table import traits_of
from simulator.insured import answers, books
from simulator.insured.case import Case, case_of
from simulator.insured.kept import KeptAward
from simulator.insured.place import Answered, Asked, Body, Output, insured, row_number, wire_number
from simulator.store import people
from simulator.store.rows import SettlementRow
from simulator.store.tables import settlement


@insured("2206", "2206A", "2303", "2303A")
def preview(asked: Asked) -> Answered:
    """Answers the award of a batch, or of an interval of a stay, without booking it (2206, 2303)."""
    case, given = decide(asked)
    return Answered(_answer(asked, case, given, settlement_id=None))


@insured("2207", "2207A", "2304", "2304A")
def settle(asked: Asked) -> Answered:
    """Books an award (2207, 2304); a batch or interval with a live settlement is refused under any msgid (rules 17)."""
    case, given = decide(asked)
    booking = booking_of(asked, case, given)
    settlement_id = books.book(asked.work, booking, books.amounts_of(given), asked.place.coverage)
    return Answered(_answer(asked, case, given, settlement_id=settlement_id), settlement_id)


@insured("2208", "2305")
def cancel(asked: Asked) -> Answered:
    """Books the negative of a live settlement (2208), in the order that the city demands (cancel_order)."""
    data = asked.body["data"]
    people.lock(asked.work, data["psn_no"])
    row = live_settlement(asked, data)
    if asked.city().cancel_order == "latest_first":
        _refuse_if_not_latest(asked, row)
    under = {"msgid": asked.msgid, "infno": asked.infno, "setl_time": wire_time(asked.now)}
    undone = books.cancel(asked.work, row, asked.place.coverage, **under)
    return Answered(cancellation_answer(asked, undone, setl_id=data["setl_id"]), undone.id)


def decide(asked: Asked) -> tuple[Case, Award]:
    """Makes the case of a message with its award; raises Refusal with every reason in the order of rules 14."""
    # Locked before the look: another settlement of the same batch has been committed or refused by then.
    people.lock(asked.work, asked.body["data"]["psn_no"])
    refuse_settled_batch(asked)
    case = case_of(asked)
    if case.refusals:
        raise together(case.refusals)
    _refuse_other_total(asked, case)
    return case, asked.place.award(case.claim, case.city.rules(case.claim.dates), case.accumulated)


def refuse_settled_batch(asked: Asked) -> None:
    """Raises Refusal for a batch with a live settlement; the same message again or 2601 lead out (rules 17)."""
    row = settlement_of_batch(asked)
    if row is not None:
        lost = {"setl_time": row.setl_time, "msgid": row.msgid}
        raise refuse("batch_settled", path="data.chrg_bchno", batch=row.batch_number, **lost)


def settlement_of_batch(asked: Asked) -> SettlementRow | None:
    """Live settlement of the batch that a message of the settlement family names, or None."""
    data = asked.body["data"]
    found = asked.work.find(settlement, mdtrt_id=data["mdtrt_id"], batch_number=data["chrg_bchno"])
    return next((row for row in found if row.kind == "settlement" and row.state == "live"), None)


def booking_of(asked: Asked, case: Case, given: Award) -> books.Booking:
    """Makes the booking of an award of this place."""
    return books.Booking(
        known=case.known,
        insutype=case.claim.insutype,
        disease=given.disease,
        year=given.year,
        med_type=asked.body["data"]["med_type"],
        mdtrt_id=case.mdtrt_id,
        batch_number=case.batch_number,
        institution=asked.institution,
        treated_area=asked.treated_area,
        insured_area=asked.insured_area,
        msgid=asked.msgid,
        infno=asked.infno,
        setl_time=wire_time(asked.now),
        expected=explained(given),
    )


def explained(given: Award) -> KeptAward:
    """Makes the JSON that a settlement keeps of an award: amounts in yuan, and the trace of its reasons."""
    amounts = books.amounts_of(given)
    return {
        "award": answers.amount_fields(amounts.values, amounts.ratio, amounts.balance_after),
        "group": given.group,
        "disease": given.disease,
        "year": given.year,
        "trace": given.trace,
    }


def expected_outcome(expected: str) -> dict[str, object] | None:
    """Reads the column `expected`: the award with its reasons as steps, or the refusals; None for a blank one."""
    if not expected:
        return None
    kept: dict[str, object] = json.loads(expected)
    if "trace" in kept:
        trace = trace_of(read_own(expected)["trace"])
        del kept["trace"]
        kept["steps"] = [step.as_json() for step in explain(trace)]
    return kept


def live_settlement(asked: Asked, data: Body) -> SettlementRow:
    """Returns the live settlement that a cancellation names; raises Refusal for another person, visit or state."""
    number = row_number(asked.place.numbers, data["setl_id"])
    row = asked.work.get(settlement, id=number, lock=True) if number is not None else None
    if row is None or row.kind != "settlement":
        raise refuse("settlement_unknown", path="data.setl_id", setl_id=data["setl_id"])
    if row.psn_no != data["psn_no"]:
        raise refuse("settlement_of_another", path="data.psn_no", setl_id=data["setl_id"])
    if row.mdtrt_id != data["mdtrt_id"]:
        raise refuse("settlement_of_another_visit", path="data.mdtrt_id", setl_id=data["setl_id"])
    if row.state in ("cancelled", "reversed"):
        raise refuse(f"settlement_{row.state}", path="data.setl_id", setl_id=data["setl_id"])
    return row


def cancellation_answer(asked: Asked, undone: SettlementRow, *, setl_id: str) -> Output:
    """Returns the output of 2208 or 2305: original setl_id, time of the cancellation, negated amounts (rules 19)."""
    values = {name: getattr(undone, name) for name in books.AMOUNTS}
    info = answers.amount_fields(values, undone.ratio, undone.balance_after)
    if traits_of(asked.infno).care != care.INPATIENT:
        # The text of 2208 prints the name so, that of 2305 as every other does.
        info["pdn_cash_pay"] = info.pop("psn_cash_pay")
    return {
        "setlinfo": {
            "mdtrt_id": undone.mdtrt_id,
            "setl_id": setl_id,
            "clr_optins": undone.insured_area,
            "setl_time": undone.setl_time,
            **info,
            "medins_setl_id": undone.msgid,
        },
        "setldetail": answers.setldetail(asked.place.edition, undone.insutype, books.details_of(undone)),
    }


def _refuse_if_not_latest(asked: Asked, row: SettlementRow) -> None:
    for other in asked.work.find(settlement, person_id=row.person_id, order="id"):
        newer = other.kind == "settlement" and other.state == "live" and other.id > row.id
        if newer and other.insutype == row.insutype:
            number = wire_number(asked.place.numbers, other.insured_area, other.id)
            raise refuse("cancel_latest_first", path="data.setl_id", setl_id=number)


def _refuse_other_total(asked: Asked, case: Case) -> None:
    wanted = sum(charge.total for charge in case.claim.charges)
    got = to_fen(asked.body["data"]["medfee_sumamt"])
    if got != wanted:
        raise refuse("total_differs", path="data.medfee_sumamt", got=yuan(got), wanted=yuan(wanted))


def _answer(asked: Asked, case: Case, given: Award, *, settlement_id: int | None) -> Output:
    data = asked.body["data"]
    now = wire_time(asked.now)
    head: dict[str, object] = {"mdtrt_id": case.mdtrt_id}
    if settlement_id is not None:
        head["setl_id"] = wire_number(asked.place.numbers, asked.insured_area, settlement_id)
    head |= {
        "setl_time": now,
        "mdtrt_cert_type": data["mdtrt_cert_type"],
        "med_type": data["med_type"],
        "medins_setl_id": asked.msgid,
    }
    person = answers.person_fields(asked.place.edition, case.known.person, case.insurance, now)
    return answers.settlement_answer(asked.place.edition, person, books.amounts_of(given), head, asked.insured_area)
