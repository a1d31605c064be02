"""What an award was decided by, as plain facts: quick to keep with a settlement, whole sentences when it is read."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec


class Said(NamedTuple):
    """A figure as its file writes it, and where that comes from."""

    shown: str
    source: str
    reference: str


class LayerFacts(NamedTuple):
    """A layer that applied; `said` is None where it has no figures or had some that ended."""

    fund: str
    base: str
    said: Said | None
    ended: bool
    line: int | None
    """None where nothing is paid, because there are no terms."""
    brackets: int


@dataclass(frozen=True, slots=True)
class AwardFacts:
    """What the rules say of one kind of claim on one day; None is a rule that ended."""

    category: str
    hospital_level: str
    treated: str
    groups: tuple[str, ...]
    group: str
    disease: str
    deductible: Said | None
    line: int
    per_disease: bool
    ratio_said: Said
    plain_ratio: Decimal
    ratio: Decimal
    modifier: Said | None
    modifier_how: str
    modifier_by: str
    disease_cap: Said | None
    disease_cap_fen: int | None
    annual_cap: Said | None
    annual_cap_fen: int | None
    excess: Said | None
    shut_out: bool
    account_pays: Said | None
    account_word: str
    account_elsewhere: Said | None
    account_open_elsewhere: bool


class LayerTrace(NamedTuple):
    """What one layer had before it and what it did."""

    facts: LayerFacts
    base: int
    base_before: int
    """Of the year, before this batch."""
    left: int | None
    """Under its cap."""
    remaining: int
    """Own share in scope before this layer."""
    uncapped: int
    paid: int


class Scopes(NamedTuple):
    """The sums of the batch, named as in the award."""

    total: int
    own_purchase: int
    above_ceiling: int
    prior_selfpay: int
    in_scope: int


class PoolTrace(NamedTuple):
    """What the pool pays, and what was left under its two caps; None is no cap."""

    before_caps: int
    after_disease_cap: int
    paid: int
    disease_left: int | None
    annual_left: int | None

    @property
    def excess(self) -> int:
        return self.before_caps - self.after_disease_cap

    @property
    def cut(self) -> int:
        return self.after_disease_cap - self.paid


class Trace(NamedTuple):
    """The facts behind the reasons, in the order in which the engine found them."""

    facts: AwardFacts
    account_used: bool
    account_balance: int
    scopes: Scopes
    line_left: int
    deductible: int
    pool: PoolTrace
    layers: tuple[LayerTrace, ...]
    personal: int
    account_limit: int
    account: int


def trace_of(kept: Any) -> Trace:
    """A trace again from the JSON that it was kept as."""
    return msgspec.convert(kept, Trace, strict=False)
