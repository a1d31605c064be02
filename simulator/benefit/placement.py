"""Words of the accumulators under which deductible, caps and brackets of a claim are reckoned."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from simulator.benefit.claim import DEDUCTIBLE, IN_SCOPE, POOL_PAID
from simulator.benefit.dated_rows import DatedRow
from simulator.domain.accumulators import YEAR, Under, period_of


class Placement(NamedTuple):
    """Place of a figure: a disease, a kind of care, and the period (year, quarter, month, visit or stay)."""

    disease: str = ""
    care: str = ""
    period: str = YEAR

    def word(self, day: date, visit: str) -> str:
        """The second word of the accumulator on a day, in a visit."""
        return str(Under(self.disease, self.care, period_of(self.period, day, visit)))


class Words(NamedTuple):
    """The accumulators that a claim is reckoned by, and all that it is booked under."""

    deductible: str
    disease_cap: str
    care_cap: str
    brackets: str
    stands_under: Mapping[str, tuple[str, ...]]


class Placements(NamedTuple):
    """The placements of one kind of claim; None where the rules have no such figure."""

    whole: Placement
    """The claim's disease over the year; blank without one."""
    deductible: Placement
    disease_cap: Placement | None
    care_cap: Placement | None
    brackets: Placement | None

    @property
    def periodic(self) -> bool:
        """Whether any of them depends on the day or the visit."""
        return any(each is not None and each.period != YEAR for each in self)

    def words(self, day: date, visit: str) -> Words:
        """The words of every figure on a day, in a visit."""
        whole, deductible, *others = (each.word(day, visit) if each is not None else "" for each in self)
        disease_cap, care_cap, brackets = others
        # A deductible of its own counts for nothing else; the general one is told by disease too (rules 29, 35).
        of_deductible = (deductible,) if self.deductible.care or self.deductible.period != YEAR else ("", whole)
        stands_under = {
            DEDUCTIBLE: tuple(dict.fromkeys(of_deductible)),
            POOL_PAID: tuple(dict.fromkeys(("", whole, disease_cap, care_cap))),
        }
        if self.brackets is not None:
            stands_under[IN_SCOPE] = (brackets,)
        return Words(deductible, disease_cap, care_cap, brackets, stands_under)


def placement_of(row: DatedRow | None, *, disease: str = "", care: str = "") -> Placement | None:
    """The placement that a row sets: its care and period, and the disease that it is reckoned for."""
    return None if row is None else Placement(disease, dict(row.when).get("care", care), row.period)


def code_of(row: DatedRow | None, billed: str, disease_class: str) -> str:
    """The code that a billed disease stands under: that of the row that sets its cap, else its class (rules 34)."""
    named = row.code_for(billed, disease_class) if row is not None else ""
    return named or disease_class
