"""Balances: the way a city file writes what they count, and their codes in 5206 (section 9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tests.second_agency.city import Row, code_for

CARE_OF = {
    "11": "outpatient",
    "12": "outpatient",
    "13": "emergency",
    "14": "special_disease",
    "2101": "inpatient",
    "41": "pharmacy",
    "51": "maternity_outpatient",
    "52": "maternity_inpatient",
    "9901": "two_disease_drugs",
}
"""Kind of care by med_type; any other is outpatient."""
CODES: Mapping[str, str] = {
    "special_disease": "14",
    "outpatient": "11",
    "two_disease_drugs": "99",
    "emergency": "13",
    "pharmacy": "41",
    "inpatient": "21",
    "maternity_outpatient": "51",
    "maternity_inpatient": "52",
}
_SHORT = {"DEDC": "DE", "HIFP": "HP", "INSC": "IS", "VSTS": "VS"}


def counted(disease: str = "", care: str = "", period: str = "") -> str:
    """`M07800`, `/inpatient` or `M03900/two_disease_drugs/M05`; empty is everything in the year."""
    return "/".join((disease, care, period)).rstrip("/")


def period_of(kind: str, day: str, visit: str) -> str:
    """`Q2`, `M05`, or `V` and the visit; empty is the year."""
    month = int(day[5:7])
    named = {"quarter": f"Q{(month + 2) // 3}", "month": f"M{month:02d}", "visit": f"V{visit}", "stay": f"V{visit}"}
    return named.get(kind, "")


@dataclass
class Counted:
    """What the figures of a batch count, and under which balances its own amounts are booked."""

    code: str = ""
    """The code that the disease stands under."""
    deductible: str = ""
    disease_cap: str = ""
    care_cap: str = ""
    brackets: str = ""
    numbered: str = ""
    """The visits by whose number the deductible goes."""
    limited: str = ""
    """The visits that are limited."""
    visits: list[str] = field(default_factory=list)
    """The counts of visits that the visit adds one to."""
    booked: dict[str, list[str]] = field(default_factory=dict)
    """By kind, without those of the layers."""


class Batch(Protocol):
    """What is asked of a claim."""

    @property
    def care(self) -> str: ...
    @property
    def accrual_day(self) -> str: ...
    @property
    def visit(self) -> str: ...
    @property
    def case(self) -> Mapping[str, str]: ...


def counted_by(
    claim: Batch,
    code: str,
    *,
    per_disease: bool,
    deductible: Row | None,
    disease_cap: Row | None,
    care_cap: Row | None,
    ratio: Row,
    visit_limit: Row | None,
) -> Counted:
    """Sections 5 and 7 of the page about city files."""

    def of(row: Row, disease: str = "", care: str = "") -> str:
        period = period_of(row.get("period", "year"), claim.accrual_day, claim.visit)
        return counted(disease, row.get("care", care), period)

    own_care = claim.care if code and claim.care != "special_disease" else ""
    whole = counted(code, own_care)
    made = Counted(code=code)
    made.booked = {"DEDC": ["", whole], "HIFP": ["", whole]}
    if deductible is not None:
        made.deductible = of(deductible, code, own_care) if per_disease else of(deductible)
        if "care" in deductible or deductible.get("period", "year") != "year":
            made.booked["DEDC"] = [made.deductible]
    if disease_cap is not None:
        made.disease_cap = of(disease_cap, code, own_care)
        made.booked["HIFP"].append(made.disease_cap)
    if care_cap is not None:
        made.care_cap = of(care_cap)
        made.booked["HIFP"].append(made.care_cap)
    if "brackets" in ratio:
        made.brackets = of(ratio, code_for(ratio, claim.case))
        made.booked["INSC"] = [made.brackets]
    if deductible is not None and "by_visit" in deductible:
        made.numbered = counted(code if _names_disease(deductible) else "", deductible.get("care", ""))
        made.visits.append(made.numbered)
    if visit_limit is not None:
        made.limited = of(visit_limit, code if _names_disease(visit_limit) else "")
        made.visits.append(made.limited)
    return made


def _names_disease(row: Row) -> bool:
    return row.get("disease", "ordinary") != "ordinary"


def code(kind: str, written: str) -> str:
    """The cum_type_code of a balance; empty for a single visit, which 5206 does not report."""
    disease, care, period = [*written.split("/"), "", ""][:3]
    if period.startswith("V"):
        return ""
    letter = {"Q": "NOPQ", "M": "ABCDEFGHIJKL"}[period[0]][int(period[1:]) - 1] if period else ""
    head = _SHORT[kind] + CODES[care] if care else kind
    return head + (f"{letter or 'M'}{disease[1:]}" if disease else letter)
