"""Search for the mistakes that turn a question's award into the one answered: single ones, then pairs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from simulator.agencies.judging.mistakes import books, claim, rules, taken_back, time
from simulator.agencies.judging.mistakes.catalogue import MAKERS, Mistake, MistakeCatalogue, catalogue, changes_of
from simulator.agencies.judging.mistakes.question import AnsweredAmounts, ChangedQuestion, Outcome, Question
from simulator.agencies.judging.mistakes.variant_award import settle
from simulator.core.errors import PolicyGap, Refusal
from simulator.core.texts import Text, join

MODULES = (books, claim, rules, taken_back, time)
"""Modules whose functions stand in the catalogue's table."""
OF_ANSWERS = frozenset(
    {
        *("fen_for_yuan", "yuan_divided", "time_in_utc", "time_ahead", "account_in_funds"),
        *("fields_exchanged", "fields_shifted", "stale_answer", "amounts_not_negated"),
        *("reversal_without_effect", "cancellation_without_effect", "late_original_accepted"),
        *("sub_code_is_another_disease", "registration_end_exclusive", "registration_by_settlement_day"),
        *("registration_not_kept", "emergency_refused", "unfiled_refused", "filing_end_exclusive"),
        *("filing_covers_one_code", "filing_not_kept"),
    }
)
"""Mistakes that are seen in an answer or a denial and make no change of the question."""


class HypothesisPart(NamedTuple):
    """Mistake that a hypothesis is made of, in one of its variants."""

    id: str
    key: str


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Mistakes, a single one or two, that lead from the question to what was answered."""

    parts: tuple[HypothesisPart, ...]
    rule: str
    sentence: Text
    outcome: Outcome
    question: Question

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of its mistakes."""
        return tuple(part.id for part in self.parts)

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of its mistakes."""
        return tuple(catalogue().mistakes[each].group for each in self.ids)

    @property
    def weight(self) -> int:
        """Simplicity: two mistakes are less simple than any single one."""
        return sum(catalogue().mistakes[each].weight for each in self.ids) + 10 * (len(self.parts) - 1)

    def pays_otherwise(self, expected: Outcome) -> bool:
        """True where the pool pays another amount than `expected`."""
        return self.outcome.amounts["pool"] != expected.amounts["pool"]

    def without_arithmetic(self) -> "Hypothesis":
        """The hypothesis without the arithmetic of the pool."""
        return replace(self, outcome=replace(self.outcome, worked=""))

    @property
    def balances_differ(self) -> bool:
        """True where the city holds other balances than the replica."""
        return any(catalogue().mistakes[each].family == "books" for each in self.ids)


class _Tried(NamedTuple):
    """Change that was settled, with how many amounts in order agree with the answer."""

    entry: Mistake
    change: ChangedQuestion
    outcome: Outcome
    agreeing: int


class Search:
    """Search with its bound on awards."""

    def __init__(self, question: Question, answered: AnsweredAmounts, table: MistakeCatalogue | None = None) -> None:
        self.question = replace(question, answered=answered)
        self.answered = answered
        self.table = table or catalogue()
        self.left = self.table.limits.most_awards

    def hypotheses(self) -> list[Hypothesis]:
        """All single mistakes that reproduce the answer exactly, else all pairs within the bound."""
        tried = list(self._singles(self.question))
        found = [_hypothesis([each]) for each in tried if each.outcome.is_answered_by(self.answered)]
        return found or list(self._pairs(tried))

    def _singles(self, question: Question) -> Iterator[_Tried]:
        for entry in self.table.mistakes.values():
            for change, outcome in self._settled(entry, question):
                yield _Tried(entry, change, outcome, self._agreeing(outcome))

    def _settled(self, entry: Mistake, question: Question) -> Iterator[tuple[ChangedQuestion, Outcome]]:
        for change in settled_changes(entry, question):
            if self.left <= 0:
                return
            self.left -= 1
            outcome = settle(change.question)
            if outcome is not None:
                yield change, outcome

    def _pairs(self, tried: list[_Tried]) -> Iterator[Hypothesis]:
        """Pairs of different rules, of the changes that bring the award nearest to the answer."""
        ours = settle(self.question)
        if ours is None:
            return
        before = self._agreeing(ours)
        nearer = [each for each in tried if each.outcome != ours]
        nearer.sort(key=lambda each: (-each.agreeing, each.entry.weight))
        nearer = nearer[: self.table.limits.most_partial]
        seen: set[frozenset[HypothesisPart]] = set()
        for first in nearer:
            if first.agreeing <= before and first.entry.weight > 1:
                continue
            for entry in self.table.mistakes.values():
                if entry.rule == first.entry.rule or entry.weight > 2:
                    continue
                for change, outcome in self._settled(entry, first.change.question):
                    second = _Tried(entry, change, outcome, 0)
                    parts = frozenset((_part(first), _part(second)))
                    if outcome != first.outcome and parts not in seen and outcome.is_answered_by(self.answered):
                        seen.add(parts)
                        yield _hypothesis([first, second])

    def _agreeing(self, outcome: Outcome) -> int:
        """Number of amounts that agree, in the order in which one follows from another, up to the first other one."""
        count = 0
        for name in ORDER:
            if outcome.amounts[name] != self.answered.amounts.get(name, 0):
                break
            count += 1
        return count


ORDER = (
    *("own_purchase", "above_ceiling", "prior_selfpay", "in_scope", "deductible", "pool", "large_amount"),
    *("major_illness", "civil_servants", "enterprise", "other", "assistance", "hospital", "account", "personal"),
)
"""Amounts in the order in which each follows from those before."""


def settled_changes(entry: Mistake, question: Question) -> Iterator[ChangedQuestion]:
    """Changes that a mistake makes; a rule that is silent where it looks ends them."""
    try:
        yield from changes_of(entry, question)
    except (PolicyGap, Refusal):
        return


def outcomes(parts: Iterable[HypothesisPart], question: Question) -> list[Outcome]:
    """Awards that a hypothesis leads to for another question; several where it does not say which."""
    questions = [question]
    for part in parts:
        entry = catalogue().mistakes[part.id]
        questions = [
            change.question for each in questions for change in settled_changes(entry, each) if change.key == part.key
        ]
    settled = (settle(each) for each in questions)
    return [each for each in settled if each is not None]


def _part(tried: _Tried) -> HypothesisPart:
    return HypothesisPart(tried.entry.id, tried.change.key)


def _hypothesis(tried: list[_Tried]) -> Hypothesis:
    last = tried[-1]
    told = [each.entry.told(each.change.values) for each in tried]
    return Hypothesis(
        tuple(map(_part, tried)),
        rule_of(tried[0].entry, tried[0].change.values),
        join(told, zh="，并且", en=", and "),
        last.outcome,
        last.change.question,
    )


def rule_of(entry: Mistake, values: Mapping[str, object]) -> str:
    """The rule that a mistake breaks, with the layer that it names."""
    return entry.rule.format(**values)


def makers_without_entry() -> set[str]:
    """Functions that no entry of the catalogue names, and entries that nothing makes; none of either is right."""
    named = set(catalogue().mistakes)
    made = set(MAKERS) | {each.id for each in catalogue().mistakes.values() if each.habits} | OF_ANSWERS
    return named ^ made
