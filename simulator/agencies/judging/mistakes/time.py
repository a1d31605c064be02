"""Mistakes about time and place of the rules: another version, or the file of another place."""

from dataclasses import replace
from datetime import date, timedelta

from simulator.agencies.judging.mistakes.catalogue import mistake
from simulator.agencies.judging.mistakes.question import ChangedQuestion, ChangedQuestions, Question, days_of


@mistake("day_of_claim")
def other_days(question: Question) -> ChangedQuestions:
    """The rules of each other day of the claim, and of the eve of its settlement, as UTC counts it at night."""
    eve = question.claim.dates.settlement - timedelta(days=1)
    for day in dict.fromkeys((*days_of(question.claim), eve)):
        if day != question.rules.day:
            yield ChangedQuestion(replace(question, rules=question.city.rules_on(day)), "", {"day": day})


@mistake("last_years_rules")
def last_years_rules(question: Question) -> ChangedQuestions:
    """The rules of the last day of the year before."""
    day = date(question.rules.day.year - 1, 12, 31)
    yield ChangedQuestion(replace(question, rules=question.city.rules_on(day)), "", {"day": day})


@mistake("rules_of_place")
def rules_of_place(question: Question) -> ChangedQuestions:
    """The rules of each place that may be mistaken for the insured one."""
    for city in question.elsewhere:
        rules = city.rules(question.claim.dates)
        yield ChangedQuestion(replace(question, rules=rules), "", {"area": f"{city.area} {city.name}"})
