"""Sections 6.10 to 6.14: which day each rule goes by, which filings are valid, and every reason to refuse in order."""

import json
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.second_agency.city import City, same_place, scope_of
from tests.second_agency.people import FOREVER, Filing, Insurance, Person, Registration
from tests.second_agency.wire import text

SPECIAL = "14"
EMERGENCY = "13"
STAYS = ("2101", "52")
RULES = ("figures", "year", "filing", "registration", "insurance", "identity")


@dataclass(frozen=True)
class Occasion:
    """A person who is treated somewhere, on the days that count."""

    person: Person
    insutype: str
    med_type: str
    code: str
    """The billed disease; empty in ordinary care."""
    emergency: bool
    place: str
    begins: str
    """First day of the visit."""
    days: Mapping[str, str]
    """Of every rule the day that it goes by."""


def is_emergency(med_type: str, *nodes: Mapping[str, Any]) -> bool:
    """med_type 13, or 14 or a stay with `{"emergency": "1"}` as JSON text in one of the nodes."""
    return med_type == EMERGENCY or (med_type in (SPECIAL, *STAYS) and any(_says_emergency(node) for node in nodes))


def _says_emergency(node: Mapping[str, Any]) -> bool:
    try:
        said = json.loads(text(dict(node), "expContent") or "{}")
    except ValueError:
        return False
    return isinstance(said, dict) and str(said.get("emergency")) == "1"


class Entitlement:
    def __init__(self, city: City, defects: frozenset[str]) -> None:
        self.city = city
        self.defects = defects

    def days(self, visit_begin: str, charge: str, settlement: str) -> dict[str, str]:
        kinds = {"visit_begin": visit_begin, "charge": charge, "settlement": settlement}
        days = {rule: kinds[self.city.setting("dates", rule)] for rule in RULES}
        if "registered_by_settlement_day" in self.defects:
            days["registration"] = settlement
        if "year_of_the_visit" in self.defects:
            days["year"] = visit_begin
        return days

    def elsewhere(self, occasion: Occasion) -> bool:
        return not same_place(occasion.person.insured_at, occasion.place)

    def insurance(self, occasion: Occasion) -> Insurance | None:
        return occasion.person.insurance(occasion.insutype, occasion.days["insurance"])

    def groups(self, occasion: Occasion) -> list[str]:
        """Filing groups valid there and then; an emergency counts as filed."""
        valid = [
            each.group
            for each in occasion.person.filings
            if self._in_force(each, occasion.days["filing"]) and self._covers(each, occasion)
            if self._in_time(each, occasion.begins, occasion.days["figures"])
        ]
        return [*valid, *(["emergency"] if occasion.emergency else [])]

    def _in_force(self, filing: Filing, day: str) -> bool:
        ends = filing.ends or self._term(filing)
        if "ended_filing_still_valid" in self.defects:
            return filing.begins <= day
        if "filing_begins_a_day_late" in self.defects:
            return filing.begins < day <= ends
        if "filing_end_exclusive" in self.defects:
            return filing.begins <= day < ends
        return filing.begins <= day <= ends

    def _term(self, filing: Filing) -> str:
        """The day before the same day so many months later, where the group has a term."""
        row = self.city.row("filing_terms", {"group": filing.group}, filing.begins)
        if row is None:
            return FOREVER
        years, month = divmod(int(filing.begins[5:7]) - 1 + row["value"], 12)
        year = int(filing.begins[:4]) + years
        day = min(int(filing.begins[8:]), monthrange(year, month + 1)[1])
        return str(date(year, month + 1, day) - timedelta(days=1))

    def _in_time(self, filing: Filing, begins: str, day: str) -> bool:
        """A filing may begin so many days after the visit, where there is a limit."""
        row = self.city.row("filed_before_settlement", {"group": filing.group}, day)
        late = (date.fromisoformat(filing.begins) - date.fromisoformat(begins)).days
        return row is None or late <= row["value"]

    def _covers(self, filing: Filing, occasion: Occasion) -> bool:
        if "filing_covers_a_province" in self.defects:
            return filing.place[:2] == occasion.place[:2]
        if "filing_covers_one_code" in self.defects:
            return filing.place == occasion.place
        return same_place(filing.place, occasion.place)

    def reasons(self, occasion: Occasion) -> list[str]:
        """Why it is refused, the first of section 6.14 first; empty when entitled."""
        if "refuses_nobody" in self.defects:
            return []
        found = []
        insurance = self.insurance(occasion)
        if insurance is None:
            found.append(f"参保人没有险种 {occasion.insutype}")
        elif "insurance_end_exclusive" in self.defects and insurance.ends <= occasion.days["insurance"]:
            found.append("参保已终止")
        elif not insurance.holds(occasion.days["insurance"]) and "suspended_is_paid" not in self.defects:
            found.append("参保状态不正常，暂停享受待遇")
        if occasion.med_type == SPECIAL:
            found += self._disease_reasons(occasion)
        unfiled = self.elsewhere(occasion) and not self.groups(occasion)
        if unfiled and self._unfiled(occasion) == "refuse":
            found.append("未办理异地就医备案")
        return found

    def _unfiled(self, occasion: Occasion) -> str:
        if "unfiled_refused" in self.defects:
            return "refuse"
        scope = scope_of(occasion.person.insured_at, occasion.place)
        row = self.city.row("unfiled", {"scope": scope}, occasion.days["figures"])
        return row["value"] if row else "refuse"

    def _disease_reasons(self, occasion: Occasion) -> list[str]:
        found = []
        listed = self.city.disease(occasion.code, occasion.days["figures"])
        if listed is None and "any_disease_is_listed" not in self.defects:
            found.append(f"病种 {occasion.code or '（空）'} 不在本地门诊慢特病目录")
        elif listed is not None and not self._settles_there(listed["outbound"], occasion):
            found.append(f"病种 {occasion.code} 不能异地直接结算")
        if not any(self._registered(each, occasion) for each in occasion.person.registrations):
            found.append(f"参保人未办理病种 {occasion.code} 的慢特病备案")
        return found

    def _settles_there(self, outbound: bool | str, occasion: Occasion) -> bool:
        """`true` is everywhere, `province` the insured person's own province, `false` and `local` the own city."""
        scope = scope_of(occasion.person.insured_at, occasion.place)
        return outbound is True or scope == "local" or (outbound == "province" and scope == "province")

    def _registered(self, registration: Registration, occasion: Occasion) -> bool:
        day = occasion.days["registration"]
        ends = registration.ends or FOREVER
        if "registration_begins_a_day_late" in self.defects:
            in_force = registration.begins < day <= ends
        elif "registration_end_exclusive" in self.defects:
            in_force = registration.begins <= day < ends
        else:
            in_force = registration.begins <= day <= ends
        if "sub_code_is_another_disease" in self.defects:
            return in_force and registration.disease == occasion.code
        return in_force and self._class(registration.disease, occasion) == self._class(occasion.code, occasion)

    def _class(self, code: str, occasion: Occasion) -> str:
        return self.city.class_of(code, occasion.days["figures"])
