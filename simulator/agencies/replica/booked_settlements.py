"""Replica of the settlements and grants that a registered agency decides, booked as answered.

Numbers are mapped both ways: the hospital only sees the platform's setl_id and trt_dcla_detl_sn (rules 24).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from simulator import insured
from simulator.benefit import Award
from simulator.benefit.claim import IN_SCOPE
from simulator.benefit.terms import PAID_AND_BASE
from simulator.core.clock import wire_time
from simulator.core.errors import refuse
from simulator.core.money import to_fen
from simulator.domain.accumulators import ONE_VISIT, VISITS
from simulator.domain.person import Filing, Registration
from simulator.domain.transaction_table import DISEASE_REGISTRATION, REVERSAL, Family, traits_of
from simulator.insured import answers, books
from simulator.insured.case import Case
from simulator.insured.kept import KeptAward, KeptRefusal, KeptShare
from simulator.insured.place import Answered, Asked, Output, row_number, wire_number
from simulator.insured.reversal import undo
from simulator.store import idempotency_keys, outbox, people
from simulator.store.person_rows import GrantRow
from simulator.store.rows import SettlementRow
from simulator.store.tables import filing, registration, settlement
from simulator.store.typed_tables import TableOf

PAID_KINDS = {
    "DEDC": "deductible",
    "HIFP": "pool",
    "HIOB": "large_amount",
    "HIMI": "major_illness",
    "CVLS": "civil_servants",
    "MAFP": "assistance",
}
"""Kinds of accumulators of paid amounts, and the engine's name of the amount that moves each."""
GRANTS: Mapping[str, TableOf[GrantRow]] = {"R": registration, "F": filing}
"""Tables of grants by the prefix of the platform's number."""


def body_for_agency(asked: Asked) -> Mapping[str, Any]:
    """Body of a message for the agency: the agency's numbers in place of the platform's. Raises Refusal."""
    body = asked.body
    traits = traits_of(asked.infno)
    if traits.family == Family.CANCELLATION:
        written = body["data"]["setl_id"]
        number = row_number("", written)
        row = asked.work.get(settlement, id=number) if number is not None else None
        # A number that is not ours may well be the agency's; it decides.
        seen = row.agency_setl_id if row is not None and row.agency_setl_id else written
        return {"data": {**body["data"], "setl_id": seen}}
    if asked.infno == REVERSAL:
        omsgid = body["data"]["omsgid"]
        return {"data": {**body["data"], "omsgid": outbox.seen_as(asked.work, omsgid) or omsgid}}
    if traits.withdraws_grant:
        granted = _grant(asked, body["data"]["trt_dcla_detl_sn"])
        # An unknown number may be one that the agency issued to the person directly, so the agency decides.
        return body if granted is None else {"data": {**body["data"], "trt_dcla_detl_sn": granted.agency_number}}
    return body


def link_booked(asked: Asked, output: Output) -> Answered:
    """Links a settlement to the hospital's msgid, for a simulated place whose endpoint has booked it already."""
    info = output.get("setlinfo")
    if asked.infno == REVERSAL:
        original = idempotency_keys.find(asked.work, asked.body["data"]["omsgid"])
        if original is not None:
            idempotency_keys.change_state(asked.work, original.msgid, idempotency_keys.REVERSED)
        return Answered(output, original.settlement_id if original else None)
    if not isinstance(info, Mapping):
        return Answered(output)
    if not traits_of(asked.infno).reversible:
        return preview_for_hospital(asked, output)
    spent = idempotency_keys.find(asked.work, asked.msgid)
    settlement_id = spent.settlement_id if spent else None
    asked.work.change(settlement, {"id": settlement_id}, msgid=asked.origin_msgid, agency_msgid=asked.msgid)
    return Answered({**output, "setlinfo": {**info, "medins_setl_id": asked.origin_msgid}}, settlement_id)


def book_settlement(
    asked: Asked, case: Case, given: Award | None, output: Output, *, expected: KeptAward | KeptRefusal
) -> Answered:
    """Books an answered settlement on the replica; returns the answer with the platform's numbers.

    `given` is the award that explains the answer, `expected` the explanation kept beside it.
    """
    info = output["setlinfo"]
    values = {ours: to_fen(_number(amount)) for ours, amount in answers.amounts_from_wire(info).items()}
    city = case.city
    booking = books.Booking(
        known=case.known,
        insutype=case.claim.insutype,
        disease=given.disease if given else city.mapped(case.claim.disease) if case.claim.disease else "",
        year=given.year if given else city.year_of(case.claim.dates),
        med_type=asked.body["data"]["med_type"],
        mdtrt_id=case.mdtrt_id,
        batch_number=case.batch_number,
        institution=asked.institution,
        treated_area=asked.treated_area,
        insured_area=asked.insured_area,
        msgid=asked.origin_msgid,
        infno=asked.infno,
        setl_time=info["setl_time"],
        agency_setl_id=info["setl_id"],
        agency_msgid=asked.msgid,
        answered={"setlinfo": info, "setldetail": output.get("setldetail") or []},
        expected=expected,
    )
    amounts = books.Amounts(
        values=values,
        ratio=str(Decimal(str(info.get("pool_prop_selfpay") or 0))),
        balance_after=to_fen(_number(info.get("balc"))),
        details=tuple(_details(asked, output.get("setldetail") or [])),
        movements=_movements(values, given, booking.disease),
    )
    settlement_id = books.book(asked.work, booking, amounts, asked.place.coverage)
    number = wire_number("", asked.insured_area, settlement_id)
    mapped = {**info, "setl_id": number, "medins_setl_id": asked.origin_msgid}
    return Answered({**output, "setlinfo": mapped}, settlement_id)


def preview_for_hospital(asked: Asked, output: Output) -> Answered:
    """Answer of a pre-settlement with the hospital's msgid; the replica books nothing."""
    info = {**output["setlinfo"], "medins_setl_id": asked.origin_msgid}
    return Answered({**output, "setlinfo": info})


def book_cancellation(asked: Asked, output: Output) -> Answered:
    """Cancels a settlement on the replica; returns the answer with the platform's numbers."""
    row = settlement_of(asked, asked.body["data"]["setl_id"])
    undone = books.cancel(
        asked.work,
        row,
        asked.place.coverage,
        msgid=asked.origin_msgid,
        infno=asked.infno,
        setl_time=output["setlinfo"].get("setl_time") or wire_time(asked.now),
        agency_msgid=asked.msgid,
    )
    info = {
        **output["setlinfo"],
        "setl_id": asked.body["data"]["setl_id"],
        "medins_setl_id": asked.origin_msgid,
    }
    return Answered({**output, "setlinfo": info}, undone.id)


def undo_original(asked: Asked) -> Answered:
    """Reverses the original of a 2601 on the replica; no effect if it was never booked or is reversed already."""
    original = idempotency_keys.find(asked.work, asked.body["data"]["omsgid"])
    if original is None or original.settlement_id is None or original.state == idempotency_keys.REVERSED:
        return Answered({})
    warnings = undo(asked, original)
    idempotency_keys.change_state(asked.work, original.msgid, idempotency_keys.REVERSED)
    return Answered({}, original.settlement_id, warnings)


def add_grant(asked: Asked, output: Output) -> Answered:
    """Adds a registration or referral granted by the agency; returns the answer with the platform's number."""
    # A referral (2501) has its fields in the node refmedin.
    data = asked.body.get("data") or asked.body["refmedin"]
    known = people.load(asked.work, data["psn_no"], lock=True)
    serial = output["result"]["trt_dcla_detl_sn"]
    if known is None:
        return Answered(output)
    kind = "R" if asked.infno == DISEASE_REGISTRATION else "F"
    # A repeated 2501 or 2503 answers the same id, so the grant may be on the replica already (rules 18).
    for row in asked.work.find(GRANTS[kind], person_id=known.id, agency_number=serial):
        return _numbered(asked, kind, row.id)
    if asked.infno == DISEASE_REGISTRATION:
        disease = Registration(data["opsp_dise_code"], data["opsp_dise_name"], _day(data["begndate"]), _end(data))
        return _numbered(asked, kind, people.add_registration(asked.work, known.id, disease, agency_number=serial))
    begins = _day(data.get("begndate") or data["refl_date"])
    referral = Filing("referral", data["mdtrtarea_admdvs"], begins, "counter", _end(data))
    return _numbered(asked, kind, people.add_filing(asked.work, known.id, referral, agency_number=serial))


def _numbered(asked: Asked, kind: str, number: int) -> Answered:
    return Answered({"result": {"trt_dcla_detl_sn": wire_number(kind, asked.insured_area, number)}})


def end_grant(asked: Asked, output: Output) -> Answered:
    """Ends a grant on the replica, if it is there, by the insured place's own handler."""
    if _grant(asked, asked.body["data"]["trt_dcla_detl_sn"]) is not None:
        insured.answer(asked)
    return Answered(output)


def end_grant_by_agency_number(asked: Asked, output: Output) -> Answered:
    """Ends a grant on the replica for a message that holds the agency's number, as kept in the outbox."""
    number = asked.body["data"]["trt_dcla_detl_sn"]
    for kind, table in GRANTS.items():
        for row in asked.work.find(table, agency_number=number):
            ours = wire_number(kind, asked.insured_area, row.id)
            insured.answer(replace(asked, body={"data": {**asked.body["data"], "trt_dcla_detl_sn": ours}}))
    return Answered(output)


def _movements(values: Mapping[str, int], given: Award | None, disease: str) -> dict[tuple[str, str], int]:
    """Movements of accumulators in fen: paid amounts as answered, bases of layers by the rules on those amounts."""
    movements: dict[tuple[str, str], int] = {}
    codes = ("", disease) if disease else ("",)
    unpaid = given.pool - values["pool"] if given else 0
    for layer in given.trace.layers if given else ():
        fund = layer.facts.fund
        kinds = PAID_AND_BASE.get(fund)
        if kinds:
            # If the agency paid less in an upper layer, the base of the next layer grows by that amount.
            own_share = layer.facts.base not in ("above_cap_scope", "above_cap_pay")
            movements |= {(kinds[1], code): layer.base + (unpaid if own_share else 0) for code in codes}
        unpaid += layer.paid - values[fund]
    accumulated_under = {**dict.fromkeys(PAID_KINDS, codes), **(given.accumulated_under if given else {})}
    names = {**PAID_KINDS, IN_SCOPE: "in_scope"}
    for kind, under in accumulated_under.items():
        movements |= {(kind, code): values[names[kind]] for code in under}
    movements |= {(VISITS, code): ONE_VISIT for code in (given.counted_under if given else ())}
    return {key: fen for key, fen in movements.items() if fen}


def _details(asked: Asked, rows: list[Mapping[str, Any]]) -> list[KeptShare]:
    found: list[KeptShare] = []
    for row in rows:
        meaning = asked.meaning("fund_pay_type", row["fund_pay_type"]) or row["fund_pay_type"]
        found.append(
            {
                "fund": "pool" if meaning.startswith("pool_") else meaning,
                "base": to_fen(_number(row.get("inscp_scp_amt"))),
                "limit": to_fen(_number(row.get("crt_payb_lmt_amt"))),
                "paid": to_fen(_number(row.get("fund_payamt"))),
            }
        )
    return found


def settlement_of(asked: Asked, written: str) -> SettlementRow:
    """Settlement with the platform's setl_id `written`; raises Refusal."""
    number = row_number("", written)
    row = asked.work.get(settlement, id=number) if number is not None else None
    if row is None:
        raise refuse("settlement_unknown", path="data.setl_id", setl_id=written)
    return row


def _grant(asked: Asked, serial: str) -> GrantRow | None:
    for kind, table in GRANTS.items():
        number = row_number(kind, serial)
        row = asked.work.get(table, id=number) if number is not None else None
        if row is not None and row.agency_number:
            return row
    return None


def _number(value: Any) -> Any:
    """Amount of the wire, 0 if absent or blank, as lenient sandboxes accept it."""
    return 0 if value in (None, "") else value


def _day(written: str) -> date:
    return date.fromisoformat(written[:10])


def _end(data: Mapping[str, Any]) -> date | None:
    return _day(data["enddate"]) if data.get("enddate") else None
