"""What the insured place grants in advance: registrations, referrals and other filings (2501-2504, SIM-FILING)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from simulator.core.errors import refuse
from simulator.domain.person import Filing, Registration
from simulator.insured.place import Answered, Asked, insured, known_person, row_number, wire_number
from simulator.store import people
from simulator.store.person_rows import GrantRow
from simulator.store.tables import filing, registration
from simulator.store.typed_tables import TableOf


@insured("2503")
def register_disease(asked: Asked) -> Answered:
    """Registers a disease; the same again answers the same number, another over the same days is refused (rules 18)."""
    data = asked.body["data"]
    known = known_person(asked, data["psn_no"], lock=True)
    city = asked.city()
    disease = data["opsp_dise_code"]
    begins, ends = date.fromisoformat(data["begndate"]), _end(data.get("enddate"))
    if city.mapped(disease) not in city.diseases(begins):
        raise refuse("disease_not_listed", path="data.opsp_dise_code", disease=disease, city=city.name)
    if ends is not None and ends < begins:
        raise refuse("ends_before_it_begins", path="data.enddate", begins=begins, ends=ends)
    for each in known.person.registrations:
        if (each.disease, each.valid_from, each.valid_to) == (disease, begins, ends):
            return _granted(asked, "R", int(each.id))
        if each.disease == disease and (each.valid_to is None or each.valid_to >= begins):
            raise refuse("registered_already", path="data.opsp_dise_code", disease=disease, since=each.valid_from)
    number = people.add_registration(asked.work, known.id, Registration(disease, data["opsp_dise_name"], begins, ends))
    return _granted(asked, "R", number)


@insured("2504")
def withdraw_registration(asked: Asked) -> Answered:
    """Ends a registration as of yesterday, once; what was settled under it stays."""
    data = asked.body["data"]
    known = known_person(asked, data["psn_no"], lock=True)
    row = _row(asked, registration, "R", data["trt_dcla_detl_sn"], known.id)
    asked.work.change(registration, {"id": row.id}, valid_to=ended_on(asked.now.date(), row))
    return Answered({})


@insured("2501", "2501A")
def file_referral(asked: Asked) -> Answered:
    """A referral elsewhere: valid from begndate, or the day of the transfer; the same again is the same referral."""
    data = asked.body["refmedin"]
    known = known_person(asked, data["psn_no"], lock=True)
    begins = date.fromisoformat(data.get("begndate") or data["refl_date"])
    filed = Filing("referral", data["mdtrtarea_admdvs"], begins, "counter", _end(data.get("enddate")))
    _refuse_bad_place(asked, filed)
    for each in known.person.filings:
        if each.active and replace(each, channel=filed.channel, id="") == filed:
            return _granted(asked, "F", int(each.id))
    return _granted(asked, "F", people.add_filing(asked.work, known.id, filed))


@insured("2502")
def withdraw_referral(asked: Asked) -> Answered:
    data = asked.body["data"]
    known = known_person(asked, data["psn_no"], lock=True)
    row = _row(asked, filing, "F", data["trt_dcla_detl_sn"], known.id)
    asked.work.change(filing, {"id": row.id}, active=0, valid_to=ended_on(asked.now.date(), row))
    return Answered({})


@insured("SIM-FILING")
def take_filing(asked: Asked) -> Answered:
    """Takes a filing made on the platform; its key is person, group, place and first day (rules 23)."""
    data = asked.body["data"]
    known = known_person(asked, data["psn_no"], lock=True)
    filed = filing_from(data)
    _refuse_bad_place(asked, filed)
    put_filing(asked, known, filed)
    return Answered({})


def put_filing(asked: Asked, known: people.KnownPerson, filed: Filing) -> None:
    """The same key again replaces; ending without a last day means until yesterday (rules 23)."""
    ends = filed.valid_to
    if not filed.active and ends is None:
        ends = asked.now.date() - timedelta(days=1)
    there = any(
        (each.group, each.place, each.valid_from) == (filed.group, filed.place, filed.valid_from)
        for each in known.person.filings
    )
    if there or filed.active:
        active = filed.active or (ends is not None and ends >= filed.valid_from)
        people.put_filing(asked.work, known.id, replace(filed, valid_to=ends, active=active))


def filing_from(data: Mapping[str, Any]) -> Filing:
    """A filing as SIM-FILING writes it."""
    return Filing(
        group=data["group"],
        place=data["place"],
        valid_from=date.fromisoformat(data["from"]),
        channel=data["channel"],
        valid_to=_end(data.get("to")),
        active=data.get("state", "active") == "active",
    )


def filing_message(psn_no: str, filed: Filing) -> dict[str, Any]:
    """The input of SIM-FILING for a filing."""
    return {
        "data": {
            "psn_no": psn_no,
            "group": filed.group,
            "place": filed.place,
            "from": filed.valid_from.isoformat(),
            "to": filed.valid_to.isoformat() if filed.valid_to else "",
            "channel": filed.channel,
            "state": "active" if filed.active else "ended",
        }
    }


def _refuse_bad_place(asked: Asked, filed: Filing) -> None:
    if asked.place.local(filed.place, asked.insured_area):
        raise refuse("filing_at_home", path="data.place", place=filed.place)
    if not asked.place.coverage.is_filing_place(filed.place):
        raise refuse("filing_of_province", path="data.place", place=filed.place)
    if filed.valid_to is not None and filed.valid_to < filed.valid_from:
        raise refuse("ends_before_it_begins", path="data.to", begins=filed.valid_from, ends=filed.valid_to)


def _granted(asked: Asked, kind: str, number: int) -> Answered:
    serial = wire_number(asked.place.numbers + kind, asked.insured_area, number)
    return Answered({"result": {"trt_dcla_detl_sn": serial}})


def _row(asked: Asked, table: TableOf[GrantRow], kind: str, serial: str, person_id: int) -> GrantRow:
    number = row_number(asked.place.numbers + kind, serial)
    row = asked.work.get(table, id=number) if number is not None else None
    if row is None or row.person_id != person_id:
        raise refuse("grant_unknown", path="data.trt_dcla_detl_sn", serial=serial)
    return row


def _end(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


def ended_on(today: date, row: GrantRow) -> str:
    """The last day of a grant that is ended today: yesterday, or earlier where it had ended already."""
    last = max(today - timedelta(days=1), date.fromisoformat(row.valid_from) - timedelta(days=1)).isoformat()
    return min(last, row.valid_to or last)
