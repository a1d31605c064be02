"""Dated rows with selectors: choice of the row that speaks for a claim on a day, and the gap when no row does.

Files are laid over each other; the first that says anything about the claim's case decides. In one file a row that
names the scope of place goes before one that does not, then one that names the care, then the one nearest to the
billed disease (its code, its class, a group of diseases, `any`), then the row with the most selectors wins. A row that
names a disease and no care speaks of special disease only. A row without `to` runs until the next one with the same
selectors begins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from simulator.benefit.claim import ORDINARY
from simulator.core.errors import PolicyGap
from simulator.domain.accumulators import YEAR
from simulator.domain.care import SPECIAL_DISEASE

CLASS = "disease_class"
"""The class of the billed disease, asked for beside its code."""
ANY = "any"
"""Of `disease`: every registered disease, never ordinary care; of the other selectors it is left out instead."""


@dataclass(frozen=True, slots=True)
class DatedRow:
    """Dated value of a rule; `value` is compiled (fen, Decimal, a word …), `shown` is the text of the file."""

    rule: str
    when: tuple[tuple[str, str], ...]
    value: Any
    shown: str
    valid_from: date
    valid_to: date | None
    """Last day, inclusive; None while it runs."""
    source: str
    reference: str
    origin: str
    """Area of the file it stands in, or `national`."""
    path: str
    period: str = YEAR
    """The time in which a deductible or a cap is reckoned."""
    shared_with: tuple[str, ...] = ()
    """Further kinds of care that the row speaks of; all stand under its own."""
    group: tuple[str, ...] = ()
    """The codes of the group of diseases that the row names; empty where it names a code, `any` or no disease."""

    def applies_to(self, asked: Mapping[str, str]) -> bool:
        """Tells whether every selector fits the case; a selector that the case leaves open does not."""
        for name, wanted in self.when:
            got = asked.get(name, "")
            if got == wanted:
                continue
            if name == "disease":
                if not (self.code_for(got, asked.get(CLASS, "")) or (wanted == ANY and got != ORDINARY)):
                    return False
            elif name != "care" or got not in self.shared_with:
                return False
        return not self.implies_special or asked.get("care", SPECIAL_DISEASE) == SPECIAL_DISEASE

    def code_for(self, billed: str, disease_class: str) -> str:
        """The code that the row names of a billed disease, itself or its class; blank where it names neither."""
        named = self.group or (dict(self.when).get("disease", ANY),)
        return next((code for code in (billed, disease_class) if code and code != ORDINARY and code in named), "")

    @property
    def implies_special(self) -> bool:
        """Tells whether the row names a disease and no care, and so applies to special disease only."""
        when = dict(self.when)
        return "care" not in when and when.get("disease", ORDINARY) != ORDINARY

    def in_force(self, day: date) -> bool:
        """Tells whether a day lies within the row's days, both inclusive."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def weight(self) -> tuple[bool, bool, int, int]:
        """Specificity whatever is billed: scope, care, disease, then the number of selectors."""
        return self.weight_for({})

    def weight_for(self, asked: Mapping[str, str]) -> tuple[bool, bool, int, int]:
        """Specificity to a case: the billed code goes before its class, the class before a group (rules 34)."""
        when = dict(self.when)
        disease = when.get("disease", "")
        if disease in ("", ANY, ORDINARY):
            near = int(bool(disease))
        elif self.group:
            near = 2
        else:
            near = 4 if disease == asked.get("disease") else 3
        return "scope" in when, "care" in when or self.implies_special, near, len(when) - (disease == ANY)


def shadowed(row: DatedRow, nearer: Sequence[DatedRow]) -> bool:
    """Tells whether a row of the nearer file applies to every case to which `row` applies."""
    return any(all(_covered(row, other, *selector) for selector in other.when) for other in nearer)


def _covered(row: DatedRow, other: DatedRow, name: str, wanted: str) -> bool:
    """Tells whether a selector of `other` fits every case of `row`."""
    mine = dict(row.when).get(name, "")
    if mine == wanted or name != "disease" or mine in ("", ORDINARY):
        return mine == wanted
    named = set(row.group or (mine,))
    return wanted == ANY or named <= set(other.group or (wanted,))


def find(levels: Sequence[Sequence[DatedRow]], asked: Mapping[str, str], day: date) -> DatedRow | None:
    """The row in force, or None when the rule ended before `day`.

    Raises LookupError, with the days that are known, when nothing was said yet or nothing at all.
    """
    for level in levels:
        applying = [row for row in level if row.applies_to(asked)]
        if not applying:
            continue
        in_force = [row for row in applying if row.in_force(day) and not followed(row, applying, day)]
        if in_force:
            return max(in_force, key=lambda row: (row.weight_for(asked), row.valid_from))
        if any(row.valid_from <= day for row in applying):
            return None
        break
    raise LookupError(known_days(levels, asked))


def followed(row: DatedRow, rows: Sequence[DatedRow], day: date) -> bool:
    """Tells whether a later row with the same selectors has begun, which ends the row for good."""
    return any(row.valid_from < other.valid_from <= day and set(other.when) == set(row.when) for other in rows)


def find_or_gap(
    levels: Sequence[Sequence[DatedRow]], asked: Mapping[str, str], day: date, *, area: str, rule: str, asked_by: str
) -> DatedRow | None:
    """`find`, with the gap named: area, rule and its selectors, day, asking part of the engine, known days."""
    try:
        return find(levels, asked, day)
    except LookupError as error:
        raise gap(asked, day, area=area, rule=rule, asked_by=asked_by, known=str(error)) from None


def gap(asked: Mapping[str, str], day: date, *, area: str, rule: str, asked_by: str, known: str) -> PolicyGap:
    """The gap that tells the whole case that was asked for."""
    case = ", ".join(f"{name}={value}" for name, value in asked.items() if value and name != CLASS)
    return PolicyGap(area=area, rule=f"{rule}[{case}]" if case else rule, day=day, asked_by=asked_by, known=known)


def known_days(levels: Sequence[Sequence[DatedRow]], asked: Mapping[str, str]) -> str:
    """`2025-01-01..2025-06-30, 2026-01-01..`, the same in both languages; of the file that decides."""
    deciding = next((found for level in levels if (found := [row for row in level if row.applies_to(asked)])), [])
    spans = sorted({(row.valid_from, row.valid_to or date.max) for row in deciding})
    return ", ".join(f"{begin.isoformat()}..{'' if end == date.max else end.isoformat()}" for begin, end in spans)
