"""Grants of the insured place: disease registrations, referrals and other filings (2501-2504, SIM-FILING)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from simulator.benefit import City
from simulator.core.errors import refuse
from simulator.core.findings import WARNING, Finding
from simulator.core.texts import text
from simulator.domain.person import LASTING_GROUPS, Filing, Registration
from simulator.domain.places import FilingCoverage
from simulator.insured.place import Answered, Asked, Body, insured, known_person, row_number, wire_number
from simulator.store import people
from simulator.store.person_rows import GrantRow
from simulator.store.tables import filing, registration
from simulator.store.typed_tables import TableOf

HOME_HOSPITAL = "home_hospital"


@insured("2503")
def register_disease(asked: Asked) -> Answered:
    """Registers a disease (2503); the same again answers the same number, an overlapping one is refused (rules 18)."""
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
    """Ends a registration as of yesterday (2504); settlements under it stay."""
    data = asked.body["data"]
    known = known_person(asked, data["psn_no"], lock=True)
    row = _row(asked, registration, "R", data["trt_dcla_detl_sn"], known.id)
    asked.work.change(registration, {"id": row.id}, valid_to=ended_on(asked.now.date(), row))
    return Answered({})


@insured("2501", "2501A")
def file_referral(asked: Asked) -> Answered:
    """Files a referral from begndate or the day of the transfer (2501); the same again answers the same number."""
    data = asked.body["refmedin"]
    known = known_person(asked, data["psn_no"], lock=True)
    begins = date.fromisoformat(data.get("begndate") or data["refl_date"])
    filed = Filing("referral", data["mdtrtarea_admdvs"], begins, "counter", _end(data.get("enddate")))
    _refuse_bad_place(asked, filed)
    if asked.city().rules_on(asked.now.date()).referral_by == HOME_HOSPITAL and not asked.place.local(
        asked.treated_area, asked.insured_area
    ):
        raise refuse("referral_not_by_home", path="fixmedins_code", area=asked.treated_area, city=asked.city().name)
    for each in known.person.filings:
        if each.active and replace(each, channel=filed.channel, id="") == filed:
            return _granted(asked, "F", int(each.id))
    refuse_filed_late(asked.city(), filed, asked.now.date())
    asked.findings.extend(conflicts_of(asked.city(), filed, known.person.filings, asked.place.coverage))
    return _granted(asked, "F", people.add_filing(asked.work, known.id, filed))


@insured("2502")
def withdraw_referral(asked: Asked) -> Answered:
    """Ends a referral as of yesterday (2502)."""
    data = asked.body["data"]
    known = known_person(asked, data["psn_no"], lock=True)
    row = _row(asked, filing, "F", data["trt_dcla_detl_sn"], known.id)
    asked.work.change(filing, {"id": row.id}, active=0, valid_to=ended_on(asked.now.date(), row))
    return Answered({})


@insured("SIM-FILING")
def take_filing(asked: Asked) -> Answered:
    """Keeps a filing that was made on the platform (SIM-FILING, rules 23)."""
    data = asked.body["data"]
    known = known_person(asked, data["psn_no"], lock=True)
    filed = filing_from(data)
    _refuse_bad_place(asked, filed)
    if filed.active and not any(_same_key(each, filed) for each in known.person.filings):
        refuse_filed_late(asked.city(), filed, asked.now.date())
        asked.findings.extend(conflicts_of(asked.city(), filed, known.person.filings, asked.place.coverage))
    put_filing(asked, known, filed)
    return Answered({})


def put_filing(asked: Asked, known: people.KnownPerson, filed: Filing) -> None:
    """Adds or replaces the filing of the same person, group, place and first day (rules 23).

    A filing that is ended without a last day ended yesterday; one that is not there is not added.
    """
    ends = filed.valid_to
    if not filed.active and ends is None:
        ends = asked.now.date() - timedelta(days=1)
    there = any(_same_key(each, filed) for each in known.person.filings)
    if there or filed.active:
        active = filed.active or (ends is not None and ends >= filed.valid_from)
        people.put_filing(asked.work, known.id, replace(filed, valid_to=ends, active=active))


def _same_key(one: Filing, other: Filing) -> bool:
    return (one.group, one.place, one.valid_from) == (other.group, other.place, other.valid_from)


def refuse_filed_late(city: City, filed: Filing, today: date) -> None:
    """Raises Refusal for a filing that begins longer before the day on which it is made than the city allows."""
    limit = city.rules_on(today).filed_afterwards("filed_after_self_payment", filed.group)
    if limit is not None and (today - filed.valid_from).days > limit:
        raise refuse("filed_too_late", path="data.from", begins=filed.valid_from, days=limit, city=city.name)


def conflicts_of(city: City, filed: Filing, others: Sequence[Filing], coverage: FilingCoverage) -> list[Finding]:
    """Findings about filings of the same days: the same group and place again, or two that cannot both be right.

    A person lives for long at one place and in one capacity, so two lasting filings contradict each other (ours).
    """
    found: list[Finding] = []
    for each in others:
        if not each.active or _same_key(each, filed) or not _overlapping(city, each, filed):
            continue
        same_place = coverage.covers(each.place, filed.place)
        if each.group == filed.group and same_place:
            rule = "filing.overlaps"
        elif {each.group, filed.group} <= LASTING_GROUPS:
            rule = "filing.contradicts"
        else:
            continue
        about = {"group": text(f"benefit.group_{each.group}"), "place": each.place, "begins": each.valid_from}
        found.append(Finding(rule, WARNING, text(f"finding.{rule.replace('.', '_')}", **about), "/input/data/from"))
    return found


def _overlapping(city: City, one: Filing, other: Filing) -> bool:
    ends = [city.filing_end(each) or date.max for each in (one, other)]
    return max(one.valid_from, other.valid_from) <= min(ends)


def filing_from(data: Body) -> Filing:
    """Reads a filing from the `data` of SIM-FILING."""
    return Filing(
        group=data["group"],
        place=data["place"],
        valid_from=date.fromisoformat(data["from"]),
        channel=data["channel"],
        valid_to=_end(data.get("to")),
        active=data.get("state", "active") == "active",
    )


def filing_message(psn_no: str, filed: Filing) -> dict[str, dict[str, str]]:
    """Returns the input of SIM-FILING for a filing."""
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
    """Returns the last day of a grant that is ended today: yesterday, or the earlier day on which it ended already.

    A grant that began today ends the day before it begins.
    """
    last = max(today - timedelta(days=1), date.fromisoformat(row.valid_from) - timedelta(days=1)).isoformat()
    return min(last, row.valid_to or last)
