"""What a wrong award looks like: the award of one mistake that people make, compared with what was answered.

Each alternative is the claim settled again with one thing changed. The first whose every amount is the answered one is
the likely cause; it also says which rule the city got wrong, and what it has accumulated since.
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

_BEYOND = 10**15
"""Fen that no cap and no line reaches."""
_MOST_TOLD = 3
LEVELS = ("primary", "secondary", "tertiary", "ungraded")


@dataclass(frozen=True, slots=True)
class AnsweredAmounts:
    """The amounts of an answer by our names, fen, and its ratio."""

    amounts: Mapping[str, int]
    ratio: Decimal

    def is_award(self, given: Award) -> bool:
        return all(fen == getattr(given, name) for name, fen in self.amounts.items()) and (
            self.ratio == given.ratio or given.in_scope <= given.deductible
        )


@dataclass(frozen=True, slots=True)
class Question:
    """A claim to be settled by rules over what has accumulated."""

    claim: Claim
    rules: Rules
    accumulated: Accumulated


@dataclass(frozen=True, slots=True)
class Alternative:
    """What gives what was answered; `accumulated` where the city holds other balances than ours."""

    rules: tuple[str, ...]
    """Which rule each mistake concerns that looks so, the likeliest first."""
    sentence: Text
    award: Award
    accumulated: Accumulated | None = None


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A mistake not yet tried."""

    rule: str
    sentence: Text
    question: Question
    held: bool = False
    """Whether the balances differ rather than the rules."""


def likely_cause(
    question: Question,
    answered: AnsweredAmounts,
    expected: Award,
    *,
    suggested: Iterable[Hypothesis] = (),
    possible: Iterable[Hypothesis] = (),
) -> Alternative | None:
    """The mistakes that give exactly what was answered: those that the books suggest, the usual ones, then the others
    that are possible.
    """
    found: dict[str, tuple[Hypothesis, Award]] = {}
    for hypothesis in (*suggested, *hypotheses_of(question, expected), *possible):
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
    told = join([each.sentence for each, _ in list(found.values())[:_MOST_TOLD]], zh="；或", en="; or ")
    return Alternative(tuple(found), told, given, likeliest.question.accumulated if likeliest.held else None)


def hypotheses_of(question: Question, expected: Award) -> Iterator[Hypothesis]:
    """Mistakes that need nothing but the claim, the commonest first."""
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
    used_up = {**held, ("DEDC", ""): _BEYOND, ("DEDC", disease): _BEYOND}
    yield _hypothesis(question, "deductible", "deductible_skipped", accumulated=used_up)
    if disease:
        yield _hypothesis(question, "disease_cap", "disease_cap", accumulated={**held, ("HIFP", disease): -_BEYOND})
    yield _hypothesis(question, "annual_cap", "annual_cap", accumulated={**held, ("HIFP", ""): -_BEYOND})
    if disease:
        uncapped = {**held, ("HIFP", ""): -_BEYOND, ("HIFP", disease): -_BEYOND}
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
