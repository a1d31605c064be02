"""Pre-settlement, settlement and cancellation as the insured place answers them (2206, 2207, 2208)."""

import json
from collections.abc import Mapping
from typing import Any

from simulator.benefit import Award, explain, trace_of
from simulator.core.clock import wire_time
from simulator.core.errors import refuse, together
from simulator.core.json_codec import read_own
from simulator.core.money import to_fen, yuan
from simulator.insured import answers, books
from simulator.insured.case import Case, case_of
from simulator.insured.kept import KeptAward
from simulator.insured.place import Answered, Asked, Output, insured, row_number, wire_number
from simulator.store import people
from simulator.store.rows import SettlementRow
from simulator.store.tables import settlement


@insured("2206", "2206A")
def preview(asked: Asked) -> Answered:
    """The award as it would be now; nothing is kept."""
    case, given = decide(asked)
    return Answered(_answer(asked, case, given, settlement_id=None))


@insured("2207", "2207A")
def settle(asked: Asked) -> Answered:
    """Decides and books one batch; a batch with a live settlement is refused whatever the msgid (rules 17)."""
    case, given = decide(asked)
    settlement_id = books.book(asked.work, booking_of(asked, case, given), books.amounts_of(given))
    return Answered(_answer(asked, case, given, settlement_id=settlement_id), settlement_id)


@insured("2208")
def cancel(asked: Asked) -> Answered:
    """Books the negative of a live settlement; which one must go first is the city's rule (cancel_order)."""
    data = asked.body["data"]
    people.hold(asked.work, data["psn_no"])
    row = live_settlement(asked, data)
    if asked.city().cancel_order == "latest_first":
        _refuse_if_not_latest(asked, row)
    undone = books.cancel(asked.work, row, msgid=asked.msgid, infno=asked.infno, setl_time=wire_time(asked.now))
    return Answered(cancellation_answer(asked, undone, setl_id=data["setl_id"]), undone.id)


def decide(asked: Asked) -> tuple[Case, Award]:
    """The case and its award; raises Refusal with every reason, in the order of rules 14."""
    # The person is held first: whoever settles the same batch at the same time has ended by then.
    people.hold(asked.work, asked.body["data"]["psn_no"])
    refuse_settled_batch(asked)
    case = case_of(asked)
    if case.refusals:
        raise together(case.refusals)
    _refuse_other_total(asked, case)
    return case, asked.place.award(case.claim, case.city.rules(case.claim.dates), case.accumulated)


def refuse_settled_batch(asked: Asked) -> None:
    """A batch settles once; the way out is 2601 or 5203 (rules 17)."""
    row = settlement_of_batch(asked)
    if row is not None:
        raise refuse("batch_settled", path="data.chrg_bchno", batch=row.batch_number, setl_time=row.setl_time)


def settlement_of_batch(asked: Asked) -> SettlementRow | None:
    """The live settlement of the batch that a message of the settlement family names."""
    data = asked.body["data"]
    found = asked.work.find(settlement, mdtrt_id=data["mdtrt_id"], batch_number=data["chrg_bchno"])
    return next((row for row in found if row.kind == "settlement" and row.state == "live"), None)


def booking_of(asked: Asked, case: Case, given: Award) -> books.Booking:
    """What the insured place books of its own award."""
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
    """An award as it is kept: amounts in yuan, and the facts behind its reasons."""
    amounts = books.amounts_of(given)
    return {
        "award": answers.amount_fields(amounts.values, amounts.ratio, amounts.balance_after),
        "group": given.group,
        "disease": given.disease,
        "year": given.year,
        "trace": given.trace,
    }


def told(expected: str) -> dict[str, Any] | None:
    """What was kept of an award, with its reasons step by step."""
    if not expected:
        return None
    kept: dict[str, Any] = json.loads(expected)
    if "trace" in kept:
        trace = trace_of(read_own(expected)["trace"])
        del kept["trace"]
        kept["steps"] = [step.as_json() for step in explain(trace)]
    return kept


def live_settlement(asked: Asked, data: Mapping[str, Any]) -> SettlementRow:
    """The live settlement that a cancellation names; raises Refusal naming what is wrong with it."""
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
    """The original setl_id, its own time, every amount negated but balc and the ratio (rules 19)."""
    values = {name: getattr(undone, name) for name in books.AMOUNTS}
    info = answers.amount_fields(values, undone.ratio, undone.balance_after)
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
    head: dict[str, Any] = {"mdtrt_id": case.mdtrt_id}
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
