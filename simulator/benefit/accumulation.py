"""Keys of the accumulators by which deductible, caps and brackets of a claim are reckoned."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from simulator.benefit.claim import DEDUCTIBLE, IN_SCOPE, ORDINARY, POOL_PAID
from simulator.benefit.dated_rows import DatedRow
from simulator.domain.accumulators import YEAR, AccumulatorDimensions, period_of


class AccumulationBasis(NamedTuple):
    """Dimensions in which a figure accumulates: disease, kind of care, and year, quarter, month, visit or stay."""

    disease: str = ""
    care: str = ""
    period: str = YEAR

    def key(self, day: date, visit: str) -> str:
        """The dimensions as written on a day, in a visit."""
        return str(AccumulatorDimensions(self.disease, self.care, period_of(self.period, day, visit)))


class AccumulatorKeys(NamedTuple):
    """The accumulators that a claim is reckoned by, and all that it is booked under."""

    deductible: str
    disease_cap: str
    care_cap: str
    brackets: str
    deductible_visits: str
    visit_limit: str
    counted_under: tuple[str, ...]
    """The counts of visits that the claim's visit adds to."""
    accumulated_under: Mapping[str, tuple[str, ...]]


class AccumulationBases(NamedTuple):
    """The bases of one kind of claim; None where the rules have no such figure."""

    whole: AccumulationBasis
    """The claim's disease over the year; blank without one."""
    deductible: AccumulationBasis
    disease_cap: AccumulationBasis | None
    care_cap: AccumulationBasis | None
    brackets: AccumulationBasis | None
    deductible_visits: AccumulationBasis | None
    """The visits by whose number the deductible goes."""
    visit_limit: AccumulationBasis | None

    @property
    def periodic(self) -> bool:
        """Tells whether any basis depends on the day or the visit."""
        return any(each is not None and each.period != YEAR for each in self)

    def keys(self, day: date, visit: str) -> AccumulatorKeys:
        """The keys of every figure on a day, in a visit."""
        whole, deductible, *others = (each.key(day, visit) if each is not None else "" for each in self)
        disease_cap, care_cap, brackets, deductible_visits, visit_limit = others
        # A deductible of its own counts for nothing else; the general one is told by disease too (rules 29, 35).
        of_deductible = (deductible,) if self.deductible.care or self.deductible.period != YEAR else ("", whole)
        accumulated_under = {
            DEDUCTIBLE: tuple(dict.fromkeys(of_deductible)),
            POOL_PAID: tuple(dict.fromkeys(("", whole, disease_cap, care_cap))),
        }
        if self.brackets is not None:
            accumulated_under[IN_SCOPE] = (brackets,)
        counting = ((deductible_visits, self.deductible_visits), (visit_limit, self.visit_limit))
        return AccumulatorKeys(
            deductible,
            disease_cap,
            care_cap,
            brackets,
            deductible_visits,
            visit_limit,
            counted_under=tuple(dict.fromkeys(key for key, basis in counting if basis is not None)),
            accumulated_under=accumulated_under,
        )


def basis_of(row: DatedRow | None, *, disease: str = "", care: str = "") -> AccumulationBasis | None:
    """The basis that a row sets: its care and period, and the disease that it is reckoned for."""
    return None if row is None else AccumulationBasis(disease, dict(row.when).get("care", care), row.period)


def accrual_code(row: DatedRow | None, billed: str, disease_class: str) -> str:
    """The code that a billed disease stands under: that of the row that sets its cap, else its class (rules 34)."""
    named = row.code_for(billed, disease_class) if row is not None else ""
    return named or disease_class


def visits_of(row: DatedRow | None, disease: str) -> AccumulationBasis | None:
    """The visits that a row counts: those of its care and, where it names one, of the claim's disease."""
    named = dict(row.when).get("disease", ORDINARY) if row is not None else ORDINARY
    return basis_of(row, disease="" if named == ORDINARY else disease)
