"""Replica of the people insured by a registered agency, as its answers describe them.

The insured place owns these facts: docs/architecture.md#ownership.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from simulator.core.money import to_fen
from simulator.domain.person import EMPLOYEES, HAN, Identity, Insurance, Person
from simulator.domain.transaction_table import PERSON_QUERY
from simulator.insured.person_queries import CARD, CERTIFICATE, VOUCHER
from simulator.insured.place import Asked, Output
from simulator.store import people
from simulator.store.tables import insurance


def expected_person(asked: Asked) -> dict[str, str]:
    """psn_no, psn_name and certno that an answer must show; blank if neither the message nor the replica tells it."""
    data: Mapping[str, Any] = next((node for node in asked.body.values() if isinstance(node, Mapping)), {})
    known = people.load(asked.work, data["psn_no"]) if data.get("psn_no") else None
    if asked.infno == PERSON_QUERY:
        shown = people.by_credential(asked.work, data.get("mdtrt_cert_no") or "")
        # A credential shared by several people does not tell which of them is meant.
        known = shown[0] if len(shown) == 1 else None
    if known is not None:
        person = known.person
        return {"psn_no": person.psn_no, "psn_name": person.name, "certno": person.certificate_number}
    certno = data.get("certno") or (data.get("mdtrt_cert_no") if data.get("mdtrt_cert_type") == CERTIFICATE else "")
    return {"psn_no": data.get("psn_no") or "", "psn_name": data.get("psn_name") or "", "certno": certno or ""}


def update_person(asked: Asked, output: Output) -> people.KnownPerson | None:
    """Adds or updates a person by an answer of 1101; a person that the platform made itself stays unchanged."""
    base, shown = output["baseinfo"], asked.body["data"]
    known = people.load(asked.work, base["psn_no"])
    if known is not None and known.origin != "learned":
        return known
    token = shown["mdtrt_cert_no"] if shown["mdtrt_cert_type"] == VOUCHER else ""
    on_card = shown["mdtrt_cert_type"] == CARD
    described = Person(
        psn_no=base["psn_no"],
        name=base["psn_name"],
        certificate_type=asked.meaning("psn_cert_type", base["psn_cert_type"]) or "identity_card",
        certificate_number=base["certno"],
        gender=asked.meaning("gend", base["gend"]) or "unknown",
        birth=_day(base.get("brdy") or "1970-01-01"),
        nationality=base.get("naty") or HAN,
        card_no=shown["mdtrt_cert_no"] if on_card else (known.person.card_no if known else ""),
        card_sn=shown.get("card_sn") or "" if on_card else (known.person.card_sn if known else ""),
        credential_token=token or (known.person.credential_token if known else ""),
        insurances=tuple(_insurance(asked, each) for each in output.get("insuinfo") or []),
        identities=tuple(_identities(asked, output.get("idetinfo") or [])),
    )
    if known is None:
        people.add(asked.work, described, origin="learned")
    else:
        _replace(asked, known, described)
    return people.load(asked.work, base["psn_no"])


def _replace(asked: Asked, known: people.KnownPerson, described: Person) -> None:
    """Replaces a person; the opening balances are adjusted so that payments booked from an account stay booked."""
    paid = {
        (row.insutype, row.area): row.opening_balance - row.balance
        for row in asked.work.find(insurance, person_id=known.id)
    }
    people.replace(asked.work, known, described, origin="learned")
    for row in asked.work.find(insurance, person_id=known.id):
        opening = row.balance + paid.get((row.insutype, row.area), 0)
        asked.work.change(insurance, {"id": row.id}, opening_balance=opening)


def _insurance(asked: Asked, each: Mapping[str, Any]) -> Insurance:
    # A psn_type without a known meaning is taken as the usual category of its insurance.
    usual = "employed" if each["insutype"] == EMPLOYEES else "resident"
    category = asked.meaning("psn_type", each["psn_type"]) or usual
    return Insurance(
        insutype=each["insutype"],
        category="resident" if category.startswith("resident") else category,
        area=each["insuplc_admdvs"],
        status=asked.meaning("psn_insu_stas", each.get("psn_insu_stas") or "") or "normal",
        valid_from=_day(each.get("psn_insu_date") or "2000-01-01"),
        suspended_from=_day(each["paus_insu_date"]) if each.get("paus_insu_date") else None,
        civil_servant=each.get("cvlserv_flag") == "1",
        employer=each.get("emp_name") or "",
        balance=to_fen(each.get("balc") or 0),
    )


def _identities(asked: Asked, rows: list[Mapping[str, Any]]) -> Iterator[Identity]:
    """Identities with a known meaning; others give no claim to assistance and are left out."""
    for row in rows:
        kind = asked.meaning("psn_idet_type", row["psn_idet_type"])
        if kind is not None:
            yield Identity(kind, _day(row["begntime"]), _day(row["endtime"]) if row.get("endtime") else None)


def _day(written: str) -> date:
    return date.fromisoformat(written[:10])
