"""The insured people, from the file of `nhsa-sim people export`."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from tests.second_agency.wire import fen_of_text

PSN_TYPES = {"employed": "11", "retired": "12", "resident": "15", "child": "1403"}
IDENTITIES = {"destitute": "2304", "subsistence_allowance": "2303", "low_income": "2305"}
OTHER_IDENTITY = "2360"
FOREVER = "9999-12-31"


@dataclass
class Insurance:
    insutype: str
    category: str
    civil_servant: bool
    status: str
    begins: str
    ends: str
    suspended: str
    """First day without entitlement; empty when the insurance was never suspended."""
    balance: int

    def holds(self, day: str) -> bool:
        return self.begins <= day <= self.ends and not (self.suspended and self.suspended <= day)


@dataclass
class Registration:
    number: str
    disease: str
    name: str
    begins: str
    ends: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.disease, self.begins, self.ends


@dataclass
class Filing:
    number: str
    group: str
    place: str
    begins: str
    ends: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.group, self.place, self.begins


@dataclass
class Person:
    psn_no: str
    name: str
    certno: str
    card_no: str
    card_sn: str
    token: str
    sex: str
    birth: str
    insured_at: str
    insurances: list[Insurance]
    identities: list[dict[str, str]]
    registrations: list[Registration]
    filings: list[Filing]
    opening: list[dict[str, Any]] = field(default_factory=list)

    def insurance(self, insutype: str, day: str) -> Insurance | None:
        """The one of this kind in force on the day, else any of this kind."""
        same = [each for each in self.insurances if each.insutype == insutype]
        return next((each for each in same if each.holds(day)), same[0] if same else None)

    def identities_on(self, day: str) -> list[str]:
        return [each["kind"] for each in self.identities if each["from"] <= day <= (each.get("to") or FOREVER)]

    def age(self, day: str) -> int:
        born, today = date.fromisoformat(self.birth), date.fromisoformat(day)
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def load(path: Path) -> dict[str, Person]:
    """People by `psn_no`."""
    people = json.loads(path.read_text(encoding="utf-8"))["people"]
    return {each["psn_no"]: _person(each) for each in people}


def _person(row: dict[str, Any]) -> Person:
    return Person(
        psn_no=row["psn_no"],
        name=row["psn_name"],
        certno=row["certno"],
        card_no=row["card_no"],
        card_sn=row["card_sn"],
        token=row["credential_token"],
        sex=row["sex"],
        birth=row["birth"],
        insured_at=row["insured_at"],
        insurances=[_insurance(each) for each in (row, *row.get("insurances", ()))],
        identities=row.get("identities", []),
        registrations=[
            Registration(each.get("id", ""), each["disease"], each.get("name", ""), each["from"], each.get("to") or "")
            for each in row.get("registrations", ())
        ],
        filings=[
            Filing(each.get("id", ""), each["group"], each["place"], each["from"], each.get("to") or "")
            for each in row.get("filings", ())
        ],
        opening=row.get("accumulators", []),
    )


def _insurance(row: dict[str, Any]) -> Insurance:
    suspended = row.get("suspended_from") or ("0001-01-01" if row["status"] == "suspended" else "")
    return Insurance(
        insutype=row["insutype"],
        category=row["category"],
        civil_servant=row.get("civil_servant", False),
        status=row["status"],
        begins=row["insured_from"],
        ends=row.get("insured_to") or ("0001-01-01" if row["status"] == "ended" else FOREVER),
        suspended=suspended,
        balance=fen_of_text(row.get("account_balance", "0.00")),
    )
