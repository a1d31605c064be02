"""The compiled figures that need more than one number: modifiers, what a layer pays, a disease on the list."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from simulator.core.money import to_ratio
from simulator.domain.places import SCOPES

RATIO_UNIT = 10_000
"""Ratios have four decimals at most, so fen times ratio is exact in whole numbers."""

FUNDS = ("large_amount", "major_illness", "civil_servants", "enterprise", "assistance", "other")
PAID_AND_BASE = {
    "large_amount": ("HIOB", "OBBS"),
    "major_illness": ("HIMI", "MIBS"),
    "civil_servants": ("CVLS", "CVBS"),
    "assistance": ("MAFP", "MFBS"),
}
"""Accumulators of a layer; a fund that has none can have neither a line nor a cap (rules 21)."""


@dataclass(frozen=True, slots=True)
class Disease:
    """A disease on a city's list; `covers` are the sub-codes that are this disease."""

    code: str
    name: str
    name_en: str
    covers: tuple[str, ...]
    outbound: str
    """The farthest scope of place in which it may be settled directly: `local` is at home only."""

    def reaches(self, scope: str) -> bool:
        return SCOPES.index(scope) <= SCOPES.index(self.outbound)


@dataclass(frozen=True, slots=True)
class Modifier:
    """Change of the ratio by a filing group or for want of a filing: minus points, times, or set."""

    how: str
    by: Decimal

    def applied(self, ratio: Decimal) -> Decimal:
        """The ratio used: never below 0, half-up to four decimals (rules 3)."""
        if self.how == "minus":
            return max(Decimal("0.0000"), to_ratio(ratio - self.by))
        return to_ratio(ratio * self.by if self.how == "times" else self.by)


class RatioStep(NamedTuple):
    """The pool's ratio above an amount in scope of the period, fen; a flat ratio is one step from 0."""

    above: int
    ratio: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of a layer: its payment on the year's base, bracket by bracket, and its cap of the year."""

    brackets: tuple[tuple[int, int], ...]
    """(threshold in fen, ratio in ten-thousandths); the first threshold is the line."""
    cap: int | None

    @property
    def line(self) -> int:
        return self.brackets[0][0]

    @property
    def top_ratio(self) -> int:
        return max(ratio for _, ratio in self.brackets)

    def payable(self, base: int) -> int:
        """Payment on a year's base of `base`, ten-thousandths of a fen, exact."""
        worth = 0
        for index, (above, ratio) in enumerate(self.brackets):
            end = self.brackets[index + 1][0] if index + 1 < len(self.brackets) else base
            worth += max(0, min(base, end) - above) * ratio
        return worth


def ten_thousandths(ratio: Decimal) -> int:
    return int(ratio * RATIO_UNIT)


def half_up_unit(worth: int) -> int:
    """Ten-thousandths of a fen to fen; a half goes away from zero."""
    doubled = 2 * abs(worth) + RATIO_UNIT
    fen = doubled // (2 * RATIO_UNIT)
    return fen if worth >= 0 else -fen
