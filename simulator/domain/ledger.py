"""Double entry of a settlement: what the institution is owed, and who owes it."""

from collections.abc import Mapping
from dataclasses import dataclass

FUNDS = ("pool", "large_amount", "major_illness", "civil_servants", "enterprise", "assistance", "other")
"""Fund layers of the insured place, each an account of its own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of the double entry, fen: funds, `account` and `cash` are debits, the institution is the credit."""

    account: str
    holder: str
    amount: int


def entries(amounts: Mapping[str, int], *, institution: str, insured_area: str) -> list[Entry]:
    """The entries of one settlement; they sum to zero exactly when its amounts keep the identities."""
    paid = [Entry(fund, insured_area, amounts[fund]) for fund in FUNDS if amounts[fund]]
    if amounts["account"]:
        paid.append(Entry("account", "", amounts["account"]))
    if amounts["cash"]:
        paid.append(Entry("cash", "", amounts["cash"]))
    # What the hospital bears itself reduces what it is owed.
    paid.append(Entry("institution", institution, amounts["hospital"] - amounts["total"]))
    return paid
