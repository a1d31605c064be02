"""Queries about a person: identity, entitlement, accumulators and registrations (1101, 2001, 5206, 5301)."""

import re
from datetime import datetime

from simulator.benefit import Dates
from simulator.core.clock import completed_years, from_wire
from simulator.core.errors import Refusal, refuse
from simulator.core.money import yuan
from simulator.core.texts import text
from simulator.domain.accumulators import dimensions_of, to_wire
from simulator.domain.person import EMPLOYEES, Insurance, Person
from simulator.insured.case import EMERGENCY, SPECIAL, entitlement
from simulator.insured.place import Answered, Asked, Body, Output, insured, is_emergency, known_person
from simulator.store import people
from simulator.store.tables import accumulator
from simulator.store.unit_of_work import UnitOfWork

VOUCHER, CERTIFICATE, CARD = "01", "02", "03"
"""Codes of mdtrt_cert_type, the same in every edition."""
WITHOUT_HOLDER = frozenset(
    {"credential_unknown", "credential_elsewhere", "credential_letters", "credential_type", "credential_no_token"}
)
"""Refusals of a credential that no person insured at the place holds."""

_IDENTITY_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_TOKEN = re.compile(r"[0-9A-Z]{32}", re.ASCII)
"""Form of the tokens that this platform gives out (ours); the text of a QR code is longer or shorter."""


@insured("1101")
def query_person(asked: Asked) -> Answered:
    """Answers the holder of a voucher, certificate or card, with insurances, balances and identities (1101)."""
    data = asked.body["data"]
    known = find_by_credential(asked, data)
    refuse_other_identity(asked, data, known.person)
    person, edition = known.person, asked.place.edition
    return Answered(
        {
            "baseinfo": {
                "psn_no": person.psn_no,
                "psn_cert_type": edition.code("psn_cert_type", person.certificate_type),
                "certno": person.certificate_number,
                "psn_name": person.name,
                "gend": edition.code("gend", person.gender),
                "naty": person.nationality,
                "brdy": person.birth.isoformat(),
                "age": completed_years(person.birth, asked.now.date()),
            },
            "insuinfo": [_insurance_row(asked, each) for each in person.insurances],
            "idetinfo": [
                {
                    "psn_idet_type": edition.code("psn_idet_type", each.kind),
                    "psn_type_lv": "",
                    "memo": "",
                    "begntime": f"{each.valid_from.isoformat()} 00:00:00",
                    "endtime": f"{each.valid_to.isoformat()} 23:59:59" if each.valid_to else "",
                }
                for each in person.identities
            ],
        }
    )


@insured("2001")
def query_entitlement(asked: Asked) -> Answered:
    """Answers whether the pool would pay (2001); a no is flag "0" with the reasons, at infcode 0 (rules 26)."""
    data = asked.body["data"]
    known = known_person(asked, data["psn_no"])
    kind = asked.meaning("med_type", data["med_type"]) or data["med_type"]
    began = from_wire(data["begntime"]).date()
    # A settlement never comes before its visit, so that of a visit on a later day counts as on that day.
    granted = entitlement(
        asked,
        known,
        insutype=data["insutype"],
        kind=kind,
        disease=data.get("dise_codg") or "" if kind == SPECIAL else "",
        emergency=kind == EMERGENCY or (kind == SPECIAL and is_emergency(data)),
        dates=Dates(began, began, max(began, asked.now.date())),
    )
    pool = "pool_employees" if data["insutype"] == EMPLOYEES else "pool_residents"
    reasons = "；".join(refusal.text.zh for refusal in granted.refusals)
    return Answered(
        {
            "trtinfo": [
                {
                    "psn_no": data["psn_no"],
                    "trt_chk_type": asked.code("trt_chk_type", "fund"),
                    "fund_pay_type": asked.code("fund_pay_type", pool),
                    "trt_enjymnt_flag": "0" if granted.refusals else "1",
                    "begndate": began.isoformat(),
                    "enddate": "",
                    "trt_chk_rslt": reasons[:500],
                }
            ]
        }
    )


@insured("5206")
def query_accumulators(asked: Asked) -> Answered:
    """Answers the accumulators of the year of cum_ym, else of today (5206); the codes are ours (rules 21)."""
    data = asked.body["data"]
    known = known_person(asked, data["psn_no"])
    month = data.get("cum_ym") or f"{asked.now:%Y%m}"
    rows = [
        row
        for row in asked.work.find(accumulator, person_id=known.id)
        if str(row.year) == month[:4] and row.opening + row.booked and not dimensions_of(row.key[1]).of_visit
    ]
    return Answered(
        {
            "cuminfo": [
                {
                    "insutype": row.insutype,
                    "year": str(row.year),
                    "cum_ym": month,
                    "cum_type_code": to_wire(*row.key),
                    "cum": yuan(row.opening + row.booked),
                }
                for row in sorted(rows, key=lambda row: (row.insutype, row.key[1], row.kind))
            ]
        }
    )


@insured("5301")
def query_registrations(asked: Asked) -> Answered:
    """Answers the registrations that have not ended, future ones too, with codes as registered (5301, rules 26)."""
    known = known_person(asked, asked.body["data"]["psn_no"])
    today = asked.now.date()
    return Answered(
        {
            "feedetail": [
                {
                    "opsp_dise_code": each.disease,
                    "opsp_dise_name": each.name,
                    "begndate": each.valid_from.isoformat(),
                    "enddate": each.valid_to.isoformat() if each.valid_to else "",
                }
                for each in known.person.registrations
                if each.valid_to is None or each.valid_to >= today
            ]
        }
    )


def find_by_credential(asked: Asked, data: Body) -> people.KnownPerson:
    """Finds the person insured here who holds a credential; raises Refusal for none, and for a wrong card_sn."""
    shown, kind = data["mdtrt_cert_no"], data["mdtrt_cert_type"]
    same = people.by_credential(asked.work, shown)
    holders = [known for known in same if holds_credential(known.person, kind, shown)]
    found = [known for known in holders if _insured_here(asked, known.person)]
    if not found:
        raise _refuse_without_holder(asked, holders, kind, shown)
    if kind == CARD and data.get("card_sn") != found[0].person.card_sn:
        raise refuse("card_sn_wrong", path="data.card_sn")
    return found[0]


def holds_credential(person: Person, kind: str, shown: str) -> bool:
    """Tells whether `shown` is the voucher token, certificate number or card number of a person, as `kind` says."""
    held = {VOUCHER: person.credential_token, CERTIFICATE: person.certificate_number, CARD: person.card_no}
    return bool(shown) and held.get(kind) == shown


def mistaken_credential(work: UnitOfWork, kind: str, shown: str) -> Refusal | None:
    """Refusal that explains why no person holds the credential shown; None if neither letters, type nor form does."""
    upper = shown.strip().upper()
    holders = people.by_credential(work, upper)
    if upper != shown and any(holds_credential(known.person, kind, upper) for known in holders):
        return refuse("credential_letters", path="data.mdtrt_cert_no", got=shown)
    of_type = _type_of(work, upper)
    if of_type not in ("", kind):
        names = {"kind": text(f"finding.credential_{kind}"), "other": text(f"finding.credential_{of_type}")}
        return refuse("credential_type", path="data.mdtrt_cert_type", wanted=of_type, got=kind, **names)
    if kind == VOUCHER and not _TOKEN.fullmatch(shown):
        return refuse("credential_no_token", path="data.mdtrt_cert_no", got=shown)
    return None


def _refuse_without_holder(asked: Asked, holders: list[people.KnownPerson], kind: str, shown: str) -> Refusal:
    """Refusal of a credential that no person insured here holds, with its cause."""
    if not holders:
        unknown = refuse("credential_unknown", path="data.mdtrt_cert_no", got=shown)
        return mistaken_credential(asked.work, kind, shown) or unknown
    areas = "、".join(sorted({each.area for known in holders for each in known.person.insurances}))
    return refuse("credential_elsewhere", path="insuplc_admdvs", areas=areas, wanted=areas, got=asked.insured_area)


def _type_of(work: UnitOfWork, shown: str) -> str:
    """Type of credential under which a person holds the number, or whose form it has; blank where unknown."""
    holders = [known.person for known in people.by_credential(work, shown)]
    held = (kind for kind in (VOUCHER, CERTIFICATE, CARD) for each in holders if holds_credential(each, kind, shown))
    return next(held, CERTIFICATE if _IDENTITY_NUMBER.fullmatch(shown) else "")


def refuse_other_identity(asked: Asked, data: Body, person: Person) -> None:
    """Raises Refusal for the first identity field of a message that is not the person's; blank fields are ignored."""
    if data.get("certno") and data["certno"] != person.certificate_number:
        raise refuse("certno_differs", path="data.certno")
    if data.get("psn_name") and data["psn_name"] != person.name:
        raise refuse("name_differs", path="data.psn_name")
    wanted = asked.code("psn_cert_type", person.certificate_type)
    if data.get("psn_cert_type") and data["psn_cert_type"] != wanted:
        got = data["psn_cert_type"]
        asked.refuse_in_strict(refuse("cert_type_differs", path="/input/data/psn_cert_type", got=got, wanted=wanted))
    categories = {asked.code("psn_type", each.category) for each in person.insurances}
    if data.get("psn_type") and data["psn_type"] not in categories:
        listed = "、".join(sorted(categories))
        got = data["psn_type"]
        asked.refuse_in_strict(refuse("psn_type_differs", path="/input/data/psn_type", got=got, wanted=listed))


def _insurance_row(asked: Asked, each: Insurance) -> Output:
    return {
        "balc": yuan(each.balance),
        "insutype": each.insutype,
        "psn_type": asked.code("psn_type", each.category),
        "psn_insu_stas": asked.code("psn_insu_stas", _status(each, asked.now)),
        "psn_insu_date": each.valid_from.isoformat(),
        "paus_insu_date": each.suspended_from.isoformat() if each.suspended_from else "",
        "cvlserv_flag": "1" if each.civil_servant else "0",
        "insuplc_admdvs": each.area,
        "emp_name": each.employer,
    }


def _insured_here(asked: Asked, person: Person) -> bool:
    """Tells whether any insurance of a person is of this place, ended ones included."""
    # A person who moved within the year is known at both places.
    return any(asked.place.local(each.area, asked.insured_area) for each in person.insurances)


def _status(each: Insurance, now: datetime) -> str:
    if each.status == "normal" and each.valid_to is not None and each.valid_to < now.date():
        return "ended"
    if each.status == "suspended" and each.suspended_from is not None and each.suspended_from > now.date():
        return "normal"
    return each.status
