"""Award: the split of a batch, its movements of the accumulators, and the reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from simulator.benefit.explain import AwardStep, explain
from simulator.benefit.trace import Trace


@dataclass(frozen=True, slots=True)
class FundShare:
    """Row of setldetail: `pool`, a layer, or `account`; `limit` is what was left under its cap, None without."""

    fund: str
    base: int
    limit: int | None
    paid: int


@dataclass(frozen=True, slots=True)
class Award:
    """The split of one batch, fen; `personal` is psn_part_amt, `fund_total` never holds the account."""

    total: int
    own_purchase: int
    above_ceiling: int
    prior_selfpay: int
    in_scope: int
    deductible: int
    pool: int
    ratio: Decimal
    """pool_prop_selfpay: the ratio used, after the modifier, four decimals."""
    large_amount: int
    major_illness: int
    civil_servants: int
    enterprise: int
    assistance: int
    other: int
    fund_total: int
    personal: int
    account: int
    cash: int
    hospital: int
    balance_after: int
    group: str
    """The filing group that counted, or `unfiled` or `local`."""
    disease: str
    """The code that everything is booked under: that of the row that sets the cap; empty without a disease."""
    year: int
    details: tuple[FundShare, ...]
    movements: Mapping[tuple[str, str], int]
    """Amounts to add to the accumulators; a cancellation adds them negated."""
    accumulated_under: Mapping[str, tuple[str, ...]]
    """Of the deductible, the pool and what brackets count: every word that its amount is booked under."""
    counted_under: tuple[str, ...]
    """The counts of visits that the visit adds to, once for all its batches."""
    trace: Trace = field(repr=False)
    """The facts behind `steps`, from which the sentences are made when they are read."""

    @property
    def steps(self) -> tuple[AwardStep, ...]:
        """The reasons in the order in which they were applied."""
        return explain(self.trace)
