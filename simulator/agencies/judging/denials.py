"""Causes of a denial that our rules do not share: the fact of the person that an agency has overlooked or misread."""

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.agencies.judging.likely_cause import NO_CAUSE, Cause, cause_of
from simulator.benefit import City, Dates
from simulator.core.clock import from_wire
from simulator.core.json_codec import NotAMessage, read_json
from simulator.domain.person import Filing, Person, in_force
from simulator.domain.places import LOCAL
from simulator.domain.transaction_table import DISEASE_REGISTRATION, ENTITLEMENT_QUERY, FILING, traits_of
from simulator.insured.case import EMERGENCY, SPECIAL
from simulator.insured.place import Asked, is_emergency
from simulator.store import outbox, people
from simulator.store.journal import last_answered
from simulator.store.tables import finding, settlement
from simulator.store.tables import outbox as outbox_table

LATE_ORIGINAL = "reversal.late_original"
Named = Iterator[tuple[str, Mapping[str, object]]]


def cause_of_denial(asked: Asked) -> Cause:
    """Likely cause of a 2001 that denies, or of a 2206 or 2207 that is refused, where our rules would pay."""
    data = asked.body["data"]
    known = people.load(asked.work, data["psn_no"])
    if known is None:
        return NO_CAUSE
    found = list(_of_batch(asked, data)) if traits_of(asked.infno).awarded else []
    # A batch that is refused because it is settled is refused for no fact of the person, nor is one whose person the
    # agency called entitled on the same day.
    if not found and not _called_entitled(asked):
        found = list(_of_person(asked, known.person))
    return cause_of(found)


def _called_entitled(asked: Asked) -> bool:
    """True where the agency has answered yes to the entitlement of the person on this day."""
    if not traits_of(asked.infno).awarded:
        return False
    told = last_answered(asked.work, asked.body["data"]["psn_no"], ENTITLEMENT_QUERY)
    if told is None or not told.at.startswith(asked.now.date().isoformat()):
        return False
    try:
        rows = read_json(bytes(told.answer))["output"]["trtinfo"]
        return all(str(row["trt_enjymnt_flag"]) == "1" for row in rows)
    except (NotAMessage, LookupError, TypeError):
        return False


def _of_batch(asked: Asked, data: Mapping[str, Any]) -> Named:
    """Earlier settlements of the batch that were undone here and may not be there."""
    for row in asked.work.find(settlement, mdtrt_id=data["mdtrt_id"], batch_number=data["chrg_bchno"], order="id"):
        if row.kind == "settlement" and row.state == "cancelled":
            yield "cancellation_without_effect", {"msgid": row.agency_msgid}
    late = {row.msgid for row in asked.work.find(finding, rule=LATE_ORIGINAL, psn_no=data["psn_no"])}
    for sent in asked.work.find(outbox_table, mdtrt_id=data["mdtrt_id"], order="id"):
        if not traits_of(sent.infno).awarded:
            continue
        if sent.msgid in late:
            yield "late_original_accepted", {"msgid": sent.msgid}
        elif sent.state == outbox.REVERSED or _was_reversed(asked, sent.msgid):
            yield "reversal_without_effect", {"msgid": sent.msgid}


def _was_reversed(asked: Asked, agency_msgid: str) -> bool:
    return any(row.state == "reversed" for row in asked.work.find(settlement, agency_msgid=agency_msgid))


def _of_person(asked: Asked, person: Person) -> Named:
    """Facts that entitle the person and are easily misread."""
    data, visit = asked.body["data"], asked.body.get("mdtrtinfo") or asked.body["data"]
    began = from_wire(visit["begntime"]).date() if visit.get("begntime") else asked.now.date()
    dates = Dates(began, began, max(began, asked.now.date()))
    city, kind = asked.city(), asked.meaning("med_type", data["med_type"]) or data["med_type"]
    if kind == SPECIAL:
        yield from _of_registrations(asked, person, city, dates, str(visit.get("dise_codg") or ""))
    treated = asked.place.coverage.scope(asked.treated_area, asked.insured_area)
    if treated != LOCAL:
        emergency = kind == EMERGENCY or (kind == SPECIAL and is_emergency(visit, data))
        yield from _of_filings(asked, person, city, dates, treated, emergency=emergency)


def _of_registrations(asked: Asked, person: Person, city: City, dates: Dates, billed: str) -> Named:
    day = city.day_of("registration", dates)
    same = [each for each in person.registrations if city.mapped(each.disease) == city.mapped(billed)]
    valid = [each for each in same if in_force(each.valid_from, each.valid_to, day)]
    if valid and all(each.disease != billed for each in valid):
        yield "sub_code_is_another_disease", {"billed": billed, "registered": valid[0].disease}
    if valid and all(each.valid_to == day for each in valid):
        yield "registration_end_exclusive", {"day": day}
    if valid and any(not in_force(each.valid_from, each.valid_to, asked.now.date()) for each in valid):
        yield "registration_by_settlement_day", {"day": asked.now.date()}
    if valid and asked.work.find(outbox_table, psn_no=person.psn_no, infno=DISEASE_REGISTRATION):
        yield "registration_not_kept", {}


def _of_filings(asked: Asked, person: Person, city: City, dates: Dates, treated: str, *, emergency: bool) -> Named:
    day = city.day_of("filing", dates)
    valid = [each for each in person.filings if _covers(asked, each) and in_force(each.valid_from, each.valid_to, day)]
    if not valid and emergency:
        yield "emergency_refused", {}
    elif not valid and city.unfiled(dates, treated) != "refuse":
        yield "unfiled_refused", {}
    if valid and all(each.valid_to == day for each in valid):
        yield "filing_end_exclusive", {"day": day}
    if valid and all(each.place != asked.treated_area for each in valid):
        yield "filing_covers_one_code", {"place": valid[0].place, "area": asked.treated_area}
    if valid and asked.work.find(outbox_table, psn_no=person.psn_no, infno=FILING):
        yield "filing_not_kept", {}


def _covers(asked: Asked, filing: Filing) -> bool:
    return filing.active and asked.place.coverage.covers(filing.place, asked.treated_area)
