"""Mistakes about the claim: wrong person's figures, place's, group's, level's, insurance's, or parts of the bill."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from simulator.agencies.judging.mistakes.catalogue import mistake
from simulator.agencies.judging.mistakes.question import ChangedQuestion, ChangedQuestions, Question
from simulator.benefit import ChargeScope
from simulator.benefit.claim import HOSPITAL_LEVELS
from simulator.core.texts import text
from simulator.domain.care import OUTPATIENT
from simulator.domain.person import CATEGORIES, EMPLOYEES, GROUPS, RESIDENTS
from simulator.domain.places import LOCAL, NATION, PROVINCE

EMERGENCY = "emergency"
_PARTS = ("own_purchase", "above_ceiling", "prior_selfpay", "in_scope")


@mistake("group")
def other_groups(question: Question) -> ChangedQuestions:
    """The claim under each other filing group."""
    if question.claim.treated != LOCAL:
        for group in GROUPS:
            if question.claim.groups != (group,) and group != EMERGENCY:
                yield _as_group(question, group)


@mistake("worst_filing")
def worse_of_own_filings(question: Question) -> ChangedQuestions:
    """The claim under each of several filings in force."""
    if question.claim.treated != LOCAL and len(question.claim.groups) > 1:
        for group in question.claim.groups:
            yield _as_group(question, group, key="")


@mistake("own_other_filing")
def own_filings_that_do_not_count(question: Question) -> ChangedQuestions:
    """The claim under filings of the person that are not in force on the day or at the place."""
    claim = question.claim
    groups = {each.group for each in question.surroundings.filings} - set(claim.groups)
    if claim.treated != LOCAL:
        for group in sorted(groups):
            yield _as_group(question, group, key="")


@mistake("unfiled")
def unfiled(question: Question) -> ChangedQuestions:
    """The claim without a filing."""
    if question.claim.treated != LOCAL and question.claim.groups not in ((), (EMERGENCY,)):
        yield ChangedQuestion(question.with_claim(groups=()))


@mistake("emergency_unseen")
def emergency_unseen(question: Question) -> ChangedQuestions:
    """The emergency as a visit like any other."""
    if EMERGENCY in question.claim.groups:
        groups = tuple(each for each in question.claim.groups if each != EMERGENCY)
        yield ChangedQuestion(question.with_claim(groups=groups))


@mistake("emergency_assumed")
def emergency_assumed(question: Question) -> ChangedQuestions:
    """The claim as an emergency."""
    if question.claim.treated != LOCAL and EMERGENCY not in question.claim.groups:
        yield ChangedQuestion(question.with_claim(groups=(*question.claim.groups, EMERGENCY)))


@mistake("local")
def at_home(question: Question) -> ChangedQuestions:
    """The claim as care at home."""
    if question.claim.treated != LOCAL:
        yield ChangedQuestion(question.with_claim(treated=LOCAL, groups=()))


@mistake("scope")
def other_scope(question: Question) -> ChangedQuestions:
    """The claim in the other scope of place elsewhere."""
    treated = question.claim.treated
    if treated != LOCAL:
        other = NATION if treated == PROVINCE else PROVINCE
        yield ChangedQuestion(question.with_claim(treated=other), other, {"scope": text(f"judge.scope_{other}")})


@mistake("level")
def other_levels(question: Question) -> ChangedQuestions:
    """The claim at a hospital of each other level."""
    for level in HOSPITAL_LEVELS:
        if level != question.claim.hospital_level:
            yield ChangedQuestion(
                question.with_claim(hospital_level=level), level, {"level": text(f"benefit.level_{level}")}
            )


@mistake("category")
def other_categories(question: Question) -> ChangedQuestions:
    """The claim of a person of each other category."""
    for category in CATEGORIES:
        if category != question.claim.category:
            yield ChangedQuestion(question.with_claim(category=category), category, named_category(category))


@mistake("own_other_insurance")
def own_other_insurances(question: Question) -> ChangedQuestions:
    """The claim under each other insurance of the person, with its balances."""
    for held in question.surroundings.insurances:
        claim = replace(
            question.claim,
            insutype=held.insutype,
            category=held.category,
            civil_servant=held.civil_servant,
            account_balance=held.balance,
        )
        balances = question.surroundings.balances.get((held.insutype, question.year), {})
        for accumulated in (balances, question.accumulated):
            yield ChangedQuestion(
                replace(question, claim=claim, accumulated=accumulated), "", {"insutype": held.insutype}
            )


@mistake("insurance")
def other_insurance(question: Question) -> ChangedQuestions:
    """The claim under the other kind of insurance."""
    other = RESIDENTS if question.claim.insutype == EMPLOYEES else EMPLOYEES
    for category in CATEGORIES:
        yield ChangedQuestion(question.with_claim(insutype=other, category=category), other, {"insutype": other})


@mistake("ordinary_care")
def ordinary_care(question: Question) -> ChangedQuestions:
    """The claim without its disease."""
    if question.claim.disease:
        yield ChangedQuestion(question.with_claim(disease="", care=OUTPATIENT))


@mistake("disease")
def other_diseases(question: Question) -> ChangedQuestions:
    """The claim with each other disease of the list."""
    for disease in other_codes(question):
        yield ChangedQuestion(question.with_claim(disease=disease), disease, {"disease": disease})


@mistake("civil_servant")
def civil_servant(question: Question) -> ChangedQuestions:
    """The claim with the mark of civil servants turned."""
    yield ChangedQuestion(question.with_claim(civil_servant=not question.claim.civil_servant))


@mistake("no_identity")
def no_identity(question: Question) -> ChangedQuestions:
    """The claim without identities."""
    if question.claim.identities:
        yield ChangedQuestion(question.with_claim(identities=()))


@mistake("own_catalogue")
def own_catalogue(question: Question) -> ChangedQuestions:
    """The charges with the parts that the answer tells, where their sum is the bill's."""
    if question.answered is None:
        return
    told = question.answered.amounts
    charges = question.claim.charges
    total = sum(charge.total for charge in charges)
    ours = [sum(getattr(charge, name) for charge in charges) for name in _PARTS]
    theirs = [told.get(name, 0) for name in _PARTS]
    if ours != theirs and sum(theirs) == total:
        yield ChangedQuestion(question.with_claim(charges=(ChargeScope(total, *theirs),)))


def other_codes(question: Question) -> Iterator[str]:
    """Class codes of the city's list beside the claim's own, those with registrations of their own figures first."""
    claim = question.claim
    if claim.disease:
        own = question.city.mapped(claim.disease)
        day: date = question.rules.day
        yield from sorted(code for code in question.city.diseases(day) if code != own)


def named_category(category: str) -> dict[str, object]:
    """Value of a sentence that names a category."""
    return {"category": text(f"benefit.category_{category}")}


def _as_group(question: Question, group: str, key: str | None = None) -> ChangedQuestion:
    values = {"group": text(f"benefit.group_{group}")}
    return ChangedQuestion(question.with_claim(groups=(group,)), group if key is None else key, values)
