"""Question that an agency answered with an award, and the changes of it that mistakes make."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from simulator.agencies.judging.mistakes.surroundings import Surroundings
from simulator.benefit import Accumulated, Award, City, Claim, Rules
from simulator.domain.places import FilingCoverage

__all__ = ["AnsweredAmounts", "ChangedQuestion", "FigureSource", "Habits", "Outcome", "Question", "Surroundings"]


@dataclass(frozen=True, slots=True)
class AnsweredAmounts:
    """Amounts of an answer by our names, fen; its ratio 0-1, and its account balance, None where it tells none."""

    amounts: Mapping[str, int]
    ratio: Decimal
    balance: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Award that a question leads to, as an answer would show it."""

    amounts: Mapping[str, int]
    ratio: Decimal
    balance: int
    worked: str = ""
    """Arithmetic of the pool's payment, in yuan; the same in every language."""

    def is_answered_by(self, answered: AnsweredAmounts) -> bool:
        """True where every amount, the balance and, above the deductible, the ratio agree (rules 31)."""
        if any(fen != self.amounts[name] for name, fen in answered.amounts.items()):
            return False
        if answered.balance is not None and answered.balance != self.balance:
            return False
        return answered.ratio == self.ratio or self.amounts["in_scope"] <= self.amounts["deductible"]


@dataclass(frozen=True, slots=True)
class Habits:
    """Arithmetic of an agency; the values below are those of the rules.

    `mistakes.schema.json` lists the values that each field may take.
    """

    counted_parts: tuple[str, ...] = ()
    """Parts of the bill that are counted as in scope beside what is."""
    negative_lines: str = "counted"
    deductible: str = "as_ruled"
    deductible_spread: str = "in_order"
    rounding: str = "half_up"
    rounded: str = "by_charge"
    rounding_unit: str = "fen"
    layer_rounding: str = "half_up"
    modifier: str = "applied"
    disease_cap: str = "applied"
    care_cap: str = "applied"
    annual_cap: str = "applied"
    cap_balance: str = "own"
    excess: str = "as_ruled"
    first_layer: str = ""
    """Fund that is paid before the others."""
    ignored_layer: str = ""
    other_base: tuple[str, str] = ("", "")
    """Fund, and the base that it is paid on in place of its own."""
    line_of_visit: str = ""
    """Fund whose line is held against each visit by itself."""
    layer_caps: str = "applied"
    identities: str = "best"
    account_pays: str = "as_ruled"
    account_elsewhere: str = "as_ruled"
    above_ceiling: str = "person"
    ratio_shown: str = "used"
    balance_told: str = "after"


AS_RULED = Habits()


class FigureSource(NamedTuple):
    """Claim and rules that a figure is taken from in place of the question's own."""

    claim: Claim
    rules: Rules


@dataclass(frozen=True, slots=True)
class Question:
    """Claim to be settled by the rules of a city over what has accumulated, in the habits of an agency."""

    claim: Claim
    city: City
    rules: Rules
    accumulated: Accumulated
    surroundings: Surroundings = field(default_factory=Surroundings)
    habits: Habits = AS_RULED
    sources: Mapping[str, FigureSource] = field(default_factory=dict)
    """By `ratio`, `deductible`, `caps` or `layers`."""
    answered: AnsweredAmounts | None = None
    coverage: FilingCoverage | None = None
    elsewhere: tuple[City, ...] = ()
    """Other places whose rules may be mistaken for the city's."""

    @property
    def plain(self) -> bool:
        """True where the engine itself settles the question."""
        return self.habits == AS_RULED and not self.sources

    @property
    def year(self) -> int:
        """Year that the claim accumulates in."""
        return self.rules.accrual_day(self.claim.dates).year

    def with_claim(self, **changes: Any) -> "Question":
        """The question with fields of its claim changed."""
        return replace(self, claim=replace(self.claim, **changes))

    def with_habits(self, **changes: Any) -> "Question":
        """The question settled in other habits."""
        return replace(self, habits=replace(self.habits, **changes))

    def with_source(self, claim: Claim, rules: Rules, *figures: str) -> "Question":
        """The question with some figures taken from another claim or other rules."""
        return replace(self, sources={**self.sources, **dict.fromkeys(figures, FigureSource(claim, rules))})

    def with_books(self, accumulated: Accumulated, account: int) -> "Question":
        """The question over other balances; `account` is the balance of the personal account, fen."""
        return replace(self, accumulated=accumulated, claim=replace(self.claim, account_balance=account))


class ChangedQuestion(NamedTuple):
    """Change that a mistake makes of a question."""

    question: Question
    key: str = ""
    """Variant of the mistake, such as the level that is taken; a general mistake keeps to one."""
    values: Mapping[str, object] = {}
    """Values of the mistake's sentence."""


ChangedQuestions = Iterator[ChangedQuestion]


def outcome_of(award: Award, names: Mapping[str, str]) -> Outcome:
    """An award of the engine as an answer would show it, under the amounts `names`."""
    return Outcome({name: getattr(award, name) for name in names}, award.ratio, award.balance_after)


def days_of(claim: Claim) -> tuple[date, ...]:
    """Days of a claim, each once, in order."""
    dates = claim.dates
    return tuple(sorted({dates.visit_begin, dates.charge, dates.settlement}))
