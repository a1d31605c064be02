"""Specification of a person: the body of `POST /_sim/people`, read and checked.

The same shape is one entry of an export, then with ids and accumulators.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from simulator.core.errors import DataFault, DataFaults
from simulator.core.money import to_fen
from simulator.core.schema_errors import faults_of, shape
from simulator.domain.person import EMPLOYEES, RESIDENTS, Filing, Identity, Registration
from simulator.people.contradictions import contradictions
from simulator.people.diseases import disease_name
from simulator.people.identity import birth_of, is_male

INSUTYPE_OF = {"employed": EMPLOYEES, "retired": EMPLOYEES, "resident": RESIDENTS, "child": RESIDENTS}


@dataclass(frozen=True, slots=True)
class InsuranceSpec:
    """Insurance asked for; None and "" are made up or take their usual value."""

    insured_at: str
    category: str
    insutype: str
    balance: int = 0
    civil_servant: bool = False
    status: str = "normal"
    insured_from: date | None = None
    insured_to: date | None = None
    suspended_from: date | None = None
    employer: str = ""


@dataclass(frozen=True, slots=True)
class OpeningBalance:
    """Accumulator at the beginning (rules 21); `disease` "" is the overall amount."""

    year: int
    insutype: str
    kind: str
    amount: int
    """Fen."""
    disease: str = ""


@dataclass(frozen=True, slots=True)
class PersonSpec:
    """Specification of a person; the first insurance is the main insurance."""

    insurances: tuple[InsuranceSpec, ...]
    age: int | None = None
    birth: date | None = None
    male: bool | None = None
    identities: tuple[Identity, ...] = ()
    registrations: tuple[Registration, ...] = ()
    filings: tuple[Filing, ...] = ()
    accumulators: tuple[OpeningBalance, ...] = ()
    psn_no: str = ""
    psn_name: str = ""
    certno: str = ""
    card_no: str = ""
    card_sn: str = ""
    credential_token: str = ""
    nationality: str = ""

    @property
    def insured_at(self) -> str:
        return self.insurances[0].insured_at

    @property
    def category(self) -> str:
        return self.insurances[0].category


def read_person(body: object, *, on: date) -> PersonSpec:
    """Reads one person; `on` is the trade day by which ages are judged. Raises DataFaults with every fault."""
    faults = person_faults(body, on=on)
    if faults or not isinstance(body, Mapping):
        raise DataFaults(faults)
    return spec_of(body)


def person_faults(body: object, *, on: date) -> list[DataFault]:
    """Every fault of a person: of its form first, of its sense only when the form is right."""
    faults = faults_of(body, shape("simulator.people", "person.schema.json"))
    return faults or contradictions(cast(Mapping[str, Any], body), on)


def spec_of(body: Mapping[str, Any]) -> PersonSpec:
    """The spec of a body that has no faults."""
    certno = body.get("certno", "")
    sex = body.get("sex")
    return PersonSpec(
        insurances=tuple(_insurance(entry) for entry in (body, *body.get("insurances", ()))),
        age=body.get("age"),
        birth=_day(body, "birth") or (birth_of(certno) if certno else None),
        male=is_male(certno) if certno else (None if sex is None else sex == "male"),
        identities=tuple(
            Identity(entry["kind"], _from(entry), _day(entry, "to")) for entry in body.get("identities", ())
        ),
        registrations=tuple(_registration(entry) for entry in body.get("registrations", ())),
        filings=tuple(_filing(entry) for entry in body.get("filings", ())),
        accumulators=tuple(_opening_balance(entry) for entry in body.get("accumulators", ())),
        **{key: body.get(key, "") for key in ("psn_no", "psn_name", "certno", "card_no", "card_sn")},
        credential_token=body.get("credential_token", ""),
        nationality=body.get("nationality", ""),
    )


def _insurance(entry: Mapping[str, Any]) -> InsuranceSpec:
    category = entry["category"]
    return InsuranceSpec(
        insured_at=entry["insured_at"],
        category=category,
        insutype=entry.get("insutype", INSUTYPE_OF[category]),
        balance=to_fen(entry.get("account_balance", "0")),
        civil_servant=entry.get("civil_servant", False),
        status=entry.get("status", "normal"),
        insured_from=_day(entry, "insured_from"),
        insured_to=_day(entry, "insured_to"),
        suspended_from=_day(entry, "suspended_from"),
        employer=entry.get("employer", ""),
    )


def _registration(entry: Mapping[str, Any]) -> Registration:
    name = entry.get("name") or disease_name(entry["disease"])
    return Registration(entry["disease"], name, _from(entry), _day(entry, "to"), entry.get("id", ""))


def _filing(entry: Mapping[str, Any]) -> Filing:
    return Filing(
        group=entry["group"],
        place=entry["place"],
        valid_from=_from(entry),
        channel=entry["channel"],
        valid_to=_day(entry, "to"),
        active=entry.get("active", True),
        id=entry.get("id", ""),
    )


def _opening_balance(entry: Mapping[str, Any]) -> OpeningBalance:
    amount = to_fen(entry["amount"])
    return OpeningBalance(entry["year"], entry["insutype"], entry["kind"], amount, entry.get("disease", ""))


def _from(entry: Mapping[str, Any]) -> date:
    return date.fromisoformat(entry["from"])


def _day(entry: Mapping[str, Any], key: str) -> date | None:
    return date.fromisoformat(entry[key]) if key in entry else None
