"""What a wrong award looks like: the award of one mistake that people make, compared with what was answered.

Each alternative is the claim settled again with one thing changed. The first whose every amount is the answered one is
the likely cause; it also says which rule the city got wrong, and what it has accumulated since.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.benefit import Accumulated, Award, ChargeScope, Claim, Rules
from simulator.benefit import award as award_of
from simulator.domain.person import CATEGORIES, GROUPS
from simulator.errors import PolicyGap, Refusal
from simulator.texts import Text, join, text

_BEYOND = 10**15
"""Fen that no cap and no line reaches."""
_MOST_TOLD = 3
LEVELS = ("primary", "secondary", "tertiary", "ungraded")


@dataclass(frozen=True, slots=True)
class Answered:
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
class Suspicion:
    """A mistake not yet tried."""

    rule: str
    sentence: Text
    question: Question
    held: bool = False
    """Whether the balances differ rather than the rules."""


def likely_cause(
    question: Question,
    answered: Answered,
    expected: Award,
    *,
    suggested: Iterable[Suspicion] = (),
    possible: Iterable[Suspicion] = (),
) -> Alternative | None:
    """The mistakes that give exactly what was answered: those that the books suggest, the usual ones, then the others
    that are possible.
    """
    found: dict[str, tuple[Suspicion, Award]] = {}
    for suspicion in (*suggested, *usual_mistakes(question, expected), *possible):
        if suspicion.rule in found:
            continue
        asked = suspicion.question
        try:
            given = award_of(asked.claim, asked.rules, asked.accumulated)
        except (PolicyGap, Refusal):
            continue
        if answered.is_award(given):
            found[suspicion.rule] = (suspicion, given)
    if not found:
        return None
    likeliest, given = next(iter(found.values()))
    told = join([each.sentence for each, _ in list(found.values())[:_MOST_TOLD]], zh="；或", en="; or ")
    return Alternative(tuple(found), told, given, likeliest.question.accumulated if likeliest.held else None)


def usual_mistakes(question: Question, expected: Award) -> Iterator[Suspicion]:
    """Mistakes that need nothing but the claim, the commonest first."""
    yield from _of_accumulation(question, expected)
    yield from _of_person(question)
    yield from _of_place(question, expected)
    yield from _of_rounding(question)
    yield from _of_account(question)


def _of_accumulation(question: Question, expected: Award) -> Iterator[Suspicion]:
    held = question.accumulated
    disease = expected.disease
    without = {key: fen for key, fen in held.items() if key[0] != "DEDC"}
    yield _suspect(question, "deductible", "deductible_again", accumulated=without)
    used_up = {**held, ("DEDC", ""): _BEYOND, ("DEDC", disease): _BEYOND}
    yield _suspect(question, "deductible", "deductible_skipped", accumulated=used_up)
    if disease:
        yield _suspect(question, "disease_cap", "disease_cap", accumulated={**held, ("HIFP", disease): -_BEYOND})
    yield _suspect(question, "annual_cap", "annual_cap", accumulated={**held, ("HIFP", ""): -_BEYOND})
    if disease:
        uncapped = {**held, ("HIFP", ""): -_BEYOND, ("HIFP", disease): -_BEYOND}
        yield _suspect(question, "disease_cap", "both_caps", accumulated=uncapped)
    yield _suspect(question, "accumulators", "nothing_accumulated", accumulated={})


def _of_place(question: Question, expected: Award) -> Iterator[Suspicion]:
    claim = question.claim
    if claim.treated != "local":
        for group in GROUPS:
            if group != expected.group:
                as_group = text("judge.as_if_group", group=text(f"benefit.group_{group}"))
                yield Suspicion("modifier", as_group, _changed(question, groups=(group,)))
        yield _suspect(question, "modifier", "unfiled", groups=())
        yield _suspect(question, "modifier", "local", treated="local", groups=())
    for level in LEVELS:
        if level != claim.hospital_level:
            as_level = text("judge.as_if_level", level=text(f"benefit.level_{level}"))
            yield Suspicion("ratio", as_level, _changed(question, hospital_level=level))


def _of_person(question: Question) -> Iterator[Suspicion]:
    claim = question.claim
    for category in CATEGORIES:
        if category != claim.category:
            as_category = text("judge.as_if_category", category=text(f"benefit.category_{category}"))
            yield Suspicion("ratio", as_category, _changed(question, category=category))
    if claim.disease:
        yield _suspect(question, "ratio", "ordinary", disease="")
    yield _suspect(question, "layers.civil_servants", "civil_servant", civil_servant=not claim.civil_servant)
    if claim.identities:
        yield _suspect(question, "layers.assistance", "no_identity", identities=())


def _of_rounding(question: Question) -> Iterator[Suspicion]:
    charges = question.claim.charges
    if len(charges) > 1:
        names = ("total", "own_purchase", "above_ceiling", "prior_selfpay", "in_scope")
        merged = ChargeScope(**{name: sum(getattr(charge, name) for charge in charges) for name in names})
        yield _suspect(question, "rounding", "rounded_on_total", charges=(merged,))
        yield _suspect(question, "deductible", "other_order", charges=tuple(reversed(charges)))


def _of_account(question: Question) -> Iterator[Suspicion]:
    claim = question.claim
    key = "account_unasked" if not claim.account_used else "account_unused"
    yield _suspect(question, "account_pays", key, account_used=not claim.account_used)


def _suspect(question: Question, rule: str, key: str, **changes: object) -> Suspicion:
    return Suspicion(rule, text(f"judge.as_if_{key}"), _changed(question, **changes))


def _changed(question: Question, **changes: object) -> Question:
    accumulated = changes.pop("accumulated", question.accumulated)
    assert isinstance(accumulated, Mapping)
    claim = replace(question.claim, **changes)  # type: ignore[arg-type]  # names of fields of Claim, written above
    return Question(claim, question.rules, accumulated)
