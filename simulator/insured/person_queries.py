"""What the insured place tells about a person: who they are, what they are entitled to, what has accrued."""

import re
from datetime import datetime
from typing import Any

from simulator.benefit import Dates
from simulator.core.clock import completed_years, from_wire
from simulator.core.errors import Refusal, refuse
from simulator.core.money import yuan
from simulator.core.texts import text
from simulator.domain.accumulators import to_wire, under_of
from simulator.domain.person import EMPLOYEES, Insurance, Person
from simulator.insured.case import EMERGENCY, SPECIAL, entitlement
from simulator.insured.place import Answered, Asked, insured, is_emergency, known_person
from simulator.store import people
from simulator.store.tables import accumulator
from simulator.store.unit_of_work import UnitOfWork

VOUCHER, CERTIFICATE, CARD = "01", "02", "03"
"""mdtrt_cert_type, the same in every edition."""
NOBODY = frozenset(
    {"credential_unknown", "credential_elsewhere", "credential_letters", "credential_type", "credential_no_token"}
)
"""Refusals of a credential that nobody insured at the place holds."""

_IDENTITY_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_TOKEN = re.compile(r"[0-9A-Z]{32}", re.ASCII)
"""Form of the tokens that this platform gives out (ours); the text of a QR code is longer or shorter."""


@insured("1101")
def query_person(asked: Asked) -> Answered:
    """Who shows this voucher, certificate or card; insurances, balances and identities."""
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
    """Whether the pool would pay: flag "0" and the reason when not, and still infcode 0 (rules 26)."""
    data = asked.body["data"]
    known = known_person(asked, data["psn_no"])
    kind = asked.meaning("med_type", data["med_type"]) or data["med_type"]
    began = from_wire(data["begntime"]).date()
    # On the day asked about: what is filed or registered by then counts.
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
    """What has accrued in the year (of cum_ym, else of today); the codes are of our own (rules 21)."""
    data = asked.body["data"]
    known = known_person(asked, data["psn_no"])
    month = data.get("cum_ym") or f"{asked.now:%Y%m}"
    rows = [
        row
        for row in asked.work.find(accumulator, person_id=known.id)
        if str(row.year) == month[:4] and row.opening + row.booked and not under_of(row.key[1]).of_visit
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
    """Registrations not ended today, future ones included, the code as registered (rules 26)."""
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


def find_by_credential(asked: Asked, data: dict[str, Any]) -> people.KnownPerson:
    """The one person who holds what was shown; raises Refusal for nobody, and for a card whose card_sn is wrong."""
    shown, kind = data["mdtrt_cert_no"], data["mdtrt_cert_type"]
    holders = [known for known in people.by_credential(asked.work, shown) if shows(known.person, kind, shown)]
    found = [known for known in holders if _insured_here(asked, known.person)]
    if not found:
        raise _nobody(asked, holders, kind, shown)
    if kind == CARD and data.get("card_sn") != found[0].person.card_sn:
        raise refuse("card_sn_wrong", path="data.card_sn")
    return found[0]


def shows(person: Person, kind: str, shown: str) -> bool:
    """Whether `shown` is this person's voucher token, certificate number or card number."""
    held = {VOUCHER: person.credential_token, CERTIFICATE: person.certificate_number, CARD: person.card_no}
    return bool(shown) and held.get(kind) == shown


def mistaken_credential(work: UnitOfWork, kind: str, shown: str) -> Refusal | None:
    """The slip that explains why nobody holds what was shown: letters, type of credential or form of the token."""
    upper = shown.strip().upper()
    if upper != shown and any(shows(known.person, kind, upper) for known in people.by_credential(work, upper)):
        return refuse("credential_letters", path="data.mdtrt_cert_no", got=shown)
    of_type = _type_of(work, upper)
    if of_type not in ("", kind):
        names = {"kind": text(f"finding.credential_{kind}"), "other": text(f"finding.credential_{of_type}")}
        return refuse("credential_type", path="data.mdtrt_cert_type", wanted=of_type, got=kind, **names)
    if kind == VOUCHER and not _TOKEN.fullmatch(shown):
        return refuse("credential_no_token", path="data.mdtrt_cert_no", got=shown)
    return None


def _nobody(asked: Asked, holders: list[people.KnownPerson], kind: str, shown: str) -> Refusal:
    """The reason why nobody insured here holds what was shown."""
    if not holders:
        unknown = refuse("credential_unknown", path="data.mdtrt_cert_no", got=shown)
        return mistaken_credential(asked.work, kind, shown) or unknown
    areas = "、".join(sorted({each.area for known in holders for each in known.person.insurances}))
    return refuse("credential_elsewhere", path="insuplc_admdvs", areas=areas, wanted=areas, got=asked.insured_area)


def _type_of(work: UnitOfWork, shown: str) -> str:
    """The type of credential that somebody holds under this number, or whose form it has; blank where unknown."""
    known = people.by_credential(work, shown)
    held = (kind for kind in (VOUCHER, CERTIFICATE, CARD) for each in known if shows(each.person, kind, shown))
    return next(held, CERTIFICATE if _IDENTITY_NUMBER.fullmatch(shown) else "")


def refuse_other_identity(asked: Asked, data: dict[str, Any], person: Person) -> None:
    """The identity fields that a message carries must be the person's; raises Refusal for the first that is not."""
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


def _insurance_row(asked: Asked, each: Insurance) -> dict[str, Any]:
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
    """Now or before: one who moved within the year is known at both places."""
    return any(asked.place.local(each.area, asked.insured_area) for each in person.insurances)


def _status(each: Insurance, now: datetime) -> str:
    if each.status == "normal" and each.valid_to is not None and each.valid_to < now.date():
        return "ended"
    if each.status == "suspended" and each.suspended_from is not None and each.suspended_from > now.date():
        return "normal"
    return each.status
