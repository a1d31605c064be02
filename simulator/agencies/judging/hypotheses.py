"""Hypotheses about a wrong award: the claim is settled again with one usual mistake, and compared with the answer.

The first hypothesis that reproduces every answered amount is the likely cause; it names the rule that is wrong at the
agency and, where balances differ, those that the agency holds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.benefit import Accumulated, Award, ChargeScope, Claim, Rules
from simulator.benefit import award as award_of
from simulator.core.errors import PolicyGap, Refusal
from simulator.core.texts import Text, join, text
from simulator.domain.care import OUTPATIENT
from simulator.domain.person import CATEGORIES, GROUPS
from simulator.domain.places import LOCAL, NATION, PROVINCE

_UNREACHABLE_FEN = 10**15
"""Fen beyond every cap and deductible."""
_MAX_SHOWN = 3
"""Mistakes listed in the sentence of a cause."""
LEVELS = ("primary", "secondary", "tertiary", "ungraded")


@dataclass(frozen=True, slots=True)
class AnsweredAmounts:
    """Amounts of an answer in fen by the engine's names, and the pool's ratio (0-1)."""

    amounts: Mapping[str, int]
    ratio: Decimal

    def is_award(self, given: Award) -> bool:
        """True if every amount is that of the award; the ratio counts only above the deductible (rules 31)."""
        return all(fen == getattr(given, name) for name, fen in self.amounts.items()) and (
            self.ratio == given.ratio or given.in_scope <= given.deductible
        )


@dataclass(frozen=True, slots=True)
class Question:
    """Input of an award: a claim, the rules in force and the accumulators."""

    claim: Claim
    rules: Rules
    accumulated: Accumulated


@dataclass(frozen=True, slots=True)
class Alternative:
    """Award by which the agency's answer is explained; `accumulated` is set if the agency holds other balances."""

    rules: tuple[str, ...]
    """Rules concerned by the mistakes that reproduce the answer, the likeliest first."""
    sentence: Text
    award: Award
    accumulated: Accumulated | None = None


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Possible mistake: the changed input of the award, the rule concerned, and a sentence that describes it."""

    rule: str
    sentence: Text
    question: Question
    balances_differ: bool = False
    """True if the mistake is in the agency's balances rather than in its rules."""


def likely_cause(
    question: Question,
    answered: AnsweredAmounts,
    expected: Award,
    *,
    suggested: Iterable[Hypothesis] = (),
    possible: Iterable[Hypothesis] = (),
) -> Alternative | None:
    """Finds the mistakes that reproduce the answer exactly; None if there are none.

    Tried in this order: `suggested` (with evidence in the books), the usual mistakes, `possible` (without evidence).
    """
    found: dict[str, tuple[Hypothesis, Award]] = {}
    for hypothesis in (*suggested, *hypotheses_of(question, expected), *possible):
        # The sentence lists one mistake of each rule; the first is the likeliest.
        if hypothesis.rule in found:
            continue
        asked = hypothesis.question
        try:
            given = award_of(asked.claim, asked.rules, asked.accumulated)
        except (PolicyGap, Refusal):
            continue
        if answered.is_award(given):
            found[hypothesis.rule] = (hypothesis, given)
    if not found:
        return None
    likeliest, given = next(iter(found.values()))
    sentences = join([each.sentence for each, _ in list(found.values())[:_MAX_SHOWN]], zh="；或", en="; or ")
    return Alternative(
        tuple(found), sentences, given, likeliest.question.accumulated if likeliest.balances_differ else None
    )


def hypotheses_of(question: Question, expected: Award) -> Iterator[Hypothesis]:
    """Usual mistakes that follow from the claim alone, the commonest first."""
    yield from _of_accumulation(question, expected)
    yield from _of_person(question)
    yield from _of_place(question, expected)
    yield from _of_rounding(question)
    yield from _of_account(question)


def _of_accumulation(question: Question, expected: Award) -> Iterator[Hypothesis]:
    held = question.accumulated
    disease = expected.disease
    without = {key: fen for key, fen in held.items() if key[0] != "DEDC"}
    yield _hypothesis(question, "deductible", "deductible_again", accumulated=without)
    used_up = {**held, ("DEDC", ""): _UNREACHABLE_FEN, ("DEDC", disease): _UNREACHABLE_FEN}
    yield _hypothesis(question, "deductible", "deductible_skipped", accumulated=used_up)
    if disease:
        yield _hypothesis(
            question, "disease_cap", "disease_cap", accumulated={**held, ("HIFP", disease): -_UNREACHABLE_FEN}
        )
    yield _hypothesis(question, "annual_cap", "annual_cap", accumulated={**held, ("HIFP", ""): -_UNREACHABLE_FEN})
    if disease:
        uncapped = {**held, ("HIFP", ""): -_UNREACHABLE_FEN, ("HIFP", disease): -_UNREACHABLE_FEN}
        yield _hypothesis(question, "disease_cap", "both_caps", accumulated=uncapped)
    yield _hypothesis(question, "accumulators", "nothing_accumulated", accumulated={})


def _of_place(question: Question, expected: Award) -> Iterator[Hypothesis]:
    claim = question.claim
    if claim.treated != LOCAL:
        for group in GROUPS:
            if group != expected.group:
                as_group = text("judge.as_if_group", group=text(f"benefit.group_{group}"))
                yield Hypothesis("modifier", as_group, _changed(question, groups=(group,)))
        yield _hypothesis(question, "modifier", "unfiled", groups=())
        yield _hypothesis(question, "modifier", "local", treated=LOCAL, groups=())
        other = NATION if claim.treated == PROVINCE else PROVINCE
        as_scope = text("judge.as_if_scope", scope=text(f"judge.scope_{other}"))
        yield Hypothesis("modifier", as_scope, _changed(question, treated=other))
    for level in LEVELS:
        if level != claim.hospital_level:
            as_level = text("judge.as_if_level", level=text(f"benefit.level_{level}"))
            yield Hypothesis("ratio", as_level, _changed(question, hospital_level=level))


def _of_person(question: Question) -> Iterator[Hypothesis]:
    claim = question.claim
    for category in CATEGORIES:
        if category != claim.category:
            as_category = text("judge.as_if_category", category=text(f"benefit.category_{category}"))
            yield Hypothesis("ratio", as_category, _changed(question, category=category))
    if claim.disease:
        yield _hypothesis(question, "ratio", "ordinary", disease="", care=OUTPATIENT)
    yield _hypothesis(question, "layers.civil_servants", "civil_servant", civil_servant=not claim.civil_servant)
    if claim.identities:
        yield _hypothesis(question, "layers.assistance", "no_identity", identities=())


def _of_rounding(question: Question) -> Iterator[Hypothesis]:
    charges = question.claim.charges
    if len(charges) > 1:
        names = ("total", "own_purchase", "above_ceiling", "prior_selfpay", "in_scope")
        merged = ChargeScope(**{name: sum(getattr(charge, name) for charge in charges) for name in names})
        yield _hypothesis(question, "rounding", "rounded_on_total", charges=(merged,))
        yield _hypothesis(question, "deductible", "other_order", charges=tuple(reversed(charges)))


def _of_account(question: Question) -> Iterator[Hypothesis]:
    claim = question.claim
    key = "account_unasked" if not claim.account_used else "account_unused"
    yield _hypothesis(question, "account_pays", key, account_used=not claim.account_used)


def _hypothesis(question: Question, rule: str, key: str, **changes: object) -> Hypothesis:
    return Hypothesis(rule, text(f"judge.as_if_{key}"), _changed(question, **changes))


def _changed(question: Question, **changes: object) -> Question:
    accumulated = changes.pop("accumulated", question.accumulated)
    assert isinstance(accumulated, Mapping)
    claim = replace(question.claim, **changes)  # type: ignore[arg-type]  # names of fields of Claim, written above
    return Question(claim, question.rules, accumulated)
