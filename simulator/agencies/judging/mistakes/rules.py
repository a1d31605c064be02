"""Mistakes about the rules: figures of another case, caps counted by other amounts, layers in another order."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from simulator.agencies.judging.mistakes.catalogue import mistake
from simulator.agencies.judging.mistakes.claim import named_category, other_codes
from simulator.agencies.judging.mistakes.question import ChangedQuestion, ChangedQuestions, Question
from simulator.agencies.judging.mistakes.surroundings import LIVE, Past
from simulator.benefit.claim import HOSPITAL_LEVELS, POOL_PAID
from simulator.benefit.terms import PAID_AND_BASE
from simulator.core.texts import Text, text
from simulator.domain.person import CATEGORIES
from simulator.domain.places import LOCAL

BASES = ("above_cap_scope", "above_cap_pay", "own_scope", "own_share", "remaining", "everything_unpaid")


@mistake("ratio_of_category")
def ratio_of_category(question: Question) -> ChangedQuestions:
    """The ratio alone of each other category."""
    for category in CATEGORIES:
        if category != question.claim.category:
            other = replace(question.claim, category=category)
            yield ChangedQuestion(
                question.with_source(other, question.rules, "ratio"), category, named_category(category)
            )


@mistake("ratio_of_level")
def ratio_of_level(question: Question) -> ChangedQuestions:
    """The ratio alone of each other level of hospital."""
    for level in HOSPITAL_LEVELS:
        if level != question.claim.hospital_level:
            other = replace(question.claim, hospital_level=level)
            values = {"level": text(f"benefit.level_{level}")}
            yield ChangedQuestion(question.with_source(other, question.rules, "ratio"), level, values)


@mistake("ratio_of_disease")
def ratio_of_disease(question: Question) -> ChangedQuestions:
    """The ratio alone of each other disease of the list."""
    for code in other_codes(question):
        other = replace(question.claim, disease=code)
        yield ChangedQuestion(question.with_source(other, question.rules, "ratio"), "", {"disease": code})


@mistake("ratio_of_day")
def ratio_of_day(question: Question) -> ChangedQuestions:
    """The ratio alone of the year before."""
    for day in _days_before(question):
        yield ChangedQuestion(
            question.with_source(question.claim, question.city.rules_on(day), "ratio"), "", {"day": day}
        )


@mistake("caps_of_day")
def caps_of_day(question: Question) -> ChangedQuestions:
    """The caps alone of the year before."""
    for day in _days_before(question):
        yield ChangedQuestion(
            question.with_source(question.claim, question.city.rules_on(day), "caps"), "", {"day": day}
        )


@mistake("caps_of_disease")
def caps_of_disease(question: Question) -> ChangedQuestions:
    """The caps alone of each other disease of the list."""
    for code in other_codes(question):
        other = replace(question.claim, disease=code)
        yield ChangedQuestion(question.with_source(other, question.rules, "caps"), "", {"disease": code})


@mistake("caps_of_category")
def caps_of_category(question: Question) -> ChangedQuestions:
    """The caps alone of each other category."""
    for category in CATEGORIES:
        if category != question.claim.category:
            other = replace(question.claim, category=category)
            yield ChangedQuestion(
                question.with_source(other, question.rules, "caps"), category, named_category(category)
            )


@mistake("cap_counts_scope")
def cap_counts_scope(question: Question) -> ChangedQuestions:
    """The caps with amounts in scope of earlier settlements counted against them."""
    yield from _pool_counted(question, lambda past, _paid: past.in_scope)


@mistake("cap_by_month")
def cap_by_month(question: Question) -> ChangedQuestions:
    """The caps with this month alone counted against them."""
    month = question.rules.accrual_day(question.claim.dates).isoformat()[:7]
    yield from _pool_counted(question, lambda past, paid: paid if past.setl_time.startswith(month) else 0)


@mistake("cap_by_place")
def cap_by_place(question: Question) -> ChangedQuestions:
    """The caps with treatment in the same scope of place alone counted against them."""
    coverage = question.coverage
    if coverage is None:
        return
    here = question.claim.treated == LOCAL
    area = question.claim.area

    def in_same_scope(past: Past, paid: int) -> int:
        return paid if coverage.same_place(past.treated_area, area) == here else 0

    yield from _pool_counted(question, in_same_scope)


@mistake("layer_order")
def layer_order(question: Question) -> ChangedQuestions:
    """The layers with each but the first paid before the others."""
    for fund in _funds(question)[1:]:
        yield ChangedQuestion(question.with_habits(first_layer=fund), fund, {"fund": _named_fund(fund)})


@mistake("layer_base")
def layer_base(question: Question) -> ChangedQuestions:
    """Each layer on each other base."""
    for fund in _funds(question):
        for base in BASES:
            values = {"fund": _named_fund(fund), "base": text(f"judge.base_{base}"), "layer": fund}
            yield ChangedQuestion(question.with_habits(other_base=(fund, base)), f"{fund}/{base}", values)


@mistake("layer_ignored")
def layer_ignored(question: Question) -> ChangedQuestions:
    """Each layer left out."""
    for fund in _funds(question):
        yield ChangedQuestion(
            question.with_habits(ignored_layer=fund), fund, {"fund": _named_fund(fund), "layer": fund}
        )


@mistake("line_of_visit")
def line_of_visit(question: Question) -> ChangedQuestions:
    """The line of each layer held against the visit by itself."""
    for fund in _funds(question):
        if fund in PAID_AND_BASE:
            yield ChangedQuestion(
                question.with_habits(line_of_visit=fund), fund, {"fund": _named_fund(fund), "layer": fund}
            )


def _funds(question: Question) -> list[str]:
    return [each.fund for each in question.rules.figures(question.claim).layers]


def _named_fund(fund: str) -> Text:
    return text(f"benefit.fund_{fund}")


def _days_before(question: Question) -> Iterator[date]:
    yield date(question.rules.day.year - 1, 12, 31)


def _pool_counted(question: Question, counted: Callable[[Past, int], int]) -> Iterator[ChangedQuestion]:
    """The question with other amounts in the accumulators of the pool, by what each live settlement had added."""
    changed = dict(question.accumulated)
    for past in question.surroundings.history:
        if past.state != LIVE or past.kind != "settlement":
            continue
        if (past.insutype, past.year) != (question.claim.insutype, question.year):
            continue
        for key, paid in _of_pool(past.movements):
            changed[key] = changed.get(key, 0) - paid + counted(past, paid)
    if changed != dict(question.accumulated):
        yield ChangedQuestion(replace(question, accumulated=changed))


def _of_pool(movements: Mapping[tuple[str, str], int]) -> Iterator[tuple[tuple[str, str], int]]:
    return ((key, fen) for key, fen in movements.items() if key[0] == POOL_PAID)
