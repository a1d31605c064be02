"""Trace of an award as plain facts, quick to keep with a settlement; sentences are made when it is read."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import msgspec

from simulator.domain.accumulators import YEAR


class StatedFigure(NamedTuple):
    """A figure as its file writes it, and where that comes from."""

    shown: str
    source: str
    reference: str


class LayerFacts(NamedTuple):
    """A layer that applied; `stated` is None where it has no figures or had some that ended."""

    fund: str
    base: str
    stated: StatedFigure | None
    ended: bool
    line: int | None
    """Threshold of the first bracket, fen; None without terms, when nothing is paid."""
    brackets: int


@dataclass(frozen=True, slots=True)
class AwardFacts:
    """Statements of the rules on a kind of claim on a day; None is a rule that ended."""

    category: str
    hospital_level: str
    treated: str
    groups: tuple[str, ...]
    group: str
    disease: str
    deductible: StatedFigure | None
    line: int
    per_disease: bool
    ratio_said: StatedFigure
    plain_ratio: Decimal
    ratio: Decimal
    modifier: StatedFigure | None
    modifier_how: str
    modifier_by: str
    disease_cap: StatedFigure | None
    disease_cap_fen: int | None
    annual_cap: StatedFigure | None
    annual_cap_fen: int | None
    excess: StatedFigure | None
    shut_out: bool
    account_pays: StatedFigure | None
    account_word: str
    account_elsewhere: StatedFigure | None
    account_open_elsewhere: bool
    care: str = ""
    """Blank in traces kept before there were kinds of care."""
    deductible_period: str = YEAR
    disease_cap_period: str = YEAR
    care_cap: StatedFigure | None = None
    care_cap_fen: int | None = None
    care_cap_period: str = YEAR
    care_cap_under: str = ""
    """The care of the row that sets the cap."""
    bracketed: bool = False
    """True if the ratio goes by brackets; `ratio` is then that of the last fen of the batch."""
    lines: tuple[int, ...] = ()
    """The deductible of the first visit of the year, of the second and so on, fen; empty if it is always `line`."""
    visit_number: int = 0
    """Number of the visit by which `line` was chosen of `lines`."""
    visit_limit: StatedFigure | None = None
    visit_limit_count: int | None = None
    visit_limit_period: str = YEAR
    visits_before: int = 0
    """Other visits that count under the limit."""

    @property
    def above_visit_limit(self) -> bool:
        return self.visit_limit_count is not None and self.visits_before >= self.visit_limit_count


class LayerTrace(NamedTuple):
    """State before a layer and its payment."""

    facts: LayerFacts
    base: int
    base_before: int
    """Of the year, before this batch."""
    left: int | None
    """Left under its cap."""
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
    """Payment of the pool, and the amounts left under its caps; None is no cap."""

    before_caps: int
    after_disease_cap: int
    paid: int
    disease_left: int | None
    annual_left: int | None
    care_left: int | None = None
    cut_by_care_cap: int = 0
    cut_by_visit_limit: int = 0

    @property
    def after_care_cap(self) -> int:
        return self.after_disease_cap - self.cut_by_care_cap

    @property
    def after_visit_limit(self) -> int:
        return self.after_care_cap - self.cut_by_visit_limit

    @property
    def excess(self) -> int:
        """Above the caps of the disease and of the care and the limit of visits."""
        return self.before_caps - self.after_visit_limit

    @property
    def cut(self) -> int:
        return self.after_visit_limit - self.paid


class Trace(NamedTuple):
    """The facts behind the reasons, in the order in which the engine found them."""

    facts: AwardFacts
    account_used: bool
    account_balance: int
    scopes: Scopes
    deductible_left: int
    deductible: int
    pool: PoolTrace
    layers: tuple[LayerTrace, ...]
    personal: int
    account_limit: int
    account: int


def trace_of(kept: object) -> Trace:
    """A trace again from the JSON that it was kept as."""
    return msgspec.convert(kept, Trace, strict=False)
