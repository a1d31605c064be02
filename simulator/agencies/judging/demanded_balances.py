"""Balances that an agency must report by 5206, and those that it may leave out."""

from collections.abc import Mapping

from simulator.benefit.claim import DEDUCTIBLE, IN_SCOPE, POOL_PAID
from simulator.domain.accumulators import VISITS, dimensions_of
from simulator.insured.place import Asked


def demanded_balances(
    ours: Mapping[tuple[str, str], int], told: Mapping[tuple[str, str], int], *, per_disease: bool
) -> dict[tuple[str, str], int]:
    """Our balances without those by disease that an agency may leave out, and did (rules 29)."""
    needed = (POOL_PAID, IN_SCOPE, VISITS, *([DEDUCTIBLE] if per_disease else []))
    return {
        (kind, written): fen
        for (kind, written), fen in ours.items()
        if (kind, written) in told or kind in needed or not dimensions_of(written).disease
    }


def is_deductible_per_disease(asked: Asked) -> bool:
    """Tells whether the insured place keeps the deductible by disease on the day."""
    row = asked.city().rules_on(asked.now.date()).in_force("deductible_per", "agencies.accumulators")
    return row is not None and row.value == "disease"
