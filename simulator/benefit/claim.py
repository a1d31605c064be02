"""Claim: a batch of classified charges of a person, as the engine is asked, and the accumulators of the year."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from simulator.domain.accumulators import VISITS

HOSPITAL_LEVELS = ("primary", "secondary", "tertiary", "ungraded")
UNFILED, WAIVED = "unfiled", "waived"
"""Groups without a filing: `waived` where the scope of place asks for none."""
ORDINARY = "ordinary"
"""Word of a file for care without a registered disease; a claim writes an empty disease."""

DEDUCTIBLE, POOL_PAID, IN_SCOPE = "DEDC", "HIFP", "INSC"
KINDS = ("DEDC", "HIFP", "HIOB", "HIMI", "CVLS", "MAFP", "OBBS", "MIBS", "CVBS", "MFBS", "INSC", VISITS)
"""Accumulators (rules 21): deductible, pool, the layers' payments, the layers' bases, in scope for brackets, visits."""

Accumulated = Mapping[tuple[str, str], int]
"""(kind, `AccumulatorDimensions` as text) -> fen, of the year and insurance of the claim.

Visits are counted in hundredths, those other than the claim's own visit.
"""


@dataclass(frozen=True, slots=True)
class ChargeScope:
    """Charge as classified by the treatment place, fen; the four parts sum to `total`, all may be negative."""

    total: int
    own_purchase: int
    """fulamt_ownpay_amt."""
    above_ceiling: int
    """overlmt_selfpay."""
    prior_selfpay: int
    """preselfpay_amt."""
    in_scope: int
    """inscp_scp_amt."""


@dataclass(frozen=True, slots=True)
class Dates:
    """The days a rule may go by; the city file says which rule goes by which (rules 10)."""

    visit_begin: date
    charge: date
    """Of the latest charge of the batch."""
    settlement: date

    @classmethod
    def all_on(cls, day: date) -> "Dates":
        return cls(day, day, day)


@dataclass(frozen=True, slots=True)
class Claim:
    """Batch to be settled; the charges stand in the order of feedetail, which the deductible follows."""

    area: str
    """The insured place, six digits."""
    insutype: str
    category: str
    care: str
    """Kind of care, of `care.yaml`."""
    disease: str
    """As billed, an M-code of class or sub-class; empty where the care carries none."""
    hospital_level: str
    treated: str
    """Scope of place: `local`, `province` or `nation`."""
    groups: tuple[str, ...]
    """Groups of all valid filings, and `emergency` when it is one; empty = unfiled unless treated at home."""
    civil_servant: bool
    identities: tuple[str, ...]
    """Kinds in force on the day that the city file names."""
    charges: tuple[ChargeScope, ...]
    account_used: bool
    account_balance: int
    dates: Dates
    visit: str = ""
    """The number of the visit or stay, for what is reckoned by it."""
