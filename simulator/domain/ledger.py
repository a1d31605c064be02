"""Double entry of a settlement: the claim of the institution, its payers, and the debt between the two places."""

from collections.abc import Mapping
from dataclasses import dataclass

FUNDS = ("pool", "large_amount", "major_illness", "civil_servants", "enterprise", "assistance", "other")
"""Fund layers of the insured place, each an account of its own."""

RECEIVABLE, PAYABLE = "receivable", "payable"
"""The claim of the treatment place's agency, which pays the hospital, and the same debt of the insured place's."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Side of the double entry, fen: funds, `account` and `cash` are debits, the institution is the credit."""

    account: str
    holder: str
    amount: int


def entries(
    amounts: Mapping[str, int], *, institution: str, treated_area: str, insured_area: str, local: bool
) -> list[LedgerEntry]:
    """The entries of a settlement, which sum to zero exactly when its amounts keep the identities.

    Where the places differ, the hospital is paid by its own place's agency, which the insured place's agency owes what
    the funds and the personal account paid.
    """
    paid = [LedgerEntry(fund, insured_area, amounts[fund]) for fund in FUNDS if amounts[fund]]
    if amounts["account"]:
        paid.append(LedgerEntry("account", "", amounts["account"]))
    if amounts["cash"]:
        paid.append(LedgerEntry("cash", "", amounts["cash"]))
    # What the hospital bears itself reduces what it is owed.
    paid.append(LedgerEntry("institution", institution, amounts["hospital"] - amounts["total"]))
    owed = owed_between_places(amounts)
    if owed and not local:
        paid.append(LedgerEntry(RECEIVABLE, treated_area, owed))
        paid.append(LedgerEntry(PAYABLE, insured_area, -owed))
    return paid


def owed_between_places(amounts: Mapping[str, int]) -> int:
    """Debt of the insured place's agency for a settlement elsewhere, fen: all but the person's cash."""
    return sum(amounts[fund] for fund in FUNDS) + amounts["account"]
